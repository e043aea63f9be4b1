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

BRANCHES = frozenset({"main", "master", "trunk", "develop", "head", "latest", "nightly"})
"""Names that move whatever a project does."""

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

    It names the newest release of its line when the notes are made, and another one when they are read. A tag with few
    numbers is certain to move where the repository has the whole version too: v0.5 beside v0.5.0. Some projects call
    their first release of a line 4.2.
    """
    for changelog, address in _list_comparisons(subject):
        if is_floating(address.base, address.name):
            message = f"The changes are counted from {address.base}, a tag that moves."
            certainty = CERTAIN if _is_sure_to_move(address, subject) else SUSPICIOUS
            yield RuleHit(changelog.place, message, _make_hint(subject), certainty=certainty)


def _is_sure_to_move(address: GitHubAddress, subject: LintSubject) -> bool:
    tags = subject.evidence.tags
    if address.base.casefold().removeprefix("refs/heads/") in BRANCHES:
        return True
    if not isinstance(tags, frozenset) or not subject.is_own(address.repository):
        return False
    return any(f"{address.base}{rest}" in tags for rest in (".0", ".0.0"))


def _candidate(subject: LintSubject) -> Iterator[RuleHit]:
    """The changes of a final release are counted from a candidate or a dev version.

    The notes of no full release then list what went into the candidate. Some projects count so on purpose.
    """
    for changelog, address in _list_comparisons(subject):
        if (
            _is_final(address.name)
            and version_order.is_unfinished(address.base)
            and not version_order.is_moving(address.base)
        ):
            message = f"The changes of {address.name} are counted from {address.base}, which is not a full release."
            yield RuleHit(changelog.place, message, _make_hint(subject))


def _is_final(tag: str) -> bool:
    return version_order.read(tag) is not None and not version_order.is_unfinished(tag)


def _make_hint(subject: LintSubject) -> str:
    previous = subject.evidence.previous_tag
    return (
        f"Count from {previous}." if isinstance(previous, str) and previous else "Count from the full release before."
    )


def _base(subject: LintSubject) -> Iterator[RuleHit]:
    """The changes are counted from another release than the one before this one.

    The one before is the newest full release below this one. Certain where they are counted from a release above this
    one: others may be counted from an older release on purpose, as after a release that was withdrawn.
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
        certainty = CERTAIN if _is_above(address.base, subject) else SUSPICIOUS
        yield RuleHit(
            changelog.place, message, _make_hint(subject), Place(f"releases of {address.repository}"), certainty
        )


def _is_above(base: str, subject: LintSubject) -> bool:
    """Whether a base is a release of the same repository and line with a higher number than the one of the notes."""
    version, tags = subject.evidence.version, subject.evidence.tags
    order = version_order.compare(base, version.tag) if version else None
    other = version_order.read(base)
    same = bool(version and other and other.numbers[:2] == (version.major, version.minor))
    return same and order is not None and order > 0 and isinstance(tags, frozenset) and base in tags


def _head(subject: LintSubject) -> Iterator[RuleHit]:
    """The changes are counted up to something else than the release's tag.

    Certain for the tag of another release that the notes do not speak of: they may end with a branch or a commit, or
    repeat what an earlier release changed.
    """
    version = subject.evidence.version
    comparisons = list(_list_comparisons(subject))
    for changelog, address in comparisons:
        if version and address.name != version.tag:
            message = f"The changes are counted up to {address.name}, and these are the notes of {version}."
            sure = len(comparisons) == 1 and _is_other_release(changelog, address, subject)
            certainty = CERTAIN if sure else SUSPICIOUS
            yield RuleHit(changelog.place, message, f"End with {version}.", certainty=certainty)


def _is_other_release(changelog: ChangelogLine, address: GitHubAddress, subject: LintSubject) -> bool:
    tags = subject.evidence.tags
    if not isinstance(tags, frozenset) or address.name not in tags or not subject.is_own(address.repository):
        return False
    shown = address.name.removeprefix("v")
    return not any(shown in line.text for line in subject.notes.text.lines if line is not changelog.line)


def _repository(subject: LintSubject) -> Iterator[RuleHit]:
    """The full changelog is another repository's, or a former name of this one."""
    for changelog, address in _list_comparisons(subject):
        if address.repository.casefold() != subject.evidence.repository.casefold():
            message = (
                f"The full changelog is of {address.repository}, and these are notes of {subject.evidence.repository}."
            )
            yield RuleHit(changelog.place, message, "Correct the address.")


def _twice(subject: LintSubject) -> Iterator[RuleHit]:
    """There are two full changelogs, and they are not the same.

    A candidate's notes may be counted from the last candidate and from the last release.
    """
    changelogs = list(_list_comparisons(subject))
    for place, address in changelogs[1:]:
        first, other = changelogs[0]
        if address != other:
            message = f"Line {first.place.line} has another full changelog, from {other.base} to {other.name}."
            yield RuleHit(place.place, message, "Keep the right one.", first.place)


RULES = (
    LintRule("changelog-base-floating", CERTAIN, _floating),
    LintRule("changelog-base-candidate", SUSPICIOUS, _candidate),
    LintRule("changelog-base-wrong", CERTAIN, _base, (EvidenceKind.TAG, EvidenceKind.PREVIOUS_TAG)),
    LintRule("changelog-head", CERTAIN, _head, (EvidenceKind.TAG,)),
    LintRule("changelog-repository", SUSPICIOUS, _repository, (EvidenceKind.REPOSITORY,)),
    LintRule("changelog-twice", SUSPICIOUS, _twice),
)
