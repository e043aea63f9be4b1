"""Rules about new contributors: that they are people, new, and welcomed once for something in the list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from release_actions.changes.programs import is_program, is_surely_program
from release_actions.errors import Place
from release_actions.notes.evidence import EvidenceKind
from release_actions.notes.fitting import CONTINUES
from release_actions.notes.lint_rule import CERTAIN, SUSPICIOUS, LintRule, LintSubject, RuleHit
from release_actions.notes.reading import ContributorLine
from release_actions.versions.version import parse_or_none


def _bot(subject: LintSubject) -> Iterator[RuleHit]:
    """A bot is welcomed as a new contributor.

    Certain for apps, for accounts that the configuration names, and for names that no person has.
    """
    for contributor in subject.notes.contributors:
        if is_program(contributor.login, subject.evidence.form.bot_authors):
            sure = is_surely_program(contributor.login, subject.evidence.form.bot_authors)
            certainty = CERTAIN if sure else SUSPICIOUS
            yield RuleHit(contributor.place, f"@{contributor.login} is a bot.", "Remove the line.", certainty=certainty)


def _twice(subject: LintSubject) -> Iterator[RuleHit]:
    """A contributor is welcomed twice.

    Only suspicious in different lists: notes of a candidate may have one since the last candidate and one since the
    last release, and notes of several repositories one for each.
    """
    seen: dict[tuple[str, str], ContributorLine] = {}
    for contributor in subject.notes.contributors:
        where = "" if subject.is_own(contributor.repository) else contributor.repository.casefold()
        other = seen.setdefault((where, contributor.login.casefold()), contributor)
        if other is contributor:
            continue
        same = subject.is_same_list(contributor.line, other.line)
        if not same and subject.evidence.version and not subject.final:
            continue
        message = f"@{contributor.login} is welcomed in line {other.place.line} already."
        hint = "Keep the line with the earlier pull request."
        yield RuleHit(contributor.place, message, hint, other.place, CERTAIN if same else SUSPICIOUS)


def _announced(subject: LintSubject) -> Iterator[RuleHit]:
    """A contributor is welcomed who was welcomed in an earlier release.

    Most often the changes were counted from a wrong tag, and then more is wrong than this line. Certain for releases of
    the same line: a lower number of another line may have been published later.
    """
    announced = subject.evidence.announced
    for contributor in subject.notes.contributors:
        tag = announced.get(contributor.login.casefold()) if isinstance(announced, Mapping) else None
        if tag and subject.is_own(contributor.repository):
            message = f"@{contributor.login} was welcomed in {tag} already."
            certainty = CERTAIN if _is_of_line(tag, subject) else SUSPICIOUS
            yield RuleHit(contributor.place, message, "Remove the line.", Place(f"notes of {tag}"), certainty)


def _is_of_line(tag: str, subject: LintSubject) -> bool:
    """Whether a release is of the line of the one that is checked: only then it is sure to be an earlier one."""
    version = subject.evidence.version
    earlier = parse_or_none(tag, version.prefix) if version else None
    return bool(version and earlier and (earlier.major, earlier.minor) == (version.major, version.minor))


def _not_new(subject: LintSubject) -> Iterator[RuleHit]:
    """A contributor is welcomed who had a pull request merged before this release.

    What counts is when it was merged: a lower number may have been merged later. Only suspicious in a repository with
    several components, where the notes may welcome to one of them.
    """
    earlier = subject.evidence.earlier
    announced = subject.evidence.announced
    for contributor in subject.notes.contributors:
        told = isinstance(announced, Mapping) and contributor.login.casefold() in announced
        own = subject.is_own(contributor.repository)
        if own and isinstance(earlier, Mapping) and earlier.get(contributor.login.casefold()) and not told:
            message = f"@{contributor.login} had a pull request merged before this release."
            other = Place(f"pull requests of {subject.evidence.repository}")
            certainty = SUSPICIOUS if subject.evidence.form.paths else CERTAIN
            yield RuleHit(contributor.place, message, "Remove the line.", other, certainty)


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
    """A contributor is welcomed for a pull request that the list credits to another account.

    Several people may have written it.
    """
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
    LintRule("contributor-author", SUSPICIOUS, _author),
)
