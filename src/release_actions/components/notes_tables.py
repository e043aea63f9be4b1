"""Compares the component tables of some notes with `components.json`, cell by cell.

Cells are compared as a reader sees them, all of their text. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from release_actions.components.finding import Certainty, ComponentFinding, make_finding
from release_actions.components.inline import visible_text
from release_actions.components.manifest import ComponentEntry, ComponentManifest
from release_actions.components.table import (
    GONE,
    INFRASTRUCTURE,
    NONE,
    SUMMARY,
    ComponentTable,
    TableCell,
    TableRow,
    find_table,
    fold_name,
    previous_cell,
)
from release_actions.errors import Place


def compare_notes(
    tables: Iterable[ComponentTable], manifest: ComponentManifest, headings: tuple[str, str], file: str
) -> Iterator[ComponentFinding]:
    """What the tables of some notes say otherwise than `components.json`."""
    given = tuple(tables)
    summary = find_table(given, headings[0], SUMMARY)
    second = find_table((table for table in given if table is not summary), headings[1], INFRASTRUCTURE)
    for table, entries, heading in (
        (summary, manifest.components, headings[0]),
        (second, manifest.infrastructure, headings[1]),
    ):
        if table:
            yield from compare_table(table, entries)
        elif entries:
            message = f"The notes have no table of components below '{heading}'."
            yield make_finding(
                "no-table", message, hint="Paste the table that component-matrix wrote.", place=Place(file)
            )


def compare_table(table: ComponentTable, entries: Iterable[ComponentEntry]) -> Iterator[ComponentFinding]:
    """What one table says otherwise."""
    missing = {fold_name(entry.title): entry for entry in entries}
    seen: dict[str, TableRow] = {}
    names = {fold_name(row.title) for row in table.rows}
    # A row too many beside a row too few may be one component under two names.
    renamed = bool(names - set(missing)) and bool(set(missing) - names)
    certainty = Certainty.SUSPICIOUS if renamed else Certainty.CERTAIN
    for row in table.rows:
        name = fold_name(row.title)
        if name in seen:
            message = f"The table has {row.title} twice, first in line {seen[name].place.line}."
            yield make_finding("row-twice", message, hint="Keep one.", place=row.place, other=seen[name].place)
        elif name not in missing:
            message = f"The table has {row.title}, which is not a component of this release."
            hint = "Remove the row, or add the component."
            yield make_finding("row-unknown", message, hint=hint, place=row.place, certainty=certainty)
        else:
            yield from compare_row(row, missing.pop(name))
        seen.setdefault(name, row)
    for entry in missing.values():
        message = f"The table has no row for {entry.title} {entry.version}."
        other = _place(entry)
        yield make_finding("row-missing", message, hint="Add it.", place=table.place, other=other, certainty=certainty)


def compare_row(row: TableRow, entry: ComponentEntry) -> Iterator[ComponentFinding]:
    """What one row says otherwise. Cells are compared as a reader sees them, all of their text."""
    wanted = visible_text(previous_cell(entry.previous))
    compared: tuple[tuple[str, str, TableCell, str], ...] = (
        ("version-differs", "version", row.version, entry.version),
        ("previous-differs", "previous version", row.previous, wanted),
        ("type-differs", "type", row.type, visible_text(entry.type)),
    )
    for rule, what, cell, expected in compared:
        nothing = rule == "previous-differs" and expected == NONE and not cell.version and not GONE.fullmatch(cell.text)
        if cell.text != expected and not nothing and not (rule == "type-differs" and not entry.type):
            says = f"{cell.text!r}" if cell.text else "nothing"
            message = f"The {what} of {entry.title} is {expected}, and the table says {says}."
            # A remark behind the version is one, and so is another way to write it.
            remark = rule != "type-differs" and cell.version == expected
            same = remark or cell.text.casefold().removeprefix("v") == expected.casefold().removeprefix("v")
            yield make_finding(
                rule,
                message,
                hint=f"Write {expected}.",
                place=cell.place,
                other=_place(entry),
                certainty=Certainty.SUSPICIOUS if same else Certainty.CERTAIN,
            )


def _place(entry: ComponentEntry) -> Place | None:
    place = entry.origin.place
    return place if place.file else None
