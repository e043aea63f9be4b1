"""Copies an image from one package to another, also to one of another registry, digest by digest. Puts no tag.

Every blob is there before the manifest that names it, and every manifest before the index that lists it, so nothing
that is interrupted leaves an image that lacks a part. It must never take bytes whose digest is another one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from release_actions.errors import PartialError
from release_actions.images import manifests as image_manifests
from release_actions.images.assembly import RawManifest
from release_actions.images.image_list import ListedImage
from release_actions.images.manifests import Descriptor, Index
from release_actions.registry.names import Digest
from release_actions.registry.registries import Registries

NOT_IN_REGISTRIES = ("foreign", "nondistributable")
"""In the media types of layers that clients take from an address of their maker (image specification, "layer.md")."""


def copy_parts(registries: Registries, source: ListedImage, target: ListedImage, document: RawManifest) -> None:
    """Copy all that a manifest or index needs, but not itself: that is written under its tags.

    Raises `PartialError` for a part that the source lacks, and what reading and writing raise.
    """
    blobs, manifests = collect_parts(registries, source, document)
    for blob in blobs.values():
        copy_blob(registries, source, target, blob.digest)
    registry = registries.of(target.registry)
    for manifest in manifests.values():
        if registry.head_manifest(target.name, manifest.digest) is None:
            registry.put_manifest(target.name, manifest.digest, manifest.body, manifest.media_type)


def collect_parts(
    registries: Registries, source: ListedImage, document: RawManifest
) -> tuple[dict[str, Descriptor], dict[str, RawManifest]]:
    """The blobs that a manifest or index needs, and the manifests that it lists, each child before its index."""
    blobs: dict[str, Descriptor] = {}
    manifests: dict[str, RawManifest] = {}
    for child in list_children(document, blobs):
        if child.digest in manifests:
            continue
        answer = registries.of(source.registry).get_manifest(source.name, child.digest)
        if answer is None:
            message = f"{source.package} has no {child.digest}, which belongs to the image that is copied."
            raise PartialError(message, done=0, total=1, hint="Build the image again.")
        part = RawManifest(answer.body, answer.media_type, answer.digest)
        more_blobs, more_manifests = collect_parts(registries, source, part)
        blobs |= more_blobs
        manifests |= {**more_manifests, part.digest: part}
    return blobs, manifests


def list_children(document: RawManifest, blobs: dict[str, Descriptor]) -> Iterator[Descriptor]:
    """The manifests that a document lists; the blobs that it names are added to `blobs`."""
    parsed = image_manifests.parse(document.body, document.digest, document.media_type)
    blobs |= {
        blob.digest: blob for blob in parsed.blobs if not any(word in blob.media_type for word in NOT_IN_REGISTRIES)
    }
    if isinstance(parsed, Index):
        yield from (child for child in parsed.children if child.is_manifest)


def copy_blob(registries: Registries, source: ListedImage, target: ListedImage, digest: Digest) -> None:
    """Make a blob of one package one of another: by mounting it within a registry, else by its bytes."""
    registry = registries.of(target.registry)
    if registry.has_blob(target.name, digest):
        return
    if source.registry == target.registry and registry.mount_blob(target.name, digest, source.name):
        return
    # A layer may be larger than memory.
    with tempfile.TemporaryFile() as file:
        registries.of(source.registry).save_blob(source.name, digest, file)
        registry.upload_blob(target.name, digest, file)
