"""Which prefix the versions of a repository have, learned from its tags.

For advice only: what decides is `versions.prefix`, or its default.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from release_actions.versions.grammar import NUMBER, PREFIX
from release_actions.versions.version import parse_or_none

CORE = re.compile(rf"(.*?){NUMBER}\.{NUMBER}\.{NUMBER}(?![0-9]).*")
"""A tag that ends in a version: what is before the first three numbers, and the rest."""

TAGS_OF_A_HABIT = 2
"""Versions with one prefix from which it is the project's habit."""


def count_prefixes(tags: Iterable[str]) -> Counter[str]:
    """Prefix -> how many of the tags are versions that begin with it."""
    prefixes: Counter[str] = Counter()
    for tag in tags:
        core = CORE.fullmatch(tag)
        if core and PREFIX.fullmatch(core.group(1)) and parse_or_none(tag, core.group(1)):
            prefixes[core.group(1)] += 1
    return prefixes


def find_other_prefix(tag: str, tags: Iterable[str], prefix: str) -> str | None:
    """The prefix that most versions among the tags have, if that is not the project's; None if it is.

    Only where the refused tag begins with that prefix itself, or looks like a date.
    """
    prefixes = count_prefixes(tags)
    if not prefixes:
        return None
    common, count = prefixes.most_common(1)[0]
    if common == prefix or count < TAGS_OF_A_HABIT or count <= prefixes[str(prefix)]:
        return None
    begins_alike = tag.startswith(common) and bool(common or tag[:1].isdigit())
    return common if begins_alike or re.search("[0-9]{6}", tag) else None
