"""What release notes say, as plain data."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

from release_actions.components.manifest import Manifest


class Bots(enum.Enum):
    """What becomes of changes by bots: left out, folded together, or listed like any other."""

    HIDE = "hide"
    FOLD = "fold"
    LIST = "list"


@dataclass(frozen=True)
class Author:
    """Who made a change. `login` is empty where GitHub knows no account; `name` is then what the commit says."""

    login: str = ""
    name: str = ""
    bot: bool = False

    @property
    def shown(self) -> str:
        """How notes name the author: the login, with the marks of an app, else the name."""
        return f"{self.login}[bot]" if self.bot and self.login and not self.login.endswith("[bot]") else self.login


@dataclass(frozen=True)
class Change:
    """A merged pull request, or a commit that came without one.

    `number` is 0 for a commit. `sha` is the commit on the line of history that is released. `sources` are the commits
    that it was cherry-picked from. `text` is the whole commit message and the pull request's text, for finding what a
    revert takes back. `merged` is None where it is not known.
    """

    title: str
    author: Author
    sha: str
    number: int = 0
    labels: tuple[str, ...] = ()
    merged: datetime | None = None
    text: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contributor:
    """Somebody whose first merged pull request is `number`, merged at `merged`."""

    login: str
    number: int
    merged: datetime | None = None


@dataclass(frozen=True)
class Section:
    """Changes below one heading. `folded`: shown only to readers who ask for them."""

    title: str
    changes: tuple[Change, ...]
    folded: bool = False


@dataclass(frozen=True)
class Notes:
    """The notes of one release.

    `previous` is the tag that the changes are counted from, empty for a first release. `web` is the repository's
    address, which the links are made of. `collapsed`: changes that a revert in the same release takes back, and those
    reverts. `known`: changes that the previous release had already, by cherry-pick.
    """

    tag: str
    previous: str
    web: str
    sections: tuple[Section, ...] = ()
    contributors: tuple[Contributor, ...] = ()
    manifest: Manifest | None = None
    headings: tuple[str, str] = ("Component Summary", "Infrastructure Changes")
    descriptions: dict[str, str] = field(default_factory=dict)
    collapsed: tuple[Change, ...] = ()
    known: tuple[Change, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every change that is listed, in order."""
        return tuple(change for section in self.sections for change in section.changes)
