"""Fetches the reports that other workflows made for a commit.

Any job of a run may upload an artifact of any name, and a pull request from a fork runs the workflow file that the fork
wrote. So a report counts only from a run of the named workflow file, in this repository, on the named branch or tag,
not started by a pull request; and only one artifact of that name may be in the run. Whoever may push to that branch is
trusted with the report. A branch can be called like a tag, and the API tells them apart nowhere: of a run on the tag
that is judged, the commit has to be that of the tag, so that the workflow file is the release's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from release_actions.config.gate import RequiredReport
from release_actions.gate.deciding import Subject, Unreadable
from release_actions.gate.reports import LARGEST_BYTES, CheckReport, NoReport, Origin, read_report
from release_actions.github.archives import UnreadableArchive, unpack_json
from release_actions.github.workflow_runs import Artifact, WorkflowRun, Workflows
from release_actions.runner.envelope import digest_of

RUNS_LOOKED_AT = 10
"""How many of the newest completed runs are searched for the report of this commit."""


@dataclass(frozen=True)
class Fetched:
    """What runs have: reports, and what should have been one."""

    reports: tuple[CheckReport, ...]
    unreadable: tuple[Unreadable, ...]


def fetch_reports(workflows: Workflows, required: tuple[RequiredReport, ...], subject: Subject) -> Fetched:
    """The newest report of each required check that comes from another workflow."""
    reports: list[CheckReport] = []
    unreadable: list[Unreadable] = []
    for item in required:
        if not item.workflow:
            continue
        for answer in _search_runs(workflows, item, subject):
            if isinstance(answer, Unreadable):
                unreadable.append(answer)
                continue
            reports.append(answer)
            if answer.commit == subject.commit:
                break
    return Fetched(tuple(reports), tuple(unreadable))


def _search_runs(
    workflows: Workflows, required: RequiredReport, subject: Subject
) -> Iterator[CheckReport | Unreadable]:
    """The reports in the newest runs that may have made one, newest first."""
    branch = required.ref.replace("{tag}", subject.tag) if required.ref else subject.tag
    runs = workflows.find_runs(required.workflow, branch)
    for run in [run for run in runs if is_trusted(run, workflows.repository, branch, subject)][:RUNS_LOOKED_AT]:
        source = f"{required.artifact or required.report} of {run.url}"
        wanted = [item for item in workflows.artifacts(run.id) if item.name == (required.artifact or required.report)]
        if not wanted:
            continue
        if len(wanted) > 1:
            yield Unreadable(source, "the run has two artifacts of that name")
        elif wanted[0].expired:
            yield Unreadable(source, "it has expired")
        else:
            yield _read_artifact(workflows, wanted[0], run, required, source)


def is_trusted(run: WorkflowRun, repository: str, branch: str, subject: Subject) -> bool:
    """Whether a run executed a workflow file of this repository on a branch or tag."""
    # A branch may be called like the tag: then the commit says whether it is the release's own workflow file.
    is_there = run.head_branch == branch and (branch != subject.tag or run.head_sha == subject.commit)
    return run.is_completed and is_there and run.is_from_file_of(repository)


def _read_artifact(
    workflows: Workflows, artifact: Artifact, run: WorkflowRun, required: RequiredReport, source: str
) -> CheckReport | Unreadable:
    archive = workflows.archive(artifact)
    digest = digest_of(archive)
    if artifact.digest and artifact.digest != digest:
        return Unreadable(source, f"its bytes are {digest}, and GitHub says {artifact.digest}")
    try:
        report = read_report(unpack_json(archive, LARGEST_BYTES), Origin.RUN, source)
    except (NoReport, UnreadableArchive) as error:
        return Unreadable(source, str(error))
    if report.run.id != str(run.id) or report.run.repository.lower() != workflows.repository.lower():
        return Unreadable(source, f"it says that the run {report.run.id or 'none'} made it")
    if report.name != required.report:
        return Unreadable(source, f"it is a report of {report.name}")
    return report
