"""The configuration as the rest of the package sees it: every default filled in, every package by its full name."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from release_actions.config.branches import BranchesForm
from release_actions.config.channel_tags import DEFAULT_TAGS, ChannelTagsForm
from release_actions.config.cleanup_settings import CleanupSettings
from release_actions.config.drift import DriftForm
from release_actions.config.gate import GateForm
from release_actions.config.notes import NotesForm
from release_actions.config.performance import PerformanceForm
from release_actions.config.schedule import ScheduleForm
from release_actions.config.source import NOWHERE, Node
from release_actions.config.tracker import TrackerForm
from release_actions.errors import Place
from release_actions.versions.grammar import GIT_TAG, FinalImages, TagScheme, WithoutCandidate
from release_actions.versions.history import DEFAULTS, Level

CHANNELS = ("release", "dev")
"""The kinds of builds: release tags go to `release`, every other build to `dev`."""


PULL_REQUEST = "pull-request"
"""The channel of pull requests, if the file has one. Releases and clean-up never use it."""

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN")
"""How bad a vulnerability can be, in the words that scanners share."""


@dataclass(frozen=True)
class Source:
    """Sources of another repository to check out to `path`. `patch` is empty without one. All are templates."""

    repository: str
    ref: str
    path: str
    patch: str = ""


@dataclass(frozen=True)
class Scan:
    """How an image is scanned for known vulnerabilities. `severities`: what is looked for; `gate`: what fails it."""

    severities: tuple[str, ...]
    gate: tuple[str, ...]
    ignore_unfixed: bool
    skip_dirs: tuple[str, ...]
    timeout: timedelta


@dataclass(frozen=True)
class Credentials:
    """Names of the secrets that log in to a registry; empty for the job's own token."""

    username: str = ""
    password: str = ""


@dataclass(frozen=True)
class Recipe:
    """How a package is built beyond context, Dockerfile and stage. Everything empty means plain docker buildx.

    `secrets` and `prebuild_secrets` map the id of a build secret to the name of the secret. `provenance` is false,
    `mode=min` or `mode=max`, as docker buildx takes it.
    """

    secrets: Mapping[str, str] = field(default_factory=dict)
    prebuild_target: str = ""
    prebuild_secrets: Mapping[str, str] = field(default_factory=dict)
    source: Source | None = None
    command: str = ""
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    no_cache: bool = False
    provenance: str = "false"
    driver_opts: tuple[str, ...] = ()
    buildkitd_flags: str = ""
    scan: Scan | None = None


@dataclass(frozen=True)
class Package:
    """A package that a channel publishes: one image in one variant, and how it is built.

    `name` is the repository in the registry, namespace included: `llm-d/llm-d-cuda-ubuntu`. `variant` and `target`
    are empty when there is none. `tag_form` is a template around `{tag}` that each of its tags has, and `scheme`
    that of its exact tags, None where they are the project's. `floating_tags` are the variant's own. `destination`
    is the key of a further place that the channel's images are copied to, and `copy_of` the label of the package
    that holds what is copied; both are empty for the package that builds push to. `built_by` is the tool that builds
    and pushes the image, empty where release-actions does. `runners` has a label for each of
    `platforms`. Paths are relative to the repository. `build_args`, `labels` and `annotations` are templates
    (`placeholders`). `paths` are globs, empty if every change builds it. `place` is where the image is in the file.
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
    annotations: Mapping[str, str] = field(default_factory=dict)
    recipe: Recipe = field(default_factory=Recipe)
    paths: tuple[str, ...] = ()
    credentials: Credentials = field(default_factory=Credentials)
    tag_form: str = GIT_TAG
    scheme: TagScheme | None = None
    floating_tags: tuple[str, ...] = ()
    destination: str = ""
    copy_of: str = ""
    built_by: str = ""

    @property
    def flavour(self) -> str:
        """Key of the variant whose tags tell it apart in a package that others share; empty for other packages."""
        return self.variant if self.scheme is not None else ""

    @property
    def label(self) -> str:
        """What it is called where one package may hold several: `ghcr.io/acme/web (alpine)`."""
        return f"{self.reference} ({self.flavour})" if self.flavour else self.reference

    def form_tag(self, tag: str) -> str:
        """A tag of the project in the form of this package's."""
        return self.tag_form.replace(GIT_TAG, tag)

    def describe_build(self, tag: str) -> str:
        """What an image of a tag of the project was built as: `web/alpine:v1.2.3-alpine`."""
        return f"{'/'.join(filter(None, (self.image, self.variant)))}:{self.form_tag(tag)}"

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


class RetiredFloats(str, enum.Enum):
    """What becomes of the floating tags of a package that is not published any more."""

    FROZEN = "frozen"
    MOVED = "moved"
    REMOVED = "removed"


@dataclass(frozen=True)
class RetiredPackage:
    """A package "owner/name" that was published before the release `since`, and why not any more.

    `place` is where it is in the file.
    """

    name: str
    since: str
    reason: str
    floating_tags: RetiredFloats = RetiredFloats.FROZEN
    place: Place = field(default=Place(""), compare=False, repr=False)


@dataclass(frozen=True)
class CleanupRule:
    """A clean-up rule: which packages, by full name, and what is deleted there.

    `channel` is the channel that it is about; empty if it names packages. `place` is where the name of the rule is.
    """

    name: str
    packages: tuple[str, ...]
    settings: CleanupSettings
    place: Place = field(compare=False, repr=False)
    channel: str = ""


@dataclass(frozen=True)
class Config:
    """`release.yaml`, complete.

    `published` is what `release` and `dev` publish; `pull_requests` is what pull requests do, if they have a channel of
    their own. `version_file` is relative to the workspace as this file's name is; empty without one.

    `channel_tags`: channel -> the tags of its builds, of those channels that say so.

    `tag_prefix` is a `TagScheme`: what release tags begin with, and how post releases are written. `first_candidate` is
    the number of a release's first candidate, None if 0 and 1 are both right. `final_images`: where a final's images
    come from, `without_candidate`: what happens where they should come from a candidate and there is none.

    `skip` maps a release tag to the reason why no floating tag may name it. `floating_tags` are templates with
    `{major}` and `{minor}`. `levels` has every rule about tags. `release_branches` and `prerelease_branch` are
    templates with `{major}`, `{minor}`, `{patch}` and `{newest}`, empty when no branch is required; the first release
    branch that exists counts. `notes` says how release notes look, `performance` what benchmark results are held to,
    `branches` what may enter a release branch, `drift` what version-audit reports, `gate` what a release needs,
    `tracker` what its features need, `schedule` when releases are planned.
    `component` is the key of the component that this is the configuration of, empty for a file without components and
    for the whole of one with them, which has them in `parts`.
    `origin` is the file itself, for the place of any of its keys.
    """

    repository: str
    registry: str
    namespace: str
    tag_prefix: TagScheme
    skip: Mapping[str, str]
    floating_tags: tuple[str, ...]
    published: tuple[Package, ...]
    cleanup: tuple[CleanupRule, ...]
    pull_requests: tuple[Package, ...] = ()
    channel_tags: Mapping[str, ChannelTagsForm] = field(default_factory=dict)
    retired: tuple[RetiredPackage, ...] = ()
    version_file: str = ""
    levels: Mapping[str, Level] = field(default_factory=lambda: DEFAULTS)
    release_branches: tuple[str, ...] = ()
    prerelease_branch: str = ""
    first_candidate: int | None = None
    final_images: FinalImages = FinalImages.REBUILD
    without_candidate: WithoutCandidate = WithoutCandidate.REFUSE
    notes: NotesForm = field(default_factory=NotesForm)
    performance: PerformanceForm = field(default_factory=PerformanceForm)
    branches: BranchesForm = field(default_factory=BranchesForm)
    drift: DriftForm = field(default_factory=DriftForm)
    gate: GateForm = field(default_factory=GateForm)
    tracker: TrackerForm = field(default_factory=TrackerForm)
    schedule: ScheduleForm = field(default_factory=ScheduleForm)
    component: str = ""
    parts: tuple[Config, ...] = ()
    origin: Node = field(default=NOWHERE, compare=False, repr=False)

    @property
    def images(self) -> tuple[str, ...]:
        """The keys of all images, in file order."""
        return tuple(dict.fromkeys(package.image for package in (*self.published, *self.pull_requests)))

    def packages(self, channel: str = "release") -> tuple[Package, ...]:
        """What a channel publishes, in file order; nothing if the file does not have the channel."""
        if channel == PULL_REQUEST:
            return self.pull_requests
        if channel not in CHANNELS:
            raise ValueError(channel)
        return tuple(package for package in self.published if package.channel == channel)

    @property
    def release_registry(self) -> str:
        """Host of the registry of releases: that of their channel, else the file's."""
        return next((package.registry for package in self.packages() if not package.copy_of), self.registry)

    def tags_of(self, channel: str) -> ChannelTagsForm:
        """What the builds of a channel that is not `release` are found by."""
        return self.channel_tags.get(channel, DEFAULT_TAGS)

    @property
    def schemes(self) -> tuple[TagScheme, ...]:
        """How exact tags are written, of the project and of each flavour, or of those of each component."""
        if self.parts:
            # Two schemes are equal where their prefix is, so none may be dropped as a copy of another.
            return tuple(scheme for part in self.parts for scheme in part.schemes)
        # Two schemes are equal where their prefix is.
        return (self.tag_prefix, *(package.scheme for package in self.packages() if package.scheme is not None))

    @property
    def all_floating_tags(self) -> tuple[str, ...]:
        """The templates of the floating tags of every flavour, and of every component."""
        if self.parts:
            return tuple(dict.fromkeys(text for part in self.parts for text in part.all_floating_tags))
        own = (text for package in self.packages() for text in package.floating_tags)
        return tuple(dict.fromkeys((*self.floating_tags, *own)))

    def schemes_of(self, name: str) -> tuple[TagScheme, ...]:
        """How the exact tags of a package "owner/name" are written, which may hold several flavours."""
        for part in self.parts:
            names = (*(package.name for package in part.published), *(package.name for package in part.retired))
            if name in names:
                return part.schemes_of(name)
        own = tuple(package.scheme for package in self.packages() if package.name == name and package.scheme)
        plain = any(package.name == name and package.scheme is None for package in self.packages())
        return own if own and not plain else (*own, self.tag_prefix)

    @property
    def shared(self) -> frozenset[str]:
        """Full names of the packages that hold releases and other builds."""
        dev = {package.reference for package in self.packages("dev")}
        return frozenset(package.name for package in self.list_home_packages("release") if package.reference in dev)

    def list_home_packages(self, channel: str = "") -> tuple[Package, ...]:
        """What is published in the file's registry, where GitHub deletes: of a channel, or of releases and dev."""
        packages = self.packages(channel) if channel else self.published
        return tuple(package for package in packages if package.registry == self.registry)

    def list_packages_elsewhere(self) -> tuple[Package, ...]:
        """What releases and dev builds publish in other registries, where no action deletes."""
        return tuple(package for package in self.published if package.registry != self.registry)

    def place_of(self, package: Package, *steps: str) -> Place:
        """Where a value of a package was said: by its variant, its image, the defaults; else where the image stands."""
        ways = [("images", package.image), ("defaults",)]
        if package.variant:
            ways.insert(0, ("images", package.image, "variants", package.variant))
        for way in ways:
            node: Node | None = self.origin
            for step in (*way, *steps):
                node = node.child(step) if node else None
            if node:
                return node.place
        return package.place

    def at(self, *steps: str | int) -> Place:
        """Where a value is in the file: `config.at("images", "cuda", "platforms", 0)`."""
        return self.origin.at(*steps)
