"""Who is new: an author whose first merged pull request is in the release, and whom no earlier notes announced.

First means merged first. A pull request with a lower number may have been merged later, and the base that changes are
counted from may be wrong, so neither decides. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from release_actions.changes.model import Author, MergedChange
from release_actions.notes.model import NewContributor

ANNOUNCED = re.compile(r"@([A-Za-z0-9][A-Za-z0-9_-]*(?:\[bot\])?)\s+made\s+their\s+first\s+contribution", re.IGNORECASE)


def read_announced(bodies: Iterable[str]) -> frozenset[str]:
    """Logins, folded, that some notes call new."""
    return frozenset(login.casefold() for body in bodies for login in ANNOUNCED.findall(body))


def find_first_changes(changes: Iterable[MergedChange]) -> dict[str, MergedChange]:
    """Key of an author -> the pull request of theirs that was merged first. Bots are skipped."""
    first_changes: dict[str, MergedChange] = {}
    for change in changes:
        if not change.number or change.author.bot or change.author == Author() or change.author.login == "ghost":
            continue
        known = first_changes.get(change.author.key)
        if known is None or (change.merged and known.merged and change.merged < known.merged):
            first_changes[change.author.key] = change
    return first_changes


def find_new_contributors(
    first: Mapping[str, MergedChange],
    listed: Mapping[str, MergedChange],
    before: Mapping[str, bool | None],
    known: Collection[str],
) -> tuple[tuple[NewContributor, ...], tuple[str, ...]]:
    """Who is new, in the order of merging, and the authors of whom it is not known.

    `first`: key of an author -> what was merged first of theirs. `listed`: the same of what the notes list, which is
    what they are thanked for: nobody is announced with something that was reverted. `before`: whether
    something of theirs was merged before `first`; None if that is not known. `known`: folded logins that were announced
    before.
    """
    fresh = [key for key in first if key in listed and key not in known]
    new = [NewContributor(listed[key].author, listed[key]) for key in fresh if before.get(key) is False]
    unknown = [listed[key].author for key in fresh if before.get(key) is None]
    return tuple(new), tuple(author.login or author.name for author in unknown)
