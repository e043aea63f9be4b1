"""No job that may ask for an identity runs code that somebody else can choose, in any workflow of ours or to be copied.

Whatever runs beside `id-token: write` can sign as the workflow and log in where the workflow is trusted.
"""

from __future__ import annotations

import copy
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".github" / "workflows"
FILES = sorted(
    [*HOME.iterdir(), *ROOT.glob("examples/*.yml"), *ROOT.glob("examples/*/workflows/*.yml")],
    key=lambda file: file.relative_to(ROOT).as_posix(),
)
PROGRAMS = {"cosign", "gh", "printf", "sha256sum"}
"""What such a job may start: programs of the runner image, or of an action that is pinned."""

OPENERS, CLOSERS = {"do", "then", "else", "elif", "if", "while", "until", "!", "{"}, {"done", "fi", "}"}


def read(file: Path) -> dict[str, Any]:
    """A workflow, its key `on` as text."""
    found: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), yaml.CBaseLoader)
    return found


def can_sign(workflow: Mapping[str, Any], job: Mapping[str, Any]) -> bool:
    """Whether the job's own token may ask for an identity. Without permissions of its own it has the workflow's."""
    permissions = job.get("permissions", workflow.get("permissions", "write-all"))
    if isinstance(permissions, str):
        return permissions == "write-all"
    return bool(permissions.get("id-token") == "write")


def list_programs(script: str) -> Iterator[str]:
    """The first word of every command of a script."""
    lines = script.replace("\\\n", " ").replace("\n", "\n;\n")
    is_first = True
    for word in shlex.shlex(lines, posix=True, punctuation_chars=True):
        if set(word) <= set(";&|()"):
            is_first = True
        elif is_first and word not in OPENERS | CLOSERS and not re.fullmatch(r"\w+=.*", word):
            is_first = False
            if word != "for":
                yield word


def list_script_faults(step: Mapping[str, Any]) -> Iterator[str]:
    script = step["run"]
    if step.get("shell", "bash") not in {"sh", "bash"}:
        yield f"is a program for {step['shell']}"
    if re.search(r"\$\(|`|<\(|\$\{\{", script):
        yield "has a command or an expression inside a command"
    yield from (f"starts {program}" for program in list_programs(script) if program not in PROGRAMS)


def list_action_faults(address: str, given: Mapping[str, Any], *, is_called: bool) -> Iterator[str]:
    name, _, ref = address.partition("@")
    if name.startswith("./"):
        yield "is an action of the checkout"
    elif name.startswith("$/"):
        # In a workflow that others call this is a pinned commit of this suite. In the suite's own it is the project.
        if not is_called:
            yield "is an action of the repository that is released"
    elif not re.fullmatch(r"[0-9a-f]{40}", ref):
        yield "is not pinned by commit"
    if name.startswith(("actions/checkout", "actions/cache")):
        yield "brings files of the project"
    if name.startswith("actions/attest") and "subject-path" in given:
        yield "attests files, not digests that a job handed on"


def list_faults(workflow: Mapping[str, Any]) -> list[str]:
    """JOB, STEP: what is wrong with it, for each job that can sign."""
    is_called = "workflow_call" in workflow["on"]
    faults: list[str] = []
    for job_name, job in workflow["jobs"].items():
        # A job that calls a workflow starts nothing itself: that workflow is read by itself.
        if "uses" in job or not can_sign(workflow, job):
            continue
        faults += [f"{job_name}: has the key {key}" for key in ("container", "services", "defaults") if key in job]
        if job.get("cache-mode") != "none":
            faults.append(f"{job_name}: may read what other jobs cached")
        for step in job["steps"]:
            wrong = (
                list_script_faults(step)
                if "run" in step
                else list_action_faults(step["uses"], step.get("with", {}), is_called=is_called)
            )
            faults += [f"{job_name}, {step.get('name', step.get('uses'))}: {fault}" for fault in wrong]
    return faults


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_no_job_that_runs_code_of_the_project_can_sign(file: Path) -> None:
    assert list_faults(read(file)) == []


def test_the_jobs_that_sign_are_these() -> None:
    signing = {
        (file.name, name)
        for file in FILES
        for workflow in [read(file)]
        for name, job in workflow["jobs"].items()
        if "uses" not in job and can_sign(workflow, job)
    }
    assert signing == {
        ("build-and-publish.yml", "sign"),
        ("pages.yml", "publish"),  # GitHub Pages takes the token; no key of images or of the package trusts the file
        ("publish.yml", "attest"),
        ("publish.yml", "pypi"),
    }


Job = dict[str, Any]


def add(step: Mapping[str, Any]) -> Callable[[Job], None]:
    return lambda job: job["steps"].append(step)


def put(key: str, value: Any) -> Callable[[Job], None]:
    return lambda job: job.update({key: value})


PINNED = "0" * 40
FAULTS = {
    "a checkout": (add({"uses": f"actions/checkout@{PINNED}"}), "brings files of the project"),
    "a cache": (add({"uses": f"actions/cache/restore@{PINNED}"}), "brings files of the project"),
    "an action of the checkout": (add({"uses": "./validate-tag"}), "is an action of the checkout"),
    "an action of the suite": (add({"uses": "$/validate-tag"}), "is an action of the repository that is released"),
    "an action by its tag": (add({"uses": "actions/attest@v4"}), "is not pinned by commit"),
    "files": (add({"uses": f"actions/attest@{PINNED}", "with": {"subject-path": "dist/*"}}), "attests files, not"),
    "a script of the project": (add({"run": "./release-actions test"}), "starts ./release-actions"),
    "an interpreter": (add({"run": "gh --version && python3 scripts/package.py"}), "starts python3"),
    "an installation": (add({"run": "if true; then\n  pip install x\nfi"}), "starts true"),
    "a pipe": (add({"run": "gh api x | sh"}), "starts sh"),
    "a variable's program": (add({"run": "for file in *; do\n  $file\ndone"}), "starts $"),
    "a command inside": (add({"run": 'printf "$(make)"'}), "inside a command"),
    "an expression": (add({"run": "printf ${{ github.head_ref }}"}), "inside a command"),
    "another shell": (add({"run": "print()", "shell": "python"}), "is a program for python"),
    "a container": (put("container", "alpine"), "has the key container"),
    "no cache-mode": (lambda job: job.pop("cache-mode"), "may read what other jobs cached"),
    "permissions of the workflow": (lambda job: job.update(steps=[{"run": "make"}]) or job.pop("permissions"), "make"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_reported(name: str) -> None:
    workflow = copy.deepcopy(read(HOME / "publish.yml"))
    plant, words = FAULTS[name]
    workflow["permissions"] = {"id-token": "write"}
    plant(workflow["jobs"]["pypi"])

    faults = [fault for fault in list_faults(workflow) if fault.startswith("pypi")]

    assert any(words in fault for fault in faults), faults
