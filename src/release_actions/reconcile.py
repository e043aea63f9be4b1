"""Makes one package's floating tags name what they must: read, plan, move, look again.

A tag is moved by putting the very bytes of its release under it, so its digest is the release's. A release counts only
if it is complete: all wanted platforms, and every child there. This module must never re-serialise a manifest, never
delete anything, and never move a tag for which the plan knows no release.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from release_actions import floating, images
from release_actions.config import Package
from release_actions.errors import ActionError, PartialError, RemoteError
from release_actions.floating import FloatingPlan, Move
from release_actions.images import Index, Platform
from release_actions.registry import Manifest, Registry
from release_actions.versions import Version, known

ROUNDS = 3
"""How often a package is looked at again after moves. Who writes last recomputes last, so a race ends in the state that
version order defines; more rounds than this would be a fight with somebody who pushes floating tags all the time."""

LAG = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds to wait before each look at a tag that was just written: reads may lag behind writes on GHCR."""


@dataclass
class State:
    """What a package holds, read as far as the decision needs it.

    `tags`: tag -> digest of everything that looks like a version or a floating tag. `broken`: tag of a release -> why
    it is not complete.
    """

    tags: Mapping[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """What holds for every package: the versions in git, templates of floating tags, skipped releases, the prefix."""

    git: tuple[Version, ...]
    templates: tuple[str, ...]
    skip: Mapping[str, str]
    prefix: str


@dataclass(frozen=True)
class Judged:
    """A package's plan, and why releases that it holds do not count."""

    package: Package
    plan: FloatingPlan
    broken: Mapping[str, str]


class Reconciler:
    """Works on the packages of one registry."""

    def __init__(self, registry: Registry, rules: Rules, *, sleep: Callable[[float], object] = time.sleep) -> None:
        self._registry = registry
        self._rules = rules
        self._sleep = sleep

    def judge(self, package: Package) -> Judged | None:
        """Compare a package's floating tags with what they must name. None when there is no such package."""
        state = self._read(package)
        return None if state is None else self._plan(package, state)

    def enforce(self, package: Package) -> tuple[Judged, tuple[Move, ...]] | None:
        """Move every floating tag that is wrong. Returns the first plan and all moves made; None for no such package.

        Raises `PartialError` when the tags do not stay where they were put.
        """
        first: Judged | None = None
        moved: list[Move] = []
        for _ in range(ROUNDS):
            state = self._read(package)
            if state is None:
                return None
            judged = self._plan(package, state)
            first = first or judged
            if not judged.plan.moves:
                return first, tuple(moved)
            for move in judged.plan.moves:
                self._move(package, move, state)
                moved.append(move)
        message = f"The floating tags of {package.reference} do not stay where they are put: something else moves them."
        hint = "Find the workflow that pushes them; only protect-latest may. Then run this again."
        raise PartialError(message, done=len(moved), total=len(moved) + 1, hint=hint)

    def _read(self, package: Package) -> State | None:
        names = self._registry.tags(package.name)
        if names is None:
            return None
        rules = self._rules
        wanted = {version.tag for version in known(names, rules.prefix)} | set(
            floating.floating(names, rules.templates)
        )
        tags = {}
        for name in sorted(wanted):
            found = self._registry.head_manifest(package.name, name)
            # A tag that is gone by now was deleted after the list was read: it is not there.
            if found is not None:
                tags[name] = found.digest
        return State(tags)

    def _plan(self, package: Package, state: State) -> Judged:
        """Plan, and check every release that a floating tag is to name, until all of them are complete."""
        rules = self._rules
        while True:
            held = {version: state.tags[version.tag] for version in self._held(state)}
            plan = floating.plan(state.tags, held, rules.git, rules.templates, rules.skip, prefix=rules.prefix)
            flaws = {version: self._flaw(package, state, version) for version in targets(plan)}
            for version, flaw in flaws.items():
                if flaw:
                    self._refuse_to_go_back(package, state, version, flaw)
            if not any(flaws.values()):
                return Judged(package, plan, state.broken)

    def _refuse_to_go_back(self, package: Package, state: State, version: Version, flaw: str) -> None:
        """Stop at a floating tag that names a release which is broken: whether to go back is for a person to say."""
        for template in self._rules.templates:
            tag = floating.expand(template, version)
            if state.tags.get(tag) == state.tags[version.tag]:
                message = f"{package.reference}:{tag} names {version.tag}, which is not complete: {flaw}."
                hint = (
                    f"Nothing of it was moved. Publish {version.tag} whole, or list it under skip to move {tag} back."
                )
                raise ActionError(message, hint=hint)

    def _held(self, state: State) -> Iterable[Version]:
        present = known(state.tags, self._rules.prefix)
        return (version for version in present if version.is_stable and version.tag not in state.broken)

    def _flaw(self, package: Package, state: State, version: Version) -> str:
        """Why a release cannot be named by a floating tag, remembered in the state; empty when it is complete."""
        digest = state.tags[version.tag]
        if digest in state.manifests:
            return ""
        manifest = self._registry.get_manifest(package.name, digest)
        flaw = "its manifest is gone" if manifest is None else self._incomplete(package, manifest)
        if manifest is None or flaw:
            state.broken[version.tag] = flaw
        else:
            state.manifests[digest] = manifest
        return flaw

    def _incomplete(self, package: Package, manifest: Manifest) -> str:
        image = images.parse(manifest.body, manifest.digest, manifest.media_type)
        config = None
        if not isinstance(image, Index):
            content = self._registry.get_blob(package.name, image.config.digest)
            config = images.config_platform(content, image.config.digest) if content is not None else None
        missing = images.missing_platforms(image, [Platform.parse(text) for text in package.platforms], config)
        if missing:
            return f"it lacks {', '.join(str(platform) for platform in missing)}"
        children = image.children if isinstance(image, Index) else ()
        gone = [child for child in children if self._registry.head_manifest(package.name, child.digest) is None]
        return f"its child {gone[0].digest} ({gone[0].platform or 'no platform'}) is gone" if gone else ""

    def _move(self, package: Package, move: Move, state: State) -> None:
        """Put the release's bytes under the tag, and see that it names them. Raises `RemoteError` if it does not."""
        manifest = state.manifests[move.after]
        self._registry.put_manifest(package.name, move.tag, manifest.body, manifest.media_type)
        seen = ""
        for pause in LAG:
            self._sleep(pause)
            found = self._registry.head_manifest(package.name, move.tag)
            seen = found.digest if found else ""
            if seen == move.after:
                return
        message = (
            f"{package.reference}:{move.tag} was put on {move.after}, and {sum(LAG):.0f} s later it names "
            f"{seen or 'nothing'}."
        )
        raise RemoteError(message, hint="Something else moves it at the same time. Run this again when that has ended.")


def targets(plan: FloatingPlan) -> Collection[Version]:
    """The releases that a plan wants floating tags to name, each once."""
    return dict.fromkeys(item.version for item in plan.floats if not isinstance(item, floating.Orphan))
