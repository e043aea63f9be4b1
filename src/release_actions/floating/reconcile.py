"""Makes one package's floating tags name what they must: read, plan, move, look again until it stays.

A tag is moved by putting the very bytes of its release under it, so its digest is the release's. A release counts only
if it is complete: all wanted platforms, and every child there. This module must never re-serialise a manifest, never
delete anything, and never move a tag for which the plan knows no release.

Two runs that meet end in the same state: the target follows from what is published and not from who asks, every
writer reads everything again after its last write, and what it then sees holds only once two looks in a row agree.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from release_actions.config import Package
from release_actions.errors import PartialError, RemoteError
from release_actions.floating.package_state import GitVersions, Judged, Reader, State
from release_actions.floating.plan import Rules
from release_actions.registry.client import Manifest, Registry

WRITES = 3
"""How often the tags of a package are put where they belong before somebody else is said to move them."""

LOOKS = 6
"""Looks after a write, at most, until two in a row agree."""

LONGEST_PAUSE = 30.0
"""Seconds between two looks, at most. Pauses double."""

FIGHT = "Find the workflow that pushes floating tags; only protect-latest may. Then run this again."


class Change(Protocol):
    """A tag to be put on another digest. `before` is empty when the tag does not exist."""

    @property
    def tag(self) -> str: ...  # the class says it

    @property
    def before(self) -> str: ...  # the class says it

    @property
    def after(self) -> str: ...  # the class says it


class View(Protocol):
    """A look at a package: what is to be changed, and what was read for it."""

    @property
    def changes(self) -> Sequence[Change]: ...  # the class says it

    @property
    def state(self) -> State: ...  # the class says it


AnyView = TypeVar("AnyView", bound=View)


@dataclass
class Journal:
    """What was done to one package, kept while it is done, so that a failure in between loses nothing.

    `done`: every change that was put, in order. `olds`: tag -> what it named before the first of them, None where
    there was no such tag; only where it was asked for. `notes`: sentences about what others did meanwhile. `written`:
    when the last of them was put, by the clock of `GitVersions`.
    """

    done: list[Change] = field(default_factory=list)
    written: float = -math.inf
    olds: dict[str, Manifest | None] | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def last(self) -> dict[str, Change]:
        """The last change of each tag."""
        return {change.tag: change for change in self.done}


class Reconciler(Reader):
    """Reads packages of one registry and moves their tags. May be shared by threads.

    `settle`: seconds before the first look at what was written; it has to exceed half the time that the registry's
    reads lag behind its writes. The rest as of `Reader`.
    """

    def __init__(
        self,
        registry: Registry,
        rules: Rules,
        git: GitVersions,
        *,
        thorough: bool = False,
        settle: float = 2.0,
        pool: Executor | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        super().__init__(registry, rules, git, thorough=thorough, pool=pool)
        self._settle = settle
        self._sleep = sleep

    def enforce(self, package: Package, judged: Judged, journal: Journal) -> Judged:
        """Move every floating tag that is wrong, and return the last look at the package.

        Raises `PartialError` when the tags do not stay where they were put, and what the registry raises; `journal`
        tells what was done until then.
        """

        def again() -> Judged:
            last = self.judge(package, judged.state, since=journal.written)
            if last is None:
                message = f"{package.reference} was deleted while its floating tags were moved."
                raise RemoteError(message, hint="Restore the package if that was a mistake, and run this again.")
            return last

        return self.converge(package, judged, again, journal)

    def converge(self, package: Package, first: AnyView, look: Callable[[], AnyView], journal: Journal) -> AnyView:
        """Write what a look wants changed until nothing is. No waiting when nothing has to be written."""
        if not first.changes:
            return first
        view = first
        for _ in range(WRITES):
            for change in view.changes:
                self._put(package, change, view.state, journal)
            view, rests = self._watch(look)
            self._tell(package, view, journal)
            if rests and not view.changes:
                return view
        if not view.changes:
            message = f"The floating tags of {package.reference} do not come to rest: somebody else keeps moving them."
            raise PartialError(message, done=len(journal.done), total=len(journal.done), hint=FIGHT)
        change = view.changes[0]
        message = (
            f"{package.reference}:{change.tag} does not stay where it is put: after {WRITES} writes it names "
            f"{change.before or 'nothing'} and not {change.after}."
        )
        raise PartialError(message, done=len(journal.done), total=len(journal.done) + len(view.changes), hint=FIGHT)

    def pause(self) -> None:
        """Wait as long as before a first look."""
        self._sleep(self._settle)

    def put_back(self, package: Package, journal: Journal) -> tuple[list[str], list[str]]:
        """Put every changed tag back on what it named before. Needs a journal with `olds`.

        Returns the tags that are back, and a sentence for each that is not. A tag that somebody else has moved since
        stays, and one that did not exist before stays too: registries such as GHCR delete no tags.
        """
        back, left = [], []
        for tag, change in reversed(journal.last.items()):
            old = (journal.olds or {}).get(tag)
            name = f"{package.reference}:{tag}"
            seen = self._parts.digest(package, tag)
            if old is not None and seen == old.digest:
                back.append(tag)
            elif seen != change.after:
                left.append(f"{name} was moved to {seen or 'nothing'} by somebody else and stays there.")
            elif old is None:
                left.append(f"{name} is new and cannot be deleted by a registry's client: it stays on {change.after}.")
            else:
                self._registry.put_manifest(package.name, tag, old.body, old.media_type)
                if self._stays(package, tag, old.digest):
                    back.append(tag)
                else:
                    left.append(f"{name} was put back on {old.digest} and does not stay there.")
        return back, left

    def _put(self, package: Package, change: Change, state: State, journal: Journal) -> None:
        if journal.olds is not None and change.tag not in journal.olds:
            old = self._registry.get_manifest(package.name, change.tag) if change.before else None
            journal.olds[change.tag] = old
        manifest = state.manifests[change.after]
        # Noted first: a write whose answer is lost may have been carried out.
        journal.done.append(change)
        try:
            self._registry.put_manifest(package.name, change.tag, manifest.body, manifest.media_type)
        except RemoteError as error:
            if error.undone:
                journal.done.pop()
            raise
        journal.written = self._git.clock()

    def _watch(self, look: Callable[[], AnyView]) -> tuple[AnyView, bool]:
        """Look until two looks in a row agree about what is to be done; the last look, and whether they agreed."""
        pause = self._settle
        seen: list[tuple[str, str, str]] | None = None
        view = None
        for _ in range(LOOKS):
            self._sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            view = look()
            now = [(change.tag, change.before, change.after) for change in view.changes]
            if now == seen:
                return view, True
            seen = now
        assert view is not None  # noqa: S101  # there is at least one look
        return view, False

    def _tell(self, package: Package, view: View, journal: Journal) -> None:
        """Note what others did to the tags that were put."""
        wrong = {change.tag for change in view.changes}
        for tag, change in journal.last.items():
            name, seen = f"{package.reference}:{tag}", view.state.tags.get(tag, "")
            if seen == change.after:
                continue
            if tag not in wrong:
                journal.notes.append(f"{name} was moved on to {seen} by somebody else, which is right by now.")
            elif seen == change.before:
                journal.notes.append(f"{name} was put on {change.after} and still names {seen or 'nothing'}.")
            else:
                journal.notes.append(f"{name} was moved to {seen or 'nothing'} by somebody else, which is wrong.")

    def _stays(self, package: Package, tag: str, digest: str) -> bool:
        """Whether a tag that was just written names a digest, by two looks in a row."""
        pause, agreed = self._settle, 0
        for _ in range(LOOKS):
            self._sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            agreed = agreed + 1 if self._parts.digest(package, tag) == digest else 0
            if agreed > 1:
                return True
        return False
