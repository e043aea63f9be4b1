"""An audit as JSON values: what only this report says."""

from __future__ import annotations

from collections.abc import Mapping

from release_actions.branches.auditing import Audited
from release_actions.branches.model import Explained, Origin
from release_actions.branches.reverts import RevertState
from release_actions.branches.trying import Repair
from release_actions.runner.report import Output


def describe_details(audited: Audited) -> Mapping[str, Output]:
    """Everything that was found, by question."""
    repairs = {repair.step.about.sha: repair for repair in audited.repairs}
    return {
        "branch": audited.branch,
        "trunk-commit": audited.as_of,
        "unknown": [*audited.unknown],
        "picks": [describe_pick(item) for item in audited.explained],
        "missing": [
            {
                "number": item.promise.number,
                "title": item.promise.title,
                **describe_repair(repairs.get(item.commit.sha) if item.commit is not None else None),
            }
            for item in audited.missing
        ],
        "reverts": [
            {
                "state": item.state.value,
                "revert": item.revert.sha,
                "target": item.target.sha if item.target is not None else "",
                "pick": item.pick,
                "again": item.again,
                **describe_repair(repairs.get(item.revert.sha)),
            }
            for item in audited.reverts
            if item.state is not RevertState.NOT_NEEDED
        ],
        "unexplained": [item.commit.sha for item in audited.explained if item.origin is Origin.UNKNOWN],
        "commands": [*audited.commands],
    }


def describe_pick(item: Explained) -> dict[str, Output]:
    """A commit of the branch."""
    return {
        "commit": item.commit.sha,
        "subject": item.commit.subject,
        "origin": item.origin.value,
        "trunk": [*item.counterparts],
        "evidence": [f"{evidence.kind.value}: {evidence.words}" for evidence in item.evidence],
        "category": item.category.value,
        "why": item.why,
        "difference": item.difference,
    }


def describe_repair(repair: Repair | None) -> dict[str, Output]:
    """What brings something to the branch, and what came of trying it; empty values where nothing has to be done."""
    if repair is None:
        return {"command": "", "fit": "", "conflicts": [], "needed": []}
    return {
        "command": repair.step.command,
        "fit": repair.fit.value,
        "conflicts": [*repair.conflicts],
        "needed": [step.command for step in repair.needed],
    }
