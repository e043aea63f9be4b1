"""Decides go or no-go from what checks reported. Pure.

There is a go only if every required report is there, made by whom it has to be made by, is about this tag and commit,
is fresh, and passes; and if everybody who has to approve did. Whatever is not known is a no. A waiver is written in the
configuration, for one tag, and ends.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from release_actions.config.gate import GateForm, RequiredApprovals, RequiredReport, Waiver
from release_actions.gate.reports import CheckReport, Origin
from release_actions.runner.envelope import Verdict
from release_actions.runner.report import Level

CLOCK_SKEW = timedelta(minutes=5)
"""How far the clocks of two runners may be apart."""


class State(str, enum.Enum):
    """What the gate makes of a required report."""

    PASS = "pass"  # noqa: S105  # no password
    WARN = "warn"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    MISSING = "missing"
    STALE = "stale"
    FOREIGN = "foreign"
    UNVERIFIED = "unverified"
    CONTRADICTORY = "contradictory"


ADMITTED = frozenset({State.PASS, State.WARN})


@dataclass(frozen=True)
class Subject:
    """What is judged. `candidates`: the tags that are candidates of this release."""

    tag: str
    commit: str
    candidates: frozenset[str]
    now: datetime


@dataclass(frozen=True)
class Unreadable:
    """Something that should have been a report. `why` ends a sentence."""

    source: str
    why: str


@dataclass(frozen=True)
class ReportRow:
    """A required report, what the gate makes of it and why. `waiver`: the one by which it does not stop the release."""

    required: RequiredReport
    state: State
    why: str
    report: CheckReport | None = None
    waiver: Waiver | None = None

    @property
    def is_admitted(self) -> bool:
        """Whether it does not stop the release."""
        return self.state in ADMITTED or self.waiver is not None


@dataclass(frozen=True)
class ApprovalRow:
    """Required approvals and the people who gave them."""

    required: RequiredApprovals
    people: tuple[str, ...]
    ignored: tuple[str, ...]

    @property
    def is_admitted(self) -> bool:
        """Whether enough people approved."""
        return len(self.people) >= self.required.count


@dataclass(frozen=True)
class Decision:
    """Go or no-go, and everything that it follows from. `unused`: waivers that changed nothing, each with why."""

    subject: Subject
    reports: tuple[ReportRow, ...]
    approvals: tuple[ApprovalRow, ...]
    unused: tuple[tuple[Waiver, str], ...]

    @property
    def is_go(self) -> bool:
        """Whether nothing stands against the release."""
        return not self.against

    @property
    def against(self) -> tuple[str, ...]:
        """The reports and roles that stand against the release."""
        reports = [row.required.report for row in self.reports if not row.is_admitted]
        return *reports, *(row.required.role for row in self.approvals if not row.is_admitted)


def decide(
    form: GateForm, subject: Subject, reports: Sequence[CheckReport], unreadable: Sequence[Unreadable] = ()
) -> Decision:
    """Judge a release."""
    rows = tuple(_waive(judge_report(item, subject, reports, unreadable), form, subject) for item in form.required)
    counted = [row.report for row in rows if row.report and row.is_admitted and row.state in ADMITTED]
    approvals = tuple(count_approvals(item, counted) for item in form.approvals)
    used = {id(row.waiver) for row in rows}
    unused = tuple((waiver, _why_unused(waiver, subject, rows)) for waiver in form.waivers if id(waiver) not in used)
    return Decision(subject, rows, approvals, unused)


def judge_report(
    required: RequiredReport, subject: Subject, reports: Sequence[CheckReport], unreadable: Sequence[Unreadable]
) -> ReportRow:
    """What the gate makes of a required report, by the newest one that counts."""
    named = [report for report in reports if report.name == required.report]
    if not named:
        broken = "; ".join(f"{item.source}: {item.why}" for item in unreadable)
        return ReportRow(required, State.MISSING, f"no report of that name was found{f' ({broken})' * bool(broken)}")
    wanted = Origin.RUN if required.workflow else Origin.JOB
    identified = [report for report in named if report.origin is wanted]
    if not identified:
        origin = f"a run of {required.workflow}" if required.workflow else "a job of this run, with its digest"
        return ReportRow(required, State.UNVERIFIED, f"{named[0].source} does not come from {origin}", named[0])
    own = [report for report in identified if not _is_foreign(required, report, subject)]
    if not own:
        newest = max(identified, key=lambda report: report.as_of)
        return ReportRow(required, State.FOREIGN, _is_foreign(required, newest, subject), newest)
    newest = max(own, key=lambda report: report.as_of)
    # Two different reports of one attempt of one run: one of them is not the check's, and nobody can say which.
    if any(item.run == newest.run and item.digest != newest.digest for item in own):
        return ReportRow(required, State.CONTRADICTORY, "two reports of that name come from the same run", newest)
    return ReportRow(required, *_judge_newest(required, newest, subject), newest)


def count_approvals(required: RequiredApprovals, reports: Sequence[CheckReport]) -> ApprovalRow:
    """Who approved in a role, in the reports that count. Each person counts once, whatever the case of the login."""
    people: dict[str, str] = {}
    ignored: dict[str, str] = {}
    for report in reports:
        for approval in report.approvals:
            if approval.role != required.role:
                continue
            is_own = not report.author or approval.who.lower() == report.author.lower()
            (ignored if is_own else people).setdefault(approval.who.lower(), approval.who)
    return ApprovalRow(required, tuple(people.values()), tuple(ignored[who] for who in ignored if who not in people))


def _judge_newest(required: RequiredReport, report: CheckReport, subject: Subject) -> tuple[State, str]:
    age = subject.now - report.as_of
    if age < -CLOCK_SKEW:
        return State.STALE, f"it says that it was made at {report.as_of:%Y-%m-%d %H:%M} UTC, which is in the future"
    if required.max_age is not None and age > required.max_age:
        return State.STALE, f"it is {describe_age(age)} old, and may be {describe_age(required.max_age)} old"
    errors = [finding for finding in report.findings if finding.level is Level.ERROR]
    if report.verdict in {Verdict.PASS, Verdict.WARN} and errors:
        return State.CONTRADICTORY, f"its verdict is {report.verdict.value}, and it lists {len(errors)} errors"
    return State(report.verdict.value), _describe_verdict(report)


def _describe_verdict(report: CheckReport) -> str:
    loud = [finding.message for finding in report.findings if finding.level is not Level.NOTICE]
    if not loud:
        return ""
    return loud[0] + (f" (and {len(loud) - 1} more)" if len(loud) > 1 else "")


def _is_foreign(required: RequiredReport, report: CheckReport, subject: Subject) -> str:
    """What a report is about, if that is not what is judged, as the end of a sentence; else empty."""
    if report.commit != subject.commit:
        return f"it is about commit {report.commit[:12] or 'none'}, not {subject.commit[:12]}"
    # A report that names no tag is about the commit alone, which is the stronger name of the two.
    if report.tag in {"", subject.tag} or (required.candidates and report.tag in subject.candidates):
        return ""
    return f"it is about {report.tag}, not {subject.tag}"


def _waive(row: ReportRow, form: GateForm, subject: Subject) -> ReportRow:
    if row.state in ADMITTED:
        return row
    for waiver in form.waivers:
        if waiver.report == row.required.report and _holds(waiver, subject) and _covers(waiver, row):
            return ReportRow(row.required, row.state, row.why, row.report, waiver)
    return row


def _holds(waiver: Waiver, subject: Subject) -> bool:
    return waiver.tag == subject.tag and subject.now.date() <= waiver.until


def _covers(waiver: Waiver, row: ReportRow) -> bool:
    """Whether a waiver covers what is wrong. One for some rules covers a report whose every error is of these."""
    if not waiver.rules:
        return True
    if row.state is not State.FAIL or row.report is None:
        return False
    errors = [finding.rule for finding in row.report.findings if finding.level is Level.ERROR]
    return bool(errors) and set(errors) <= set(waiver.rules)


def _why_unused(waiver: Waiver, subject: Subject, rows: Sequence[ReportRow]) -> str:
    if waiver.tag != subject.tag:
        return f"it is for {waiver.tag}"
    if subject.now.date() > waiver.until:
        return f"it ended on {waiver.until}"
    row = next((row for row in rows if row.required.report == waiver.report), None)
    if row is None:
        return f"{waiver.report} is not required"
    if row.state in ADMITTED:
        return f"{waiver.report} does not stop the release"
    if row.waiver is not None:
        return "another waiver covers the same"
    return f"{waiver.report} is {row.state.value} for more than {', '.join(waiver.rules)}"


def describe_age(age: timedelta) -> str:
    """A length of time in its largest whole unit: `3 days`, `5 hours`, `12 minutes`."""
    seconds = int(age.total_seconds())
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return "less than a minute"
