"""What a mode that changes something would do, and doing it. Nothing is done unless it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from release_actions.errors import PartialError, RemoteError
from release_actions.people.remarks import Remark
from release_actions.tracker.model import Item


@dataclass(frozen=True)
class Change:
    """One request that changes something. `words` says it as a sentence; `path` is below the repository's address."""

    words: str
    method: str
    path: str
    body: dict[str, Any] = field(default_factory=dict)


class Writer(Protocol):
    """What carries changes out: GitHub by `GuardReader`, and a list in tests."""

    def send(self, change: Change) -> None:
        """Carry one change out. Raises `RemoteError`."""


def apply_plan(plan: Sequence[Change], writer: Writer) -> None:
    """Carry a plan out, in its order. Raises `PartialError` where it ends before its end; a repeated run goes on."""
    done = 0
    try:
        for change in plan:
            writer.send(change)
            done += 1
    except RemoteError as error:
        if not done:
            raise
        message = f"{error.problems[0].message} {done} of {len(plan)} changes were made."
        raise PartialError(message, done=done, total=len(plan), hint="Run it again: it goes on.") from error


def make_marker(name: str) -> str:
    """A line that a reader does not see, by which the next run knows its own comment."""
    safe = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in name)
    return f"<!-- release-tracker: {safe} -->"


def find_own_comment(item: Item, marker: str) -> Remark | None:
    """The comment with a marker: one of a program's, since everybody can write the line."""
    own = (each for each in item.remarks if each.is_bot and each.state is None and marker in each.text)
    return next(own, None)


def plan_comment(item: Item, text: str, marker: str, subject: str) -> tuple[Change, ...]:
    """Have one comment that says this: a new one, or the old one changed, or nothing where it says it already."""
    body = f"{text.rstrip()}\n\n{marker}\n"
    own = find_own_comment(item, marker)
    if own is None:
        path = f"issues/{item.ref.number}/comments"
        return (Change(f"Comment {subject} on {item.ref}.", "POST", path, {"body": body}),)
    if own.text.strip() == body.strip():
        return ()
    path = f"issues/comments/{own.id.rpartition('-')[2]}"
    return (Change(f"Change the comment {subject} on {item.ref}.", "PATCH", path, {"body": body}),)
