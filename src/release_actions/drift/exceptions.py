"""What people have decided to leave as it is: comments in files, and `drift.exceptions` of `release.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from release_actions.builds.path_filter import matches
from release_actions.drift.reference import Text
from release_actions.errors import Place

IGNORE = re.compile(r"audit: *ignore\b *(?P<reason>[^\n]*?)\s*(?:-->|\*/|\}\})?\s*$")
"""A comment that excepts its own line, or the next one if nothing else is in its line."""


@dataclass(frozen=True)
class Exemption:
    """An exception of `release.yaml`: files by globs, rules or none for all, why, and until when if it ends."""

    paths: tuple[str, ...]
    reason: str
    place: Place
    rules: tuple[str, ...] = ()
    until: date | None = None

    def covers(self, path: str, rule: str) -> bool:
        """Whether it is about a finding of this rule in this file."""
        return (not self.rules or rule in self.rules) and matches(self.paths, path)


@dataclass(frozen=True)
class Comment:
    """A comment that excepts a line: where it is, which line it is about, and the reason, which may be missing."""

    place: Place
    line: int
    reason: str


def read_comments(text: Text) -> Iterator[Comment]:
    """The comments of a file, each with the line that it is about."""
    for number, line in enumerate(text.lines, 1):
        match = IGNORE.search(line)
        if match:
            alone = re.fullmatch(r"\s*(?:#|//|<!--|/\*|--|\{\{/\*)\s*", line[: match.start()])
            place = Place(text.path, number, match.start() + 1)
            yield Comment(place, number + 1 if alone else number, match["reason"])


def find_exemption(exemptions: Iterable[Exemption], path: str, rule: str, today: date) -> Exemption | None:
    """The first exception that covers a finding and has not ended."""
    return next(
        (
            exemption
            for exemption in exemptions
            if exemption.covers(path, rule) and (exemption.until is None or today <= exemption.until)
        ),
        None,
    )
