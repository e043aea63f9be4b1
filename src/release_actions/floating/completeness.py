"""Is an image complete, and is it the one that its git tag means? Asks the registry about its parts.

Complete means that every wanted platform is in it and that every child answers: GHCR keeps an index whose children are
gone. This module must never take a part that could not be read for one that is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import TypeVar

from release_actions.config import Package
from release_actions.images import assembly
from release_actions.images import manifests as image_manifests
from release_actions.images.assembly import REVISION
from release_actions.images.manifests import Descriptor, Index, Platform
from release_actions.registry.client import Manifest
from release_actions.registry.registries import Registries
from release_actions.versions.floating import join_words

SHORT = 12
"""Characters of a commit that a sentence repeats."""

EXPIRY = "quay.expires-after"
"""Label of images that are to be deleted after a while. Quay heeds it whenever a tag is put on one (quay/quay#690)."""

GHCR = "ghcr.io"
"""The registry that is known not to heed it."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class ImageParts:
    """Reads the parts of images. `pool` carries requests that need not wait for each other."""

    def __init__(self, registries: Registries, pool: Executor | None = None) -> None:
        self._registries = registries
        self._pool = pool

    def map_all(self, function: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
        """Several requests, at the same time where there is a pool."""
        return list(self._pool.map(function, items) if self._pool else map(function, items))

    def read_digest(self, package: Package, reference: str) -> str:
        """What a tag or digest names; empty when there is no such thing."""
        manifest = self._registries.of(package.registry).head_manifest(package.name, reference)
        return manifest.digest if manifest else ""

    def find_flaws(self, package: Package, manifests: Sequence[Manifest]) -> list[str]:
        """Why images cannot be named by a floating tag; empty for one that is complete. One request a part, at once."""
        parsed = [image_manifests.parse(manifest.body, manifest.digest, manifest.media_type) for manifest in manifests]
        parts = [
            part
            for image in parsed
            for part in (_list_manifests(image) if isinstance(image, Index) else (image.config,))
        ]
        children = {child.digest for image in parsed if isinstance(image, Index) for child in image.children}
        flaws = self.map_all(
            lambda part: (
                self.read_digest(package, part.digest)
                if part.digest in children
                else self._registries.of(package.registry).get_blob(package.name, part.digest)
            ),
            parts,
        )
        there: dict[str, str | bytes | None] = dict(zip((part.digest for part in parts), flaws, strict=True))
        wanted = [Platform.parse(text) for text in package.platforms]
        return [_find_flaw(image, wanted, there) for image in parsed]

    def find_lost_part(self, package: Package, manifest: Manifest) -> str:
        """What an image needs and the package lacks; empty when all of it is there."""
        image = image_manifests.parse(manifest.body, manifest.digest, manifest.media_type)
        if not isinstance(image, Index):
            there = self._registries.of(package.registry).has_blob(package.name, image.config.digest)
            return "" if there else f"its configuration {image.config.digest} is gone"
        children = _list_manifests(image)
        heads = self.map_all(lambda child: self.read_digest(package, child.digest), children)
        return _find_lost_child(image, dict(zip((child.digest for child in children), heads, strict=True)))

    def read_labels(self, package: Package, manifest: Manifest) -> tuple[Mapping[str, str], ...]:
        """The labels of each platform of an image, empty for one that has none or does not answer."""
        image = image_manifests.parse(manifest.body, manifest.digest, manifest.media_type)
        if isinstance(image, Index):
            children = [child.digest for child in image.children if child.can_be_image]
            return tuple(self.map_all(lambda child: self._read_platform_labels(package, child), children))
        return (self._read_platform_labels(package, manifest.digest, image),)

    def _read_platform_labels(
        self, package: Package, digest: str, image: image_manifests.AnyManifest | None = None
    ) -> Mapping[str, str]:
        if image is None:
            manifest = self._registries.of(package.registry).get_manifest(package.name, digest)
            image = image_manifests.parse(manifest.body, manifest.digest, manifest.media_type) if manifest else None
        if image is None or isinstance(image, Index):
            return {}
        content = self._registries.of(package.registry).get_blob(package.name, image.config.digest)
        return assembly.read_labels(content) if content else {}


def explain_doubt(labels: Sequence[Mapping[str, str]], commit: str, registry: str) -> str:
    """Why an image is not the one that a commit's release has to be, by its platforms' labels; empty when it is.

    Continues a sentence about the image. A platform that names no commit is not compared.
    """
    others = sorted(
        {said[:SHORT] for image_labels in labels if (said := image_labels.get(REVISION, "")) and said != commit}
    )
    if commit and others:
        return f"was built from {join_words(others)}, while the git tag is on {commit[:SHORT]}"
    expiry = next((image_labels[EXPIRY] for image_labels in labels if image_labels.get(EXPIRY)), "")
    if expiry and registry != GHCR:
        return f"has the label {EXPIRY}={expiry[:SHORT]}, by which Quay deletes its tags"
    return ""


def _find_flaw(
    image: image_manifests.AnyManifest, wanted: Sequence[Platform], there: Mapping[str, str | bytes | None]
) -> str:
    config = None
    if not isinstance(image, Index):
        content = there[image.config.digest]
        if not isinstance(content, bytes):
            return f"its configuration {image.config.digest} is gone"
        config = image_manifests.read_config_platform(content, image.config.digest)
    missing = image_manifests.find_missing_platforms(image, wanted, config)
    if missing:
        return f"it lacks {', '.join(str(platform) for platform in missing)}"
    return _find_lost_child(image, there) if isinstance(image, Index) else ""


def _list_manifests(image: Index) -> list[Descriptor]:
    """The entries of an index that are asked for as manifests. It may list a blob too, which no client asks for so."""
    return [child for child in image.children if child.is_manifest]


def _find_lost_child(image: Index, there: Mapping[str, str | bytes | None]) -> str:
    gone = [child for child in _list_manifests(image) if not there[child.digest]]
    return f"its child {gone[0].digest} ({gone[0].platform or 'no platform'}) is gone" if gone else ""
