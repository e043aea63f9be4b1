"""From what was built for each platform to the one image that is published: an index with all platforms, or nothing.

Pure and deterministic: the same parts in any order give the same bytes. It must never leave a platform out, take one
that was not asked for, or believe anybody but the image's own configuration about what it runs on.

The index is written as JSON with sorted keys, without spaces, in ASCII. Its entries are the platforms in the order of
their names, then the attestations in the order of what they are about. Formats: OCI image-spec 1.1, image-index.md;
attestations: BuildKit's docs/attestations/attestation-storage.md.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from release_actions.config.grammar import OCI_LABELS
from release_actions.errors import PolicyError, Problem
from release_actions.images import manifests as image_manifests
from release_actions.images.built_digests import Claim
from release_actions.images.manifests import REFERENCE_DIGEST, Descriptor, Manifest, ManifestError, Platform
from release_actions.registry.media_types import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX
from release_actions.registry.names import digest_of

REVISION = f"{OCI_LABELS}revision"
CREATED = f"{OCI_LABELS}created"
WHOLE = "An image is published on all its platforms or not at all."


class AssemblyError(PolicyError):
    """The parts do not make the image that was asked for. Nothing of it is published."""


@dataclass(frozen=True)
class RawManifest:
    """A manifest's exact bytes with their digest and media type."""

    body: bytes = field(repr=False)
    media_type: str
    digest: str


@dataclass(frozen=True)
class Part:
    """What was pushed for one platform, and all that has to be read of it.

    `root` is a manifest, or a small index over one and its attestations. `manifests` has every image manifest that the
    root lists, `configs` the configuration of every image, both by digest.
    """

    platform: Platform
    root: RawManifest
    manifests: Mapping[str, RawManifest] = field(default_factory=dict)
    configs: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Assembly:
    """The image to publish: its bytes, and the digest of every platform and attestation in it.

    `revision` is the commit that all platforms say they were built from; empty if they do not say.
    """

    document: RawManifest
    platforms: Mapping[Platform, str]
    attestations: Mapping[str, str]
    revision: str


@dataclass(frozen=True)
class _PlatformEntries:
    """One platform's entries for the index."""

    platform: Platform
    image: Mapping[str, Any]
    others: tuple[Mapping[str, Any], ...]
    """The entries that are no image: attestations and other artifacts, kept as they are."""
    annotations: Mapping[str, str]
    labels: Mapping[str, str]
    of_manifest: Mapping[str, str] = field(default_factory=dict)
    """The annotations of the image's own manifest."""

    @property
    def revision(self) -> str:
        """The commit that the image says it was built from; empty if it does not say."""
        return self.labels.get(REVISION, "")


def choose_digests(package: str, wanted: Collection[Platform], claims: Iterable[Claim]) -> dict[Platform, str]:
    """Platform -> digest, exactly for the platforms that are wanted. `claims` are those of the package.

    Raises `AssemblyError` with a problem for each platform that is missing, was not asked for, or has two digests.
    """
    by_platform: dict[Platform, list[str]] = {}
    for claim in claims:
        by_platform.setdefault(claim.platform, []).append(claim.digest)
    problems = []
    missing = sorted(set(wanted) - set(by_platform))
    if missing:
        there = f"only for {join_platforms(sorted(by_platform))}" if by_platform else "for none of its platforms"
        problems.append(
            Problem(f"{package} is not published: no digest was given for {join_platforms(missing)}, {there}.", WHOLE)
        )
    for platform in sorted(set(by_platform) - set(wanted)):
        message = f"{package} is not published: a digest was given for {platform}, which it is not built for."
        problems.append(Problem(message, f"It is built for {join_platforms(sorted(wanted))}."))
    for platform, digests in sorted(by_platform.items()):
        if len(set(digests)) > 1:
            message = f"{package} is not published: {platform} has two digests, {' and '.join(sorted(set(digests)))}."
            problems.append(Problem(message, "Delete the artifacts of an earlier attempt of the build."))
    if problems:
        raise AssemblyError(problems=problems)
    return {platform: digests[0] for platform, digests in sorted(by_platform.items())}


def require_labels(package: str, promised: Mapping[str, str], parts: Iterable[Part]) -> None:
    """Compare the labels of every platform with what the plan promised. Raises `AssemblyError` with each difference."""
    problems = []
    for part in parts:
        for config in part.configs.values():
            for difference in find_label_differences(read_labels(config), promised):
                message = f"{package} is not published: {part.platform} {difference}."
                hint = "Give the build the labels of its entry: a command gets them in LABELS."
                problems.append(Problem(message, hint))
    if problems:
        raise AssemblyError(problems=problems)


def find_label_differences(labels: Mapping[str, str], promised: Mapping[str, str]) -> Iterator[str]:
    """Where labels are not what the plan promised, each as the end of a sentence."""
    for name, text in promised.items():
        if labels.get(name) != text:
            has = f"has the label {name} {labels[name]!r}" if name in labels else f"lacks the label {name}"
            yield f"{has}, and the plan says {text!r}"


def assemble(package: str, parts: Iterable[Part]) -> Assembly:
    """The image over some parts, one a platform. An image of one platform is its part as it is.

    Raises `AssemblyError` when a part is not what it is said to be, and `ManifestError` when it cannot be read.
    """
    given = sorted(parts, key=lambda part: part.platform)
    if len({part.platform for part in given}) != len(given) or not given:
        message = "one part a platform"
        raise ValueError(message)
    lifted = [_read_part(package, part) for part in given]
    revisions = sorted({child.revision for child in lifted})
    if len(revisions) > 1:
        said = ", ".join(f"{child.platform} from {child.revision or 'an unknown commit'}" for child in lifted)
        message = f"{package} is not published: its platforms were built from different commits, {said}."
        raise AssemblyError(message, hint="Build all platforms in one run.")
    entries = [child.image for child in lifted]
    others = list({str(entry["digest"]): entry for child in lifted for entry in child.others}.values())
    attestations = [entry for entry in others if REFERENCE_DIGEST in (entry.get("annotations") or {})]
    document = given[0].root if len(given) == 1 else _make_index(package, lifted, [*entries, *others])
    return Assembly(
        document,
        MappingProxyType({child.platform: str(child.image["digest"]) for child in lifted}),
        MappingProxyType({str(entry["digest"]): entry["annotations"][REFERENCE_DIGEST] for entry in attestations}),
        revisions[0],
    )


def read_labels(config: bytes) -> Mapping[str, str]:
    """The labels in an image configuration. Empty without labels. One that is not a text is skipped."""
    try:
        labels = json.loads(config)["config"]["Labels"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return {}
    return {key: text for key, text in labels.items() if isinstance(text, str)} if isinstance(labels, dict) else {}


def encode_json(document: Mapping[str, Any]) -> bytes:
    """JSON in the one form in which indexes are written. Raises `ValueError` for numbers that JSON does not have."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def join_platforms(platforms: Iterable[Platform]) -> str:
    """Platforms for a sentence."""
    return ", ".join(str(platform) for platform in platforms)


def _read_part(package: str, part: Part) -> _PlatformEntries:
    """The entries of one part: its image, and its attestations with the annotations that tie them to it."""
    root = image_manifests.parse(part.root.body, part.root.digest, part.root.media_type)
    if isinstance(root, Manifest):
        descriptor = {"mediaType": root.media_type, "digest": root.digest, "size": root.size}
        entry, labels = _make_image_entry(package, part, root, descriptor)
        return _PlatformEntries(part.platform, entry, (), {}, labels, root.annotations)
    raw = json.loads(part.root.body)["manifests"]
    pairs = list(zip(root.children, raw, strict=True))
    nested = [child for child, _ in pairs if child.is_index]
    if nested:
        message = f"{package} is not published: {root.digest} lists another index, {nested[0].digest}."
        raise AssemblyError(message, hint="Push each platform as an image of its own.")
    platforms = [(child, entry) for child, entry in pairs if is_image_entry(part, child)]
    if len(platforms) != 1:
        names = join_platforms(sorted(root.platforms)) or "no platform"
        message = (
            f"{package} is not published: {root.digest}, given for {part.platform}, lists {len(platforms)} images "
            f"({names}) and not one."
        )
        raise AssemblyError(message, hint="Build each platform in a job of its own.")
    child, entry = platforms[0]
    others = tuple(entry for other, entry in pairs if other is not child)
    for other, _ in pairs:
        about = other.annotations.get(REFERENCE_DIGEST, "")
        if other.is_attestation and about != child.digest:
            message = (
                f"{package} is not published: the attestation {other.digest} is about {about or 'nothing'}, which "
                f"{root.digest} does not list."
            )
            raise AssemblyError(message, hint="Build the image again.")
    child_manifest = part.manifests[child.digest]
    manifest = image_manifests.parse(child_manifest.body, child.digest, child_manifest.media_type)
    if not isinstance(manifest, Manifest) or (manifest.media_type, manifest.size) != (child.media_type, child.size):
        message = (
            f"{package} is not published: {root.digest} lists {child.digest} with another type or size than it has."
        )
        raise AssemblyError(message, hint="Build the image again.")
    own, labels = _make_image_entry(package, part, manifest, entry, child)
    return _PlatformEntries(part.platform, own, others, root.annotations, labels, manifest.annotations)


def is_image_entry(part: Part, child: Descriptor) -> bool:
    """Whether an entry of a part's index is an image. What else is in there, such as an SBOM, runs nowhere."""
    if not child.can_be_image:
        return False
    document = part.manifests.get(child.digest)
    if document is None:
        return True
    manifest = image_manifests.parse(document.body, child.digest, document.media_type)
    return not isinstance(manifest, Manifest) or manifest.is_image


def _make_image_entry(
    package: str, part: Part, manifest: Manifest, entry: Mapping[str, Any], stated: Descriptor | None = None
) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """An image's entry with the platform that its configuration states, and its labels."""
    config = part.configs[manifest.config.digest]
    platform = image_manifests.read_config_platform(config, manifest.config.digest)
    if not part.platform.fits(platform):
        message = (
            f"{package} is not published: {part.root.digest} was given for {part.platform}, and its configuration says "
            f"{platform}."
        )
        raise AssemblyError(message, hint="Check which job pushed it, and for which platform it built.")
    if stated and stated.platform and not stated.platform.fits(platform):
        message = (
            f"{package} is not published: {part.root.digest} lists an image as {stated.platform}, and the image's "
            f"configuration says {platform}."
        )
        raise AssemblyError(message, hint="Build the image again.")
    return {**entry, "platform": _make_platform(platform, json.loads(config))}, read_labels(config)


def _make_platform(platform: Platform, config: Mapping[str, Any]) -> dict[str, Any]:
    """The platform object of an entry. `os.version` and `os.features` are taken along as they are."""
    fields: dict[str, Any] = {"os": platform.os, "architecture": platform.architecture}
    if platform.variant:
        fields["variant"] = platform.variant
    return fields | {key: config[key] for key in ("os.version", "os.features") if config.get(key)}


def _make_index(package: str, lifted: Iterable[_PlatformEntries], entries: list[Mapping[str, Any]]) -> RawManifest:
    annotations = {**_find_shared_annotations(lifted), **_merge_annotations(package, lifted)}
    # A Docker list has neither annotations nor attestations; an OCI index may hold Docker manifests too.
    docker = not annotations and all(set(entry) == DOCKER_KEYS for entry in entries)
    docker = docker and all(entry["mediaType"] == DOCKER_MANIFEST for entry in entries)
    media_type = DOCKER_LIST if docker else OCI_INDEX
    if not docker:
        annotations = {**_find_shared_labels(lifted), **annotations}
    document: dict[str, Any] = {"schemaVersion": 2, "mediaType": media_type, "manifests": entries}
    if annotations:
        document["annotations"] = annotations
    try:
        body = encode_json(document)
    except ValueError as error:
        message = f"{package} is not published: what was built for it holds a number that JSON does not have."
        raise ManifestError(message, hint="Build the image again.") from error
    return RawManifest(body, media_type, digest_of(body))


def _find_shared_labels(lifted: Iterable[_PlatformEntries]) -> dict[str, str]:
    """The specification's labels that all platforms have with one value: what an index says of the image as a whole.

    GHCR shows description and licence of an image from its index, and never reads the labels of a platform. A time
    that all have is that of their commit.
    """
    return {
        name: text for name, text in _intersect(part.labels for part in lifted).items() if name.startswith(OCI_LABELS)
    }


def _find_shared_annotations(lifted: Iterable[_PlatformEntries]) -> dict[str, str]:
    """The annotations that the manifests of all platforms have with one value."""
    return _intersect(part.of_manifest for part in lifted)


def _intersect(texts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    first, *others = texts
    return {name: text for name, text in first.items() if all(other.get(name) == text for other in others)}


def _merge_annotations(package: str, lifted: Iterable[_PlatformEntries]) -> dict[str, str]:
    """The annotations of the parts' own indexes, for the index over them all. Each build has its own time: the last."""
    annotations: dict[str, str] = {}
    for image in lifted:
        for key, text in image.annotations.items():
            if key == CREATED:
                annotations[key] = max(text, annotations.get(key, text))
            elif annotations.setdefault(key, text) != text:
                message = (
                    f"{package} is not published: its platforms have different annotations {key}, "
                    f"{annotations[key]!r} and {text!r}."
                )
                raise AssemblyError(message, hint="Give every platform's build the same annotations of the index.")
    return annotations


DOCKER_KEYS = {"mediaType", "digest", "size", "platform"}
"""What an entry of a Docker manifest list may have."""
