from __future__ import annotations

from typing import Any

import pytest
from tests.performance.workflows import ADA, EVE, JOB, OTHER, OWN, READING_JOB, new_world
from tests.simulator.callers import Caller

from release_actions.simulator import World

WORKFLOW = f"/repos/{OWN}/actions/workflows/benchmark.yml"


@pytest.fixture
def world() -> World:
    return new_world()


def start(call: Caller, token: str | None = ADA, path: str = WORKFLOW, **body: Any) -> Any:
    sent = {"ref": "main", "inputs": {"commit": "abc", "run-key": "k1"}, **body}
    return call.rest("POST", f"{path}/dispatches", token, json=sent)


def newest(call: Caller) -> dict[str, Any]:
    found: dict[str, Any] = call.rest("GET", f"{WORKFLOW}/runs", ADA).json()["workflow_runs"][0]
    return found


def test_a_workflow_is_found_by_its_file_and_its_id(call: Caller) -> None:
    by_file = call.rest("GET", WORKFLOW, ADA).json()

    assert (by_file["state"], by_file["path"]) == ("active", ".github/workflows/benchmark.yml")
    assert call.rest("GET", f"/repos/{OWN}/actions/workflows/{by_file['id']}", ADA).json() == by_file
    assert call.rest("GET", f"/repos/{OWN}/actions/workflows/other.yml", ADA).status_code == 404


def test_starting_answers_nothing_unless_details_are_asked_for(call: Caller) -> None:
    assert start(call).status_code == 204
    answer = start(call, return_run_details=True)

    assert answer.status_code == 200
    assert answer.json()["workflow_run_id"] == newest(call)["id"]


def test_a_run_goes_through_its_states_with_the_clock(call: Caller, world: World) -> None:
    start(call)
    seen = []
    for _ in range(3):
        run = newest(call)
        seen.append((run["status"], run["conclusion"]))
        world.clock.advance(160)

    assert seen == [("queued", None), ("in_progress", None), ("completed", "success")]
    assert newest(call)["display_title"] == "Benchmark k1"


def test_artifacts_are_there_at_the_end_and_come_from_storage(call: Caller, world: World) -> None:
    start(call)
    path = f"/repos/{OWN}/actions/runs/{newest(call)['id']}/artifacts"
    assert call.rest("GET", path, ADA).json() == {"total_count": 0, "artifacts": []}
    world.clock.advance(1000)

    artifacts = call.rest("GET", path, ADA).json()["artifacts"]

    assert [artifact["name"] for artifact in artifacts] == ["performance-h100", "logs"]
    zipped = f"/repos/{OWN}/actions/artifacts/{artifacts[0]['id']}/zip"
    assert call.rest("GET", zipped, None).status_code == 401
    answer = call.rest("GET", zipped, ADA, allow_redirects=False)
    assert answer.status_code == 302
    assert call.session.get(answer.headers["Location"]).content.startswith(b"PK")


def test_what_github_refuses_is_refused(call: Caller, world: World) -> None:
    assert start(call, ref="nowhere").json()["message"] == "No ref found for: nowhere"
    assert start(call, inputs={"speed": "9"}).json()["message"] == 'Unexpected inputs provided: ["speed"]'
    (workflow,) = world.repositories[OWN].workflows.values()
    workflow.state = "disabled_manually"
    assert start(call).status_code == 422
    workflow.state, workflow.inputs = "active", None
    assert start(call).json()["message"] == "Workflow does not have 'workflow_dispatch' trigger"


@pytest.mark.parametrize(("token", "status"), [(JOB, 204), (READING_JOB, 403), (EVE, 404), (None, 401)])
def test_starting_needs_actions_write(call: Caller, token: str | None, status: int) -> None:
    assert start(call, token).status_code == status


def test_a_jobs_token_starts_nothing_in_another_repository(call: Caller) -> None:
    assert start(call, JOB, f"/repos/{OTHER}/actions/workflows/benchmark.yml").status_code == 403


def test_a_person_is_told_what_they_may_do(call: Caller) -> None:
    assert call.rest("GET", f"/repos/{OWN}", ADA).json()["permissions"]["push"] is True
    assert call.rest("GET", f"/repos/{OWN}", EVE).json()["permissions"]["push"] is False
    assert "permissions" not in call.rest("GET", f"/repos/{OWN}", JOB).json()
