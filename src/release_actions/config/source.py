"""Reads YAML that a person wrote into nodes that know where they stand: file, line, column and path.

Reads the YAML 1.2 core schema: `on`, `no`, `12:30` and `2026-01-28` are texts, and `0.10` keeps its zero, because a
scalar is kept as written until a shape asks for it. What tools read differently is refused with its place: duplicate
keys, anchors, merge keys, tags and a second document. This module must never build a value from what a file names.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from release_actions.errors import ConfigurationError, Place, Problem

DEEPEST = 40
"""Levels of nesting that a file may have. No file for people has a tenth of it; a bomb has thousands."""

UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|(?<!^)\ufeff")
"""Characters that YAML does not allow in a file (section 5.1), and a byte order mark that is not its first."""

BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)


class Kind(enum.Enum):
    """What the YAML 1.2 core schema (section 10.3) takes a node for, in words that follow "which is"."""

    TEXT = "text"
    BOOLEAN = "a boolean"
    INTEGER = "a whole number"
    FLOAT = "a number"
    NULL = "empty"
    SEQUENCE = "a list"
    MAPPING = "a mapping"


@dataclass(frozen=True)
class Node:
    """One value of a file.

    `path` leads to it from the top, for example `images.cuda.platforms[0]`; empty at the top. `place` is where it
    begins; for a list or mapping below its key, where the key stands.
    """

    place: Place
    path: str

    @property
    def kind(self) -> Kind:
        """What it is."""
        raise NotImplementedError

    def at(self, *steps: str | int) -> Place:
        """Where the value below these keys and indices begins, or as much of the way there as the file has."""
        node: Node = self
        for step in steps:
            below = node.child(step)
            if below is None:
                break
            node = below
        return node.place

    def key_at(self, *steps: str) -> Place:
        """Where the last of these keys itself stands, or as much of the way there as the file has."""
        *way, last = steps
        node: Node = self
        for step in way:
            node = node.child(step) or node
        entry = node.entries.get(last) if isinstance(node, MappingNode) else None
        return entry[0].place if entry else node.place

    def child(self, step: str | int) -> Node | None:  # noqa: ARG002  # only lists and mappings have children
        """The value of a key, or the item with an index from 0; None without one."""
        return None


@dataclass(frozen=True)
class ScalarNode(Node):
    """A single value as written, without its quotes. `plain` when it had none and may be more than a text."""

    text: str
    plain: bool

    @property
    def kind(self) -> Kind:
        """What the YAML 1.2 core schema takes it for."""
        if not self.plain:
            return Kind.TEXT
        if self.text in NULLS:
            return Kind.NULL
        if self.text in BOOLEANS:
            return Kind.BOOLEAN
        if INTEGER.fullmatch(self.text):
            return Kind.INTEGER
        return Kind.FLOAT if FLOAT.fullmatch(self.text) else Kind.TEXT


@dataclass(frozen=True)
class SequenceNode(Node):
    """A list."""

    items: tuple[Node, ...]

    @property
    def kind(self) -> Kind:
        """A list."""
        return Kind.SEQUENCE

    def child(self, step: str | int) -> Node | None:
        """The item with an index from 0."""
        return self.items[step] if isinstance(step, int) and 0 <= step < len(self.items) else None


@dataclass(frozen=True)
class MappingNode(Node):
    """A mapping: key -> the key's own node and the value. `flow` when it was written in braces."""

    entries: Mapping[str, tuple[ScalarNode, Node]]
    flow: bool = False

    @property
    def kind(self) -> Kind:
        """A mapping."""
        return Kind.MAPPING

    def child(self, step: str | int) -> Node | None:
        """The value of a key."""
        entry = self.entries.get(step) if isinstance(step, str) else None
        return entry[1] if entry else None


NOWHERE = MappingNode(Place(""), "", {})
"""Stands for the node of something that was not read from a file."""


def read_text(path: Path, *, name: str = "", hint: str = "") -> str:
    """The text of a file of the user's. `name` is how errors call it, `path` by default.

    Raises `ConfigurationError` when it is not there (with the nearest path and `hint`), not readable, or not UTF-8.
    """
    shown = name or str(path)
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        message = f"{shown} does not exist."
        raise ConfigurationError(message, hint=_join_hints(_suggest_path(path, name), hint)) from error
    except OSError as error:
        message = f"{shown} cannot be read: {error.strerror or error}."
        raise ConfigurationError(message, hint=hint) from error
    except UnicodeDecodeError as error:
        message = "The file is not UTF-8."
        before = error.object[: error.start].decode("utf-8")
        raise ConfigurationError(message, hint="Save it as UTF-8.", place=_make_place(before, shown)) from error


def _suggest_path(path: Path, name: str) -> str:
    """A question that names the nearest file of the folder that `name` is relative to; empty if none is near."""
    from release_actions.runner.nearest_path import suggest_path  # only needed once something is wrong

    folder = str(path).removesuffix(name)
    if name and not Path(name).is_absolute() and folder != str(path):
        return suggest_path(name, Path(folder or "."))
    return suggest_path(path.name, path.parent)


def _join_hints(*hints: str) -> str:
    return " ".join(filter(None, hints))


def parse(text: str, file: str) -> Node:
    """The one document of a YAML text. `file` is how errors call it.

    Raises `ConfigurationError` for text that is not YAML, and for what the module's docstring refuses.
    """
    bad = UNREADABLE.search(text)
    if bad:
        message = f"The character U+{ord(bad.group()):04X} is not allowed in YAML."
        raise ConfigurationError(
            message,
            hint="Remove it, or write it as an escape in double quotes.",
            place=_make_place(text[: bad.start()], file),
        )
    composer = _Composer(file)
    try:
        node = composer.document(yaml.parse(text.removeprefix("\ufeff"), Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, file) from error
    if composer.problems:
        raise ConfigurationError(problems=composer.problems)
    return node


_LOADER: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
"""libyaml where the wheel has it: ten times as fast."""


def _make_place(before: str, file: str) -> Place:
    """The place after a piece of text."""
    lines = re.split(r"\r\n|\r|\n", before)
    return Place(file, len(lines), len(lines[-1]) + 1)


def _syntax_error(error: yaml.MarkedYAMLError, text: str, file: str) -> ConfigurationError:
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
    line = text.splitlines()[mark.line] if mark and mark.line < len(text.splitlines()) else ""
    what = ", ".join(part for part in (error.context, error.problem) if part)
    hint = "Check the indentation, the colons and the quotes of this line and of the line before."
    if "\t" in line[: len(line) - len(line.lstrip())]:
        hint = "YAML does not allow tabs in the indentation. Use spaces."
    elif re.search(r"(?::|-)\s+[{[]", line):
        hint = "A text that begins with { or [ needs quotes."
    elif re.search(r"(?::|-)\s+[*&!%@`|>]", line):
        hint = "A text that begins with one of * & ! % @ ` | > needs quotes."
    return ConfigurationError(f"This is not YAML: {what}.", hint=hint, place=place)


class _Composer:
    """Builds nodes from the parser's events. Collects what YAML allows and this project refuses."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def refuse(self, event: Any, message: str, hint: str) -> None:
        self.problems.append(Problem(message, hint, self.place(event)))

    def place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def document(self, events: Iterator[Any]) -> Node:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self.refuse(event, "A second YAML document begins here.", "Keep everything in one document.")
                    return root
                root = self.node(next(events), events, "", 0)
        return root or ScalarNode(Place(self.file, 1, 1), "", "", plain=True)

    def node(self, event: Any, events: Iterator[Any], path: str, depth: int, key: ScalarNode | None = None) -> Node:
        if depth > DEEPEST:
            message = f"This is nested more than {DEEPEST} levels deep."
            raise ConfigurationError(message, hint="Check the brackets.", place=self.place(event))
        if isinstance(event, yaml.AliasEvent):
            self.refuse(event, f"'*{event.anchor}' is a YAML alias, which is not supported.", "Write the value out.")
            return ScalarNode(self.place(event), path, f"*{event.anchor}", plain=False)
        if event.anchor:
            self.refuse(event, f"'&{event.anchor}' is a YAML anchor, which is not supported.", "Write the values out.")
        if event.tag:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.refuse(event, f"'{tag}' is a YAML tag, which is not supported.", "Leave it out.")
        if isinstance(event, yaml.ScalarEvent):
            return ScalarNode(self.place(event), path, event.value, plain=not event.style)
        place = key.place if key and not event.flow_style else self.place(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(below := next(events), yaml.SequenceEndEvent):
                items.append(self.node(below, events, f"{path}[{len(items)}]", depth + 1))
            return SequenceNode(place, path, tuple(items))
        return MappingNode(place, path, self.entries(events, path, depth), flow=bool(event.flow_style))

    def entries(self, events: Iterator[Any], path: str, depth: int) -> dict[str, tuple[ScalarNode, Node]]:
        entries: dict[str, tuple[ScalarNode, Node]] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self.node(event, events, path, depth + 1)
            if not isinstance(key, ScalarNode):
                hint = "A text that begins with { or [ needs quotes."
                self.refuse(event, f"A key has to be a text, and this is {key.kind.value}.", hint)
                key = ScalarNode(key.place, path, "", plain=False)
            if key.text == "<<" and key.plain:
                self.refuse(event, "'<<' is a YAML merge key, which is not supported.", "Write the keys out.")
            below = f"{path}.{key.text}" if path else key.text
            value = self.node(next(events), events, below, depth + 1, key)
            if key.text in entries:
                first = entries[key.text][0].place.line
                self.refuse(event, f"The key '{key.text}' is given twice, first in line {first}.", "Keep one of them.")
            else:
                entries[key.text] = (key, value)
        return entries
