"""Makes small real images: the same arguments give the same bytes on every machine and Python.

An image has a configuration, one layer (a gzipped tar with one file) per platform and, for several platforms or with
attestations, an index. Registry clients pull and push them like any other. Nothing here knows of a registry.
"""

from __future__ import annotations

import json
import re
import struct
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from release_actions.simulator.oci import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Manifest,
    digest_of,
    parse,
)

CONFIG = {True: "application/vnd.docker.container.image.v1+json", False: "application/vnd.oci.image.config.v1+json"}
LAYER = {
    True: "application/vnd.docker.image.rootfs.diff.tar.gzip",
    False: "application/vnd.oci.image.layer.v1.tar+gzip",
}
"""Docker's media types under True, OCI's under False."""

EMPTY = b"{}"
"""The empty descriptor's content (image specification 1.1, "Guidance for an Empty Descriptor")."""


@dataclass(frozen=True)
class Image:
    """What must be pushed: blobs by digest, and manifests with every child before its index. The last is the root."""

    blobs: Mapping[str, bytes] = field(repr=False)
    manifests: tuple[Manifest, ...]

    @property
    def root(self) -> Manifest:
        """The manifest that tags are put on."""
        return self.manifests[-1]


def build_image(
    platforms: Sequence[str] = ("linux/amd64",),
    *,
    labels: Mapping[str, str] = MappingProxyType({}),
    annotations: Mapping[str, str] = MappingProxyType({}),
    seed: str = "",
    docker: bool = False,
    attestations: bool = False,
    index: bool | None = None,
    created: str = "2026-02-03T09:00:00Z",
) -> Image:
    """An image for platforms written `os/arch[/variant]`.

    `seed` is the content: images that differ in nothing else differ in their digests. `attestations` adds a child
    `unknown/unknown` per platform, as buildx does for provenance. `index` None makes one where it is needed.
    """
    blobs: dict[str, bytes] = {}
    entries: list[dict[str, Any]] = []
    manifests: list[Manifest] = []
    for platform in platforms:
        manifest = platform_image(platform, labels, seed, created, blobs, docker=docker)
        manifests.append(manifest)
        entries.append({**descriptor(manifest.media_type, manifest.body), "platform": platform_of(platform)})
    if attestations:
        for subject in tuple(manifests):
            manifest = attestation(subject.digest, seed, blobs)
            manifests.append(manifest)
            entries.append(
                {
                    **descriptor(manifest.media_type, manifest.body),
                    "annotations": {
                        "vnd.docker.reference.digest": subject.digest,
                        "vnd.docker.reference.type": "attestation-manifest",
                    },
                    "platform": {"architecture": "unknown", "os": "unknown"},
                }
            )
    if index is None:
        index = len(manifests) > 1
    if index:
        root = {"manifests": entries, **({"annotations": dict(annotations)} if annotations else {})}
        manifests.append(manifest_of(DOCKER_LIST if docker else OCI_INDEX, root))
    elif len(manifests) != 1:
        message = f"{len(manifests)} manifests need an index"
        raise ValueError(message)
    return Image(MappingProxyType(blobs), tuple(manifests))


def attachment(
    subject: str, *, seed: str = "", kind: str = "application/vnd.dev.cosign.simplesigning.v1+json"
) -> Image:
    """A manifest about another one, as cosign and attest push it: an empty configuration and one layer of `kind`."""
    blobs: dict[str, bytes] = {}
    layer = encode({"critical": {"image": {"docker-manifest-digest": subject}}, "optional": {"seed": seed}})
    body = {
        "artifactType": kind,
        "config": keep(blobs, "application/vnd.oci.empty.v1+json", EMPTY),
        "layers": [keep(blobs, kind, layer)],
    }
    return Image(MappingProxyType(blobs), (manifest_of(OCI_MANIFEST, body),))


def attachment_tag(subject: str, suffix: str = "") -> str:
    """The tag that clients put an attachment under where the registry has no referrers API: `sha256-<hex>[.sig]`."""
    return subject.replace(":", "-") + suffix


def platform_image(
    platform: str,
    labels: Mapping[str, str],
    seed: str,
    created: str,
    blobs: dict[str, bytes],
    *,
    docker: bool,
) -> Manifest:
    """The image of one platform; its blobs are added to `blobs`."""
    content = tar("image.txt", f"{seed}\n{platform}\n".encode())
    config = {
        **platform_of(platform),
        "created": created,
        "config": {"Labels": dict(labels)},
        "rootfs": {"type": "layers", "diff_ids": [digest_of(content)]},
        "history": [{"created": created, "created_by": "COPY image.txt /"}],
    }
    return manifest_of(
        DOCKER_MANIFEST if docker else OCI_MANIFEST,
        {
            "config": keep(blobs, CONFIG[docker], encode(config)),
            "layers": [keep(blobs, LAYER[docker], gzip(content))],
        },
    )


def attestation(subject: str, seed: str, blobs: dict[str, bytes]) -> Manifest:
    """A provenance manifest as buildx makes it; its blobs are added to `blobs`."""
    statement = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://slsa.dev/provenance/v0.2",
        "subject": [{"name": "image", "digest": {"sha256": subject.partition(":")[2]}}],
        "predicate": {"invocation": {"parameters": {"seed": seed}}},
    }
    content = encode(statement)
    config = {
        "architecture": "unknown",
        "os": "unknown",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [digest_of(content)]},
    }
    layer = keep(blobs, "application/vnd.in-toto+json", content)
    layer["annotations"] = {"in-toto.io/predicate-type": statement["predicateType"]}
    return manifest_of(OCI_MANIFEST, {"config": keep(blobs, CONFIG[False], encode(config)), "layers": [layer]})


def manifest_of(media_type: str, parts: Mapping[str, Any]) -> Manifest:
    """A manifest from its parts, read back as a registry reads it."""
    return parse(encode({"schemaVersion": 2, "mediaType": media_type, **parts}), media_type)


def keep(blobs: dict[str, bytes], media_type: str, content: bytes) -> dict[str, Any]:
    """Add a blob and return its descriptor."""
    stored = descriptor(media_type, content)
    blobs[stored["digest"]] = content
    return stored


def descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    """What a manifest says of some bytes."""
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def platform_of(platform: str) -> dict[str, Any]:
    """`os[(version[+feature])]/arch[/variant]` as an OCI platform object. Raises `ValueError`."""
    match = re.fullmatch(r"([^/()]+)(?:\(([^/()+]*)((?:\+[^/()+]+)*)\))?/([^/]+)(?:/([^/]+))?", platform)
    if match is None:
        message = f"{platform!r} is not a platform: write os/arch or os/arch/variant"
        raise ValueError(message)
    system, version, features, architecture, variant = match.groups()
    fields = {"os": system, "architecture": architecture, "variant": variant, "os.version": version}
    return {
        **{name: text for name, text in fields.items() if text},
        **({"os.features": features.split("+")[1:]} if features else {}),
    }


def encode(value: Any) -> bytes:
    """JSON in a fixed form."""
    return json.dumps(value, indent=2, ensure_ascii=False).encode()


def tar(name: str, content: bytes) -> bytes:
    """An archive of one file, without times and owners."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    padding = -len(content) % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE
    return info.tobuf(tarfile.USTAR_FORMAT) + content + bytes(padding)


def gzip(content: bytes) -> bytes:
    """A gzip file of stored blocks (RFC 1952, RFC 1951 section 3.2.4).

    Written by hand: what a compressor makes of the same bytes differs between versions of zlib and of Python.
    """
    limit = 0xFFFF
    chunks = [content[at : at + limit] for at in range(0, len(content), limit)] or [b""]
    blocks = b"".join(
        struct.pack("<BHH", number == len(chunks) - 1, len(chunk), len(chunk) ^ limit) + chunk
        for number, chunk in enumerate(chunks)
    )
    header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    return header + blocks + struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)
