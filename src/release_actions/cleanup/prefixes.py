"""What release tags begin with in one package, learned from its own tags.

Images may be tagged `v1.2.3`, charts of the same project `1.2.3`. So each package is asked for itself, and every
prefix that its tags show counts. Tags of different prefixes are never ranked against each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from release_actions.versions.version import Version, parse_or_none, read_image_tag

BEGINNING = re.compile(r"((?:[A-Za-z][A-Za-z0-9_]*-)*[vV]?)[0-9]+\.[0-9]+\.[0-9]")
"""What comes before X.Y.Z: nothing, `v`, or a component's name such as `router-v` or `ray-`."""


def learn_prefixes(tags: Iterable[str]) -> tuple[str, ...]:
    """The prefixes of those tags that are releases or what comes before one, in alphabetical order."""
    beginnings = {tag: match[1] for tag in tags if (match := BEGINNING.match(tag))}
    return tuple(sorted({prefix for tag, prefix in beginnings.items() if parse_or_none(tag, prefix)}))


def parse_any(tag: str, prefixes: Iterable[str]) -> Version | None:
    """The version whose image a tag names, by the first prefix that fits; None for a tag that names none."""
    versions = (read_image_tag(tag, prefix) for prefix in prefixes)
    return next((version for version in versions if version), None)
