"""Is the signature of a digest where clients look for it? Found by name, since a second writer may have dropped it.

What belongs to a digest is listed in one index: the registry's answer about referrers, or the tag `sha256-<hex>` where
the registry has no such answer, as GHCR. It is changed by reading, editing and writing it, so two writers lose entries.
The index is not believed about what its entries are: each is read. Nothing is verified here.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from release_actions.images import manifests
from release_actions.images.manifests import Index
from release_actions.registry.client import Manifest, Registry

SIGNATURE_PREDICATE = "https://sigstore.dev/cosign/sign/v1"
"""What cosign 3 signs an image with: a bundle whose statement has this type (sigstore/cosign, pkg/types)."""

PREDICATE_ANNOTATION = "dev.sigstore.bundle.predicateType"
"""Where a bundle's manifest names the type of its statement (sigstore/cosign, pkg/oci/remote/write.go)."""


def list_signed_digests(registry: Registry, package: str, digest: str) -> list[str]:
    """The digest of an image and those of its platforms, which `cosign sign --recursive` signs one by one.

    Raises `ManifestError`, and `LookupError` where the image is not there.
    """
    found = registry.get_manifest(package, digest)
    if found is None:
        raise LookupError(digest)
    image = read(found)
    children = image.children if isinstance(image, Index) else ()
    return [digest, *(child.digest for child in children if child.can_be_image)]


class Level(enum.Enum):
    """How much is known about a signature of a digest, from the most to the least. None of it is verified."""

    LISTED = "listed"
    """A bundle that names the digest and cosign's type of statement is listed. Whoever may push can put one there, and
    `cosign verify` says who signed."""
    TAGGED = "tagged"
    """Only the tag of cosign before 3 is there, `sha256-<hex>.sig`. It may name anything."""
    NONE = "none"
    """Nothing was found in any of the places, which may also have answered too late."""


@dataclass(frozen=True)
class Signature:
    """What was found of a signature of a digest. `place`: the digest of the bundle, or the tag; empty without one."""

    digest: str
    level: Level
    place: str = ""


def find_signature(registry: Registry, package: str, digest: str) -> Signature:
    """The signature of cosign's that is attached to a digest."""
    for entry in list_attached(registry, package, digest):
        if is_signature(registry, package, digest, entry):
            return Signature(digest, Level.LISTED, entry)
    tag = f"{digest.replace(':', '-')}.sig"
    if registry.head_manifest(package, tag) is not None:
        return Signature(digest, Level.TAGGED, tag)
    return Signature(digest, Level.NONE)


def list_attached(registry: Registry, package: str, digest: str) -> Iterator[str]:
    """Digests of what is listed as attached to a digest."""
    yield from list_children(registry.get_manifest(package, digest.replace(":", "-")))
    # Asked last, and only where the tag does not have it: GHCR answers in several ways, none of which says anything.
    yield from list_children(registry.get_referrers(package, digest))


def list_children(found: Manifest | None) -> list[str]:
    """The digests that an index lists; none of what is not there or is no index."""
    listed = read(found) if found else None
    return [child.digest for child in listed.children] if isinstance(listed, Index) else []


def is_signature(registry: Registry, package: str, digest: str, entry: str) -> bool:
    """Whether something that is listed is there, is about the digest, and is a signature."""
    found = registry.get_manifest(package, entry)
    if found is None:
        return False
    attached = read(found)
    is_about = attached.subject is not None and attached.subject.digest == digest
    return is_about and attached.annotations.get(PREDICATE_ANNOTATION) == SIGNATURE_PREDICATE


def read(found: Manifest) -> manifests.AnyManifest:
    """A manifest of the registry. Raises `ManifestError`."""
    return manifests.parse(found.body, found.digest, found.media_type)
