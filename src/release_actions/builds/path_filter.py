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
    found = ""
    for piece in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", text.removeprefix("./")):
        found += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece))
    return re.compile(found, re.DOTALL)


def matches(globs: Iterable[str], path: str) -> bool:
    """Whether a path is one of those that the globs describe."""
    found = False
    for glob in globs:
        if pattern(glob.removeprefix("!")).fullmatch(path):
            found = not glob.startswith("!")
    return found
