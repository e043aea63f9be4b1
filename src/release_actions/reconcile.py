"""Makes one package's floating tags name what they must: read, plan, move, look again until it stays.

A tag is moved by putting the very bytes of its release under it, so its digest is the release's. A release counts only
if it is complete: all wanted platforms, and every child there. This module must never re-serialise a manifest, never
delete anything, and never move a tag for which the plan knows no release.

Two runs that meet end in the same state: the target follows from what is published and not from who asks, every
writer reads everything again after its last write, and what it then sees holds only once two looks in a row agree.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

from release_actions import floating, images
from release_actions.config import Package
from release_actions.errors import PartialError, RemoteError
from release_actions.floating import FloatingPlan, Move
from release_actions.images import Index, Platform
from release_actions.registry import Manifest, Registry
from release_actions.versions import Version, known

WRITES = 3
"""How often the tags of a package are put where they belong before somebody else is said to move them."""

LOOKS = 6
"""Looks after a write, at most, until two in a row agree."""

LONGEST_PAUSE = 30.0
"""Seconds between two looks, at most. Pauses double."""

FIGHT = "Find the workflow that pushes floating tags; only protect-latest may. Then run this again."

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Change(Protocol):
    """A tag to be put on another digest. `before` is empty when the tag does not exist."""

    @property
    def tag(self) -> str: ...  # noqa: D102  # the class says it

    @property
    def before(self) -> str: ...  # noqa: D102  # the class says it

    @property
    def after(self) -> str: ...  # noqa: D102  # the class says it


@dataclass
class State:
    """What a package holds, read as far as the decision needs it.

    `names`: every tag. `tags`: tag -> digest of those that were read. `broken`: tag of a release -> why it is not
    complete. `manifests`: digest -> bytes, of releases that floating tags are to name. `git`: the versions in git.
    """

    names: set[str]
    tags: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    git: tuple[Version, ...] = ()


@dataclass(frozen=True)
class Rules:
    """What holds for every package: templates of floating tags, releases to skip and why, and what tags begin with."""

    templates: tuple[str, ...]
    skip: Mapping[str, str]
    prefix: str


class GitVersions:
    """The versions in git, listed again where a decision needs newer ones. May be shared by threads.

    Somebody may tag and publish a release while this runs: judged by an older list, its image would not count, and its
    floating tags would be moved away from it. `again` lists once more; None where the list was given by hand.
    """

    def __init__(
        self,
        first: tuple[Version, ...],
        again: Callable[[], tuple[Version, ...]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._versions = first
        self._again = again
        self._read = clock()
        self._lock = threading.Lock()
        self.clock = clock

    def since(self, moment: float) -> tuple[Version, ...]:
        """What git has, from a list that was begun after a moment of `clock`."""
        with self._lock:
            if self._again and self._read < moment:
                began = self.clock()
                self._versions = self._again()
                self._read = began
            return self._versions


@dataclass(frozen=True)
class Judged:
    """A package's plan, and why releases that it holds do not count. `state` is what was read for it."""

    package: Package
    plan: FloatingPlan
    broken: Mapping[str, str]
    state: State = field(compare=False, repr=False)

    @property
    def changes(self) -> Sequence[Move]:
        """What the plan moves, in its order."""
        return self.plan.moves


class View(Protocol):
    """A look at a package: what is to be changed, and what was read for it."""

    @property
    def changes(self) -> Sequence[Change]: ...  # noqa: D102  # the class says it

    @property
    def state(self) -> State: ...  # noqa: D102  # the class says it


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


class Reconciler:
    """Works on the packages of one registry. May be shared by threads.

    `settle`: seconds before the first look at what was written; it has to exceed half the time that the registry's
    reads lag behind its writes. `pool` carries requests that need not wait for each other.
    """

    def __init__(
        self,
        registry: Registry,
        rules: Rules,
        git: GitVersions,
        *,
        settle: float = 2.0,
        pool: Executor | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._registry = registry
        self._rules = rules
        self._git = git
        self._settle = settle
        self._pool = pool
        self._sleep = sleep

    def judge(
        self, package: Package, read_before: Mapping[str, Manifest] | None = None, *, since: float = -math.inf
    ) -> Judged | None:
        """Compare a package's floating tags with what they must name. None when there is no such package.

        `read_before`: digest -> bytes that need not be read again. `since`: git's versions have to be newer than this.
        """
        names = self._registry.tags(package.name)
        listed = self._git.clock()
        if names is None:
            return None
        again = bool(read_before)
        state = State(set(names), manifests=dict(read_before or {}), git=self._git.since(since))
        tagged = {version.tag for version in state.git}
        if any(version.tag not in tagged for version in self._held(state)):
            state.git = self._git.since(listed)
        floats = floating.floating(names, self._rules.templates)
        releases = self._wanted(state)
        found = self._each(
            lambda tag: (
                self._release(package, tag, state, again=again) if tag in releases else self._digest(package, tag)
            ),
            [*floats, *releases],
        )
        self._note(state, zip([*floats, *releases], found, strict=True))
        self._check(package, releases, state)
        while any(tag not in state.tags for tag in self._wanted(state)):
            more = [tag for tag in self._wanted(state) if tag not in state.tags]
            self._note(
                state,
                zip(more, self._each(partial(self._release, package, state=state, again=again), more), strict=True),
            )
            self._check(package, more, state)
        plan = self._plan(state)
        if plan.moves or plan.orphans:
            # What a wrong tag names can be told only now that every version has been looked at.
            rest = [version.tag for version in known(state.names, self._rules.prefix) if version.tag not in state.tags]
            self._note(state, zip(rest, self._each(lambda tag: self._digest(package, tag), rest), strict=True))
            plan = self._plan(state)
        return Judged(package, plan, state.broken, state)

    def enforce(self, package: Package, judged: Judged, journal: Journal) -> Judged:
        """Move every floating tag that is wrong, and return the last look at the package.

        Raises `PartialError` when the tags do not stay where they were put, and what the registry raises; `journal`
        tells what was done until then.
        """

        def again() -> Judged:
            last = self.judge(package, judged.state.manifests, since=journal.written)
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
            seen = self._digest(package, tag)
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

    def read(self, package: Package, tags: Iterable[str]) -> dict[str, Manifest]:
        """The bytes under some tags; tags that are not there are left out."""
        names = list(tags)
        found = self._each(lambda tag: self._registry.get_manifest(package.name, tag), names)
        return {tag: manifest for tag, manifest in zip(names, found, strict=True) if manifest}

    def digests(self, package: Package, tags: Iterable[str]) -> dict[str, str]:
        """What some tags name; tags that are not there are left out."""
        names = list(tags)
        found = self._each(lambda tag: self._digest(package, tag), names)
        return {tag: digest for tag, digest in zip(names, found, strict=True) if digest}

    def tags(self, package: Package) -> tuple[str, ...] | None:
        """Every tag of a package that is a release or a floating tag; None when there is no such package."""
        names = self._registry.tags(package.name)
        if names is None:
            return None
        releases = (version.tag for version in known(names, self._rules.prefix) if version.is_stable)
        return tuple(sorted({*releases, *floating.floating(names, self._rules.templates)}))

    def gone(self, package: Package, manifest: Manifest) -> str:
        """What an image needs and the package lacks; empty when all of it is there."""
        image = images.parse(manifest.body, manifest.digest, manifest.media_type)
        if not isinstance(image, Index):
            there = self._registry.has_blob(package.name, image.config.digest)
            return "" if there else f"its configuration {image.config.digest} is gone"
        heads = self._each(lambda child: self._digest(package, child.digest), image.children)
        gone = [child for child, digest in zip(image.children, heads, strict=True) if not digest]
        return f"its child {gone[0].digest} ({gone[0].platform or 'no platform'}) is gone" if gone else ""

    def _each(self, function: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
        """Several requests, at the same time where there is a pool."""
        return list(self._pool.map(function, items) if self._pool else map(function, items))

    def _digest(self, package: Package, reference: str) -> str:
        found = self._registry.head_manifest(package.name, reference)
        return found.digest if found else ""

    def _release(self, package: Package, tag: str, state: State, *, again: bool) -> str:
        """The digest of a release, whose bytes are in the state then. `again`: they probably are already."""
        if again:
            digest = self._digest(package, tag)
            if not digest or digest in state.manifests:
                return digest
        manifest = self._registry.get_manifest(package.name, tag)
        if manifest is None:
            return ""
        state.manifests[manifest.digest] = manifest
        return manifest.digest

    @staticmethod
    def _note(state: State, found: Iterable[tuple[str, str]]) -> None:
        for tag, digest in found:
            if digest:
                state.tags[tag] = digest
            else:
                # Deleted after the list was read.
                state.names.discard(tag)

    def _held(self, state: State) -> Iterator[Version]:
        return (version for version in known(state.names, self._rules.prefix) if version.is_stable)

    def _wanted(self, state: State) -> list[str]:
        """The releases that floating tags are to name, as far as is known of those that are broken."""
        tagged = {version.tag for version in state.git}
        usable = [version for version in self._held(state) if version.tag in tagged and version.tag not in state.broken]
        targets = floating.desired(usable, self._rules.templates, self._rules.skip).values()
        return sorted({version.tag for version in targets})

    def _check(self, package: Package, tags: Iterable[str], state: State) -> None:
        """See whether releases are complete, and note those that are not."""
        present = {tag: state.manifests[state.tags[tag]] for tag in tags if tag in state.tags}
        whole = {manifest.digest: manifest for manifest in present.values()}
        flaws = dict(zip(whole, self._flaws(package, list(whole.values())), strict=True))
        state.broken.update(
            (tag, flaws[manifest.digest]) for tag, manifest in present.items() if flaws[manifest.digest]
        )

    def _flaws(self, package: Package, manifests: Sequence[Manifest]) -> list[str]:
        """Why images cannot be named by a floating tag; empty for one that is complete. One request a part, at once."""
        parsed = [images.parse(manifest.body, manifest.digest, manifest.media_type) for manifest in manifests]
        parts = [
            child for image in parsed for child in (image.children if isinstance(image, Index) else (image.config,))
        ]
        indexes = {child.digest for image in parsed if isinstance(image, Index) for child in image.children}
        found = self._each(
            lambda part: (
                self._digest(package, part.digest)
                if part.digest in indexes
                else self._registry.get_blob(package.name, part.digest)
            ),
            parts,
        )
        there = dict(zip((part.digest for part in parts), found, strict=True))
        wanted = [Platform.parse(text) for text in package.platforms]
        return [self._flaw(image, wanted, there) for image in parsed]

    @staticmethod
    def _flaw(image: images.Image, wanted: Sequence[Platform], there: Mapping[str, str | bytes | None]) -> str:
        config = None
        if not isinstance(image, Index):
            content = there[image.config.digest]
            if not isinstance(content, bytes):
                return f"its configuration {image.config.digest} is gone"
            config = images.config_platform(content, image.config.digest)
        missing = images.missing_platforms(image, wanted, config)
        if missing:
            return f"it lacks {', '.join(str(platform) for platform in missing)}"
        gone = [child for child in (image.children if isinstance(image, Index) else ()) if not there[child.digest]]
        return f"its child {gone[0].digest} ({gone[0].platform or 'no platform'}) is gone" if gone else ""

    def _plan(self, state: State) -> FloatingPlan:
        rules = self._rules
        held = {version: state.tags.get(version.tag, "") for version in self._held(state)}
        broken = {version: digest for version, digest in held.items() if version.tag in state.broken}
        whole = {version: digest for version, digest in held.items() if version.tag not in state.broken}
        return floating.plan(
            state.tags, whole, state.git, rules.templates, rules.skip, prefix=rules.prefix, broken=broken
        )

    def _put(self, package: Package, change: Change, state: State, journal: Journal) -> None:
        if journal.olds is not None and change.tag not in journal.olds:
            old = self._registry.get_manifest(package.name, change.tag) if change.before else None
            journal.olds[change.tag] = old
        manifest = state.manifests[change.after]
        # Noted first: a write whose answer is lost may have been carried out.
        journal.done.append(change)
        self._registry.put_manifest(package.name, change.tag, manifest.body, manifest.media_type)
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
            agreed = agreed + 1 if self._digest(package, tag) == digest else 0
            if agreed > 1:
                return True
        return False
