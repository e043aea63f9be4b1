"""`components.json`: what a release consists of, as a file that the release carries and the next release reads.

The form is versioned by `schema`. Within one number keys are neither taken away nor given another meaning. Nothing in
it is for people to edit, so it has no defaults to fill in: what is not there is not known.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

from release_actions.components.document import CELL, ID, TITLE
from release_actions.components.version_source import VERSION
from release_actions.config import grammar
from release_actions.config.shapes import Integer, ListOf, Record, RecordOf, Text, key, load_node
from release_actions.config.source import MappingNode, ScalarNode, parse
from release_actions.errors import ConfigurationError

FILE = "components.json"
"""Name of the release asset."""

SCHEMA = 1
"""The form that is written and read here."""

TAG = Text("a tag", pattern=grammar.TAG, example="v0.5.0")
URL = Text("an address", pattern=r"https?://[!-~]+")


@dataclass(frozen=True, kw_only=True)
class ComponentEntry(Record):
    """A component of a release, or a piece of infrastructure."""

    id: str = key(Text("an id", pattern=ID), "Id that does not change with the name.")
    name: str = key(Text("a name", pattern=CELL), "Name in the table, without the variant: `org/name`.")
    variant: str = key(Text("a variant", pattern="[A-Za-z0-9][A-Za-z0-9._ -]*"), "Variant, if it has one.", default="")
    type: str = key(Text("a type", pattern=CELL), "Type in the table. Infrastructure has none.", default="")
    version: str = key(Text("a version", pattern=VERSION), "The version.")
    previous: str = key(
        Text("a version or a remark"),
        "What the table gives as the previous version. Left out when there is none.",
        default="",
    )
    description: str = key(Text("a description"), "What it is, in a sentence.", default="")
    repository: str = key(
        Text("a repository", pattern=grammar.REPOSITORY), "Repository on GitHub, if it has one.", default=""
    )
    compare: str = key(URL, "Address of the changes since the previous version, if there are some.", default="")

    @property
    def title(self) -> str:
        """The text of the first column."""
        return f"{self.name} ({self.variant})" if self.variant else self.name


@dataclass(frozen=True, kw_only=True)
class RemovedEntry(Record):
    """A component that the release no longer has."""

    id: str = key(Text("an id", pattern=ID), "Its id.")
    name: str = key(Text("a name", pattern=TITLE), "What tables called it.")
    reason: str = key(Text("a reason"), "Why it is gone.")


@dataclass(frozen=True, kw_only=True)
class ComponentManifest(Record):
    """What a release consists of."""

    schema: int = key(Integer(SCHEMA, SCHEMA), "Form of this file.")
    repository: str = key(
        Text("a repository", pattern=grammar.REPOSITORY), "Repository that released, if it was known.", default=""
    )
    release: str = key(TAG, "Tag of the release.")
    previous_release: str = key(TAG, "Tag of the full release before. Left out for the first one.", default="")
    components: tuple[ComponentEntry, ...] = key(
        ListOf("a list of components", RecordOf("a component", ComponentEntry), least=1),
        "The components, in the table's order.",
    )
    infrastructure: tuple[ComponentEntry, ...] = key(
        ListOf("a list of infrastructure", RecordOf("a piece of infrastructure", ComponentEntry)),
        "The second table.",
        default=(),
    )
    removed: tuple[RemovedEntry, ...] = key(
        ListOf("a list of removed components", RecordOf("a removed component", RemovedEntry)),
        "Components that the previous release had and this one has not.",
        default=(),
    )


SHAPE = RecordOf("the file", ComponentManifest)
"""The shape of `components.json`."""


def write(manifest: ComponentManifest) -> str:
    """The file's text: JSON in ASCII with a fixed order and indentation, so that two of them can be compared."""
    return json.dumps(_simplify(manifest), indent=2) + "\n"


def read(text: str, *, file: str = FILE) -> ComponentManifest:
    """A file's text. Raises `ConfigurationError` with every mistake, and for a form that is not known here."""
    node = parse(text, file)
    form = node.child("schema") if isinstance(node, MappingNode) else None
    if isinstance(form, ScalarNode) and form.text.isdecimal() and form.text != str(SCHEMA):
        message = f"The file has the form {form.text}, and this version of release-actions knows the form {SCHEMA}."
        raise ConfigurationError(message, hint="Use a newer version of release-actions.", place=form.place)
    return load_node(node, SHAPE)


def _simplify(record: Record) -> dict[str, object]:
    """A record as JSON values, without what is empty."""
    fields: dict[str, object] = {}
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if field.name == "origin" or value in ("", ()):
            continue
        name = field.name.replace("_", "-")
        fields[name] = [_simplify(item) for item in value] if isinstance(value, tuple) else value
    return fields
