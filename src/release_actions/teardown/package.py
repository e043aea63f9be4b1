"""One package of a teardown: what it held, what of it goes for which candidate, and what came of it. Only data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from release_actions.cleanup.contents import Contents
from release_actions.cleanup.outcome import Outcome
from release_actions.cleanup.plan import CleanupPlan, Deletion
from release_actions.registry.names import PackagePath


@dataclass(frozen=True)
class PackageTeardown:
    """One package's way through a run. `path` is account/name.

    `listed`: its tags as the registry lists them. `owners`: tag that goes -> the candidates it comes from. `before`:
    tag -> digest as the registry resolved the tags that are kept, for a package that is touched. `exact`: exact tags
    of candidates' images that go.
    """

    path: PackagePath
    listed: frozenset[str] = frozenset()
    contents: Contents | None = None
    plan: CleanupPlan | None = None
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exact: frozenset[str] = frozenset()
    before: Mapping[str, str] = field(default_factory=dict)
    outcome: Outcome = field(default_factory=Outcome)

    @property
    def after(self) -> Mapping[str, str] | None:
        """Tag -> digest of `before` as the registry resolved them afterwards; None when it was not asked."""
        tags = self.outcome.tags_after
        return None if tags is None else {tag: tags.get(tag, "") for tag in self.before}

    @property
    def planned(self) -> int:
        """How many versions the plan deletes."""
        return len(self.plan.deletions) if self.plan else 0

    @property
    def held_back(self) -> frozenset[str]:
        """The candidates of which something is still there, against the plan."""
        outcome = self.outcome
        if outcome.error or outcome.is_interrupted or outcome.restored or outcome.unsure:
            return frozenset(owner for owners in self.owners.values() for owner in owners)
        not_deleted = {item.version.id for item in outcome.not_deleted}
        behind, tags_by_version = self.behind, dict[int, frozenset[str]]()
        for deletion in self.plan.deletions if self.plan else ():
            number = deletion.version.id
            if number in not_deleted:
                # A part that several share stands for those of them that are still there.
                own = self.owners_of(deletion)
                holders = [tags_by_version[holder] for holder in deletion.after if holder in not_deleted]
                tags_by_version[number] = own.union(*holders) if own or holders else behind[number]
        return frozenset[str]().union(*tags_by_version.values(), *(self.owners[tag] for tag in self.again))

    @property
    def again(self) -> tuple[str, ...]:
        """The tags that went with their image, and that somebody has pushed since."""
        outcome = self.outcome
        if not outcome.check or outcome.restored:
            return ()
        not_deleted = {tag for item in outcome.not_deleted for tag in item.version.tags}
        return tuple(tag for tag in sorted(self.owners) if tag not in not_deleted and outcome.check.tags.get(tag))

    @property
    def behind(self) -> Mapping[int, frozenset[str]]:
        """Id of a planned version -> the candidates it goes with: a part stands for those whose image it is part of."""
        tags_by_version: dict[int, frozenset[str]] = {}
        for deletion in self.plan.deletions if self.plan else ():
            tags_by_version[deletion.version.id] = self.owners_of(deletion).union(
                *(tags_by_version[number] for number in deletion.after)
            )
        return tags_by_version

    def owners_of(self, deletion: Deletion) -> frozenset[str]:
        """The candidates whose image a planned version is."""
        return frozenset(owner for tag in deletion.version.names for owner in self.owners.get(tag, ()))
