"""What release notes say, as plain data."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from release_actions.components.manifest import ComponentManifest


class BotChanges(enum.Enum):
    """How changes by bots are listed: not at all, folded together, or like any other."""

    HIDE = "hide"
    FOLD = "fold"
    LIST = "list"


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
class MergedChange:
    """A merged pull request, or a commit that came without one.

    `number` is 0 for a commit. `commits` are those on the line of history that is released, the last one first.
    `sources` are the commits that they were cherry-picked from. `text` is the pull request's own, `messages` are the
    commits'. `merged` is None where it is not known.
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

    @property
    def sha(self) -> str:
        """The commit that identifies it."""
        return self.commits[0]


@dataclass(frozen=True)
class NewContributor:
    """Somebody whose first change is in this release."""

    author: Author
    change: MergedChange


@dataclass(frozen=True)
class Section:
    """Changes below one heading. `folded`: shown only to readers who ask for them."""

    title: str
    changes: tuple[MergedChange, ...]
    folded: bool = False


@dataclass(frozen=True)
class ReleaseNotes:
    """The notes of one release.

    `previous` is the tag that the changes are counted from, empty for a first release. `web` is the repository's
    address, which the links are made of. `headings` are those of the component tables. `collapsed`: changes that a
    revert in the same release takes back, and those reverts. `known`: changes that the previous release had already, by
    cherry-pick. `twice`: those that bring a listed one once more.
    """

    tag: str
    previous: str
    web: str
    sections: tuple[Section, ...] = ()
    contributors: tuple[NewContributor, ...] = ()
    manifest: ComponentManifest | None = None
    headings: tuple[str, str] = ("Component Summary", "Infrastructure Changes")
    collapsed: tuple[MergedChange, ...] = ()
    known: tuple[MergedChange, ...] = ()
    twice: tuple[MergedChange, ...] = ()

    @property
    def changes(self) -> tuple[MergedChange, ...]:
        """Every change that is listed, in order."""
        return tuple(change for section in self.sections for change in section.changes)
