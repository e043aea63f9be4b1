from __future__ import annotations

import dataclasses
from pathlib import Path

from release_actions.rehearsal.job import OUTPUT_LIMIT, Job, copy_environment


def test_nothing_of_another_job_or_a_persons_token_is_let_in() -> None:
    environ = {
        "PATH": "/bin",
        "PIP_INDEX_URL": "https://index",
        "RELEASE_ACTIONS_PYTHON": "python3",
        "CI": "true",
        "GITHUB_TOKEN": "x",
        "GH_TOKEN": "x",
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x",
        "RUNNER_TEMP": "/elsewhere",
        "INPUT_TAG": "v1",
    }
    assert sorted(copy_environment(environ)) == ["PATH", "PIP_INDEX_URL", "RELEASE_ACTIONS_PYTHON"]


def test_other_jobs_get_no_output_with_a_secret_in_it(job: Job) -> None:
    passed = job.pass_on({"tag": "v1", "url": "https://x:ghs_0123456789@host", "none": ""})
    assert passed.values == {"tag": "v1"}
    assert passed.warnings == ("Skip output 'url' since it may contain secret.",)
    assert passed.errors == ()


def test_a_short_mask_erases_innocent_outputs(job: Job) -> None:
    job.masks.add("v1")
    assert job.pass_on({"tag": "v1.2.3"}).values == {}


def test_outputs_over_the_limit_are_an_error(job: Job) -> None:
    room = OUTPUT_LIMIT // 2 - len("a")
    assert job.pass_on({"a": "x" * room}).values
    passed = job.pass_on({"a": "x" * (room + 1)})
    assert passed.values == {}
    assert str(OUTPUT_LIMIT) in passed.errors[0]


def test_refs_of_a_pull_request(job: Job, tmp_path: Path) -> None:
    event = {"pull_request": {"base": {"ref": "main"}, "head": {"ref": "topic"}}}
    pull = dataclasses.replace(job, ref="refs/pull/7/merge", event_name="pull_request", event=event)
    seen = pull.variables(tmp_path)
    assert (seen["base_ref"], seen["head_ref"], seen["ref_name"], seen["ref_type"]) == (
        "main",
        "topic",
        "7/merge",
        "branch",
    )


def test_a_branch_has_a_name_with_slashes(job: Job, tmp_path: Path) -> None:
    job.ref = "refs/heads/release/v1"
    seen = job.variables(tmp_path)
    assert (seen["ref_name"], seen["ref_type"], seen["base_ref"]) == ("release/v1", "branch", "")
