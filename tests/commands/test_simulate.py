"""`release-actions simulate`: served until a signal, with a greeting that works and errors that have a place."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from release_actions import main
from release_actions.commands import simulate
from release_actions.errors import ExitCode
from release_actions.simulator import Simulator, World

ROOT = Path(__file__).parents[2]
PATIENCE = 30


@contextmanager
def running(folder: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The command as a process, and the addresses it wrote to its ready file."""
    ready = folder / "ready.json"
    command = [sys.executable, "-I", "-u", str(ROOT / "src" / "release_actions"), "simulate"]
    with subprocess.Popen(
        [*command, "--workspace", str(folder), "--ready-file", ready.name, *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": ""},
    ) as process:
        try:
            end = time.monotonic() + PATIENCE
            while not (ready.is_file() and ready.read_text(encoding="utf-8").endswith("\n")):
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < end
                time.sleep(0.05)
            yield process, json.loads(ready.read_text(encoding="utf-8"))
        finally:
            process.kill()


def test_the_token_in_the_env_file_may_do_everything(tmp_path: Path) -> None:
    with running(tmp_path, "--env-file", "simulator.env") as (_process, urls):
        lines = (tmp_path / "simulator.env").read_text(encoding="utf-8").splitlines()
        variables = dict(line.removeprefix("export ").split("=", 1) for line in lines)
        head = {"Authorization": f"Bearer {variables['GITHUB_TOKEN']}"}
        address = f"{variables['GITHUB_API_URL']}/orgs/llm-d/packages/container/llm-d-cuda/versions"
        versions = requests.get(address, headers=head, timeout=10).json()
        deleted = requests.delete(f"{address}/{versions[0]['id']}", headers=head, timeout=10)

    assert variables["GITHUB_API_URL"] == urls["api-url"]
    assert deleted.status_code == 204


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal_and_ends_well(tmp_path: Path, number: int) -> None:
    with running(tmp_path) as (process, urls):
        answer = requests.get(f"{urls['api-url']}/users/llm-d", timeout=10)
        assert answer.json()["type"] == "Organization"
        process.send_signal(number)
        out, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (ExitCode.PASS, "")
    assert urls["api-url"] in out
    assert "Stopped after 1 requests." in out


def test_json_at_the_end_has_addresses_and_requests_by_kind(tmp_path: Path) -> None:
    with running(tmp_path, "--json", "--faults", "latency") as (process, urls):
        requests.get(f"{urls['registry-url']}/v2/", timeout=10)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=PATIENCE)
    assert "Ctrl-C ends it." in errors
    assert json.loads(out) == {
        **urls,
        "requests": [{"origin": "registry", "method": "GET", "route": "/v2/", "status": 401, "count": 1}],
    }


def test_seed_and_faults_are_taken_from_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "seed.yaml").write_text("accounts: {somebody: {}}\n", encoding="utf-8")
    (tmp_path / "faults.yaml").write_text("- {on: GET /users/*, answer: 503}\n", encoding="utf-8")
    with running(tmp_path, "--seed", "seed.yaml", "--faults", "faults.yaml") as (_, urls):
        url = f"{urls['api-url']}/users/somebody"
        assert [requests.get(url, timeout=10).status_code for _ in range(2)] == [503, 200]


def told(capsys: pytest.CaptureFixture[str], *flags: str, folder: Path) -> tuple[int, str]:
    code = main.main(["simulate", "--workspace", str(folder), *flags], {})
    return code, capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--seed", "nothing.yaml"], "nothing.yaml does not exist."),
        (["--seed", "bad.yaml"], "bad.yaml:1:1: error: 'acounts' is not a key of a seed."),
        (["--faults", "flakey"], "Did you mean 'flaky'?"),
        (["--faults", "bad.yaml"], "bad.yaml:1:1: error: "),
        (["--api-port", "http"], "Input 'api-port' is 'http', which is not a whole number of at least 0."),
        (["--api-port", "70000"], "The simulator cannot listen on port 70000"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_served(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, flags: list[str], words: str
) -> None:
    (tmp_path / "bad.yaml").write_text("acounts: {}\n", encoding="utf-8")
    code, out = told(capsys, *flags, folder=tmp_path)
    assert code == ExitCode.BAD_INPUT
    assert words in out
    assert "Traceback" not in out


def test_the_greeting_names_what_is_there() -> None:
    world = World()
    world.add_account("ada")
    world.add_token("ghp_mine", login="ada")
    world.add_package("ada/nested/tool", visibility="public")
    with Simulator(world) as simulator:
        variables = {**simulator.environment(), "GITHUB_TOKEN": simulate.add_token(world)}
        lines = "\n".join(simulate.describe_simulator(simulator, variables))
        host = simulator.registry_url.removeprefix("http://")
        assert f"crane ls {host}/ada/nested/tool" in lines
        assert f"export GITHUB_API_URL={simulator.api_url}" in lines
        (curl,) = (line for line in lines.splitlines() if "Bearer" in line)
        url, token = curl.split()[-1], curl.split("'")[1].removeprefix("Authorization: ")
        answer: Any = requests.get(url, headers={"Authorization": token}, timeout=10)
        assert (answer.status_code, token) == (200, "Bearer ghp_simulator")


def test_an_empty_world_is_greeted_too() -> None:
    with Simulator(World()) as simulator:
        assert simulate.describe_simulator(simulator, {"GITHUB_TOKEN": "x"})[-1] == "Ctrl-C ends it."
