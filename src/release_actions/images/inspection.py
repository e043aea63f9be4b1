"""Is a published image what its list says? Reads it, judges it, and gives what is wrong and what it consists of.

The judgement is pure and complete: everything that is wrong is reported, not only the first. It must never take
what could not be read for right.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from release_actions.config.grammar import OCI_LABELS
from release_actions.errors import Problem
from release_actions.images import assembly
from release_actions.images import manifests as image_manifests
from release_actions.images.assembly import REVISION, join_platforms
from release_actions.images.image_list import ListedImage
from release_actions.images.manifests import (
    REFERENCE_DIGEST,
    AnyManifest,
    Descriptor,
    Index,
    Manifest,
    ManifestError,
    Platform,
)
from release_actions.images.publish import PAUSES
from release_actions.registry.client import Registry
from release_actions.runner.report import Output


@dataclass(frozen=True)
class Expectation:
    """What every image of a run has to say: the commit it was built from, and which labels it has to have."""

    revision: str
    labels: tuple[str, ...] = ("revision", "source", "version")


@dataclass(frozen=True)
class Reading:
    """What the registry gave. `tags`: tag -> digest, "" without such a tag.

    `root` is what the first tag names; None if there is nothing. `children`: digest -> the child, None if it does not
    answer. `configs`: digest -> the configuration, None if it does not answer.
    """

    tags: Mapping[str, str]
    root: AnyManifest | None
    children: Mapping[str, AnyManifest | None] = field(default_factory=dict)
    configs: Mapping[str, bytes | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Inspection:
    """The judgement. `digest` is what the tags name; platforms and attestations are as in an index."""

    image: ListedImage
    digest: str = ""
    platforms: Mapping[str, str] = field(default_factory=dict)
    attestations: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def lock(self) -> dict[str, Output]:
        """What the image consists of, for a lock file: digests by tag, platform and attested platform."""
        return {
            "tags": list(self.image.tags),
            "digest": self.digest,
            "platforms": {**dict(sorted(self.platforms.items()))},
            "attestations": {**dict(sorted(self.attestations.items()))},
        }


def read_image(registry: Registry, image: ListedImage, sleep: Callable[[float], None] = time.sleep) -> Reading:
    """Read an image and all of its parts. Reads again while a tag is not there or not yet what the run published.

    Raises `RemoteError` when the registry does not say, `ManifestError` when it gives something that is not a manifest.
    """
    tags: dict[str, str] = {}
    for pause in PAUSES:
        if pause:
            sleep(pause)
        heads = {tag: registry.head_manifest(image.name, tag) for tag in image.tags}
        tags = {tag: head.digest if head else "" for tag, head in heads.items()}
        named = set(tags.values())
        if image.digest == "" or ("" not in named and named == {image.digest or tags[image.tags[0]]}):
            break
    digest = next((body for body in tags.values() if body), "")
    body = registry.get_manifest(image.name, digest) if digest else None
    if body is None:
        return Reading(tags, None)
    root = image_manifests.parse(body.body, body.digest, body.media_type)
    children: dict[str, AnyManifest | None] = {}
    if isinstance(root, Index):
        for child in root.children:
            if not child.is_manifest:
                children[child.digest] = None
                continue
            answer = registry.get_manifest(image.name, child.digest)
            children[child.digest] = (
                image_manifests.parse(answer.body, answer.digest, answer.media_type) if answer else None
            )
    manifests = [manifest for manifest in (root, *children.values()) if isinstance(manifest, Manifest)]
    configs: dict[str, bytes | None] = {
        manifest.config.digest: registry.get_blob(image.name, manifest.config.digest) for manifest in manifests
    }
    return Reading(tags, root, children, configs)


def list_platform_labels(reading: Reading) -> list[Mapping[str, str]]:
    """The labels of every platform of an image. An attestation has none and is not a platform."""
    children = [
        reading.children[child.digest]
        for child in (reading.root.children if isinstance(reading.root, Index) else ())
        if not child.is_attestation
    ]
    configs = [
        reading.configs[manifest.config.digest]
        for manifest in (reading.root, *children)
        if isinstance(manifest, Manifest)
    ]
    return [assembly.read_labels(config or b"") for config in configs]


def judge_image(image: ListedImage, reading: Reading, expected: Expectation) -> Inspection:
    """What is wrong with an image, all of it."""
    problems = [*_judge_tags(image, reading)]
    root = reading.root
    if root is None:
        return Inspection(image, problems=_make_problems(image, problems))
    attestations: dict[str, str] = {}
    manifests: list[tuple[Descriptor | None, AnyManifest | None]] = []
    seen: list[tuple[Platform | None, str]] = []
    if isinstance(root, Index):
        problems += _read_children(root, reading)
        there = [child for child in root.children if is_image(child, reading.children[child.digest])]
        seen += [(child.platform, child.digest) for child in there]
        attestations = dict(root.attestations)
        manifests += [(child, reading.children[child.digest]) for child in there]
    else:
        manifests.append((None, root))
    for child, manifest in manifests:
        if not isinstance(manifest, Manifest):
            continue
        platform, config = _judge_configuration(child, manifest, reading, expected, image.promised_labels)
        problems += config
        if child is None and platform:
            seen.append((platform, root.digest))
    platforms = name_platforms(image, seen)
    problems += _judge_platforms(image, [platform for platform, _ in seen if platform])
    return Inspection(image, root.digest, platforms, attestations, _make_problems(image, problems))


def is_image(child: Descriptor, answer: AnyManifest | None) -> bool:
    """Whether an entry of an index is an image. A chart or an SBOM beside it is kept, and not judged as one."""
    return child.can_be_image and (not isinstance(answer, Manifest) or answer.is_image)


def name_platforms(image: ListedImage, seen: Iterable[tuple[Platform | None, str]]) -> dict[str, str]:
    """Platform -> digest, by the name that the list has for it where only one entry is for it."""
    there = [(platform, digest) for platform, digest in seen if platform]
    names: dict[Platform, str] = {}
    for wanted in image.platforms:
        fitting = [platform for platform, _ in there if wanted.fits(platform)]
        if len(fitting) == 1:
            names[fitting[0]] = str(wanted)
    return {names.get(platform, str(platform)): digest for platform, digest in there}


def _make_problems(image: ListedImage, problems: list[str]) -> tuple[Problem, ...]:
    return tuple(Problem(f"{image.label}: {text}.") for text in problems)


def _judge_tags(image: ListedImage, reading: Reading) -> Iterator[str]:
    if image.digest == "":
        yield "this run did not publish it"
    for tag, digest in reading.tags.items():
        if not digest:
            yield f"there is no tag {tag}"
        elif image.digest and digest != image.digest:
            yield f"{tag} names {digest}, and this run published {image.digest}"
    named = sorted({digest for digest in reading.tags.values() if digest})
    if len(named) > 1 and not image.digest:
        yield f"its tags name different images, {' and '.join(named)}"
    if reading.root is None and any(reading.tags.values()):
        yield f"{named[0]} does not answer"


def _read_children(root: Index, reading: Reading) -> Iterator[str]:
    """Every child answers, is described as it is, and is a platform or the attestation of one."""
    siblings = {child.digest for child in root.children if not child.is_attestation}
    for child in root.children:
        name = "the attestation" if child.is_attestation else f"the child for {child.platform or 'no platform'},"
        answer = reading.children[child.digest]
        if not child.is_manifest:
            continue
        if answer is None:
            yield f"{name} {child.digest} does not answer"
        elif (answer.media_type, answer.size) != (child.media_type, child.size):
            yield f"{name} {child.digest} has another type or size than the index says"
        about = child.annotations.get(REFERENCE_DIGEST, "")
        if child.is_attestation and about not in siblings:
            yield f"{name} {child.digest} is about {about or 'nothing'}, which the index does not list"
        if child.is_index:
            yield f"the index lists another index, {child.digest}"
        elif child.platform is None and is_image(child, answer):
            yield f"the child {child.digest} has no platform"


def _judge_platforms(image: ListedImage, platforms: list[Platform]) -> Iterator[str]:
    missing = sorted(wanted for wanted in set(image.platforms) if not any(map(wanted.fits, platforms)))
    if missing:
        yield f"it lacks {join_platforms(missing)}"
    strangers = sorted(there for there in set(platforms) if not any(wanted.fits(there) for wanted in image.platforms))
    if strangers:
        yield f"it has {join_platforms(strangers)}, for which it is not built"
    twice = sorted(platform for platform, count in Counter(platforms).items() if count > 1)
    if twice:
        yield f"it has {join_platforms(twice)} more than once"


def _judge_configuration(
    child: Descriptor | None,
    manifest: Manifest,
    reading: Reading,
    expected: Expectation,
    promised: Mapping[str, str],
) -> tuple[Platform | None, list[str]]:
    """The platform that a configuration states, and what is wrong with it and its labels."""
    config = reading.configs[manifest.config.digest]
    stated = child.platform if child else None
    if config is None:
        return None, [f"the configuration {manifest.config.digest} of {manifest.digest} does not answer"]
    try:
        platform = image_manifests.read_config_platform(config, manifest.config.digest)
    except ManifestError as error:
        return None, [str(error.problems[0].message).rstrip(".")]
    problems = []
    if stated and not stated.fits(platform):
        problems.append(f"the index lists {manifest.digest} as {stated}, and its configuration says {platform}")
    labels = assembly.read_labels(config)
    missing = [OCI_LABELS + name for name in expected.labels if not labels.get(OCI_LABELS + name)]
    if missing:
        problems.append(f"{platform} lacks the label{'s' if len(missing) > 1 else ''} {', '.join(missing)}")
    revision = labels.get(REVISION, "")
    if revision and revision != expected.revision:
        problems.append(f"{platform} says it was built from {revision}, and the tag is on {expected.revision}")
    others = {name: text for name, text in promised.items() if name not in {REVISION, *missing}}
    problems += [f"{platform} {difference}" for difference in assembly.find_label_differences(labels, others)]
    return platform, problems
