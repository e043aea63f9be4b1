"""Which files an image is made from, as globs over paths of the repository. Pure.

`*` is any text without a slash, `**` any text, `**/` any folders or none, `?` one character; a pattern after `!` takes
away what it matches, and of several that match a path the last one counts.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable


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
        if pattern(glob.removeprefix("!")).fullmatch(path):
            matched = not glob.startswith("!")
    return matched
