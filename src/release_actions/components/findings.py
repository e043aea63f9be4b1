"""What is wrong with the components of a release, rule by rule: each finding with its place, and what to do.

A rule that is `certain` compares two facts that cannot both be right. A `suspicious` one has an innocent explanation,
and says so. Nothing here reads anything. A rule must never stay silent because a version could not be compared.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from release_actions.components import version_order
from release_actions.components.assemble import PreviousRelease, ReleaseRow
from release_actions.components.document import Component, ComponentsFile, title_of
from release_actions.components.manifest import ComponentEntry, ComponentManifest
from release_actions.components.sources import AMBIGUOUS, NO_VERSION, NOT_FOUND, FoundVersion, MissingVersion
from release_actions.components.table import (
    GONE,
    INFRASTRUCTURE,
    NONE,
    SUMMARY,
    ComponentTable,
    TableCell,
    TableRow,
    find,
    folded,
    previous_cell,
    shown,
)
from release_actions.errors import Place, Problem
from release_actions.runner.report import Finding as Shown
from release_actions.runner.report import Level
from release_actions.versions.version import Version


class Certainty(enum.Enum):
    """How sure a finding is."""

    CERTAIN = "certain"
    SUSPICIOUS = "suspicious"


RULES: Mapping[str, tuple[Certainty, str]] = {
    NOT_FOUND: (Certainty.CERTAIN, "A version's source leads to nothing."),
    NO_VERSION: (Certainty.CERTAIN, "A version's source leads to something that is no version."),
    AMBIGUOUS: (
        Certainty.CERTAIN,
        "A version's source leads to several versions; suspicious if they are the same one.",
    ),
    "unknown-organisation": (Certainty.CERTAIN, "A component's organisation is not one of `organisations`."),
    "previous-not-published": (Certainty.CERTAIN, "A previous version is not what the previous release published."),
    "row-dropped": (Certainty.CERTAIN, "A component of the previous release is missing and not in `removed`."),
    "new-with-previous": (Certainty.CERTAIN, "A component is called new, and was published before."),
    "not-called-new": (
        Certainty.SUSPICIOUS,
        "A component is neither called new nor re-enabled, and the previous release did not publish it.",
    ),
    "candidate-in-final": (Certainty.CERTAIN, "A final release has a component whose version is not final."),
    "moving-version": (Certainty.CERTAIN, "A version is a tag that moves, such as latest or main."),
    "version-went-down": (Certainty.CERTAIN, "A version is below the one that the previous release published."),
    "version-not-comparable": (Certainty.SUSPICIOUS, "A version changed and cannot be compared with the one before."),
    "table-unchanged": (Certainty.SUSPICIOUS, "All versions are those of the previous release."),
    "version-not-upstream": (Certainty.CERTAIN, "A version has no git tag, image or chart upstream."),
    "compare-unresolved": (Certainty.CERTAIN, "A link to the changes of a component leads nowhere."),
    "not-checkable": (
        Certainty.SUSPICIOUS,
        "A version is in a place that is not looked at, such as a chart repository.",
    ),
    "upstream-unknown": (Certainty.SUSPICIOUS, "A server did not say whether a version exists. The run ends with 3."),
    "no-table": (Certainty.CERTAIN, "The notes have no table of components."),
    "row-missing": (Certainty.CERTAIN, "A component is not in the notes' table."),
    "row-unknown": (Certainty.CERTAIN, "The notes' table has a component that the release has not."),
    "row-twice": (Certainty.CERTAIN, "The notes' table has a component twice."),
    "version-differs": (Certainty.CERTAIN, "A version in the notes is not the one that was found."),
    "previous-differs": (Certainty.CERTAIN, "A previous version in the notes is not what was published."),
    "type-differs": (Certainty.CERTAIN, "A type in the notes is not the one of the components file."),
}
"""Rule -> how sure it is, and what it finds."""

NOTICES = frozenset({"version-not-comparable", "not-checkable"})
"""Rules that only tell: nothing can be done about what they find."""

UNKNOWN = "upstream-unknown"


@dataclass(frozen=True)
class ComponentFinding:
    """Something that cannot be right, or that somebody should look at. `other` is the second place, where there is one.

    Without a place it is about the release as a whole.
    """

    rule: str
    certainty: Certainty
    message: str
    hint: str = ""
    place: Place | None = None
    other: Place | None = None

    @property
    def level(self) -> Level:
        """How loud it is."""
        if self.rule in NOTICES:
            return Level.NOTICE
        certain = self.certainty is Certainty.CERTAIN or self.rule == UNKNOWN
        return Level.ERROR if certain else Level.WARNING

    def annotation(self) -> Shown:
        """As an annotation."""
        return Shown(self.level, Problem(self.message, self.hint, self.place), self.rule)


def found(
    rule: str,
    message: str,
    *,
    hint: str = "",
    place: Place | None = None,
    other: Place | None = None,
    certainty: Certainty | None = None,
) -> ComponentFinding:
    """A finding of a rule, as sure as the rule is."""
    return ComponentFinding(rule, certainty or RULES[rule][0], message, hint, place, other)


@dataclass(frozen=True)
class JudgedRelease:
    """All that the rules look at. `sources` has what each id's source gave."""

    version: Version
    document: ComponentsFile
    sources: Mapping[str, FoundVersion | MissingVersion]
    lines: tuple[ReleaseRow, ...]
    before: PreviousRelease | None


def judge(release: JudgedRelease) -> tuple[ComponentFinding, ...]:
    """Every finding that needs nothing from outside."""
    return tuple(finding for rule in JUDGED for finding in rule(release))


def sources(release: JudgedRelease) -> Iterator[ComponentFinding]:
    """Sources that gave no version, or matched more than once."""
    for id_, source in release.sources.items():
        if isinstance(source, MissingVersion):
            yield found(source.rule, f"{id_}: {source.message}", hint=source.hint, place=source.place)
        elif source.others:
            times = len(source.others) + 1
            message = f"{id_}: its source finds {source.version} {times} times, next in line {source.others[0].line}."
            hint = "One of them will be forgotten. Make the source lead to one place."
            yield found(
                AMBIGUOUS,
                message,
                hint=hint,
                place=source.place,
                other=source.others[0],
                certainty=Certainty.SUSPICIOUS,
            )


def organisations(release: JudgedRelease) -> Iterator[ComponentFinding]:
    """Organisations that are not in the list."""
    known = release.document.organisations
    for id_, part in release.document.components.items():
        if part.organisation not in known:
            message = f"The organisation {part.organisation} of {id_} is none of {', '.join(known)}."
            place = release.document.origin.at("components", id_, "organisation")
            yield found("unknown-organisation", message, hint="Correct it, or add it to 'organisations'.", place=place)


def previous(release: JudgedRelease) -> Iterator[ComponentFinding]:
    """Previous versions given by hand that are not what was published."""
    for line in release.lines:
        said = line.part.previous
        if said and line.was and said != line.was and line.before and release.before:
            message = (
                f"The previous version of {line.entry.title} is given as {said}, and {release.before.tag} published "
                f"{line.was} ({line.before.place})."
            )
            hint = "Remove 'previous': it is for components that the previous release did not have."
            place = line.part.origin.at("previous")
            yield found("previous-not-published", message, hint=hint, place=place, other=line.before.place)


def dropped(release: JudgedRelease) -> Iterator[ComponentFinding]:
    """Rows of the previous release that nobody said were removed."""
    if not release.before:
        return
    document = release.document
    # A component whose version could not be found is still in the file.
    kept = {
        id(row)
        for table, id_, part in document.parts()
        if (row := release.before.published(id_, names_of(table, id_, document)))
    }
    kept |= {id(row) for id_, gone in document.removed.items() if (row := release.before.published(id_, (gone.name,)))}
    for row in release.before.rows:
        if row.version and id(row) not in kept:
            message = (
                f"{release.before.tag} published {row.title} {row.version} ({row.place}), and this release has none."
            )
            hint = "Name it in 'removed' with the reason, or as 'renamed-from' of what it is called now."
            yield found("row-dropped", message, hint=hint, place=document.origin.key_at("components"), other=row.place)


def names_of(table: str, id_: str, document: ComponentsFile) -> tuple[str, ...]:
    """Every name that a row has or had."""
    part = getattr(document, table)[id_]
    return (title_of(id_, part), *part.aliases, *part.renamed_from)


def novelty(release: JudgedRelease) -> Iterator[ComponentFinding]:
    """Components called new that are not, and the other way round."""
    if not release.before:
        return
    tag = release.before.tag
    for line in release.lines:
        if not isinstance(line.part, Component):
            continue
        place = line.part.origin.at("type")
        words = line.entry.type.casefold()
        if line.was and line.before and ("(new)" in words or "(re-enabled)" in words):
            word = "new" if "(new)" in words else "re-enabled"
            message = f"{line.entry.title} is called {word}, and {tag} published {line.was} ({line.before.place})."
            hint = "Leave the word in parentheses out of 'type'."
            yield found("new-with-previous", message, hint=hint, place=place, other=line.before.place)
        elif not line.was and line.entry.previous and "(new)" in words:
            message = f"{line.entry.title} is called new, and has the previous version {line.entry.previous}."
            hint = "Call it (Re-enabled), or leave its previous version out."
            yield found("new-with-previous", message, hint=hint, place=place)
        elif not line.was and "(new)" not in words and "(re-enabled)" not in words:
            message = (
                f"{tag} did not publish {line.entry.title}, and its type, {line.entry.type}, does not say it is new."
            )
            hint = "Add (New) or (Re-enabled) to 'type', or its earlier name to 'renamed-from'."
            yield found("not-called-new", message, hint=hint, place=place)


def finality(release: JudgedRelease) -> Iterator[ComponentFinding]:
    """Versions that are not final in a final release, and tags that move in any."""
    for line in release.lines:
        version = line.entry.version
        if version_order.is_moving(version):
            message = f"The version of {line.entry.title} is {version}, a name that moves."
            yield found("moving-version", message, hint="Pin the version that it names now.", place=line.at)
        elif release.version.is_stable and version_order.is_unfinished(version):
            message = f"{release.version} is a final release, and {line.entry.title} is at {version}."
            hint = "Release that component first, or go back to its last final version."
            yield found("candidate-in-final", message, hint=hint, place=line.at)


def direction(release: JudgedRelease) -> Iterator[ComponentFinding]:
    """Versions that went down, or whose direction cannot be told."""
    for line in release.lines:
        if not line.was or line.was == line.entry.version or line.before is None or release.before is None:
            continue
        order = version_order.compare(line.entry.version, line.was)
        if order is None:
            message = f"{line.entry.title} goes from {line.was} to {line.entry.version}, which cannot be compared."
            hint = "Look at it: their styles differ or are not known."
            yield found("version-not-comparable", message, hint=hint, place=line.at, other=line.before.place)
        elif order < 0:
            message = (
                f"{line.entry.title} goes down from {line.was}, which {release.before.tag} published "
                f"({line.before.place}), to {line.entry.version}."
            )
            hint = "Take at least the version that was published, or say in the notes why not."
            yield found("version-went-down", message, hint=hint, place=line.at, other=line.before.place)


def unchanged(release: JudgedRelease) -> Iterator[ComponentFinding]:
    """A table that says what the previous one said."""
    if not release.before or not release.lines:
        return
    rows = {(folded(row.title), row.version) for row in release.before.rows if row.version}
    if rows == {(folded(line.entry.title), line.entry.version) for line in release.lines}:
        message = f"Every version is the one that {release.before.tag} published."
        hint = "A release of nothing is possible; a table that was not brought up to date is likelier."
        place = release.document.origin.key_at("components")
        yield found("table-unchanged", message, hint=hint, place=place, other=release.before.rows[0].place)


JUDGED: tuple[Callable[[JudgedRelease], Iterator[ComponentFinding]], ...] = (
    sources,
    organisations,
    previous,
    dropped,
    novelty,
    finality,
    direction,
    unchanged,
)


def in_notes(
    tables: Iterable[ComponentTable], manifest: ComponentManifest, headings: tuple[str, str], file: str
) -> Iterator[ComponentFinding]:
    """What the tables of some notes say otherwise than `components.json`."""
    given = tuple(tables)
    summary = find(given, headings[0], SUMMARY)
    second = find((table for table in given if table is not summary), headings[1], INFRASTRUCTURE)
    for table, entries, heading in (
        (summary, manifest.components, headings[0]),
        (second, manifest.infrastructure, headings[1]),
    ):
        if table:
            yield from in_table(table, entries)
        elif entries:
            message = f"The notes have no table of components below '{heading}'."
            yield found("no-table", message, hint="Paste the table that component-matrix wrote.", place=Place(file))


def in_table(table: ComponentTable, entries: Iterable[ComponentEntry]) -> Iterator[ComponentFinding]:
    """What one table says otherwise."""
    missing = {folded(entry.title): entry for entry in entries}
    seen: dict[str, TableRow] = {}
    for row in table.rows:
        name = folded(row.title)
        if name in seen:
            message = f"The table has {row.title} twice, first in line {seen[name].place.line}."
            yield found("row-twice", message, hint="Keep one.", place=row.place, other=seen[name].place)
        elif name not in missing:
            message = f"The table has {row.title}, which is no component of this release."
            yield found("row-unknown", message, hint="Remove the row, or add the component.", place=row.place)
        else:
            yield from in_row(row, missing.pop(name))
        seen.setdefault(name, row)
    for entry in missing.values():
        message = f"The table has no row for {entry.title} {entry.version}."
        yield found("row-missing", message, hint="Add it.", place=table.place, other=_place(entry))


def in_row(row: TableRow, entry: ComponentEntry) -> Iterator[ComponentFinding]:
    """What one row says otherwise. Cells are compared as a reader sees them, all of their text."""
    wanted = shown(previous_cell(entry.previous))
    compared: tuple[tuple[str, str, TableCell, str], ...] = (
        ("version-differs", "version", row.version, entry.version),
        ("previous-differs", "previous version", row.previous, wanted),
        ("type-differs", "type", row.type, shown(entry.type)),
    )
    for rule, what, cell, expected in compared:
        nothing = rule == "previous-differs" and expected == NONE and not cell.version and not GONE.fullmatch(cell.text)
        if cell.text != expected and not nothing and not (rule == "type-differs" and not entry.type):
            says = f"{cell.text!r}" if cell.text else "nothing"
            message = f"The {what} of {entry.title} is {expected}, and the table says {says}."
            yield found(rule, message, hint=f"Write {expected}.", place=cell.place, other=_place(entry))


def _place(entry: ComponentEntry) -> Place | None:
    place = entry.origin.place
    return place if place.file else None
