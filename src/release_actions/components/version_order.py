"""Compares versions in all the styles that components use, or says that they cannot be compared.

Components number themselves as they like: `v1.2.3`, `1.2`, `v0.6.8.1`, `0.18.0rc2`, `v0.5.13.post1`, `router-v1.2.3`.
The order within a number is that of `versions`. What cannot be read, such as a commit or a remark, must never be
ordered: not knowing says nothing about which is newer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from release_actions.versions.grammar import FLOATING_NAMES, Kind
from release_actions.versions.version import Version, parse_or_none

STYLE = re.compile(r"(?P<name>(?:[A-Za-z][A-Za-z0-9_.]*-)*)v?(?P<numbers>[0-9]+(?:\.[0-9]+){1,3})(?P<suffix>.*)")
"""A component's name, a v that counts for nothing, two to four numbers, and what follows."""

LOCAL = re.compile(r"\+[A-Za-z0-9.]+")
"""A local version (PEP 440) or build metadata (SemVer): both say nothing about the order of releases."""

UNFINISHED = re.compile(r"(?i)(?<![a-z])(?:rc|alpha|beta|dev|preview|pre|snapshot|nightly|canary|next)(?![a-z])")
"""Words of a version that is not final, in styles that cannot be read."""

MOVING = re.compile(r"(?i)(?:nightly|pr|sha|main|master|dev|latest)(?:-.*)?")
"""Tags that move, or that name a state between releases."""


@dataclass(frozen=True)
class ReadVersion:
    """A version that could be read: its name, its numbers padded to four, and what its suffix says."""

    name: str
    numbers: tuple[int, ...]
    version: Version


def compare(first: str, second: str) -> int | None:
    """-1, 0 or 1 as the first version is below, equal to or above the second; None when they cannot be compared."""
    left, right = read(first), read(second)
    if left is None or right is None or left.name != right.name:
        return None
    if left.numbers != right.numbers:
        return 1 if left.numbers > right.numbers else -1
    return (left.version > right.version) - (left.version < right.version)


def read(text: str) -> ReadVersion | None:
    """What a version says, None for a style that is not known. `Reading.version` has the first three numbers only."""
    match = STYLE.fullmatch(LOCAL.sub("", text))
    if match is None:
        return None
    numbers = match["numbers"].split(".")
    if any(number != "0" and number.startswith("0") for number in numbers):
        return None
    three = ".".join([*numbers, "0", "0"][:3])
    version = parse_or_none(three + match["suffix"], "")
    if version is None:
        return None
    padded = tuple(int(number) for number in [*numbers, "0", "0"][:4])
    return ReadVersion(match["name"], padded, version)


def is_unfinished(text: str) -> bool:
    """Whether a version is a candidate, a pre-release or a dev version. An unknown style is judged by words in it.

    So is what SemVer calls a pre-release: images write their flavour there, as in 1.5.2-alpine and 12.9.1-devel-ubi9.
    """
    order = read(text)
    if order is not None and not LOCAL.search(text):
        version = order.version
        if version.kind is not Kind.PRERELEASE or version.spelling:  # only 1.0b2 of PEP 440 has a spelling
            return version.kind not in {Kind.STABLE, Kind.POST}
    return bool(UNFINISHED.search(re.sub(r"(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z])(?=[0-9])", " ", text)))


def is_moving(text: str) -> bool:
    """Whether a version is no version but a tag that moves: latest, main, nightly, pr-12."""
    return text.lower() in FLOATING_NAMES or bool(MOVING.fullmatch(text))


def sort_key(text: str) -> tuple[tuple[int, ...], Version]:
    """A key that sorts versions which `compare` can compare with each other. Raises `ValueError` for others."""
    version = read(text)
    if version is None:
        message = f"{text!r} is not a version"
        raise ValueError(message)
    return version.numbers, version.version


def is_restart(new: str, old: str) -> bool:
    """Whether a lower version looks like the beginning of new numbers, as a renamed component may have.

    v0.9.0 -> v0.1.0 and v3.2.0 -> v1.0.0 do, v0.9.0 -> v0.8.9 does not: that is one line of versions going back.
    """
    after, before = read(new), read(old)
    if after is None or before is None:
        return False
    beginning = after.numbers[:2] in {(0, 0), (0, 1), (1, 0)}
    drop = before.numbers[1] - after.numbers[1]
    return beginning or after.numbers[0] < before.numbers[0] or drop > 1
