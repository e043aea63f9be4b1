"""Commits, pull requests and the changes that they make up, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Author:
    """Who made a change.

    `login` is empty where no account is known; `name` is then what the commit says. An app's login ends in "[bot]".
    """

    login: str = ""
    name: str = ""
    bot: bool = False

    @property
    def key(self) -> str:
        """What identifies an author."""
        return (self.login or self.name).casefold()


@dataclass(frozen=True)
class HistoryCommit:
    """A commit as git or GitHub gives it."""

    sha: str
    message: str
    parents: tuple[str, ...]
    author: Author
    date: datetime | None = None

    @property
    def subject(self) -> str:
        """The first line."""
        return self.message.partition("\n")[0].strip()


@dataclass(frozen=True)
class MergedPull:
    """A merged pull request. `merge` is the commit that it became on its base."""

    number: int
    title: str
    author: Author
    merge: str = ""
    labels: tuple[str, ...] = ()
    merged: datetime | None = None
    text: str = ""


@dataclass(frozen=True)
class MergedChange:
    """A merged pull request, or a commit that came without one.

    `number` is 0 for a commit. `commits` are those on the line of history that is released, the last one first.
    `sources` are the commits that they were cherry-picked from. `text` is the pull request's own, `messages` are the
    commits'. `merged` is None where it is not known. `others` are further people who wrote it.
    """

    title: str
    author: Author
    commits: tuple[str, ...]
    number: int = 0
    labels: tuple[str, ...] = ()
    merged: datetime | None = None
    text: str = ""
    messages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    others: tuple[Author, ...] = ()

    @property
    def sha(self) -> str:
        """The commit that identifies it."""
        return self.commits[0]


@dataclass(frozen=True)
class HistorySpan:
    """What lies between two points.

    `ahead`: commits that the later point has and the earlier one has not, parents before children. `behind`: commits
    that only the earlier point has. `pulls`: commit -> the pull request that brought it, for the commits of `ahead`
    that have one.
    """

    ahead: tuple[HistoryCommit, ...]
    behind: tuple[HistoryCommit, ...] = ()
    pulls: Mapping[str, MergedPull] = field(default_factory=dict)
