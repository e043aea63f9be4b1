"""Rules about the link to the full changelog: what its list of changes was counted from.

A wrong base is hard to see: the list looks right, and has what earlier releases had already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from release_actions.components import version_order
from release_actions.errors import Place
from release_actions.notes.addresses import GitHubAddress
from release_actions.notes.evidence import EvidenceKind
from release_actions.notes.lint_rule import CERTAIN, SUSPICIOUS, LintRule, LintSubject, RuleHit
from release_actions.notes.reading import ChangelogLine

FLOATING = re.compile(r"(?:[A-Za-z][A-Za-z0-9_]*-)*v?(?P<numbers>[0-9]+(?:\.[0-9]+)?)")
"""One or two numbers: a tag such as v0 or v0.5."""


def _list_comparisons(subject: LintSubject) -> Iterator[tuple[ChangelogLine, GitHubAddress]]:
    """The changelog links that lead to a comparison."""
    return ((changelog, changelog.address) for changelog in subject.notes.changelogs if changelog.address)


def is_floating(tag: str, head: str) -> bool:
    """Whether a tag moves: it has a name that does by convention, or fewer numbers than the release has."""
    if version_order.is_moving(tag):
        return True
    whole = re.search(r"[0-9]+(?:\.[0-9]+)+", head)
    parts = len(whole[0].split(".")) if whole else 0
    few = FLOATING.fullmatch(tag)
    return few is not None and few["numbers"].count(".") + 1 < parts


def _floating(subject: LintSubject) -> Iterator[RuleHit]:
    """The changes are counted from a tag that moves, such as v0.5, latest or main.

    It names the newest release of its line when the notes are made, and another one when they are read.
    """
    for changelog, address in _list_comparisons(subject):
        if is_floating(address.base, address.name):
            message = f"The changes are counted from {address.base}, a tag that moves."
            yield RuleHit(changelog.place, message, _make_hint(subject))


def _candidate(subject: LintSubject) -> Iterator[RuleHit]:
    """The changes of a final release are counted from a candidate or a dev version.

    The notes of no full release then list what went into the candidate. Certain where the notes of earlier full
    releases are known and none is counted from a candidate: some projects count every final release so on purpose.
    """
    bases = subject.evidence.bases
    is_habit = not bases or any(version_order.is_unfinished(base) for base in bases)
    for changelog, address in _list_comparisons(subject):
        if (
            _is_final(address.name)
            and version_order.is_unfinished(address.base)
            and not version_order.is_moving(address.base)
        ):
            message = f"The changes of {address.name} are counted from {address.base}, which is not a full release."
            certainty = SUSPICIOUS if is_habit else CERTAIN
            yield RuleHit(changelog.place, message, _make_hint(subject), certainty=certainty)


def _is_final(tag: str) -> bool:
    return version_order.read(tag) is not None and not version_order.is_unfinished(tag)


def _make_hint(subject: LintSubject) -> str:
    previous = subject.evidence.previous_tag
    return (
        f"Count from {previous}." if isinstance(previous, str) and previous else "Count from the full release before."
    )


def _base(subject: LintSubject) -> Iterator[RuleHit]:
    """The changes are counted from another release than the one before this one.

    The one before is the newest full release below this one. Only suspicious where a first release of a line is counted
    from the first one of the line before: some projects do that on purpose.
    """
    previous = subject.evidence.previous_tag
    for changelog, address in _list_comparisons(subject):
        told = is_floating(address.base, address.name) or version_order.is_unfinished(address.base)
        own = not subject.evidence.repository or address.repository.casefold() == subject.evidence.repository.casefold()
        if not subject.final or told or not own or not isinstance(previous, str) or address.base == previous:
            continue
        before = (
            f"the full release before {subject.evidence.version} is {previous}"
            if previous
            else "there is no release before"
        )
        message = f"The changes are counted from {address.base}, and {before}."
        certainty = SUSPICIOUS if _from_line_to_line(address, previous) else CERTAIN
        yield RuleHit(
            changelog.place, message, _make_hint(subject), Place(f"releases of {address.repository}"), certainty
        )


def _from_line_to_line(address: GitHubAddress, previous: str) -> bool:
    """Whether a comparison is from X.Y.0 to the X.Z.0 after it."""
    base, head, newest = (version_order.read(tag) for tag in (address.base, address.name, previous))
    if not base or not head or not newest:
        return False
    return base.numbers[2:] == head.numbers[2:] == (0, 0) and base.numbers[:2] == newest.numbers[:2]


def _head(subject: LintSubject) -> Iterator[RuleHit]:
    """The changes are counted up to something else than the release's tag."""
    version = subject.evidence.version
    for changelog, address in _list_comparisons(subject):
        if version and address.name != version.tag:
            message = f"The changes are counted up to {address.name}, and these are the notes of {version}."
            yield RuleHit(changelog.place, message, f"End with {version}.")


def _repository(subject: LintSubject) -> Iterator[RuleHit]:
    """The full changelog is another repository's."""
    for changelog, address in _list_comparisons(subject):
        if address.repository.casefold() != subject.evidence.repository.casefold():
            message = (
                f"The full changelog is of {address.repository}, and these are notes of {subject.evidence.repository}."
            )
            yield RuleHit(changelog.place, message, "Correct the address.")


def _twice(subject: LintSubject) -> Iterator[RuleHit]:
    """There are two full changelogs, and they are not the same."""
    changelogs = list(_list_comparisons(subject))
    for place, address in changelogs[1:]:
        first, other = changelogs[0]
        if address != other:
            message = f"Line {first.place.line} has another full changelog, from {other.base} to {other.name}."
            yield RuleHit(place.place, message, "Keep the right one.", first.place)


RULES = (
    LintRule("changelog-base-floating", CERTAIN, _floating),
    LintRule("changelog-base-candidate", CERTAIN, _candidate),
    LintRule("changelog-base-wrong", CERTAIN, _base, (EvidenceKind.TAG, EvidenceKind.PREVIOUS_TAG)),
    LintRule("changelog-head", CERTAIN, _head, (EvidenceKind.TAG,)),
    LintRule("changelog-repository", CERTAIN, _repository, (EvidenceKind.REPOSITORY,)),
    LintRule("changelog-twice", CERTAIN, _twice),
)
