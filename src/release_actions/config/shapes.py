"""What a configuration file may hold: small shapes from which both the loader and the JSON Schema are made.

A shape takes a node to a value, or adds every mistake it finds to a list. It gives a JSON Schema (draft-07, which
editors know best) that says yes to exactly the same values. A rule that a schema cannot express has no place here: it
is checked by whoever owns the loaded value, with the places that `Record.origin` keeps.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

from release_actions.config.source import (
    BOOLEANS,
    NOWHERE,
    Kind,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    parse,
    read_text,
)
from release_actions.errors import ConfigurationError, Place, Problem
from release_actions.runner import inputs

T = TypeVar("T")
R = TypeVar("R", bound="Record")
D = TypeVar("D")

Schema = dict[str, Any]
"""A JSON Schema, ready for `json.dumps`."""

SHOWN = 60
"""Characters of a wrong value that its message repeats."""


class Refused(Exception):  # noqa: N818  # no error that anybody sees: the problems say what is wrong
    """A value is wrong, and the list of problems says why."""


def load(text: str, shape: Shape[T], *, file: str) -> T:
    """The value of a YAML text. `file` is how errors call it. Raises `ConfigurationError` with every mistake."""
    return load_node(parse(text, file), shape)


def load_file(path: Path, shape: Shape[T], *, name: str = "", hint: str = "") -> T:
    """The value of a YAML file. `name` is how errors call it; `hint` is shown when it is not there."""
    return load(read_text(path, name=name, hint=hint), shape, file=name or str(path))


def load_node(node: Node, shape: Shape[T]) -> T:
    """The value of a node that was read already. Raises `ConfigurationError` with every mistake, in file order."""
    problems: list[Problem] = []
    try:
        return shape.load(node, problems)
    except Refused:
        raise ConfigurationError(problems=in_file_order(problems)) from None


def in_file_order(problems: Collection[Problem]) -> tuple[Problem, ...]:
    """Problems in the order of the file, as a person corrects them."""
    return tuple(sorted(problems, key=lambda problem: problem.place or Place("")))


class Shape(ABC, Generic[T]):
    """What a value may be. `words` names it in a sentence and in the reference: "a list of tags"."""

    words: str

    @abstractmethod
    def load(self, node: Node, problems: list[Problem]) -> T:
        """The value, or every mistake added to `problems` and `Refused`."""

    @abstractmethod
    def schema(self) -> Schema:
        """The JSON Schema that accepts the same values."""

    def refuse(self, node: Node, problems: list[Problem], message: str, hint: str = "") -> Refused:
        """Add a problem at a node; raise what this returns."""
        problems.append(Problem(message, hint, node.place))
        return Refused()

    def mismatch(self, node: Node, problems: list[Problem], hint: str = "") -> Refused:
        """The problem of a node that is of another kind."""
        if node.kind is Kind.NULL:
            return self.refuse(
                node, problems, f"{name_node(node, 'The file')} is empty and should be {self.words}.", hint
            )
        return self.refuse(node, problems, f"{describe_node(node)}, which is not {self.words}.", hint)


def describe_node(node: Node) -> str:
    """How a message begins: the path and what stands there."""
    return f"{name_node(node, 'The file')} is {quote_node(node)}"


def name_node(node: Node, top: str = "the file") -> str:
    """The path of a node in a message."""
    return f"'{node.path}'" if node.path else top


def quote_node(node: Node) -> str:
    """A node in a message: a scalar as written, with control characters escaped; else its kind."""
    if not isinstance(node, ScalarNode):
        return node.kind.value
    text = node.text if len(node.text) <= SHOWN else node.text[:SHOWN] + "…"
    return "'" + re.sub("[\x00-\x1f\x7f-\x9f]", lambda match: repr(match.group())[1:-1], text) + "'"


def suggest_nearest(word: str, words: Collection[str]) -> str:
    """A sentence that names the nearest of the words, or all of them."""
    near = find_closest(word, words)
    if near:
        return f"Did you mean '{near}'?"
    return f"Use one of {', '.join(words)}." if words else ""


def find_closest(word: str, words: Collection[str]) -> str:
    """The one of the words that is meant, as far as spelling tells; empty if none is near."""
    import difflib  # only needed once something is wrong

    return next(iter(difflib.get_close_matches(word, words, n=1)), "")


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
        found: Schema = {"type": "string", "pattern": f"^(?:{self.pattern})$"}
        if not self.empty:
            found["minLength"] = 1
        return found


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


def duration() -> Parsed[timedelta]:
    """A length of time: `30d`, `12h`, `1w2d`."""
    units = "".join(f"(?:[0-9]{{1,6}}{unit})?" for unit in inputs.UNITS)
    return Parsed(Text("a duration", pattern=f"(?=[0-9]){units}", example="30d, 12h or 1w2d"), inputs.duration)


GLOB = r"(?:[A-Za-z0-9_.:/*?-]|\[!?[A-Za-z0-9_.:-]+\])+"
"""What a glob may hold: what names do, and signs with a meaning. `[^a]` is refused: shells take it for `[!a]`, and
Python does not."""


def glob(of: str = "tags") -> Text:
    """A glob over whole tags, digests or package names: `*` any text, `?` one character, `[a-c]` one of a set."""
    return Text(f"a glob over {of}", pattern=GLOB, example="pr-*")


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


@dataclass(frozen=True)
class ListOf(Shape[tuple[T, ...]]):
    """A list, of at least `least` items, in which none is given twice if they are to be `unique`.

    `words` names it: "a list of tags".
    """

    words: str
    item: Shape[T]
    least: int = 0
    unique: bool = False

    def load(self, node: Node, problems: list[Problem]) -> tuple[T, ...]:
        """The items in order."""
        if not isinstance(node, SequenceNode):
            hint = ""
            if isinstance(node, ScalarNode) and node.kind is not Kind.NULL:
                hint = f"Write [{node.text}], or one item a line after a dash."
            raise self.mismatch(node, problems, hint)
        before = len(problems)
        if len(node.items) < self.least:
            raise self.refuse(node, problems, f"{name_node(node, 'The file')} is an empty list.", "Name at least one.")
        values: list[T] = []
        for item in node.items:
            try:
                value = self.item.load(item, problems)
            except Refused:
                continue
            if self.unique and value in values:
                problems.append(
                    Problem(f"{describe_node(item)}, which the list has already.", "Remove it.", item.place)
                )
            values.append(value)
        if len(problems) > before:
            raise Refused
        return tuple(values)

    def schema(self) -> Schema:
        """An array."""
        found: Schema = {"type": "array", "items": self.item.schema()}
        if self.least:
            found["minItems"] = self.least
        if self.unique:
            found["uniqueItems"] = True
        return found


@dataclass(frozen=True)
class MapOf(Shape[Mapping[str, T]]):
    """A mapping whose keys the user chooses: each fits `key`, each value fits `value`. `words` names what it maps."""

    words: str
    key: Text
    value: Shape[T]
    least: int = 0

    def load(self, node: Node, problems: list[Problem]) -> Mapping[str, T]:
        """Key -> value, in file order."""
        if not isinstance(node, MappingNode):
            raise self.mismatch(node, problems, f"Write 'key: value' below '{node.path}:'." if node.path else "")
        before = len(problems)
        if len(node.entries) < self.least:
            raise self.refuse(
                node, problems, f"{name_node(node, 'The file')} is an empty mapping.", "Name at least one."
            )
        values: dict[str, T] = {}
        for name, (key, below) in node.entries.items():
            if not re.fullmatch(self.key.pattern or r"(?s).+", name):
                message = f"The key {quote_node(key)} of {name_node(node)} is not {self.key.words}."
                problems.append(Problem(message, self.key.hint, key.place))
            try:
                values[name] = self.value.load(below, problems)
            except Refused:
                continue
        if len(problems) > before:
            raise Refused
        return values

    def schema(self) -> Schema:
        """An object."""
        found: Schema = {"type": "object", "additionalProperties": self.value.schema()}
        found["propertyNames"] = {"pattern": f"^(?:{self.key.pattern})$"} if self.key.pattern else {"minLength": 1}
        if self.least:
            found["minProperties"] = self.least
        return found


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


def _default_of(field: dataclasses.Field[Any]) -> Any:
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
                default=_default_of(field),
            )
            for field in dataclasses.fields(self.build)
            if "shape" in field.metadata
        )

    def load(self, node: Node, problems: list[Problem]) -> R:
        """The dataclass, with the mapping as its `origin`."""
        if not isinstance(node, MappingNode):
            hint = f"Its keys are {', '.join(known.name for known in self.keys)}."
            raise (self if node.path else MAPPING).mismatch(node, problems, hint)
        before = len(problems)
        known = {key.name: key for key in self.keys}
        for name, (written, _) in node.entries.items():
            if name not in known:
                message = f"{quote_node(written)} is not a key of {self.words}."
                problems.append(Problem(message, suggest_nearest(name, tuple(known)), written.place))
        values: dict[str, Any] = {}
        for name, wanted in known.items():
            below = node.child(name)
            if below is None:
                if wanted.required:
                    message = f"{self.words[0].upper()}{self.words[1:]} needs the key '{name}'."
                    problems.append(Problem(message, wanted.about, node.place))
                continue
            try:
                values[name.replace("-", "_")] = wanted.shape.load(below, problems)
            except Refused:
                continue
        self.check_together(node, problems)
        if len(problems) > before:
            raise Refused
        return self.build(**values, origin=node)

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
        properties: Schema = {}
        for wanted in self.keys:
            properties[wanted.name] = {**wanted.shape.schema(), "description": wanted.about}
            if isinstance(wanted.default, (str, int)):
                properties[wanted.name]["default"] = wanted.default
        found: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
        required = [wanted.name for wanted in self.keys if wanted.required]
        if required:
            found["required"] = required
        if self.one_of:
            found["oneOf"] = [{"required": [name]} for name in self.one_of]
        if self.any_of:
            found["anyOf"] = [{"required": [name]} for name in self.any_of]
        if self.needs:
            found["dependencies"] = {name: list(others) for name, others in self.needs.items()}
        return found


@dataclass(frozen=True)
class OneOf(Shape[Any]):
    """A mapping of one of several kinds. The key `chooser` names the kind, and each kind is a record with that key."""

    words: str
    chooser: str
    kinds: Mapping[str, RecordOf[Any]] = dataclasses.field(hash=False)

    def load(self, node: Node, problems: list[Problem]) -> Any:
        """The dataclass of the kind that the mapping says it is."""
        if not isinstance(node, MappingNode):
            raise self.mismatch(
                node, problems, f"Begin it with '{self.chooser}: {next(iter(self.kinds))}', for example."
            )
        kind = node.child(self.chooser)
        names = ", ".join(self.kinds)
        if kind is None:
            message = f"{self.words[0].upper()}{self.words[1:]} needs the key '{self.chooser}'."
            raise self.refuse(node, problems, message, f"Its values are {names}.")
        return self.kinds[Choice(tuple(self.kinds)).load(kind, problems)].load(node, problems)

    def schema(self) -> Schema:
        """Exactly one of the kinds; they differ in the chooser, so no value is of two."""
        return {"oneOf": [record.schema() for record in self.kinds.values()]}


@dataclass(frozen=True)
class OrFalse(Shape[T | bool]):
    """Something, or `false` to switch it off."""

    shape: Shape[T]

    @property
    def words(self) -> str:  # type: ignore[override]  # made from the shape's
        """Either."""
        return f"{self.shape.words} or false"

    def load(self, node: Node, problems: list[Problem]) -> T | bool:
        """The value, or False."""
        if isinstance(node, ScalarNode):
            if node.kind is Kind.BOOLEAN and not BOOLEANS[node.text]:
                return False
            raise self.mismatch(node, problems)
        return self.shape.load(node, problems)

    def schema(self) -> Schema:
        """Either."""
        return {"anyOf": [{"const": False}, self.shape.schema()]}
