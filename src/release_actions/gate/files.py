"""Reads the reports that jobs of this run left as files.

A file of a workspace may come from anybody. It is the report of a job only if the digest of its bytes came from there
by another way, as an output of that job, which no other job can set.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from release_actions.gate.deciding import Unreadable
from release_actions.gate.reports import CheckReport, NoReport, Origin, read_report
from release_actions.runner.envelope import RunOfWorkflow, digest_of

WITH_DIGEST = re.compile(r"(.+?)@(sha256:[0-9a-f]{64})")


def read_files(
    names: Sequence[str], workspace: Path, own: RunOfWorkflow
) -> tuple[tuple[CheckReport, ...], tuple[Unreadable, ...]]:
    """The reports of this run. One whose digest a job of this run gave is that job's; any other is only a file."""
    reports: list[CheckReport] = []
    unreadable: list[Unreadable] = []
    for name in names:
        match = WITH_DIGEST.fullmatch(name)
        path, digest = (match[1], match[2]) if match else (name, "")
        try:
            report = _read_file(workspace / path, path, digest, own)
        except NoReport as error:
            unreadable.append(Unreadable(path, str(error)))
        else:
            reports.append(report)
    return tuple(reports), tuple(unreadable)


def _read_file(path: Path, name: str, digest: str, own: RunOfWorkflow) -> CheckReport:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NoReport(error.strerror or str(error)) from None
    if digest and digest != digest_of(content):
        message = f"its bytes are {digest_of(content)}, and the job gave {digest}"
        raise NoReport(message)
    report = read_report(content, Origin.JOB if digest else Origin.FILE, name)
    if digest and (report.run.id, report.run.repository.lower()) != (own.id, own.repository.lower()):
        message = f"it says that the run {report.run.id or 'none'} made it, and this is {own.id or 'none'}"
        raise NoReport(message)
    return report
