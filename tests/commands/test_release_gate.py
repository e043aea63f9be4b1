"""release-gate as a command: files of reports in, an answer out, and a log on a branch."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.gate import makers

from release_actions import main
from release_actions.commands import release_gate
from release_actions.errors import ExitCode
from release_actions.runner.context import Context
from release_actions.simulator import Simulator, World
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.repositories import Release

Gate = Callable[..., int]

CONFIGURATION = """\
repository: acme/web
registry: ghcr.io
images:
  web:
    context: .
    dockerfile: Dockerfile
    platforms: [linux/amd64]
gate:
  required:
    - report: branch-audit
      max-age: 2d
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with a configuration and a report."""
    (tmp_path / "release.yaml").write_text(CONFIGURATION, encoding="utf-8")
    (tmp_path / "audit.json").write_bytes(makers.content())
    (tmp_path / "output").touch()
    return tmp_path


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A repository that keeps logs."""
    folder = tmp_path / "server.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], check=True)
    return folder


@pytest.fixture
def gate(folder: Path, server: Path) -> Gate:
    """Run the command as a job of a run on the tag."""

    def run(environ: dict[str, str] | None = None, **given: str) -> int:
        flags = {"remote": str(server), "report": "gate.json"}
        flags |= {name.replace("_", "-"): value for name, value in given.items()}
        variables = {
            "GITHUB_WORKSPACE": str(folder),
            "GITHUB_REPOSITORY": makers.REPOSITORY,
            "GITHUB_REF": f"refs/tags/{makers.TAG}",
            "GITHUB_SHA": makers.COMMIT,
            "GITHUB_RUN_ID": "77",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_ACTOR": "ada",
            "GITHUB_OUTPUT": str(folder / "output"),
            "RELEASE_ACTIONS_NOW": makers.NOW.isoformat(),
            **(environ or {}),
        }
        arguments = [f"--{name}={value}" for name, value in flags.items()]
        return main.main(["release-gate", *arguments], variables)

    return run


def proved(folder: Path, name: str = "audit.json") -> str:
    return f"{name}@{makers.digest((folder / name).read_bytes())}"


def report_of(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "gate.json").read_text(encoding="utf-8"))
    return document


def outputs_of(folder: Path) -> dict[str, str]:
    text = (folder / "output").read_text(encoding="utf-8")
    written = re.findall(r"^([\w-]+)<<(\S+)\n(.*?)\n?\2$", text, re.MULTILINE | re.DOTALL)
    return {name: value for name, _, value in written}


def test_a_report_that_a_job_proved_is_a_go(gate: Gate, folder: Path) -> None:
    assert gate(reports=proved(folder)) == ExitCode.PASS
    assert (report_of(folder)["go"], report_of(folder)["verdict"]) == (True, "pass")
    assert outputs_of(folder)["go"] == "true"


def test_a_file_without_proof_is_a_no_go(gate: Gate, folder: Path) -> None:
    assert gate(reports="audit.json") == ExitCode.REFUSED
    assert [item["state"] for item in report_of(folder)["reports"]] == ["unverified"]


def test_a_no_go_fails_the_run_in_mode_enforce_only(gate: Gate, folder: Path) -> None:
    assert gate(mode="report") == ExitCode.PASS
    assert report_of(folder)["go"] is False
    assert gate() == ExitCode.REFUSED


def test_the_page_is_written_with_a_no_go_too(gate: Gate, folder: Path) -> None:
    assert gate(reports="audit.json", page="status/index.html") == ExitCode.REFUSED
    assert "<strong>No-go</strong>" in (folder / "status" / "index.html").read_text(encoding="utf-8")
    assert outputs_of(folder)["page"] == "status/index.html"


def test_a_gate_that_requires_nothing_is_refused(gate: Gate, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = CONFIGURATION.partition("gate:")[0]
    (folder / "release.yaml").write_text(text, encoding="utf-8")

    assert gate() == ExitCode.BAD_INPUT
    assert "would let everything through" in capsys.readouterr().out


def test_the_commit_of_a_run_that_is_not_on_the_tag_is_not_taken_for_the_tags(gate: Gate) -> None:
    on_main = {"GITHUB_REF": "refs/heads/main"}

    assert gate(on_main, tag=makers.TAG) == ExitCode.BAD_INPUT
    assert gate(on_main, tag=makers.TAG, commit=makers.COMMIT[:7]) == ExitCode.BAD_INPUT


def test_the_log_keeps_what_was_read_and_decided_and_can_be_verified(gate: Gate, folder: Path, server: Path) -> None:
    assert gate(mode="log", reports=proved(folder)) == ExitCode.PASS

    command = ["git", "-C", str(server), "show", "release-log:v0.5.0.jsonl"]
    lines = [json.loads(line) for line in subprocess.check_output(command, text=True).splitlines()]
    assert [(line["kind"], line["verdict"]) for line in lines] == [
        ("first", ""),
        ("report", "pass"),
        ("decision", "go"),
    ]
    assert lines[1]["subject"] == makers.digest((folder / "audit.json").read_bytes())
    assert lines[2]["subject"] == makers.digest((folder / "gate.json").read_bytes())
    assert gate(mode="verify") == ExitCode.PASS


def test_a_log_that_somebody_changed_is_refused_and_not_written(gate: Gate, folder: Path, server: Path) -> None:
    assert gate(mode="log", reports=proved(folder)) == ExitCode.PASS
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", "--branch=release-log", str(server), str(clone)], check=True)
    log = clone / "v0.5.0.jsonl"
    log.write_text(log.read_text(encoding="utf-8").replace('"pass"', '"fail"'), encoding="utf-8")
    author = ["-c", "user.name=eve", "-c", "user.email=eve@example.org"]
    subprocess.run(["git", "-C", str(clone), *author, "commit", "--quiet", "--all", "-m", "Change"], check=True)
    subprocess.run(["git", "-C", str(clone), "push", "--quiet"], check=True)
    before = subprocess.check_output(["git", "-C", str(server), "rev-parse", "release-log"])

    assert gate(mode="verify") == ExitCode.UNKNOWN
    assert gate(mode="log") == ExitCode.UNKNOWN
    assert subprocess.check_output(["git", "-C", str(server), "rev-parse", "release-log"]) == before


@pytest.mark.parametrize(
    ("remote", "token"),
    [
        ("", "ghs_job"),
        ("https://github.com/acme/logs", "ghs_job"),
        ("https://github.com.example.org/acme/logs", ""),
        ("https://gitlab.example.org/acme/logs", ""),
        ("ssh://git@github.com/acme/logs", ""),
    ],
)
def test_the_token_of_a_job_goes_to_the_runs_own_server_alone(remote: str, token: str) -> None:
    given = release_gate.Inputs(remote=remote, token="ghs_job")

    found = release_gate.find_remote(given, Context(repository=makers.REPOSITORY))

    assert found.token == token


def test_an_address_that_looks_like_an_option_is_none(gate: Gate, folder: Path) -> None:
    mark = folder / "ran"

    assert gate(mode="verify", remote=f"--upload-pack=touch {mark};") == ExitCode.UNKNOWN
    assert not mark.exists()


def test_a_log_that_was_written_anew_is_noticed_by_whoever_kept_a_digest(gate: Gate, folder: Path) -> None:
    assert gate(mode="log", reports=proved(folder)) == ExitCode.PASS
    head = outputs_of(folder)["log-head"]

    assert gate(mode="verify", log_head=head) == ExitCode.PASS
    assert gate(mode="verify", log_head="0" * 64) == ExitCode.UNKNOWN


def test_the_log_may_be_among_the_files_of_the_release(gate: Gate, folder: Path) -> None:
    world = World()
    world.add_account("acme", organization=True)
    repository = world.add_repository(makers.REPOSITORY)
    world.add_token("ghs_job", TokenKind.ACTIONS, repository=makers.REPOSITORY, permissions={"contents": "write"})
    repository.releases[1] = Release(1, makers.TAG, "main", "ada", world.now(), draft=True)
    with Simulator(world) as simulator:
        environ = {"GITHUB_API_URL": simulator.api_url}
        given = {"log_store": "assets", "token": "ghs_job"}

        codes = [gate(environ, mode=mode, reports=proved(folder), **given) for mode in ("log", "log", "verify")]

    assert codes == [ExitCode.PASS] * 3
    # The same verdict of the same run is added once.
    assert [asset.name for asset in repository.releases[1].assets.values()] == [f"{makers.TAG}.jsonl.000001"]
