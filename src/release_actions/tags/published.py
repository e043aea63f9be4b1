"""What the registry already has of a release: the candidates of every released package, and who built the exact tag.

Candidates get deleted from git after the test, their images often do not. Reads; changes nothing. A package that cannot
be read is an error, never an empty one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from release_actions.config import Package
from release_actions.images import manifests
from release_actions.images.image_list import ListedImage
from release_actions.images.manifests import Index, Platform
from release_actions.registry.registries import Registries
from release_actions.versions.grammar import image_tag_of
from release_actions.versions.version import Version

T = TypeVar("T")

REVISION = "org.opencontainers.image.revision"
"""Label and annotation with the commit that an image was built from (image specification, "Annotations")."""

AT_ONCE = 8
"""Packages that are read at the same time."""


@dataclass(frozen=True)
class Published:
    """The released packages, each in its registry."""

    registries: Registries
    packages: tuple[Package, ...]

    def tags(self) -> tuple[str, ...]:
        """Every tag of every package, each once. A package that does not exist has none."""
        listed = _each(lambda package: self.registries.of(package.registry).tags(package.name) or (), self.packages)
        return tuple(dict.fromkeys(tag for tags in listed.values() for tag in tags))

    def revisions(self, version: Version) -> dict[str, str]:
        """Label of each package with the exact tag -> the commit its image was built from, empty if it is silent."""
        revisions = _each(lambda package: self._revision(package, exact_tag(package, version)), self.packages)
        return {reference: revision for reference, revision in revisions.items() if revision is not None}

    def whole(self, version: Version, commit: str, having: Container[str]) -> bool:
        """Whether every required package has the exact tag, complete on all platforms and built from the commit.

        `having`: labels of the packages that have the tag.
        """
        required = tuple(package for package in self.packages if package.required)
        if not required or any(package.label not in having for package in required):
            return False
        # Imported here: only a run repeated gets this far.
        from release_actions.images import inspection

        expected = inspection.Expectation(commit, ("revision",))

        def is_whole(package: Package) -> bool:
            platforms = tuple(Platform.parse(platform) for platform in package.platforms)
            image = ListedImage(package.reference, (exact_tag(package, version),), platforms)
            return not inspection.judge_image(
                image, inspection.read_image(self.registries.of(image.registry), image), expected
            ).problems

        return all(_each(is_whole, required).values())

    def _revision(self, package: Package, tag: str) -> str | None:
        """The commit that a tag's image was built from; empty if it does not say, None if there is no such tag."""
        name, registry = package.name, self.registries.of(package.registry)
        manifest = registry.get_manifest(name, tag)
        if manifest is None:
            return None
        image = manifests.parse(manifest.body, manifest.digest, manifest.media_type)
        if isinstance(image, Index):
            children = [child for child in image.children if child.can_be_image]
            if not children:
                return ""
            child = registry.get_manifest(name, children[0].digest)
            image = manifests.parse(child.body, child.digest, child.media_type) if child else image
        # An image of which a part is gone says nothing any more, as one without the label.
        content = None if isinstance(image, Index) else registry.get_blob(name, image.config.digest)
        return revision_of(content) if content else ""


def exact_tag(package: Package, version: Version) -> str:
    """The tag of a release in a package."""
    return version.image_tag if package.scheme is None else image_tag_of(version.tag, package.scheme)


def _each(read: Callable[[Package], T], packages: Sequence[Package]) -> dict[str, T]:
    """What `read` gives for each package, several at once, in the order of the configuration."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="package") as pool:
        results = pool.map(read, packages)
        return {package.label: result for package, result in zip(packages, results, strict=True)}


def revision_of(config: bytes) -> str:
    """The commit that an image's configuration names in its labels; empty without one."""
    try:
        labels = json.loads(config)["config"]["Labels"]
        revision = labels[REVISION]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return revision if isinstance(revision, str) else ""
