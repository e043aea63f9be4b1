"""build-matrix and the front door: what an event builds, as outputs, summary and log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from release_actions import main
from release_actions.errors import ExitCode

SHA = "0123456789abcdef0123456789abcdef01234567"
HEAD = "fedcba9876543210fedcba9876543210fedcba98"

CONFIG = """\
repository: acme/app
channels:
  dev: {name: "{image}-dev"}
images:
  web: {platforms: [linux/amd64, linux/arm64]}
  cli: {platforms: [linux/amd64], channels: {dev: false}}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "release.yaml").write_text(CONFIG)
    return tmp_path


def run(
    workspace: Path, capsys: pytest.CaptureFixture[str], command: str, *flags: str, event: object = None, **environ: str
) -> tuple[int, dict[str, Any], str]:
    """Run a command with --json. Returns exit code, outputs and log."""
    if event is not None:
        (workspace / "event.json").write_text(json.dumps(event))
        environ["GITHUB_EVENT_PATH"] = str(workspace / "event.json")
    code = main.main([command, "--json", *flags], {"GITHUB_WORKSPACE": str(workspace), "GITHUB_SHA": SHA, **environ})
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


def tags(outputs: dict[str, Any]) -> dict[str, list[str]]:
    return {entry["package"]: entry["tags"] for entry in outputs["merge-matrix"]["include"]}


@pytest.mark.parametrize(
    ("environ", "event"),
    [
        ({"GITHUB_REF": "refs/tags/v1.2.0", "GITHUB_EVENT_NAME": "push"}, {}),
        ({"GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_NAME": "release"}, {"release": {"tag_name": "v1.2.0"}}),
        ({"INPUT_TAG": "refs/tags/v1.2.0", "GITHUB_REF": "refs/heads/main"}, {}),
    ],
)
def test_a_tag_builds_the_release_channel(
    workspace: Path, capsys: pytest.CaptureFixture[str], environ: dict[str, str], event: object
) -> None:
    code, outputs, log = run(workspace, capsys, "build-matrix", event=event, **environ)
    assert code == ExitCode.PASS
    assert tags(outputs) == {"ghcr.io/acme/web": ["v1.2.0"], "ghcr.io/acme/cli": ["v1.2.0"]}
    assert (outputs["channel"], outputs["any"], outputs["built"]) == ("release", True, {"web": True, "cli": True})
    assert [entry["platform"] for entry in outputs["matrix"]["include"]] == [
        "linux/amd64",
        "linux/arm64",
        "linux/amd64",
    ]
    assert log.splitlines()[-1] == "2 images of the channel release in 3 build jobs."


@pytest.mark.parametrize(
    ("environ", "event", "expected"),
    [
        (
            {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/12/merge"},
            {"pull_request": {"number": 12, "head": {"sha": HEAD}}, "repository": {"default_branch": "main"}},
            ["sha-fedcba9", "pr-12"],
        ),
        (
            # The ref of this event is the base's: a pull request from a fork must never count as the default branch.
            {"GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_REF": "refs/heads/main"},
            {"pull_request": {"number": 7, "head": {"sha": HEAD}}, "repository": {"default_branch": "main"}},
            ["sha-fedcba9", "pr-7"],
        ),
        (
            {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"},
            {"repository": {"default_branch": "main"}},
            ["sha-0123456", "latest"],
        ),
        (
            {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/release-1.2"},
            {"repository": {"default_branch": "main"}},
            ["sha-0123456"],
        ),
        (
            {"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_REF": "refs/heads/main"},
            {},
            ["sha-0123456"],
        ),
        (
            # Its payload has no repository, and it always runs on the default branch.
            {"GITHUB_EVENT_NAME": "schedule", "GITHUB_REF": "refs/heads/main"},
            {"schedule": "0 23 * * *"},
            ["sha-0123456", "nightly-20260203", "latest"],
        ),
    ],
)
def test_other_events_build_the_dev_channel(
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
    environ: dict[str, str],
    event: object,
    expected: list[str],
) -> None:
    environ["RELEASE_ACTIONS_NOW"] = "2026-02-03T23:00:00Z"
    code, outputs, log = run(workspace, capsys, "build-matrix", event=event, **environ)
    assert code == ExitCode.PASS
    assert tags(outputs) == {"ghcr.io/acme/web-dev": expected}
    assert outputs["built"] == {"web": True, "cli": False}
    assert "cli is not built: it is not published in the channel dev." in log


def test_the_summary_says_what_is_built_and_what_is_not(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = workspace / "summary.md"
    run(
        workspace,
        capsys,
        "build-matrix",
        "--images",
        "web",
        GITHUB_REF="refs/tags/v1.2.0",
        GITHUB_STEP_SUMMARY=str(summary),
    )
    assert summary.read_text() == (
        "## 1 image of the tag `v1.2.0`\n\n"
        "| Package | Tags | Platforms |\n| --- | --- | --- |\n"
        "| `ghcr.io/acme/web` | `v1.2.0` | `linux/amd64 on ubuntu-24.04`, `linux/arm64 on ubuntu-24.04-arm` |\n\n"
        "- `cli` is not built: it was not selected.\n\n"
    )


def test_a_missing_configuration_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["build-matrix", "--workspace", str(tmp_path), "--tag", "v1.0.0"], {}) == ExitCode.BAD_INPUT
    out = capsys.readouterr().out
    assert "release.yaml" in out
    assert "Check out the repository first, or say where the file is with 'config'." in out


def test_the_front_door_says_what_a_tag_will_release(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--tag", "v1.2.0-rc.1", "--existing-tags", "v1.1.0, v1")
    code, outputs, log = run(workspace, capsys, "release-plan", *flags)
    assert code == ExitCode.PASS
    assert (outputs["kind"], outputs["channel"], outputs["floating-tags"]) == ("candidate", "release", [])
    assert tags(outputs)["ghcr.io/acme/web"] == ["v1.2.0-rc.1"]
    assert log.splitlines()[-1].startswith("v1.2.0-rc.1 is a release candidate: it moves no floating tag")


def test_the_front_door_plans_nothing_for_a_refused_tag(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--tag", "v1.0.0", "--existing-tags", "v1.0.1")
    code, outputs, log = run(workspace, capsys, "release-plan", *flags)
    assert code == ExitCode.REFUSED
    assert outputs == {}
    assert "v1.0.0 is below v1.0.1, the highest release of 1.0." in log
