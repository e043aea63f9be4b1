"""What a project says about itself: its configuration, its components, and what a dependencies file expects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from release_actions.components.document import ComponentsFile, load_components
from release_actions.components.sources import FoundVersion, MissingVersion, VersionSources
from release_actions.components.upstream import Upstream
from release_actions.components.version_source import FromGitTag, FromImageTag
from release_actions.config import Config, load_config
from release_actions.config.grammar import fill
from release_actions.config.source import read_text
from release_actions.drift import expectations, own_names
from release_actions.drift.audit import Rules
from release_actions.drift.catalogue import Catalogue
from release_actions.drift.classes import ON_RELEASE_BRANCH, ON_TRUNK
from release_actions.drift.exceptions import Exemption
from release_actions.drift.strangers import Stray
from release_actions.errors import InputError, Place
from release_actions.runner.nearest_path import suggest_path
from release_actions.versions.history import Level
from release_actions.versions.version import Version, parse

NO_FILE = "none"


@dataclass(frozen=True)
class ProjectFiles:
    """Names of the files that describe a project. `find` gives the path of a name in the checkout."""

    config: str
    components: str
    dependencies: str
    find: Callable[[str], Path]

    @property
    def names(self) -> tuple[str, ...]:
        """All three."""
        return self.config, self.components, self.dependencies

    @property
    def expectations(self) -> str:
        """The dependencies file, empty when there is none. One that was named and is missing is an error when read."""
        if self.dependencies == NO_FILE:
            return ""
        is_default = self.dependencies == expectations.FILE
        return "" if is_default and not self.find(self.dependencies).is_file() else self.dependencies

    def load_config(self) -> Config | None:
        """The configuration, if there is one. Raises `ConfigurationError` with every mistake."""
        path = self.find(self.config)
        return load_config(path, name=self.config) if path.is_file() else None

    def read(self, name: str) -> str | None:
        """The text of a file of the checkout; None when there is no such file, or it leads out of the checkout."""
        path = self.find(name)
        is_inside = path.resolve().is_relative_to(self.find(".").resolve())
        return read_text(path, name=name) if is_inside and path.is_file() else None


@dataclass(frozen=True)
class ReleaseRequest:
    """The release that is audited for. `asks_servers`: whether servers may be asked for versions of components."""

    tag: str
    repository: str = ""
    trunk: str = "main"
    on_trunk: bool = False
    asks_servers: bool = False


@dataclass(frozen=True)
class Project:
    """What the files of the project say about it. `config` and `document` are None where there is no such file."""

    version: Version
    config: Config | None
    document: ComponentsFile | None
    catalogue: Catalogue
    on_trunk: bool


def read_project(config: Config | None, files: ProjectFiles, request: ReleaseRequest, upstream: Upstream) -> Project:
    """The names and the wanted versions. Raises `ActionError` with every mistake of the files."""
    version = parse(request.tag, config.tag_prefix if config else "v")
    components = files.find(files.components)
    document = load_components(components, name=files.components) if components.is_file() else None
    if config is None and document is None and not files.expectations:
        message = f"There is no {files.config}, no {files.components} and no {files.dependencies}."
        hint = "Describe what the project publishes in release.yaml, or check out the repository first."
        raise InputError(message, hint=hint)
    versions = find_versions(version, document, files, request, upstream) if document else {}
    catalogue = own_names.make_catalogue(
        config,
        document,
        versions,
        tag=version.tag,
        branch=name_release_branch(config, version),
        trunk=request.trunk,
        repository=request.repository or (config.repository if config else ""),
    )
    return Project(version, config, document, catalogue, request.on_trunk)


def name_release_branch(config: Config | None, version: Version) -> str:
    """The release branch of a version by the configuration; empty when there is none."""
    numbers = {"major": str(version.major), "minor": str(version.minor), "patch": str(version.patch)}
    templates = config.release_branches if config else ()
    return fill(templates[0], numbers) if templates else ""


def find_versions(
    version: Version, document: ComponentsFile, files: ProjectFiles, request: ReleaseRequest, upstream: Upstream
) -> Mapping[str, FoundVersion | MissingVersion]:
    """The version of each component at the release. Those that only a server knows are asked for where it may be."""
    sources = VersionSources(
        version.tag,
        files.read,
        upstream.git_tags,
        upstream.image_tags,
        lambda name: suggest_path(name, files.find(".")),
    )
    return {
        id_: sources.find(part.version)
        for _, id_, part in document.parts()
        if request.asks_servers or not isinstance(part.version, FromGitTag | FromImageTag)
    }


def find_differences(files: ProjectFiles, project: Project) -> Iterator[Stray]:
    """Differences between the lists of components and builds, and what a dependencies file expects."""
    if project.config and project.document:
        for name, rule in own_names.find_unbuilt(project.config, project.document):
            has_build = rule == "build-without-component"
            other = files.components if has_build else files.config
            message = f"{name} is built and is no component." if has_build else f"The component {name} is not built."
            file = files.config if has_build else files.components
            yield Stray(rule, message, f"Add it to {other}, or remove it here.", Place(file, 1, 1))
    file = files.expectations
    if file:
        expected = expectations.read_expectations(read_text(files.find(file), name=file), file)
        yield from expectations.check_expectations(
            expected, files.read, lambda path: suggest_path(path, files.find("."))
        )


def make_rules(project: Project, today: date) -> Rules:
    """Levels by branch and configuration, and the exceptions."""
    levels = {name.value: level for name, level in (ON_TRUNK if project.on_trunk else ON_RELEASE_BRANCH).items()}
    form = project.config.drift if project.config else None
    levels |= {rule: Level(level) for rule, level in form.rules.items()} if form else {}
    exemptions = tuple(
        Exemption(item.paths, item.reason, item.origin.place, item.rules, item.until)
        for item in (form.exceptions if form else ())
    )
    return Rules(levels, exemptions, today)
