"""What people say and do about issues and pull requests: comments, reviews, events of a timeline. No HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

MILESTONED, DEMILESTONED = "MilestonedEvent", "DemilestonedEvent"
LABELED, UNLABELED = "LabeledEvent", "UnlabeledEvent"
RENAMED, TRANSFERRED = "RenamedTitleEvent", "TransferredEvent"


@dataclass(frozen=True)
class Comment:
    """A comment. `editor`: who changed it last, empty if nobody did."""

    id: int
    author: str
    body: str
    created: datetime
    editor: str = ""


@dataclass(frozen=True)
class Reviewed:
    """A review of a pull request. `state` is GitHub's word in capitals; `commit` is what was reviewed."""

    id: int
    author: str
    state: str
    submitted: datetime
    body: str = ""
    commit: str = ""
    editor: str = ""


@dataclass(frozen=True)
class TimelineEvent:
    """Something that was done. `kind` is a type of GraphQL. `name`: a label, or a milestone's title of that time."""

    kind: str
    actor: str
    created: datetime
    name: str = ""


@dataclass(frozen=True)
class CommitStatus:
    """A status of a commit."""

    id: int
    commit: str
    state: str
    context: str
    description: str
    target: str
    created: datetime


@dataclass(eq=False)
class Issue:
    """An issue. Its number is from the same row as those of pull requests.

    `closed_by`: who closed it. `closing` and `sub_issues` name pull requests and issues as `owner/name#12`.
    """

    id: int
    number: int
    title: str
    author: str
    created: datetime
    updated: datetime
    body: str = ""
    state: str = "open"
    state_reason: str = ""
    closed: datetime | None = None
    closed_by: str = ""
    labels: tuple[str, ...] = ()
    milestone: int = 0
    assignees: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()
    sub_issues: tuple[str, ...] = ()
    comments: list[Comment] = field(default_factory=list)
    events: list[TimelineEvent] = field(default_factory=list)
