"""Which of several images are the newest, by their versions or by when they were pushed. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from release_actions.cleanup.prefixes import parse_any
from release_actions.config.cleanup_settings import CleanupSettings
from release_actions.versions.grammar import image_affixes

NUMBERS = re.compile(r"(.*?)([0-9]+(?:[.][0-9]+)+)(.*)")
"""A tag that is written like a version: what is before and after its numbers, of which there are at least two."""


class DatedVersion(Protocol):
    """A package version as far as it is ranked."""

    @property
    def id(self) -> int: ...  # the class says it

    @property
    def digest(self) -> str: ...  # the class says it

    @property
    def created_at(self) -> datetime: ...  # the class says it


def rank_newest(
    settings: CleanupSettings, chosen: Mapping[str, DatedVersion], prefixes: Iterable[str]
) -> Mapping[str, str]:
    """Digest -> why `keep_n` or `keep_n_per_line` keeps it.

    Releases are ranked by version, other tags by the creation of their image. Releases, what comes before them, each
    prefix and each flavour are ranked for themselves: which tags are newest must not depend on what else a pattern
    happens to match, and a candidate must not take the place of a release.
    """
    known = tuple(prefixes)
    ranked: dict[tuple[tuple[str, str], str, bool], dict[str, Any]] = {}
    others: dict[str, Any] = {}
    for tag, version in chosen.items():
        release = parse_any(tag, known)
        if release is None:
            others[version.digest] = version.created_at, version.id
            continue
        key = release.order, version.created_at, version.id
        for line in ("", release.line):
            ranks = ranked.setdefault((image_affixes(release.prefix), line, release.is_stable), {})
            ranks[version.digest] = max(ranks.get(version.digest, key), key)
    kept: dict[str, str] = {}
    for (_, line, is_stable), ranks in ranked.items():
        kind = "releases" if is_stable else "pre-releases"
        what = f"{kind} of {line}" if line else kind
        kept |= rank_first(ranks, (settings.keep_n_per_line if line else settings.keep_n) or 0, what)
    return kept | rank_first(others, settings.keep_n or 0, "images")


def rank_first(ranks: Mapping[str, Any], count: int, what: str) -> dict[str, str]:
    """Digest -> that it is one of the `count` highest."""
    best = sorted(ranks, key=lambda digest: ranks[digest], reverse=True)[:count]
    return {
        digest: f"It is number {rank} of the {count} newest {what} that the rule keeps."
        for rank, digest in enumerate(best, start=1)
    }


def find_misranked(kept: Collection[str], deleted: Collection[str]) -> tuple[str, str] | None:
    """A tag that is kept, and one that is deleted although its numbers are higher and all else in it is the same.

    Tags such as 1.9 and 1.10 are no versions of three numbers, so they are ranked by when they were pushed. None where
    both orders agree.
    """
    lowest: dict[tuple[str, str], tuple[tuple[int, ...], str]] = {}
    for tag in kept:
        match = NUMBERS.fullmatch(tag)
        if match:
            numbers = tuple(int(number) for number in match[2].split("."))
            key = match[1], match[3]
            lowest[key] = min(lowest.get(key, (numbers, tag)), (numbers, tag))
    for tag in sorted(deleted):
        match = NUMBERS.fullmatch(tag)
        known = lowest.get((match[1], match[3])) if match else None
        if match and known and tuple(int(number) for number in match[2].split(".")) > known[0]:
            return known[1], tag
    return None
