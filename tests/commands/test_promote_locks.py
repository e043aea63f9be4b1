"""promote by a lock that another run kept: only the candidate's own run counts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.commands.promoting import CANDIDATE, COMMIT, FINAL, Stage
from tests.commands.published import OTHER
from tests.commands.published import world as make_world
from tests.commands.test_promote import lock, stage
from tests.performance.workflows import archive

from release_actions.errors import ActionError, ExitCode, InputError, PolicyError
from release_actions.registry.names import digest_of
from release_actions.simulator import World
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.actions import RunArtifact, Workflow, WorkflowRun
from release_actions.simulator.repositories import Repository

__all__ = ["lock", "stage"]

JOB = "ghs_job_that_reads_runs"
PERMISSIONS = {"contents": "read", "packages": "write", "actions": "read"}
HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def repository(world: World) -> Repository:
    world.add_account("ada")
    world.add_token(JOB, TokenKind.ACTIONS, repository="acme/app", permissions=PERMISSIONS)
    repository = world.repository("acme/app")
    assert repository is not None
    for sha in (COMMIT, OTHER):
        commit = repository.git.commit(sha, world.now())
        repository.git.commits[sha] = replace(commit, sha=sha)
    world.add_account("mallory")
    world.add_repository("mallory/app")
    return repository


@pytest.fixture
def run(world: World, repository: Repository, lock: dict[str, Any]) -> WorkflowRun:
    """The candidate's own run, which keeps the lock as its artifact."""
    workflow = Workflow(world.next_id("workflow"), "release.yml", "Release", world.now())
    run = WorkflowRun(world.next_id("run"), 1, workflow, CANDIDATE, COMMIT, "ada", {}, world.now() - HOUR, event="push")
    repository.workflows = {workflow.id: workflow}
    repository.runs[run.id] = run
    keep(world, run, json.dumps(lock).encode())
    return run


def keep(world: World, run: WorkflowRun, content: bytes) -> RunArtifact:
    packed = archive({"images.lock.json": content})
    digest = digest_of(packed)
    world.blobs[digest] = packed
    artifact = RunArtifact(world.next_id("artifact"), "images-lock", digest, len(packed))
    run.artifacts[artifact.id] = artifact
    return artifact


def promote(stage: Stage, run: WorkflowRun) -> Any:
    return stage.promote(**{"from": ""}, lock_run=str(run.id), token=JOB)


def test_the_lock_of_the_candidates_own_run_counts(stage: Stage, run: WorkflowRun) -> None:
    report = promote(stage, run)

    assert (report.exit_code, report.outputs["candidate"]) == (ExitCode.PASS, CANDIDATE)
    assert stage.names(FINAL) == stage.names(CANDIDATE)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ref", "v1.0.0-rc.2", f"is a run of v1.0.0-rc.2, and its lock is about {CANDIDATE}"),
        ("sha", OTHER, f"is of the commit {OTHER}"),
        ("event", "pull_request", "is not one of acme/app itself"),
        ("event", "workflow_run", "is not one of acme/app itself"),
        ("fork", "mallory/app", "is not one of acme/app itself"),
    ],
)
def test_the_lock_of_another_run_is_refused(stage: Stage, run: WorkflowRun, name: str, value: str, words: str) -> None:
    setattr(run, name, value)

    with pytest.raises(PolicyError, match=words):
        promote(stage, run)

    assert stage.names(FINAL) == ["", ""]


def test_the_lock_of_a_run_that_failed_is_refused(stage: Stage, run: WorkflowRun) -> None:
    run.workflow.conclusion = "failure"

    with pytest.raises(PolicyError, match="ended with failure"):
        promote(stage, run)


def test_a_run_with_two_locks_has_none(stage: Stage, run: WorkflowRun, world: World) -> None:
    keep(world, run, b"{}")

    with pytest.raises(PolicyError, match="is there 2 times"):
        promote(stage, run)


def test_a_lock_that_has_expired_is_refused(stage: Stage, run: WorkflowRun) -> None:
    (artifact,) = run.artifacts.values()
    artifact.is_expired = True

    with pytest.raises(PolicyError, match="has expired"):
        promote(stage, run)


@pytest.mark.parametrize("content", [b"no archive", archive({"a.json": b"1", "b.json": b"2"})], ids=["none", "two"])
def test_an_artifact_without_one_lock_is_not_known(
    stage: Stage, run: WorkflowRun, world: World, content: bytes
) -> None:
    (artifact,) = run.artifacts.values()
    artifact.digest = digest_of(content)
    world.blobs[artifact.digest] = content

    with pytest.raises(ActionError) as raised:
        promote(stage, run)

    assert raised.value.exit_code is ExitCode.UNKNOWN


def test_an_archive_that_is_not_what_github_lists_is_not_known(stage: Stage, run: WorkflowRun, world: World) -> None:
    (artifact,) = run.artifacts.values()
    world.blobs[artifact.digest] = archive({"images.lock.json": b"{}"})

    with pytest.raises(ActionError, match="and GitHub says") as raised:
        promote(stage, run)

    assert raised.value.exit_code is ExitCode.UNKNOWN


def test_a_run_that_does_not_exist_is_not_known(stage: Stage, repository: Repository) -> None:
    with pytest.raises(ActionError) as raised:
        stage.promote(**{"from": ""}, lock_run="123456", token=JOB)

    assert repository.runs == {}
    assert raised.value.exit_code is ExitCode.UNKNOWN


@pytest.mark.parametrize(("number", "more"), [("latest", {}), ("1", {"from": CANDIDATE})])
def test_a_run_is_named_by_its_number_alone(stage: Stage, number: str, more: dict[str, str]) -> None:
    with pytest.raises(InputError, match="lock-run"):
        stage.promote(**{"from": "", **more}, lock_run=number)
