"""What the notes of earlier releases say: whom they welcomed, and what they list. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from release_actions.github.releases import Release
from release_actions.notes import reading
from release_actions.versions.version import Version, parse_known


@dataclass
class EarlierNotes:
    """The notes of all full releases below one.

    `announced`: login in lower case -> the lowest release that welcomed it. `listed`: number of a change -> the newest
    release that lists it, of those that this one contains.
    """

    announced: dict[str, str] = field(default_factory=dict)
    listed: dict[int, str] = field(default_factory=dict)


def read_earlier_notes(releases: Iterable[Release], version: Version, repository: str, server: str) -> EarlierNotes:
    """Read the notes of the releases below a version."""
    bodies = {release.tag: release.body for release in releases}
    earlier = EarlierNotes()
    for other in parse_known(bodies, version.prefix):
        # A candidate's notes are those of its release so far, also where it was published as a full one.
        if not other < version or not other.is_stable:
            continue
        notes = reading.read(bodies[other.tag], f"notes of {other}", server=server)
        for contributor in notes.contributors:
            earlier.announced.setdefault(contributor.login.casefold(), other.tag)
        if is_contained(other, version):
            own = (change for change in notes.changes if change.repository.casefold() in {"", repository.casefold()})
            earlier.listed.update((change.number, other.tag) for change in own if change.number and change.credited)
    return earlier


def is_contained(earlier: Version, version: Version) -> bool:
    """Whether a release has all that an earlier one has: of its own line, or the first one of a line before.

    What was picked to a patch release of another line need not be in it.
    """
    return (earlier.major, earlier.minor) == (version.major, version.minor) or earlier.patch == 0
