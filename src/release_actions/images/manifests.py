"""Manifests, indexes and attachments: what an image is made of, and what reaches what.

Decides which digests stand and fall together. Works on bytes that were read before: it must never read the network,
and never guess the content of a manifest it was not given. Formats: OCI image-spec 1.1 (image-index.md, manifest.md,
descriptor.md) and Docker's image manifest version 2, schema 2, with its manifest list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from release_actions.errors import ActionError
from release_actions.registry.media_types import INDEX_TYPES, MANIFEST_TYPES, MEDIA_TYPES
from release_actions.registry.names import DIGEST, Digest, digest_of

ATTESTATION = "attestation-manifest"
"""Value of `REFERENCE_TYPE` on a child that is BuildKit's attestation and no platform."""

REFERENCE_TYPE = "vnd.docker.reference.type"
REFERENCE_DIGEST = "vnd.docker.reference.digest"

ATTACHMENT_TAG = re.compile(r"sha256-(?P<hex>[0-9a-f]{64})(?:\.(?:sig|att|sbom))?")
"""Bare: the referrers tag schema of the OCI distribution-spec 1.1. With an ending: cosign's."""


class ManifestError(ActionError):
    """A manifest is not what its digest or its media type says. Nothing may be decided about images that use it."""


SYSTEM = re.compile(r"(?P<name>[^()/]+)(?:\((?P<version>[^()/+]*)(?P<features>(?:\+[^()/+]+)*)\))?")
"""An operating system as containerd writes it, with its version and the features that it needs, if it has some."""

IMAGE_CONFIGS = frozenset(
    {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
)
"""Media types of the configuration of an image. What has another one is something else, such as a chart or an SBOM."""


@dataclass(frozen=True, order=True)
class Platform:
    """What a manifest runs on: `linux/amd64`, `linux/arm/v7`, `windows(10.0.20348)/amd64`.

    Build it with `Platform.of` or `Platform.parse`. `os_features` are sorted.
    """

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""
    os_features: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        system: str,
        architecture: str,
        variant: str = "",
        *,
        os_version: str = "",
        os_features: Iterable[str] = (),
    ) -> Platform:
        """Normalised as containerd does (platforms/database.go), so that `arm64` and `arm64/v8` are one platform."""
        system, architecture, variant = system.lower(), architecture.lower(), variant.lower()
        architecture = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64"}.get(architecture, architecture)
        if architecture == "arm" and variant in {"", "7"}:
            variant = "v7"
        elif (architecture, variant) in {("arm64", "v8"), ("arm64", "8"), ("amd64", "v1")}:
            variant = ""
        return cls(system, architecture, variant, os_version, tuple(sorted(set(os_features))))

    @classmethod
    def parse(cls, text: str) -> Platform:
        """From `os[(version[+feature…])]/architecture[/variant]`. Raises `ValueError` with a sentence."""
        parts = text.split("/")
        system = SYSTEM.fullmatch(parts[0])
        if len(parts) not in {2, 3} or not all(parts) or system is None:
            message = f"{text!r} is not a platform. Write it as linux/amd64 or linux/arm/v7."
            raise ValueError(message)
        features = (system["features"] or "").split("+")[1:]
        return cls.of(system["name"], *parts[1:], os_version=system["version"] or "", os_features=features)

    def __str__(self) -> str:
        stated = "".join((self.os_version, *(f"+{feature}" for feature in self.os_features)))
        system = f"{self.os}({stated})" if stated else self.os
        return "/".join(part for part in (system, self.architecture, self.variant) if part)

    def fits(self, stated: Platform) -> bool:
        """Whether what states a platform is for this one, which need not say version and features of the system."""
        return (
            (self.os, self.architecture, self.variant) == (stated.os, stated.architecture, stated.variant)
            and self.os_version in {"", stated.os_version}
            and set(self.os_features) <= set(stated.os_features)
        )


@dataclass(frozen=True)
class Descriptor:
    """A reference to content: digest, media type, size in bytes. `platform` is None where none is stated.

    `artifact_type`: what it is, where that is stated. crane states the type of an image's configuration for an image.
    """

    digest: Digest
    media_type: str
    size: int
    platform: Platform | None = None
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    artifact_type: str = ""

    @property
    def is_index(self) -> bool:
        """Whether it leads to further children."""
        return self.media_type in INDEX_TYPES

    @property
    def is_manifest(self) -> bool:
        """Whether it is a manifest or index. BuildKit's build caches are indexes that list blobs, their layers."""
        return self.media_type in MEDIA_TYPES

    @property
    def is_attestation(self) -> bool:
        """Whether it is BuildKit's attestation about a sibling."""
        return REFERENCE_TYPE in self.annotations

    @property
    def can_be_image(self) -> bool:
        """Whether it may run, as far as this says: not an attestation, not another artifact, not a blob."""
        is_artifact = bool(self.artifact_type) and self.artifact_type not in IMAGE_CONFIGS
        return self.is_manifest and not self.is_attestation and not is_artifact


@dataclass(frozen=True)
class Index:
    """An image index or manifest list. `size` is that of the document itself, in bytes."""

    digest: Digest
    media_type: str
    size: int
    children: tuple[Descriptor, ...]
    subject: Descriptor | None = None
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def platforms(self) -> frozenset[Platform]:
        """The platforms that the index names itself. Attestations, artifacts and `unknown/unknown` do not count."""
        return frozenset(
            child.platform
            for child in self.children
            if child.platform and child.can_be_image and child.platform.os != "unknown"
        )

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """The layers and the configuration of a build cache; an image lists none."""
        return tuple(child for child in self.children if not child.is_manifest)

    @property
    def attestations(self) -> Mapping[str, str]:
        """Digest of each attestation child -> digest of the sibling it is about, empty when not stated."""
        return {
            child.digest: child.annotations.get(REFERENCE_DIGEST, "") for child in self.children if child.is_attestation
        }


@dataclass(frozen=True)
class Manifest:
    """A manifest of one platform, or of an artifact. `size` is that of the document itself, in bytes."""

    digest: Digest
    media_type: str
    size: int
    config: Descriptor
    layers: tuple[Descriptor, ...]
    subject: Descriptor | None = None
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def is_image(self) -> bool:
        """Whether it is an image that runs somewhere, and not an artifact in the form of one."""
        return self.artifact_type in {"", *IMAGE_CONFIGS} and self.config.media_type in IMAGE_CONFIGS

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Config and layers."""
        return (self.config, *self.layers)


AnyManifest = Index | Manifest
"""What a digest or a tag of a container package names."""


def parse(content: bytes, digest: str = "", media_type: str = "") -> AnyManifest:
    """Read a manifest or index.

    `digest`, where known, must be that of the bytes; `media_type` is the `Content-Type` it came with. Raises
    `ManifestError`, naming the digest, for anything that is not exactly one of the four known formats.
    """
    actual = digest_of(content)
    name = digest or actual
    if digest.startswith("sha256:") and digest != actual:
        raise _make_error(name, f"has bytes whose digest is {actual}")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _make_error(name, "is not JSON") from error
    if not isinstance(document, dict):
        raise _make_error(name, "is not a JSON object")
    kind = _name_kind(document, name, media_type)
    read = _Reader(document, name)
    common: dict[str, Any] = {
        "digest": name,
        "media_type": kind,
        "size": len(content),
        "subject": read.optional("subject"),
        "artifact_type": read.text("artifactType"),
        "annotations": read.annotations(document),
    }
    if kind in INDEX_TYPES:
        return Index(children=read.every("manifests"), **common)
    config = read.optional("config")
    if config is None:
        raise _make_error(name, "has no config")
    return Manifest(config=config, layers=read.every("layers"), **common)


def read_config_platform(content: bytes, digest: str) -> Platform:
    """The platform that an image configuration (a manifest's `config` blob) states. Raises `ManifestError`."""
    if digest_of(content) != digest:
        raise _make_error(digest, f"has bytes whose digest is {digest_of(content)}")
    try:
        document = json.loads(content)
        parts = [document["os"], document["architecture"], document.get("variant") or ""]
        version, features = document.get("os.version") or "", document.get("os.features") or []
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise _make_error(digest, "is not an image configuration with os and architecture") from error
    if not all(isinstance(part, str) for part in (*parts, version)) or not is_list_of_texts(features):
        raise _make_error(digest, "has an os, architecture or variant that is not a text")
    return Platform.of(*parts, os_version=version, os_features=features)


def is_list_of_texts(value: object) -> bool:
    """Whether a value of a document is a list of texts."""
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def find_missing_platforms(
    image: AnyManifest, wanted: Iterable[Platform], config: Platform | None = None
) -> tuple[Platform, ...]:
    """The wanted platforms that an image lacks, sorted. Empty means complete.

    One that names no version of its system is there in any version.

    A manifest does not say what it runs on: pass the platform of its `config` blob (`config_platform`). Without it
    every wanted platform counts as missing, because it is not known.
    """
    there = image.platforms if isinstance(image, Index) else frozenset([config] if config else [])
    return tuple(sorted(platform for platform in set(wanted) if not any(map(platform.fits, there))))


def _name_kind(document: dict[str, Any], name: str, content_type: str) -> str:
    """The media type of a document. One that could be read as two formats is refused (CVE-2021-41190)."""
    looks_like_index = "manifests" in document
    looks_like_manifest = "layers" in document or "config" in document
    if looks_like_index == looks_like_manifest:
        raise _make_error(
            name, "is both an index and a manifest" if looks_like_index else "is neither index nor manifest"
        )
    allowed = INDEX_TYPES if looks_like_index else MANIFEST_TYPES
    content_type = content_type.partition(";")[0].strip()
    stated = document.get("mediaType") or content_type or allowed[0]
    if stated not in allowed:
        raise _make_error(name, f"has the media type {stated!r}, which does not fit its content")
    if content_type in MEDIA_TYPES and content_type != stated:
        raise _make_error(name, f"says it is {stated} but was served as {content_type}")
    return str(stated)


@dataclass(frozen=True)
class _Reader:
    """Reads parts of one document; every mistake names its digest."""

    document: Mapping[str, Any]
    name: str

    def every(self, key: str) -> tuple[Descriptor, ...]:
        value = self.document.get(key)
        if value is None:
            # Go writes an empty list as null.
            return ()
        if not isinstance(value, list):
            raise _make_error(self.name, f"has {key!r} that is not a list")
        return tuple(self._descriptor(item, f"{key}[{number}]") for number, item in enumerate(value))

    def optional(self, key: str) -> Descriptor | None:
        value = self.document.get(key)
        return None if value is None else self._descriptor(value, key)

    def text(self, key: str) -> str:
        value = self.document.get(key)
        if value is not None and not isinstance(value, str):
            raise _make_error(self.name, f"has {key!r} that is not a text")
        return value or ""

    def annotations(self, holder: Mapping[str, Any]) -> Mapping[str, str]:
        value = holder.get("annotations")
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            raise _make_error(self.name, "has annotations that are no map of texts")
        return value

    def _descriptor(self, value: Any, where: str) -> Descriptor:
        if not isinstance(value, dict):
            raise _make_error(self.name, f"has {where!r} that is not a descriptor")
        digest, media_type, size = value.get("digest"), value.get("mediaType"), value.get("size")
        if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
            raise _make_error(self.name, f"has {where!r} without a valid digest")
        if not isinstance(media_type, str) or not media_type:
            raise _make_error(self.name, f"has {where!r} without a media type")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise _make_error(self.name, f"has {where!r} without a valid size")
        platform = value.get("platform")
        return Descriptor(
            Digest(digest),
            media_type,
            size,
            self._platform(platform, where) if platform else None,
            self.annotations(value),
            value["artifactType"] if isinstance(value.get("artifactType"), str) else "",
        )

    def _platform(self, value: Any, where: str) -> Platform:
        fields = value if isinstance(value, dict) else {}
        texts = [fields.get(key, "") for key in ("os", "architecture", "variant", "os.version")]
        features = fields.get("os.features") or []
        if value is not fields or not is_list_of_texts(texts) or not is_list_of_texts(features):
            raise _make_error(self.name, f"has {where!r} with a malformed platform")
        *parts, version = texts
        return Platform.of(*parts, os_version=version, os_features=features)


def _make_error(digest: str, what: str) -> ManifestError:
    return ManifestError(
        f"Manifest {digest} {what}.",
        hint="Nothing that needs this manifest was changed. Push the image again, or delete that package version by "
        "hand.",
    )
