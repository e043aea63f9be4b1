"""What a board consists of: issues and pull requests with what was done to them, task lists, a milestone."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from release_actions.people.remarks import Remark


class Ref(NamedTuple):
    """An issue or pull request."""

    repository: str
    number: int

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"


class ActKind(str, enum.Enum):
    """What was done to an item. The values are the types of GitHub's GraphQL API."""

    MILESTONED = "MilestonedEvent"
    DEMILESTONED = "DemilestonedEvent"
    LABELED = "LabeledEvent"
    UNLABELED = "UnlabeledEvent"


@dataclass(frozen=True)
class Act:
    """Something that was done. `name`: the label, or the milestone's title at that time. `actor` is empty if gone."""

    kind: ActKind
    actor: str
    at: datetime
    name: str
    is_bot: bool = False


class State(str, enum.Enum):
    """Whether an item is open."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


@dataclass(frozen=True)
class LinkedPull:
    """A pull request that closes an issue, or is an item itself. `on_trunk`: whether its base is the default branch."""

    ref: Ref
    title: str
    url: str
    author: str
    state: State
    on_trunk: bool
    body: str = ""
    merged: datetime | None = None
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """An issue or pull request of the board.

    `reason`: why it was closed, `completed`, `not_planned`, `duplicate` or empty. `pulls`: what closes it, itself if it
    is a pull request. `acts` are in the order of time.
    """

    ref: Ref
    title: str
    url: str
    author: str
    created: datetime
    body: str = ""
    is_pull: bool = False
    state: State = State.OPEN
    reason: str = ""
    closed: datetime | None = None
    milestone: str = ""
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    acts: tuple[Act, ...] = ()
    remarks: tuple[Remark, ...] = ()
    pulls: tuple[LinkedPull, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether it was closed as completed, or merged."""
        return self.state is State.MERGED or (self.state is State.CLOSED and self.reason in {"", "completed"})

    @property
    def is_given_up(self) -> bool:
        """Whether it was closed without being done."""
        return self.state is State.CLOSED and (self.is_pull or self.reason in {"not_planned", "duplicate"})

    def has_label(self, *names: str) -> bool:
        """Whether it has one of some labels. GitHub does not tell small letters from capitals."""
        return bool({name.lower() for name in names} & {label.lower() for label in self.labels})


@dataclass(frozen=True)
class Milestone:
    """A milestone. `due` is a day."""

    number: int
    title: str
    url: str
    created: datetime
    due: date | None = None
    is_open: bool = True
    description: str = ""


@dataclass(frozen=True)
class TrackedLine:
    """A line of a tracking issue's task list, or one of its sub-issues. `ref` is None for a line without an issue."""

    tracker: Ref
    text: str
    is_ticked: bool
    ref: Ref | None
    line: int = 0
    is_sub_issue: bool = False


@dataclass(frozen=True)
class Proposal:
    """A file under one of the folders for proposals. `text` is None when there is no such file on trunk."""

    path: str
    url: str
    text: str | None
    author: str = ""
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Board:
    """Everything that belongs to a release. `unreadable`: item -> why, as the end of a sentence."""

    milestone: Milestone | None
    label: str
    items: Mapping[Ref, Item]
    in_milestone: frozenset[Ref]
    labelled: frozenset[Ref]
    lines: tuple[TrackedLine, ...] = ()
    trackers: Mapping[Ref, Item] = field(default_factory=dict)
    unreadable: Mapping[Ref, str] = field(default_factory=dict)
    proposals: Mapping[Ref, tuple[Proposal, ...]] = field(default_factory=dict)

    @property
    def listed(self) -> frozenset[Ref]:
        """What the tracking issues name."""
        return frozenset(line.ref for line in self.lines if line.ref)

    @property
    def refs(self) -> tuple[Ref, ...]:
        """All that is on the board, tracking issues aside."""
        every = {*self.in_milestone, *self.labelled, *self.listed}
        return tuple(sorted(every - set(self.trackers)))
