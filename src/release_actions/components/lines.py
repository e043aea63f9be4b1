"""Reads Markdown line by line, as far as release notes need it: headings, rows, comments, code, links.

`blocks` says what each line is. Every line keeps its length when something in it is blanked, so that a column found in
it is one of the file. A line inside a block of code or a comment must never be taken for text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from release_actions.components.blocks import DEFINITION, Block, BlockReader, LineKind
from release_actions.components.inline import CODE, visible_text
from release_actions.errors import Place

LABEL = r"(?:[^\[\]]|\[[^\[\]]*\](?:\([^()\s]*\))?)*"
LINK = re.compile(
    rf"(?P<image>!?)\[(?P<text>{LABEL})\]\(\s*<?(?P<target>(?:[^()\s<>]|\([^()\s]*\))*)>?(?:\s+[\"'(].*?[\"')])?\s*\)"
)
REFERENCE = re.compile(r"(?<!\])\[(?P<text>[^\[\]]+)\]\[(?P<label>[^\[\]]*)\]")
SHORTCUT = re.compile(r"(?<![\]!])\[(?P<text>[^\[\]]+)\](?![\[(:])")
BARE = re.compile(r"https?://[^\s<>|\"`\\\[\]\x1a]+")
TRAILING = ".,;:!?*_~'\""
"""What ends a sentence rather than an address (GFM, autolinks)."""

FILLER = "\x1a"
"""Stands for each character of code in `Line.prose`: no pattern takes it for a word, a bracket or a mark."""


@dataclass(frozen=True)
class MarkdownLine:
    """One line. `raw` as written; `text` with comments blanked; `prose` with code blanked too, all of one length.

    `section` is the heading above it, `level` that heading's depth, 0 before the first one. `fence` is the number of
    the line that opened the fence it is in, 0 outside. `start` is where it begins behind quotes and list marks. `title`
    is what a reader sees of a heading.
    """

    number: int
    raw: str
    text: str
    prose: str
    kind: LineKind
    section: str = ""
    level: int = 0
    fence: int = 0
    start: int = 0
    title: str = ""
    heading: int = 0
    """Number of the line of the heading above it, 0 for none: two sections may be called the same."""


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
    raws = re.split(r"\r\n|\r|\n", body)
    reader = BlockReader(raws)
    blanker = _CommentBlanker(raws, reader.blocks, path)
    lines = tuple(_add_sections(raws, reader.blocks, blanker.texts))
    text = MarkdownText(
        path,
        body,
        lines,
        tuple(blanker.comments),
        open_fence=reader.open_fence,
        open_comment=reader.open_comment,
        blanked="\n".join(line.text for line in lines),
    )
    return replace(text, links=tuple(_find_links(text)))


def _add_sections(raws: Sequence[str], blocks: Sequence[Block], texts: Sequence[str]) -> Iterator[MarkdownLine]:
    """The lines, each with the heading above it. A thematic break ends a section."""
    section, level, above = "", 0, 0
    for number, (raw, block, text) in enumerate(zip(raws, blocks, texts, strict=True), 1):
        title = visible_text(block.title) if block.kind is LineKind.HEADING else ""
        if block.kind is LineKind.HEADING:
            section, level, above = title, block.level, number
        elif block.is_break:
            section, level, above = "", 0, 0
        kind = block.kind if block.kind is LineKind.CODE or text.strip() else LineKind.BLANK
        code = kind is LineKind.CODE
        prose = " " * len(text) if code else CODE.sub(lambda match: FILLER * len(match[0]), text)
        yield MarkdownLine(number, raw, text, prose, kind, section, level, block.fence, block.start, title, above)


class _CommentBlanker:
    """Blanks comments in lines that are no code: those that are blocks of their own, and those within a paragraph."""

    def __init__(self, raws: Sequence[str], blocks: Sequence[Block], path: str) -> None:
        self._raws = raws
        self._blocks = blocks
        self._path = path
        self._open = 0
        self.comments: list[HtmlComment] = []
        self.texts = [self._blank(number) for number in range(1, len(raws) + 1)]

    def _blank(self, number: int) -> str:
        raw, block = self._raws[number - 1], self._blocks[number - 1]
        if block.kind is LineKind.CODE:
            self._open = 0
            return raw
        pieces, position = [], 0
        if self._open:
            end = raw.find("-->")
            if end < 0:
                return " " * len(raw)
            self._open = 0
            pieces.append(" " * (end + 3))
            position = end + 3
        codes = [match.span() for match in CODE.finditer(raw, position)] if block.kind is not LineKind.HTML else []
        while (start := raw.find("<!--", position)) >= 0:
            inside = next((end for begin, end in codes if begin <= start < end), 0)
            if inside:
                pieces.append(raw[position:inside])
                position = inside
                continue
            pieces.append(raw[position:start])
            end = raw.find("-->", start + 4)
            if end < 0 and not self._goes_on(number):
                pieces.append(raw[start:])  # never closed in its paragraph: it is text
                return "".join(pieces)
            if end < 0:
                self._open = number
                pieces.append(" " * (len(raw) - start))
                return "".join(pieces)
            alone = not (raw[:start] + raw[end + 3 :]).strip()
            self.comments.append(HtmlComment(raw[start + 4 : end].strip(), Place(self._path, number, start + 1), alone))
            pieces.append(" " * (end + 3 - start))
            position = end + 3
        return "".join([*pieces, raw[position:]])

    def _goes_on(self, number: int) -> bool:
        """Whether a comment that a line opens hides what follows. In text its paragraph has to close it."""
        if self._blocks[number - 1].kind is LineKind.HTML:
            return True
        for raw, block in zip(self._raws[number:], self._blocks[number:], strict=True):
            if block.kind is not LineKind.TEXT or block.is_break:
                return False
            if "-->" in raw:
                return True
        return False


def _find_links(text: MarkdownText) -> Iterator[MarkdownLink]:
    """Every link outside of code, in order."""
    defined: dict[str, str] = {}
    for line in text.lines:
        match = DEFINITION.match(line.prose) if line.kind is not LineKind.CODE else None
        if match:
            defined.setdefault(_fold_label(match["label"]), match["target"])  # the first one counts (CommonMark)
    for paragraph in _split_paragraphs(text):
        yield from sorted(_InParagraph(text, paragraph, defined).links(), key=lambda link: link.place)


def _split_paragraphs(text: MarkdownText) -> Iterator[list[MarkdownLine]]:
    """Lines of text that belong together, since a link may go over their ends. Every other line is alone."""
    paragraph: list[MarkdownLine] = []
    for line in text.lines:
        begins = line.kind is not LineKind.TEXT or bool(DEFINITION.match(line.prose))
        if paragraph and begins:
            yield paragraph
            paragraph = []
        if line.kind in {LineKind.CODE, LineKind.BLANK} or DEFINITION.match(line.prose):
            continue
        paragraph.append(line)
        if line.kind not in {LineKind.TEXT, LineKind.BULLET}:
            yield paragraph
            paragraph = []
    if paragraph:
        yield paragraph


def _fold_label(label: str) -> str:
    return " ".join(label.casefold().split())


class _InParagraph:
    """The links of a paragraph, each with the line in which it begins."""

    def __init__(self, text: MarkdownText, lines: list[MarkdownLine], defined: Mapping[str, str]) -> None:
        self._text = text
        self._lines = lines
        self._defined = defined
        self._prose = "\n".join(line.prose for line in lines)
        self._shown = "\n".join(line.text for line in lines)
        self._starts = list(accumulate((len(line.text) + 1 for line in lines[:-1]), initial=0))
        self._taken: list[tuple[int, int]] = []

    def links(self) -> Iterator[MarkdownLink]:
        """Links in brackets first, then references, then bare addresses that are in none of them."""
        for match in LINK.finditer(self._prose):
            self._taken.append(match.span())
            if not match["image"]:
                yield self._link(match, match["target"])
        for pattern in (REFERENCE, SHORTCUT):
            for match in pattern.finditer(self._prose):
                label = match.groupdict().get("label") or match["text"]
                target = self._defined.get(_fold_label(label))
                if target and not self._is_taken(match.start()):
                    self._taken.append(match.span())
                    yield self._link(match, target)
        for match in BARE.finditer(self._prose):
            if not self._is_taken(match.start()):
                target = _strip_trailing(match[0])
                line, column = self._place(match.start())
                yield MarkdownLink(target, target, self._text.place(line, column), line, bare=True)

    def _is_taken(self, position: int) -> bool:
        return any(start <= position < end for start, end in self._taken)

    def _place(self, position: int) -> tuple[MarkdownLine, int]:
        index = bisect_right(self._starts, position) - 1
        return self._lines[index], position - self._starts[index]

    def _link(self, match: re.Match[str], target: str) -> MarkdownLink:
        line, column = self._place(match.start())
        words = visible_text(self._shown[match.start("text") : match.end("text")])
        return MarkdownLink(words, target, self._text.place(line, column), line)


def _strip_trailing(address: str) -> str:
    """A bare address without what ends the sentence that it is in."""
    target = address.rstrip(TRAILING)
    while target.endswith(")") and target.count(")") > target.count("("):
        target = target[:-1].rstrip(TRAILING)
    return target
