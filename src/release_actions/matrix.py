"""Configuration and event to build jobs: what is built, where, under which tags, and why the rest is not.

Pure. It must never put a floating tag on a release build: those are `protect-latest`'s to move.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from release_actions.config import Config, Package
from release_actions.errors import InputError, PolicyError
from release_actions.report import Output
from release_actions.versions import Version

MOST_JOBS = 256
"""Jobs of one matrix. GitHub fails a larger one (limits of GitHub Actions)."""

SHORT_SHA = 7
"""Digits of a commit in a `sha-` tag."""

ALL = ("all",)
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
"""A tag, distribution specification, section "Pulling manifests"."""


@dataclass(frozen=True)
class Build:
    """What a run builds: a release when `version` is given, else the dev channel.

    `sha` is the commit that is built, `pull` the number of a pull request or 0, `nightly` whether a schedule started
    the run, `trunk` whether it builds the default branch and nothing else.
    """

    version: Version | None = None
    sha: str = ""
    pull: int = 0
    nightly: bool = False
    trunk: bool = False

    @property
    def channel(self) -> str:
        """Release tags go to `release`, every other build to `dev`."""
        return "release" if self.version else "dev"


@dataclass(frozen=True)
class Job:
    """One platform of one package, built and pushed by digest."""

    package: Package
    platform: str

    def entry(self) -> dict[str, Output]:
        """Its entry of `strategy.matrix`. Lists are as docker/build-push-action takes them: one item a line."""
        package = self.package
        return {
            "name": f"{package.package} {self.platform}",
            "image": package.image,
            "variant": package.variant,
            "platform": self.platform,
            "runner": package.runners[self.platform],
            "package": package.reference,
            "context": package.context,
            "dockerfile": package.dockerfile,
            "target": package.target,
            "build-args": assignments(package.build_args),
            "labels": assignments(package.labels),
            "required": package.required,
        }


@dataclass(frozen=True)
class Publication:
    """One package and the exact tags it gets once all its platforms are there."""

    package: Package
    tags: tuple[str, ...]

    def entry(self) -> dict[str, Output]:
        """Its entry of `strategy.matrix` for the job that publishes it."""
        return {
            "name": self.package.package,
            "image": self.package.image,
            "variant": self.package.variant,
            "package": self.package.reference,
            "tags": list(self.tags),
            "platforms": list(self.package.platforms),
            "required": self.package.required,
        }


@dataclass(frozen=True)
class Matrix:
    """The whole plan. `skipped`: image key -> why it is not built."""

    channel: str
    jobs: tuple[Job, ...]
    publications: tuple[Publication, ...]
    skipped: Mapping[str, str]
    built: Mapping[str, bool]


def plan(config: Config, build: Build, images: tuple[str, ...], now: datetime) -> Matrix:
    """The jobs of a run. `images`: keys to build, or the word all.

    Raises `InputError` for an image that does not exist or is not published in the channel, and `PolicyError` for more
    jobs than the platform runs.
    """
    selected = select(config, build.channel, images)
    tags = tags_of(build, now)
    packages = [package for package in config.packages(build.channel) if package.image in selected]
    jobs = tuple(Job(package, platform) for package in packages for platform in package.platforms)
    if len(jobs) > MOST_JOBS:
        message = (
            f"{len(packages)} packages on their platforms make {len(jobs)} build jobs, and GitHub runs {MOST_JOBS} of "
            "one matrix."
        )
        raise PolicyError(message, hint="Select fewer images with the input images, in several runs.")
    published = {package.image for package in config.packages(build.channel)}
    skipped = {
        key: "it was not selected" if key in published else f"it is not published in the channel {build.channel}"
        for key in config.images
        if key not in selected
    }
    return Matrix(
        channel=build.channel,
        jobs=jobs,
        publications=tuple(Publication(package, tags) for package in packages),
        skipped=skipped,
        built={key: key in selected for key in config.images},
    )


def select(config: Config, channel: str, images: tuple[str, ...]) -> frozenset[str]:
    """The image keys that a run builds. Never empty: a list that selects nothing is a mistake, not an empty build."""
    published = {package.image for package in config.packages(channel)}
    if not published:
        message = f"{config.at().file} publishes no image in the channel {channel}."
        hint = "Add the channel under 'channels', or push a release tag." if channel == "dev" else "Release an image."
        raise InputError(message, hint=hint)
    if images == ALL:
        return frozenset(published)
    for key in images:
        if key not in config.images:
            known = ", ".join(sorted(config.images))
            message = f"Input 'images' names {key!r}, which is no image of {config.at().file}."
            raise InputError(message, hint=f"Its images are {known}; all stands for every one.")
        if key not in published:
            message = f"Input 'images' names {key!r}, which is not published in the channel {channel}."
            raise InputError(message, hint=f"That channel has {', '.join(sorted(published))}.")
    return frozenset(images)


def tags_of(build: Build, now: datetime) -> tuple[str, ...]:
    """The tags of everything that a run publishes: the exact version, or what a dev build is found by.

    A dev package's `latest` is the newest build of the default branch, so it is set here; a release's never is.
    Raises `InputError` when a dev build has no commit.
    """
    if build.version:
        return (build.version.tag,)
    if not re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", build.sha):
        message = f"A dev build needs the commit it is made from, and {build.sha!r} is none."
        raise InputError(message, hint="Run in a workflow, or pass --sha with 40 digits.")
    tags = [f"sha-{build.sha[:SHORT_SHA]}"]
    if build.pull:
        tags.append(f"pr-{build.pull}")
    if build.nightly:
        tags.append(f"nightly-{now:%Y%m%d}")
    if build.trunk:
        tags.append("latest")
    return tuple(tags)


def assignments(values: Mapping[str, str]) -> str:
    """`NAME=value` lines."""
    return "\n".join(f"{name}={value}" for name, value in values.items())


def include(entries: Iterable[Mapping[str, Output]]) -> dict[str, Output]:
    """Entries as the value of `strategy.matrix`."""
    return {"include": [dict(entry) for entry in entries]}
