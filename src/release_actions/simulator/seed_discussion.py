"""What a seed says of issues, and of what people said and did about issues and pull requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from release_actions.config.shapes import Choice, Integer, ListOf, Record, RecordOf, Text, key
from release_actions.simulator import discussion
from release_actions.simulator.seed_values import AUTHOR, NAME, TIME

GONE = Text(
    "a login, or nothing for an account that is gone",
    pattern=r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:\[bot\])?)?",
    example="dependabot[bot]",
    empty=True,
)
ITEM = Text("an issue or pull request", pattern=r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+#[0-9]+", example="llm-d/llm-d#12")
EVENTS = {
    "milestoned": discussion.MILESTONED,
    "demilestoned": discussion.DEMILESTONED,
    "labeled": discussion.LABELED,
    "unlabeled": discussion.UNLABELED,
    "renamed": discussion.RENAMED,
    "transferred": discussion.TRANSFERRED,
}
REASONS = ("completed", "not_planned", "duplicate", "reopened")
REVIEWS = ("approved", "changes_requested", "commented", "dismissed", "pending")


@dataclass(frozen=True, kw_only=True)
class CommentSeed(Record):
    """A comment."""

    author: str = key(GONE, "Who wrote it.", default="ada")
    body: str = key(Text("a text"), "What it says.")
    created: datetime | None = key(TIME, "When. Without it, the start of the world.", default=None)
    editor: str = key(GONE, "Who changed it last.", default="")


@dataclass(frozen=True, kw_only=True)
class ReviewSeed(Record):
    """A review of a pull request."""

    author: str = key(GONE, "Whose it is.", default="ada")
    state: str = key(Choice(REVIEWS), "What it says.", default="approved")
    body: str = key(Text("a text"), "Its words.", default="")
    submitted: datetime | None = key(TIME, "When. Without it, the start of the world.", default=None)


@dataclass(frozen=True, kw_only=True)
class EventSeed(Record):
    """Something that was done to an issue or pull request."""

    event: str = key(Choice(tuple(EVENTS)), "What was done.")
    name: str = key(Text("a text"), "The label, the title, or the milestone's title of that time.", default="")
    actor: str = key(GONE, "Who did it.", default="ada")
    created: datetime | None = key(TIME, "When. Without it, the start of the world.", default=None)


COMMENTS = ListOf("a list of comments", RecordOf("a comment", CommentSeed))
TIMELINE = ListOf("a list of events", RecordOf("an event", EventSeed))


@dataclass(frozen=True, kw_only=True)
class IssueSeed(Record):
    """An issue."""

    number: int = key(Integer(1), "Its number. Pull requests are numbered with the issues.")
    title: str = key(Text("a title"), "Its title.")
    body: str = key(Text("a text"), "Its description.", default="")
    author: str = key(GONE, "Who opened it.", default="ada")
    state: str = key(Choice(("open", "closed")), "Where it stands.", default="open")
    reason: str = key(Choice(REASONS), "Why it was closed.", default="completed")
    labels: tuple[str, ...] = key(ListOf("a list of labels", NAME), "Its labels.", default=())
    milestone: int = key(Integer(0), "Number of its milestone; 0 for none.", default=0)
    assignees: tuple[str, ...] = key(ListOf("a list of logins", AUTHOR), "Who works on it.", default=())
    closed_by: tuple[str, ...] = key(ListOf("a list of pull requests", ITEM), "What closes it.", default=())
    sub_issues: tuple[str, ...] = key(ListOf("a list of issues", ITEM), "Its sub-issues.", default=())
    comments: tuple[CommentSeed, ...] = key(COMMENTS, "What was said of it.", default=())
    events: tuple[EventSeed, ...] = key(TIMELINE, "What was done to it.", default=())
    created: datetime | None = key(TIME, "When it was opened.", default=None)
    closed: datetime | None = key(TIME, "When it was closed.", default=None)
