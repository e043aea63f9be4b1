"""Shapes of mappings with known keys."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

from release_actions.config.shapes.base import Refused, Schema, Shape, quote_node, suggest_nearest
from release_actions.config.shapes.collections import MapOf
from release_actions.config.shapes.scalars import Text
from release_actions.config.source import NOWHERE, MappingNode, Node
from release_actions.errors import Problem

T = TypeVar("T")
R = TypeVar("R", bound="Record")
D = TypeVar("D")


@dataclass(frozen=True, kw_only=True)
class Record:
    """Base of what a mapping with known keys is loaded into. `origin` is the mapping, for the places of its keys."""

    origin: Node = dataclasses.field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Key(Generic[T]):
    """How one key of a record is read. `about` describes it to users, in full sentences."""

    name: str
    shape: Shape[T]
    about: str
    required: bool
    default: Any


@overload
def key(shape: Shape[T], about: str) -> T: ...
@overload
def key(shape: Shape[T], about: str, *, default: D) -> T | D: ...
def key(shape: Shape[T], about: str, **default: Any) -> Any:
    """Declare a key of a record as a dataclass field; required unless it has a `default`.

    Its name is the field's with hyphens: `keep_n` is the key `keep-n`. The default is a loaded value; None says that
    what happens then is described by `about`.
    """
    metadata = {"shape": shape, "about": about}
    if not default:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default_factory=lambda: default["default"], metadata=metadata)


def get_default(field: dataclasses.Field[Any]) -> Any:
    """The default of a field, however it was declared; None without one."""
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None if field.default is dataclasses.MISSING else field.default


MAPPING = MapOf("a mapping", key=Text(), value=Text())
"""What a file as a whole has to be."""


@dataclass(frozen=True)
class RecordOf(Shape[R]):
    """A mapping with known keys, loaded into a dataclass whose fields were made by `key`.

    `words` names one in a sentence: "an image". Of the keys in `one_of` exactly one is given, of those in `any_of` at
    least one; a key of `needs` is only given together with those it maps to.
    """

    words: str
    build: type[R]
    one_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    needs: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict, hash=False)

    @functools.cached_property
    def keys(self) -> tuple[Key[Any], ...]:
        """The keys in order."""
        return tuple(
            Key(
                name=field.name.replace("_", "-"),
                shape=field.metadata["shape"],
                about=field.metadata["about"],
                required=field.default_factory is dataclasses.MISSING and field.default is dataclasses.MISSING,
                default=get_default(field),
            )
            for field in dataclasses.fields(self.build)
            if "shape" in field.metadata
        )

    @property
    def about(self) -> str:
        """What a record is, in a sentence."""
        return inspect.cleandoc(self.build.__doc__ or "").partition("\n")[0]

    def load(self, node: Node, problems: list[Problem]) -> R:
        """The dataclass, with the mapping as its `origin`."""
        mapping = require_mapping(self, self.keys, node, problems)
        before = len(problems)
        values = load_keys(self.words, self.keys, mapping, problems)
        self.check_together(mapping, problems)
        if len(problems) > before:
            raise Refused
        return self.build(**{name.replace("-", "_"): value for name, value in values.items()}, origin=node)

    def check_together(self, node: MappingNode, problems: list[Problem]) -> None:
        """Add what is wrong with the keys as a set."""
        for group, most in ((self.one_of, 1), (self.any_of, len(self.any_of))):
            given = [name for name in group if name in node.entries]
            names = " or ".join(f"'{name}'" for name in group)
            if group and not given:
                message = f"{self.words[0].upper()}{self.words[1:]} needs {names}."
                several = "both" if len(group) == 2 else "all of them"  # noqa: PLR2004  # what "both" means
                problems.append(Problem(message, f"Leaving {several} out does not mean everything.", node.place))
            elif len(given) > most:
                message = f"{self.words[0].upper()}{self.words[1:]} takes only one of {names}."
                problems.append(Problem(message, "Keep one of them.", node.entries[given[1]][0].place))
        for name, others in self.needs.items():
            for other in others:
                if name in node.entries and other not in node.entries:
                    message = f"'{name}' of {self.words} only has a meaning together with '{other}'."
                    problems.append(Problem(message, f"Add '{other}', or remove it.", node.entries[name][0].place))

    def schema(self) -> Schema:
        """An object that allows no other key."""
        described = make_object_schema(self.keys)
        if self.one_of:
            described["oneOf"] = [{"required": [name]} for name in self.one_of]
        if self.any_of:
            described["anyOf"] = [{"required": [name]} for name in self.any_of]
        if self.needs:
            described["dependencies"] = {name: list(others) for name, others in self.needs.items()}
        return described


@dataclass(frozen=True)
class KnownKeys(Shape[Mapping[str, Any]]):
    """A mapping with known keys that come from data rather than from a class. Every key has a default.

    `words` names it in a sentence: "'rules'". `about` says what it is, for the reference.
    """

    words: str
    about: str
    keys: tuple[Key[Any], ...]

    @property
    def defaults(self) -> Mapping[str, Any]:
        """The value of a file that does not have the mapping."""
        return {wanted.name: wanted.default for wanted in self.keys}

    def load(self, node: Node, problems: list[Problem]) -> Mapping[str, Any]:
        """Key -> value, of every key."""
        mapping = require_mapping(self, self.keys, node, problems)
        before = len(problems)
        values = load_keys(self.words, self.keys, mapping, problems)
        if len(problems) > before:
            raise Refused
        return {**self.defaults, **values}

    def schema(self) -> Schema:
        """An object that allows no other key."""
        return make_object_schema(self.keys)


def require_mapping(shape: Shape[Any], keys: tuple[Key[Any], ...], node: Node, problems: list[Problem]) -> MappingNode:
    """A node as the mapping that it has to be."""
    if isinstance(node, MappingNode):
        return node
    hint = f"Its keys are {', '.join(known.name for known in keys)}."
    raise (shape if node.path else MAPPING).mismatch(node, problems, hint)


def load_keys(words: str, keys: tuple[Key[Any], ...], mapping: MappingNode, problems: list[Problem]) -> dict[str, Any]:
    """Key -> value of the keys that are given. Unknown, missing and wrong ones are added to `problems`."""
    known = {key.name: key for key in keys}
    for name, (written, _) in mapping.entries.items():
        if name not in known:
            message = f"{quote_node(written)} is not a key of {words}."
            problems.append(Problem(message, suggest_nearest(name, tuple(known)), written.place))
    values: dict[str, Any] = {}
    for name, wanted in known.items():
        below = mapping.child(name)
        if below is None:
            if wanted.required:
                message = f"{words[0].upper()}{words[1:]} needs the key '{name}'."
                problems.append(Problem(message, wanted.about, mapping.place))
            continue
        try:
            values[name] = wanted.shape.load(below, problems)
        except Refused:  # its problems are in the list, and the other keys are read to report theirs too
            continue
    return values


def make_object_schema(keys: tuple[Key[Any], ...]) -> Schema:
    """An object with these keys and no other."""
    properties: Schema = {}
    for wanted in keys:
        properties[wanted.name] = {**wanted.shape.schema(), "description": wanted.about}
        if isinstance(wanted.default, (str, int)):
            properties[wanted.name]["default"] = wanted.default
    described: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    required = [wanted.name for wanted in keys if wanted.required]
    if required:
        described["required"] = required
    return described
