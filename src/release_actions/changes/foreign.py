"""The names that other systems give a change, which its commit keeps: diffs of Phabricator, changelists of Piper.

Projects that are written elsewhere and mirrored to GitHub revert by these: `Reverts D12345`, `Rollback of cl/12345`.
Pure.
"""

from __future__ import annotations

import re

NAME = r"(?:D[0-9]{4,10}\b|(?:changelist|cl)[ /][0-9]{4,12}\b)"
"""Such a name as titles and texts have it."""

NAMES = re.compile(NAME, re.IGNORECASE)
TRAILER = re.compile(
    r"(?im)^(?:Differential Revision:\s*(?:https?://\S*/)?(?P<diff>D[0-9]{4,10})|PiperOrigin-RevId:\s*(?P<changelist>[0-9]{4,12}))\s*$"
)
"""How a commit keeps its own."""


def fold_name(name: str) -> str:
    """A name as it compares: `cl/12345` and `changelist 12345` are one."""
    return name.casefold() if name[:1] in "dD" else re.sub(r"\D+", "cl/", name, count=1)


def list_own_names(message: str) -> tuple[str, ...]:
    """What a commit says that it is called elsewhere."""
    return tuple(fold_name(match["diff"] or f"cl/{match['changelist']}") for match in TRAILER.finditer(message))
