"""What release notes say, as plain data."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from release_actions.changes.model import Author, MergedChange
from release_actions.components.manifest import ComponentManifest


class BotChanges(enum.Enum):
    """How changes by bots are listed: not at all, folded together, or like any other."""

    HIDE = "hide"
    FOLD = "fold"
    LIST = "list"


@dataclass(frozen=True)
class NewContributor:
    """An author whose first change is in this release."""

    author: Author
    change: MergedChange


@dataclass(frozen=True)
class Section:
    """Changes below one heading. `folded`: shown only to readers who ask for them."""

    title: str
    changes: tuple[MergedChange, ...]
    folded: bool = False


@dataclass(frozen=True)
class Notice:
    """A breaking change or a deprecation. `text` is what it means for users, empty where its author did not say.

    `removal` is the release that removes what is deprecated, empty where that is not said.
    """

    change: MergedChange
    text: str = ""
    removal: str = ""


@dataclass(frozen=True)
class ComponentNotes:
    """What changed in a component between two of its versions, shortened: Markdown of one line each.

    `total` counts all of them. `releases` are addresses of its own release notes, the oldest first.
    """

    lines: tuple[str, ...]
    total: int
    releases: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ReleaseNotes:
    """The notes of one release.

    `previous` is the tag that the changes are counted from, empty for a first release. `web` is the repository's
    address, which the links are made of. `headings` are those of the component tables. `collapsed`: changes that are
    reverted in the same release, and those reverts. `known`: changes that the previous release had already, by
    cherry-pick. `twice`: those that bring a listed one once more. `component_notes`: id of a component -> its changes.
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
    breaking: tuple[Notice, ...] = ()
    deprecated: tuple[Notice, ...] = ()
    component_notes: Mapping[str, ComponentNotes] = field(default_factory=dict)

    @property
    def changes(self) -> tuple[MergedChange, ...]:
        """Every change that is listed, in order."""
        return tuple(change for section in self.sections for change in section.changes)
