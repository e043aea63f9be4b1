"""What a clean-up of one package did, computed from its events: nothing is kept twice, so nothing can disagree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from release_actions.cleanup.contents import Check
from release_actions.cleanup.events import (
    AlreadyGone,
    Checked,
    CopyPlaced,
    Deleted,
    DeletionNotSent,
    DeletionRefused,
    DeletionSent,
    Doubted,
    EmptyDeleted,
    Event,
    Failed,
    Finished,
    Interrupted,
    JournalDeleted,
    JournalPushed,
    JournalTagged,
    NotDeleted,
    NotTried,
    Repaired,
    Restored,
    RestoreFailed,
    Stopped,
    TagKept,
    TagNotRestored,
    TagPutBack,
    TagsMoved,
    TagsResolved,
    TagsSeen,
    TagTaken,
    VersionChanged,
)
from release_actions.cleanup.plan import Strip
from release_actions.cleanup.selection import Version
from release_actions.errors import ActionError
from release_actions.runner.event_log import EventLog


class Outcome(EventLog[Event]):
    """The events of one package, and what they add up to."""

    @property
    def deleted(self) -> tuple[Version, ...]:
        """What this run deleted, in order, restored or not."""
        return tuple(event.version for event in self.select(Deleted))

    @property
    def gone(self) -> tuple[Version, ...]:
        """What somebody else deleted first."""
        return tuple(event.version for event in self.select(AlreadyGone))

    @property
    def refused(self) -> tuple[NotDeleted, ...]:
        """What GitHub refused to delete."""
        return tuple(event.item for event in self.select(DeletionRefused))

    @property
    def moved(self) -> tuple[NotDeleted, ...]:
        """What was not deleted because it changed after the plan was made."""
        return tuple(event.item for event in self.select(VersionChanged))

    @property
    def waiting(self) -> tuple[NotDeleted, ...]:
        """What was not tried."""
        return tuple(event.item for event in self.select(NotTried))

    @property
    def not_deleted(self) -> tuple[NotDeleted, ...]:
        """All that was planned and is known to be still there."""
        return (*self.refused, *self.moved, *self.waiting)

    @property
    def unsure(self) -> tuple[Version, ...]:
        """What was asked for without an answer that says whether it was done."""
        ended = {version.id for version in (*self.deleted, *self.gone)}
        ended |= {item.version.id for item in self.not_deleted}
        ended |= {event.version.id for event in self.select(DeletionNotSent)}
        return tuple(event.version for event in self.select(DeletionSent) if event.version.id not in ended)

    @property
    def restored(self) -> tuple[Version, ...]:
        """What is there again."""
        return tuple(event.version for event in self.select(Restored))

    @property
    def unrestored(self) -> tuple[NotDeleted, ...]:
        """What should be there again and is not."""
        return tuple(event.item for event in self.select(RestoreFailed))

    @property
    def repaired(self) -> tuple[Version, ...]:
        """What an earlier run had deleted, and this one restored."""
        return tuple(event.version for event in self.select(Repaired))

    @property
    def undo(self) -> tuple[int, ...]:
        """Ids of versions that are deleted now and can be restored for 30 days."""
        back = {version.id for version in self.restored}
        return tuple(version.id for version in (*self.deleted, *self.unsure) if version.id not in back)

    @property
    def stripped(self) -> tuple[Strip, ...]:
        """Tags that are taken off versions that are kept."""
        taken: list[Strip] = []
        for event in self.events:
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
        return tuple(self.select(TagKept))

    @property
    def emptied(self) -> dict[int, str]:
        """Ids of deleted empty versions -> digests of the versions that their tags were on."""
        return {event.version_id: event.digest for event in self.select(EmptyDeleted)}

    @property
    def moment(self) -> tuple[datetime, datetime] | None:
        """From when to when tags were moved, by GitHub's clock; None when none was."""
        moved = self.select(TagsMoved)
        return (min(event.first for event in moved), max(event.last for event in moved)) if moved else None

    @property
    def copies(self) -> dict[str, str]:
        """Copied tag -> digest that it was put on."""
        return {event.tag: event.digest for event in self.select(CopyPlaced)}

    @property
    def unresolved(self) -> tuple[str, ...]:
        """Sentences about tags that a restoration did not bring back."""
        return tuple(event.sentence for event in self.select(TagNotRestored))

    @property
    def resolved_tags(self) -> int:
        """How many tags resolve after a restoration."""
        return sum(event.count for event in self.select(TagsResolved))

    @property
    def journal(self) -> bytes:
        """The journal while it is in the package, else no bytes."""
        pushed = self.select(JournalPushed)
        return pushed[-1].body if pushed and not self.select(JournalDeleted) else b""

    @property
    def is_journal_tagged(self) -> bool:
        """Whether the journal carries its tag."""
        return bool(self.select(JournalTagged))

    @property
    def doubts(self) -> tuple[str, ...]:
        """Sentences about what may have been overwritten."""
        return tuple(event.sentence for event in self.select(Doubted))

    @property
    def check(self) -> Check | None:
        """The check of what is left; None when it was not made."""
        checks = self.select(Checked)
        return checks[-1].check if checks else None

    @property
    def mended(self) -> tuple[str, ...]:
        """Sentences about tags that this run broke and repaired: a later check found nothing broken any more."""
        checks = [event.check for event in self.select(Checked)]
        if not checks or checks[-1].broken:
            return ()
        return tuple(dict.fromkeys(sentence for check in checks for sentence in check.broken))

    @property
    def tags_after(self) -> Mapping[str, str] | None:
        """Tag -> digest as the registry resolved them last; None when it was not asked since the last change."""
        seen = self.select(TagsSeen)
        if seen:
            return seen[-1].tags
        return self.check.tags if self.check and not self.restored else None

    @property
    def errors(self) -> tuple[ActionError, ...]:
        """What could not be found out or finished."""
        return tuple(event.error for event in self.select(Failed))

    @property
    def error(self) -> ActionError | None:
        """The first error, which is the cause of the others."""
        return next(iter(self.errors), None)

    @property
    def stopped(self) -> str:
        """Why the run's own limits ended it before everything was tried, as a sentence; empty otherwise."""
        return next((event.reason for event in self.select(Stopped)), "")

    @property
    def is_interrupted(self) -> bool:
        """Whether a signal ended the run."""
        return bool(self.select(Interrupted))

    @property
    def is_finished(self) -> bool:
        """Whether nothing more is to be done."""
        return bool(self.select(Finished))

    @property
    def is_refused_for_good(self) -> bool:
        """Whether GitHub lets this token delete nothing of the package."""
        return any(item.lasting for item in self.refused)

    def with_errors(self, explain: Callable[[ActionError], ActionError]) -> Outcome:
        """The same events, with each error explained."""
        return Outcome(Failed(explain(event.error)) if isinstance(event, Failed) else event for event in self.events)
