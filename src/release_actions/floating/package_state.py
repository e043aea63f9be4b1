"""Reads one package as far as its floating tags depend on it, and judges them.

What is likely to be needed is asked for at once, together with the list of tags: each floating tag, and each release
that one has to name. The guess saves a round trip and decides nothing: a tag that is in the list and did not answer is
asked for again, and one that answered is there, even if the list lags. This module must never change anything, and
never take a release for complete unread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from release_actions.config import Package
from release_actions.floating import completeness
from release_actions.floating import plan as floating_plan
from release_actions.floating.completeness import ImageParts
from release_actions.floating.git_versions import GitVersions
from release_actions.floating.plan import FloatingPlan, Move, PackageContents
from release_actions.floating.rules import DEFAULTS, FloatingRules
from release_actions.registry.client import Manifest
from release_actions.registry.registries import Registries
from release_actions.versions import floating
from release_actions.versions.grammar import image_tag_of
from release_actions.versions.version import Version, read_image_tags


@dataclass
class PackageState:
    """What a package holds, read as far as the decision needs it.

    `names`: every tag. `tags`: tag -> digest of those that were read. `checked`: exact tags of releases that were seen
    whole or not; `broken`: those of them that are not complete -> why. `manifests`: digest -> bytes, of releases that
    were checked. `labels`: digest -> the labels of its platforms. `doubts`: exact tag of a release -> why its image is
    not what git's tag says. `git`: the versions in git. `rules`: those of the package.
    """

    names: set[str] = field(default_factory=set)
    tags: dict[str, str] = field(default_factory=dict)
    checked: set[str] = field(default_factory=set)
    broken: dict[str, str] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    labels: dict[str, tuple[Mapping[str, str], ...]] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    git: tuple[Version, ...] = ()
    rules: FloatingRules = DEFAULTS


@dataclass(frozen=True)
class JudgedPackage:
    """A package's plan, and git tag -> why a release that it holds does not count. `state` is what was read for it."""

    package: Package
    plan: FloatingPlan
    broken: Mapping[str, str]
    state: PackageState = field(compare=False, repr=False)

    @property
    def changes(self) -> Sequence[Move]:
        """What the plan moves, in its order."""
        return self.plan.moves


class PackageReader:
    """Reads packages, each of its registry. May be shared by threads.

    `thorough`: look at every release since the package's first, and compare each with the commit of its git tag;
    otherwise at those that floating tags have to name and at all of the newest line, and compare those that a floating
    tag is to be moved to. `pool` carries requests that need not wait for each other.
    """

    def __init__(
        self,
        registries: Registries,
        rules: FloatingRules,
        git: GitVersions,
        *,
        thorough: bool = False,
        pool: Executor | None = None,
    ) -> None:
        self._registries = registries
        self._rules = rules
        self._git = git
        self._thorough = thorough
        self._parts = ImageParts(registries, pool)

    def judge(
        self, package: Package, before: PackageState | None = None, *, since: float = -math.inf
    ) -> JudgedPackage | None:
        """Compare a package's floating tags with what they must name. None when there is no such package.

        `before`: an earlier look, whose bytes need not be read again. `since`: git's versions have to be newer.
        """
        before = before or PackageState()
        rules = self._rules.for_package(package)
        state = PackageState(
            manifests=dict(before.manifests), labels=dict(before.labels), git=self._list_git(since, rules), rules=rules
        )
        again = bool(before.manifests)
        exact = {image_tag_of(version.tag, rules.prefix) for version in state.git}
        likely = PackageState(names=before.names or exact, git=state.git, rules=rules)
        if not self._read_first(package, state, self._guess_tags(likely), again=again):
            return None
        listed = self._git.clock()
        tagged = {version.tag for version in state.git}
        if any(version.tag not in tagged for version in self._list_held(state)):
            state.git = self._list_git(listed, rules)
            state.git = (*state.git, *self._find_unlisted(state))
        self._read_until_complete(package, state, again=again)
        state.doubts.update(find_replaced(package, state.tags, rules))
        plan = self._plan(state)
        # Each round doubts another release, so it ends: after a doubt a tag may have to name the next lower release.
        while self._compare_commits(package, state, plan):
            plan = self._plan(state)
        if plan.moves or plan.orphans:
            # What a wrong tag names can be told only now that every version has been looked at.
            held = (version.image_tag for version in read_image_tags(state.names, rules.prefix))
            rest = [tag for tag in held if tag not in state.tags]
            self._read_listed(package, state, rest)
            plan = self._plan(state)
        broken = {one.tag: why for one in self._list_held(state) if (why := state.broken.get(one.image_tag))}
        return JudgedPackage(package, plan, broken, state)

    def read(self, package: Package, tags: Iterable[str]) -> dict[str, Manifest]:
        """The bytes under some tags; tags that are not there are left out."""
        names = list(tags)
        manifests = self._parts.map_all(
            lambda tag: self._registries.of(package.registry).get_manifest(package.name, tag), names
        )
        return {tag: manifest for tag, manifest in zip(names, manifests, strict=True) if manifest}

    def digests(self, package: Package, tags: Iterable[str]) -> dict[str, str]:
        """What some tags name; tags that are not there are left out."""
        names = list(tags)
        digests = self._parts.map_all(lambda tag: self._parts.read_digest(package, tag), names)
        return {tag: digest for tag, digest in zip(names, digests, strict=True) if digest}

    def tags(self, package: Package) -> tuple[str, ...] | None:
        """Every tag of a package that is a release or a floating tag; None when there is no such package."""
        names = self._registries.of(package.registry).tags(package.name)
        return None if names is None else self.own_tags(package, names)

    def own_tags(self, package: Package, names: Iterable[str]) -> tuple[str, ...]:
        """Those of some tags that are a release or a floating tag of a package, of one flavour where it has several."""
        rules, names = self._rules.for_package(package), tuple(names)
        releases = (version.image_tag for version in read_image_tags(names, rules.prefix) if version.is_stable)
        return tuple(sorted({*releases, *floating.find_floating(names, rules.templates)}))

    def find_lost_part(self, package: Package, manifest: Manifest) -> str:
        """What an image needs and the package lacks; empty when all of it is there."""
        return self._parts.find_lost_part(package, manifest)

    def _guess_tags(self, likely: PackageState) -> list[str]:
        """The tags to be read if a package has certain ones: releases, and the floating tags that name them."""
        releases = self._choose_releases(likely)
        rules = likely.rules
        targets = floating.choose_targets(read_image_tags(releases, rules.prefix), rules.templates)
        present = floating.find_floating(likely.names, rules.templates)
        return sorted({*releases, *targets, *present})

    def _read_first(self, package: Package, state: PackageState, hoped: Iterable[str], *, again: bool) -> bool:
        """List all tags, and at the same time read those that are hoped for. False when there is no such package."""
        tags = list(hoped)
        whole = self._choose_releases(PackageState(names=set(tags), git=state.git, rules=state.rules))
        asked: list[Callable[[], Any]] = [
            partial(self._read_digest, package, tag, state, whole=tag in whole, again=again) for tag in tags
        ]
        asked.append(partial(self._registries.of(package.registry).tags, package.name))
        *answers, names = self._parts.map_all(lambda ask: ask(), asked)
        if names is None:
            return False
        state.names = set(names)
        # What is in the list and did not answer came in between.
        self._record(state, ((tag, digest) for tag, digest in zip(tags, answers, strict=True) if digest))
        return True

    def _read_listed(
        self,
        package: Package,
        state: PackageState,
        tags: Sequence[str],
        *,
        whole: Collection[str] = (),
        again: bool = False,
    ) -> None:
        """Read some tags of the list, those of `whole` with their bytes."""
        labels = self._parts.map_all(
            lambda tag: self._read_digest(package, tag, state, whole=tag in whole, again=again), tags
        )
        self._record(state, zip(tags, labels, strict=True))

    def _read_digest(self, package: Package, tag: str, state: PackageState, *, whole: bool, again: bool) -> str:
        """The digest of a tag. `whole`: its bytes are in the state then. `again`: they probably are already."""
        if not whole or again:
            digest = self._parts.read_digest(package, tag)
            if not whole or not digest or digest in state.manifests:
                return digest
        manifest = self._registries.of(package.registry).get_manifest(package.name, tag)
        if manifest is None:
            return ""
        state.manifests[manifest.digest] = manifest
        return manifest.digest

    @staticmethod
    def _record(state: PackageState, digests: Iterable[tuple[str, str]]) -> None:
        for tag, digest in digests:
            if digest:
                state.names.add(tag)
                state.tags[tag] = digest
            else:
                # Deleted after the list was read.
                state.names.discard(tag)

    def _read_until_complete(self, package: Package, state: PackageState, *, again: bool) -> None:
        """Read what floating tags name and must name, and see which releases are complete, until nothing is open."""
        # Each round reads a tag or checks a release that was open, and there are finitely many, so it ends. A release
        # that turns out to be broken brings the one below it into question, which is why one round is not enough.
        while True:
            releases = self._choose_releases(state)
            floats = floating.find_floating(state.names, state.rules.templates)
            unread = [tag for tag in (*floats, *releases) if tag not in state.tags]
            if unread:
                self._read_listed(package, state, unread, whole=releases, again=again)
                continue
            unchecked = [tag for tag in releases if tag not in state.checked]
            if not unchecked:
                return
            self._check_releases(package, unchecked, state)

    def _list_git(self, since: float, rules: FloatingRules) -> tuple[Version, ...]:
        return tuple(version for version in self._git.since(since) if rules.counts(version))

    def _list_held(self, state: PackageState) -> Iterator[Version]:
        held = read_image_tags(state.names, state.rules.prefix)
        return (version for version in held if version.is_stable and state.rules.counts(version))

    def _find_unlisted(self, state: PackageState) -> tuple[Version, ...]:
        """Releases that the package holds and git has, although git's list of tags lacks them.

        A list may lag behind a push. Taken at its word it would move every floating tag off the newest release. Only
        releases that a floating tag would name are asked about, so that old ones whose tags are gone cost nothing.
        """
        tagged = {version.tag for version in state.git}
        counting = [version for version in self._list_held(state) if version.tag not in state.rules.skip]
        named = floating.choose_targets(counting, state.rules.templates).values()
        unlisted = {version for version in named if version.tag not in tagged}
        return tuple(version for version in sorted(unlisted) if self._git.confirm(version))

    def _choose_releases(self, state: PackageState) -> list[str]:
        """The releases to be looked at: those that floating tags are to name, and the newest line; or all of them.

        What floating tags are to name is told by what is known to be broken until now.
        """
        tagged = {version.tag for version in state.git} - set(state.rules.skip)
        counting = [version for version in self._list_held(state) if version.tag in tagged]
        whole = [version for version in counting if version.image_tag not in state.broken]
        named = floating.choose_targets(whole, state.rules.templates).values()
        newest = max(counting, default=None)
        return sorted(
            {version.image_tag for version in named}
            | {version.image_tag for version in counting if self._thorough or (newest and version.line == newest.line)}
        )

    def _check_releases(self, package: Package, tags: Iterable[str], state: PackageState) -> None:
        """See whether releases are complete, and note those that are not."""
        present = {tag: state.manifests[state.tags[tag]] for tag in tags}
        whole = {manifest.digest: manifest for manifest in present.values()}
        flaws = dict(zip(whole, self._parts.find_flaws(package, list(whole.values())), strict=True))
        state.checked.update(present)
        state.broken.update(
            (tag, flaws[manifest.digest]) for tag, manifest in present.items() if flaws[manifest.digest]
        )

    def _compare_commits(self, package: Package, state: PackageState, plan: FloatingPlan) -> bool:
        """Compare images with the commits of their git tags; whether there is a new doubt."""
        if self._git.commit is None:
            return False
        tags = {image_tag_of(move.version.tag, state.rules.prefix) for move in plan.moves}
        if self._thorough:
            tags.update(tag for tag in state.checked if tag not in state.broken)
        compared = False
        for version in read_image_tags(tags - set(state.doubts), state.rules.prefix):
            digest = state.tags[version.image_tag]
            commit = self._git.commit(version)
            if digest not in state.labels:
                state.labels[digest] = self._parts.read_labels(package, state.manifests[digest])
            why = completeness.explain_doubt(state.labels[digest], commit, package.registry)
            if why:
                state.doubts[version.image_tag] = why
                compared = True
        return compared

    def _plan(self, state: PackageState) -> FloatingPlan:
        releases = {version: state.tags.get(version.image_tag, "") for version in self._list_held(state)}
        contents = PackageContents(
            state.tags,
            {version: digest for version, digest in releases.items() if version.image_tag not in state.broken},
            {version: digest for version, digest in releases.items() if version.image_tag in state.broken},
            {version: state.doubts[version.image_tag] for version in releases if version.image_tag in state.doubts},
        )
        announced = [version for version in self._git.announced if state.rules.counts(version)]
        return floating_plan.plan_package(contents, state.git, state.rules, announced)


def find_replaced(package: Package, tags: Mapping[str, str], rules: FloatingRules) -> dict[str, str]:
    """Exact tag that names another image than this run verified there -> that, as the end of a sentence."""
    verified = rules.verified or {}
    return {
        tag: f"is {digest}, and this run verified {verified[package.reference, tag]}"
        for tag, digest in tags.items()
        if digest and verified.get((package.reference, tag), digest) != digest
    }
