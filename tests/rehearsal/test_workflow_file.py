"""A workflow is read whole or refused: what a rehearsal cannot follow it must not play."""

from __future__ import annotations

from pathlib import Path

import pytest

from release_actions.errors import ConfigurationError
from release_actions.rehearsal import workflow_file
from release_actions.rehearsal.workflow_file import expand_matrix
from release_actions.rehearsal.workflow_run import WORKFLOWS, resolve_inputs, status_of
from release_actions.runner.expressions import Scope

WORKFLOW = """\
on:
  workflow_call:
    inputs:
      published: {type: boolean, default: false}
      minutes: {type: number, default: 30}
      config: {type: string, default: release.yaml}
    outputs:
      done: {value: "${{ jobs.b.result }}"}
jobs:
  b:
    needs: a
    if: ${{ !cancelled() && inputs.published }}
    runs-on: ubuntu-24.04
    steps:
      - run: "true"
  a:
    runs-on: ubuntu-24.04
    strategy: {matrix: {include: "${{ fromJSON(inputs.config) }}"}}
    steps: []
"""


def read(folder: Path, text: str = WORKFLOW) -> workflow_file.Workflow:
    file = folder / "workflow.yml"
    file.write_text(text)
    return workflow_file.read(file)


def test_jobs_come_after_those_they_need(tmp_path: Path) -> None:
    workflow = read(tmp_path)
    assert [job.id for job in workflow.in_order()] == ["a", "b"]
    assert workflow.ancestors(workflow.jobs["b"]) == {"a"}


def test_inputs_have_their_types_and_defaults(tmp_path: Path) -> None:
    workflow = read(tmp_path)
    assert resolve_inputs(workflow, {}) == {"published": False, "minutes": 30.0, "config": "release.yaml"}
    assert resolve_inputs(workflow, {"published": "true", "minutes": 5})["published"] is True


def test_an_input_that_the_workflow_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"workflow\.yml has no input 'publish'\."):
        resolve_inputs(read(tmp_path), {"publish": True})


def test_a_matrix_has_a_leg_for_each_entry(tmp_path: Path) -> None:
    job = read(tmp_path).jobs["a"]
    scope = Scope({"inputs": {"config": '[{"name": "x"}, {"name": "y"}]'}})
    assert expand_matrix(job.matrix, scope) == [{"name": "x"}, {"name": "y"}]


@pytest.mark.parametrize(
    ("results", "status"),
    [
        (["success"], "success"),
        (["success", "skipped"], "skipped"),
        (["skipped", "failure"], "failure"),
        ([], "success"),
    ],
)
def test_a_job_after_a_skipped_one_is_neither_after_success_nor_failure(results: list[str], status: str) -> None:
    assert status_of(results) == status  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("    runs-on: ubuntu-24.04\n    steps:", "    services: {}\n    steps:", "The job 'b' has the key 'services'"),
        ('- run: "true"', '- {run: "true", working-directory: x}', "A step of the job 'b' has the key 'working-dir"),
        ("needs: a", "needs: b", "The jobs b need each other"),
        ("matrix: {include:", "matrix: {name: [x], include:", "The matrix of the job 'a' has other keys"),
        ("workflow_call", "push", "It cannot be called"),
        ("!cancelled()", "!cancelled(", "cannot be evaluated"),
        ("jobs:", "jobs: [", "The workflow is not YAML"),
    ],
)
def test_what_cannot_be_followed_is_refused(tmp_path: Path, right: str, wrong: str, message: str) -> None:
    assert WORKFLOW.count(right) >= 1
    with pytest.raises(ConfigurationError, match=message.replace("(", r"\(")):
        list(read(tmp_path, WORKFLOW.replace(right, wrong, 1)).in_order())


def test_our_own_workflows_can_be_followed() -> None:
    names = ("ci-release.yaml", "build-image.yml", "nightly-build-image.yml", "build-and-publish.yml")
    assert all(list(workflow_file.read(WORKFLOWS / name).in_order()) for name in names)
