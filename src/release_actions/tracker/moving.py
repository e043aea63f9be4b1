"""Plans what happens at the freeze and at the start of a release: items that move on, a milestone, a tracking issue.

Pure. Nothing is ever closed, and a plan that was carried out plans nothing when it is made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from release_actions.runner import markdown
from release_actions.tracker.freeze import write_due_day
from release_actions.tracker.model import Board, Item, Milestone, State
from release_actions.tracker.plan import Change, find_own_comment, make_marker
from release_actions.tracker.states import FeatureState, Row

MOVING = frozenset({FeatureState.NOT_READY, FeatureState.VIOLATION})
TEMPLATE = """\
This issue tracks {tag}. A line names an issue, and is ticked when the issue is done.

Freeze: {freeze}
Target: {target}

## Features

- [ ] First feature #

"""
"""The text of a tracking issue where the project has none of its own."""


def plan_moves(board: Board, rows: Sequence[Row], target: Milestone) -> tuple[Change, ...]:
    """Move open features that are not ready, or came too late, to the next milestone: a comment, then the move.

    The comment comes first, since a moved item is not on the board of the next run any more.
    """
    changes: list[Change] = []
    if board.milestone is None or board.milestone.number == target.number:
        return ()
    for row in rows:
        item = board.items.get(row.ref)
        if item is None or row.ref not in board.in_milestone or row.state not in MOVING or item.state is not State.OPEN:
            continue
        marker = make_marker(f"moved-{board.milestone.title}")
        if find_own_comment(item, marker) is None:
            title, why = board.milestone.title, markdown.plain(row.why)
            text = (
                f"The freeze of {title} has begun, and this is not ready: {why}. It moves to {target.title}. "
                f"With an exception it can come back.\n\n{marker}\n"
            )
            path = f"issues/{row.ref.number}/comments"
            changes.append(Change(f"Comment on {row.ref} that it moves.", "POST", path, {"body": text}))
        words = f"Move {row.ref} from {board.milestone.title} to {target.title}: {row.why}."
        changes.append(Change(words, "PATCH", f"issues/{row.ref.number}", {"milestone": target.number}))
    return tuple(changes)


def find_next(milestones: Sequence[Milestone], current: Milestone) -> Milestone | None:
    """The open milestone that comes after one: the next by its date, else by its number."""
    later = [each for each in milestones if each.is_open and each.number != current.number and is_after(each, current)]
    return min(later, key=lambda each: (each.due is None, each.due or each.created.date(), each.number), default=None)


def is_after(milestone: Milestone, current: Milestone) -> bool:
    """Whether a milestone is due after another one; where a date is missing, whether it was made later."""
    if milestone.due and current.due:
        return milestone.due > current.due
    return milestone.number > current.number


@dataclass(frozen=True)
class Opening:
    """A release that begins. `dates`: ISO texts of its freeze and target, empty if not known."""

    title: str
    label: str
    dates: Mapping[str, str]
    template: str = ""


def plan_opening(opening: Opening, milestone: Milestone | None, issues: Sequence[Item]) -> tuple[Change, ...]:
    """Have the milestone of a release with its date, and its tracking issue, of which `issues` may be one."""
    changes: list[Change] = []
    title, dates = opening.title, opening.dates
    due = write_due_day(dates["target"])
    if milestone is None:
        body = {"title": title, **({"due_on": due} if due else {})}
        when = f" due on {dates['target']}" if due else ""
        changes.append(Change(f"Make the milestone {title}{when}.", "POST", "milestones", body))
    elif due and f"{milestone.due}" != dates["target"]:
        words = f"Set the date of the milestone {title} to {dates['target']}."
        changes.append(Change(words, "PATCH", f"milestones/{milestone.number}", {"due_on": due}))
    marker = make_marker(f"tracking-{title}")
    if not any(marker in issue.body for issue in issues):
        text = fill_template(opening.template or TEMPLATE, {"tag": title, **dates})
        given = {
            "title": f"{title} release tracker",
            "body": f"{text.rstrip()}\n\n{marker}\n",
            "labels": [opening.label] if opening.label else [],
        }
        changes.append(Change(f"Open the tracking issue of {title}.", "POST", "issues", given))
    return tuple(changes)


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """A template with its placeholders filled; what is not known is said."""
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value or "not planned yet")
    return template
