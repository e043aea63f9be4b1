"""Shapes of single values: texts, booleans, whole numbers, and one of a few words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from release_actions.config.shapes.base import Schema, Shape, describe_node, find_closest
from release_actions.config.source import BOOLEANS, Kind, MappingNode, Node, ScalarNode
from release_actions.errors import Problem
from release_actions.runner import inputs

T = TypeVar("T")


@dataclass(frozen=True)
class Text(Shape[str]):
    """A text, taken as written.

    `pattern` has to match all of it, in the syntax that Python and ECMA-262 share: ASCII ranges, no classes like `d`.
    `example` follows "Write for example". A text that may be anything takes plain numbers and booleans as they are
    written, so that `0.10` keeps its zero; one with a pattern wants quotes around them, because other tools read a
    number there.
    """

    words: str = "a text"
    pattern: str = ""
    example: str = ""
    empty: bool = False

    def load(self, node: Node, problems: list[Problem]) -> str:
        """The text."""
        if not isinstance(node, ScalarNode):
            flow = isinstance(node, MappingNode) and node.flow
            raise self.mismatch(node, problems, "A text that begins with { needs quotes." if flow else "")
        if node.kind is Kind.NULL:
            hint = "Write '' for an empty text." if self.empty else self.hint
            if node.text:
                hint = f"Put it in quotes if you mean the text: '{node.text}'."
            raise self.mismatch(node, problems, hint)
        self.check(node, node.text, problems)
        if self.pattern and node.kind is not Kind.TEXT:
            message = f"{describe_node(node)}, which YAML takes for {node.kind.value}."
            raise self.refuse(node, problems, message, f"Put it in quotes: '{node.text}'.")
        return node.text

    def check(self, node: Node, text: str, problems: list[Problem]) -> None:
        """Refuse a text that does not fit."""
        if not text and not self.empty:
            raise self.refuse(node, problems, f"{describe_node(node)}, which is not {self.words}.", self.hint)
        if self.pattern and not re.fullmatch(self.pattern, text):
            raise self.mismatch(node, problems, self.hint)

    @property
    def hint(self) -> str:
        """What to write instead."""
        return f"Write for example {self.example}." if self.example else ""

    def schema(self) -> Schema:
        """A string; without a pattern also a number or a boolean, which YAML users write without quotes."""
        if not self.pattern:
            return {"type": ["string", "number", "boolean"], **({} if self.empty else {"minLength": 1})}
        schema: Schema = {"type": "string", "pattern": f"^(?:{self.pattern})$"}
        if not self.empty:
            schema["minLength"] = 1
        return schema


@dataclass(frozen=True)
class Parsed(Shape[T]):
    """A text with a meaning, such as a duration. `parse` raises `ValueError` with the end of "… is 'y', …"."""

    text: Text
    parse: Callable[[str], T]

    @property
    def words(self) -> str:  # type: ignore[override]  # the text's own words
        """As the text."""
        return self.text.words

    def load(self, node: Node, problems: list[Problem]) -> T:
        """The value of the text."""
        text = self.text.load(node, problems)
        try:
            return self.parse(text)
        except ValueError as error:
            raise self.refuse(node, problems, f"{describe_node(node)}, {error}") from error

    def schema(self) -> Schema:
        """That of the text."""
        return self.text.schema()


def make_duration() -> Parsed[timedelta]:
    """A length of time: `30d`, `15 days`, `12h`, `1w2d`."""
    words = inputs.UNIT_WORDS.items()
    units = "".join(f"(?: ?[0-9]{{1,6}} ?(?:{unit}|{word}s?))?" for unit, word in words)
    return Parsed(Text("a duration", pattern=f"(?=[0-9]){units}", example="30d, 12h or 1w2d"), inputs.duration)


GLOB = r"(?:[A-Za-z0-9_.:/*?-]|\[!?[A-Za-z0-9_.:-]+\])+"
INSIDE = r"(?!!?(?:[-/~]|(?:.*/)?\.\.(?:/|$)|.*://))"
"""What a glob over paths of the repository is not: an option, absolute, a home folder, a way out, an address."""

PATH_GLOB = rf"{INSIDE}!?[A-Za-z0-9_.*?-][A-Za-z0-9_.,:+@=~*?/ -]*"
"""What a glob may hold: what names do, and signs with a meaning. `[^a]` is refused: shells take it for `[!a]`, and
Python does not."""


def make_glob(of: str = "tags") -> Text:
    """A glob over whole tags, digests or package names: `*` any text, `?` one character, `[a-c]` one of a set."""
    return Text(f"a glob over {of}", pattern=GLOB, example="pr-*")


def make_path_glob(example: str) -> Text:
    """A glob over paths of the repository; `!` before it takes paths out."""
    return Text("a glob over paths of the repository", pattern=PATH_GLOB, example=example)


@dataclass(frozen=True)
class Boolean(Shape[bool]):
    """A boolean of the YAML 1.2 core schema."""

    words: str = "a boolean"

    def load(self, node: Node, problems: list[Problem]) -> bool:
        """True or false."""
        if not isinstance(node, ScalarNode) or node.kind is not Kind.BOOLEAN:
            raise self.mismatch(node, problems, "Write true or false.")
        return BOOLEANS[node.text]

    def schema(self) -> Schema:
        """A boolean."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class Integer(Shape[int]):
    """A whole number in decimal digits, from `least` on."""

    least: int = 0
    most: int | None = None

    @property
    def words(self) -> str:  # type: ignore[override]  # made from the bounds
        """With its bounds."""
        upper = "" if self.most is None else f" and at most {self.most}"
        return f"a whole number of at least {self.least}{upper}"

    def load(self, node: Node, problems: list[Problem]) -> int:
        """The number. `7.0` is a whole number to JSON Schema, so it is one here."""
        if not isinstance(node, ScalarNode) or node.kind not in {Kind.INTEGER, Kind.FLOAT}:
            raise self.mismatch(node, problems)
        match = re.fullmatch(r"([-+]?[0-9]{1,15})(?:\.0+)?", node.text)
        if not match:
            raise self.mismatch(node, problems)
        digits = match.group(1)
        if re.match(r"[-+]?0[0-9]", digits):
            raise self.refuse(
                node, problems, f"{describe_node(node)}, whose leading zero older YAML tools take for octal."
            )
        value = int(digits)
        if value < self.least or (self.most is not None and value > self.most):
            raise self.mismatch(node, problems)
        return value

    def schema(self) -> Schema:
        """An integer in these bounds."""
        return {"type": "integer", "minimum": self.least, "maximum": 10**15 - 1 if self.most is None else self.most}


@dataclass(frozen=True)
class Choice(Shape[str]):
    """One of a few words."""

    choices: tuple[str, ...]

    @property
    def words(self) -> str:  # type: ignore[override]  # made from the choices
        """The choices."""
        return "one of " + ", ".join(self.choices) if len(self.choices) > 1 else f"'{self.choices[0]}'"

    def load(self, node: Node, problems: list[Problem]) -> str:
        """The word."""
        if not isinstance(node, ScalarNode):
            raise self.mismatch(node, problems)
        if node.kind is not Kind.TEXT or node.text not in self.choices:
            near = find_closest(node.text, self.choices)
            raise self.mismatch(node, problems, f"Did you mean '{near}'?" if near else "")
        return node.text

    def schema(self) -> Schema:
        """An enumeration."""
        return {"enum": list(self.choices)}
