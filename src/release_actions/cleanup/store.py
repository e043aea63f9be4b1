"""One container package on both its sides, the Packages API and the registry: what it holds.

Reads all that a plan needs or nothing. It must never take a list that one side alone gives for what is there.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

from release_actions.cleanup import retention
from release_actions.cleanup.cache import Cache
from release_actions.cleanup.contents import Contents
from release_actions.cleanup.plan import CleanupPlan
from release_actions.cleanup.selection import Version
from release_actions.errors import ActionError, RemoteError
from release_actions.github.packages import Packages, PackageVersion
from release_actions.images import manifests as image_manifests
from release_actions.images.graph import Graph
from release_actions.images.manifests import AnyManifest, Index
from release_actions.registry.client import Registry
from release_actions.registry.media_types import OCI_INDEX
from release_actions.registry.names import Digest, PackagePath
from release_actions.runner import stopping
from release_actions.runner.report import counted

READERS = 48
"""Manifests read at a time: at the latency of GHCR, half of the pace that it allows."""

IN_FLIGHT = 96
"""Reads of the registry at a time, of all packages together. GitHub asks for less than 100 requests in flight."""

_free_reads = threading.BoundedSemaphore(IN_FLIGHT)

PROGRESS = 500
"""Manifests between two words of progress: a quarter of a minute, at the pace that GHCR allows."""

READINGS = 3
"""Times a package is read before giving up on one whose two sides do not agree."""

PAUSE = 2.0
"""Seconds between two readings: GHCR's list may lag behind a push or a deletion."""

Say = Callable[[str], object]
T = TypeVar("T")


@dataclass(frozen=True)
class Store:
    """A container package. `path` is account/name; `say` gets a line of progress now and then.

    `cache`: manifests of earlier runs.
    """

    path: PackagePath
    packages: Packages
    registry: Registry
    say: Say = field(default=lambda _: None)
    cache: Cache | None = None

    @property
    def folder(self) -> Path | None:
        """Where something is kept for the next run; None when nothing is."""
        return self.cache.folder if self.cache else None

    @property
    def name(self) -> str:
        """The package's name without the account."""
        return self.path.partition("/")[2]

    def tags(self) -> frozenset[str]:
        """The tags that the registry lists: one request outside of the API's budget. Raises `RemoteError`."""
        listed = self.registry.tags(self.path)
        if listed is None:
            # The Packages API tells more than the registry about why a package is not there.
            self.packages.versions(self.name)
            message = f"The registry has no repository {self.path}, though GitHub lists the package."
            raise RemoteError(message, hint="Run it again later; nothing was deleted.")
        return frozenset(listed)

    def read(self, may_lack: Callable[[Version], bool] = lambda _: False) -> Contents:
        """Every version and every manifest that a plan needs. Raises `ActionError` when any is missing.

        `may_lack`: whether a version whose manifest the registry does not have may be taken for an empty one.
        """
        last = ""
        lacking: frozenset[str] = frozenset()
        for reading in range(READINGS):
            if reading:
                self.say(f"{self.path}: {last} Reading it again.")
                self.pause()
            versions = self._read_versions()
            last = self._disagreement(versions)
            if last:
                continue
            named = {version.digest for version in versions if may_lack(version)}
            try:
                return self._contents(versions, named if reading == READINGS - 1 else set())
            except _NotThereError as error:
                last, lacking = str(error), error.digests
        message = f"{last} It was read {READINGS} times."
        hint = "Run it again when nothing is being pushed to or deleted from the package."
        if lacking:
            hint += " If it is missing for good, name its tag in delete-tags, or its tag or digest in exclude-tags."
        raise RemoteError(message, hint=hint)

    @staticmethod
    def pause() -> None:
        """Give GitHub's list time to show what was pushed or deleted."""
        time.sleep(PAUSE)

    def versions(self) -> tuple[Version, ...]:
        """The versions that GitHub lists now."""
        return tuple(make_version(version) for version in self.packages.versions(self.name))

    def _read_versions(self) -> tuple[Version, ...]:
        """As `versions`. A 404 is explained by what the registry shows to the same token."""
        try:
            return self.versions()
        except RemoteError as error:
            if error.status != HTTPStatus.NOT_FOUND or not self.registry.tags(self.path):
                raise
            message = str(error.problems[0].message)
        hint = (
            "The registry has the package, so the token may pull it and not list its versions. The job needs the "
            "permission 'packages: write', and its repository a role under the package's \"Manage Actions access\"; a "
            "classic token needs the scope read:packages."
        )
        raise RemoteError(message, hint=hint)

    def missing(self, contents: Contents) -> frozenset[str]:
        """What images list, or are attached to, that neither GitHub lists nor the registry has.

        Raises `RemoteError` when that cannot be found out: what is not known to be missing must not pass for it.
        """
        graph = contents.graph
        wanted = {digest for image in graph.images for digest in graph.parts(image)} | set(graph.attached)
        unlisted = wanted - {version.digest for version in contents.versions}
        return frozenset(digest for digest, exists in self.digests(unlisted).items() if not exists)

    def sized(self, plan: CleanupPlan, contents: Contents, most: int = 0) -> CleanupPlan:
        """The plan with the bytes of its deletions, from manifests that are known and few that are not."""
        unread = [d.version.digest for d in plan.deletions if d.version.digest not in contents.graph.images]
        more: dict[str, AnyManifest] = {digest: image for digest in unread if (image := self._cached(digest))}
        unread = [digest for digest in unread if digest not in more]
        if len(unread) <= most:
            # How much is freed is no reason to stop; that some of it is not known is in the plan.
            with contextlib.suppress(ActionError):
                more |= self.manifests(unread)
        if not more:
            return plan
        graph = Graph.of([*contents.graph.images.values(), *more.values()], contents.tags)
        going = {deletion.version.digest for deletion in plan.deletions}
        staying = {version.digest for version in contents.versions} - going
        freed_bytes, unsized, unseen = retention.count_freed(graph, going, staying)
        return replace(plan, freed_bytes=freed_bytes, unsized=unsized, unseen=unseen)

    def _disagreement(self, versions: Iterable[Version]) -> str:
        """Why the list of versions cannot be trusted: the registry has other tags."""
        # Read after the list, which may lag behind a push: tags from before would agree with a list that does.
        listed = {tag for version in versions for tag in version.tags}
        known = self.tags()
        if listed == known:
            return ""
        odd = min(listed ^ known)
        side = "GitHub lists" if odd in listed else "the registry has"
        other = "the registry does not have" if odd in listed else "GitHub does not list"
        return f"In {self.path} {side} the tag {odd}, which {other}."

    def _contents(self, versions: tuple[Version, ...], may_lack: Collection[str]) -> Contents:
        read: dict[str, AnyManifest] = {}
        lacking: frozenset[str] = frozenset()
        tags = {tag: version.digest for version in versions for tag in version.tags}
        # Each round reads one more level of indexes, and no manifest is read twice.
        while True:
            graph = Graph.of(read.values(), tags)
            todo = retention.find_unread_roots(versions, graph)
            if not todo:
                return Contents(versions, graph, lacking=lacking)
            contents, missing = self._known_manifests(todo)
            unnamed = missing.difference(may_lack)
            if unnamed:
                raise _NotThereError(self.path, unnamed)
            lacking |= missing
            read |= contents | {digest: Index(Digest(digest), OCI_INDEX, 0, ()) for digest in missing}
            self.say(f"{self.path}: {counted(len(versions), 'version')}, {counted(len(read), 'manifest')} read")

    def manifests(self, digests: Iterable[str]) -> dict[str, AnyManifest]:
        """Manifests by digest, from the cache where they are there. Raises `ActionError` for one that is missing."""
        manifests, missing = self._known_manifests(digests)
        if missing:
            raise _NotThereError(self.path, missing)
        return manifests

    def _known_manifests(self, digests: Iterable[str]) -> tuple[dict[str, AnyManifest], frozenset[str]]:
        """Manifests by digest, from the cache where they are there, and the digests that the registry does not have."""

        def read(digest: str) -> AnyManifest | None:
            kept = self._cached(digest)
            if kept:
                return kept
            manifest = self.registry.get_manifest(self.path, digest)
            if manifest is None:
                return None
            if self.cache:
                self.cache.put(manifest)
            return image_manifests.parse(manifest.body, digest, manifest.media_type)

        answers = _map_all(read, sorted(set(digests)), lambda words: self.say(f"{self.path}: read {words} manifests"))
        missing = frozenset(digest for digest, image in answers.items() if image is None)
        return {digest: image for digest, image in answers.items() if image is not None}, missing

    def _cached(self, digest: str) -> AnyManifest | None:
        """A manifest from the cache; None when it is not there, or its media type is not what it was pushed with."""
        body = self.cache.get(digest) if self.cache else None
        with contextlib.suppress(ActionError):
            return image_manifests.parse(body.body, digest, body.media_type) if body else None
        return None

    def digests(self, references: Iterable[str]) -> dict[str, str]:
        """What tags or digests resolve to now, empty for what is not there."""

        def resolve(reference: str) -> str:
            manifest = self.registry.head_manifest(self.path, reference)
            return manifest.digest if manifest else ""

        return _map_all(resolve, sorted(set(references)), lambda words: self.say(f"{self.path}: resolved {words} tags"))


class _NotThereError(RemoteError):
    """The registry lacks what GitHub lists: one of them may lag."""

    def __init__(self, path: PackagePath, digests: frozenset[str]) -> None:
        super().__init__(f"The registry does not have {min(digests)} of {path}, though GitHub lists it.")
        self.digests = digests


def make_version(listed: PackageVersion) -> Version:
    """A version as rules see it."""
    return Version(listed.id, Digest(listed.digest), listed.tags, listed.created_at, listed.updated_at)


def describe_version(version: Version) -> str:
    """A version for a person."""
    return f"{', '.join(version.tags) or 'untagged'} ({version.digest[:19]}, version {version.id})"


def _map_all(function: Callable[[str], T], items: Sequence[str], told: Callable[[str], object]) -> dict[str, T]:
    """The function's result for every item, several at a time. The first error ends it.

    `told` gets a few words of progress now and then.
    """

    def call(item: str) -> T:
        with _free_reads:
            return function(item)

    pool = ThreadPoolExecutor(max_workers=READERS)
    results: dict[str, T] = {}
    try:
        for number, (item, result) in enumerate(zip(items, pool.map(call, items), strict=True), start=1):
            if stopping.is_stopping():
                # No signal reaches a thread that cleans one of several packages.
                raise KeyboardInterrupt
            results[item] = result
            if number % PROGRESS == 0 and number < len(items):
                told(f"{number} of {len(items)}")
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return results
