"""Configuration and event to build jobs: what is built, where, under which tags, and why the rest is not.

Pure. It must never put a floating tag on a release build: those are `protect-latest`'s to move.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from release_actions.builds.changes import ChangedFiles
from release_actions.builds.event import Build, choose_moving_tags, choose_tags
from release_actions.builds.image_metadata import find_common_labels
from release_actions.builds.path_filter import matches
from release_actions.builds.recipe import (
    EntryBuilder,
    Resolve,
    make_registry_fields,
    make_scan_fields,
    needs_version_file,
)
from release_actions.builds.version_file import VersionFile
from release_actions.config import Config, Package
from release_actions.config.channel_tags import DEFAULT_TAGS
from release_actions.config.grammar import OCI_LABELS
from release_actions.errors import InputError, PolicyError
from release_actions.runner.report import Finding, Level, Output
from release_actions.versions.version import read_image_tag

__all__ = [
    "ALL",
    "MOST_JOBS",
    "Build",
    "BuildJob",
    "Matrix",
    "Publication",
    "make_strategy_matrix",
    "plan_builds",
    "select_images",
]

MOST_JOBS = 256
"""Jobs of one matrix. GitHub fails a larger one (limits of GitHub Actions)."""

BUILD_JOB, COMMAND_JOB = "build", "command"
"""The jobs that build: docker buildx, or a command of release.yaml, which has the runner to itself and could speak for
every leg of its job. So the two are kept apart."""

ALL = ("all",)
EVERYTHING = ChangedFiles(everything="it was selected")


@dataclass(frozen=True)
class BuildJob:
    """One platform of one package, built and pushed by digest. `fields` is its entry of `strategy.matrix`."""

    package: Package
    platform: str
    fields: Mapping[str, Output] = field(repr=False)

    @property
    def is_command(self) -> bool:
        """Whether a command of release.yaml builds it."""
        return bool(self.package.recipe.command)

    def entry(self) -> dict[str, Output]:
        """Its entry of `strategy.matrix`."""
        return dict(self.fields)


@dataclass(frozen=True)
class Publication:
    """One package and the exact tags it gets once all its platforms are there, and why it is built or copied.

    `slots`: platform -> number of the job output that its build fills. `labels` are promised on every platform, and the
    label that tells it apart from other images with `built_as`.
    """

    package: Package
    tags: tuple[str, ...]
    reason: str
    source_commit: str = ""
    slots: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    built_as: str = ""

    def entry(self) -> dict[str, Output]:
        """Its entry of `strategy.matrix` for the job that publishes it.

        A copy has only what differs from one package to another: GitHub passes on a list of limited length.
        """
        entry: dict[str, Output] = {
            "name": self.package.package,
            "image": self.package.image,
            "variant": self.package.variant,
            **({"flavour": self.package.flavour} if self.package.flavour else {}),
            **({"copy-of": self.package.copy_of} if self.package.copy_of else {}),
            "package": self.package.reference,
            "tags": list(self.tags),
            "platforms": list(self.package.platforms),
            "required": self.package.required,
            **make_registry_fields(self.package),
        }
        if self.package.copy_of:
            return entry
        if self.package.built_by:
            return {**entry, "built-by": self.package.built_by}
        return {
            **entry,
            "reason": self.reason,
            **make_scan_fields(self.package),
            "source-commit": self.source_commit,
            "job": COMMAND_JOB if self.package.recipe.command else BUILD_JOB,
            "slots": dict(self.slots),
            "promised-labels": dict(self.labels),
            "built-as": self.built_as,
        }


@dataclass(frozen=True)
class Matrix:
    """The whole plan. `skipped`: image key -> why it is not built. `findings`: warnings for the user.

    `moving_tags`: tags that are put only once everything is verified. `common_labels`: labels that all images get
    beside those of their entries. `elsewhere`: what other tools build and push.
    """

    channel: str
    jobs: tuple[BuildJob, ...]
    publications: tuple[Publication, ...]
    skipped: Mapping[str, str]
    built: Mapping[str, bool]
    findings: tuple[Finding, ...] = ()
    moving_tags: tuple[str, ...] = ()
    common_labels: Mapping[str, str] = field(default_factory=dict)
    elsewhere: tuple[Publication, ...] = ()

    @property
    def is_published(self) -> bool:
        """Whether what is built is pushed: builds that are found by no tag are built and thrown away."""
        return all(publication.tags for publication in self.publications)


def plan_builds(
    config: Config,
    build: Build,
    images: tuple[str, ...],
    now: datetime,
    *,
    resolve: Resolve,
    changes: ChangedFiles = EVERYTHING,
    versions: VersionFile | None = None,
) -> Matrix:
    """The jobs of a run. `images`: keys to build, or the word all. `resolve` is asked for commits of sources' refs.

    Raises `InputError` for an image that does not exist or is not published in the channel, `ConfigurationError` for a
    value that the version file lacks, and `PolicyError` for more jobs than the platform runs.
    """
    channel = build.channel(config)
    selected = select_images(config, channel, images)
    forms = config.tags_of(channel) if channel != "release" else DEFAULT_TAGS
    tags = choose_tags(build, now, forms)
    reasons: dict[str, str] = {}
    skipped: dict[str, str] = {}
    published: dict[str, list[Package]] = {}
    others = [package for package in config.packages(channel) if package.built_by]
    tools = {package.image: package.built_by for package in others}
    for package in config.packages(channel):
        if not package.built_by:
            published.setdefault(package.image, []).append(package)
    for key in config.images:
        if key in tools:
            skipped[key] = f"{tools[key]} builds it"
        elif key not in published:
            skipped[key] = f"it is not published in the channel {channel}"
        elif key not in selected:
            skipped[key] = "it was not selected"
        elif reason := next(filter(None, (explain_build(config, one, changes) for one in published[key])), ""):
            reasons[key] = reason
        else:
            skipped[key] = "none of the files that it is made from changed"
    packages = [package for package in config.packages(channel) if package.image in reasons]
    built = [package for package in packages if not package.copy_of]
    check_job_count(built)
    check_flavours(build, packages)
    parts = [(package, platform) for package in built for platform in package.platforms]
    common = find_common_labels(config, built, build.metadata, build.web)
    builder = EntryBuilder(config, build, tags, resolve, versions, common_labels=common)
    jobs = tuple(
        BuildJob(
            package,
            platform,
            {**builder.make_entry(package, platform, reasons[package.image]), "slot": str(number)},
        )
        for number, (package, platform) in enumerate(parts)
    )
    jobs_by_label: dict[str, list[BuildJob]] = {}
    for job in jobs:
        jobs_by_label.setdefault(job.package.label, []).append(job)
    findings = builder.finish() if packages else ()
    return Matrix(
        channel=channel,
        jobs=jobs,
        publications=tuple(
            Publication(
                package,
                tuple(map(package.form_tag, tags)),
                reasons[package.image],
                builder.pinned(package).commit,
                slots={job.platform: int(str(job.fields["slot"])) for job in jobs_by_label.get(package.label, ())},
                labels=find_promised_labels(jobs_by_label[package.copy_of or package.label]),
                built_as=package.describe_build(builder.name),
            )
            for package in packages
        ),
        skipped=skipped,
        built={key: key in reasons for key in config.images},
        findings=(*findings, *find_missed_images(build, skipped, published)),
        common_labels=common,
        elsewhere=tuple(
            Publication(package, tuple(map(package.form_tag, tags)), f"{package.built_by} builds it")
            for package in others
            if package.image in selected
        ),
        moving_tags=tuple(
            dict.fromkeys(
                package.form_tag(tag) for tag in choose_moving_tags(build, now, forms) for package in packages
            )
        ),
    )


def find_promised_labels(jobs: Iterable[BuildJob]) -> dict[str, str]:
    """The labels that say where an image comes from, as far as all of its platforms have the same."""
    every = [
        dict(line.split("=", 1) for line in str(job.fields["labels"]).splitlines() if line.startswith(OCI_LABELS))
        for job in jobs
    ]
    first = every[0] if every else {}
    return {
        name: first[name]
        for name in (f"{OCI_LABELS}{name}" for name in ("source", "revision", "version"))
        if name in first and all(labels.get(name) == first[name] for labels in every)
    }


def explain_build(config: Config, package: Package, changes: ChangedFiles) -> str:
    """Why an image is built; empty if nothing that it is made from changed."""
    if changes.everything:
        return changes.everything
    file = posixpath.normpath(config.at().file)
    if file in changes.files:
        return f"{file} changed"
    if not package.paths:
        return "it names no paths, so every change builds it"
    watched = sorted(path for path in changes.files if matches(list_watched_globs(config, package), path))
    more = f" and {len(watched) - 1} more" if len(watched) > 1 else ""
    return f"{watched[0]} changed{more}" if watched else ""


def list_watched_globs(config: Config, package: Package) -> tuple[str, ...]:
    """The globs of the files that a package is made from: what it names, and what the configuration itself says."""
    source = package.recipe.source
    own = [package.dockerfile]
    if needs_version_file(package):
        own.append(config.version_file)
    if source and source.patch:
        own.append(source.patch)
    return (*package.paths, *own)


def check_job_count(packages: list[Package]) -> None:
    """Raises `PolicyError` for more jobs than one matrix may have."""
    count = sum(len(package.platforms) for package in packages)
    if count > MOST_JOBS:
        message = (
            f"{len(packages)} packages on their platforms make {count} build jobs, and GitHub runs {MOST_JOBS} of "
            "one matrix."
        )
        raise PolicyError(message, hint="Select fewer images with the input images, in several runs.")


def check_flavours(build: Build, packages: Iterable[Package]) -> None:
    """Raise `PolicyError` for a release whose exact tag in a package is that of a flavour of another release there."""
    packages, version = tuple(packages), build.version
    if version is None or all(package.scheme is None for package in packages):
        return
    for package in packages:
        tag = package.form_tag(version.image_tag)
        for other in packages:
            if other.reference != package.reference or other.flavour == package.flavour or other.scheme is None:
                continue
            named = read_image_tag(tag, other.scheme)
            # Every tag of a flavour reads as a pre-release of the image without it; only the shorter reading is meant.
            if named and named.numbers == version.numbers and len(named.suffix) < len(version.suffix):
                message = (
                    f"{package.reference}:{tag} cannot be the image of {version}: it is the {other.variant} of {named}."
                )
                raise PolicyError(message, hint="Choose another pre-release word, or another 'tag' of the variant.")


def find_missed_images(
    build: Build, skipped: Mapping[str, str], published: Mapping[str, Sequence[Package]]
) -> Iterable[Finding]:
    """The images of the channel that a release would leave without its tag (llm-d/llm-d#978)."""
    if build.version:
        for key in skipped:
            if key in published and published[key][0].required:
                message = f"The release {build.version.tag} would miss the image '{key}'."
                hint = "Select all images, unless this run only repairs a release that has it already."
                yield Finding.of(
                    Level.WARNING, message, hint=hint, place=published[key][0].place, rule="incomplete-release"
                )


def select_images(config: Config, channel: str, images: tuple[str, ...]) -> frozenset[str]:
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
            message = f"Input 'images' names {key!r}, which is not an image of {config.at().file}."
            raise InputError(message, hint=f"Its images are {known}; all means every one.")
        if key not in published:
            message = f"Input 'images' names {key!r}, which is not published in the channel {channel}."
            raise InputError(message, hint=f"That channel has {', '.join(sorted(published))}.")
    return frozenset(images)


def make_strategy_matrix(entries: Iterable[Mapping[str, Output]]) -> dict[str, Output]:
    """Entries as the value of `strategy.matrix`."""
    return {"include": [dict(entry) for entry in entries]}
