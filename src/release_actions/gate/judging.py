"""Reads every report of a release and decides: what the commands release-gate and status have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from release_actions.config.gate import GateForm
from release_actions.gate.deciding import Decision, Subject, decide
from release_actions.gate.files import read_files
from release_actions.gate.reports import CheckReport, Origin
from release_actions.gate.runs import fetch_reports
from release_actions.github.workflow_runs import Workflows
from release_actions.runner.envelope import RunOfWorkflow
from release_actions.versions.version import Version, parse_or_none


@dataclass(frozen=True)
class Evidence:
    """Where reports are. `files`: paths, each with the digest that a job gave or without; `own`: the run that asks.

    `workflows` is None where no other workflow may be asked. `trusts_files`: a file without a digest counts as the
    check's own, for a person who looks at what he fetched himself.
    """

    files: tuple[str, ...]
    workspace: Path
    own: RunOfWorkflow
    workflows: Workflows | None = None
    trusts_files: bool = False


@dataclass(frozen=True)
class Judged:
    """The decision with every report that was read. `unreadable`: how many could not be."""

    reports: tuple[CheckReport, ...]
    unreadable: int
    decision: Decision


def judge_release(form: GateForm, version: Version, commit: str, evidence: Evidence, now: datetime) -> Judged:
    """Read all reports and decide. Raises `RemoteError` when GitHub does not say what other workflows made."""
    subject = Subject(version.tag, commit, frozenset(), now)
    reports, unreadable = read_files(evidence.files, evidence.workspace, evidence.own)
    if evidence.trusts_files:
        reports = tuple(_trust(report, form) for report in reports)
    if evidence.workflows is not None:
        fetched = fetch_reports(evidence.workflows, form.required, subject)
        reports, unreadable = (*reports, *fetched.reports), (*unreadable, *fetched.unreadable)
    subject = replace(subject, candidates=_find_candidates(reports, version))
    return Judged(reports, len(unreadable), decide(form, subject, reports, unreadable))


def _trust(report: CheckReport, form: GateForm) -> CheckReport:
    """A report as if it came from where the configuration wants it from."""
    if report.origin is not Origin.FILE:
        return report
    is_foreign = any(item.workflow for item in form.required if item.report == report.name)
    return replace(report, origin=Origin.RUN if is_foreign else Origin.JOB)


def _find_candidates(reports: Sequence[CheckReport], version: Version) -> frozenset[str]:
    """The tags of reports that are candidates of the release."""
    tags = {report.tag for report in reports}
    versions = {tag: parse_or_none(tag, version.prefix) for tag in tags}
    return frozenset(
        tag for tag, other in versions.items() if other and other.is_candidate and other.release == version.tag
    )
