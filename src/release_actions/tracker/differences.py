"""Where milestone, tracking issues and label disagree, in both directions. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timezone

from release_actions.tracker.dates import list_dates
from release_actions.tracker.freeze import Freeze
from release_actions.tracker.model import Board, Ref, TrackedLine


@dataclass(frozen=True)
class Difference:
    """One disagreement. `rule` is its name, `message` a sentence."""

    rule: str
    message: str
    ref: Ref | None = None
    tracker: Ref | None = None
    hint: str = ""


def find_differences(board: Board, repository: str, freeze: Freeze | None) -> tuple[Difference, ...]:
    """All of them. `repository`: whose milestone it is; items of others cannot be in it."""
    return (
        *_compare_ticks(board),
        *_compare_trackers(board),
        *_compare_milestone(board, repository),
        *_compare_label(board, repository),
        *_compare_dates(board, freeze),
    )


def _compare_ticks(board: Board) -> Iterator[Difference]:
    for line in board.lines:
        where = f"{line.tracker}, line {line.line}" if line.line else f"{line.tracker}"
        if line.ref is None:
            yield Difference(
                "without-issue",
                f'{where} lists "{line.text[:120]}", which names no issue.',
                tracker=line.tracker,
                hint="Open an issue, and put its number into the line.",
            )
            continue
        item = board.items.get(line.ref)
        if item is None or line.is_sub_issue:
            continue
        if line.is_ticked and not (item.is_done or item.is_given_up):
            message = f"{where} has {line.ref} ticked, but it is open."
            yield Difference("ticked-but-open", message, line.ref, line.tracker, "Close it, or take the tick away.")
        elif line.is_ticked and item.is_given_up:
            message = f"{where} has {line.ref} ticked, but it was closed as {_describe_reason(item.reason)}."
            yield Difference("ticked-but-open", message, line.ref, line.tracker, "Take the line out.")
        elif not line.is_ticked and item.is_done:
            message = f"{where} has {line.ref} not ticked, but it is done."
            yield Difference("closed-but-not-ticked", message, line.ref, line.tracker, "Tick it.")


def _describe_reason(reason: str) -> str:
    return reason.replace("_", " ") or "not merged"


def _compare_trackers(board: Board) -> Iterator[Difference]:
    by_ref: dict[Ref, list[TrackedLine]] = {}
    for line in board.lines:
        if line.ref and not line.is_sub_issue:
            by_ref.setdefault(line.ref, []).append(line)
    for ref, lines in by_ref.items():
        ticked = {line.tracker for line in lines if line.is_ticked}
        open_in = {line.tracker for line in lines if not line.is_ticked} - ticked
        if ticked and open_in:
            message = f"{_join(ticked)} has {ref} ticked, {_join(open_in)} has not."
            yield Difference("trackers-disagree", message, ref, min(open_in), "Keep one list, or tick it in both.")


def _compare_milestone(board: Board, repository: str) -> Iterator[Difference]:
    if board.milestone is None:
        return
    title = board.milestone.title
    own = {ref for ref in board.refs if ref.repository.lower() == repository.lower()}
    for ref in sorted(own & (board.listed | board.labelled) - board.in_milestone):
        trackers = [line.tracker for line in board.lines if line.ref == ref]
        where = f"is in {trackers[0]}" if trackers else f"has the label {board.label}"
        yield Difference(
            "not-in-milestone",
            f"{ref} {where}, but not in the milestone {title}.",
            ref,
            trackers[0] if trackers else None,
            f"Put it into {title}, or take it off the list.",
        )
    if board.trackers:
        for ref in sorted(board.in_milestone - board.listed - set(board.trackers)):
            message = f"{ref} is in the milestone {title}, but in no tracking issue."
            yield Difference("not-listed", message, ref, hint=f"Add it to {_join(set(board.trackers))}.")


def _compare_label(board: Board, repository: str) -> Iterator[Difference]:
    # A project that gave its label to nothing does not use it.
    if not board.label or not board.labelled:
        return
    for ref in sorted((board.in_milestone | board.listed) - board.labelled - set(board.trackers)):
        if ref in board.items and ref.repository.lower() == repository.lower():
            message = f"{ref} belongs to the release, but has no label {board.label}."
            yield Difference("without-label", message, ref, hint=f"Set the label {board.label}.")


def _compare_dates(board: Board, freeze: Freeze | None) -> Iterator[Difference]:
    """Dates of the freeze that tracking issues name: against the freeze, and against one another."""
    first: tuple[date, str] | None = (freeze.day, freeze.source) if freeze else None
    for ref, tracker in sorted(board.trackers.items()):
        near = freeze.day if freeze else tracker.created.astimezone(timezone.utc).date()
        for written in list_dates(tracker.body, near):
            if written.kind != "freeze" or len(written.days) != 1:
                continue
            where, day = f"{ref}, line {written.line}", written.days[0]
            if first is None:
                first = day, where
            elif day != first[0]:
                message = f"{where} has the freeze on {day}, {first[1]} on {first[0]}."
                yield Difference("dates-disagree", message, tracker=ref, hint="Make them the same.")


def _join(refs: set[Ref]) -> str:
    return ", ".join(str(ref) for ref in sorted(refs))
