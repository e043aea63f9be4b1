"""Carries a plan out: several deletions at a time, each only once what needs it is gone.

Compares every tagged image with the plan again right before it is deleted, however many there are, alone or with others
where that is one request. Untagged ones are compared alone or by listing the package now and then. It must never delete
what was not planned or what changed since, and never say that something happened when it does not know.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from release_actions.cleanup import copies, journal, mending, record, tagging
from release_actions.cleanup.contents import Contents
from release_actions.cleanup.events import (
    AlreadyGone,
    Deleted,
    DeletionNotSent,
    DeletionRefused,
    DeletionSent,
    Failed,
    Interrupted,
    NotDeleted,
    NotTried,
    Stopped,
    TagKept,
    VersionChanged,
)
from release_actions.cleanup.outcome import Outcome
from release_actions.cleanup.pace import Limits
from release_actions.cleanup.plan import CleanupPlan, Deletion
from release_actions.cleanup.record import ADMIN, HIDDEN
from release_actions.cleanup.result import NOT_BEGUN
from release_actions.cleanup.selection import Version
from release_actions.cleanup.store import Store, describe_version
from release_actions.errors import ActionError
from release_actions.github.packages import PER_PAGE, PackageVersion, Refusal
from release_actions.http.pace import Halt, HaltedError

WORKERS = 16
"""Deletions under way at a time: enough to keep the pace that GitHub allows, far below 100 requests in flight."""

FEW = 20
"""Deletions of which each image is looked up right before it goes, however few pages a listing has."""

MOMENT = 40
"""Deletions that a listing of tagged images may be old: seconds."""

BETWEEN = 16
"""Deletions for each request of a listing before a large plan is compared with a new one: a sixteenth more requests."""

AT_LEAST = 300
"""Deletions between two listings at least: less than two minutes, at the pace that GitHub allows."""

LAST_WORDS = 5.0
"""Seconds that requests under way have to end after a signal: the runner kills the process ten seconds after it."""

STILL_NEEDED = "What needs it is still there."
STILL_LISTS = "Something that it lists is still there."


@dataclass(frozen=True)
class Ended:
    """What came of one deletion. Exactly one of these is set, none for one that was not tried."""

    deleted: bool = False
    gone: bool = False
    moved: str = ""
    refusal: Refusal | None = None


@dataclass
class Work:
    """One plan being carried out.

    `journals`: ids of those of earlier runs. `listed`: id -> version, as of the last listing; None before one is made.
    `last`: id of the last version with a name, which is left to the end. `halt` stops requests of this package.
    """

    store: Store
    plan: CleanupPlan
    contents: Contents
    outcome: Outcome
    limits: Limits
    pages: int
    journals: frozenset[int]
    halt: Halt
    last: int = 0
    listed: Mapping[int, Version] | None = None
    since: int = 0
    count: int = 0
    stop: str = ""
    waiting: dict[int, set[int]] = field(default_factory=dict)
    following: dict[int, list[Deletion]] = field(default_factory=dict)
    ready: list[Deletion] = field(default_factory=list)
    left: dict[int, Deletion] = field(default_factory=dict)
    running: dict[Future[Ended], Deletion] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for deletion in self.plan.deletions:
            self.left[deletion.version.id] = deletion
            self.waiting[deletion.version.id] = set(deletion.after)
            for owner in deletion.after:
                self.following.setdefault(owner, []).append(deletion)
        self.ready = [deletion for deletion in reversed(self.plan.deletions) if not deletion.after]
        named = [d.version.id for d in self.plan.deletions if d.version.names and d.version.id not in self.journals]
        self.last = named[-1] if named else 0
        self.ready = [deletion for deletion in self.ready if deletion.version.id != self.last]

    def run(self, pool: ThreadPoolExecutor) -> None:
        """All that can be done, until it is done or `stop` says why not. Raises `ActionError`."""
        self.finish(pool)
        self.finish_last(pool)
        if not self.stop and (self.outcome.refused or self.outcome.moved):
            mending.heal(self.store, self.plan, self.contents, self.outcome)
        # Whatever else is still there stays because something needs it: earlier journals have nothing more to say.
        alone = record.find_orphaned_parts(
            self.plan, self.contents, self.outcome, (item.version for item in self.left.values())
        )
        images = self.contents.graph.images
        earlier = [self.left[number] for number in sorted(self.journals & self.left.keys())]
        self.ready = [item for item in earlier if not alone & journal.read_listed(images.get(item.version.digest))]
        self.finish(pool)
        self.stop = self.stop or self.limits.stop(self.pages)
        if self.plan.strips and not self.stop:
            self.stop = tagging.strip(self.store, self.plan, self.outcome, lambda: self.limits.stop(self.pages))

    def finish_last(self, pool: ThreadPoolExecutor) -> None:
        """The last image with a name, and its parts. From then on only the journal shows that something is left."""
        if not self.stop and self.last in self.left and not self.waiting[self.last]:
            if not any(item.version.names for item in self.outcome.refused):
                record.show(self.store, self.plan, self.outcome)
            self.ready = [self.left[self.last]]
            self.finish(pool)

    def finish(self, pool: ThreadPoolExecutor) -> None:
        """All that is ready, and what becomes ready by it."""
        while self.ready or self.running:
            self.stop = self.stop or self.limits.stop(self.pages)
            if self.stop:
                self.ready.clear()
                self.halt.stop()
            # Deletions under way would change a list while it is read.
            while self.ready and len(self.running) < WORKERS and not (self.due and self.running):
                if self.due:
                    self.listed = {version.id: version for version in self.store.versions()}
                    self.since = 0
                deletion = self.ready.pop()
                self.since += 1
                self.outcome.add(DeletionSent(deletion.version))
                self.running[pool.submit(self.halt.run, self.delete, deletion)] = deletion
            done, _ = wait(self.running, timeout=1.0, return_when=FIRST_COMPLETED)
            self.collect(done)

    @functools.cached_property
    def lists_tagged(self) -> bool:
        """Whether tagged images are compared with a listing that is a few deletions old, and not looked up one by one.

        Only where a listing is one request, and so tells as much as looking up one of them.
        """
        tagged = sum(bool(deletion.version.names) for deletion in self.plan.deletions)
        return self.pages == 1 and -(-len(self.plan.deletions) // MOMENT) < tagged and len(self.plan.deletions) > FEW

    @functools.cached_property
    def lists(self) -> bool:
        """Whether untagged images are compared with a listing now and then, as that takes fewer requests.

        Otherwise each is looked up right before it is deleted, as a tagged one is.
        """
        untagged = sum(not deletion.after and not deletion.version.names for deletion in self.plan.deletions)
        listings = -(-len(self.plan.deletions) // self.between)
        return self.lists_tagged or (len(self.plan.deletions) > FEW and untagged > listings * self.pages)

    @property
    def between(self) -> int:
        """Deletions between two listings."""
        return MOMENT if self.lists_tagged else max(AT_LEAST, BETWEEN * (self.pages + 1))

    @property
    def due(self) -> bool:
        """Whether the last listing is too old to go by."""
        return self.lists and (self.listed is None or self.since >= self.between)

    def collect(self, done: set[Future[Ended]]) -> None:
        """Write down what ended. Raises the first `ActionError` of all."""
        error: BaseException | None = None
        for future in sorted(done, key=lambda future: self.running[future].version.id):
            deletion = self.running.pop(future)
            failed = future.exception()
            if isinstance(failed, HaltedError):
                self.outcome.add(DeletionNotSent(deletion.version))
                continue
            if failed is not None:
                # Nobody knows whether it was done: it stays among what is unsure.
                del self.left[deletion.version.id]
                error = error or failed
                continue
            del self.left[deletion.version.id]
            self.settle(deletion, future.result())
        if error:
            raise error

    def settle(self, deletion: Deletion, ended: Ended) -> None:
        """Write down one result, and let go what waited for it."""
        version, outcome = deletion.version, self.outcome
        if ended.moved:
            outcome.add(VersionChanged(NotDeleted(version, ended.moved)))
            return
        if ended.refusal:
            lasting = ended.refusal.forbidden
            hint = f"{ended.refusal.hint} {ADMIN}".strip() if lasting else ended.refusal.hint
            self.store.say(f"{self.store.path}: not deleted {describe_version(version)}: {ended.refusal}")
            if lasting and self.stop:
                # The same answer to what was already under way.
                outcome.add(NotTried(NotDeleted(version, self.stop)))
                return
            outcome.add(DeletionRefused(NotDeleted(version, str(ended.refusal), hint, lasting=lasting)))
            if lasting:
                self.stop = "GitHub does not allow this token to delete versions of the package."
            return
        outcome.add(AlreadyGone(version) if ended.gone else Deleted(version))
        if ended.deleted:
            self.count += 1
            self.store.say(
                f"{self.store.path}: deleted {self.count} of {len(self.plan.deletions)}, {describe_version(version)}"
            )
        if version.id == self.last and ended.deleted:
            # GitHub let it go, so somebody has put another tag; none that is selected shows any more what is left.
            record.show(self.store, self.plan, outcome)
        for part in self.following.get(version.id, []):
            blockers = self.waiting[part.version.id]
            blockers.discard(version.id)
            if not blockers and part.version.id != self.last:
                self.ready.append(part)

    def delete(self, deletion: Deletion) -> Ended:
        """Delete one version if it still is what was planned. Runs in a thread of its own."""
        version = deletion.version
        packages, name = self.store.packages, self.store.name
        now = self.current(deletion)
        if now is None:
            return Ended(gone=True)
        # A new journal takes the tag from an old one.
        if {*now.tags} - {journal.TAG} != {*version.tags} - {journal.TAG} or now.digest != version.digest:
            tags = ", ".join(sorted(now.tags)) or "none"
            return Ended(moved=f"Its tags changed since the plan was made; now: {tags}.")
        refusal = packages.delete_version(name, version.id)
        # 404 stands for "gone" and for "not allowed".
        if refusal and refusal.status == HTTPStatus.NOT_FOUND:
            if not packages.get_version(name, version.id):
                return Ended(gone=True)
            refusal = replace(refusal, hint=HIDDEN)
        return Ended(refusal=refusal) if refusal else Ended(deleted=True)

    def current(self, deletion: Deletion) -> Version | PackageVersion | None:
        """The version as it is now, as far as that has to be known; None when it is gone.

        What has a name is looked up, or is in a listing of a moment ago. A part is deleted right after its image and is
        not looked up: a tag that somebody puts on it in between is found by the proof, which restores the part.
        """
        version = deletion.version
        if not version.names or self.lists_tagged:
            known = self.listed.get(version.id) if self.listed is not None else None
            if known:
                return known
            if deletion.after and not version.names:
                return version
        return self.store.packages.get_version(self.store.name, version.id)


def count_pages(contents: Contents) -> int:
    """Requests that listing the package takes."""
    return len(contents.versions) // PER_PAGE + 1


def apply(store: Store, plan: CleanupPlan, contents: Contents, outcome: Outcome, limits: Limits) -> None:
    """Delete what is planned, and write what happens into `outcome`. Raises nothing of GitHub's, and no interrupt.

    A version goes only once all that needs it is gone. When the time or the budget of `limits` is used up, what is
    under way ends and `outcome.stopped` says why.
    """
    images = contents.graph.images
    journals = frozenset(v.id for v in contents.versions if journal.is_journal(images.get(v.digest), v.tags))
    pages = count_pages(contents)
    work = Work(store, plan, contents, outcome, limits, pages, journals, Halt(limits.pace))
    pool = ThreadPoolExecutor(max_workers=WORKERS)
    try:
        stop = limits.stop(pages)
        if not stop:
            copies.put_right(store, contents.copies, outcome)
            mending.heal(store, plan, contents, outcome)
            record.begin(store, plan, contents, outcome)
            work.run(pool)
            stop = "" if outcome.is_refused_for_good else work.stop
        if stop:
            outcome.add(Stopped(stop))
    except ActionError as error:
        outcome.add(Failed(error))
    except KeyboardInterrupt:
        outcome.add(Interrupted())
    work.halt.stop()
    settled, _ = wait(work.running, timeout=LAST_WORDS if outcome.is_interrupted else None)
    try:
        work.collect(settled)
    except ActionError as error:
        outcome.add(Failed(error))
    pool.shutdown(wait=False, cancel_futures=True)
    unsure = {version.id for version in outcome.unsure}
    begun = bool(outcome.stopped or outcome.error or outcome.is_interrupted)
    for deletion in plan.deletions:
        version = deletion.version
        if version.id in work.left and version.id not in unsure:
            still = STILL_LISTS if version.id in journals else STILL_NEEDED
            reason = work.stop or outcome.stopped or (NOT_BEGUN if begun else still)
            outcome.add(NotTried(NotDeleted(version, reason)))
    tried = {strip.tag for strip in outcome.stripped} | {kept.strip.tag for kept in outcome.kept}
    outcome.add(*(TagKept(strip, NOT_BEGUN, tried=False) for strip in plan.strips if strip.tag not in tried))
