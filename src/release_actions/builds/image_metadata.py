"""What an image says of itself beyond what release.yaml says: title, description, address, licences and time.

Pure. The same commit and the same words of the repository give the same labels: the time is the commit's, never the
clock's. A label that the Dockerfile gives itself is the Dockerfile's, and so no other is put over it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from release_actions.builds.dockerfile import Instruction, read_instructions
from release_actions.builds.dockerfile_words import expand_or_keep, split_line
from release_actions.config import Config, Package
from release_actions.config.grammar import OCI_LABELS

TITLE = f"{OCI_LABELS}title"
"""The label that differs from image to image, so that even a run of one image has it in its entry."""

NO_LICENCE = frozenset({"", "NOASSERTION"})
"""What GitHub calls the licence of a repository that has none, or one that it does not know."""

LATEST_SECOND = 253_402_300_799
"""The last second of the year 9999, after which a time cannot be written as RFC 3339 says."""


@dataclass(frozen=True)
class RepositoryFacts:
    """What GitHub says of a repository. `description` is one line; both texts are empty where it says nothing."""

    name: str = ""
    description: str = ""
    licence: str = ""

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> RepositoryFacts:
        """From a repository as the API and events have it. What is not a text counts as not said."""
        licence = payload.get("license")
        return cls(
            read_line(payload.get("full_name")),
            read_line(payload.get("description")),
            read_line(licence.get("spdx_id") if isinstance(licence, Mapping) else ""),
        )


def read_line(value: object) -> str:
    """A text as one line; empty for anything else."""
    return " ".join("".join(c if c.isprintable() else " " for c in value).split()) if isinstance(value, str) else ""


@dataclass(frozen=True)
class Metadata:
    """What a run knows for the labels of its images.

    `seconds`: when the commit was made, since 1970, None where that is not known. `own_labels`: Dockerfile and target
    -> the labels that it gives itself.
    """

    facts: RepositoryFacts = RepositoryFacts()
    seconds: int | None = None
    own_labels: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)


def make_metadata_labels(config: Config, package: Package, metadata: Metadata, web: str) -> dict[str, str]:
    """The labels of the OCI specification that release.yaml need not say, but for those that the Dockerfile gives."""
    facts, seconds = metadata.facts, metadata.seconds
    is_known = facts.name.lower() == config.repository.lower()
    labels = {
        "title": find_title(config, package),
        "description": facts.description if is_known else "",
        "url": web,
        "licenses": facts.licence if is_known and facts.licence not in NO_LICENCE else "",
        "created": "" if seconds is None else format_time(seconds),
    }
    own = metadata.own_labels.get((package.dockerfile, package.target), frozenset())
    named = {f"{OCI_LABELS}{name}": value for name, value in labels.items() if value}
    return {name: value for name, value in named.items() if name not in own}


def find_common_labels(config: Config, packages: Iterable[Package], metadata: Metadata, web: str) -> dict[str, str]:
    """Those of these labels that all images of a run get.

    They are said once: GitHub passes on outputs of limited length, and each entry of a matrix would repeat them.
    """
    every = [make_metadata_labels(config, package, metadata, web) for package in packages]
    first = every[0] if every else {}
    return {
        name: text for name, text in first.items() if name != TITLE and all(each.get(name) == text for each in every)
    }


def find_title(config: Config, package: Package) -> str:
    """The name of an image, the same in every channel: that of the package that releases publish it to."""
    for release in config.packages("release"):
        if (release.image, release.variant) == (package.image, package.variant):
            return release.package.rpartition("/")[2]
    return package.image


def read_seconds(text: str) -> int | None:
    """Seconds since 1970 from a text of git or of SOURCE_DATE_EPOCH; None for what is no time."""
    is_time = re.fullmatch(r"[0-9]{1,12}", text) is not None and int(text) <= LATEST_SECOND
    return int(text) if is_time else None


def format_time(seconds: int) -> str:
    """A time as RFC 3339 writes it, in UTC."""
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True)
class LabelStage:
    """A stage of a Dockerfile: its name and what it is made from, in small letters, and the names of its labels."""

    name: str
    base: str
    labels: frozenset[str] = frozenset()


def find_own_labels(text: str, target: str = "") -> frozenset[str]:
    """The labels that a Dockerfile gives to its target, or to its last stage, there or in a stage that it is made from.

    A base that only a build argument names is not followed: its labels are not the Dockerfile's.
    """
    stages = read_label_stages(read_instructions(text))
    named = [number for number, stage in enumerate(stages) if target.lower() in {stage.name, str(number)}]
    at = (named[-1] if named else -1) if target else len(stages) - 1
    labels: frozenset[str] = frozenset()
    while at >= 0:
        stage = stages[at]
        labels |= stage.labels
        # Ends, since a stage is made from one before it.
        at = max((number for number in range(at) if stage.base in {stages[number].name, str(number)}), default=-1)
    return labels


def read_label_stages(instructions: Iterable[Instruction]) -> list[LabelStage]:
    """The stages of a Dockerfile with the labels that each gives."""
    stages: list[LabelStage] = []
    for instruction in instructions:
        if instruction.name == "FROM":
            words = [word for word in instruction.rest.split() if not word.startswith("--")]
            is_named = len(words) > len(("base", "AS")) and words[1].upper() == "AS"
            stages.append(LabelStage(words[2].lower() if is_named else "", words[0].lower() if words else ""))
        elif instruction.name == "LABEL" and stages:
            words = list(split_line(instruction.rest))
            # `LABEL name value` is the older form of `LABEL name=value`.
            names = words if words and "=" in words[0] else words[:1]
            own = frozenset(expand_or_keep(word.partition("=")[0], {}) for word in names)
            stages[-1] = replace(stages[-1], labels=stages[-1].labels | own)
    return stages
