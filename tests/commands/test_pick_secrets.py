"""pick-secrets: a job gets what its entry names, as files and a login, and nothing is shown."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from release_actions import main
from release_actions.errors import InputError
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow

ENTRY = {
    "registry": "ghcr.io",
    "secrets": "key=SIGNING_KEY",
    "prebuild-secrets": "aws_id=AWS_ID\naws_key=AWS_KEY",
    "username-secret": "",
    "password-secret": "",
}
BUILD = """\
AWS_ID=AKIAEXAMPLE12
AWS_KEY=secret/access+key
SIGNING_KEY<<END
first line
second line
END
UNUSED=not-for-this-job
"""
QUAY = {"registry": "quay.io", "username-secret": "QUAY_USER", "password-secret": "QUAY_TOKEN"}


def pick(folder: Path, entry: Any = ENTRY, **given: str) -> Report:
    environ = {
        "RUNNER_TEMP": str(folder),
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTOR": "ada",
        "INPUT_ENTRY": json.dumps(entry),
        **{f"INPUT_{name.upper()}": value for name, value in given.items()},
    }
    return main.main_inner(["pick-secrets"], environ, Workflow(environ))


def files(report: Report, output: str) -> dict[str, Path]:
    lines = str(report.outputs[output]).splitlines()
    return {key: Path(path) for key, path in (line.split("=", 1) for line in lines)}


def test_each_stage_gets_its_own_secrets_in_files_that_only_this_account_reads(tmp_path: Path) -> None:
    report = pick(tmp_path, build_secrets=BUILD)
    own, before = files(report, "secret-files"), files(report, "prebuild-secret-files")
    assert {key: file.read_text() for key, file in own.items()} == {"key": "first line\nsecond line"}
    assert {key: file.read_text() for key, file in before.items()} == {
        "aws_id": "AKIAEXAMPLE12",
        "aws_key": "secret/access+key",
    }
    for file in (*own.values(), *before.values()):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert {file.name for file in tmp_path.rglob("*") if file.is_file()} == {"key", "aws_id", "aws_key"}


def test_every_value_is_masked_line_by_line_and_none_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = pick(tmp_path, build_secrets=BUILD, registry_credentials="QUAY_TOKEN=quay-token-1")
    printed = capsys.readouterr().out.splitlines()
    masks = {line.removeprefix("::add-mask::") for line in printed if line.startswith("::add-mask::")}
    values = {"AKIAEXAMPLE12", "secret/access+key", "first line", "second line", "not-for-this-job", "quay-token-1"}
    assert values <= masks
    shown = "\n".join(
        [*(line for line in printed if not line.startswith("::add-mask::")), *report.lines, report.summary]
    )
    assert [value for value in values if value in shown] == []


def test_a_user_name_that_packages_have_is_not_masked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entry = {**QUAY, "package": "quay.io/kubernetes/app"}
    report = pick(tmp_path, entry, registry_credentials="QUAY_USER=kubernetes\nQUAY_TOKEN=quay-token-1")
    assert report.outputs["username"] == "kubernetes"
    printed = capsys.readouterr().out.splitlines()
    assert "::add-mask::kubernetes" not in printed
    assert "::add-mask::quay-token-1" in printed


def test_a_secret_that_is_missing_stops_the_job(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no SIGNING_KEY"):
        pick(tmp_path, build_secrets="AWS_ID=AKIAEXAMPLE12\nAWS_KEY=secret/access+key\nSIGNING_KEY=")
    assert list(tmp_path.iterdir()) == []


def test_a_build_may_go_without_secrets_that_are_not_there(tmp_path: Path) -> None:
    report = pick(tmp_path, build_secrets="AWS_ID=AKIAEXAMPLE12", without_build_secrets="true")
    assert report.outputs["secret-files"] == ""
    assert list(files(report, "prebuild-secret-files")) == ["aws_id"]


def test_githubs_registry_gets_the_token_of_the_job(tmp_path: Path) -> None:
    report = pick(tmp_path, {"registry": "ghcr.io"}, registry_token="ghs_token_of_the_job")
    assert (report.outputs["username"], report.outputs["password"]) == ("ada", "ghs_token_of_the_job")


def test_another_registry_gets_the_credentials_that_are_named_for_it(tmp_path: Path) -> None:
    lines = "QUAY_USER=llm-d+robot\nQUAY_TOKEN=quay-token-1"
    report = pick(tmp_path, [QUAY], registry_credentials=lines, registry_token="ghs_token_of_the_job")
    assert (report.outputs["username"], report.outputs["password"]) == ("llm-d+robot", "quay-token-1")


def test_another_registry_never_gets_the_token_of_the_job(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"names no credentials for quay\.io"):
        pick(tmp_path, {"registry": "quay.io"}, registry_token="ghs_token_of_the_job")
    with pytest.raises(InputError, match="'registry-credentials' has no QUAY_USER"):
        pick(tmp_path, QUAY, registry_token="ghs_token_of_the_job")


def test_the_password_is_no_output_on_a_laptop(tmp_path: Path) -> None:
    environ = {"RUNNER_TEMP": str(tmp_path), "INPUT_ENTRY": "{}", "INPUT_REGISTRY_TOKEN": "ghs_token_of_the_job"}
    assert main.main_inner(["pick-secrets"], environ, Workflow(environ)).outputs["password"] == ""


@pytest.mark.parametrize("entry", ["", "[]", "7", "{"])
def test_what_is_no_entry_is_refused(tmp_path: Path, entry: str) -> None:
    environ = {"RUNNER_TEMP": str(tmp_path), "INPUT_ENTRY": entry}
    with pytest.raises(InputError, match="Input 'entry' is"):
        main.main_inner(["pick-secrets"], environ, Workflow(environ))


def test_secrets_need_a_folder_that_is_emptied() -> None:
    environ = {"INPUT_ENTRY": json.dumps(ENTRY), "INPUT_BUILD_SECRETS": BUILD}
    with pytest.raises(InputError, match="no RUNNER_TEMP"):
        main.main_inner(["pick-secrets"], environ, Workflow(environ))
