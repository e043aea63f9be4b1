"""Rules about component tables as programs read them: cells, columns, names, and whether there is one at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from release_actions.components import notes_tables
from release_actions.components.blocks import DELIMITER, LineKind
from release_actions.components.finding import RULES as COMPONENT_RULES
from release_actions.components.finding import ComponentFinding
from release_actions.components.table import (
    HEAD,
    INFRASTRUCTURE,
    SUMMARY,
    ComponentTable,
    TableRow,
    fold_name,
    split_cells,
)
from release_actions.errors import Place
from release_actions.notes.evidence import EvidenceKind
from release_actions.notes.lint_rule import CERTAIN, SUSPICIOUS, Check, LintRule, LintSubject, RuleHit
from release_actions.notes.lint_versions import find_part
from release_actions.notes.reading import NAME

HEADED = re.compile(r"[^\w]*(?P<owner>[A-Za-z0-9][A-Za-z0-9-]*)/[A-Za-z0-9][\w.-]*(?:\s+\(.*\))?")
"""A heading that is nothing but the name of a component, behind an emoji."""

CONTRACT = frozenset(fold_name(name) for name in HEAD)
"""The columns that programs read."""


def _list_tables(subject: LintSubject) -> Iterator[ComponentTable]:
    """The tables of the release's components; others have rules of their own."""
    return (
        table
        for table in subject.notes.tables
        if table is subject.notes.summary or INFRASTRUCTURE in fold_name(table.heading)
    )


def _empty(subject: LintSubject) -> Iterator[RuleHit]:
    """A cell of a component table is empty.

    Programs that read the table leave empty cells out, and take the next cell for it. Certain for projects that keep
    their components in a file.
    """
    certainty = CERTAIN if subject.has_contract else SUSPICIOUS
    for table in _list_tables(subject):
        for row in table.rows:
            for name, cell in zip(table.head, row.cells, strict=False):
                if not cell.text and fold_name(name) in CONTRACT:
                    message = f"{row.title} has an empty cell below '{name}'."
                    hint = "Write NA where there is nothing to say."
                    yield RuleHit(_within(cell.place, row), message, hint, certainty=certainty)


def _within(place: Place, row: TableRow) -> Place:
    return place if place.line else row.place


def _columns(subject: LintSubject) -> Iterator[RuleHit]:
    """A row of a table has more or fewer cells than the table has columns.

    GitHub drops what is too much and leaves empty what is missing. Certain where something is dropped.
    """
    head = 0
    for line in subject.notes.text.lines:
        if line.kind is not LineKind.ROW:
            head = 0
            continue
        cells = split_cells(line.text, subject.notes.text.path, line.number)
        width = len(cells)
        if head and width != head and not DELIMITER.fullmatch(line.text):
            message = f"The row has {width} cells, and the table {head} columns."
            hint = "Put | between the cells, and \\| inside of one."
            certainty = CERTAIN if any(cell.text for cell in cells[head:]) else SUSPICIOUS
            yield RuleHit(subject.notes.text.place(line), message, hint, certainty=certainty)
        head = head or width


def _linked(subject: LintSubject) -> Iterator[RuleHit]:
    """The name of a component is a link.

    Programs that read the table look for plain names, and do not find a row whose name is a link.
    """
    for table in _list_tables(subject):
        for row in table.rows:
            if row.component.links:
                message = f"The name {row.title} is a link, so the row is not found by programs that read the table."
                sure = CERTAIN if subject.has_contract and table.head[: len(HEAD)] == HEAD else SUSPICIOUS
                yield RuleHit(row.component.place, message, "Write the name alone.", certainty=sure)


def _twice(subject: LintSubject) -> Iterator[RuleHit]:
    """A component is in a table twice.

    Only suspicious if the rows differ: they may be of variants.
    """
    for table in _list_tables(subject):
        seen: dict[str, TableRow] = {}
        for row in table.rows:
            other = seen.setdefault(fold_name(row.title), row)
            if other is not row:
                message = f"{row.title} is in line {other.place.line} of the table already."
                same = [cell.markdown for cell in row.cells] == [cell.markdown for cell in other.cells]
                hint = "Keep one of the rows, or name the variants apart."
                yield RuleHit(row.place, message, hint, other.place, CERTAIN if same else SUSPICIOUS)


def _none(subject: LintSubject) -> Iterator[RuleHit]:
    """A heading promises a component summary, and there is no table below it.

    So is a components.json of the release without any table.
    """
    for finding in _compare_manifest(subject):
        if finding.rule == "no-table":
            yield RuleHit(subject.start, finding.message, finding.hint)
            return
    for line in subject.notes.text.lines:
        if line.kind is LineKind.HEADING and SUMMARY in fold_name(line.title):
            below = any(fold_name(table.heading) == fold_name(line.title) for table in subject.notes.tables)
            if not below:
                message = "There is no table with the columns Component and Version below this heading."
                hint = "Paste the table that component-matrix writes."
                yield RuleHit(subject.notes.text.place(line), message, hint, certainty=SUSPICIOUS)


def _organisation(subject: LintSubject) -> Iterator[RuleHit]:
    """A component of an organisation that the components file does not know."""
    document = subject.evidence.document
    known = {name.casefold() for name in document.organisations} if document else set()
    for row in subject.notes.summary.rows if subject.notes.summary else ():
        name = NAME.match(row.title)
        owner = name[0].partition("/")[0] if name and not find_part(row, subject.evidence) else ""
        if owner and owner.casefold() not in known:
            names = ", ".join(document.organisations if document else ())
            message = f"The organisation {owner} is not in 'organisations' ({names})."
            yield RuleHit(
                row.component.place, message, "Correct it, or add it to 'organisations' of the components file."
            )
    for line in subject.notes.text.lines if known else ():
        heading = HEADED.fullmatch(line.title) if line.kind is LineKind.HEADING else None
        if heading and heading["owner"].casefold() not in known:
            names = ", ".join(document.organisations if document else ())
            message = f"The organisation {heading['owner']} is not in 'organisations' ({names})."
            hint = "Correct it, or add it to 'organisations' of the components file."
            yield RuleHit(subject.notes.text.place(line), message, hint, certainty=SUSPICIOUS)


def _compare_manifest(subject: LintSubject) -> Iterator[ComponentFinding]:
    """What the tables say otherwise than components.json."""
    made, document = subject.evidence.manifest, subject.evidence.document
    if made is None:
        return
    second = next((table.heading for table in _list_tables(subject) if table is not subject.notes.summary), "")
    first = subject.notes.summary.heading if subject.notes.summary else ""
    headings = (document.heading if document else first, document.infrastructure_heading if document else second)
    yield from notes_tables.compare_notes(subject.notes.tables, made, headings, subject.notes.text.path)


def _make_check(rule: str) -> Check:
    """The part of a comparison with components.json that one rule reports."""

    def check(subject: LintSubject) -> Iterator[RuleHit]:
        for finding in _compare_manifest(subject):
            if finding.rule == rule:
                yield RuleHit(
                    finding.place or subject.start, finding.message, finding.hint, finding.other, finding.certainty
                )

    check.__doc__ = COMPONENT_RULES[rule][1]
    return check


COMPARED = ("row-missing", "row-unknown", "version-differs", "previous-differs", "type-differs")
"""Rules of component-matrix about notes, which hold here too."""

RULES = (
    LintRule("cell-empty", CERTAIN, _empty),
    LintRule("column-count", CERTAIN, _columns),
    LintRule("name-linked", CERTAIN, _linked),
    LintRule("row-twice", CERTAIN, _twice),
    LintRule("no-table", SUSPICIOUS, _none),
    LintRule("unknown-organisation", CERTAIN, _organisation, (EvidenceKind.COMPONENTS,)),
    *(LintRule(name, CERTAIN, _make_check(name), (EvidenceKind.MANIFEST,)) for name in COMPARED),
)
