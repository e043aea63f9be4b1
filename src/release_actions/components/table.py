"""Component tables in Markdown: written in one exact form, read in all the forms that published notes have.

The written form is what other programs parse: no empty cells, nothing but text in the first column, versions in
backticks, `NA` for none. Read are links, emphasis, code, empty and missing cells, further columns, and headings with
emoji and versions in them. Reading must never guess a cell: a text that is not a version is kept as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from release_actions.components.manifest import ComponentEntry, ComponentManifest
from release_actions.errors import Place
from release_actions.runner import markdown

HEAD = ("Component", "Version", "Previous Version", "Type")
INFRASTRUCTURE_HEAD = HEAD[:3]
NONE = "NA"
"""The cell's text for no previous version."""

SUMMARY = "component summary"
INFRASTRUCTURE = "infrastructure"
"""Words of the headings of both tables in published notes."""

NOTHING = re.compile(r"(?i)|n/?a(?:\s+\(.*\)|\s+-.*)?|none|[-\u2010-\u2015]+")
"""Cells that say that there is no version."""

GONE = re.compile(r"(?i).*\b(?:deprecated|removed)\b.*")
"""Cells that say that a component is no longer published."""

HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*")
BREAK = re.compile(r" {0,3}(?:-{3,}|\*{3,}|_{3,})\s*")
FENCE = re.compile(r" {0,3}(```+|~~~+)")
DELIMITER = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
LINK = re.compile(r"!?\[([^\[\]]*)\]\(\s*<?([^()\s>]*)>?[^()]*\)")
EMPHASIS = re.compile(r"(\*\*\*|\*\*|\*|__|~~)(?=\S)(.+?)(?<=\S)\1")


@dataclass(frozen=True)
class TableCell:
    """One cell: the Markdown as written without the blanks around it, and where it begins."""

    markdown: str
    place: Place

    @property
    def text(self) -> str:
        """What a reader sees, without links, code marks and emphasis."""
        return visible_text(self.markdown)

    @property
    def version(self) -> str:
        """The version: the one piece of code in the cell, else the whole text. Empty when it says there is none."""
        pieces = [match.group(2).strip() for match in CODE.finditer(LINK.sub(r"\1", self.markdown))]
        text = pieces[0] if len(pieces) == 1 else self.text
        return "" if NOTHING.fullmatch(self.text) or NOTHING.fullmatch(text) or self.gone else text

    @property
    def gone(self) -> bool:
        """Whether it says that the component is no longer published."""
        return bool(GONE.fullmatch(self.text))

    @property
    def links(self) -> tuple[str, ...]:
        """Targets of the links in it."""
        return tuple(match.group(2) for match in LINK.finditer(self.markdown))


@dataclass(frozen=True)
class TableRow:
    """One row. A column that the table or the row does not have gives an empty cell at the row's place."""

    component: TableCell
    version: TableCell
    previous: TableCell
    type: TableCell
    cells: tuple[TableCell, ...]

    @property
    def title(self) -> str:
        """The text of the first column."""
        return self.component.text

    @property
    def place(self) -> Place:
        """Where the row begins."""
        return self.component.place


@dataclass(frozen=True)
class ComponentTable:
    """A table of components below a heading. `head` has the texts of the columns."""

    heading: str
    place: Place
    head: tuple[str, ...]
    rows: tuple[TableRow, ...]


def visible_text(text: str) -> str:
    """Markdown of one line as its reader sees it."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match.group(2).strip())
        return f"\0{len(kept) - 1}\0"

    plain = CODE.sub(keep, text)
    for pattern in (LINK, EMPHASIS):
        plain = pattern.sub(lambda match: match.group(2 if match.re is EMPHASIS else 1), plain)
    plain = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", plain)
    plain = re.sub("\0([0-9]+)\0", lambda match: kept[int(match.group(1))].replace("\\|", "|"), plain)
    return " ".join(plain.split())


def fold_name(name: str) -> str:
    """A component's name for comparing."""
    return " ".join(re.sub(r"([()])", r" \1 ", name).casefold().split())


def read(text: str, *, file: str) -> tuple[ComponentTable, ...]:
    """Every table with a column for components and one for versions, in order."""
    return tuple(_tables(re.split(r"\r\n|\r|\n", text), file))


def find_table(tables: Iterable[ComponentTable], heading: str, words: str = SUMMARY) -> ComponentTable | None:
    """The table below a heading; else the first one below a heading with these words; None if there is none."""
    found = tuple(tables)
    exact = (table for table in found if fold_name(table.heading) == fold_name(heading))
    alike = (table for table in found if words in fold_name(table.heading))
    return next(exact, None) or next(alike, None)


def _tables(lines: Sequence[str], file: str) -> Iterator[ComponentTable]:
    heading = ""
    fence = ""
    number = 0
    while number < len(lines):
        line = lines[number]
        mark = FENCE.match(line)
        if mark:
            fence = mark.group(1)[:3] if not fence else "" if mark.group(1).startswith(fence) else fence
        title = None if fence else HEADING.fullmatch(line)
        if title:
            heading = visible_text(title.group(2))
        elif not fence and BREAK.fullmatch(line):
            heading = ""
        elif not fence and "|" in line and number + 1 < len(lines) and DELIMITER.fullmatch(lines[number + 1]):
            end = number + 2
            while end < len(lines) and "|" in lines[end] and not HEADING.fullmatch(lines[end]):
                end += 1
            found = _table(heading, lines[number:end], file, number + 1)
            if found:
                yield found
            number = end
            continue
        number += 1


def _table(heading: str, lines: Sequence[str], file: str, first: int) -> ComponentTable | None:
    head = tuple(cell.text for cell in split_cells(lines[0], file, first))
    columns = {fold_name(name): index for index, name in reversed(list(enumerate(head)))}
    if not {"component", "version"} <= set(columns):
        return None
    rows = []
    for number, line in enumerate(lines[2:], first + 2):
        found = split_cells(line, file, number)
        nothing = TableCell("", found[0].place)

        def cell(*names: str, found: tuple[TableCell, ...] = found, nothing: TableCell = nothing) -> TableCell:
            index = next((columns[name] for name in names if name in columns), len(found))
            return found[index] if index < len(found) else nothing

        row = TableRow(cell("component"), cell("version"), cell("previous version", "previous"), cell("type"), found)
        if row.title:
            rows.append(row)
    return ComponentTable(heading, Place(file, first, 1), head, tuple(rows))


def split_cells(line: str, file: str, number: int) -> tuple[TableCell, ...]:
    """The cells of a row. A `|` parts cells even inside code, unless a backslash stands before it (GFM, tables)."""
    indent = len(line) - len(line.lstrip())
    body = line.strip()
    start = indent + 1 if body.startswith("|") else indent
    body = body.removeprefix("|")
    if body.endswith("|") and not body.endswith("\\|"):
        body = body[:-1]
    found = []
    for piece in re.split(r"(?<!\\)\|", body):
        before = len(piece) - len(piece.lstrip())
        found.append(TableCell(piece.strip(), Place(file, number, start + before + 1)))
        start += len(piece) + 1
    return tuple(found)


def write(manifest: ComponentManifest, heading: str, infrastructure_heading: str) -> str:
    """Both tables below their headings; the second one only if there is some infrastructure."""
    rows = ([*_versions(entry), entry.type] for entry in manifest.components)
    parts = [f"## {heading}\n\n{markdown.table(HEAD, rows)}"]
    if manifest.infrastructure:
        rows = (_versions(entry) for entry in manifest.infrastructure)
        parts.append(f"## {infrastructure_heading}\n\n{markdown.table(INFRASTRUCTURE_HEAD, rows)}")
    return "\n".join(parts)


def _versions(entry: ComponentEntry) -> list[str]:
    return [entry.title, markdown.code(entry.version), previous_cell(entry.previous)]


def previous_cell(previous: str) -> str:
    """The cell of a previous version: a version in backticks, a remark as text, `NA` for nothing."""
    if not previous:
        return NONE
    return markdown.plain(previous) if GONE.fullmatch(previous) else markdown.code(previous)
