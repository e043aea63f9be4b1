"""What a run of component-matrix comes to, for people and for later steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from release_actions.components import assemble
from release_actions.components.assemble import ComponentChange, ComponentChangeKind, PreviousRelease
from release_actions.components.finding import UNKNOWN, Certainty, ComponentFinding
from release_actions.components.manifest import ComponentManifest
from release_actions.errors import ExitCode
from release_actions.runner import markdown
from release_actions.runner.report import Level, Output, Report, counted
from release_actions.versions.version import Version


@dataclass(frozen=True)
class MatrixResult:
    """The result of a run. `release` is None when a version was not found; then there is no table."""

    version: Version
    before: PreviousRelease | None
    release: ComponentManifest | None
    lines: tuple[assemble.ReleaseRow, ...]
    found: tuple[ComponentFinding, ...]
    table: str

    @property
    def changes(self) -> tuple[ComponentChange, ...]:
        """What changed since the previous release."""
        return tuple(assemble.list_changes(self.lines, self.release)) if self.release else ()


def make_report(result: MatrixResult, output_file: str) -> Report:
    """The table and the findings for people and for later steps."""
    outputs: dict[str, Output] = {
        "table": result.table,
        "changes": [change_as_json(changed) for changed in result.changes],
        "changed": any(changed.change is not ComponentChangeKind.UNCHANGED for changed in result.changes),
        "components-file": output_file if result.release else "",
        "previous-release": result.before.tag if result.before else "",
        "findings": [finding_as_json(finding) for finding in result.found],
    }
    return Report(
        outputs=outputs,
        summary=write_summary(result),
        lines=(*describe_changes(result), summarize_result(result)),
        findings=tuple(finding.annotation() for finding in result.found),
        exit_code=exit_code(result.found),
    )


def exit_code(findings: Iterable[ComponentFinding]) -> ExitCode:
    """Whether the release is right, wrong, or not known to be either."""
    rules = {finding.rule: finding for finding in findings}
    if UNKNOWN in rules:
        return ExitCode.UNKNOWN
    certain = any(finding.certainty is Certainty.CERTAIN for finding in findings)
    return ExitCode.REFUSED if certain else ExitCode.PASS


def change_as_json(changed: ComponentChange) -> Output:
    """A change as JSON."""
    return {
        "id": changed.id,
        "name": changed.title,
        "change": changed.change.value,
        "version": changed.version,
        "previous": changed.previous,
        "note": changed.note,
    }


def finding_as_json(finding: ComponentFinding) -> Output:
    """A finding as JSON. `other` is the second place, empty where there is none."""
    place = finding.place
    return {
        "rule": finding.rule,
        "certainty": finding.certainty.value,
        "level": finding.level.value,
        "message": finding.message,
        "hint": finding.hint,
        "file": place.file if place else "",
        "line": place.line if place else 0,
        "column": place.column if place else 0,
        "other": str(finding.other or ""),
    }


def summarize_result(result: MatrixResult) -> str:
    """The whole in one sentence."""
    certain = sum(finding.certainty is Certainty.CERTAIN for finding in result.found)
    rest = sum(finding.level is Level.WARNING for finding in result.found)
    unknown = sum(finding.rule == UNKNOWN for finding in result.found)
    about = f"{result.version} has {counted(len(result.lines), 'component')}"
    since = f" since {result.before.tag}" if result.before else ", and no release before it"
    moved = sum(changed.change is not ComponentChangeKind.UNCHANGED for changed in result.changes)
    what = f", {moved} changed{since}" if result.before else since
    if not result.release:
        what = ", and no table: not every version was found"
    judged = f"{counted(certain, 'error')}, {counted(rest, 'possible error')}"
    judged += f", {counted(unknown, 'question')} without an answer" if unknown else ""
    return f"{about}{what}. {judged}."


def describe_changes(result: MatrixResult) -> tuple[str, ...]:
    """What changed, a line each."""
    return tuple(
        describe_change(changed) for changed in result.changes if changed.change is not ComponentChangeKind.UNCHANGED
    )


def describe_change(changed: ComponentChange) -> str:
    """One change in plain words."""
    match changed.change:
        case ComponentChangeKind.ADDED:
            return f"{changed.title} {changed.version} is added."
        case ComponentChangeKind.REMOVED:
            return f"{changed.title} is removed: {changed.note}"
        case ComponentChangeKind.CHANGED:
            return f"{changed.title} {changed.previous} -> {changed.version}"
        case ComponentChangeKind.UNCHANGED:
            return f"{changed.title} {changed.version} is unchanged."


def write_summary(result: MatrixResult) -> str:
    """The job summary: verdict, findings, table, what changed."""
    parts = [
        f"## Components of {markdown.plain(result.version.tag)}\n",
        f"{markdown.plain(summarize_result(result))}\n",
    ]
    rows = (
        [
            finding.certainty.value,
            markdown.code(finding.rule),
            markdown.code(str(finding.place)) if finding.place else "",
            markdown.plain(f"{finding.message} {finding.hint}".strip()),
        ]
        for finding in result.found
    )
    if result.found:
        parts.append(markdown.table(["How sure", "Rule", "Place", "What"], rows))
    if result.table:
        parts.append(result.table)
    changed = [f"- {markdown.plain(line)}" for line in describe_changes(result)]
    if changed:
        parts.append(
            "\n".join([f"## What changed since {markdown.plain(result.before.tag)}\n", *changed])
            if result.before
            else ""
        )
    return "\n".join(parts) + "\n"
