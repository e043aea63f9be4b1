"""What protect-latest says: where every image stands, what moved, what did not and why.

A person reads the table; later steps read the outputs; the exit code is 0 when all is right, 1 for findings on complete
knowledge, 3 when something could not be found out or not be finished.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from release_actions.config import Package
from release_actions.errors import ExitCode
from release_actions.floating.findings import (
    list_findings,
    list_gate_findings,
    list_git_findings,
    list_missing_namespace,
)
from release_actions.floating.journal import TagChange
from release_actions.floating.outcome import GitResult, PackageResult, find_held_back, is_nothing_published
from release_actions.floating.plan import Keep, Move, Orphan, Stuck
from release_actions.floating.promotion import PromotionGate
from release_actions.floating.run import Mode
from release_actions.floating.summary import summarize, summarize_git, write_verdict
from release_actions.runner.report import Output, Report, counted

OUTPUTS = ("drift", "plan", "plan-digest", "moved", "failed", "returned", "git-moved", "snapshot-digest")

MOVED_LENGTH = 130_000
"""Bytes of the output `moved`. A step on Linux gets 128 KiB in one variable, with its name."""

PLAN_LENGTH = 250_000
"""Characters of the output `plan`. All outputs of a job together may have about 500,000."""


def make_report(results: tuple[PackageResult, ...], mode: Mode, gate: PromotionGate, git: GitResult) -> Report:
    """Check or enforce, for people and for later steps."""
    lines = [write_verdict(results, mode, gate)]
    if git.plan.kept or git.plan.moves or git.plan.unmoved:
        moved, wrong = len(git.moved), len(git.plan.unmoved) + (0 if git.moved else len(git.plan.moves))
        right = len(git.plan.kept)
        lines.append(f"In git, {counted(moved, 'floating tag')} moved, {right} right and {wrong} not.")
    return Report(
        outputs=make_outputs(
            {
                "drift": any(result.drifted for result in results) or bool(git.plan.moves or git.plan.unmoved),
                "plan": shorten([row for result in results for row in make_plan_rows(result)]),
                "plan-digest": digest_plans(results),
                "moved": shorten_moved(
                    [make_moved_row(result.package, change) for result in results for change in result.moved]
                ),
                "failed": [result.package.label for result in results if result.error or result.plan.stuck],
                "returned": [
                    {"package": result.package.reference, "tag": tag}
                    for result in results
                    for tag in (result.roll_back.back if result.roll_back else ())
                ],
                "git-moved": [
                    {"tag": move.tag, "from": move.before, "to": move.after, "release": move.version.tag}
                    for move in git.moved
                ],
            }
        ),
        summary=summarize(results, lines, mode, gate) + summarize_git(git),
        lines=tuple(lines),
        findings=(
            *list_gate_findings(gate),
            *list_missing_namespace(results),
            *(finding for result in results for finding in list_findings(result, mode, is_only=len(results) == 1)),
            *list_git_findings(git, mode),
        ),
        exit_code=find_exit_code(results, mode, gate, git),
    )


def make_outputs(given: Mapping[str, Output]) -> dict[str, Output]:
    """Every output, those that were not given empty."""
    return {name: given.get(name) for name in OUTPUTS}


def shorten(rows: list[dict[str, Output]]) -> list[Output]:
    """A plan that fits beside a job's other outputs: where it would not, without the tags that are right."""
    whole = len(json.dumps(rows)) <= PLAN_LENGTH
    return [row for row in rows if whole or row["action"] != "keep"]


def shorten_moved(rows: list[dict[str, Output]]) -> list[Output]:
    """Moved tags that a later step can be given: where they could not, without what they named and why they moved."""
    if len(json.dumps(rows).encode()) <= MOVED_LENGTH:
        return [*rows]
    return [{key: text for key, text in row.items() if key in {"package", "flavour", "tag"}} for row in rows]


def find_exit_code(results: Iterable[PackageResult], mode: Mode, gate: PromotionGate, git: GitResult) -> ExitCode:
    """3 if something could not be judged or finished, 1 if something is wrong that this run did not mend, else 0."""
    results = tuple(results)
    if any(result.error for result in results) or git.error:
        return ExitCode.UNKNOWN
    wrong = not gate.is_open or any(result.plan.stuck or find_held_back(result) for result in results)
    wrong = wrong or is_nothing_published(results)
    if mode is Mode.CHECK:
        wrong = wrong or any(result.drifted for result in results) or bool(git.plan.moves or git.plan.unmoved)
    return ExitCode.REFUSED if wrong else ExitCode.PASS


def digest_plans(results: Iterable[PackageResult]) -> str:
    """One digest over the plans of all packages."""
    digests = {result.package.label: result.plan.digest for result in results}
    whole = json.dumps(digests, sort_keys=True, separators=(",", ":")).encode()
    return "sha256:" + hashlib.sha256(whole).hexdigest()


def make_plan_rows(result: PackageResult) -> Iterable[dict[str, Output]]:
    """Every floating tag of a package as a JSON object."""
    for item in result.plan.floats:
        row: dict[str, Output] = {**make_package_fields(result.package), "tag": item.tag}
        match item:
            case Keep():
                row |= {"action": "keep", "from": item.digest, "to": item.digest, "release": item.version.tag}
            case Move():
                row |= {"action": "move", **make_change_row(item)}
            case Orphan() | Stuck():
                release = item.version.tag if isinstance(item, Stuck) else ""
                row |= {"action": "leave", "from": item.digest, "to": item.digest, "release": release}
                row |= {"reason": item.message}
        yield row


def make_change_row(change: TagChange) -> dict[str, Output]:
    """A change as a JSON object."""
    move: dict[str, Output] = {"tag": change.tag, "from": change.before, "to": change.after}
    if isinstance(change, Move):
        move |= {"release": change.version.tag, "reason": change.reason}
    return move


def make_package_fields(package: Package) -> dict[str, Output]:
    """The package of a row, with the flavour where it is one of several there."""
    return {"package": package.reference, **({"flavour": package.flavour} if package.flavour else {})}


def make_moved_row(package: Package, change: TagChange) -> dict[str, Output]:
    """A change that was made, as a JSON object."""
    return {**make_package_fields(package), **make_change_row(change)}
