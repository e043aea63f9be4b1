"""Rules about new contributors: that they are people, new, and welcomed once for something in the list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from release_actions.changes.programs import is_program
from release_actions.errors import Place
from release_actions.notes.evidence import EvidenceKind
from release_actions.notes.fitting import CONTINUES
from release_actions.notes.lint_rule import CERTAIN, SUSPICIOUS, LintRule, LintSubject, RuleHit
from release_actions.notes.reading import ContributorLine


def _bot(subject: LintSubject) -> Iterator[RuleHit]:
    """A bot is welcomed as a new contributor."""
    for contributor in subject.notes.contributors:
        if is_program(contributor.login, subject.evidence.form.bot_authors):
            yield RuleHit(contributor.place, f"@{contributor.login} is a bot.", "Remove the line.")


def _twice(subject: LintSubject) -> Iterator[RuleHit]:
    """A contributor is welcomed twice."""
    seen: dict[str, ContributorLine] = {}
    for contributor in subject.notes.contributors:
        other = seen.setdefault(contributor.login.casefold(), contributor)
        if other is not contributor:
            message = f"@{contributor.login} is welcomed in line {other.place.line} already."
            yield RuleHit(contributor.place, message, "Keep the line with the earlier pull request.", other.place)


def _announced(subject: LintSubject) -> Iterator[RuleHit]:
    """A contributor is welcomed who was welcomed in an earlier release.

    Most often the changes were counted from a wrong tag, and then more is wrong than this line.
    """
    announced = subject.evidence.announced
    for contributor in subject.notes.contributors:
        tag = announced.get(contributor.login.casefold()) if isinstance(announced, Mapping) else None
        if tag:
            message = f"@{contributor.login} was welcomed in {tag} already."
            yield RuleHit(contributor.place, message, "Remove the line.", Place(f"notes of {tag}"))


def _not_new(subject: LintSubject) -> Iterator[RuleHit]:
    """A contributor is welcomed who had a pull request merged before this release.

    What counts is when it was merged: a lower number may have been merged later.
    """
    earlier = subject.evidence.earlier
    announced = subject.evidence.announced
    for contributor in subject.notes.contributors:
        told = isinstance(announced, Mapping) and contributor.login.casefold() in announced
        if isinstance(earlier, Mapping) and earlier.get(contributor.login.casefold()) and not told:
            message = f"@{contributor.login} had a pull request merged before this release."
            other = Place(f"pull requests of {subject.evidence.repository}")
            yield RuleHit(contributor.place, message, "Remove the line.", other)


def _change(subject: LintSubject) -> Iterator[RuleHit]:
    """A contributor is welcomed for a pull request that is not in the list of changes.

    Notes without such a list are not checked, nor are those whose list continues in a file. A list may leave out
    what has some label, so this is only suspicious.
    """
    if CONTINUES.search(subject.notes.text.body):
        return
    listed = {change.number for change in subject.notes.changes if change.number}
    listed &= listed if any(change.credited for change in subject.notes.changes) else set()
    for contributor in subject.notes.contributors:
        if listed and contributor.number and contributor.number not in listed:
            message = (
                f"@{contributor.login} is welcomed for #{contributor.number}, which is not in the list of changes."
            )
            yield RuleHit(contributor.place, message, "Correct the number, or list the change.")


def _author(subject: LintSubject) -> Iterator[RuleHit]:
    """A contributor is welcomed for a pull request that the list credits to another account."""
    listed = {change.number: change for change in subject.notes.changes if change.number and change.login}
    for contributor in subject.notes.contributors:
        change = listed.get(contributor.number)
        if change and contributor.login.casefold() not in change.line.text.casefold():
            credited = f"line {change.place.line} credits to @{change.login}"
            message = f"@{contributor.login} is welcomed for #{contributor.number}, which {credited}."
            yield RuleHit(contributor.place, message, "Correct the one that is wrong.", change.place)


RULES = (
    LintRule("contributor-bot", CERTAIN, _bot),
    LintRule("contributor-twice", CERTAIN, _twice),
    LintRule("contributor-announced", CERTAIN, _announced, (EvidenceKind.ANNOUNCED,)),
    LintRule("contributor-not-new", CERTAIN, _not_new, (EvidenceKind.REPOSITORY, EvidenceKind.EARLIER)),
    LintRule("contributor-change", SUSPICIOUS, _change),
    LintRule("contributor-author", CERTAIN, _author),
)
