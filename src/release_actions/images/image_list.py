"""The images that a run publishes, as `build-matrix` lists them: which package, under which tags, on which platforms.

Reads the outputs `images` and `merge-matrix`, one entry of either, and `merge-digests`' own `images`. Pure. It must
never fill in what the list does not say: a platform that is not named would not be missed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from release_actions.builds.entry_list import LIKE, share
from release_actions.config.grammar import BUILT_AS
from release_actions.errors import InputError, Problem
from release_actions.images.manifests import Platform
from release_actions.registry.names import DIGEST, REPOSITORY, REPOSITORY_LENGTH, TAG, describe_repository_mistake

HINT = "Pass build-matrix's output images as it is."

SLOT_COUNT = 256
"""Slots that each job of our workflows declares: as many as GitHub runs jobs of one matrix."""


@dataclass(frozen=True)
class ListedImage:
    """One package and what is published there.

    `package` is what a client pulls, without a tag: `ghcr.io/llm-d/llm-d-cuda`. Several flavours of an image may
    share a package, each under tags of its own; `label` tells them apart. `digest` is what the run published, ""
    if it failed to, and None where the list does not say. `slots`: platform -> number of the job output that has what
    was built for it; empty where the list does not say. `promised_labels`: what the plan says that every platform is
    labelled with; a copy has those of its original. `entry` is the whole entry, to be passed on.
    """

    package: str
    tags: tuple[str, ...]
    platforms: tuple[Platform, ...]
    required: bool = True
    digest: str | None = None
    slots: Mapping[Platform, int] = field(default_factory=dict, compare=False, repr=False)
    promised_labels: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    entry: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def built_as(self) -> str:
        """What the plan says it is built as, which tells it apart in its package; empty where the list does not say."""
        return self.promised_labels.get(BUILT_AS, "")

    @property
    def label(self) -> str:
        """The package, with the flavour where it is one of several there."""
        return label_of({**self.entry, "package": self.package})

    @property
    def copy_of(self) -> str:
        """Label of the image that it is a copy of; empty for one that was built for its package."""
        return str(self.entry.get("copy-of") or "")

    @property
    def built_by(self) -> str:
        """The tool that builds and pushes it; empty where a job of the plan does."""
        return str(self.entry.get("built-by") or "")

    @property
    def registry(self) -> str:
        """Host of the registry, with its port."""
        return self.package.partition("/")[0]

    @property
    def name(self) -> str:
        """The repository in the registry: `llm-d/llm-d-cuda`."""
        return self.package.partition("/")[2]


def label_of(entry: Mapping[str, Any]) -> str:
    """What an entry of a list is called: its package, with the flavour where it is one of several there."""
    package, flavour = str(entry.get("package", "")), str(entry.get("flavour") or "")
    return f"{package} ({flavour})" if flavour else package


def read(text: str) -> tuple[ListedImage, ...]:
    """The images of a list, in its order. Raises `InputError` with every mistake in it."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = "Input 'image-list' is not JSON."
        raise InputError(message, hint=HINT) from error
    if isinstance(value, dict):
        value = value.get("include", [value])
    if not isinstance(value, list) or not value:
        message = "Input 'image-list' names no image."
        raise InputError(message, hint=HINT)
    problems: list[Problem] = []
    images = []
    for number, entry in enumerate(share(value)):
        mistakes = list(find_mistakes(entry))
        problems += [Problem(f"Entry {number + 1} of 'image-list' {mistake}.", HINT) for mistake in mistakes]
        if not mistakes:
            images.append(parse_entry(entry))
    problems += find_duplicates(images)
    if problems:
        raise InputError(problems=problems)
    originals = {image.label: image.promised_labels for image in images}
    return tuple(
        replace(image, promised_labels={**originals.get(image.copy_of, {}), **image.promised_labels})
        for image in images
    )


def parse_entry(entry: Mapping[str, Any]) -> ListedImage:
    """An entry without mistakes."""
    return ListedImage(
        package=entry["package"],
        tags=tuple(dict.fromkeys(entry["tags"])),
        platforms=tuple(sorted({Platform.parse(name) for name in entry["platforms"]})),
        required=entry.get("required", True),
        digest=entry.get("digest"),
        slots={Platform.parse(platform): number for platform, number in entry.get("slots", {}).items()},
        promised_labels={
            **entry.get("promised-labels", {}),
            **({BUILT_AS: entry["built-as"]} if entry.get("built-as") else {}),
        },
        entry=entry,
    )


def find_mistakes(entry: Any) -> Iterator[str]:
    """What is wrong with an entry, each as the end of a sentence."""
    if not isinstance(entry, dict):
        yield "is not an object"
        return
    host, _, name = str(entry.get("package", "")).partition("/")
    if not host or len(name) > REPOSITORY_LENGTH or not REPOSITORY.fullmatch(name):
        mistake = f"has no package of the form REGISTRY/NAME: {str(entry.get('package', ''))[:100]!r}"
        yield f"{mistake}. {describe_repository_mistake(name)}".removesuffix(".") if host and name else mistake
    for key, what in (("tags", "tag"), ("platforms", "platform")):
        values = entry.get(key)
        if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
            yield f"has no list of {what}s under {key!r}"
            continue
        yield from (f"names {value[:100]!r}, which is not a {what}" for value in values if not is_valid(value, what))
    if not isinstance(entry.get("required", True), bool):
        yield "has 'required' that is neither true nor false"
    yield from find_label_mistakes(entry)
    if LIKE in entry:
        yield f"is like entry {str(entry[LIKE])[:100]!r}, which is not the number of an entry before it"
    if not has_slot_numbers(entry.get("slots", {})):
        yield "has 'slots' that do not map its platforms to numbers"
    digest = entry.get("digest", "")
    if not isinstance(digest, str) or (digest and not DIGEST.fullmatch(digest)):
        yield f"has a 'digest' that is not a digest: {str(digest)[:100]!r}"


def find_label_mistakes(entry: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with what an entry promises, each as the end of a sentence."""
    labels = entry.get("promised-labels", {})
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        yield "has 'promised-labels' that do not map names to texts"
    if not isinstance(entry.get("built-as", ""), str):
        yield "has a 'built-as' that is not a text"


def has_slot_numbers(numbers: Any) -> bool:
    """Whether a value maps platforms to numbers of slots."""
    return isinstance(numbers, dict) and all(
        is_valid(str(platform), "platform")
        and isinstance(number, int)
        and not isinstance(number, bool)
        and 0 <= number < SLOT_COUNT
        for platform, number in numbers.items()
    )


def is_valid(value: str, what: str) -> bool:
    """Whether a text is a tag, or a platform."""
    if what == "tag":
        return bool(TAG.fullmatch(value))
    try:
        Platform.parse(value)
    except ValueError:
        return False
    return True


def find_duplicates(images: Iterable[ListedImage]) -> list[Problem]:
    """A problem for each package that is listed again, but for flavours: two images would take each other's tags."""
    seen: set[str] = set()
    tags: dict[tuple[str, str], str] = {}
    duplicates = []
    for image in images:
        if image.label in seen:
            duplicates.append(Problem(f"'image-list' names {image.label} twice.", HINT))
        seen.add(image.label)
        for tag in image.tags:
            other = tags.setdefault((image.package, tag), image.label)
            if other != image.label:
                duplicates.append(Problem(f"'image-list' gives {other} and {image.label} the tag {tag}.", HINT))
    return duplicates
