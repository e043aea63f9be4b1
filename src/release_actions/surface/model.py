"""The surface of a project: what others can name and rely on, with nothing of how it works.

A surface is written as JSON, so that a release can publish it and the next one can be held to it.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from release_actions.errors import InputError, Place

FORM = 1
"""The form of the JSON document. Another one is refused."""

EXPERIMENTAL = "experimental-"
"""What the name of something begins with that may still change."""

LEVELS = ("none", "read", "write")
"""The levels of a permission, from the lowest."""

Attributes = Mapping[str, Any]
"""What holds for one element, as JSON values."""


class Kind(str, enum.Enum):
    """What an interface is. `configuration`: a schema of files that people write; `document`: of what they read."""

    ACTION = "action"
    WORKFLOW = "workflow"
    CONFIGURATION = "configuration"
    DOCUMENT = "document"
    COMMAND = "command"


class Group(str, enum.Enum):
    """What an element is."""

    INPUTS = "inputs"
    OUTPUTS = "outputs"
    SECRETS = "secrets"
    PERMISSIONS = "permissions"
    KEYS = "keys"
    RUNTIME = "runtime"
    EXIT_CODES = "exit-codes"

    @property
    def noun(self) -> str:
        """The element in a sentence."""
        return NOUNS[self]


NOUNS = {
    Group.INPUTS: "input",
    Group.OUTPUTS: "output",
    Group.SECRETS: "secret",
    Group.PERMISSIONS: "permission",
    Group.KEYS: "key",
    Group.RUNTIME: "runtime",
    Group.EXIT_CODES: "exit code",
}


@dataclass(frozen=True)
class Interface:
    """One file's part: its elements by group and name. `places` says where an element is declared, as far as known."""

    kind: Kind
    groups: Mapping[Group, Mapping[str, Attributes]]
    places: Mapping[tuple[Group, str], Place] = field(default_factory=dict, compare=False, repr=False)
    notes: Attributes = field(default_factory=dict, compare=False)
    """What is said about the interface beside its elements, for people. It is not compared."""

    def elements(self, group: Group) -> Mapping[str, Attributes]:
        """The elements of a group, by name."""
        return self.groups.get(group, {})


@dataclass(frozen=True)
class Surface:
    """Every interface, by its path in the repository."""

    interfaces: Mapping[str, Interface]

    def document(self) -> dict[str, Any]:
        """The surface as JSON values."""
        return {
            "schema-version": FORM,
            "interfaces": {
                address: {
                    "kind": interface.kind.value,
                    **({"notes": dict(interface.notes)} if interface.notes else {}),
                    **{
                        group.value: {name: dict(elements[name]) for name in sorted(elements)}
                        for group, elements in sorted(interface.groups.items())
                        if elements
                    },
                }
                for address, interface in sorted(self.interfaces.items())
            },
        }

    def text(self) -> str:
        """The document as a file: an element a line, so that a review shows what changed."""
        document = self.document()
        interfaces = ",\n".join(
            f"    {_compact(address)}: {{\n{_lines_of(entry)}\n    }}"
            for address, entry in document["interfaces"].items()
        )
        return f'{{\n  "schema-version": {FORM},\n  "interfaces": {{\n{interfaces}\n  }}\n}}\n'


def _lines_of(entry: Mapping[str, Any]) -> str:
    lines = []
    for key, value in entry.items():
        if key in {"kind", "notes"}:
            lines.append(f"      {_compact(key)}: {_compact(value)}")
        else:
            elements = ",\n".join(f"        {_compact(name)}: {_compact(those)}" for name, those in value.items())
            lines.append(f"      {_compact(key)}: {{\n{elements}\n      }}")
    return ",\n".join(lines)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def is_experimental(name: str) -> bool:
    """Whether an element may still change: its name, or that of a key that it is below, begins with `experimental-`."""
    return any(part.startswith(EXPERIMENTAL) for part in name.split("."))


def read_surface(text: str, file: str) -> Surface:
    """The surface of a JSON text. `file` is how errors call it. Raises `InputError` for anything else."""
    try:
        data = json.loads(text)
        if data["schema-version"] != FORM:
            message = f"{file} has the form {data['schema-version']!r}, and this version reads the form {FORM}."
            hint = "Capture it again with this version, or compare with the version that wrote it."
            raise InputError(message, hint=hint, place=Place(file))
        interfaces = {str(name): _read_interface(entry, str(name)) for name, entry in data["interfaces"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"{file} is not a captured surface: {type(error).__name__} {str(error)[:120]!r}."
        hint = "Write one with api-guard --mode capture."
        raise InputError(message, hint=hint, place=Place(file)) from error
    return Surface(interfaces)


def _read_interface(entry: Mapping[str, Any], address: str) -> Interface:
    place = Place(address)
    groups = {
        Group(name): {str(key): dict(attributes) for key, attributes in elements.items()}
        for name, elements in entry.items()
        if name not in {"kind", "notes"}
    }
    for permission, attributes in groups.get(Group.PERMISSIONS, {}).items():
        if attributes.get("level") not in LEVELS:
            message = f"the permission {permission[:40]!r} of {address[:80]!r} has no level"
            raise ValueError(message)
    places = {(group, name): place for group, elements in groups.items() for name in elements}
    return Interface(Kind(entry["kind"]), groups, places, entry.get("notes", {}))
