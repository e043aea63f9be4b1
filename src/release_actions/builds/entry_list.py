"""The entries of a list of images within what a step can be given: what several have in common is written once. Pure.

A list is as it is while it fits. A longer one is written with `like`: an entry names an earlier one by its number and
has only what is its own. Both forms are read alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from release_actions.runner.report import Output

LIKE = "like"
"""Field of an entry that names an earlier one by its number, from 1, and has only what differs from that one."""

OWN_FIELDS = frozenset(
    (
        *("name", "image", "variant", "flavour", "copy-of", "package", "tags", "platforms", "digest", "slots"),
        *("built-as", "scan-category"),
    )
)
"""Fields that every entry has by itself, or not at all: what it is. What is not said is never filled in."""

VARIABLE_LIMIT = 131_072
"""Bytes of one environment variable on Linux (MAX_ARG_STRLEN, execve(2)): a step is not started with a longer one."""

LIST_LIMIT = VARIABLE_LIMIT - len("INPUT_PROVED_IMAGES=\0")
"""Bytes of a list there. What stands around it is the name of an input."""

DIGEST_ROOM = len(',"digest":"sha256:"') + 64
"""Bytes that merge-digests adds to each image of a list."""


def share(entries: Iterable[Any]) -> Iterator[Any]:
    """Entries with what they have in common with an earlier one, by whose number they say so. Others as they are."""
    whole: list[Any] = []
    for entry in entries:
        number = entry.get(LIKE) if isinstance(entry, dict) else None
        is_number = isinstance(number, int) and not isinstance(number, bool) and 0 < number <= len(whole)
        other = whole[number - 1] if is_number and number else None
        if isinstance(other, dict):
            common = {key: value for key, value in other.items() if key not in OWN_FIELDS}
            whole.append({**common, **{key: value for key, value in entry.items() if key != LIKE}})
        else:
            whole.append(entry)
        yield whole[-1]


def shorten(entries: Iterable[Mapping[str, Any]], limit: int) -> list[Output]:
    """Entries as they are if their JSON has at most `limit` bytes; else each with what an earlier one has not.

    256 images have nearly all of their fields in common, and a step on Linux gets 128 KiB in one variable.
    """
    listed = [dict(entry) for entry in entries]
    if measure(listed) <= limit:
        return [*listed]
    numbers: dict[str, int] = {}
    short: list[Output] = []
    for number, entry in enumerate(listed, 1):
        common = {key: value for key, value in entry.items() if key not in OWN_FIELDS}
        first = numbers.setdefault(json.dumps(common, sort_keys=True), number)
        own = {key: value for key, value in entry.items() if key in OWN_FIELDS}
        short.append(entry if first == number or not common else {**own, LIKE: first})
    return short


def measure(entries: Iterable[Mapping[str, Any]]) -> int:
    """Bytes of a list as an output has it."""
    return len(json.dumps(list(entries), separators=(",", ":"), ensure_ascii=False).encode())
