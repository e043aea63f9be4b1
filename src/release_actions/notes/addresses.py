"""What a web address of GitHub's leads to: a pull request, a comparison, a tag, a commit, a repository, an account.

An address in another form gives None: nothing is guessed about it. Pure.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit


class AddressKind(enum.Enum):
    """What an address leads to."""

    PULL = "pull"
    """A pull request or an issue: GitHub sends one to the other."""
    COMPARE = "compare"
    TAG = "tag"
    TREE = "tree"
    COMMIT = "commit"
    REPOSITORY = "repository"
    ACCOUNT = "account"


@dataclass(frozen=True)
class GitHubAddress:
    """Where an address leads. `name` is the tag, branch, commit or login; `base` the other side of a comparison."""

    leads: AddressKind
    repository: str = ""
    number: int = 0
    base: str = ""
    name: str = ""


REPOSITORY = re.compile(r"/(?P<owner>[A-Za-z0-9][A-Za-z0-9-]*)/(?P<name>[A-Za-z0-9._-]+?)(?:\.git)?(?P<rest>/.*)?")
PAGES = frozenset({"orgs", "users", "apps", "settings", "search", "topics", "marketplace", "features", "sponsors"})
"""First parts of paths that do not name an account."""


def parse(url: str, server: str = "https://github.com") -> GitHubAddress | None:
    """Where an address leads; None for one that is not the server's or leads to something else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host = urlsplit(server).netloc.lower()
    if parts.scheme not in {"http", "https"} or parts.netloc.lower().removeprefix("www.") != host:
        return None
    path = parts.path.rstrip("/")
    account = re.fullmatch(r"(?:/apps)?/([A-Za-z0-9][A-Za-z0-9-]*(?:%5Bbot%5D|\[bot\])?)", path)
    if account and account[1] not in PAGES:
        return GitHubAddress(AddressKind.ACCOUNT, name=unquote(account[1]))
    match = REPOSITORY.fullmatch(path)
    if match is None or match["owner"] in PAGES:
        return None
    return _match_inside(f"{match['owner']}/{match['name']}", match["rest"] or "")


def _match_inside(repository: str, rest: str) -> GitHubAddress | None:
    """Where a path inside a repository leads."""
    if not rest:
        return GitHubAddress(AddressKind.REPOSITORY, repository)
    page, _, tail = rest.removeprefix("/").partition("/")
    for pattern, leads in INSIDE:
        match = re.fullmatch(pattern, f"{page}/{tail}")
        if match:
            parts = {name: unquote(value) for name, value in match.groupdict().items()}
            number = int(parts.pop("number", "0"))
            return GitHubAddress(leads, repository, number, **parts)
    return None


INSIDE = (
    (r"(?:pull|issues)/(?P<number>[0-9]{1,9})(?:/.*)?", AddressKind.PULL),
    (r"compare/(?P<base>.+?)\.{2,3}(?P<name>[^.].*)", AddressKind.COMPARE),
    (r"releases/tag/(?P<name>.+)", AddressKind.TAG),
    (r"releases/download/(?P<name>[^/]+)/.+", AddressKind.TAG),
    (r"(?:tree|blob|commits)/(?P<name>.+)", AddressKind.TREE),
    (r"commit/(?P<name>[0-9a-f]{7,64})(?:/.*)?", AddressKind.COMMIT),
)
"""Paths inside a repository, and what they lead to."""
