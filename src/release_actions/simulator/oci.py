"""Manifests as a registry sees them: media type, digest, and which blobs and manifests they name.

Written for the simulator alone. It must not share code with the package's own reading of manifests, or the tests
would hold that code to itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"

INDEXES = frozenset({OCI_INDEX, DOCKER_LIST})
MEDIA_TYPES = frozenset({OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST})

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
"""Distribution specification 1.1, "Pulling manifests"."""
NAME = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")


class InvalidManifestError(ValueError):
    """The bytes are not a manifest of the media type they claim. The message is for the registry's answer."""


def digest_of(content: bytes) -> str:
    """The sha256 digest of some bytes."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Manifest:
    """A manifest's bytes and what they name. `platforms` is known for an index only, as `platform_in` writes them."""

    digest: str
    media_type: str
    body: bytes = field(repr=False)
    children: tuple[str, ...] = ()
    blobs: tuple[str, ...] = ()
    subject: str = ""
    platforms: tuple[str, ...] = ()

    @property
    def is_index(self) -> bool:
        """Whether it lists manifests rather than layers."""
        return self.media_type in INDEXES


def parse(body: bytes, content_type: str) -> Manifest:
    """Read a manifest pushed with a content type. Raises `InvalidManifestError`.

    The content type must be that of the body: the registry stores what the client says, and later readers trust it.
    """
    media_type = content_type.partition(";")[0].strip()
    if media_type not in MEDIA_TYPES:
        message = f"unsupported media type {media_type or 'none'}"
        raise InvalidManifestError(message)
    try:
        data = json.loads(body)
    except ValueError as error:
        message = f"manifest is not JSON: {error}"
        raise InvalidManifestError(message) from error
    if not isinstance(data, dict) or data.get("schemaVersion") != 2:  # noqa: PLR2004  # the format's own number
        message = "schemaVersion is not 2"
        raise InvalidManifestError(message)
    if data.get("mediaType", media_type) != media_type:
        message = f"mediaType in manifest should be '{media_type}' not '{data['mediaType']}'"
        raise InvalidManifestError(message)
    subject = digest_in(data["subject"]) if data.get("subject") else ""
    digest = digest_of(body)
    if media_type in INDEXES:
        entries = listed(data, "manifests")
        return Manifest(
            digest,
            media_type,
            body,
            children=tuple(digest_in(entry) for entry in entries),
            subject=subject,
            platforms=tuple(platform_in(entry) for entry in entries if entry.get("platform")),
        )
    layers = [layer for layer in listed(data, "layers") if not layer.get("urls")]
    parts = [data.get("config"), *layers]
    return Manifest(digest, media_type, body, blobs=tuple(digest_in(part) for part in parts), subject=subject)


def listed(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """A manifest's list of descriptors. Raises `InvalidManifestError`."""
    entries = data.get(key)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        message = f"{key} is not a list of descriptors"
        raise InvalidManifestError(message)
    return entries


def digest_in(descriptor: Any) -> str:
    """The digest that a descriptor names. Raises `InvalidManifestError`."""
    digest = descriptor.get("digest") if isinstance(descriptor, dict) else None
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        message = f"descriptor has no sha256 digest: {descriptor!r}"
        raise InvalidManifestError(message)
    return digest


def platform_in(descriptor: Mapping[str, Any]) -> str:
    """`os[(version[+feature])]/arch[/variant]` of an index's entry."""
    platform = descriptor["platform"]
    stated = "+".join((platform.get("os.version") or "", *(platform.get("os.features") or ())))
    system = f"{platform.get('os') or ''}({stated})" if stated else platform.get("os")
    parts = [system, platform.get("architecture"), platform.get("variant")]
    return "/".join(part for part in parts if part)
