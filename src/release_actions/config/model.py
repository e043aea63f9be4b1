"""The configuration as the rest of the package sees it: every default filled in, every package by its full name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from release_actions.errors import Place
from release_actions.history import DEFAULTS, Level
from release_actions.source import NOWHERE, Node

CHANNELS = ("release", "dev")
"""The kinds of builds: release tags go to `release`, every other build to `dev`."""


@dataclass(frozen=True)
class Package:
    """A package that a channel publishes: one image in one variant, and how it is built.

    `name` is the repository in the registry, namespace included: `llm-d/llm-d-cuda-ubuntu`. `variant` and `target` are
    empty when there is none. `runners` has a label for each of `platforms`. Paths are relative to the repository.
    `place` is where the image stands in the file.
    """

    image: str
    variant: str
    channel: str
    registry: str
    name: str
    platforms: tuple[str, ...]
    runners: Mapping[str, str]
    context: str
    dockerfile: str
    target: str
    build_args: Mapping[str, str]
    labels: Mapping[str, str]
    required: bool
    place: Place = field(compare=False, repr=False)

    @property
    def reference(self) -> str:
        """What a client pulls, without a tag: `ghcr.io/llm-d/llm-d-cuda`."""
        return f"{self.registry}/{self.name}"

    @property
    def owner(self) -> str:
        """The account that GitHub's Packages API lists it under."""
        return self.name.partition("/")[0]

    @property
    def package(self) -> str:
        """Its name below the account. It may contain slashes."""
        return self.name.partition("/")[2]


@dataclass(frozen=True)
class CleanupRule:
    """A clean-up rule: which packages, by full name, and what is deleted there.

    What each part means is said in `release_actions.selection.Rule`, which has the same names. `place` is where the
    rule's name stands.
    """

    name: str
    packages: tuple[str, ...]
    delete_tags: tuple[str, ...]
    exclude_tags: tuple[str, ...]
    keep_n: int | None
    older_than: timedelta | None
    delete_untagged: bool
    untagged_older_than: timedelta | None
    use_regex: bool
    keep_n_per_line: int | None
    delete_released_candidates: bool
    delete_closed_pull_requests: bool
    delete_ghost_images: bool
    delete_partial_images: bool
    delete_orphaned_attachments: bool
    place: Place = field(compare=False, repr=False)


@dataclass(frozen=True)
class Config:
    """`release.yaml`, complete.

    `skip` maps a release tag to the reason why no floating tag may name it. `floating_tags` are templates with
    `{major}` and `{minor}`. `levels` has every rule about tags. `release_branch` and `prerelease_branch` are templates
    with `{major}`, `{minor}` and `{patch}`, empty when no branch is required. `origin` is the file itself, for the
    place of any of its keys.
    """

    repository: str
    registry: str
    namespace: str
    tag_prefix: str
    skip: Mapping[str, str]
    floating_tags: tuple[str, ...]
    published: tuple[Package, ...]
    cleanup: tuple[CleanupRule, ...]
    levels: Mapping[str, Level] = field(default_factory=lambda: DEFAULTS)
    release_branch: str = ""
    prerelease_branch: str = ""
    origin: Node = field(default=NOWHERE, compare=False, repr=False)

    @property
    def images(self) -> tuple[str, ...]:
        """The keys of all images, in file order."""
        return tuple(dict.fromkeys(package.image for package in self.published))

    def packages(self, channel: str = "release") -> tuple[Package, ...]:
        """What a channel publishes, in file order; nothing if the file does not have the channel."""
        if channel not in CHANNELS:
            raise ValueError(channel)
        return tuple(package for package in self.published if package.channel == channel)

    def at(self, *steps: str | int) -> Place:
        """Where a value stands in the file: `config.at("images", "cuda", "platforms", 0)`."""
        return self.origin.at(*steps)
