"""status as a command: reports in, a page out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.commands.test_release_gate import CONFIGURATION
from tests.gate import makers

from release_actions import main
from release_actions.errors import ExitCode
from release_actions.gate import log as logs
from release_actions.gate.log import Log

Status = Callable[..., int]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with a configuration, a report and a log."""
    (tmp_path / "release.yaml").write_text(CONFIGURATION, encoding="utf-8")
    (tmp_path / "audit.json").write_bytes(makers.content())
    log = Log().append([logs.begin(makers.REPOSITORY, "", {}, "ada")], makers.NOW)
    (tmp_path / "v0.5.0.jsonl").write_bytes(log.content())
    return tmp_path


@pytest.fixture
def status(folder: Path) -> Status:
    """Run the command as a person does."""

    def run(*flags: str) -> int:
        variables = {"GITHUB_WORKSPACE": str(folder), "RELEASE_ACTIONS_NOW": makers.NOW.isoformat()}
        return main.main(["status", "v0.5.0", "--commit", makers.COMMIT, "--html", "out", *flags], variables)

    return run


def test_a_file_that_nobody_vouches_for_is_shown_as_unverified(status: Status, folder: Path) -> None:
    assert status("--reports", "audit.json") == ExitCode.PASS
    assert "unverified" in (folder / "out" / "index.html").read_text(encoding="utf-8")


def test_a_person_may_trust_the_files_that_he_fetched(status: Status, folder: Path) -> None:
    assert status("--reports", "audit.json", "--trust-files") == ExitCode.PASS
    assert "<strong>Go</strong>" in (folder / "out" / "index.html").read_text(encoding="utf-8")


def test_the_log_is_on_the_page_and_a_broken_one_is_refused(status: Status, folder: Path) -> None:
    assert status("--log", "v0.5.0.jsonl") == ExitCode.PASS
    assert 'id="log"' in (folder / "out" / "index.html").read_text(encoding="utf-8")

    (folder / "v0.5.0.jsonl").write_bytes(b"{}\n")

    assert status("--log", "v0.5.0.jsonl") == ExitCode.UNKNOWN
    assert status("--log", "nowhere.jsonl") == ExitCode.BAD_INPUT
