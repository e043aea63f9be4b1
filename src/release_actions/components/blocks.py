"""Markdown as blocks: what each line is, by the rules of CommonMark 0.31 and GitHub's tables.

Containers (quotes and list items) are matched from the outside in; what is left of a line is a heading, code, HTML, a
row of a table or text. Every line is decided once, from what is open when it begins. A line inside a block of code
must never be taken for text. Pure.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

FENCE = re.compile(r"(?P<fence>`{3,}(?=[^`]*$)|~{3,})[ \t]*(?P<info>.*)")
HEADING = re.compile(r"(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*")
BREAK = re.compile(r"(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})")
BULLET = re.compile(r"(?P<mark>[*+-]|(?P<number>[0-9]{1,9})[.)])(?P<gap>[ \t]+(?=\S)|[ \t]*$)")
DELIMITER = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
DEFINITION = re.compile(r" {0,3}\[(?P<label>(?:[^\[\]\\]|\\.)+)\]:\s*<?(?P<target>[^\s<>]+)>?")

WHOLE_DEFINITION = re.compile(DEFINITION.pattern + r"""(?:[ \t]+(?:"[^"]*"|'[^']*'|\([^()]*\)))?[ \t]*""")
"""A definition of a link in one line. It is not a paragraph, so what follows may be code."""

CODE_INDENT = 4
"""Blanks in front of a line that make it code."""

HTML_TAGS = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|"
    "fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|"
    "menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|"
    "track|ul"
)
ATTRIBUTE = r"""\s+[A-Za-z_:][\w.:-]*(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?"""
HTML_STARTS: tuple[tuple[re.Pattern[str], re.Pattern[str] | None, bool], ...] = (
    (
        re.compile(r"(?i)<(?:script|pre|style|textarea)(?:[\s>]|$)"),
        re.compile(r"(?i)</(?:script|pre|style|textarea)>"),
        True,
    ),
    (re.compile(r"<!--"), re.compile(r"-->"), True),
    (re.compile(r"<\?"), re.compile(r"\?>"), True),
    (re.compile(r"<![A-Za-z]"), re.compile(r">"), True),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>"), True),
    (re.compile(rf"(?i)</?(?:{HTML_TAGS})(?:[\s>]|/>|$)"), None, True),
    (re.compile(rf"(?:<[A-Za-z][A-Za-z0-9-]*(?:{ATTRIBUTE})*\s*/?>|</[A-Za-z][A-Za-z0-9-]*\s*>)\s*$"), None, False),
)
"""How a block of HTML begins, how it ends (None: at an empty line), and whether it may interrupt a paragraph."""


class LineKind(enum.Enum):
    """What a line is."""

    TEXT = "text"
    HEADING = "heading"
    BULLET = "bullet"
    ROW = "row"
    CODE = "code"
    """A line of a fence or of indented code, or the fence itself."""
    HTML = "html"
    BLANK = "blank"


@dataclass(frozen=True)
class Block:
    """What one line is. `start` is where it begins behind its containers; `level` is a heading's depth, else 0.

    `title` is a heading's text. `fence` is the number of the line that opened the fence it is in, 0 outside. `depth`
    counts the list items around it. `is_break` marks a thematic break, `is_underline` the line below a heading's text.
    """

    kind: LineKind
    start: int = 0
    level: int = 0
    title: str = ""
    fence: int = 0
    depth: int = 0
    is_break: bool = False
    is_underline: bool = False


class Leaf(enum.Enum):
    """The kind of block that is open in the innermost container."""

    NOTHING = enum.auto()
    PARAGRAPH = enum.auto()
    FENCE = enum.auto()
    INDENTED = enum.auto()
    HTML = enum.auto()
    TABLE = enum.auto()


@dataclass
class _Container:
    """A quote (`indent` is 0), or a list item whose content begins `indent` columns from its own beginning."""

    indent: int = 0
    empty: bool = False
    """Whether nothing has followed the mark of a list item yet."""


@dataclass
class _Open:
    """What is open when a line begins."""

    containers: list[_Container] = field(default_factory=list)
    leaf: Leaf = Leaf.NOTHING
    fence: str = ""
    fence_line: int = 0
    html_end: re.Pattern[str] | None = None
    html_line: int = 0
    paragraph: int = 0
    """Number of the first line of the paragraph that is open."""


@dataclass
class _Cursor:
    """A place in a line. `column` counts a tab as the blanks up to the next multiple of four."""

    line: str
    position: int = 0
    column: int = 0
    spare: int = 0
    """Columns of a tab that a container has not used."""

    def blanks(self) -> int:
        """Columns of blanks from here on."""
        column, position = self.column, self.position
        width = self.spare
        while position < len(self.line) and self.line[position] in " \t":
            step = 4 - column % 4 if self.line[position] == "\t" else 1
            width, column, position = width + step, column + step, position + 1
        return width

    def skip(self, columns: int) -> None:
        """Go on by some columns of blanks, or into a tab."""
        used = min(columns, self.spare)
        self.spare -= used
        columns -= used
        while columns > 0 and self.position < len(self.line) and self.line[self.position] in " \t":
            step = 4 - self.column % 4 if self.line[self.position] == "\t" else 1
            self.position, self.column = self.position + 1, self.column + step
            self.spare, columns = max(step - columns, 0), columns - step

    def go(self, characters: int) -> None:
        """Go on by some characters that are no blanks."""
        self.position += characters
        self.column += characters

    @property
    def rest(self) -> str:
        return self.line[self.position :]

    @property
    def is_blank(self) -> bool:
        return not self.rest.strip()


class BlockReader:
    """Reads lines one after another."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._open = _Open()
        self.blocks: list[Block] = []
        for number in range(1, len(lines) + 1):
            self._take(number)

    @property
    def open_fence(self) -> int:
        """The line of a fence that is never closed, 0 for none."""
        return self._open.fence_line if self._open.leaf is Leaf.FENCE else 0

    @property
    def open_comment(self) -> int:
        """The line of a comment that is never closed, 0 for none."""
        end = self._open.html_end
        return self._open.html_line if self._open.leaf is Leaf.HTML and end is not None and end.pattern == "-->" else 0

    def _take(self, number: int) -> None:
        state = self._open
        cursor = _Cursor(self._lines[number - 1])
        matched = self._match(cursor)
        whole = matched == len(state.containers)
        if whole and state.leaf is Leaf.FENCE:
            self._continue_fence(cursor)
            return
        if whole and state.leaf is Leaf.HTML and not (state.html_end is None and cursor.is_blank):
            self._continue_html(cursor)
            return
        if not whole and state.leaf in {Leaf.FENCE, Leaf.HTML, Leaf.INDENTED, Leaf.TABLE}:
            state.leaf = Leaf.NOTHING
        if cursor.is_blank:
            self._take_blank(matched)
            return
        opened = self._open_containers(cursor, matched)
        self._take_leaf(number, cursor, lazy=not whole and not opened, matched=matched, opened=opened)

    def _match(self, cursor: _Cursor) -> int:
        """Go behind the containers that a line continues, and count them."""
        for count, container in enumerate(self._open.containers):
            blanks = cursor.blanks()
            if container.indent:
                if cursor.is_blank:
                    # An item that began with an empty line ends at a second one.
                    if container.empty:
                        return count
                elif blanks < container.indent:
                    return count
                cursor.skip(min(container.indent, blanks))
            else:
                if blanks >= CODE_INDENT or not cursor.rest.lstrip(" \t").startswith(">"):
                    return count
                self._go_behind_quote(cursor, blanks)
        return len(self._open.containers)

    def _go_behind_quote(self, cursor: _Cursor, blanks: int) -> None:
        cursor.skip(blanks)
        cursor.go(1)
        cursor.skip(1)

    def _take_blank(self, matched: int) -> None:
        state = self._open
        # A quote ends where its mark is missing; list items go on.
        for place, container in enumerate(state.containers[matched:], matched):
            if not container.indent or container.empty:
                del state.containers[place:]
                break
        if state.leaf is not Leaf.INDENTED:
            state.leaf = Leaf.NOTHING
        self._add(LineKind.BLANK, 0)

    def _continue_fence(self, cursor: _Cursor) -> None:
        state = self._open
        self._add(LineKind.CODE, cursor.position, fence=state.fence_line)
        closing = cursor.rest.strip()
        same = len(closing) >= len(state.fence) and set(closing) == {state.fence[0]}
        if same and cursor.blanks() < CODE_INDENT:
            state.leaf, state.fence = Leaf.NOTHING, ""

    def _continue_html(self, cursor: _Cursor) -> None:
        state = self._open
        self._add(LineKind.HTML, cursor.position)
        if state.html_end and state.html_end.search(cursor.rest):
            state.leaf = Leaf.NOTHING

    def _open_containers(self, cursor: _Cursor, matched: int) -> bool:
        """Open the quotes and list items that a line begins with, in place of those that it does not continue."""
        state = self._open
        opened = False
        while True:
            blanks = cursor.blanks()
            paragraph = state.leaf is Leaf.PARAGRAPH and not opened
            if blanks >= CODE_INDENT:
                return opened
            rest = cursor.rest.lstrip(" \t")
            bullet = BULLET.match(rest)
            if rest.startswith(">"):
                self._go_behind_quote(cursor, blanks)
                container = _Container()
            elif (
                bullet
                and not BREAK.fullmatch(rest)
                and self._may_begin(bullet, paragraph and matched == len(state.containers))
            ):
                if paragraph and matched == len(state.containers) and UNDERLINE.fullmatch(rest):
                    return opened  # the underline of a heading
                cursor.skip(blanks)
                cursor.go(len(bullet["mark"]))
                inside = cursor.blanks()
                # More than four blanks are one blank and indented code.
                gap = 1 if (not bullet["gap"].strip(" \t") and cursor.is_blank) or inside > CODE_INDENT else inside
                cursor.skip(gap)
                container = _Container(blanks + len(bullet["mark"]) + gap, empty=cursor.is_blank)
            else:
                return opened
            if not opened:
                del state.containers[matched:]
                state.leaf = Leaf.NOTHING
                opened = True
                self._bullet = False
            self._bullet = self._bullet or bool(container.indent)
            state.containers.append(container)

    def _may_begin(self, bullet: re.Match[str], interrupts: bool) -> bool:  # noqa: FBT001  # of one caller
        """Whether a list may begin here: in the middle of a paragraph only with text, and with the number one."""
        empty = not bullet.string[bullet.end() :].strip()
        return not interrupts or (not empty and bullet["number"] in {None, "1"})

    def _take_leaf(self, number: int, cursor: _Cursor, *, lazy: bool, matched: int, opened: bool) -> None:
        state = self._open
        blanks = cursor.blanks()
        bullet = opened and self._bullet
        if lazy and state.leaf is Leaf.PARAGRAPH and not self._interrupts(cursor, blanks):
            self._add(LineKind.TEXT, cursor.position)
            return
        if lazy:
            del state.containers[matched:]
            state.leaf = Leaf.NOTHING
        for container in state.containers:
            container.empty = container.empty and opened and cursor.is_blank
        if cursor.is_blank:  # a list item without text
            self._add(LineKind.BULLET if bullet else LineKind.BLANK, cursor.position)
            return
        if blanks >= CODE_INDENT and state.leaf is not Leaf.PARAGRAPH:
            state.leaf = Leaf.INDENTED
            self._add(LineKind.BULLET if bullet else LineKind.CODE, cursor.position)
            return
        text = cursor.rest.strip(" \t")
        start = cursor.position + len(cursor.rest) - len(cursor.rest.lstrip(" \t"))
        if blanks < CODE_INDENT and self._begin_block(number, text, start, bullet=bullet):
            return
        self._take_text(number, text, start, bullet=bullet)

    def _interrupts(self, cursor: _Cursor, blanks: int) -> bool:
        """Whether a line that does not continue its containers ends the paragraph in them all the same."""
        text = cursor.rest.strip(" \t")
        if blanks >= CODE_INDENT:
            return False
        html = any(start.match(text) and may for start, _, may in HTML_STARTS)
        return bool(FENCE.fullmatch(text) or HEADING.fullmatch(text) or BREAK.fullmatch(text) or html)

    def _begin_block(self, number: int, text: str, start: int, *, bullet: bool) -> bool:
        """Take a line that begins a block of its own. False for text."""
        state = self._open
        paragraph = state.leaf is Leaf.PARAGRAPH
        fence, heading = FENCE.fullmatch(text), HEADING.fullmatch(text)
        if fence:
            state.leaf, state.fence, state.fence_line = Leaf.FENCE, fence["fence"], number
            self._add(LineKind.BULLET if bullet else LineKind.CODE, start, fence=number)
        elif heading:
            state.leaf = Leaf.NOTHING
            self._add(LineKind.HEADING, start, level=len(heading[1]), title=heading[2] or "")
        elif paragraph and UNDERLINE.fullmatch(text) and not bullet:
            self._underline(number, text, start)
        elif BREAK.fullmatch(text):
            state.leaf = Leaf.NOTHING
            self._add(LineKind.TEXT, start, is_break=True)
        else:
            return self._begin_html(number, text, start, bullet=bullet, paragraph=paragraph)
        return True

    def _underline(self, number: int, text: str, start: int) -> None:
        """Make the paragraph above a heading: what was text is its title."""
        state = self._open
        level = 1 if text[0] == "=" else 2
        above = range(state.paragraph, number)
        title = " ".join(self._lines[place - 1][self.blocks[place - 1].start :].strip() for place in above)
        for place in above:
            block = self.blocks[place - 1]
            heading = Block(LineKind.HEADING, block.start, level, title, depth=block.depth)
            further = Block(LineKind.TEXT, block.start, depth=block.depth, is_underline=True)
            self.blocks[place - 1] = heading if place == state.paragraph else further
        state.leaf = Leaf.NOTHING
        self._add(LineKind.TEXT, start, is_underline=True)

    def _begin_html(self, number: int, text: str, start: int, *, bullet: bool, paragraph: bool) -> bool:
        for pattern, end, may_interrupt in HTML_STARTS:
            if pattern.match(text) and (may_interrupt or not paragraph):
                self._add(LineKind.BULLET if bullet else LineKind.HTML, start)
                state = self._open
                closed = end is not None and end.search(text, 4 if text.startswith("<!--") else 0) is not None
                state.leaf = Leaf.NOTHING if closed else Leaf.HTML
                state.html_end, state.html_line = end, number
                return True
        return False

    def _take_text(self, number: int, text: str, start: int, *, bullet: bool) -> None:
        state = self._open
        if state.leaf is Leaf.TABLE:
            self._add(LineKind.BULLET if bullet else LineKind.ROW, start)
            return
        header = state.leaf is Leaf.PARAGRAPH and not bullet and self._is_delimiter(number, text)
        if header:
            state.leaf = Leaf.TABLE
            above = self.blocks[number - 2]
            if above.kind is LineKind.TEXT:
                self.blocks[number - 2] = Block(LineKind.ROW, above.start, depth=above.depth)
            self._add(LineKind.ROW, start)
            return
        if state.leaf is not Leaf.PARAGRAPH and WHOLE_DEFINITION.fullmatch(text):
            self._add(LineKind.BULLET if bullet else LineKind.TEXT, start)
            return
        if state.leaf is not Leaf.PARAGRAPH or bullet:
            state.paragraph = number
        state.leaf = Leaf.PARAGRAPH
        self._add(LineKind.BULLET if bullet else LineKind.TEXT, start)

    def _is_delimiter(self, number: int, text: str) -> bool:
        """Whether a line is the one between a table's head and its rows: it has as many cells as the head."""
        above = self.blocks[number - 2]
        head = self._lines[number - 2][above.start :]
        return bool(DELIMITER.fullmatch(text)) and "|" in head and count_cells(head) == count_cells(text)

    def _add(self, kind: LineKind, start: int, **more: object) -> None:
        depth = sum(1 for container in self._open.containers if container.indent)
        self.blocks.append(Block(kind, start, depth=depth, **more))  # type: ignore[arg-type]  # fields by name


def count_cells(line: str) -> int:
    """How many cells a row has. A `|` parts cells even inside code, unless a backslash stands before it."""
    body = line.strip().removeprefix("|")
    if body.endswith("|") and not body.endswith("\\|"):
        body = body[:-1]
    return len(re.split(r"(?<!\\)\|", body))
