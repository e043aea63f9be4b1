"""What was before a version and what comes after it, by version order alone.

None of these functions may take an incomplete history for a complete one: the caller passes everything or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from release_actions.versions.grammar import CANDIDATE_SPELLINGS, Kind
from release_actions.versions.history.model import History
from release_actions.versions.version import Version

FIRST_CANDIDATES = (0, 1)
"""The numbers that the first candidate of a base may have where the project names none: PEP 440 counts from 0."""


def previous_stable(version: Version, existing: Iterable[Version]) -> Version | None:
    """The highest final or post release below a version: what its changes are counted from."""
    return max((other for other in existing if other.is_stable and other < version), default=None)


def previous_candidate(version: Version, existing: Iterable[Version]) -> Version | None:
    """The highest candidate of the same base below a version."""
    candidates = (other for other in existing if other.is_candidate and other.numbers == version.numbers)
    return max((other for other in candidates if other < version), default=None)


def next_candidate(version: Version, history: History) -> str:
    """The tag of the candidate to push after this version; empty once its base is released."""
    base = (*history.base(version), version)
    if any(other.is_stable for other in base):
        return ""
    return version.candidate(next_candidate_number(base, version, history), candidate_spelling(version, history))


def find_following(version: Version, history: History) -> str:
    """The tag to push where a version's own is taken: of the same kind and line. Empty where people choose it."""
    if version.is_candidate:
        return next_candidate(version, history) or candidate_of_next_patch(version, history)
    if version.kind is Kind.POST:
        return next_post((*history.base(version), version), version)
    return next_patch(version, history) if version.kind is Kind.STABLE else ""


def highest_number(versions: Iterable[Version], kind: Kind) -> int | None:
    """The highest number among versions of a kind, None where there is none."""
    return max((version.number or 0 for version in versions if version.kind is kind), default=None)


def next_candidate_number(base: Iterable[Version], version: Version, history: History) -> int:
    """The number of the next candidate after the versions of a base."""
    highest = highest_number(base, Kind.CANDIDATE)
    return first_candidate_number(version, history) if highest is None else highest + 1


def first_candidate_number(version: Version, history: History) -> int:
    """The number that a base's candidates begin with: as the project says, else as its newest base began, else 1."""
    if history.first_candidate is not None:
        return history.first_candidate
    every = (*history.known, *history.published, *history.misspelt)
    candidates = [other for other in every if other.is_candidate and other.numbers != version.numbers]
    newest = max((other.numbers for other in candidates), default=None)
    numbers = {other.number for other in candidates if other.numbers == newest}
    return 0 if 0 in numbers else 1


def next_post(base: Iterable[Version], version: Version) -> str:
    """The tag of the post release after the versions of a base."""
    return version.post((highest_number(base, Kind.POST) or 0) + 1)


def next_patch(version: Version, history: History) -> str:
    """The tag of the next patch of a version's line, after the version itself if that is a release."""
    own = (version,) if version.is_stable else ()
    patch = max((other.patch for other in (*history.line(version), *own)), default=-1) + 1
    return f"{version.prefix}{version.line}.{patch}"


def candidate_of_next_patch(version: Version, history: History) -> str:
    """The tag of the next candidate of a line whose releases are above a candidate."""
    tag = next_patch(version, history)
    every = (*history.known, *history.published, *history.misspelt)
    base = [other for other in every if other.release == tag]
    return f"{tag}{candidate_spelling(version, history)}{next_candidate_number(base, version, history)}"


def candidate_spelling(version: Version, history: History) -> str:
    """How the version's line writes its candidates: as its newest one does, else as this one does.

    Spellings that are refused are no example to follow.
    """
    written = [
        other
        for other in (*history.known, *history.published)
        if other.is_candidate and other.numbers[:2] == version.numbers[:2] and other.spelling in CANDIDATE_SPELLINGS
    ]
    newest = max(written, key=lambda other: (other.order, other.tag), default=version)
    return newest.spelling if newest.is_candidate else "-rc."
