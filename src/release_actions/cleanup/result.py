"""One package of a run: what is asked for, what it held, the plan, and what came of it. Only data."""

from __future__ import annotations

from dataclasses import dataclass, field

from release_actions.cleanup.contents import Contents
from release_actions.cleanup.events import Interrupted, NotDeleted, NotTried, TagKept
from release_actions.cleanup.outcome import Outcome
from release_actions.cleanup.plan import CleanupPlan
from release_actions.cleanup.selection import Rule
from release_actions.registry.names import PackagePath

NOT_BEGUN = "The run stopped before it."


@dataclass(frozen=True)
class Task:
    """One package, as account/name, and the rules that hold for it."""

    path: PackagePath
    rules: tuple[Rule, ...]

    @property
    def owner(self) -> str:
        """The account that the package belongs to."""
        return self.path.partition("/")[0]


@dataclass(frozen=True)
class Result:
    """One package's way through the run: the plan, unless it could not be made, and what came of it.

    `idle`: why nothing had to be read; empty when it was read.
    """

    task: Task
    contents: Contents | None = None
    plan: CleanupPlan | None = None
    idle: str = ""
    outcome: Outcome = field(default_factory=Outcome)

    @property
    def deletions(self) -> int:
        """How many versions the plan deletes."""
        return len(self.plan.deletions) if self.plan else 0

    @property
    def planned(self) -> int:
        """How many versions the plan deletes, and tags it takes off others."""
        return self.deletions + (len(self.plan.strips) if self.plan else 0)

    @property
    def is_whole(self) -> bool:
        """Whether all versions that the plan deletes are gone by this run."""
        return len(self.outcome.deleted) == self.deletions and not self.outcome.restored


def interrupt(result: Result) -> None:
    """Note that a signal ended the run before all of a package was tried."""
    outcome, plan = result.outcome, result.plan
    outcome.add(Interrupted())
    tried = {item.version.id for item in outcome.not_deleted}
    tried |= {version.id for version in (*outcome.deleted, *outcome.gone, *outcome.unsure)}
    tags = {strip.tag for strip in outcome.stripped} | {kept.strip.tag for kept in outcome.kept}
    for deletion in plan.deletions if plan else ():
        if deletion.version.id not in tried:
            outcome.add(NotTried(NotDeleted(deletion.version, NOT_BEGUN)))
    for strip in plan.strips if plan else ():
        if strip.tag not in tags:
            outcome.add(TagKept(strip, NOT_BEGUN, tried=False))
