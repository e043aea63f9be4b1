"""The plans of the modes that change something, from what was read and judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from release_actions.config.schedule import ScheduleForm
from release_actions.config.source import read_text
from release_actions.config.tracker import TrackerForm
from release_actions.errors import InputError, PolicyError
from release_actions.runner import markdown
from release_actions.runner.report import counted
from release_actions.tracker.digest import write_chat, write_digest
from release_actions.tracker.model import Board, Milestone
from release_actions.tracker.moving import Opening, find_next, plan_moves, plan_opening
from release_actions.tracker.plan import Change, make_marker, plan_comment
from release_actions.tracker.states import Row


@dataclass(frozen=True)
class Plan:
    """What would be changed, and a text that a mode makes besides: Markdown for people, plain for chat."""

    changes: tuple[Change, ...]
    text: str = ""
    chat: str = ""


def make_digest(board: Board, rows: Sequence[Row], form: TrackerForm, freeze: str) -> Plan:
    """One comment on the first tracking issue, and a text for chat."""
    title = board.milestone.title if board.milestone else board.label
    text, chat = write_digest(title, rows, form.sigs, freeze), write_chat(title, rows, form.sigs)
    trackers = [board.trackers[ref] for ref in sorted(board.trackers)]
    if not trackers:
        return Plan((), text, chat)
    return Plan(plan_comment(trackers[0], text, make_marker(f"digest-{title}"), "with what is owed"), text, chat)


def make_sync(
    board: Board, rows: Sequence[Row], milestones: Sequence[Milestone], *, has_begun: bool, repository: str
) -> Plan:
    """What moves to the next milestone. Raises `PolicyError` before the freeze, `InputError` without a milestone."""
    if board.milestone is None or not has_begun:
        message = "Nothing is moved before the freeze has begun."
        raise PolicyError(message, hint="Set tracker.freeze, or wait for it.")
    target = find_next(milestones, board.milestone)
    if target is None:
        message = f"{repository} has no open milestone after {board.milestone.title}."
        raise InputError(message, hint="Make it: mode open does, with the tag of the next release.")
    return Plan(plan_moves(board, rows, target))


def make_opening(title: str, label: str, board: Board, schedule: ScheduleForm, template: Path | None) -> Plan:
    """A milestone with its date, and a tracking issue."""
    planned = schedule.releases.get(title)
    days = {name: f"{day}" for name, day in planned.list_dates() if not day.is_month} if planned else {}
    dates = {name: days.get(name, "") for name in ("freeze", "target")}
    text = read_text(template, hint="Set tracker.template to a file of the workspace.") if template else ""
    issues = [item for item in (*board.items.values(), *board.trackers.values()) if not item.is_pull]
    return Plan(plan_opening(Opening(title, label, dates, text), board.milestone, issues))


def describe_plan(plan: Plan, *, is_applied: bool) -> str:
    """What was done, or would be, as a sentence."""
    if not plan.changes:
        return "There is nothing to change."
    changes = counted(len(plan.changes), "change")
    return f"Made {changes}." if is_applied else f"{changes} planned. Set apply to make them."


def write_plan_summary(plan: Plan, *, is_applied: bool) -> str:
    """The job summary."""
    rows = [[markdown.plain(change.words)] for change in plan.changes]
    parts = ["## Done" if is_applied else "## Planned", describe_plan(plan, is_applied=is_applied)]
    if rows:
        parts.append(markdown.table(["Change"], rows))
    if plan.text:
        parts.append(plan.text)
    return markdown.cut("\n\n".join(parts))
