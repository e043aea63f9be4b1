"""release-tracker in mode calendar: a schedule against git, milestones and tracking issues."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.tracker.boards import NOW, REPOSITORY, TOKEN, issue, make_world

from release_actions import main
from release_actions.errors import ConfigurationError, ExitCode, InputError
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator

SCHEDULE = "releases:\n  v0.5.0: {target: 2026-03-02}\n  v0.6.0: {target: 2026-03-17}\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the release v0.5.0, a schedule and a document."""
    (tmp_path / "schedule.yaml").write_text(SCHEDULE)
    (tmp_path / "RELEASE.md").write_text("<<<<<<< HEAD\n")
    (tmp_path / "picture.md").write_bytes(b"\xff")
    environ = {"GIT_COMMITTER_DATE": "2026-03-03T09:00:00Z", "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all"], ["tag", "v0.5.0"], ["tag", "other"]):
        command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-C", str(tmp_path), *words]
        subprocess.run(command, check=True, env=environ)
    return tmp_path


def read_calendar(folder: Path, **given: str) -> Report:
    environ = {
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_WORKSPACE": str(folder),
        "RELEASE_ACTIONS_NOW": NOW,
        "INPUT_MODE": "calendar",
        "INPUT_SCHEDULE": "schedule.yaml",
        **{f"INPUT_{name.upper()}": text for name, text in given.items()},
    }
    tracker = issue(1, "v0.6 Goals", body="Target: 2026-03-18\n")
    with Simulator(make_world([tracker])) as simulator:
        return main.main_inner(["release-tracker"], {**environ, "GITHUB_API_URL": simulator.api_url}, Workflow({}))


def test_the_calendar_warns_and_never_fails(checkout: Path) -> None:
    report = read_calendar(checkout, token=TOKEN, issues="1", report="calendar.json", ics="releases.ics")

    assert (report.exit_code, report.outputs["verdict"], report.outputs["requests"]) == (ExitCode.PASS, "warn", 2)
    assert {finding.rule: finding.problem.message for finding in report.findings} == {
        "late": "Target of v0.6.0 was planned for 2026-03-17 and is 3 days late.",
        "dates-disagree": "llm-d/llm-d#1, line 1 has the target of v0.6.0 on 2026-03-18, the schedule says 2026-03-17.",
        "conflict-marker": "RELEASE.md, line 1 has a conflict marker.",
    }
    dates: Any = json.loads((checkout / "calendar.json").read_text())["dates"]
    assert [(each["tag"], each["days"], each["done"]) for each in dates] == [
        ("v0.5.0", -18, True),
        ("v0.6.0", -3, False),
    ]
    assert (checkout / "releases.ics").read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")


def test_without_a_token_git_alone_is_compared(checkout: Path) -> None:
    report = read_calendar(checkout)

    assert report.outputs["requests"] == 0
    assert {finding.rule for finding in report.findings} == {"late", "conflict-marker"}


def test_a_schedule_with_a_conflict_is_refused_with_its_line(checkout: Path) -> None:
    (checkout / "schedule.yaml").write_text(f"<<<<<<< HEAD\n{SCHEDULE}")

    with pytest.raises(ConfigurationError) as caught:
        read_calendar(checkout)

    assert str(caught.value) == "schedule.yaml:1:1: There is a conflict marker. Finish the merge."


def test_a_calendar_without_dates_is_no_calendar(checkout: Path) -> None:
    with pytest.raises(InputError, match="There is no schedule"):
        read_calendar(checkout, schedule="")
