"""A project that has shipped images: git tags, packages in the simulator, and what its floating tags should name.

What they should name is worked out here once more, from the tags' text and the simulator's state, so that a test does
not judge the code by itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

from release_actions.config import Package
from release_actions.errors import Place
from release_actions.floating.git_versions import GitVersions
from release_actions.floating.plan import FloatingPlan
from release_actions.floating.reconcile import Reconciler
from release_actions.floating.rules import FloatingRules
from release_actions.http.client import Http
from release_actions.registry.client import Registry
from release_actions.registry.registries import Registries
from release_actions.simulator import InProcess, World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.faults import Fault
from release_actions.versions.version import Version, parse_known

TOKEN = "ghs_token_of_the_job"
CUDA = "llm-d/llm-d-cuda"
BOTH = ("linux/amd64", "linux/arm64")
REVISION = "org.opencontainers.image.revision"
TEMPLATES = ("v{major}.{minor}", "v{major}", "latest")


def package(path: str = CUDA, platforms: Sequence[str] = BOTH, *, required: bool = True) -> Package:
    runners = dict.fromkeys(platforms, "ubuntu-24.04")
    key = path.partition("/")[2]
    place = Place("release.yaml", 3, 1)
    return Package(
        key, "", "release", "ghcr.io", path, tuple(platforms), runners, ".", "Dockerfile", "", {}, {}, required, place
    )


def world(*paths: str) -> World:
    made = World()
    made.add_account("llm-d", organization=True)
    made.add_repository("llm-d/llm-d")
    made.add_token(
        TOKEN, TokenKind.ACTIONS, repository="llm-d/llm-d", permissions={"contents": "write", "packages": "write"}
    )
    for path in paths or (CUDA,):
        made.add_package(path, visibility="public", repository="llm-d/llm-d")
    return made


@dataclass
class Project:
    """Git tags, a world, and what may be named. `commits`: of git tags, where images are compared with them.

    `lagging`: git tags that a list of all does not show yet. `asked`: those that were asked about one by one.
    """

    world: World = field(default_factory=world)
    git: set[str] = field(default_factory=set)
    skip: dict[str, str] = field(default_factory=dict)
    commits: dict[str, str] | None = None
    platforms: tuple[str, ...] = BOTH
    lagging: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    simulator: InProcess = field(init=False)

    def __post_init__(self) -> None:
        self.simulator = InProcess(self.world, sleep=lambda _: None)

    @property
    def package(self) -> Package:
        return package(CUDA, self.platforms)

    def ship(self, tag: str, seed: str = "", platforms: Sequence[str] = (), path: str = CUDA, **how: Any) -> None:
        """Push an image under a tag, and tag it in git: on the commit of the image, where commits are known."""
        self.git.add(tag)
        if self.commits is not None:
            self.commits[tag] = commit_of(tag)
            how.setdefault("labels", {REVISION: commit_of(tag)})
        self.push(tag, seed, platforms, path, **how)

    def push(self, tag: str, seed: str = "", platforms: Sequence[str] = (), path: str = CUDA, **how: Any) -> None:
        self.world.push(path, build_image(tuple(platforms) or self.platforms, seed=seed or tag, **how), [tag])

    def lose_a_child(self, tag: str, path: str = CUDA) -> None:
        """Delete a child of an image, as a careless clean-up does."""
        held = self.world.package(path)
        assert held is not None
        root = held.find(tag)
        if root and root.manifest.children:
            child = held.find(root.manifest.children[0])
            if child and not child.tags:
                held.drop(child, self.world.now())

    def reconciler(
        self,
        http: Http,
        *,
        wrap: Callable[[Any], object] = lambda _session: None,
        sleep: Callable[[float], object] = lambda _: None,
        thorough: bool = False,
        pool: Executor | None = None,
    ) -> Reconciler:
        """A fresh run: it has read git's tags as they are now, and may read them again."""
        commits = self.commits
        self.simulator.mount(http._exchange._session)
        wrap(http._exchange._session)
        registry = Registry(http, self.simulator.registry_url, token=TOKEN)
        moments = iter(range(10**9))
        git = GitVersions(
            parse_known(self.git - self.lagging),
            lambda: parse_known(self.git - self.lagging),
            lambda: float(next(moments)),
            confirm=self.has_tag,
            commit=None if commits is None else lambda version: commits.get(version.tag, ""),
        )
        return Reconciler(
            Registries({"ghcr.io": registry}),
            FloatingRules(TEMPLATES, self.skip, "v"),
            git,
            thorough=thorough,
            pool=pool,
            sleep=sleep,
        )

    def has_tag(self, version: Version) -> bool:
        self.asked.append(version.tag)
        return version.tag in self.git

    def tags(self, path: str = CUDA) -> dict[str, str]:
        return self.world.tags(path)

    def puts(self) -> int:
        return self.simulator.requests.count(method="PUT")

    def complete(self, digest: str) -> bool:
        held = self.world.package(CUDA)
        version = held.find(digest) if held else None
        if held is None or version is None or self.world.missing(CUDA, digest):
            return False
        manifest = version.manifest
        # A manifest by itself does not say what it runs on. Here only images of one platform are such manifests.
        there = set(manifest.platforms) if manifest.is_index else set(self.platforms[:1])
        return set(self.platforms) <= there

    def foreign(self, tag: str, digest: str) -> bool:
        """Whether an image says of itself that it was built from another commit than that of a git tag."""
        commits, held = self.commits or {}, self.world.package(CUDA)
        root = held.find(digest) if held else None
        if held is None or root is None or not commits.get(tag):
            return False
        parts = [held.find(child) for child in root.manifest.children] if root.manifest.is_index else [root]
        configs = [self.world.blobs[part.manifest.blobs[0]] for part in parts if part]
        said = {json.loads(config).get("config", {}).get("Labels", {}).get(REVISION, "") for config in configs}
        return bool(said - {"", commits[tag]})

    def right(self, before: Mapping[str, str]) -> dict[str, str]:
        """Where floating tags have to be, by the tags that were there before and the rules in words:

        each names the highest complete release of its range that git has and nobody skips; one on a release that is
        higher than that and broken stays, and so does one without such a release, or whose release was built from
        another commit than its git tag's.
        """
        releases = {tag: key for tag in before if (key := stable(tag)) and tag in self.git and tag not in self.skip}
        wanted = {tag: digest for tag, digest in before.items() if floats(tag)}
        for name in {name for tag in releases for name in floats_of(tag)} | set(wanted):
            inside = {tag: key for tag, key in releases.items() if name in floats_of(tag)}
            whole = {tag: key for tag, key in inside.items() if self.complete(before[tag])}
            best = max(whole, key=lambda tag: whole[tag], default=None)
            broken = [
                tag
                for tag, key in inside.items()
                if tag not in whole and before[tag] == before.get(name) and (best is None or key > whole[best])
            ]
            if best is not None and not broken and not self.foreign(best, before[best]):
                wanted[name] = before[best]
        return wanted


def commit_of(tag: str) -> str:
    """The commit that a tag is on, in a project whose commits are known."""
    return hashlib.sha1(tag.encode(), usedforsecurity=False).hexdigest()


def stable(tag: str) -> tuple[int, int, int, int] | None:
    """What a release is compared by; None for what is no release."""
    match = re.fullmatch(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:\.post(0|[1-9]\d*))?", tag, re.ASCII)
    if not match:
        return None
    major, minor, patch, post = match.groups()
    return int(major), int(minor), int(patch), -1 if post is None else int(post)


def floats(tag: str) -> bool:
    return tag == "latest" or bool(re.fullmatch(r"v(0|[1-9]\d*)(\.(0|[1-9]\d*))?", tag, re.ASCII))


def floats_of(tag: str) -> set[str]:
    key = stable(tag)
    assert key
    return {"latest", f"v{key[0]}", f"v{key[0]}.{key[1]}"}


def only_floats(tags: Mapping[str, str]) -> dict[str, str]:
    return {tag: digest for tag, digest in tags.items() if floats(tag)}


def faults(project: Project, *found: Fault) -> None:
    for fault in found:
        project.simulator.faults.add(fault)


def quick() -> Http:
    return Http(sleep=lambda _: None)


def ship_all(project: Project, tags: Iterable[str]) -> None:
    for tag in tags:
        project.ship(tag)


def is_right(plan: FloatingPlan) -> bool:
    """Whether every floating tag is where it must be and nothing else was found."""
    return not (plan.moves or plan.orphans or plan.stuck or plan.findings)


def apply_moves(plan: FloatingPlan, current: Mapping[str, str]) -> dict[str, str]:
    """Tag -> digest after the moves."""
    return {**current, **{move.tag: move.after for move in plan.moves}}
