"""What the plan of a clean-up is: every version with what happens to it and why, and the deletions in order.

Two plans that would do the same have the same digest. It must never name by one digest what would not do the same.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from release_actions.cleanup.selection import Version
from release_actions.registry.names import Tag


@dataclass(frozen=True)
class Decision:
    """What happens to one version. `reason` is a sentence; `rule` the rule that decided, empty when none did."""

    version: Version
    delete: bool
    reason: str
    rule: str = ""


@dataclass(frozen=True)
class Blocked:
    """A selected tag that is kept because its version is needed: by which tags, or by what else."""

    tag: Tag
    version: Version
    rule: str
    because: str


@dataclass(frozen=True)
class Strip:
    """A selected tag to take off a version that is kept, and why the version is kept."""

    tag: Tag
    version: Version
    rule: str
    because: str


@dataclass(frozen=True)
class Deletion:
    """One version to delete, once the versions with the ids `after` are gone: what needs it goes first."""

    version: Version
    after: tuple[int, ...]


@dataclass(frozen=True)
class CleanupPlan:
    """Every version of a package with its decision, and the deletions in an order that is safe to follow.

    `decisions` are sorted by version id. `strips`: tags that go while their version stays. `freed_bytes` counts what
    the registry no longer has to store, as far as manifests were read: `unsized` deletions have content nobody looked
    at, and blobs that `unseen` survivors may share are counted as freed. `dependents` are the digests among the
    deletions that no rule would find again once the image they belong to is gone. `digest` names exactly these
    deletions and strips. `unranked`: name of a rule -> tags that it would delete although it cannot rank them.
    `misranked`: name of a rule -> a tag that it keeps as newest, and one with higher numbers that it would delete. A
    plan that has one of both is not carried out.
    """

    package: str
    decisions: tuple[Decision, ...]
    deletions: tuple[Deletion, ...]
    blocked: tuple[Blocked, ...]
    freed_bytes: int
    unsized: int
    unseen: int
    dependents: frozenset[str]
    digest: str
    strips: tuple[Strip, ...] = ()
    unranked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    misranked: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def is_moot(self) -> bool:
        """Whether a keep rule was understood wrongly, so that nothing of the plan is carried out or worth reading."""
        return bool(self.unranked or self.misranked)

    @functools.cached_property
    def by_digest(self) -> Mapping[str, Decision]:
        """Digest -> decision."""
        return {decision.version.digest: decision for decision in self.decisions}


def digest_of_plan(package: str, deletions: Iterable[Deletion], strips: Iterable[Blocked | Strip] = ()) -> str:
    """Names what a plan does: equal exactly when package, ids, digests and tags are."""
    rows = sorted([d.version.id, d.version.digest, sorted(d.version.tags)] for d in deletions)
    taken = sorted([item.tag, item.version.id, item.version.digest] for item in strips)
    text = json.dumps([package, rows, *([taken] if taken else [])], separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
