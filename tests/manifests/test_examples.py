"""The workflows that users copy: each calls actions that exist, by inputs and outputs that they have."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

import manifests
from release_actions.builds.event import Build
from release_actions.builds.matrix import plan_builds
from release_actions.config import load_config
from release_actions.images import image_list
from release_actions.images.slots import list_promises, read_slots
from release_actions.rehearsal.action_file import Action, read

ROOT = Path(__file__).parents[2]
ACTIONS = {name: read(file.parent) for name, file in manifests.canonical(ROOT).items()}
EXAMPLES = sorted(ROOT.glob("examples/*.yml"))
OURS = "llm-d/release-actions"
NOW = datetime(2026, 2, 3, tzinfo=timezone.utc)


def jobs(file: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.load(file.read_text(encoding="utf-8"), yaml.CBaseLoader)["jobs"]
    return found


def steps(job: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Action | None]]:
    """Steps of a job that use an action, and which of ours it is."""
    for step in job.get("steps", []):
        path, _, _ = step.get("uses", "").partition("@")
        if path == OURS:
            yield step, ACTIONS[manifests.ROOT_ACTION]
        elif path.startswith(f"{OURS}/"):
            yield step, ACTIONS[path.removeprefix(f"{OURS}/")]
        elif path:
            yield step, None


@pytest.fixture(params=EXAMPLES, ids=lambda file: file.name)
def example(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_every_action_has_an_example_or_is_used_by_our_workflows() -> None:
    used = {action.name for file in EXAMPLES for job in jobs(file).values() for _, action in steps(job) if action}
    files = (
        ROOT / ".github" / "workflows" / name
        for name in ("build-and-publish.yml", "build-image.yml", "ci-release.yaml")
    )
    workflows = "".join(file.read_text(encoding="utf-8") for file in files)
    called = {ACTIONS[name].name for name in re.findall(r"uses: \$/(?:actions/)?([a-z-]+)\n", workflows)}
    assert used | called == {action.name for action in ACTIONS.values()}


def test_inputs_exist(example: Path) -> None:
    for job in jobs(example).values():
        for step, action in steps(job):
            if action:
                assert set(step.get("with", {})) <= {item.name for item in action.inputs}


def test_outputs_exist(example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    known = {
        (step["id"], output.name)
        for job in jobs(example).values()
        for step, action in steps(job)
        if action and "id" in step
        for output in action.outputs
    }
    ours = {step["id"] for job in jobs(example).values() for step, action in steps(job) if action and "id" in step}
    others = {step["id"] for job in jobs(example).values() for step in job.get("steps", []) if "id" in step} - ours
    read_of_ours = {
        (step, output) for step, output in re.findall(r"steps\.([\w-]+)\.outputs\.([\w-]+)", text) if step not in others
    }
    assert read_of_ours <= known
    passed_on = {(name, output) for name, job in jobs(example).items() for output in job.get("outputs", {})}
    assert set(re.findall(r"needs\.([\w-]+)\.outputs\.([\w-]+)", text)) <= passed_on


def unasked(repository: str, ref: str) -> str:
    raise AssertionError(repository, ref)


@pytest.mark.parametrize("name", ["build-matrix-pull-request.yml", "publish-images.yml"])
def test_matrix_entries_have_what_is_read_of_them(name: str) -> None:
    config = load_config(ROOT / "examples/single-image/release.yaml")
    build = Build(sha="0" * 40, pull=7)
    entry = plan_builds(config, build, ("all",), NOW, resolve=unasked).jobs[0].entry()
    text = (ROOT / "examples" / name).read_text(encoding="utf-8")
    read_of_it = set(re.findall(r"matrix\.([\w-]+) ", text))
    assert read_of_it
    assert read_of_it <= set(entry)


def test_others_are_pinned_by_commit(example: Path) -> None:
    lines = [
        line
        for line in example.read_text(encoding="utf-8").splitlines()
        if re.search(r"\buses:", line) and OURS not in line
    ]
    assert [line for line in lines if not re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)] == []


def test_a_job_has_only_the_permissions_it_names(example: Path) -> None:
    workflow = yaml.safe_load(example.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    assert [name for name, job in workflow["jobs"].items() if not job.get("permissions")] == []


CHANGES = {"contents", "id-token", "packages"}
"""Permissions to write what is released, or to speak for it."""

GATES = {"perf-gate", "promote", "protect-latest", "release-gate"}
NAMED_REPORT = re.compile(r"\S+@\$\{\{ needs\.[\w-]+\.outputs\.digest \}\}")
CACHED = {"ghcr-cleanup-candidates.yml": "clean-up"}
"""Jobs that have a cache on purpose: manifests, which are known by their digests. It decides nothing by them."""


def decides(workflow: Mapping[str, Any], job: Mapping[str, Any]) -> bool:
    """Whether a job releases or deletes something, says whether that may be, or is started by a tag."""
    changes = {name for name, level in job.get("permissions", {}).items() if level == "write"} & CHANGES
    gates = {action.name for _, action in steps(job) if action} & GATES
    return bool(changes or gates or "tags" in workflow["on"].get("push", {}))


def test_no_job_that_decides_reads_what_other_jobs_cached(example: Path) -> None:
    workflow = yaml.load(example.read_text(encoding="utf-8"), yaml.CBaseLoader)
    for name, job in workflow["jobs"].items():
        if "uses" not in job and decides(workflow, job):
            expected = None if CACHED.get(example.name) == name else "none"
            assert job.get("cache-mode") == expected, name


def test_no_checkout_leaves_the_token_behind(example: Path) -> None:
    for job in jobs(example).values():
        for step in job.get("steps", []):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] == "false"


def test_what_an_artifact_brings_is_named_by_the_digest_that_a_job_handed_on(example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    if "actions/download-artifact@" not in text:
        return
    reports = re.findall(r"reports: (.*)", text)
    assert reports
    assert [report for report in reports if not re.fullmatch(NAMED_REPORT, report)] == []


def test_the_digests_of_the_example_are_read_by_the_action_that_merges_them(tmp_path: Path) -> None:
    (script,) = (
        step["run"] for step in jobs(EXAMPLES[0].parent / "publish-images.yml")["build"]["steps"] if "run" in step
    )
    config = load_config(ROOT / "examples/single-image/release.yaml")
    plan = plan_builds(config, Build(sha="0" * 40), ("all",), NOW, resolve=lambda _repository, _ref: "1" * 40)
    outputs = tmp_path / "outputs"
    for number, job in enumerate(plan.jobs):
        entry = job.entry()
        digest = f"sha256:{number:064x}"
        given = {name.upper(): str(entry[name]) for name in ("slot", "package", "platform")} | {"DIGEST": digest}
        environ = {**given, "PATH": os.environ["PATH"], "GITHUB_OUTPUT": str(outputs), "GITHUB_RUN_ATTEMPT": "1"}
        subprocess.run(["bash", "-e", "-c", script], env=environ, check=True)
    slots = dict(line.split("=", 1) for line in outputs.read_text(encoding="utf-8").splitlines())
    images = image_list.read(json.dumps([publication.entry() for publication in plan.publications]))

    values = read_slots(json.dumps({"build": {"outputs": slots}}), list_promises(images), 1, "build-results")

    assert [value.digest for value in values] == [f"sha256:{number:064x}" for number in range(len(plan.jobs))]
