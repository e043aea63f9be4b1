"""Makes one package's floating tags name what they must: read, plan, move, look again until it stays.

A tag is moved by putting the very bytes of its release under it, so its digest is the release's. A release counts only
if it is complete: all wanted platforms, and every child there. This module must never re-serialise a manifest, never
delete anything, and never move a tag for which the plan knows no release.

Two runs that meet end in the same state: the target follows from what is published and not from who asks, every
writer reads everything again after its last write, and what it then sees holds only once two looks in a row agree.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Protocol, TypeVar

from release_actions.config import Package
from release_actions.errors import PartialError, RemoteError
from release_actions.floating.git_versions import GitVersions
from release_actions.floating.journal import (
    Journal,
    TagChange,
    TagObserved,
    TagRead,
    WriteBegun,
    WriteDone,
    WriteRefused,
)
from release_actions.floating.package_state import JudgedPackage, PackageReader, PackageState
from release_actions.floating.rules import FloatingRules
from release_actions.registry.registries import Registries

WRITE_ROUNDS = 3
"""How often the tags of a package are written before another workflow is said to move them."""

READS_AFTER_WRITE = 6
"""Reads after a write, at most, until two in a row agree."""

LONGEST_PAUSE_SECONDS = 30.0
"""Between two reads, at most. Pauses double."""

HINT_OTHER_WRITER = "Find the workflow that pushes floating tags: only protect-latest may. Then run this again."


class PackageView(Protocol):
    """A look at a package: what is to be changed, and what was read for it."""

    @property
    def changes(self) -> Sequence[TagChange]: ...  # the class says it

    @property
    def state(self) -> PackageState: ...  # the class says it


AnyPackageView = TypeVar("AnyPackageView", bound=PackageView)


class Reconciler(PackageReader):
    """Reads packages, each of its registry, and moves their tags. May be shared by threads.

    `settle`: seconds before the first look at what was written; it has to exceed half the time that the registry's
    reads lag behind its writes. The rest as of `PackageReader`.
    """

    def __init__(
        self,
        registries: Registries,
        rules: FloatingRules,
        git: GitVersions,
        *,
        thorough: bool = False,
        settle: float = 2.0,
        pool: Executor | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        super().__init__(registries, rules, git, thorough=thorough, pool=pool)
        self._settle = settle
        self._sleep = sleep

    def enforce(self, package: Package, judged: JudgedPackage, journal: Journal) -> JudgedPackage:
        """Move every floating tag that is wrong, and return the last look at the package.

        Raises `PartialError` when the tags do not stay where they were put, and what the registry raises; `journal`
        tells what was done until then.
        """

        def again() -> JudgedPackage:
            last = self.judge(package, judged.state, since=journal.written)
            if last is None:
                message = f"{package.reference} was deleted while its floating tags were moved."
                raise RemoteError(message, hint="Restore the package if that was a mistake, and run this again.")
            return last

        return self.converge(package, judged, again, journal)

    def converge(
        self, package: Package, first: AnyPackageView, look: Callable[[], AnyPackageView], journal: Journal
    ) -> AnyPackageView:
        """Write what a look wants changed until nothing is. No waiting when nothing has to be written."""
        if not first.changes:
            return first
        view = first
        # A bounded number of rounds: if another workflow writes the same tags, neither would ever end.
        for _ in range(WRITE_ROUNDS):
            for change in view.changes:
                self._put(package, change, view.state, journal)
            view, is_settled = self._watch(look)
            self._observe(package, view, journal)
            if is_settled and not view.changes:
                return view
        if not view.changes:
            message = f"Another workflow keeps moving the floating tags of {package.reference}."
            raise PartialError(message, done=len(journal.done), total=len(journal.done), hint=HINT_OTHER_WRITER)
        change = view.changes[0]
        message = (
            f"{package.reference}:{change.tag} is moved away again: after {WRITE_ROUNDS} writes it names "
            f"{change.before or 'nothing'}, not {change.after}."
        )
        raise PartialError(
            message, done=len(journal.done), total=len(journal.done) + len(view.changes), hint=HINT_OTHER_WRITER
        )

    def pause(self) -> None:
        """Wait as long as before a first look."""
        self._sleep(self._settle)

    def put_back(self, package: Package, journal: Journal) -> tuple[list[str], list[str]]:
        """Put every changed tag back on what it named before. Needs a journal with `olds`.

        Returns the tags that are back, and a sentence for each that is not. A tag that another workflow has moved since
        is not changed, and a tag that did not exist before is kept: registries such as GHCR delete no tags.
        """
        back, kept = [], []
        for tag, change in reversed(journal.last.items()):
            old = journal.olds.get(tag)
            name = f"{package.reference}:{tag}"
            seen = self._parts.read_digest(package, tag)
            if old is not None and seen == old.digest:
                back.append(tag)
            elif seen != change.after:
                kept.append(f"Another workflow moved {name} to {seen or 'nothing'}, so it was not changed.")
            elif old is None:
                kept.append(f"{name} is new and still names {change.after}, because the registry cannot delete a tag.")
            else:
                self._registries.of(package.registry).put_manifest(package.name, tag, old.body, old.media_type)
                if self._stays(package, tag, old.digest):
                    back.append(tag)
                else:
                    kept.append(f"{name} was put back on {old.digest}, but another workflow moved it again.")
        return back, kept

    def _put(self, package: Package, change: TagChange, state: PackageState, journal: Journal) -> None:
        if journal.keeps_olds and change.tag not in journal.olds:
            old = (
                self._registries.of(package.registry).get_manifest(package.name, change.tag) if change.before else None
            )
            journal.record(TagRead(change.tag, old))
        manifest = state.manifests[change.after]
        # Noted first: a write whose answer is lost may have been carried out.
        journal.record(WriteBegun(change))
        try:
            self._registries.of(package.registry).put_manifest(
                package.name, change.tag, manifest.body, manifest.media_type
            )
        except RemoteError as error:
            if error.undone:
                journal.record(WriteRefused())
            raise
        journal.record(WriteDone(self._git.clock()))

    def _watch(self, look: Callable[[], AnyPackageView]) -> tuple[AnyPackageView, bool]:
        """Look until two looks in a row agree about what is to be done; the last look, and whether they agreed."""
        pause = self._settle
        seen: list[tuple[str, str, str]] | None = None
        view = None
        for _ in range(READS_AFTER_WRITE):
            self._sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            view = look()
            now = [(change.tag, change.before, change.after) for change in view.changes]
            if now == seen:
                return view, True
            seen = now
        assert view is not None  # noqa: S101  # there is at least one look
        return view, False

    def _observe(self, package: Package, view: PackageView, journal: Journal) -> None:
        """Record what others did to the tags that were put."""
        wrong = {change.tag for change in view.changes}
        for tag, change in journal.last.items():
            name, seen = f"{package.reference}:{tag}", view.state.tags.get(tag, "")
            if seen == change.after:
                continue
            if tag not in wrong:
                sentence = f"Another workflow moved {name} on to {seen}, which is right now."
            elif seen == change.before:
                sentence = f"{name} was put on {change.after} and still names {seen or 'nothing'}."
            else:
                sentence = f"Another workflow moved {name} to {seen or 'nothing'}, which is wrong."
            journal.record(TagObserved(sentence))

    def _stays(self, package: Package, tag: str, digest: str) -> bool:
        """Whether a tag that was just written names a digest, by two looks in a row."""
        pause, agreed = self._settle, 0
        for _ in range(READS_AFTER_WRITE):
            self._sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            agreed = agreed + 1 if self._parts.read_digest(package, tag) == digest else 0
            if agreed > 1:
                return True
        return False
