"""What a package holds, as it was read once, and as it was checked after deletions.

Only data that other modules of the clean-up hand to each other: nothing here asks the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from release_actions.cleanup.selection import Version
from release_actions.images.graph import Graph


@dataclass(frozen=True)
class Contents:
    """What a package held when it was read. `graph` is complete for its versions.

    `copies`: tag -> digest of the version that has the tag here, though the registry still has it on an empty version.
    `lacking`: digests that GitHub lists, the registry does not have, and the caller named: they count as empty indexes.
    `remembered`: digests of what earlier runs deleted. `overtaken`: of deleted versions that something needs which was
    pushed after their deletion.
    """

    versions: tuple[Version, ...]
    graph: Graph
    copies: Mapping[str, str] = field(default_factory=dict)
    lacking: frozenset[str] = frozenset()
    remembered: frozenset[str] = frozenset()
    overtaken: frozenset[str] = frozenset()

    @property
    def tags(self) -> Mapping[str, str]:
        """Tag -> digest."""
        return {tag: version.digest for version in self.versions for tag in version.tags}


@dataclass(frozen=True)
class Check:
    """What the check of the package after the deletions showed.

    `tags`: tag -> digest as the registry resolves it now. `versions`: as GitHub lists them now. `broken`: sentences
    about what no longer pulls because of this run. `needed`: digests of what has to be restored so that all of it
    pulls, empty where that is not known. `incomplete`: sentences about images that lack a part that this run did not
    delete. `disturbed`: sentences about tags that moved while this run took another tag off their version.
    """

    tags: Mapping[str, str]
    versions: tuple[Version, ...]
    broken: tuple[str, ...] = ()
    needed: frozenset[str] = frozenset()
    incomplete: tuple[str, ...] = ()
    disturbed: tuple[str, ...] = ()
