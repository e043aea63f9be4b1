"""Generates the notes of a release from what was read of its history: sorts the changes and credits their authors.

Everything here is decided from what was given; files are read and written by `notes_files`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from release_actions.changes import mainline, picks, undo
from release_actions.changes.credit import add_co_authors, credit_originals, find_picked_by_programs
from release_actions.changes.model import MergedChange
from release_actions.changes.programs import mark_programs
from release_actions.config.notes import NotesForm
from release_actions.errors import InputError, Problem
from release_actions.notes import body, breaking, newcomers, sections
from release_actions.notes.fitting import NotesText, count_characters
from release_actions.notes.history import ReadHistory
from release_actions.notes.model import BotChanges, ComponentNotes, ReleaseNotes
from release_actions.notes.notes_files import ComponentTables
from release_actions.runner.report import Finding, Level
from release_actions.versions.version import Version, parse_or_none


@dataclass(frozen=True)
class NotesPlan:
    """What the notes of a release are to be like. `web` is the repository's address, `asset` the overflow file's name.

    `component_notes`: id of a component -> what changed in it.
    """

    version: Version
    repository: str
    web: str
    asset: str
    form: NotesForm
    bots: BotChanges
    components: ComponentTables
    component_notes: Mapping[str, ComponentNotes] = field(default_factory=dict)


@dataclass(frozen=True)
class GeneratedNotes:
    """Notes, their text, and what could not be said in them."""

    notes: ReleaseNotes
    written: NotesText
    unknown: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class SortedChanges:
    """What was merged: all that is new, what of it is listed, and what is not listed, by reason."""

    fresh: tuple[MergedChange, ...]
    listed: tuple[MergedChange, ...]
    collapsed: tuple[MergedChange, ...]
    known: tuple[MergedChange, ...]
    again: tuple[MergedChange, ...]


def sort_changes(read: ReadHistory, form: NotesForm, repository: str) -> SortedChanges:
    """What was merged, each once, credited to who wrote it."""
    merged = mark_programs(mainline.group_changes(read.span.ahead, read.span.pulls), form.bot_authors)
    theirs = mainline.group_changes(read.span.behind, mainline.pulls_by_message(read.span.behind, repository))
    known = picks.find_shared(merged, undo.collapse(theirs, repository).shown)
    released = {change.commits for change in known}
    fresh = [change for change in merged if change.commits not in released]
    # Before paths are asked for, since a revert may be of changes inside and outside of them.
    remaining = undo.collapse(fresh, repository)
    if form.paths:
        touching = read.history.find_touching(fresh, form.paths)
        fresh = [change for change in fresh if change.sha in touching]
        shown, gone = (
            tuple(change for change in part if change.sha in touching)
            for part in (remaining.shown, remaining.collapsed)
        )
        remaining = undo.CollapsedChanges(shown, gone)
    shown, again = picks.remove_picked_again(remaining.shown)
    # Only now, since a change that is credited as its original no longer says what it was picked from.
    picked = find_picked_by_programs(fresh)
    originals = read.history.read_originals(picked) if picked else None
    credited = credit_originals(fresh, originals) if originals else tuple(fresh)
    credited = add_co_authors(credited, form.bot_authors) if form.co_authors else credited
    by_commits = {change.commits: change for change in credited}
    listed: dict[tuple[str, ...] | int, MergedChange] = {}
    for change in shown:
        # Two picks of one change are credited as the same one, which has one line.
        known_as = by_commits[change.commits]
        listed.setdefault(known_as.number or known_as.commits, known_as)
    kept = {change.commits for change in listed.values()}
    again = (*again, *(change for change in shown if change.commits not in kept))
    return SortedChanges(credited, tuple(listed.values()), remaining.collapsed, known, again)


def generate(plan: NotesPlan, read: ReadHistory) -> GeneratedNotes:
    """The notes of a release. Raises `InputError` where even the shortest are too long for a release."""
    changes = sort_changes(read, plan.form, plan.repository)
    shown = sections.sort_sections(changes.listed, plan.form, plan.bots)
    first = newcomers.find_first_changes(changes.fresh)
    thanked = newcomers.find_first_changes(change for section in shown for change in section.changes)
    contributors, unknown = newcomers.find_new_contributors(first, thanked, read.before(first), read.announced)
    listed = tuple(change for section in shown for change in section.changes)
    notes = ReleaseNotes(
        tag=plan.version.tag,
        previous=read.previous,
        web=plan.web,
        sections=shown,
        contributors=contributors,
        manifest=plan.components.manifest,
        headings=plan.components.headings,
        collapsed=changes.collapsed,
        known=changes.known,
        twice=changes.again,
        breaking=breaking.find_breaking(listed, plan.form),
        deprecated=breaking.find_deprecated(listed, plan.form),
        component_notes=plan.component_notes,
    )
    written = body.write(notes, plan.asset)
    if count_characters(written.body) > body.RELEASE_BODY_CHARACTERS:
        limit = body.RELEASE_BODY_CHARACTERS
        message = f"Even without their lists the notes are longer than the {limit} characters of a release."
        raise InputError(message, hint="Shorten the headings and the number of categories in release.yaml.")
    return GeneratedNotes(notes, written, unknown, tuple(find_doubts(notes, unknown, plan.version)))


def find_doubts(notes: ReleaseNotes, unknown: tuple[str, ...], version: Version) -> list[Finding]:
    """What a person should check before the notes are published."""
    doubts = []
    if unknown:
        names = ", ".join(unknown)
        message = f"It is not known whether {names} contributed before, so they are not announced as new."
        hint = "GitHub's search does not show accounts that are suspended or renamed. Check, and add them by hand."
        doubts.append(Finding(Level.WARNING, Problem(message, hint), "contributor-unknown"))
    made = notes.manifest
    if made and made.previous_release != notes.previous:
        said = made.previous_release or "none"
        message = f"The previous release of the components is {said}, that of the changes {notes.previous or 'none'}."
        hint = "Pass the same release to both, with 'previous' and 'previous-tag'."
        place = made.origin.at("previous-release")
        doubts.append(Finding(Level.WARNING, Problem(message, hint, place if place.file else None), "two-bases"))
    previous = parse_or_none(notes.previous, version.prefix) if notes.previous else None
    if notes.breaking and previous and breaking.is_bump_too_small(version, previous):
        count = len(notes.breaking)
        message = f"{version} has {count} breaking change{'s' * (count > 1)} since {previous}, which its number hides."
        hint = "Raise the major number, or the minor number before 1.0.0; or correct the labels."
        doubts.append(Finding(Level.WARNING, Problem(message, hint), "bump-too-small"))
    return doubts
