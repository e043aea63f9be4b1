"""Rules about the list of changes: what is listed twice, what was reverted, and what was not merged in between."""

from __future__ import annotations

import re
from collections.abc import Iterator

from release_actions.components.table import visible_text
from release_actions.errors import Place
from release_actions.notes import model, span, undo
from release_actions.notes.evidence import EvidenceKind
from release_actions.notes.lint_rule import CERTAIN, SUSPICIOUS, LintRule, LintSubject, RuleHit
from release_actions.notes.reading import ChangeLine

ENDING = re.compile(r"\s*\(#[0-9]+\)$")


def _own(change: ChangeLine, subject: LintSubject) -> bool:
    """Whether a line is about the repository that releases."""
    return change.repository.casefold() in {"", subject.repository}


def _named(change: ChangeLine) -> str:
    return f"#{change.number}" if change.number else f"commit {change.sha[:12]}"


def _twice(subject: LintSubject) -> Iterator[RuleHit]:
    """A pull request or commit is listed twice.

    A highlight that ends with a number does not count as part of the list.
    """
    seen: dict[tuple[str, str, int, str], ChangeLine] = {}
    for change in subject.notes.changes:
        repository = "" if _own(change, subject) else change.repository.casefold()
        key = ("" if change.credited else f"below {change.line.section}", repository, change.number, change.sha)
        if key in seen:
            message = f"{_named(change)} is listed in line {seen[key].place.line} already."
            yield RuleHit(change.place, message, "Keep one of the lines.", seen[key].place)
        seen.setdefault(key, change)


def _title_twice(subject: LintSubject) -> Iterator[RuleHit]:
    """Two changes by one person have the same title.

    So does a pull request that was merged into the release branch and picked to the main branch too.
    """
    seen: dict[tuple[str, str], ChangeLine] = {}
    for change in subject.notes.changes:
        key = (change.login.casefold(), ENDING.sub("", visible_text(change.title)).casefold())
        other = seen.setdefault(key, change)
        if other is not change and change.login and (other.number, other.sha) != (change.number, change.sha):
            message = f"{_named(change)} has the title of {_named(other)} in line {other.place.line}."
            yield RuleHit(change.place, message, "Keep one, if it is the same change in two branches.", other.place)


def _reverted(subject: LintSubject) -> Iterator[RuleHit]:
    """A revert is listed beside the change that it reverts.

    Neither is in the release. A re-land stands for itself, and what it brings back is listed without it or not at all.
    """
    lines = {made: change for change in subject.notes.changes if (made := _as_merged(change, subject)) is not None}
    order = {change.number: place for place, change in enumerate(_merged(subject)) if change.number}
    inorder = sorted(lines, key=lambda made: (order.get(made.number, made.number), made.number))
    collapsed = undo.collapse(inorder).collapsed
    for made in collapsed:
        told = undo.read(made)
        if told is None or told.kind is not undo.UndoKind.REVERT:
            continue
        target = next(
            (one for one in collapsed if one is not made and len(undo.collapse((one, made)).collapsed) > 1), None
        )
        if target:
            change, other = lines[made], lines[target]
            message = f"{_named(change)} reverts {_named(other)} in line {other.place.line}, and both are listed."
            yield RuleHit(change.place, message, "Leave both out.", other.place)


def _as_merged(change: ChangeLine, subject: LintSubject) -> model.MergedChange | None:
    """The change that a line is about: with all that was said of it where that is known."""
    if not change.number or not _own(change, subject):
        return None
    known = next((one for one in _merged(subject) if one.number == change.number), None)
    author = model.Author(change.login)
    return known or model.MergedChange(
        visible_text(change.title), author, (change.sha or f"#{change.number}",), change.number
    )


def _merged(subject: LintSubject) -> tuple[model.MergedChange, ...]:
    changes = subject.evidence.changes
    return changes if isinstance(changes, tuple) else ()


def _outside(subject: LintSubject) -> Iterator[RuleHit]:
    """A change is listed that was not merged between the previous release and this one.

    A number that a commit in between names, as a picked one does, counts as merged. Only suspicious for a line that
    credits nobody: its number may be an issue's.
    """
    merged = _merged(subject)
    numbers = {number for one in merged for number in (*span.named_by(one), *span.ported_by(one))}
    shas = [sha for one in merged for sha in (*one.commits, *one.sources)]
    # Git alone does not know the numbers of what was merged by rebasing.
    sure = not subject.evidence.from_git or all(one.number for one in merged)
    for change in subject.notes.changes:
        there = change.number in numbers if change.number else any(sha.startswith(change.sha) for sha in shas)
        if _own(change, subject) and not there:
            since = subject.evidence.previous_tag or "the beginning"
            message = f"{_named(change)} was not merged between {since} and {subject.evidence.version}."
            hint = "Remove it, or list it in the release that has it."
            other = Place(f"history of {subject.evidence.repository}")
            yield RuleHit(change.place, message, hint, other, CERTAIN if sure and change.credited else SUSPICIOUS)


def _author(subject: LintSubject) -> Iterator[RuleHit]:
    """A change is credited to an account that did not make it."""
    authors = {merged.number: merged.author for merged in _merged(subject) if merged.number}
    for change in subject.notes.changes:
        author = authors.get(change.number)
        if author is None or not author.login or not change.login or not _own(change, subject):
            continue
        if (
            _account(author.login) != _account(change.login)
            and author.login.casefold() not in change.line.text.casefold()
        ):
            message = f"{_named(change)} is by @{author.login}, and the notes say @{change.login}."
            hint = f"Write @{author.login}."
            yield RuleHit(change.place, message, hint, Place(f"pull requests of {subject.evidence.repository}"))


def _account(login: str) -> str:
    return login.casefold().removesuffix("[bot]").removeprefix("app/")


def _foreign(subject: LintSubject) -> Iterator[RuleHit]:
    """A change of another repository is listed among those of this one."""
    own = sum(_own(change, subject) for change in subject.notes.changes)
    for change in subject.notes.changes:
        if not _own(change, subject) and own:
            message = (
                f"{change.repository}#{change.number} is a change of another repository."
                if change.number
                else (f"The commit {change.sha[:12]} is one of {change.repository}.")
            )
            hint = "Correct the address, or move it to the section of that component."
            yield RuleHit(change.place, message, hint)


RULES = (
    LintRule("change-twice", CERTAIN, _twice),
    LintRule("change-title-twice", SUSPICIOUS, _title_twice),
    LintRule("change-reverted", CERTAIN, _reverted),
    LintRule("change-outside", CERTAIN, _outside, (EvidenceKind.TAG, EvidenceKind.REPOSITORY, EvidenceKind.CHANGES)),
    LintRule("change-author", CERTAIN, _author, (EvidenceKind.REPOSITORY, EvidenceKind.CHANGES)),
    LintRule("change-foreign", SUSPICIOUS, _foreign, (EvidenceKind.REPOSITORY,)),
)
