"""Reads `key: value` mappings of YAML by their indentation, so that Helm templates and broken files can be read too.

A YAML parser refuses Go templates and gives no places for what it accepts, and to find versions no more is needed than
which keys stand side by side. Only mappings with a key that may hold a version are read, from that key up and down:
most YAML has none. What this reader must never do is to join keys of different mappings: in doubt a mapping ends
early, and a version is not found rather than bound to a wrong name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from release_actions.drift.reference import Text

VERSION_KEYS = (
    *("newTag", "newName", "tag", "imageTag", "version", "imageVersion", "chartVersion", "appVersion"),
    *("targetRevision", "revision", "ref", "branch"),
)
"""Keys that hold a version, or the name that a kustomization puts in place of another."""

_KEYS = "|".join(VERSION_KEYS)
VERSIONED = re.compile(
    rf"""^(?P<blank> *)(?P<dashes>(?:- +)*)["']?(?:{_KEYS})["']? *:[ \t]+["']?[A-Za-z0-9$<{{]""", re.MULTILINE
)
FLOW = re.compile(rf"""(?<![${{])\{{(?P<body>[^{{}}\n]*?\b(?:{_KEYS})["']? *:[^{{}}\n]*)\}}""")
FLOW_PAIR = re.compile(r"""(?:^|,)\s*["']?(?P<key>[A-Za-z_][\w.-]*)["']?\s*:\s*["']?(?P<value>[^\s"',]+)""")
LINE = re.compile(
    r"(?P<blank> *)(?P<dashes>(?:- +)*)(?P<quote>[\"']?)(?P<key>[A-Za-z_][\w./-]*)(?P=quote) *:(?=\s|$)[ \t]*"
)
VALUE = re.compile(
    r"""(?:"(?P<double>[^"\n]*)"|'(?P<single>[^'\n]*)'|(?P<plain>(?:\{\{[^\n]*?\}\}|[^\s#"'{\[|>&*!])[^\n]*?))"""
    r"""(?=\s*$|\s+#)"""
)
SILENT = re.compile(r"\s*(?:#|\{\{|$)")
"""Lines that say nothing about indentation: comments, blank lines, and control lines of Go templates."""

SEPARATOR = ("---", "...")


@dataclass(frozen=True)
class Scalar:
    """A value: its text without quotes, and where the text begins in the file."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


@dataclass(frozen=True)
class Block:
    """A mapping. `line` is one of its lines, counted from 0, and `indent` the column in which its keys begin."""

    text: Text
    line: int
    indent: int
    flow: Mapping[str, Scalar] | None = None

    @cached_property
    def _span(self) -> tuple[int, int, int]:
        """First and last line, and the line above that belongs to the mapping around it, -1 if there is none."""
        first, above = self._walk_up()
        last = self.line
        for number in range(self.line + 1, len(self.text.lines)):
            line = self.text.lines[number]
            if line.startswith(SEPARATOR):
                break
            if SILENT.match(line):
                continue
            if len(line) - len(line.lstrip(" ")) < self.indent:
                break
            last = number
        return first, last, above

    def _walk_up(self) -> tuple[int, int]:
        first = self.line
        is_open = not _starts_item(self.text.lines[first])
        for number in range(self.line - 1, -1, -1):
            line = self.text.lines[number]
            if line.startswith(SEPARATOR):
                return first, -1
            if SILENT.match(line):
                continue
            indent = _indent(line)
            if indent < self.indent:
                return first, number
            if is_open:
                first = number
                # A dash at this depth is where the item began; what is above belongs to another one.
                is_open = not (_starts_item(line) and indent == self.indent)
        return first, -1

    @cached_property
    def values(self) -> Mapping[str, Scalar]:
        """Keys with a value in their own line. Of a key that stands twice, the one nearer to the version counts."""
        if self.flow is not None:
            return self.flow
        first, last, _ = self._span
        values: dict[str, tuple[int, Scalar]] = {}
        for number in range(first, last + 1):
            match = LINE.match(self.text.lines[number])
            if match is None or len(match["blank"]) + len(match["dashes"]) != self.indent:
                continue
            value = VALUE.match(self.text.lines[number], match.end())
            distance = abs(number - self.line)
            if value and value.lastgroup and values.get(match["key"], (distance + 1,))[0] > distance:
                start = self.text.starts[number] + value.start(value.lastgroup)
                values[match["key"]] = distance, Scalar(value[value.lastgroup], start)
        return {key: scalar for key, (_, scalar) in values.items()}

    @cached_property
    def above(self) -> Block | None:
        """The mapping around it, None at the top of a document."""
        if self.flow is not None:
            return Block(self.text, self.line, _indent(self.text.lines[self.line]))
        number = self._span[2]
        return Block(self.text, number, _indent(self.text.lines[number])) if number >= 0 else None

    def get(self, *keys: str) -> Scalar | None:
        """The value of the first of these keys that has one."""
        return next((self.values[key] for key in keys if key in self.values), None)

    def get_inherited(self, *keys: str) -> Scalar | None:
        """As `get`, else from the mappings around it: charts write registry and hub once for all images."""
        block: Block | None = self
        while block is not None:
            value = block.get(*keys)
            if value:
                return value
            block = block.above
        return None


def _indent(line: str) -> int:
    """The column in which the content of a line begins, dashes of lists left out."""
    match = re.match(r" *(?:- +)*", line)
    return match.end() if match else 0


def _starts_item(line: str) -> bool:
    return line.lstrip(" ").startswith("- ")


def read_blocks(text: Text) -> Iterator[Block]:
    """The mappings of a file that have a key for a version, each once, in the order of these keys."""
    seen: set[tuple[int, int]] = set()
    for match in VERSIONED.finditer(text.content):
        number = text.line_number(match.start()) - 1
        block = Block(text, number, len(match["blank"]) + len(match["dashes"]))
        first = block._span[0], block.indent  # noqa: SLF001  # a block's own module
        if first not in seen:
            seen.add(first)
            yield block
    for flow in FLOW.finditer(text.content):
        number = text.line_number(flow.start()) - 1
        values = {
            pair["key"]: Scalar(pair["value"], flow.start("body") + pair.start("value"))
            for pair in FLOW_PAIR.finditer(flow["body"])
        }
        yield Block(text, number, _indent(text.lines[number]) + 1, values)
