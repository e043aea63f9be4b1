"""Reads one package as far as its floating tags depend on it, and judges them.

What is likely to be needed is asked for at once, together with the list of tags: each floating tag, and each release
that one has to name. The guess saves a round trip and decides nothing: a tag that is in the list and did not answer is
asked for again, and one that answered is there, even if the list lags. This module must never change anything, and
never take a release for complete unread.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from release_actions.config import Package
from release_actions.floating import completeness
from release_actions.floating import plan as floating_plan
from release_actions.floating.completeness import Parts
from release_actions.floating.plan import Contents, FloatingPlan, Move, Rules
from release_actions.registry.client import Manifest, Registry
from release_actions.versions import floating
from release_actions.versions.version import Version, known


@dataclass
class State:
    """What a package holds, read as far as the decision needs it.

    `names`: every tag. `tags`: tag -> digest of those that were read. `checked`: releases that were seen whole or not;
    `broken`: those of them that are not complete -> why. `manifests`: digest -> bytes, of releases that were checked.
    `labels`: digest -> the labels of its platforms. `doubts`: tag of a release -> why its image is not what
    git's tag says. `git`: the versions in git.
    """

    names: set[str] = field(default_factory=set)
    tags: dict[str, str] = field(default_factory=dict)
    checked: set[str] = field(default_factory=set)
    broken: dict[str, str] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    labels: dict[str, tuple[Mapping[str, str], ...]] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    git: tuple[Version, ...] = ()


class GitVersions:
    """The versions in git, listed again where a decision needs newer ones. May be shared by threads.

    Somebody may tag and publish a release while this runs: judged by an older list, its image would not count, and its
    floating tags would be moved away from it. `again` lists once more; None where the list was given by hand.
    `announced`: the versions that GitHub has a release of. `commit` tells the commit of a version's tag, empty where
    nobody knows; None where images are not compared with it.
    """

    def __init__(
        self,
        first: tuple[Version, ...],
        again: Callable[[], tuple[Version, ...]] | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        announced: tuple[Version, ...] = (),
        commit: Callable[[Version], str] | None = None,
    ) -> None:
        self._versions = first
        self._again = again
        self._read = clock()
        self._lock = threading.Lock()
        self.clock = clock
        self.announced = announced
        self.commit = commit

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


class Reader:
    """Reads packages of one registry. May be shared by threads.

    `thorough`: look at every release since the package's first, and compare each with the commit of its git tag;
    otherwise at those that floating tags have to name and at all of the newest line, and compare those that a floating
    tag is to be moved to. `pool` carries requests that need not wait for each other.
    """

    def __init__(
        self,
        registry: Registry,
        rules: Rules,
        git: GitVersions,
        *,
        thorough: bool = False,
        pool: Executor | None = None,
    ) -> None:
        self._registry = registry
        self._rules = rules
        self._git = git
        self._thorough = thorough
        self._parts = Parts(registry, pool)

    def judge(self, package: Package, before: State | None = None, *, since: float = -math.inf) -> Judged | None:
        """Compare a package's floating tags with what they must name. None when there is no such package.

        `before`: an earlier look, whose bytes need not be read again. `since`: git's versions have to be newer.
        """
        before = before or State()
        state = State(manifests=dict(before.manifests), labels=dict(before.labels), git=self._git.since(since))
        again = bool(before.manifests)
        likely = State(names=before.names or {version.tag for version in state.git}, git=state.git)
        if not self._first_look(package, state, self._hoped(likely), again=again):
            return None
        listed = self._git.clock()
        tagged = {version.tag for version in state.git}
        if any(version.tag not in tagged for version in self._held(state)):
            state.git = self._git.since(listed)
        self._complete(package, state, again=again)
        plan = self._plan(state)
        while self._doubt(package, state, plan):
            plan = self._plan(state)
        if plan.moves or plan.orphans:
            # What a wrong tag names can be told only now that every version has been looked at.
            rest = [version.tag for version in known(state.names, self._rules.prefix) if version.tag not in state.tags]
            self._look(package, state, rest)
            plan = self._plan(state)
        return Judged(package, plan, state.broken, state)

    def read(self, package: Package, tags: Iterable[str]) -> dict[str, Manifest]:
        """The bytes under some tags; tags that are not there are left out."""
        names = list(tags)
        found = self._parts.each(lambda tag: self._registry.get_manifest(package.name, tag), names)
        return {tag: manifest for tag, manifest in zip(names, found, strict=True) if manifest}

    def digests(self, package: Package, tags: Iterable[str]) -> dict[str, str]:
        """What some tags name; tags that are not there are left out."""
        names = list(tags)
        found = self._parts.each(lambda tag: self._parts.digest(package, tag), names)
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
        return self._parts.gone(package, manifest)

    def _hoped(self, likely: State) -> list[str]:
        """The tags to be read if a package has certain ones: releases, and the floating tags that name them."""
        releases = self._releases(likely)
        targets = floating.desired(known(releases, self._rules.prefix), self._rules.templates)
        present = floating.floating(likely.names, self._rules.templates)
        return sorted({*releases, *targets, *present})

    def _first_look(self, package: Package, state: State, hoped: Iterable[str], *, again: bool) -> bool:
        """List all tags, and at the same time read those that are hoped for. False when there is no such package."""
        tags = list(hoped)
        whole = self._releases(State(names=set(tags), git=state.git))
        asked: list[Callable[[], Any]] = [
            partial(self._ask, package, tag, state, whole=tag in whole, again=again) for tag in tags
        ]
        asked.append(partial(self._registry.tags, package.name))
        *found, names = self._parts.each(lambda ask: ask(), asked)
        if names is None:
            return False
        state.names = set(names)
        # What is in the list and did not answer came in between.
        self._note(state, ((tag, digest) for tag, digest in zip(tags, found, strict=True) if digest))
        return True

    def _look(
        self, package: Package, state: State, tags: Sequence[str], *, whole: Collection[str] = (), again: bool = False
    ) -> None:
        """Read some tags of the list, those of `whole` with their bytes."""
        found = self._parts.each(lambda tag: self._ask(package, tag, state, whole=tag in whole, again=again), tags)
        self._note(state, zip(tags, found, strict=True))

    def _ask(self, package: Package, tag: str, state: State, *, whole: bool, again: bool) -> str:
        """The digest of a tag. `whole`: its bytes are in the state then. `again`: they probably are already."""
        if not whole or again:
            digest = self._parts.digest(package, tag)
            if not whole or not digest or digest in state.manifests:
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
                state.names.add(tag)
                state.tags[tag] = digest
            else:
                # Deleted after the list was read.
                state.names.discard(tag)

    def _complete(self, package: Package, state: State, *, again: bool) -> None:
        """Read what floating tags name and must name, and see which releases are complete, until nothing is open."""
        while True:
            releases = self._releases(state)
            floats = floating.floating(state.names, self._rules.templates)
            unread = [tag for tag in (*floats, *releases) if tag not in state.tags]
            if unread:
                self._look(package, state, unread, whole=releases, again=again)
                continue
            unchecked = [tag for tag in releases if tag not in state.checked]
            if not unchecked:
                return
            self._check(package, unchecked, state)

    def _held(self, state: State) -> Iterator[Version]:
        return (version for version in known(state.names, self._rules.prefix) if version.is_stable)

    def _releases(self, state: State) -> list[str]:
        """The releases to be looked at: those that floating tags are to name, and the newest line; or all of them.

        What floating tags are to name is told by what is known to be broken until now.
        """
        tagged = {version.tag for version in state.git} - set(self._rules.skip)
        counting = [version for version in self._held(state) if version.tag in tagged]
        whole = [version for version in counting if version.tag not in state.broken]
        named = floating.desired(whole, self._rules.templates).values()
        newest = max(counting, default=None)
        return sorted(
            {version.tag for version in named}
            | {version.tag for version in counting if self._thorough or (newest and version.line == newest.line)}
        )

    def _check(self, package: Package, tags: Iterable[str], state: State) -> None:
        """See whether releases are complete, and note those that are not."""
        present = {tag: state.manifests[state.tags[tag]] for tag in tags}
        whole = {manifest.digest: manifest for manifest in present.values()}
        flaws = dict(zip(whole, self._parts.flaws(package, list(whole.values())), strict=True))
        state.checked.update(present)
        state.broken.update(
            (tag, flaws[manifest.digest]) for tag, manifest in present.items() if flaws[manifest.digest]
        )

    def _doubt(self, package: Package, state: State, plan: FloatingPlan) -> bool:
        """Compare images with the commits of their git tags; whether there is a new doubt."""
        if self._git.commit is None:
            return False
        tags = {move.version.tag for move in plan.moves}
        if self._thorough:
            tags.update(tag for tag in state.checked if tag not in state.broken)
        found = False
        for version in known(tags - set(state.doubts), self._rules.prefix):
            digest = state.tags[version.tag]
            commit = self._git.commit(version)
            if digest not in state.labels:
                state.labels[digest] = self._parts.labels(package, state.manifests[digest])
            why = completeness.doubt(state.labels[digest], commit, package.registry)
            if why:
                state.doubts[version.tag] = why
                found = True
        return found

    def _plan(self, state: State) -> FloatingPlan:
        held = {version: state.tags.get(version.tag, "") for version in self._held(state)}
        contents = Contents(
            state.tags,
            {version: digest for version, digest in held.items() if version.tag not in state.broken},
            {version: digest for version, digest in held.items() if version.tag in state.broken},
            {version: state.doubts[version.tag] for version in held if version.tag in state.doubts},
        )
        return floating_plan.plan(contents, state.git, self._rules, self._git.announced)
