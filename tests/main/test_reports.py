"""What an action says becomes a report for the gate, also where the action refuses or could not find out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from release_actions import main
from release_actions.errors import ExitCode
from release_actions.gate.reports import CheckReport, Origin, read_report
from release_actions.runner.envelope import Verdict
from release_actions.runner.report import Report

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "schema/report.schema.json").read_text(encoding="utf-8"))
COMMIT = "a" * 40
CONFIGURATION = """\
repository: acme/web
registry: ghcr.io
images:
  web:
    context: .
    dockerfile: Dockerfile
    platforms: [linux/amd64]
"""


def judge(folder: Path, tag: str, **environ: str) -> tuple[int, CheckReport, dict[str, Any]]:
    """Run validate-tag without asking anybody; its exit code and its report."""
    (folder / "release.yaml").write_text(CONFIGURATION, encoding="utf-8")
    variables = {
        "GITHUB_WORKSPACE": str(folder),
        "GITHUB_REPOSITORY": "acme/web",
        "GITHUB_RUN_ID": "77",
        "GITHUB_RUN_ATTEMPT": "2",
        **environ,
    }
    flags = ["--tag", tag, "--commit", COMMIT, "--existing-tags", "v0.4.0", "--report", "out/tag.json"]
    code = main.main(["validate-tag", "--mode", "check", *flags], variables)
    content = (folder / "out/tag.json").read_bytes()
    return code, read_report(content, Origin.FILE, "tag.json"), json.loads(content)


def test_a_tag_that_is_right_is_a_report_that_passes(tmp_path: Path) -> None:
    code, report, document = judge(tmp_path, "refs/tags/v0.5.0")

    Draft202012Validator(SCHEMA).validate(document)
    assert (code, report.name, report.verdict) == (ExitCode.PASS, "validate-tag", Verdict.PASS)
    assert (report.tag, report.commit, report.run.id, report.run.attempt) == ("v0.5.0", COMMIT, "77", 2)
    assert report.configuration == "sha256:" + hashlib.sha256(CONFIGURATION.encode()).hexdigest()
    assert document["outputs"]["version"] == "0.5.0"


@pytest.mark.parametrize("tag", ["v0.3", "v0.4.0-final", "banana"])
def test_a_tag_that_is_refused_is_a_report_that_fails(tmp_path: Path, tag: str) -> None:
    code, report, document = judge(tmp_path, tag)

    Draft202012Validator(SCHEMA).validate(document)
    assert (code, report.verdict) == (ExitCode.REFUSED, Verdict.FAIL)
    assert report.findings[0].level.value == "error"


def test_an_image_that_could_not_be_asked_for_is_a_report_that_decides_nothing(tmp_path: Path) -> None:
    images = [{"package": "ghcr.io/acme/web", "tags": ["v0.5.0"], "platforms": ["linux/amd64"]}]
    flags = ["--image-list", json.dumps(images), "--revision", COMMIT, "--report", "images.json"]
    environ = {"GITHUB_WORKSPACE": str(tmp_path), "RELEASE_ACTIONS_REGISTRY_URL": "http://127.0.0.1:9"}

    code = main.main(["verify-images", *flags], environ)
    report = read_report((tmp_path / "images.json").read_bytes(), Origin.FILE, "images.json")

    assert code not in {ExitCode.PASS, ExitCode.REFUSED}
    assert (report.verdict, report.commit) == (Verdict.INCONCLUSIVE, COMMIT)


def test_a_report_that_cannot_be_written_stops_the_action_with_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "release.yaml").write_text(CONFIGURATION, encoding="utf-8")
    (tmp_path / "file").touch()
    flags = ["--tag", "v0.5.0", "--existing-tags", "v0.4.0", "--mode", "check", "--report", "file/tag.json"]

    code = main.main(["validate-tag", *flags], {"GITHUB_WORKSPACE": str(tmp_path)})

    assert code == ExitCode.BAD_INPUT
    assert "file/tag.json could not be written" in capsys.readouterr().out


def take_while_running(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a folder in the place of the report while validate-tag runs, which nobody can find out before."""
    command = main.load("validate-tag")
    run = command.run

    def take(*arguments: Any) -> Report:
        path.mkdir()
        return run(*arguments)

    monkeypatch.setattr(command, "run", take)


def test_what_was_done_is_not_called_bad_input_where_its_report_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "release.yaml").write_text(CONFIGURATION, encoding="utf-8")
    take_while_running(tmp_path / "taken", monkeypatch)
    flags = ["--tag", "v0.5.0", "--existing-tags", "v0.4.0", "--mode", "check", "--report", "taken"]

    code = main.main(["validate-tag", *flags], {"GITHUB_WORKSPACE": str(tmp_path)})

    said = capsys.readouterr().out
    assert code == ExitCode.UNKNOWN
    assert "taken could not be written" in said
    assert "version=0.5.0" in said


def test_the_first_thing_that_went_wrong_is_said_where_its_report_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "release.yaml").write_text(CONFIGURATION, encoding="utf-8")
    take_while_running(tmp_path / "taken", monkeypatch)
    flags = ["--tag", "banana", "--existing-tags", "v0.4.0", "--mode", "check", "--report", "taken"]

    assert main.main(["validate-tag", *flags], {"GITHUB_WORKSPACE": str(tmp_path)}) == ExitCode.REFUSED
    assert "banana" in capsys.readouterr().out
