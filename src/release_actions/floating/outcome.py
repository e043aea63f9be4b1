"""What came of each package and of git's floating tags: the facts that the report is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from release_actions.config import Package
from release_actions.errors import ActionError
from release_actions.floating.git_tags import GitFloatingPlan, GitTagMove
from release_actions.floating.journal import Journal, TagChange
from release_actions.floating.package_state import JudgedPackage
from release_actions.floating.plan import FloatingPlan, Orphan
from release_actions.floating.snapshot import Difference


@dataclass(frozen=True)
class RollBack:
    """What a roll-back did to one package: tags that are back, and sentences about those that are not."""

    back: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True)
class PackageResult:
    """What came of one package: judged and perhaps moved, or why not. `absent`: there is no such package."""

    package: Package
    judged: JudgedPackage | None = None
    journal: Journal = field(default_factory=Journal)
    error: ActionError | None = None
    absent: bool = False
    roll_back: RollBack | None = None
    difference: Difference | None = None

    @property
    def plan(self) -> FloatingPlan:
        """Its plan; an empty one where there is none."""
        return self.judged.plan if self.judged else FloatingPlan((), ())

    @property
    def drifted(self) -> bool:
        """Whether a floating tag was not where it has to be."""
        return bool(self.plan.moves or self.plan.orphans or self.plan.stuck)

    @property
    def moved(self) -> tuple[TagChange, ...]:
        """The changes that were made and not taken back, one a tag."""
        back = self.roll_back.back if self.roll_back else ()
        return tuple(change for tag, change in self.journal.last.items() if tag not in back)


@dataclass(frozen=True)
class GitResult:
    """What came of the floating tags in git. `waiting`: the image that they wait for."""

    plan: GitFloatingPlan = field(default_factory=lambda: GitFloatingPlan((), (), (), ()))
    moved: tuple[GitTagMove, ...] = ()
    waiting: str = ""
    error: ActionError | None = None


def find_held_back(result: PackageResult) -> frozenset[str]:
    """Releases that a required image lacks and that keep a floating tag of it on an older one.

    An image without any release yet keeps nobody on an older one.
    """
    released = any(not isinstance(item, Orphan) for item in result.plan.floats)
    findings = result.plan.findings if result.package.required and released else ()
    return frozenset(item.version for item in findings if item.name == "missing-release" and item.floats)


def is_nothing_published(results: Sequence[PackageResult]) -> bool:
    """Whether the registry has none of the packages, also where there is only one."""
    return bool(results) and all(result.absent for result in results)
