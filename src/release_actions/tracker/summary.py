"""A board for people, and as the JSON values of a report. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timezone

from release_actions.config.tracker import REQUIREMENTS
from release_actions.runner import markdown
from release_actions.runner.report import Finding, Output, counted
from release_actions.tracker.differences import Difference
from release_actions.tracker.freeze import Freeze
from release_actions.tracker.model import Board
from release_actions.tracker.requirements import Requirement, Status
from release_actions.tracker.states import FeatureState, Row

ROWS_SHOWN = 250
MARKS = {
    Status.MET: "met",
    Status.MISSING: "**missing**",
    Status.NOT_REQUIRED: "not required",
    Status.CANNOT_TELL: "cannot tell",
}


def count_states(rows: Sequence[Row]) -> dict[str, int]:
    """How many features have each state, the states that none has too."""
    counts = Counter(row.state for row in rows if row.state)
    return {state.value: counts[state] for state in FeatureState}


def describe_board(title: str, rows: Sequence[Row]) -> str:
    """The board in one sentence."""
    counts = [f"{count} {state}" for state, count in count_states(rows).items() if count]
    features = counted(len([row for row in rows if row.state]), "feature")
    return f"{title or 'The release'} has {features}" + (f": {', '.join(counts)}." if counts else ".")


def describe_freeze(freeze: Freeze | None, *, has_begun: bool) -> str:
    """When the freeze is, as a sentence."""
    if freeze is None:
        return "No freeze is set, so nothing is late."
    verb = "has begun" if has_begun else "begins"
    return (
        f"The freeze {verb} at {freeze.at:%Y-%m-%d %H:%M} UTC, the end of {freeze.day} {freeze.zone} ({freeze.source})."
    )


def write_summary(
    board: Board,
    rows: Sequence[Row],
    differences: Sequence[Difference],
    findings: Sequence[Finding],
    sentences: Sequence[str],
) -> str:
    """The job summary."""
    title = board.milestone.title if board.milestone else board.label
    parts = [f"## {markdown.plain(title or 'Release')}", *(markdown.plain(sentence) for sentence in sentences)]
    features = [row for row in rows if row.state]
    if features:
        head = ["Feature", "State", "Why", *REQUIREMENTS]
        lines = [
            [
                _link(f"{row.ref.number} {row.title}", row.url) if row.url else markdown.plain(str(row.ref)),
                row.state.value if row.state else "",
                markdown.plain(row.why),
                *(_mark(requirement) for requirement in row.requirements),
                *("" for _ in REQUIREMENTS[len(row.requirements) :]),
            ]
            for row in features[:ROWS_SHOWN]
        ]
        parts += ["### Features", markdown.table(head, lines)]
    others = [row for row in rows if not row.state]
    if others:
        lines = [
            [_link(f"{row.ref.number} {row.title}", row.url), row.kind, "done" if row.is_done else "open"]
            for row in others[:ROWS_SHOWN]
        ]
        parts += [markdown.details("Everything else", markdown.table(["Item", "Kind", "State"], lines))]
    if differences:
        lines = [
            [markdown.code(each.rule), markdown.plain(each.message), markdown.plain(each.hint)] for each in differences
        ]
        parts += ["### Where the lists disagree", markdown.table(["Rule", "What", "What to do"], lines[:ROWS_SHOWN])]
    if findings:
        lines = [
            [markdown.code(each.rule), each.level.value, markdown.plain(each.problem.message)]
            for each in findings
            if each.rule not in {difference.rule for difference in differences}
        ]
        if lines:
            parts += [markdown.details("Findings", markdown.table(["Rule", "Level", "What"], lines[:ROWS_SHOWN]))]
    return markdown.cut("\n\n".join(parts))


def describe_details(
    board: Board, rows: Sequence[Row], differences: Sequence[Difference], freeze: Freeze | None, requests: int
) -> dict[str, Output]:
    """What only this report says, as JSON values."""
    return {
        "milestone": _describe_milestone(board),
        "freeze": None
        if freeze is None
        else {"at": _stamp(freeze.at), "day": f"{freeze.day}", "source": freeze.source},
        "features": [_describe_row(row) for row in rows if row.state],
        "items": [
            {"item": str(row.ref), "title": row.title, "url": row.url, "kind": row.kind, "done": row.is_done}
            for row in rows
            if not row.state
        ],
        "counts": dict(count_states(rows)),
        "differences": [
            {
                "rule": each.rule,
                "item": str(each.ref) if each.ref else "",
                "tracker": str(each.tracker) if each.tracker else "",
                "message": each.message,
            }
            for each in differences
        ],
        "requests": requests,
    }


def _describe_milestone(board: Board) -> Output:
    if board.milestone is None:
        return None
    milestone = board.milestone
    return {
        "title": milestone.title,
        "number": milestone.number,
        "url": milestone.url,
        "due": f"{milestone.due}" if milestone.due else "",
    }


def _describe_row(row: Row) -> Output:
    exception = row.exception
    return {
        "item": str(row.ref),
        "title": row.title,
        "url": row.url,
        "kind": row.kind,
        "state": row.state.value if row.state else "",
        "why": row.why,
        "entered": _stamp(row.entered) if row.entered else "",
        "sigs": [*row.sigs],
        "requirements": [
            {"name": each.name, "status": each.status.value, "why": each.why, "link": each.link}
            for each in row.requirements
        ],
        "exception": {
            "approved": exception.approved.value,
            "why": exception.why,
            "until": f"{exception.until}" if exception.until else "",
            "by": [{"role": role, "who": who} for role, who in exception.roles],
            "ignored": [*exception.ignored],
        }
        if exception.is_asked_for
        else None,
    }


def _mark(requirement: Requirement) -> str:
    mark = MARKS[requirement.status]
    is_proof = requirement.status is Status.MET and requirement.link.startswith("https://")
    return f"[{mark}]({_address(requirement.link)})" if is_proof else mark


def _link(text: str, url: str) -> str:
    return f"[{markdown.plain(text)}]({_address(url)})" if url.startswith("https://") else markdown.plain(text)


def _address(url: str) -> str:
    """An address that cannot end a link or a cell of a table."""
    return "".join(
        letter if letter.isalnum() or letter in "-._~:/?#@!$&'*+,;=%" else "%" + f"{ord(letter):02X}" for letter in url
    )


def describe_moment(freeze: Freeze | None) -> str:
    """When the freeze begins, in UTC; empty without one."""
    return _stamp(freeze.at) if freeze else ""


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
