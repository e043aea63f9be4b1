"""Sorts changes into sections: by label, as the configuration says, with bots apart. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from release_actions.changes.model import MergedChange
from release_actions.config.notes import OTHERS, Exclusion, NotesForm
from release_actions.notes.model import BotChanges, Section

OTHER = "Other Changes"
BOTS = "Changes by bots"


def sort_sections(changes: Iterable[MergedChange], form: NotesForm, bots: BotChanges) -> tuple[Section, ...]:
    """What the notes list. Without categories it is one section without a title."""
    listed = [change for change in changes if not is_excluded(change, form.exclude)]
    people = [change for change in listed if bots is BotChanges.LIST or not change.author.bot]
    categories = list(sort_categories(people, form))
    rest = [change for change in listed if change.author.bot]
    if rest and bots is BotChanges.FOLD:
        categories.append(Section(BOTS, tuple(rest), folded=True))
    return tuple(categories)


def sort_categories(changes: Sequence[MergedChange], form: NotesForm) -> Iterable[Section]:
    """Sections by label, each change in the first one that takes it."""
    if not form.categories:
        if changes:
            yield Section("", tuple(changes))
        return
    remaining = list(changes)
    for category in form.categories:
        wanted = {label.casefold() for label in category.labels}
        taken = [
            change
            for change in remaining
            if (OTHERS in wanted or wanted & {label.casefold() for label in change.labels})
            and not is_excluded(change, category.exclude)
        ]
        gone = {change.commits for change in taken}
        remaining = [change for change in remaining if change.commits not in gone]
        if taken:
            yield Section(category.title, tuple(taken))
    if remaining:
        yield Section(OTHER, tuple(remaining))


def is_excluded(change: MergedChange, exclusion: Exclusion) -> bool:
    """Whether a change is excluded."""
    labels = {label.casefold() for label in change.labels}
    authors = {fold_author(name) for name in exclusion.authors}
    return (
        bool(labels & {label.casefold() for label in exclusion.labels}) or fold_author(change.author.login) in authors
    )


def fold_author(login: str) -> str:
    """A login as it compares. A text that is in no list for an author without one."""
    return login.casefold().removesuffix("[bot]") or "\0"
