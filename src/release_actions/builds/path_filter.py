"""Which files an image is made from, as globs over paths of the repository. Pure.

`*` is any text without a slash, `**` any text, `**/` any folders or none, `?` one character; a pattern after `!` takes
away what it matches, and of several that match a path the last one counts.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from release_actions.runner.patterns import Pattern

MOST_FREE_PARTS = 2
"""Wildcards of a glob that are matched without a limit of time: each more multiplies it by the length of the path."""


@functools.cache
def limit_pattern(glob: str) -> Pattern:
    """A glob that could take for ever on some path. Matching raises `InputError` when it takes too long."""
    return Pattern(pattern(glob).pattern, re.DOTALL, shown=glob)


def matches_glob(glob: str, path: str) -> bool:
    """Whether a glob describes a path. Raises `InputError` for one that takes too long: a pull request names paths."""
    if len(re.findall(r"\*+", glob)) <= MOST_FREE_PARTS:
        return bool(pattern(glob).fullmatch(path))
    return limit_pattern(glob).matches_whole(path)


@functools.cache
def pattern(glob: str) -> re.Pattern[str]:
    """A glob as a pattern for whole paths. A trailing slash means everything in the folder."""
    text = glob + "**" if glob.endswith("/") else glob
    expression = ""
    for piece in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", text.removeprefix("./")):
        expression += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece))
    return re.compile(expression, re.DOTALL)


def matches(globs: Iterable[str], path: str) -> bool:
    """Whether a path is one of those that the globs describe."""
    matched = False
    for glob in globs:
        if matches_glob(glob.removeprefix("!"), path):
            matched = not glob.startswith("!")
    return matched
