"""What one entry of the build matrix says: everything that the job which builds one platform needs. Pure.

Templates become values here, the same way for every channel. A value that is not there is an error with its place in
`release.yaml`: an argument that is silently empty builds another image than the one that was tested.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from release_actions.builds.event import Build
from release_actions.builds.image_metadata import make_metadata_labels
from release_actions.builds.version_file import VersionFile
from release_actions.config import Config, Package, placeholders
from release_actions.config.grammar import BUILT_AS, OCI_LABELS
from release_actions.errors import ConfigurationError, InputError, Place, Problem
from release_actions.runner.context import COMMIT
from release_actions.runner.report import Finding, Level, Output

REPOSITORY = re.compile(r"(?:https://github\.com/)?(?P<name>[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+?)(?:\.git)?")
GIT_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/+-]*")

Resolve = Callable[[str, str], str]
"""Gives the commit that a branch or tag of a repository "owner/name" names. Raises what it cannot find out."""


@dataclass(frozen=True)
class PinnedSource:
    """The source of an image: where from, which ref was asked for, and the commit that every platform gets."""

    repository: str = ""
    ref: str = ""
    commit: str = ""


@dataclass
class EntryBuilder:
    """Fills the templates of one run. `problems` collects what is missing, `used` the overrides that had an effect.

    `common_labels` are given to all images of the run at once: no entry repeats them.
    """

    config: Config
    build: Build
    tags: tuple[str, ...]
    resolve: Resolve
    versions: VersionFile | None = None
    problems: dict[Problem, None] = field(default_factory=dict)
    findings: dict[Finding, None] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    pins: dict[tuple[str, str], PinnedSource] = field(default_factory=dict)
    common_labels: Mapping[str, str] = field(default_factory=dict)

    def make_entry(self, package: Package, platform: str, reason: str) -> dict[str, Output]:
        """The entry of a platform. Lists are as docker/build-push-action takes them: one item a line."""
        recipe = package.recipe
        arguments = {
            name: self.fill_argument(package, platform, name, template) for name, template in package.build_args.items()
        }
        labels = self.make_labels(package, platform)
        return {
            "name": " ".join(filter(None, (package.package, package.flavour, platform))),
            "image": package.image,
            "variant": package.variant,
            "platform": platform,
            "runner": parse_labels(package.runners[platform]),
            "package": package.reference,
            "context": package.context,
            "dockerfile": package.dockerfile,
            "target": package.target,
            "build-args": join_assignments(arguments),
            # Last: what the project says must not replace what tells its images apart.
            "labels": join_assignments({**labels, BUILT_AS: package.describe_build(self.name)}),
            "annotations": join_assignments(self.make_annotations(package, platform)),
            "required": package.required,
            "commit": self.build.sha,
            "reason": reason,
            **make_registry_fields(package),
            "secrets": join_assignments(recipe.secrets),
            "prebuild-target": recipe.prebuild_target,
            "prebuild-secrets": join_assignments(recipe.prebuild_secrets),
            **self.make_source(package),
            "command": recipe.command,
            "cache-from": self.fill_caches(recipe.cache_from, package, platform, "cache-from"),
            "cache-to": self.fill_caches(recipe.cache_to, package, platform, "cache-to"),
            "no-cache": recipe.no_cache,
            "provenance": recipe.provenance,
            "driver-opts": "\n".join(recipe.driver_opts),
            "buildkitd-flags": recipe.buildkitd_flags,
        }

    def finish(self) -> tuple[Finding, ...]:
        """What should be looked at, once every entry is made. Raises what was found wrong, everything at once."""
        if self.problems:
            raise ConfigurationError(problems=self.problems)
        idle = [name for name in self.build.overrides if name not in self.used]
        if idle:
            message = f"Input 'overrides' sets {', '.join(idle)}, but no image of this build uses it."
            known = ", ".join(sorted(self.list_overridable())) or "none"
            raise InputError(message, hint=f"Names of build arguments and of values from the version file: {known}.")
        return tuple(self.findings)

    def list_overridable(self) -> Iterator[str]:
        """Everything that an override could set."""
        packages = self.config.packages(self.build.channel(self.config))
        names = {name for package in packages for name in package.build_args}
        yield from names | ({*self.versions.values, *self.versions.unreadable} if self.versions else set())

    @property
    def name(self) -> str:
        """What the build is called: its first tag, or the commit of one that is found by no tag."""
        return self.tags[0] if self.tags else f"sha-{self.build.short_sha}"

    def make_labels(self, package: Package, platform: str) -> dict[str, str]:
        """The labels of a platform: those that say what it is (OCI image specification, annotations), and its own."""
        origin = {
            "source": self.build.web,
            "revision": self.build.sha,
            "version": self.build.version.text if self.build.version else self.name,
        }
        metadata = make_metadata_labels(self.config, package, self.build.metadata, self.build.web)
        return {
            **{f"{OCI_LABELS}{name}": value for name, value in origin.items() if value},
            **{name: value for name, value in metadata.items() if name not in self.common_labels},
            **{name: self.fill(text, package, platform, "labels", name) for name, text in package.labels.items()},
        }

    def make_annotations(self, package: Package, platform: str) -> dict[str, str]:
        """What a platform's manifest says beyond the labels, all of which annotate it too."""
        return {
            name: self.fill(text, package, platform, "annotations", name) for name, text in package.annotations.items()
        }

    def make_source(self, package: Package) -> dict[str, Output]:
        """The other repository that is checked out before the build; empty texts without one."""
        source, pinned = package.recipe.source, self.pinned(package)
        return {
            "source-repository": pinned.repository,
            "source-ref": pinned.ref,
            "source-commit": pinned.commit,
            "source-path": source.path if source else "",
            "source-patch": source.patch if source else "",
        }

    def pinned(self, package: Package) -> PinnedSource:
        """The source of a package at one commit, the same for all of its platforms."""
        key = (package.image, package.variant)
        if key not in self.pins:
            self.pins[key] = self.pin_source(package)
        return self.pins[key]

    def pin_source(self, package: Package) -> PinnedSource:
        """Fill the templates of a source, and ask what its ref names unless that is a commit."""
        source = package.recipe.source
        if source is None:
            return PinnedSource()
        address = self.fill(source.repository, package, "", "source", "repository")
        ref = self.fill(source.ref, package, "", "source", "ref")
        repository = REPOSITORY.fullmatch(address)
        if not address or not ref:
            return PinnedSource()
        if repository is None:
            self.add_problem(
                package, f"{address!r} is not a repository on GitHub.", "Write owner/name.", "source", "repository"
            )
            return PinnedSource()
        if not GIT_REF.fullmatch(ref):
            self.add_problem(package, f"{ref!r} is not a commit, tag or branch.", "Write one.", "source", "ref")
            return PinnedSource()
        if COMMIT.fullmatch(ref):
            return PinnedSource(repository["name"], ref, ref)
        commit = self.resolve(repository["name"], ref)
        message = f"The source of the image '{package.image}' is {ref!r}, which can move; it is built from {commit}."
        place = self.config.place_of(package, "source", "ref")
        self.findings[Finding(Level.WARNING, Problem(message, "Name a commit.", place), "unpinned-source")] = None
        return PinnedSource(repository["name"], ref, commit)

    def fill_caches(self, templates: Iterable[str], package: Package, platform: str, key: str) -> str:
        """Caches, one a line."""
        return "\n".join(self.fill(template, package, platform, key) for template in templates)

    def fill_argument(self, package: Package, platform: str, name: str, template: str) -> str:
        """The value of a build argument."""
        if name in self.build.overrides and name not in placeholders.list_file_keys(template):
            self.used.add(name)
            return self.build.overrides[name]
        return self.fill(template, package, platform, "build-args", name)

    def fill(self, template: str, package: Package, platform: str, *steps: str) -> str:
        """A template with its values. What is missing is a problem at the place where it is named."""

        def value(name: str) -> str:
            if name.startswith(placeholders.FILE):
                return self.read_version(name.removeprefix(placeholders.FILE), self.find_place(package, steps))
            if name in placeholders.OF_SOURCE:
                return self.read_source(package, name, steps)
            return values[name]

        if "{" not in template:
            return template
        system, _, architecture = re.sub(r"\(.*?\)", "", platform).partition("/")
        values = {
            "image": package.image,
            "variant": package.variant,
            "platform": platform,
            "os": system,
            "arch": architecture,
            "tag": self.name,
            "sha": self.build.sha,
            "short-sha": self.build.short_sha,
            "run-id": self.build.run_id,
            "ref-name": self.build.ref_name,
            "package": package.reference,
        }
        return placeholders.fill(template, value)

    def read_version(self, key: str, place: Place) -> str:
        """A value of the version file, or what overrides it."""
        if key in self.build.overrides:
            self.used.add(key)
            return self.build.overrides[key]
        values = self.versions.values if self.versions else {}
        if self.versions and key in self.versions.unreadable:
            self.problems[self.versions.unreadable[key]] = None
            return ""
        if key not in values:
            from release_actions.config.shapes import suggest_nearest  # only once something is missing

            message = f"{self.config.version_file} has no value {key}."
            self.problems[Problem(message, suggest_nearest(key, tuple(values)), place)] = None
            return ""
        return values[key]

    def read_source(self, package: Package, name: str, steps: tuple[str, ...]) -> str:
        """A value of the image's source."""
        if package.recipe.source is None:
            message = f"'{{{name}}}' is a value of 'source', and the image '{package.image}' has no source."
            self.add_problem(package, message, "Add 'source', or remove the placeholder.", *steps)
        return str(getattr(self.pinned(package), name.removeprefix(placeholders.SOURCE)))

    def find_place(self, package: Package, steps: tuple[str, ...]) -> Place:
        """Where a template is in the configuration."""
        return self.config.place_of(package, *steps)

    def add_problem(self, package: Package, message: str, hint: str, *steps: str) -> None:
        """Note something wrong with a value."""
        self.problems[Problem(message, hint, self.find_place(package, steps))] = None


def parse_labels(labels: str) -> Output:
    """The value of `runs-on`: one label as it is, several as a list."""
    parsed: list[Output] = [label.strip() for label in labels.split(",")]
    return parsed[0] if len(parsed) == 1 else parsed


def make_registry_fields(package: Package) -> dict[str, Output]:
    """Where to log in, and by which secrets; empty names for the job's own token."""
    return {
        "registry": package.registry,
        "username-secret": package.credentials.username,
        "password-secret": package.credentials.password,
    }


def make_scan_fields(package: Package) -> dict[str, Output]:
    """How the published image is scanned, as aquasecurity/trivy-action takes it."""
    scan = package.recipe.scan
    return {
        "scan": scan is not None,
        "scan-severities": ",".join(scan.severities) if scan else "",
        "scan-gate": ",".join(scan.gate) if scan else "",
        "scan-ignore-unfixed": bool(scan and scan.ignore_unfixed),
        "scan-skip-dirs": ",".join(scan.skip_dirs) if scan else "",
        "scan-timeout": f"{scan.timeout.total_seconds():.0f}s" if scan else "",
        # Findings of two images under one category replace each other in code scanning.
        "scan-category": f"{package.package}-{package.flavour}".removesuffix("-") if scan else "",
    }


def join_assignments(values: Mapping[str, str]) -> str:
    """`NAME=value` lines."""
    return "\n".join(f"{name}={value}" for name, value in values.items())


def needs_version_file(package: Package) -> bool:
    """Whether a package is made with a value of the version file."""
    source = package.recipe.source
    recipe = package.recipe
    templates = [*package.build_args.values(), *package.labels.values(), *package.annotations.values()]
    templates += [*recipe.cache_from, *recipe.cache_to]
    if source:
        templates += [source.repository, source.ref]
    return any(True for template in templates for _ in placeholders.list_file_keys(template))
