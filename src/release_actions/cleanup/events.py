"""What happened in one package, as a list of events that is only ever added to.

So the list is true at every moment in which a run may be stopped. Everything that a report needs is computed from it
by `Outcome`. An event must be added before the request whose effect nobody could find out afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from release_actions.cleanup.contents import Check
from release_actions.cleanup.plan import Strip
from release_actions.cleanup.selection import Version
from release_actions.errors import ActionError
from release_actions.registry.names import Digest, Tag


@dataclass(frozen=True)
class NotDeleted:
    """A planned version that is still there, and why: GitHub's words where GitHub refused.

    `lasting`: GitHub would answer the same for every other version.
    """

    version: Version
    message: str
    hint: str = ""
    lasting: bool = False


@dataclass(frozen=True)
class DeletionSent:
    """A deletion is about to be asked for. Until another event says how it ended, nobody knows whether it was done."""

    version: Version


@dataclass(frozen=True)
class DeletionNotSent:
    """The deletion was stopped before its request."""

    version: Version


@dataclass(frozen=True)
class Deleted:
    """This run deleted the version."""

    version: Version


@dataclass(frozen=True)
class AlreadyGone:
    """Somebody else deleted the version first."""

    version: Version


@dataclass(frozen=True)
class DeletionRefused:
    """GitHub refused the deletion."""

    item: NotDeleted


@dataclass(frozen=True)
class VersionChanged:
    """The version changed after the plan was made, so it was not deleted."""

    item: NotDeleted


@dataclass(frozen=True)
class NotTried:
    """The deletion was not tried, because of another one or because the run stopped."""

    item: NotDeleted


@dataclass(frozen=True)
class Restored:
    """A version that this run deleted is there again."""

    version: Version


@dataclass(frozen=True)
class RestoreFailed:
    """A version that should be there again is not."""

    item: NotDeleted


@dataclass(frozen=True)
class Repaired:
    """A version that an earlier run deleted is there again, because something needs it now."""

    version: Version


@dataclass(frozen=True)
class TagTaken:
    """A tag is about to be moved off a version that is kept: whatever becomes of the request, undo has to name it."""

    strip: Strip


@dataclass(frozen=True)
class TagPutBack:
    """A tag that was taken is on its version again."""

    strip: Strip


@dataclass(frozen=True)
class TagKept:
    """A tag that should be taken off its version is still there, and why.

    `tried`: the run did not stop before it. `refused`: GitHub is the reason.
    """

    strip: Strip
    why: str
    tried: bool = True
    refused: bool = False


@dataclass(frozen=True)
class EmptyDeleted:
    """The empty version with this id was deleted, with tags that were on the version `digest` before."""

    version_id: int
    digest: Digest


@dataclass(frozen=True)
class TagsMoved:
    """Tags were moved to empty versions between these two moments, by GitHub's clock."""

    first: datetime
    last: datetime


@dataclass(frozen=True)
class CopyPlaced:
    """A tag that somebody copied while it was being taken off is on the version that it means."""

    tag: Tag
    digest: Digest


@dataclass(frozen=True)
class TagNotRestored:
    """A tag does not name what it should, or lacks a part: a sentence."""

    sentence: str


@dataclass(frozen=True)
class TagsResolved:
    """So many tags were resolved after a restoration, down to their parts."""

    count: int


@dataclass(frozen=True)
class JournalPushed:
    """The journal of this run is in the package: these bytes."""

    body: bytes


@dataclass(frozen=True)
class JournalTagged:
    """The journal carries its tag."""


@dataclass(frozen=True)
class JournalDeleted:
    """The journal of this run is gone again."""


@dataclass(frozen=True)
class Doubted:
    """A sentence about what this run may have overwritten."""

    sentence: str


@dataclass(frozen=True)
class Checked:
    """What is left was resolved."""

    check: Check


@dataclass(frozen=True)
class TagsSeen:
    """Tag -> digest as the registry resolved tags at the end, after something was restored."""

    tags: Mapping[str, str]


@dataclass(frozen=True)
class Failed:
    """Something could not be found out or finished."""

    error: ActionError


@dataclass(frozen=True)
class Stopped:
    """The run ended before everything was tried, by its own limits, and why."""

    reason: str


@dataclass(frozen=True)
class Interrupted:
    """A signal ended the run."""


@dataclass(frozen=True)
class Finished:
    """Nothing more is to be done about the package."""


Event = (
    DeletionSent
    | DeletionNotSent
    | Deleted
    | AlreadyGone
    | DeletionRefused
    | VersionChanged
    | NotTried
    | Restored
    | RestoreFailed
    | Repaired
    | TagTaken
    | TagPutBack
    | TagKept
    | EmptyDeleted
    | TagsMoved
    | CopyPlaced
    | TagNotRestored
    | TagsResolved
    | JournalPushed
    | JournalTagged
    | JournalDeleted
    | Doubted
    | Checked
    | TagsSeen
    | Failed
    | Stopped
    | Interrupted
    | Finished
)
