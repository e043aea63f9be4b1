"""Component tables in Markdown: written in one exact form, read in all the forms that published notes have.

The written form is what other programs parse: no empty cells, nothing but text in the first column, versions in
backticks, `NA` for none. Read are links, emphasis, code, empty and missing cells, further columns, and headings with
emoji and versions in them. Reading must never guess a cell: a text that is not a version is kept as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from release_actions.components import lines
from release_actions.components.blocks import LineKind
from release_actions.components.former_name import read_name, read_remark
from release_actions.components.inline import CODE, LINK, visible_text
from release_actions.components.lines import MarkdownLine, MarkdownText
from release_actions.components.manifest import ComponentEntry, ComponentManifest
from release_actions.errors import Place
from release_actions.runner import markdown

HEAD = ("Component", "Version", "Previous Version", "Type")
INFRASTRUCTURE_HEAD = HEAD[:3]
NONE = "NA"
"""The cell's text for no previous version."""

SUMMARY = "component summary"
REMARKED = re.compile(r"(v?[0-9]+(?:\.[0-9]+)+\S*)\s+\(.*\)")
"""A version with a remark: `v2.3.3 (as kgateway)`."""

STATE = re.compile(r"(?i)\s*\((?:deprecated|removed|re-?enabled|new)\)\s*$")
"""What a name may say of its component beside a variant: `llm-d/llm-d-aws (Deprecated)`."""

INFRASTRUCTURE = "infrastructure"
"""Words of the headings of both tables in published notes."""

NOTHING = re.compile(r"(?i)|n/?a(?:\s+\(.*\)|\s+-.*)?|none|[-\u2010-\u2015]+")
"""Cells that say that there is no version."""

IMAGE_COLUMNS = frozenset({"image", "images", "image name", "container image", "docker image"})
TAG_COLUMNS = frozenset({"tag", "tags", "image tag", "docker tag"})
"""What tables call their columns of images and of tags."""

GONE = re.compile(r"(?i).*\b(?:deprecated|removed)\b.*")
"""Cells that say that a component is no longer published."""


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
        remark = REMARKED.fullmatch(text)
        text = remark[1] if remark else text
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
        """The text of the first column, without a state and without the name that the component had before."""
        return STATE.sub("", read_name(STATE.sub("", self.component.text)).name)

    @property
    def former(self) -> frozenset[str]:
        """What the row says that the component was called before, folded."""
        cells = [cell for cell in self.cells if cell is not self.component]
        said = [read_name(STATE.sub("", self.component.text)).former, *(read_remark(cell.text) for cell in cells)]
        return frozenset(fold_name(name) for name in said if name)

    @property
    def is_gone(self) -> bool:
        """Whether it says that the component is no longer published."""
        state = STATE.search(self.component.text)
        named = state is not None and GONE.fullmatch(state[0]) is not None
        return named or self.version.gone or (GONE.fullmatch(self.type.text) is not None and not self.version.version)

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


def fold_name(name: str) -> str:
    """A component's name for comparing."""
    return " ".join(re.sub(r"([()])", r" \1 ", name).casefold().split())


def read(text: str, *, file: str) -> tuple[ComponentTable, ...]:
    """Every table of a text with a column for components and one for versions, in order."""
    return read_tables(lines.read(text, file))


def read_tables(text: MarkdownText) -> tuple[ComponentTable, ...]:
    """The same of Markdown that was read already."""
    groups = groupby(text.lines, key=lambda line: line.kind is LineKind.ROW)
    tables = (_table(list(rows), text.path) for is_row, rows in groups if is_row)
    return tuple(table for table in tables if table)


def find_table(tables: Iterable[ComponentTable], heading: str, words: str = SUMMARY) -> ComponentTable | None:
    """The table below a heading; else the first one below a heading with these words; None if there is none."""
    listed = tuple(tables)
    exact = (table for table in listed if fold_name(table.heading) == fold_name(heading))
    alike = (table for table in listed if words in fold_name(table.heading))
    return next(exact, None) or next(alike, None)


def _table(rows: Sequence[MarkdownLine], file: str) -> ComponentTable | None:
    """A table of components; None for any other. A line without | is a row for GitHub, and no component here."""
    head, _, *others = [(line.number, " " * line.start + line.text[line.start :]) for line in rows]
    names = tuple(cell.text for cell in split_cells(head[1], file, head[0]))
    columns = {fold_name(name): index for index, name in reversed(list(enumerate(names)))}
    # Images and their tags have columns of their own in some notes; other tables with such columns mean something else.
    image, tag = find_image_columns(names)
    if image >= 0 and tag >= 0 and re.search(r"(?i)component|image", rows[0].section):
        columns.setdefault("component", image)
        columns.setdefault("version", tag)
    if not {"component", "version"} <= set(columns):
        return None
    made = []
    for number, line in others:
        cells = split_cells(line, file, number)
        row = _row(cells, columns) if "|" in line else None
        if row and row.title:
            made.append(row)
    return ComponentTable(rows[0].section, Place(file, head[0], 1), names, tuple(made))


def find_image_columns(head: Sequence[str]) -> tuple[int, int]:
    """Where a table has images and their tags, in columns of their own; -1 for a column that it does not have."""
    folded = [fold_name(name) for name in head]

    def find(names: frozenset[str]) -> int:
        return next((place for place, name in enumerate(folded) if name in names), -1)

    return find(IMAGE_COLUMNS), find(TAG_COLUMNS)


def _row(cells: tuple[TableCell, ...], columns: Mapping[str, int]) -> TableRow:
    nothing = TableCell("", cells[0].place)

    def cell(*names: str) -> TableCell:
        index = next((columns[name] for name in names if name in columns), len(cells))
        return cells[index] if index < len(cells) else nothing

    return TableRow(cell("component"), cell("version"), cell("previous version", "previous"), cell("type"), cells)


def split_cells(line: str, file: str, number: int) -> tuple[TableCell, ...]:
    """The cells of a row. A `|` parts cells even inside code, unless a backslash stands before it (GFM, tables)."""
    indent = len(line) - len(line.lstrip())
    body = line.strip()
    start = indent + 1 if body.startswith("|") else indent
    body = body.removeprefix("|")
    if body.endswith("|") and not body.endswith("\\|"):
        body = body[:-1]
    cells = []
    for piece in re.split(r"(?<!\\)\|", body):
        before = len(piece) - len(piece.lstrip())
        cells.append(TableCell(piece.strip(), Place(file, number, start + before + 1)))
        start += len(piece) + 1
    return tuple(cells)


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
