"""One container package on both its sides, the Packages API and the registry: read it, clean it, prove it, mend it.

Reads all that a plan needs or nothing, carries a plan out one version at a time, and afterwards resolves every tag that
is left down to its children. It must never delete what was not planned, what changed since, or what something needs
that is still there; and never say that something happened when it does not know.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeVar

from release_actions import images, retention
from release_actions.cleanup import journal
from release_actions.cleanup.cache import Cache
from release_actions.cleanup.pace import Limits
from release_actions.errors import ActionError, RemoteError
from release_actions.images import Graph, Image, Index
from release_actions.packages import Packages, PackageVersion
from release_actions.registry import Registry
from release_actions.retention import CleanupPlan
from release_actions.selection import Version

READERS = 8
"""Manifests read at a time. GitHub asks for less than 100 requests in flight."""

READINGS = 3
"""Times a package is read before giving up on one whose two sides do not agree."""

PAUSE = 2.0
"""Seconds between two readings: GHCR's list may lag behind a push or a deletion."""

SIZED = 200
"""Deletions whose manifests are read only to say how much they free. Beyond, the amount is a lower bound."""

Say = Callable[[str], object]
T = TypeVar("T")


@dataclass(frozen=True)
class Contents:
    """What a package held when it was read. `graph` is complete for its versions."""

    versions: tuple[Version, ...]
    graph: Graph

    @property
    def tags(self) -> Mapping[str, str]:
        """Tag -> digest."""
        return {tag: version.digest for version in self.versions for tag in version.tags}


@dataclass(frozen=True)
class NotDeleted:
    """A planned version that is still there, and why: GitHub's words where GitHub refused."""

    version: Version
    message: str
    hint: str = ""
    lasting: bool = False
    """Whether GitHub would say the same of every other version."""


@dataclass
class Outcome:
    """What has happened so far. Written as it happens, so that it is true whenever a run is stopped.

    `deleted`: by this run, in order; what an undo restores. `gone`: somebody else was faster. `refused`: GitHub said
    no. `moved`: changed since the plan, so it was left. `waiting`: not tried, because of another one or because the
    run stopped. `unsure`: asked for, without knowing whether it was done. `restored`: there again. `healed`: what an
    earlier run that was stopped had deleted, and something needs now; there again. `journal`: digest of the journal
    while it is there. `stopped`: why the run ended before everything was tried, by its own limits.
    """

    deleted: list[Version] = field(default_factory=list)
    gone: list[Version] = field(default_factory=list)
    refused: list[NotDeleted] = field(default_factory=list)
    moved: list[NotDeleted] = field(default_factory=list)
    waiting: list[NotDeleted] = field(default_factory=list)
    unsure: list[Version] = field(default_factory=list)
    restored: list[Version] = field(default_factory=list)
    healed: list[Version] = field(default_factory=list)
    journal: str = ""
    error: ActionError | None = None
    interrupted: bool = False
    stopped: str = ""
    check: Check | None = None

    @property
    def undo(self) -> tuple[int, ...]:
        """Ids of versions that are deleted now and can be restored for 30 days."""
        back = {version.id for version in self.restored}
        return tuple(version.id for version in (*self.deleted, *self.unsure) if version.id not in back)


@dataclass(frozen=True)
class Check:
    """What a look at the package after the deletions found.

    `tags`: tag -> digest as the registry resolves it now. `versions`: as GitHub lists them now. `broken`: sentences
    about what no longer pulls because of this run. `incomplete`: sentences about what lacks a part that this run did
    not delete.
    """

    tags: Mapping[str, str]
    versions: tuple[Version, ...]
    broken: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()


@dataclass(frozen=True)
class Store:
    """A container package. `path` is account/name; `say` gets a line of progress now and then.

    `cache`: manifests of earlier runs.
    """

    path: str
    packages: Packages
    registry: Registry
    say: Say = field(default=lambda _: None)
    cache: Cache | None = None

    @property
    def name(self) -> str:
        """The package's name without the account."""
        return self.path.partition("/")[2]

    def tags(self) -> frozenset[str]:
        """The tags that the registry lists: one request outside of the API's budget. Raises `RemoteError`."""
        found = self.registry.tags(self.path)
        if found is None:
            # The Packages API tells more than the registry about why a package is not there.
            self.packages.versions(self.name)
            message = f"The registry has no repository {self.path}, though GitHub lists the package."
            raise RemoteError(message, hint="Run it again later; nothing was deleted.")
        return frozenset(found)

    def read(self) -> Contents:
        """Every version and every manifest that a plan needs. Raises `ActionError` when any is missing."""
        last = None
        for reading in range(READINGS):
            if reading:
                self.say(f"{self.path}: {last} Reading it again.")
                time.sleep(PAUSE)
            versions = self.versions()
            last = self._disagreement(versions)
            if last:
                continue
            try:
                return self._contents(versions)
            except _NotThereError as error:
                last = str(error)
        message = f"{last} It was read {READINGS} times."
        raise RemoteError(message, hint="Run it again when nothing is being pushed to or deleted from the package.")

    def versions(self) -> tuple[Version, ...]:
        """The versions that GitHub lists now."""
        return tuple(_version(version) for version in self.packages.versions(self.name))

    def missing(self, contents: Contents) -> frozenset[str]:
        """What images list, or are attached to, that neither GitHub lists nor the registry has.

        Raises `RemoteError` when that cannot be found out: what is not known to be missing must not pass for it.
        """
        graph = contents.graph
        wanted = {digest for image in graph.images for digest in graph.children(image)} | set(graph.attached)
        unlisted = wanted - {version.digest for version in contents.versions}
        return frozenset(digest for digest, found in self._digests(unlisted).items() if not found)

    def sized(self, plan: CleanupPlan, contents: Contents) -> CleanupPlan:
        """The plan with the bytes of its deletions, where there are few enough to look at."""
        unread = [d.version.digest for d in plan.deletions if d.version.digest not in contents.graph.images]
        if not unread or len(unread) > SIZED:
            return plan
        try:
            more = self._manifests(unread)
        except ActionError:
            # How much is freed is no reason to stop; that some of it is not known is in the plan.
            return plan
        graph = Graph.of([*contents.graph.images.values(), *more.values()], contents.tags)
        going = {deletion.version.digest for deletion in plan.deletions}
        staying = {version.digest for version in contents.versions} - going
        freed_bytes, unsized = retention.freed(graph, going, staying)
        return replace(plan, freed_bytes=freed_bytes, unsized=unsized)

    def apply(self, plan: CleanupPlan, contents: Contents, outcome: Outcome, limits: Limits | None = None) -> None:
        """As `apply.apply`, which says how."""
        from release_actions.cleanup import apply  # it needs this module

        apply.apply(self, plan, contents, outcome, limits or Limits())

    def check(self, plan: CleanupPlan, contents: Contents, outcome: Outcome) -> Check:
        """Resolve every tag that is there now down to its children. Raises `ActionError` when that cannot be done."""
        kept = {
            tag: decision.version for decision in plan.decisions if not decision.delete for tag in decision.version.tags
        }
        deleted = {version.digest: version for version in (*outcome.deleted, *outcome.unsure)}
        names = set(self.registry.tags(self.path) or ()) - {journal.TAG}
        now = {tag: found for tag, found in self._digests([*names, *kept]).items() if found}
        listed = self.versions()
        broken = [
            f"The tag {tag} is gone, though its image is there: it was moved to what this run deleted."
            for tag in sorted(set(kept) - set(now))
            if any(version.id == kept[tag].id for version in listed)
        ]
        known = {decision.version.id for decision in plan.decisions}
        broken += self._lost_tags(plan, now)
        new = {version.digest for version in listed if version.id not in known} - {outcome.journal}
        labels: dict[str, str] = {digest: digest[:19] for digest in new}
        labels |= {digest: tag for tag, digest in sorted(now.items(), reverse=True)}
        needs = self._needs(labels, contents.graph)
        there = self._digests({digest for digests in needs.values() for digest in digests} - set(now.values()))
        incomplete = []
        for root in sorted(needs, key=lambda digest: labels[digest]):
            for digest in sorted(needs[root]):
                if digest == root or there.get(digest, digest):
                    continue
                if digest in deleted:
                    broken.append(f"{labels[root]} needs {digest}, which this run deleted.")
                else:
                    incomplete.append(f"{labels[root]} lacks {digest}, which this run did not delete.")
        return Check(now, listed, tuple(broken), tuple(incomplete))

    def restore(self, outcome: Outcome) -> tuple[NotDeleted, ...]:
        """Bring back all that this run deleted, parts first. Gives what could not be brought back, and why."""
        return self.bring_back((*outcome.deleted, *outcome.unsure), outcome)

    def bring_back(self, versions: Iterable[Version], outcome: Outcome) -> tuple[NotDeleted, ...]:
        """Restore versions given in the order of their deletion, parts first, and write them into `outcome`.

        Gives what could not be brought back, and why. One that was never gone counts as brought back.
        """
        failed = []
        for version in reversed([*versions]):
            try:
                refusal = self.packages.restore_version(self.name, version.id)
                # Refused also when it was never gone, or when the same content was pushed again meanwhile.
                there = not refusal or self.registry.head_manifest(self.path, version.digest) is not None
            except ActionError as error:
                failed.append(NotDeleted(version, str(error)))
                continue
            if refusal and not there:
                failed.append(NotDeleted(version, str(refusal), refusal.hint))
            else:
                outcome.restored.append(version)
                self.say(f"{self.path}: restored {title(version)}")
        return tuple(failed)

    def unresolved(self, wanted: Mapping[str, str]) -> list[str]:
        """Sentences about tags that do not name the wanted digest, or lack a part. Raises `ActionError`."""
        now = self._digests(wanted)
        lost = [f"The tag {tag} is not there." for tag, digest in now.items() if not digest]
        lost += [
            f"The tag {tag} names {digest} by now, and not {wanted[tag]}."
            for tag, digest in now.items()
            if digest and digest != wanted[tag]
        ]
        needs = self._needs({digest for digest in now.values() if digest}, Graph.of([]))
        there = self._digests({digest for digests in needs.values() for digest in digests})
        for tag, root in now.items():
            lost += [f"The tag {tag} lacks {part}." for part in sorted(needs.get(root, ())) if not there[part]]
        return lost

    def _lost_tags(self, plan: CleanupPlan, now: Mapping[str, str]) -> list[str]:
        """Tags that were put on a version at the moment it was deleted, and went with it."""
        planned = {deletion.version.id: {*deletion.version.tags, journal.TAG} for deletion in plan.deletions}
        return [
            f"The tag {tag} is gone: it was put on what this run deleted."
            for version in self.packages.versions(self.name, state="deleted")
            for tag in version.tags
            if tag not in planned.get(version.id, version.tags) and tag not in now
        ]

    def heal(self, plan: CleanupPlan, contents: Contents, outcome: Outcome) -> None:
        """Bring back what an earlier run deleted, by its journal, and what stays needs: it was pushed since.

        A run that is not killed does this itself at its end. Raises `ActionError`.
        """
        listed = frozenset().union(*(journal.listed(image) for image in contents.graph.images.values()))
        if not listed:
            return
        staying = [decision.version.digest for decision in plan.decisions if not decision.delete]
        images_now = dict(contents.graph.images)
        there = {version.digest for version in contents.versions}
        while lost := (Graph.of(images_now.values()).content(staying) & listed) - there:
            gone = {version.digest: version for version in reversed(self.packages.versions(self.name, state="deleted"))}
            again = Outcome()
            failed = self.bring_back([_version(gone[digest]) for digest in sorted(lost & gone.keys())], again)
            outcome.healed += again.restored
            there |= lost
            if failed:
                first = failed[0]
                message = (
                    f"A clean-up that was stopped deleted {first.version.digest}, which is needed. {first.message}"
                )
                raise RemoteError(message, hint=first.hint)
            images_now |= self._manifests(version.digest for version in again.restored)

    def begin_journal(self, plan: CleanupPlan, contents: Contents, outcome: Outcome) -> None:
        """Write down what only this plan knows to be parts of what goes, unless a journal that is there says so."""
        known = (journal.listed(image) for image in contents.graph.images.values())
        if plan.dependents <= frozenset().union(*known):
            return
        body = journal.write(plan.dependents)
        # Under a tag the journal counts as a tagged version, and GitHub would let go of the last real one.
        stays = any(decision.version.names for decision in plan.decisions if not decision.delete)
        reference = journal.TAG if stays else images.digest_of(body)
        outcome.journal = self.registry.put_manifest(self.path, reference, body, images.OCI_INDEX)

    def end_journal(self, outcome: Outcome) -> None:
        """Delete the journal of this run: nothing that it lists is left to do. Raises `RemoteError`.

        It stays for the next clean-up when something is left to do, or GitHub lets this token delete nothing.
        """
        if outcome.stopped or any(item.lasting for item in outcome.refused):
            return
        listed = outcome.check.versions if outcome.check else self.versions()
        found = [version for version in listed if version.digest == outcome.journal]
        for version in found:
            refusal = self.packages.delete_version(self.name, version.id)
            if refusal:
                outcome.refused.append(NotDeleted(version, str(refusal), refusal.hint))
            else:
                outcome.journal = ""

    def _disagreement(self, versions: Iterable[Version]) -> str:
        """Why the list of versions cannot be trusted: the registry has other tags."""
        listed = {tag for version in versions for tag in version.tags}
        known = self.tags()
        if listed == known:
            return ""
        odd = min(listed ^ known)
        side = "GitHub lists" if odd in listed else "the registry has"
        other = "the registry does not have" if odd in listed else "GitHub does not list"
        return f"In {self.path} {side} the tag {odd}, which {other}."

    def _contents(self, versions: tuple[Version, ...]) -> Contents:
        read: dict[str, Image] = {}
        tags = {tag: version.digest for version in versions for tag in version.tags}
        while True:
            graph = Graph.of(read.values(), tags)
            todo = retention.unread_roots(versions, graph)
            if not todo:
                return Contents(versions, graph)
            read |= self._manifests(todo)
            self.say(f"{self.path}: {len(versions)} versions, {len(read)} manifests read")

    def _manifests(self, digests: Iterable[str]) -> dict[str, Image]:
        def read(digest: str) -> Image:
            found = self.cache.get(digest) if self.cache else None
            if found is None:
                found = self.registry.get_manifest(self.path, digest)
                if found is None:
                    message = f"The registry does not have {digest} of {self.path}, though GitHub lists it."
                    raise _NotThereError(message)
                if self.cache:
                    self.cache.put(found)
            return images.parse(found.body, digest, found.media_type)

        return _each(read, sorted(set(digests)))

    def _digests(self, references: Iterable[str]) -> dict[str, str]:
        """What tags or digests resolve to now, empty for what is not there."""

        def resolve(reference: str) -> str:
            found = self.registry.head_manifest(self.path, reference)
            return found.digest if found else ""

        return _each(resolve, sorted(set(references)))

    def _needs(self, roots: Iterable[str], graph: Graph) -> dict[str, frozenset[str]]:
        """Digest of a root -> all that a client pulls of it. What is not known yet is read."""
        read = dict(graph.images)
        todo = frozenset(roots) - set(read)
        while todo:
            for digest in sorted(todo):
                found = self.registry.get_manifest(self.path, digest)
                # Somebody may have deleted it by now: then it needs nothing.
                read[digest] = (
                    images.parse(found.body, digest, found.media_type)
                    if found
                    else Index(digest, images.OCI_INDEX, 0, ())
                )
            todo = Graph.of(read[digest] for digest in read if digest not in graph.images).unread() - set(read)
        whole = Graph.of(read.values())
        return {root: whole.content([root]) for root in roots}


class _NotThereError(RemoteError):
    """The registry lacks what GitHub lists: one of them may lag."""


def _version(found: PackageVersion) -> Version:
    return Version(found.id, found.digest, found.tags, found.created_at, found.updated_at)


def title(version: Version) -> str:
    """A version for a person."""
    return f"{', '.join(version.tags) or 'untagged'} ({version.digest[:19]}, version {version.id})"


def _each(function: Callable[[str], T], items: Sequence[str]) -> dict[str, T]:
    """The function's result for every item, several at a time. The first error ends it."""
    pool = ThreadPoolExecutor(max_workers=READERS)
    try:
        return dict(zip(items, pool.map(function, items), strict=True))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
