"""Reports that other workflows made: only what the named workflow file made, on the named branch, counts."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
import requests
from tests.gate import makers
from tests.performance.workflows import archive

from release_actions.config.gate import RequiredReport
from release_actions.gate.deciding import Subject
from release_actions.gate.reports import Origin
from release_actions.gate.runs import Fetched, fetch_reports
from release_actions.github.workflow_runs import Workflows
from release_actions.http.client import Http
from release_actions.simulator import InProcess, World
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.actions import RunArtifact, Workflow, WorkflowRun
from release_actions.simulator.git import Target
from release_actions.simulator.oci import digest_of
from release_actions.simulator.repositories import Repository

JOB = "ghs_job_of_acme_web"
FROM_MAIN = RequiredReport(report="branch-audit", workflow="audit.yml", ref="main")
FROM_TAG = RequiredReport(report="branch-audit", workflow="audit.yml")


def damaged() -> bytes:
    """An archive whose compressed bytes are wrong."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("report.json", makers.content())
    content = bytearray(packed.getvalue())
    # The file begins behind its header of 30 bytes and its name (APPNOTE.TXT, section 4.3.7).
    start = 30 + len("report.json")
    content[start : start + 8] = b"\xff" * 8
    return bytes(content)


class Forge:
    """A repository with a workflow whose runs a test writes down."""

    def __init__(self) -> None:
        self.world = World()
        self.world.add_account("eve")
        self.world.add_account("acme", organization=True, members={})
        self.repository = self._add_repository(makers.REPOSITORY)
        self._add_repository("eve/web")
        self.commit = self.repository.git.refs["refs/heads/main"].sha
        number = self.world.next_id("workflow")
        self.workflow = Workflow(number, "audit.yml", "Audit", self.world.now())
        self.repository.workflows = {number: self.workflow}
        permissions = {"actions": "read"}
        self.world.add_token(JOB, TokenKind.ACTIONS, repository=makers.REPOSITORY, permissions=permissions)

    def _add_repository(self, name: str) -> Repository:
        repository = self.world.add_repository(name)
        commit = repository.git.commit("First", self.world.now(), author="eve")
        repository.git.refs["refs/heads/main"] = Target(commit.sha, "commit")
        return repository

    def add_run(self, *, ref: str = "main", event: str = "schedule", fork: str = "", days_ago: int = 0) -> WorkflowRun:
        """A run that has ended."""
        run = WorkflowRun(
            id=self.world.next_id("run"),
            number=1,
            workflow=self.workflow,
            ref=ref,
            sha=self.commit,
            actor="eve",
            inputs={},
            created=self.world.now() - timedelta(days=days_ago, hours=1),
            event=event,
            fork=fork,
        )
        self.repository.runs[run.id] = run
        return run

    def upload(self, run: WorkflowRun, content: bytes, name: str = "branch-audit") -> RunArtifact:
        """An artifact of a run."""
        digest = digest_of(content)
        self.world.blobs[digest] = content
        artifact = RunArtifact(self.world.next_id("artifact"), name, digest, len(content))
        run.artifacts[artifact.id] = artifact
        return artifact

    def report_of(self, run: WorkflowRun, **more: Any) -> bytes:
        """The archive of a report that names its run."""
        given = {"commit": self.commit, "run": {**makers.RUN, "id": str(run.id)}, **more}
        return archive({"report.json": json.dumps(makers.document(**given)).encode()})

    def fetch(self, required: RequiredReport = FROM_MAIN) -> Fetched:
        """What the gate gets."""
        simulator = InProcess(self.world, sleep=lambda _seconds: None)
        session = requests.Session()
        simulator.mount(session)
        subject = Subject(makers.TAG, self.commit, frozenset(), self.world.now())
        with Http(session=session, sleep=self.world.clock.advance) as http:
            workflows = Workflows(http, simulator.api_url, makers.REPOSITORY, token=JOB)
            return fetch_reports(workflows, (required,), subject)


@pytest.fixture
def forge() -> Forge:
    return Forge()


def test_the_report_of_a_run_on_the_named_branch_counts_as_that_workflows(forge: Forge) -> None:
    run = forge.add_run()
    forge.upload(run, forge.report_of(run))

    fetched = forge.fetch()

    assert [(report.name, report.origin) for report in fetched.reports] == [("branch-audit", Origin.RUN)]
    assert fetched.unreadable == ()


@pytest.mark.parametrize(
    "given",
    [
        {"ref": "eves-branch"},
        {"event": "pull_request", "fork": "eve/web"},
        {"event": "pull_request"},
        {"event": "pull_request_target"},
        {"event": "workflow_run"},
        {"fork": "eve/web"},
    ],
)
def test_a_run_of_a_workflow_file_that_others_wrote_does_not_count(forge: Forge, given: dict[str, Any]) -> None:
    run = forge.add_run(**given)
    forge.upload(run, forge.report_of(run))

    assert forge.fetch() == Fetched((), ())


def test_a_branch_that_is_called_like_the_tag_does_not_count_with_another_commit(forge: Forge) -> None:
    run = forge.add_run(ref=makers.TAG, event="push")
    forge.upload(run, forge.report_of(run))
    own = forge.fetch(FROM_TAG)
    run.sha = forge.repository.git.commit("Second", forge.world.now(), author="eve").sha

    assert len(own.reports) == 1
    assert forge.fetch(FROM_TAG) == Fetched((), ())


def test_a_run_that_goes_on_is_not_read(forge: Forge) -> None:
    run = forge.add_run()
    forge.upload(run, forge.report_of(run))
    run.created = forge.world.now()

    assert forge.fetch() == Fetched((), ())


def test_the_newest_run_about_this_commit_is_taken(forge: Forge) -> None:
    for days, verdict in ((3, "fail"), (2, "pass")):
        run = forge.add_run(days_ago=days)
        forge.upload(run, forge.report_of(run, verdict=verdict))
    newest = forge.add_run()
    forge.upload(newest, forge.report_of(newest, commit=makers.OTHER_COMMIT))

    reports = forge.fetch().reports

    assert [report.commit for report in reports] == [makers.OTHER_COMMIT, forge.commit]
    assert reports[-1].verdict.value == "pass"


def test_two_artifacts_of_one_name_are_no_report(forge: Forge) -> None:
    run = forge.add_run()
    forge.upload(run, forge.report_of(run))
    forge.upload(run, forge.report_of(run, verdict="warn"))

    assert [item.why for item in forge.fetch().unreadable] == ["the run has two artifacts of that name"]


def test_an_artifact_whose_bytes_are_not_what_github_says_is_no_report(forge: Forge) -> None:
    run = forge.add_run()
    artifact = forge.upload(run, forge.report_of(run))
    forge.world.blobs[artifact.digest] = forge.report_of(run, verdict="warn")

    fetched = forge.fetch()

    assert fetched.reports == ()
    assert "and GitHub says" in fetched.unreadable[0].why


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK no archive", "it is no archive that can be read"),
        (damaged(), "it is no archive that can be read"),
        (archive({}), "it holds 0 JSON files, not one"),
        (archive({"a.json": b"{}", "b.json": b"{}"}), "it holds 2 JSON files, not one"),
        (archive({"a.json": b" " * (17 * 1024 * 1024)}), "it is larger than 16 MiB"),
        (archive({"a.json": makers.content()}), "it says that the run 77 made it"),
    ],
)
def test_an_archive_that_holds_something_else_is_no_report(forge: Forge, content: bytes, why: str) -> None:
    forge.upload(forge.add_run(), content)

    fetched = forge.fetch()

    assert fetched.reports == ()
    assert why in fetched.unreadable[0].why


def test_a_report_of_another_check_under_the_name_is_no_report(forge: Forge) -> None:
    run = forge.add_run()
    forge.upload(run, forge.report_of(run, report="version-audit"))

    assert [item.why for item in forge.fetch().unreadable] == ["it is a report of version-audit"]


def test_an_expired_artifact_is_named(forge: Forge) -> None:
    run = forge.add_run()
    forge.upload(run, forge.report_of(run)).is_expired = True

    assert [item.why for item in forge.fetch().unreadable] == ["it has expired"]


def test_a_workflow_that_is_not_there_has_no_reports(forge: Forge) -> None:
    assert forge.fetch(RequiredReport(report="branch-audit", workflow="other.yml")) == Fetched((), ())
