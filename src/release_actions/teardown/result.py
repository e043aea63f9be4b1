"""What a teardown planned and did, and why each thing is deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from release_actions.teardown.events import Done
from release_actions.teardown.instructions import list_local_commands
from release_actions.teardown.model import Plan, World
from release_actions.teardown.package import PackageTeardown
from release_actions.versions.version import Version, parse_known


@dataclass(frozen=True)
class TeardownResult:
    """What a run planned and did: all that its report is made of.

    `kept`: sentences about candidates that were not asked for by name and are kept. `strangers`: candidates that no
    system knows -> how they are spelled there. `undo_file`: where the undo file is; empty when none was written.
    `address`: of the repository, for clones. `unread`: packages that could not be read, so that nothing was planned to
    the end. `kinds`: account -> what GitHub's API calls its kind, `orgs` or `users`. `strays`: sentences about packages
    that the configuration does not name and that hold a candidate.
    """

    plan: Plan
    images: tuple[PackageTeardown, ...]
    kept: tuple[str, ...]
    strangers: Mapping[str, str]
    done: Done
    address: str
    unread: int = 0
    undo_file: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)
    strays: tuple[str, ...] = ()

    @property
    def planned(self) -> int:
        """Package versions that the plan deletes."""
        return sum(image.planned for image in self.images)

    @property
    def deleted(self) -> int:
        """Package versions that are deleted now, as far as that is known."""
        return sum(len(image.outcome.deleted) - len(image.outcome.restored) for image in self.images)

    @property
    def touched(self) -> tuple[PackageTeardown, ...]:
        """The packages of which something is deleted."""
        return tuple(image for image in self.images if image.planned)

    @property
    def errors(self) -> bool:
        """Whether something could not be found out or not be finished."""
        broken = (image.outcome.check and image.outcome.check.broken for image in self.images)
        return bool(self.done.error or any(image.outcome.error for image in self.images) or any(broken))

    @property
    def interrupted(self) -> bool:
        """Whether a signal stopped it."""
        return self.done.is_interrupted or any(image.outcome.is_interrupted for image in self.images)

    @property
    def stopped(self) -> str:
        """Why its own limits ended the run before everything was tried, as a sentence; empty otherwise."""
        stops = (*(image.outcome.stopped for image in self.images), self.done.stopped)
        return next((sentence for sentence in stops if sentence), "")

    @property
    def changed(self) -> bool:
        """Whether something may have gone or moved, and is not back."""
        undone = any(image.outcome.undo for image in self.images)
        return bool(undone or self.done.releases or self.done.refs or self.done.pending)

    @property
    def still_there(self) -> tuple[tuple[str, str], ...]:
        """What did not go, against the plan, and why: package versions, releases and git tags."""
        versions = (
            (f"version {item.version.id} of {image.path}", item.message)
            for image in self.images
            for item in image.outcome.not_deleted
        )
        again = ((f"tag {tag} of {image.path}", "It was pushed again.") for image in self.images for tag in image.again)
        return (*versions, *again, *((not_done.what, not_done.message) for not_done in self.done.left))

    @property
    def commands(self) -> tuple[str, ...]:
        """What people run in their clones."""
        return () if self.unread else list_local_commands(self.plan, self.done, self.address)

    @property
    def empty(self) -> bool:
        """Whether nothing had to be done."""
        return not (self.planned or self.plan.releases or self.plan.refs)


def find_strangers(candidates: Iterable[Version], plan: Plan, world: World) -> dict[str, str]:
    """Candidates of the plan that no system knows -> how one spells the same version; empty when none has it."""
    there = {
        *world.git.tags,
        *(tag for path, tags in world.images.items() for tag in world.names.list_git_tags(path, tags)),
    }
    there |= {release.tag for release in world.releases}
    spelled = {version.order: version.tag for version in parse_known(there, world.names.prefix)}
    going = set(plan.candidates)
    return {
        candidate.tag: spelled.get(candidate.order, "")
        for candidate in candidates
        if candidate in going and candidate.tag not in there
    }


def list_reasons(image: PackageTeardown) -> Mapping[int, str]:
    """Id of a package version -> why it goes."""
    behind, reasons_by_tag = image.behind, {}
    for deletion in image.plan.deletions if image.plan else ():
        version = deletion.version
        owners = sorted(image.owners_of(deletion))
        named = ", ".join(owners)
        if owners:
            own = not image.exact.isdisjoint(version.names)
            reasons_by_tag[version.id] = f"It is the image of {named}." if own else f"It belongs to {named}."
        elif behind[version.id]:
            reasons_by_tag[version.id] = f"Nothing but {', '.join(sorted(behind[version.id]))} needs it."
        else:
            reasons_by_tag[version.id] = image.plan.by_digest[version.digest].reason if image.plan else ""
    return reasons_by_tag
