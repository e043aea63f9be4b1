"""Puts the rows of a release together: what it has, what the release before published, and what changed.

The previous version of a component is always what the previous release published, found by id, name, alias or earlier
name. It is never read from a table's own previous column, because that is where mistakes are copied from. Pure.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from release_actions.components.document import (
    Component,
    ComponentsFile,
    MatrixPart,
    fill_template,
    name_of,
    place_of,
    title_of,
)
from release_actions.components.manifest import SCHEMA, ComponentEntry, ComponentManifest, RemovedEntry
from release_actions.components.sources import FoundVersion
from release_actions.components.table import INFRASTRUCTURE, SUMMARY, ComponentTable, find_table, fold_name
from release_actions.errors import Place

COMPONENTS_TABLE, INFRASTRUCTURE_TABLE = "components", "infrastructure"
"""The two tables, as `components.yaml` calls them."""


@dataclass(frozen=True)
class PublishedComponent:
    """A component as the previous release published it. `id` is empty and `version` too where they are not known."""

    id: str
    title: str
    version: str
    table: str
    place: Place
    gone: bool = False


@dataclass(frozen=True)
class PreviousRelease:
    """The previous full release: its tag, and every component that it published."""

    tag: str
    rows: tuple[PublishedComponent, ...]

    @classmethod
    def of_manifest(cls, manifest: ComponentManifest) -> PreviousRelease:
        """From its `components.json`."""
        tables = ((COMPONENTS_TABLE, manifest.components), (INFRASTRUCTURE_TABLE, manifest.infrastructure))
        return cls(
            manifest.release,
            tuple(
                PublishedComponent(entry.id, entry.title, entry.version, table, entry.origin.at("version"))
                for table, entries in tables
                for entry in entries
            ),
        )

    @classmethod
    def of_tables(cls, tag: str, tables: Iterable[ComponentTable], headings: tuple[str, str]) -> PreviousRelease | None:
        """From the tables of its notes below these headings; None when there is no table of components."""
        listed = tuple(tables)
        summary = find_table(listed, headings[0], SUMMARY)
        if summary is None:
            return None
        second = find_table(
            (candidate for candidate in listed if candidate is not summary), headings[1], INFRASTRUCTURE
        )
        both = ((COMPONENTS_TABLE, summary), (INFRASTRUCTURE_TABLE, second))
        return cls(
            tag,
            tuple(
                PublishedComponent("", row.title, row.version.version, name, row.version.place, row.is_gone)
                for name, table in both
                if table
                for row in table.rows
            ),
        )

    def published(self, id_: str, names: Iterable[str]) -> PublishedComponent | None:
        """The component with this id, else with one of these names; a name may also be an earlier id."""
        wanted = [fold_name(name) for name in names]
        by_id = [row for row in self.rows if row.id and row.id == id_]
        by_name = [row for name in wanted for row in self.rows if name in (fold_name(row.title), row.id)]
        return next(iter([*by_id, *by_name]), None)


@dataclass(frozen=True)
class ReleaseRow:
    """One row of the release: its entry, what the file says, where the version stands, and what was there before.

    `key` is where the row stands in `components.yaml`.
    """

    table: str
    part: MatrixPart
    entry: ComponentEntry
    at: Place
    key: Place
    before: PublishedComponent | None

    @property
    def was(self) -> str:
        """The version that the previous release published; empty for none."""
        return self.before.version if self.before else ""

    @property
    def tags(self) -> tuple[str, str] | None:
        """The git tags between which it changed; None when it did not, or has no repository."""
        if not self.part.repository or not self.was or self.was == self.entry.version:
            return None
        return fill_template(self.part.git_tag, self.was), fill_template(self.part.git_tag, self.entry.version)


def build_rows(
    document: ComponentsFile, versions: Mapping[str, FoundVersion], before: PreviousRelease | None, server_url: str
) -> tuple[ReleaseRow, ...]:
    """The rows whose version was found, in the file's order."""
    made = []
    for table, id_, part in document.parts():
        if id_ not in versions:
            continue
        version = versions[id_]
        names = (title_of(id_, part), *part.aliases, *part.renamed_from)
        was = before.published(id_, names) if before else None
        component = part if isinstance(part, Component) else None
        entry = ComponentEntry(
            id=id_,
            name=name_of(id_, part),
            variant=(component.variant if component else None) or "",
            type=component.described_type if component else "",
            version=version.version,
            previous=previous_of(part, was, before),
            repository=part.repository or "",
            description=part.description,
        )
        line = ReleaseRow(table, part, entry, version.place, place_of(document, table, id_), was)
        made.append(_add_link(line, server_url))
    return tuple(made)


def previous_of(part: MatrixPart, was: PublishedComponent | None, before: PreviousRelease | None) -> str:
    """The previous column: what was published, else that it is deprecated since, else what the file says."""
    if was and was.version:
        return was.version
    if part.previous:
        return part.previous
    return f"Deprecated in {before.tag}" if was and was.gone and before else ""


def _add_link(line: ReleaseRow, server_url: str) -> ReleaseRow:
    if not line.tags:
        return line
    base, head = (quote(tag, safe="") for tag in line.tags)
    address = f"{server_url}/{line.part.repository}/compare/{base}...{head}"
    return replace(line, entry=replace(line.entry, compare=address))


def build_manifest(
    made: Iterable[ReleaseRow],
    document: ComponentsFile,
    before: PreviousRelease | None,
    *,
    release: str,
    repository: str,
) -> ComponentManifest:
    """`components.json` of the release."""
    rows = tuple(made)
    return ComponentManifest(
        schema=SCHEMA,
        repository=repository,
        release=release,
        previous_release=before.tag if before else "",
        components=tuple(line.entry for line in rows if line.table == COMPONENTS_TABLE),
        infrastructure=tuple(line.entry for line in rows if line.table == INFRASTRUCTURE_TABLE),
        removed=tuple(
            RemovedEntry(id=id_, name=gone.name, reason=gone.reason)
            for id_, gone in document.removed.items()
            if before and (was := before.published(id_, (gone.name,))) and was.version
        ),
    )


class ComponentChangeKind(enum.Enum):
    """What happened to a component between two releases."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class ComponentChange:
    """One component and what happened to it. Of a removed one `note` is the reason, else the address of the changes."""

    change: ComponentChangeKind
    id: str
    title: str
    version: str = ""
    previous: str = ""
    note: str = ""


def list_changes(made: Iterable[ReleaseRow], release: ComponentManifest) -> Iterator[ComponentChange]:
    """What changed since the previous release: every row, then what was removed."""
    for line in made:
        if not line.was:
            change = ComponentChangeKind.ADDED
        else:
            change = ComponentChangeKind.UNCHANGED if line.was == line.entry.version else ComponentChangeKind.CHANGED
        entry = line.entry
        yield ComponentChange(change, entry.id, entry.title, entry.version, line.was, entry.compare)
    for gone in release.removed:
        yield ComponentChange(ComponentChangeKind.REMOVED, gone.id, gone.name, note=gone.reason)
