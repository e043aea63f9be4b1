"""What happened in one package, as a list of events that is only ever added to.

So the list is true at every moment in which a run may be stopped. Everything that a report needs is computed from it
by `Outcome`. An event must be added before the request whose effect nobody could find out afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from release_actions.cleanup.contents import Check
from release_actions.cleanup.plan import Strip
from release_actions.cleanup.selection import Version
from release_actions.errors import ActionError
from release_actions.registry.names import Digest, Tag

E = TypeVar("E")


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


class Outcome:
    """The events of one package, and what they add up to."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._events: list[Event] = [*events]

    @property
    def events(self) -> tuple[Event, ...]:
        """In the order in which they happened."""
        return tuple(self._events)

    def add(self, *events: Event) -> None:
        """Note that something happened."""
        self._events += events

    def _all(self, kind: type[E]) -> list[E]:
        return [event for event in self._events if isinstance(event, kind)]

    @property
    def deleted(self) -> tuple[Version, ...]:
        """What this run deleted, in order, restored or not."""
        return tuple(event.version for event in self._all(Deleted))

    @property
    def gone(self) -> tuple[Version, ...]:
        """What somebody else deleted first."""
        return tuple(event.version for event in self._all(AlreadyGone))

    @property
    def refused(self) -> tuple[NotDeleted, ...]:
        """What GitHub refused to delete."""
        return tuple(event.item for event in self._all(DeletionRefused))

    @property
    def moved(self) -> tuple[NotDeleted, ...]:
        """What was not deleted because it changed after the plan was made."""
        return tuple(event.item for event in self._all(VersionChanged))

    @property
    def waiting(self) -> tuple[NotDeleted, ...]:
        """What was not tried."""
        return tuple(event.item for event in self._all(NotTried))

    @property
    def not_deleted(self) -> tuple[NotDeleted, ...]:
        """All that was planned and is known to be still there."""
        return (*self.refused, *self.moved, *self.waiting)

    @property
    def unsure(self) -> tuple[Version, ...]:
        """What was asked for without an answer that says whether it was done."""
        ended = {version.id for version in (*self.deleted, *self.gone)}
        ended |= {item.version.id for item in self.not_deleted}
        ended |= {event.version.id for event in self._all(DeletionNotSent)}
        return tuple(event.version for event in self._all(DeletionSent) if event.version.id not in ended)

    @property
    def restored(self) -> tuple[Version, ...]:
        """What is there again."""
        return tuple(event.version for event in self._all(Restored))

    @property
    def unrestored(self) -> tuple[NotDeleted, ...]:
        """What should be there again and is not."""
        return tuple(event.item for event in self._all(RestoreFailed))

    @property
    def repaired(self) -> tuple[Version, ...]:
        """What an earlier run had deleted, and this one restored."""
        return tuple(event.version for event in self._all(Repaired))

    @property
    def undo(self) -> tuple[int, ...]:
        """Ids of versions that are deleted now and can be restored for 30 days."""
        back = {version.id for version in self.restored}
        return tuple(version.id for version in (*self.deleted, *self.unsure) if version.id not in back)

    @property
    def stripped(self) -> tuple[Strip, ...]:
        """Tags that are taken off versions that are kept."""
        taken: list[Strip] = []
        for event in self._events:
            if isinstance(event, TagTaken):
                taken.append(event.strip)
            elif isinstance(event, TagPutBack):
                taken.remove(event.strip)
        return tuple(taken)

    @property
    def half_stripped(self) -> tuple[Strip, ...]:
        """Of `stripped`, those that may still name an empty version."""
        done = {*self.emptied.values()}
        return tuple(strip for strip in self.stripped if strip.version.digest not in done)

    @property
    def kept(self) -> tuple[TagKept, ...]:
        """Tags that should be taken off and are still there."""
        return tuple(self._all(TagKept))

    @property
    def emptied(self) -> dict[int, str]:
        """Ids of deleted empty versions -> digests of the versions that their tags were on."""
        return {event.version_id: event.digest for event in self._all(EmptyDeleted)}

    @property
    def moment(self) -> tuple[datetime, datetime] | None:
        """From when to when tags were moved, by GitHub's clock; None when none was."""
        moved = self._all(TagsMoved)
        return (min(event.first for event in moved), max(event.last for event in moved)) if moved else None

    @property
    def copies(self) -> dict[str, str]:
        """Copied tag -> digest that it was put on."""
        return {event.tag: event.digest for event in self._all(CopyPlaced)}

    @property
    def unresolved(self) -> tuple[str, ...]:
        """Sentences about tags that a restoration did not bring back."""
        return tuple(event.sentence for event in self._all(TagNotRestored))

    @property
    def resolved_tags(self) -> int:
        """How many tags resolve after a restoration."""
        return sum(event.count for event in self._all(TagsResolved))

    @property
    def journal(self) -> bytes:
        """The journal while it is in the package, else no bytes."""
        pushed = self._all(JournalPushed)
        return pushed[-1].body if pushed and not self._all(JournalDeleted) else b""

    @property
    def is_journal_tagged(self) -> bool:
        """Whether the journal carries its tag."""
        return bool(self._all(JournalTagged))

    @property
    def doubts(self) -> tuple[str, ...]:
        """Sentences about what may have been overwritten."""
        return tuple(event.sentence for event in self._all(Doubted))

    @property
    def check(self) -> Check | None:
        """The check of what is left; None when it was not made."""
        checks = self._all(Checked)
        return checks[-1].check if checks else None

    @property
    def mended(self) -> tuple[str, ...]:
        """Sentences about tags that this run broke and repaired: a later check found nothing broken any more."""
        checks = [event.check for event in self._all(Checked)]
        if not checks or checks[-1].broken:
            return ()
        return tuple(dict.fromkeys(sentence for check in checks for sentence in check.broken))

    @property
    def tags_after(self) -> Mapping[str, str] | None:
        """Tag -> digest as the registry resolved them last; None when it was not asked since the last change."""
        seen = self._all(TagsSeen)
        if seen:
            return seen[-1].tags
        return self.check.tags if self.check and not self.restored else None

    @property
    def errors(self) -> tuple[ActionError, ...]:
        """What could not be found out or finished."""
        return tuple(event.error for event in self._all(Failed))

    @property
    def error(self) -> ActionError | None:
        """The first error, which is the cause of the others."""
        return next(iter(self.errors), None)

    @property
    def stopped(self) -> str:
        """Why the run's own limits ended it before everything was tried, as a sentence; empty otherwise."""
        return next((event.reason for event in self._all(Stopped)), "")

    @property
    def is_interrupted(self) -> bool:
        """Whether a signal ended the run."""
        return bool(self._all(Interrupted))

    @property
    def is_finished(self) -> bool:
        """Whether nothing more is to be done."""
        return bool(self._all(Finished))

    @property
    def is_refused_for_good(self) -> bool:
        """Whether GitHub lets this token delete nothing of the package."""
        return any(item.lasting for item in self.refused)

    def with_errors(self, explain: Callable[[ActionError], ActionError]) -> Outcome:
        """The same events, with each error explained."""
        return Outcome(Failed(explain(event.error)) if isinstance(event, Failed) else event for event in self._events)
