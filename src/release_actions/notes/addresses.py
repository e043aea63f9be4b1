"""What a web address of GitHub's leads to: a pull request, a comparison, a tag, a commit, a repository, an account.

An address in another form gives None: nothing is guessed about it. Pure.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
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
    """Where an address leads. `name` is the tag, branch, commit or login; `base` the other side of a comparison.

    `direct`: the comparison is written with two dots, which shows what differs whichever side is newer.
    """

    leads: AddressKind
    repository: str = ""
    number: int = 0
    base: str = ""
    name: str = ""
    direct: bool = field(default=False, compare=False)


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
    account = re.fullmatch(r"(?:/apps)?/([A-Za-z0-9][A-Za-z0-9_-]*(?:%5Bbot%5D|\[bot\])?)", path)
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
    # Whether a slash or a dot is written as it is or as %2F or %2E makes no difference to GitHub.
    path = unquote(rest.removeprefix("/"))
    for pattern, leads in INSIDE:
        match = re.fullmatch(pattern, path)
        if match:
            parts = {name: _shorten_ref(value, repository) for name, value in match.groupdict().items()}
            number, dots = int(parts.pop("number", "0")), parts.pop("dots", "")
            base, name = parts.get("base", ""), parts.get("name", "")
            return GitHubAddress(leads, repository, number, base, name, direct=dots == "..")
    return None


def _shorten_ref(name: str, repository: str) -> str:
    """A tag as people write it: v1 for `refs/tags/v1`, and for `owner:v1` of the same owner, but not of another one."""
    owner, _, own = name.partition(":")
    shorter = own if own and owner.casefold() == repository.partition("/")[0].casefold() else name
    return shorter.removeprefix("refs/tags/")


INSIDE = (
    (r"(?:pull|issues)/(?P<number>[0-9]{1,9})(?:/.*)?", AddressKind.PULL),
    (r"compare/(?P<base>.+?)(?P<dots>\.{2,3})(?P<name>[^.].*?)(?:\.diff|\.patch)?", AddressKind.COMPARE),
    (r"releases/tag/(?P<name>.+)", AddressKind.TAG),
    (r"releases/download/(?P<name>.+)/[^/]+", AddressKind.TAG),
    (r"(?:tree|blob|commits)/(?P<name>.+)", AddressKind.TREE),
    (r"commit/(?P<name>[0-9a-f]{7,64})(?:/.*)?", AddressKind.COMMIT),
)
"""Paths inside a repository, and what they lead to."""
