"""Judges the components of a release, rule by rule: each finding with its place, and what to do.

Nothing here reads anything. A rule must never stay silent because a version could not be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from release_actions.components import version_order
from release_actions.components.assemble import COMPONENTS_TABLE, PreviousRelease, ReleaseRow
from release_actions.components.document import CORE, Component, ComponentsFile, MatrixPart, title_of
from release_actions.components.finding import Certainty, ComponentFinding, make_finding
from release_actions.components.sources import AMBIGUOUS, FoundVersion, MissingVersion
from release_actions.components.table import fold_name
from release_actions.versions.version import Version


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


def check_sources(release: JudgedRelease) -> Iterator[ComponentFinding]:
    """Sources that gave no version, or matched more than once."""
    for id_, source in release.sources.items():
        if isinstance(source, MissingVersion):
            yield make_finding(source.rule, f"{id_}: {source.message}", hint=source.hint, place=source.place)
        elif source.others:
            times = len(source.others) + 1
            message = f"{id_}: its source finds {source.version} {times} times, next in line {source.others[0].line}."
            hint = "One of them will be forgotten. Make the source lead to one place."
            yield make_finding(
                AMBIGUOUS,
                message,
                hint=hint,
                place=source.place,
                other=source.others[0],
                certainty=Certainty.SUSPICIOUS,
            )


def check_organisations(release: JudgedRelease) -> Iterator[ComponentFinding]:
    """Organisations that are not in the list."""
    known = release.document.organisations
    for id_, part in release.document.components.items():
        if part.organisation not in known:
            message = f"The organisation {part.organisation} of {id_} is not in 'organisations' ({', '.join(known)})."
            place = release.document.origin.at("components", id_, "organisation")
            yield make_finding(
                "unknown-organisation", message, hint="Correct it, or add it to 'organisations'.", place=place
            )


def check_owners(release: JudgedRelease) -> Iterator[ComponentFinding]:
    """Components of the stage core that nobody answers for."""
    for id_, part in release.document.components.items():
        if part.stage == CORE and not part.owners:
            message = f"{title_of(id_, part)} is a core component, and has no owners."
            place = release.document.origin.at("components", id_, "stage")
            hint = "Name who answers for it in 'owners', or call it incubating."
            yield make_finding("core-without-owners", message, hint=hint, place=place)


def check_previous_versions(release: JudgedRelease) -> Iterator[ComponentFinding]:
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
            yield make_finding("previous-not-published", message, hint=hint, place=place, other=line.before.place)


def check_dropped_rows(release: JudgedRelease) -> Iterator[ComponentFinding]:
    """Rows of the previous release that are missing and not in `removed`."""
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
            yield make_finding(
                "row-dropped", message, hint=hint, place=document.origin.key_at("components"), other=row.place
            )


def names_of(table: str, id_: str, document: ComponentsFile) -> tuple[str, ...]:
    """Every name that a row has or had."""
    parts: Mapping[str, MatrixPart] = document.components if table == COMPONENTS_TABLE else document.infrastructure
    part = parts[id_]
    return (title_of(id_, part), *part.aliases, *part.renamed_from)


def check_novelty(release: JudgedRelease) -> Iterator[ComponentFinding]:
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
            yield make_finding("new-with-previous", message, hint=hint, place=place, other=line.before.place)
        elif not line.was and line.entry.previous and "(new)" in words:
            message = f"{line.entry.title} is called new, and has the previous version {line.entry.previous}."
            hint = "Call it (Re-enabled), or leave its previous version out."
            yield make_finding("new-with-previous", message, hint=hint, place=place)
        elif not line.was and "(new)" not in words and "(re-enabled)" not in words:
            message = (
                f"{tag} did not publish {line.entry.title}, and its type, {line.entry.type}, does not say it is new."
            )
            hint = "Add (New) or (Re-enabled) to 'type', or its earlier name to 'renamed-from'."
            yield make_finding("not-called-new", message, hint=hint, place=place)


def check_finality(release: JudgedRelease) -> Iterator[ComponentFinding]:
    """Versions that are not final in a final release, and tags that move in any."""
    for line in release.lines:
        version = line.entry.version
        if version_order.is_moving(version):
            message = f"The version of {line.entry.title} is {version}, which names another version tomorrow."
            yield make_finding("moving-version", message, hint="Pin the version that it names now.", place=line.at)
        elif release.version.is_stable and version_order.is_unfinished(version):
            message = f"{release.version} is a final release, and {line.entry.title} is at {version}."
            hint = "Release that component first, or go back to its last final version."
            yield make_finding("candidate-in-final", message, hint=hint, place=line.at)


def check_direction(release: JudgedRelease) -> Iterator[ComponentFinding]:
    """Versions that went down, or whose direction is not known."""
    for line in release.lines:
        if not line.was or line.was == line.entry.version or line.before is None or release.before is None:
            continue
        order = version_order.compare(line.entry.version, line.was)
        # Under a new name a component may count from the beginning again.
        is_renamed = fold_name(line.before.title) != fold_name(line.entry.title)
        if order is not None and order < 0 and is_renamed and version_order.is_restart(line.entry.version, line.was):
            order = None
        if order is None:
            message = f"{line.entry.title} changes from {line.was} to {line.entry.version}: they cannot be compared."
            hint = "Check it yourself: the two are written in different styles, or in one that is not known."
            yield make_finding("version-not-comparable", message, hint=hint, place=line.at, other=line.before.place)
        elif order < 0:
            message = (
                f"{line.entry.title} has an older version than before: {release.before.tag} published {line.was} "
                f"({line.before.place}), and now it is {line.entry.version}."
            )
            hint = "Take at least the version that was published, or say in the notes why not."
            yield make_finding("version-went-down", message, hint=hint, place=line.at, other=line.before.place)


def check_unchanged(release: JudgedRelease) -> Iterator[ComponentFinding]:
    """A table that says what the previous one said."""
    if not release.before or not release.lines:
        return
    rows = {(fold_name(row.title), row.version) for row in release.before.rows if row.version}
    if rows == {(fold_name(line.entry.title), line.entry.version) for line in release.lines}:
        message = f"Every version is the one that {release.before.tag} published."
        hint = "A release of nothing is possible; a table that was not brought up to date is likelier."
        place = release.document.origin.key_at("components")
        yield make_finding("table-unchanged", message, hint=hint, place=place, other=release.before.rows[0].place)


JUDGED: tuple[Callable[[JudgedRelease], Iterator[ComponentFinding]], ...] = (
    check_sources,
    check_organisations,
    check_owners,
    check_previous_versions,
    check_dropped_rows,
    check_novelty,
    check_finality,
    check_direction,
    check_unchanged,
)
