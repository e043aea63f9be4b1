"""Which proposals an item names, and what was said of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from release_actions.builds import path_filter
from release_actions.people.from_github import parse_login, parse_remark
from release_actions.tracker.model import Item, Proposal

PATH = re.compile(r"(?<![A-Za-z0-9_./-])[A-Za-z0-9_./:-]{1,400}\.(?:md|rst|txt)\b")
"""What may be a path or an address: begun where a word begins, and bounded, so that a long word costs no square."""


def parse_proposal(path: str, text: str | None, commits: Sequence[Mapping[str, Any]]) -> Proposal:
    """A proposal with what was said of the pull request that changed it last."""
    if text is None:
        return Proposal(path, "", None)
    pulls = [pull for commit in commits for pull in commit["associatedPullRequests"]["nodes"] if pull["merged"]]
    if not pulls:
        return Proposal(path, "", text)
    newest = pulls[0]
    remarks = (*newest["comments"]["nodes"], *newest["reviews"]["nodes"])
    return Proposal(
        path, str(newest["url"]), text, parse_login(newest["author"]), tuple(parse_remark(each) for each in remarks)
    )


def list_proposals(item: Item, globs: Collection[str]) -> tuple[str, ...]:
    """The proposals that an item's texts name, or that its pull requests change."""
    texts = (item.body, *(pull.body for pull in item.pulls))
    words = {word for text in texts for word in PATH.findall(text)}
    changed = {path for pull in item.pulls for path in pull.paths}
    matches = (
        next((path for path in _list_tails(word) if path_filter.matches(globs, path)), "") for word in words | changed
    )
    return tuple(sorted({path for path in matches if path}))


def _list_tails(word: str) -> Iterator[str]:
    """A path, and what remains of it without its first folders, as an address has a host and a branch before it."""
    parts = [part for part in word.split("/") if part]
    if ".." in parts:
        return
    yield from ("/".join(parts[start:]) for start in range(len(parts)))
