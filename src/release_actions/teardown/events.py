"""What a teardown did on GitHub's releases page and in git, as a list of events that is only ever added to.

So the list is true at every moment in which a run may be stopped. `Done` computes from it what a report needs.
"""

from __future__ import annotations

from dataclasses import dataclass

from release_actions.errors import ActionError, Problem
from release_actions.github.releases import Release
from release_actions.runner.event_log import EventLog
from release_actions.teardown.model import Ref, RefChange


@dataclass(frozen=True)
class ChangeSent:
    """A change is about to be asked for. Until another event follows, nobody knows whether it was done."""

    what: Release | RefChange


@dataclass(frozen=True)
class ReleaseDeleted:
    """This run deleted the release."""

    release: Release


@dataclass(frozen=True)
class RefChanged:
    """This run deleted or moved the git tag."""

    change: RefChange


@dataclass(frozen=True)
class AlreadyDone:
    """Somebody else deleted or moved it first."""

    what: Release | RefChange


@dataclass(frozen=True)
class NotDone:
    """A release or git tag is still as it was, against the plan: which (`release v1`, `git tag v1`), why, a hint.

    `refused`: GitHub or somebody's change is the reason, rather than something else that is still there.
    """

    what: str
    message: str
    hint: str = ""
    refused: bool = True


@dataclass(frozen=True)
class Disturbed:
    """A sentence about a name of production that does not name any more what it named before."""

    sentence: str


@dataclass(frozen=True)
class Proven:
    """All names of production were compared with what they named before, and are the same."""


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
class RefRestored:
    """The git tag names again what it named before the teardown."""

    ref: Ref


@dataclass(frozen=True)
class ReleaseRestored:
    """The release is there again."""

    release: Release


@dataclass(frozen=True)
class NotRestored:
    """A git tag or release is not there again, and why."""

    problem: Problem


Event = (
    ChangeSent
    | ReleaseDeleted
    | RefChanged
    | AlreadyDone
    | NotDone
    | Disturbed
    | Proven
    | RefRestored
    | ReleaseRestored
    | NotRestored
    | Failed
    | Stopped
    | Interrupted
)


class Done(EventLog[Event]):
    """The events of a teardown beyond its packages, and what they add up to."""

    @property
    def releases(self) -> tuple[Release, ...]:
        """The releases that this run deleted."""
        return tuple(event.release for event in self.select(ReleaseDeleted))

    @property
    def refs(self) -> tuple[RefChange, ...]:
        """The git tags that this run deleted or moved."""
        return tuple(event.change for event in self.select(RefChanged))

    @property
    def gone(self) -> tuple[Release | RefChange, ...]:
        """What somebody else did first."""
        return tuple(event.what for event in self.select(AlreadyDone))

    @property
    def left(self) -> tuple[NotDone, ...]:
        """What is still as it was."""
        return tuple(self.select(NotDone))

    @property
    def disturbed(self) -> tuple[str, ...]:
        """Sentences about names of production that changed."""
        return tuple(event.sentence for event in self.select(Disturbed))

    @property
    def pending(self) -> Release | RefChange | None:
        """What was asked for without an answer that says whether it was done."""
        pending: Release | RefChange | None = None
        for event in self.events:
            if isinstance(event, ChangeSent):
                pending = event.what
            elif isinstance(event, (ReleaseDeleted, RefChanged, NotDone)):
                pending = None
        return pending

    @property
    def error(self) -> ActionError | None:
        """What could not be found out or finished."""
        return next((event.error for event in self.select(Failed)), None)

    @property
    def is_interrupted(self) -> bool:
        """Whether a signal ended the run."""
        return bool(self.select(Interrupted))

    @property
    def stopped(self) -> str:
        """Why its own limits ended the run before everything was tried, as a sentence; empty otherwise."""
        return next((event.reason for event in self.select(Stopped)), "")

    @property
    def is_proven(self) -> bool:
        """Whether production was compared, and is the same."""
        return bool(self.select(Proven))
