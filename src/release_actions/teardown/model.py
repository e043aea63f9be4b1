"""What a teardown is planned from, and what its plan holds: frozen values that planner, worker and reports share."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from release_actions.github.releases import Release
from release_actions.registry.names import Tag
from release_actions.versions import floating
from release_actions.versions.grammar import image_tag_of
from release_actions.versions.version import Version, parse_known, parse_or_none, read_image_tag, read_image_tags


@dataclass(frozen=True)
class Names:
    """How a project names things: prefix of its tags, templates of its floating tags, releases that none may name.

    `flavours`: package -> how exact tags are written there, of packages that hold several flavours.
    """

    prefix: str = "v"
    templates: tuple[str, ...] = floating.DEFAULT_TEMPLATES
    skip: Collection[str] = ()
    flavours: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def made_of_images(self) -> tuple[str, ...]:
        """Templates of what tools put on an image beside its exact tag, whether the project wants it or not."""
        return (*self.templates, *self.made_of_refs, "{major}", "{major}.{minor}", "latest")

    def schemes(self, package: str) -> tuple[str, ...]:
        """How the exact tags of a package are written."""
        return self.flavours.get(package, (self.prefix,))

    def list_image_tags(self, package: str, git_tags: Iterable[str]) -> frozenset[Tag]:
        """The exact tags of the images of versions in a package."""
        schemes = self.schemes(package)
        return frozenset(Tag(image_tag_of(tag, scheme)) for tag in git_tags for scheme in schemes)

    def list_git_tags(self, package: str, image_tags: Iterable[str]) -> frozenset[str]:
        """The git tags of the versions among the tags of a package."""
        tags = tuple(image_tags)
        return frozenset(version.tag for scheme in self.schemes(package) for version in read_image_tags(tags, scheme))

    def read_image(self, package: str, tag: str) -> Version | None:
        """The version that a tag of a package is the exact one of: the first flavour that reads it."""
        versions = (read_image_tag(tag, scheme) for scheme in self.schemes(package))
        return next((version for version in versions if version), None)

    @property
    def made_of_refs(self) -> tuple[str, ...]:
        """Templates of what tools make in git by cutting a tag at its dots, besides the project's own."""
        cut = (f"{self.prefix}{{major}}", f"{self.prefix}{{major}}.{{minor}}")
        return (*(text for text in self.templates if "{major}" in text), *cut)


@dataclass(frozen=True)
class Git:
    """The tags of the repository. `tags`: tag -> object. `commits`: tag -> commit, of all that `to_resolve` names."""

    tags: Mapping[str, str]
    commits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """All that was read. `images`: package -> tag -> digest, of packages that exist.

    `retired`: packages that a final release is not published in any more.
    """

    names: Names
    git: Git
    images: Mapping[str, Mapping[str, str]]
    releases: tuple[Release, ...] = ()
    retired: frozenset[str] = frozenset()

    @functools.cached_property
    def stable(self) -> tuple[Version, ...]:
        """The releases that git has a tag for."""
        return tuple(version for version in parse_known(self.git.tags, self.names.prefix) if version.is_stable)

    @functools.cached_property
    def real(self) -> frozenset[str]:
        """Tags that are releases: in git, or published on GitHub as such."""
        published = {release.tag for release in self.releases if not release.draft and not release.prerelease}
        finals = {tag for tag in published if (parsed := parse_or_none(tag, self.names.prefix)) and parsed.is_stable}
        return frozenset({version.tag for version in self.stable} | finals)


@dataclass(frozen=True)
class Refusal:
    """Why nothing of a candidate is touched, and what to do about it."""

    candidate: str
    message: str
    hint: str


@dataclass(frozen=True)
class RefChange:
    """A git tag to delete (`after` is empty) or to move. `owners`: the candidates it comes from."""

    tag: Tag
    before: str
    after: str
    reason: str
    owners: tuple[str, ...]


@dataclass(frozen=True)
class Ref:
    """A git tag that was deleted (`after` is empty) or moved: the object it named before, and the one after."""

    tag: Tag
    before: str
    after: str = ""


@dataclass(frozen=True)
class Plan:
    """What a teardown deletes.

    `images`: package -> selected tag -> the candidates it comes from. `notes`: sentences about what is kept.
    `living`: git tags that stay. `shared`: candidates whose image a release shares somewhere, so that it stays.
    """

    candidates: tuple[Version, ...]
    images: Mapping[str, Mapping[str, tuple[str, ...]]]
    releases: tuple[Release, ...]
    refs: tuple[RefChange, ...]
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    living: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has to be deleted."""
        return not (any(self.images.values()) or self.releases or self.refs)

    @property
    def refused(self) -> tuple[str, ...]:
        """The candidates of which nothing is touched, each once."""
        return tuple(dict.fromkeys(refusal.candidate for refusal in self.refusals))
