"""Reads Markdown line by line, as far as release notes need it: headings, fences, comments, code, links.

Every line keeps its length when something in it is blanked, so that a column found in it is one of the file. A line
inside a fence or a comment must never be taken for text, and what this reader does not know, such as HTML, is text.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from release_actions.components.table import BREAK, CODE, DELIMITER, HEADING, visible_text
from release_actions.errors import Place

FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}(?=[^`]*$)|~{3,})[ \t]*(?P<info>.*)")
"""A line that opens a fence. In a list it may stand deeper than the three blanks that text allows."""

BULLET = re.compile(r"(?P<indent>\s*)(?:[*+-]|[0-9]{1,9}[.)])\s+(?=\S)")
QUOTE = re.compile(r" {0,3}(?:> ?)+")
INDENTED = re.compile(r"(?: {4}|\t)\s*\S")

LABEL = r"(?:[^\[\]]|\[[^\[\]]*\](?:\([^()\s]*\))?)*"
LINK = re.compile(
    rf"(?P<image>!?)\[(?P<text>{LABEL})\]\(\s*<?(?P<target>(?:[^()\s<>]|\([^()\s]*\))*)>?(?:\s+[\"'(].*?[\"')])?\s*\)"
)
REFERENCE = re.compile(r"(?<!\])\[(?P<text>[^\[\]]+)\]\[(?P<label>[^\[\]]*)\]")
DEFINITION = re.compile(r" {0,3}\[(?P<label>[^\[\]]+)\]:\s*<?(?P<target>[^\s<>]+)>?")
BARE = re.compile(r"https?://[^\s<>|\"`\\\[\]\x1a]+")
TRAILING = ".,;:!?*_~'\""
"""What ends a sentence rather than an address (GFM, autolinks)."""

FILLER = "\x1a"
"""Stands for each character of code in `Line.prose`: no pattern takes it for a word, a bracket or a mark."""


class LineKind(enum.Enum):
    """What a line is."""

    TEXT = "text"
    HEADING = "heading"
    BULLET = "bullet"
    ROW = "row"
    CODE = "code"
    """A line of a fence or of indented code, or the fence itself."""
    BLANK = "blank"


@dataclass(frozen=True)
class MarkdownLine:
    """One line. `raw` as written; `text` with comments blanked; `prose` with code blanked too, all of one length.

    `section` is the heading above it, `level` that heading's depth, 0 before the first one. `fence` is the number of
    the line that opened the fence it is in, 0 outside.
    """

    number: int
    raw: str
    text: str
    prose: str
    kind: LineKind
    section: str = ""
    level: int = 0
    fence: int = 0

    @property
    def title(self) -> str:
        """What a reader sees of a heading."""
        found = HEADING.fullmatch(self.text)
        return visible_text(found.group(2)) if found else ""


@dataclass(frozen=True)
class HtmlComment:
    """A comment that ends in the line where it began. `alone`: nothing else is in the line."""

    text: str
    place: Place
    alone: bool


@dataclass(frozen=True)
class MarkdownLink:
    """A link or a bare address. `text` is what a reader sees of it."""

    text: str
    target: str
    place: Place
    line: MarkdownLine
    bare: bool = False


@dataclass(frozen=True)
class MarkdownText:
    """Markdown as lines. `open_fence` and `open_comment`: the line of one that is never closed, 0 for none."""

    path: str
    body: str
    lines: tuple[MarkdownLine, ...]
    comments: tuple[HtmlComment, ...] = ()
    links: tuple[MarkdownLink, ...] = ()
    open_fence: int = 0
    open_comment: int = 0
    blanked: str = field(default="", repr=False)
    """The whole text without comments, with the same lines and columns."""

    def place(self, line: MarkdownLine, column: int = 0) -> Place:
        """A place in a line: `column` counts from 0."""
        return Place(self.path, line.number, column + 1)


def read(body: str, path: str) -> MarkdownText:
    """The lines of a text."""
    reader = _Reader(path)
    raws = re.split(r"\r\n|\r|\n", body)
    for number, raw in enumerate(raws, 1):
        reader.take(number, raw)
    lines = tuple(_rows(reader.lines))
    found = MarkdownText(
        path,
        body,
        lines,
        tuple(reader.comments),
        open_fence=reader.fence_line,
        open_comment=reader.comment_line,
        blanked="\n".join(line.text for line in lines),
    )
    links = tuple(_links(found))
    return MarkdownText(**{**found.__dict__, "links": links})


class _Reader:
    """What is open at the end of each line."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lines: list[MarkdownLine] = []
        self.comments: list[HtmlComment] = []
        self.fence = ""
        self.fence_line = 0
        self.comment_line = 0
        self.section, self.level = "", 0
        self.in_list = False

    def take(self, number: int, raw: str) -> None:
        """Add a line."""
        bare = QUOTE.sub(lambda match: " " * len(match[0]), raw)
        if self.fence:
            self._add(number, raw, raw, LineKind.CODE, fence=self.fence_line)
            self._end_fence(bare)
            return
        opened = FENCE.fullmatch(bare) if not self.comment_line else None
        if opened and (len(opened["indent"]) <= 3 or self.in_list):  # noqa: PLR2004  # CommonMark: deeper is code
            self.fence, self.fence_line = opened["fence"], number
            self._add(number, raw, raw, LineKind.CODE, fence=number)
            return
        if not self.comment_line and INDENTED.match(bare) and not self.in_list and self._after_blank():
            self._add(number, raw, raw, LineKind.CODE)
            return
        text = self._without_comments(number, raw)
        self._add(number, raw, text, self._kind(text))

    def _end_fence(self, line: str) -> None:
        closing = line.strip()
        if len(closing) >= len(self.fence) and set(closing) == {self.fence[0]}:
            self.fence, self.fence_line = "", 0

    def _after_blank(self) -> bool:
        return not self.lines or self.lines[-1].kind is LineKind.BLANK or self.lines[-1].kind is LineKind.CODE

    def _kind(self, text: str) -> LineKind:
        heading = HEADING.fullmatch(text)
        if heading:
            self.section, self.level, self.in_list = visible_text(heading.group(2)), len(heading.group(1)), False
            return LineKind.HEADING
        if not text.strip():
            return LineKind.BLANK
        if BREAK.fullmatch(text):
            self.section, self.level, self.in_list = "", 0, False
            return LineKind.TEXT
        if BULLET.match(text):
            self.in_list = True
            return LineKind.BULLET
        self.in_list = self.in_list and text.startswith((" ", "\t"))
        return LineKind.TEXT

    def _without_comments(self, number: int, raw: str) -> str:
        """The line with comments blanked. One that begins inside code is text."""
        found, position = [], 0
        if self.comment_line:
            end = raw.find("-->")
            if end < 0:
                return " " * len(raw)
            self.comment_line = 0
            found.append(" " * (end + 3))
            position = end + 3
        codes = [match.span() for match in CODE.finditer(raw, position)]
        while (start := raw.find("<!--", position)) >= 0:
            inside = next((end for begin, end in codes if begin <= start < end), 0)
            if inside:
                found.append(raw[position:inside])
                position = inside
                continue
            found.append(raw[position:start])
            end = raw.find("-->", start + 4)
            if end < 0:
                self.comment_line = number
                found.append(" " * (len(raw) - start))
                return "".join(found)
            alone = not (raw[:start] + raw[end + 3 :]).strip()
            self.comments.append(HtmlComment(raw[start + 4 : end].strip(), Place(self.path, number, start + 1), alone))
            found.append(" " * (end + 3 - start))
            position = end + 3
        return "".join([*found, raw[position:]])

    def _add(self, number: int, raw: str, text: str, kind: LineKind, *, fence: int = 0) -> None:
        prose = " " * len(text) if kind is LineKind.CODE else CODE.sub(lambda match: FILLER * len(match[0]), text)
        self.lines.append(MarkdownLine(number, raw, text, prose, kind, self.section, self.level, fence))


def _rows(lines: list[MarkdownLine]) -> Iterator[MarkdownLine]:
    """The lines, with those of tables marked as rows."""
    within = False
    for index, line in enumerate(lines):
        following = lines[index + 1].text if index + 1 < len(lines) else ""
        pipe = "|" in line.text and line.kind in {LineKind.TEXT, LineKind.BULLET}
        opens = pipe and "|" in following and bool(DELIMITER.fullmatch(following))
        within = pipe and (within or opens)
        yield MarkdownLine(**{**line.__dict__, "kind": LineKind.ROW}) if within else line


def _links(text: MarkdownText) -> Iterator[MarkdownLink]:
    """Every link outside of code, in order."""
    defined = {
        match["label"].casefold(): match["target"]
        for line in text.lines
        if line.kind is not LineKind.CODE and (match := DEFINITION.match(line.prose))
    }
    for line in text.lines:
        if line.kind is not LineKind.CODE and not DEFINITION.match(line.prose):
            yield from sorted(_in_line(text, line, defined), key=lambda link: link.place)


def _in_line(text: MarkdownText, line: MarkdownLine, defined: dict[str, str]) -> Iterator[MarkdownLink]:
    taken: list[tuple[int, int]] = []

    def link(match: re.Match[str], target: str) -> MarkdownLink:
        taken.append(match.span())
        words = visible_text(line.text[match.start("text") : match.end("text")])
        return MarkdownLink(words, target, text.place(line, match.start()), line)

    for match in LINK.finditer(line.prose):
        if not match["image"]:
            yield link(match, match["target"])
        else:
            taken.append(match.span())
    for match in REFERENCE.finditer(line.prose):
        target = defined.get((match["label"] or match["text"]).casefold())
        if target:
            yield link(match, target)
    for match in BARE.finditer(line.prose):
        if any(start <= match.start() < end for start, end in taken):
            continue
        target = match[0].rstrip(TRAILING)
        while target.endswith(")") and target.count(")") > target.count("("):
            target = target[:-1].rstrip(TRAILING)
        yield MarkdownLink(target, target, text.place(line, match.start()), line, bare=True)
