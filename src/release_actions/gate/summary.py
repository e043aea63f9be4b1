"""Go or no-go for people: the answer first, then what stands against it, then everything else."""

from __future__ import annotations

from collections.abc import Iterable

from release_actions.gate.deciding import ApprovalRow, Decision, ReportRow, State, describe_age
from release_actions.gate.log import Log
from release_actions.runner import markdown
from release_actions.runner.report import Finding, Level, counted

HINTS = {
    State.MISSING: "Let the check run for this commit, and name its report.",
    State.STALE: "Let the check run again.",
    State.FOREIGN: "Let the check run for this tag and commit.",
    State.UNVERIFIED: "Take the report from the workflow or job that makes it: see docs/release-gate.md.",
    State.CONTRADICTORY: "Find out what else in that run uploads a report of this name.",
    State.INCONCLUSIVE: "The report says what it lacked. Let the check run again, or waive it in release.yaml.",
    State.FAIL: "Mend what the report lists, or waive it in release.yaml.",
}


def describe_decision(decision: Decision) -> str:
    """The answer in one sentence."""
    reasons = describe_reasons(decision)
    return f"Go: {reasons}" if decision.is_go else f"No-go: {reasons}"


def describe_reasons(decision: Decision) -> str:
    """What follows the answer: how much stands against the release."""
    against = len(decision.against)
    if not against:
        waived = sum(row.waiver is not None for row in decision.reports)
        return f"nothing stands against {decision.subject.tag}" + (f", {waived} waived." if waived else ".")
    verb = "stands" if against == 1 else "stand"
    return f"{counted(against, 'point')} {verb} against {decision.subject.tag}."


def list_findings(decision: Decision) -> tuple[Finding, ...]:
    """What stands against the release, and what a person should know although it does not."""
    findings = [finding for row in decision.reports for finding in _find_in_report(row)]
    findings += [
        Finding.of(Level.ERROR, f"{_count_approvals(row)}.", hint=_hint_approvals(row), rule="approvals")
        for row in decision.approvals
        if not row.is_admitted
    ]
    for waiver, why in decision.unused:
        message = f"The waiver of {waiver.report} by {waiver.who} changes nothing: {why}."
        findings.append(Finding.of(Level.WARNING, message, hint="Take it out of release.yaml.", rule="unused-waiver"))
    return tuple(findings)


def _find_in_report(row: ReportRow) -> Iterable[Finding]:
    name, why = row.required.report, f": {row.why.rstrip('.')}" if row.why else ""
    if row.waiver is not None:
        message = f"{name} is {row.state.value}{why}. {row.waiver.who} waived it until {row.waiver.until}."
        yield Finding.of(Level.WARNING, message, hint=f"The reason given: {row.waiver.why}", rule="waived")
    elif not row.is_admitted:
        yield Finding.of(Level.ERROR, f"{name} is {row.state.value}{why}.", hint=HINTS[row.state], rule=row.state.value)
    elif row.state is State.WARN:
        yield Finding.of(Level.WARNING, f"{name} warns{why}.", rule=row.state.value)


def write_summary(decision: Decision) -> str:
    """The job summary."""
    subject = decision.subject
    mark = "✅" if decision.is_go else "⛔"
    parts = [f"## {mark} {markdown.plain(describe_decision(decision))}"]
    parts.append(f"{markdown.code(subject.tag)} at {markdown.code(subject.commit[:12])}")
    if decision.reports:
        rows = [_write_report(row, decision) for row in _order_by_weight(decision.reports)]
        parts += ["### Reports", markdown.table(["Report", "State", "Why", "Age", "Where"], rows)]
    if decision.approvals:
        people = [
            [
                markdown.plain(row.required.role),
                f"{len(row.people)} of {row.required.count}",
                markdown.codes(row.people),
                markdown.codes(row.ignored),
            ]
            for row in decision.approvals
        ]
        parts += ["### Approvals", markdown.table(["Role", "Approved", "By", "Not counted"], people)]
    return "\n\n".join(parts) + "\n"


def write_log_summary(log: Log, name: str) -> str:
    """The job summary of what a log holds."""
    rows = [
        [
            str(document["seq"]),
            markdown.plain(str(document["time"])),
            markdown.plain(str(document["kind"])),
            markdown.plain(str(document["run"].get("report", ""))),
            markdown.plain(str(document["verdict"])),
            markdown.plain(str(document["actor"])),
        ]
        for document in log.documents
    ]
    table = markdown.table(["Number", "Time", "Kind", "Report", "Verdict", "Written by"], rows)
    return f"## {markdown.plain(name)}\n\nEnds with {markdown.code(log.head)}\n\n{table}"


def _order_by_weight(rows: Iterable[ReportRow]) -> list[ReportRow]:
    """What stands against the release comes first, then what was waived, then warnings."""
    return sorted(rows, key=lambda row: (row.is_admitted, row.waiver is None, row.state is not State.WARN))


def _write_report(row: ReportRow, decision: Decision) -> list[str]:
    report = row.report
    state = row.state.value + (f", waived by {row.waiver.who}" if row.waiver else "")
    mark = "✅" if row.state is State.PASS else "⚠️" if row.is_admitted else "⛔"
    return [
        markdown.code(row.required.report),
        f"{mark} {markdown.plain(state)}",
        markdown.plain(row.why),
        describe_age(decision.subject.now - report.as_of) if report else "",
        markdown.plain(report.run.url or report.source) if report else "",
    ]


def _count_approvals(row: ApprovalRow) -> str:
    of = counted(row.required.count, "approval")
    return f"{len(row.people)} of {of} by the role {row.required.role} {'is' if len(row.people) == 1 else 'are'} there"


def _hint_approvals(row: ApprovalRow) -> str:
    if row.ignored:
        return f"{', '.join(row.ignored)} approved too, and does not count: the author, or the report names no author."
    return "Approvals are in the reports of the checks that read them, such as review-audit."
