"""The state of each item of a board: ready, late, dropped, let in after the freeze. Pure.

Only features, and items of unknown kind, are held to the freeze: an item that nobody labelled is never silently let
through as a fix.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from release_actions.config.tracker import DEFAULT_LEVELS, KINDS
from release_actions.tracker.exceptions import Approved, ItemException, judge_exception
from release_actions.tracker.freeze import Freeze
from release_actions.tracker.model import Act, ActKind, Board, Item, Ref, State
from release_actions.tracker.requirements import Demands, Requirement, Status, judge_requirements, list_merged

UNKNOWN_KIND = "unknown"


class FeatureState(str, enum.Enum):
    """How a feature stands."""

    READY = "ready"
    NOT_READY = "not-ready"
    AT_RISK = "at-risk"
    DROPPED = "dropped"
    EXCEPTION = "exception"
    VIOLATION = "violation"
    CANNOT_TELL = "cannot-tell"


NO_EXCEPTION = ItemException(Approved.NO)


@dataclass(frozen=True)
class Row:
    """An item of the board. `state` is None for what is no feature. `entered`: when it came into the milestone."""

    ref: Ref
    title: str
    url: str
    kind: str
    state: FeatureState | None
    why: str
    is_done: bool = False
    sigs: tuple[str, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    entered: datetime | None = None
    exception: ItemException = NO_EXCEPTION


def judge_board(board: Board, demands: Demands, freeze: Freeze | None, now: datetime) -> tuple[Row, ...]:
    """A row for each item, in the order of their numbers."""
    rows = []
    for ref in board.refs:
        item = board.items.get(ref)
        if item is None:
            why = board.unreadable.get(ref, "it could not be read")
            rows.append(Row(ref, "", "", UNKNOWN_KIND, FeatureState.CANNOT_TELL, why))
        else:
            rows.append(judge_item(item, board, demands, freeze, now))
    return tuple(rows)


def find_kind(labels: Sequence[str], demands: Demands) -> str:
    """The kind by the labels. Of several the strictest counts: a feature that fixes something is a feature."""
    kinds = {label.lower(): kind for label, kind in demands.form.kinds.items()}
    named = {kinds[label.lower()] for label in labels if label.lower() in kinds}
    return next((kind for kind in KINDS if kind in named), UNKNOWN_KIND)


def judge_item(item: Item, board: Board, demands: Demands, freeze: Freeze | None, now: datetime) -> Row:
    """One item."""
    kind = find_kind(item.labels, demands)
    title = board.milestone.title if board.milestone else ""
    entered = find_entry(item, title) if item.ref in board.in_milestone else None
    sigs = tuple(label for label in demands.form.sigs if item.has_label(label))
    base = Row(item.ref, item.title, item.url, kind, None, "", is_done=item.is_done, sigs=sigs, entered=entered)
    if kind not in {"feature", UNKNOWN_KIND}:
        return base
    rule = demands.form.exception
    exception = judge_exception(rule.label, rule.roles, demands.roles, [item.author], item.acts, item.remarks, now)
    requirements = judge_requirements(item, demands, board.proposals.get(item.ref, ()))
    state, why = (
        judge_absence(item, title, is_inside=item.ref in board.in_milestone)
        or judge_lateness(describe_lateness(item, demands, freeze, entered), exception)
        or judge_progress(item, requirements, demands, has_begun=freeze is not None and freeze.has_begun(now))
    )
    return replace(base, state=state, why=why, requirements=requirements, exception=exception)


def judge_absence(item: Item, title: str, *, is_inside: bool) -> tuple[FeatureState, str] | None:
    """Whether an item was given up, or taken out of the milestone."""
    if item.is_given_up:
        return FeatureState.DROPPED, f"it was closed as {(item.reason or 'not merged').replace('_', ' ')}"
    if title and not is_inside and was_removed(item, title):
        return FeatureState.DROPPED, f"it was taken out of {title}"
    return None


def judge_lateness(late: str, exception: ItemException) -> tuple[FeatureState, str] | None:
    """Whether an item that missed the freeze was let in. `late` is how it did, or empty."""
    if not late:
        return None
    if exception.approved is Approved.YES:
        people = " and ".join(f"{who} ({role})" for role, who in exception.roles)
        return FeatureState.EXCEPTION, f"{late}, with an exception of {people}"
    if exception.approved is Approved.UNKNOWN:
        return FeatureState.CANNOT_TELL, f"{late}, and it is not known who has the role {exception.missing[0]}"
    asked = f", {' and '.join(exception.missing)} did not agree" if exception.is_asked_for else ""
    return FeatureState.VIOLATION, f"{late} without an exception{asked}"


def judge_progress(
    item: Item, requirements: Sequence[Requirement], demands: Demands, *, has_begun: bool
) -> tuple[FeatureState, str]:
    """Whether an item has what it needs. Requirements whose level is below `error` do not hold it back."""
    levels = {**DEFAULT_LEVELS, **demands.form.rules}
    strict = [each for each in requirements if levels[each.name] == "error"]
    missing = [each for each in strict if each.status is Status.MISSING]
    unknown = [each for each in strict if each.status is Status.CANNOT_TELL]
    if missing:
        is_in_time = not has_begun and item.state is State.OPEN
        return FeatureState.AT_RISK if is_in_time else FeatureState.NOT_READY, missing[0].why
    if unknown:
        return FeatureState.CANNOT_TELL, unknown[0].why
    return FeatureState.READY, ""


def describe_lateness(item: Item, demands: Demands, freeze: Freeze | None, entered: datetime | None) -> str:
    """How an item missed the freeze, to begin a sentence; empty if it did not."""
    if freeze is None:
        return ""
    if entered is not None and entered >= freeze.at:
        return f"it came into the milestone on {entered:%Y-%m-%d}, after the freeze"
    merged = [pull for pull in list_merged(item, demands) if pull.merged is not None and pull.merged >= freeze.at]
    if merged:
        return f"{merged[0].ref} was merged on {merged[0].merged:%Y-%m-%d}, after the freeze"
    return ""


def find_entry(item: Item, title: str) -> datetime:
    """When an item came into a milestone in which it is.

    Events name the milestone by its title of that time. After a rename none of them has today's: then the last one
    counts after which it was not taken out of any. An item without any was opened in it.
    """
    acts = [act for act in item.acts if act.kind in {ActKind.MILESTONED, ActKind.DEMILESTONED}]
    by_title = [act for act in acts if act.kind is ActKind.MILESTONED and act.name == title]
    if by_title:
        return by_title[-1].at
    last: Act | None = None
    for act in acts:
        last = act if act.kind is ActKind.MILESTONED else None
    return last.at if last else item.created


def was_removed(item: Item, title: str) -> bool:
    """Whether the last that was done with a milestone of that title was to take the item out of it."""
    acts = [act for act in item.acts if act.name == title and act.kind in {ActKind.MILESTONED, ActKind.DEMILESTONED}]
    return bool(acts) and acts[-1].kind is ActKind.DEMILESTONED
