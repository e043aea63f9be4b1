"""What reaches what: the graph of the manifests of a package, from an index to its children and attachments.

Decides which digests stand and fall together. It must never read the network, and never guess the content of a
manifest it was not given.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from release_actions.images.manifests import ATTACHMENT_TAG, AnyManifest, Index, Platform
from release_actions.registry.media_types import MANIFEST_TYPES


def subject_of_tag(tag: str) -> str:
    """Digest that an attachment tag is about: `sha256-<hex>`, also with `.sig`, `.att`, `.sbom`. Empty otherwise."""
    match = ATTACHMENT_TAG.fullmatch(tag)
    return "sha256:" + match["hex"] if match else ""


@dataclass(frozen=True)
class Graph:
    """Which digest needs which. Build it with `Graph.of`. Equal for equal input in any order.

    Digests that were not read are leaves. `images`: digest -> what was read. `attached`: digest of a subject ->
    digests of what is attached to it, by tag name or by `subject`.
    """

    images: Mapping[str, AnyManifest]
    attached: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, images: Iterable[AnyManifest], tags: Mapping[str, str] | None = None) -> Graph:
        """From what was read, and tag -> digest of every tag, whose names may make their digests attachments."""
        nodes = {image.digest: image for image in images}
        attached: dict[str, set[str]] = {}
        for image in nodes.values():
            if image.subject:
                attached.setdefault(image.subject.digest, set()).add(image.digest)
        for tag, digest in (tags or {}).items():
            subject = subject_of_tag(tag)
            if subject:
                attached.setdefault(subject, set()).add(digest)
        return cls(
            MappingProxyType(dict(sorted(nodes.items()))),
            MappingProxyType({subject: frozenset(attachments) for subject, attachments in sorted(attached.items())}),
        )

    @functools.cached_property
    def parents(self) -> Mapping[str, frozenset[str]]:
        """Digest -> the indexes that list it."""
        parents_of: dict[str, set[str]] = {}
        for digest, image in self.images.items():
            if isinstance(image, Index):
                for child in image.children:
                    parents_of.setdefault(child.digest, set()).add(digest)
        return {child: frozenset(parents) for child, parents in parents_of.items()}

    @functools.cached_property
    def subjects(self) -> Mapping[str, frozenset[str]]:
        """Digest of an attachment -> the digests it is about."""
        subjects_of: dict[str, set[str]] = {}
        for subject, attachments in self.attached.items():
            for digest in attachments:
                subjects_of.setdefault(digest, set()).add(subject)
        return {digest: frozenset(subjects) for digest, subjects in subjects_of.items()}

    def children(self, digest: str) -> tuple[str, ...]:
        """Digests that the index lists, in its order. Empty for a manifest and for what was not read."""
        image = self.images.get(digest)
        return tuple(child.digest for child in image.children) if isinstance(image, Index) else ()

    def parts(self, digest: str) -> tuple[str, ...]:
        """The `children` that are manifests and indexes, which a registry has to have as such."""
        image = self.images.get(digest)
        return tuple(c.digest for c in image.children if c.is_manifest) if isinstance(image, Index) else ()

    def attachments(self, digest: str) -> frozenset[str]:
        """Digests of signatures, attestations and the like about this digest."""
        return self.attached.get(digest, frozenset())

    def content(self, roots: Iterable[str]) -> frozenset[str]:
        """The roots and their parts at any depth: the manifests that a client pulls, all platforms, no attachments."""
        return self._closure(roots, self.parts)

    def runnable(self, root: str) -> frozenset[str]:
        """The root and its images at any depth: what has to be there to run on every platform."""

        def following(digest: str) -> Iterable[str]:
            image = self.images.get(digest)
            children = image.children if isinstance(image, Index) else ()
            return (child.digest for child in children if child.can_be_image)

        return self._closure([root], following)

    def reachable(self, roots: Iterable[str]) -> frozenset[str]:
        """The roots and all that must live while they live: children at any depth and the attachments of each."""
        return self._closure(roots, lambda digest: (*self.children(digest), *self.attachments(digest)))

    def platforms(self, digest: str) -> frozenset[Platform]:
        """Platforms of an index, those of indexes inside it included."""
        images = (self.images.get(reached) for reached in self.content([digest]))
        return frozenset(platform for image in images if isinstance(image, Index) for platform in image.platforms)

    def unread(self) -> frozenset[str]:
        """Children that may have children of their own and were not read. Decide nothing while there are any."""
        return frozenset(
            child.digest
            for image in self.images.values()
            if isinstance(image, Index)
            for child in image.children
            if child.media_type not in MANIFEST_TYPES and child.digest not in self.images
        )

    @staticmethod
    def _closure(roots: Iterable[str], following: Any) -> frozenset[str]:
        closure: set[str] = set()
        todo = list(roots)
        while todo:
            digest = todo.pop()
            if digest not in closure:
                closure.add(digest)
                todo.extend(following(digest))
        return frozenset(closure)
