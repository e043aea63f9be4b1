"""Which candidate becomes a release: the last one of the same commit, or the one that was named. Pure.

A label of an image, and a lock that somebody wrote, are claims. What is decided here is only what is to be proved.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from release_actions.errors import InputError, PolicyError
from release_actions.registry.names import DIGEST
from release_actions.versions.version import Version, parse, parse_or_none

LOCK_VERSION = 1
"""The form of a lock that verify-images writes."""


@dataclass(frozen=True)
class Lock:
    """What a lock of verify-images says. `digests`: package -> digest. `tags`: package -> its tags at that time."""

    revision: str
    digests: Mapping[str, str]
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def parse_lock(text: str, name: str) -> Lock:
    """Read a lock. `name` is the file's, for errors. Raises `InputError`."""
    hint = "Give the lock-file that verify-images wrote for the candidate, or the candidate's tag."
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"{name} is not JSON."
        raise InputError(message, hint=hint) from error
    if not isinstance(document, dict) or document.get("version") != LOCK_VERSION:
        message = f"{name} is not a lock of version {LOCK_VERSION}."
        raise InputError(message, hint=hint)
    revision, images = document.get("revision"), document.get("images")
    if not isinstance(revision, str) or not isinstance(images, dict) or not images:
        message = f"{name} does not say what was locked."
        raise InputError(message, hint=hint)
    wrong = sorted(package for package, image in images.items() if not is_locked_image(image))
    if wrong:
        message = f"{name} has no digest and tags for {', '.join(wrong)}."
        raise InputError(message, hint=hint)
    return Lock(
        revision,
        {package: image["digest"] for package, image in images.items()},
        {package: tuple(image["tags"]) for package, image in images.items()},
    )


def is_locked_image(image: Any) -> bool:
    """Whether a value is what verify-images writes about one image."""
    digest, tags = (image.get("digest"), image.get("tags")) if isinstance(image, dict) else (None, None)
    if not isinstance(digest, str) or not isinstance(tags, list):
        return False
    return bool(DIGEST.fullmatch(digest)) and all(isinstance(tag, str) for tag in tags)


def parse_final(tag: str, prefix: str) -> Version:
    """The release that a tag names. Raises `TagRefused` for no version, `PolicyError` for one that is not a release."""
    final = parse(tag, prefix)
    if not final.is_stable:
        message = f"{final.tag} is a {final.kind.value}, and only a final or a post release is promoted to."
        raise PolicyError(message, hint=f"Promote a candidate to {final.release}.")
    return final


def parse_candidate(tag: str, final: Version) -> Version:
    """The candidate of a release that a tag names. Raises `TagRefused`, and `PolicyError` for another version."""
    version = parse(tag, final.prefix)
    if not version.is_candidate or version.numbers != final.numbers:
        message = f"{version.tag} is not a candidate of {final.tag}."
        hint = f"Give a candidate of {final.release}, or leave from out to promote the last one."
        raise PolicyError(message, hint=hint)
    return version


def find_locked_candidate(lock: Lock, final: Version) -> Version:
    """The candidate that every image of a lock was published as. Raises `PolicyError` when there is not exactly one."""
    common = set.intersection(*(set(tags) for tags in lock.tags.values()))
    versions = [version for tag in sorted(common) if (version := parse_or_none(tag, final.prefix))]
    candidates = [each for each in versions if each.is_candidate and each.numbers == final.numbers]
    if len(candidates) != 1:
        names = ", ".join(each.tag for each in candidates) or "none"
        message = f"The lock has to name one candidate of {final.tag} for all images, and it names {names}."
        raise PolicyError(message, hint="Lock the images of one candidate with verify-images.")
    return candidates[0]


def list_candidates(tags: Iterable[str], final: Version) -> tuple[Version, ...]:
    """The candidates of a release among git tags, the newest first."""
    versions = (parse_or_none(tag, final.prefix) for tag in tags)
    candidates = [each for each in versions if each and each.is_candidate and each.numbers == final.numbers]
    return tuple(sorted(candidates, key=lambda each: (each.order, each.tag), reverse=True))
