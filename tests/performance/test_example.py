"""The examples' benchmarks and rules belong together."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.performance.maker import AFTER, BEFORE

from release_actions import main
from release_actions.config import load_config
from release_actions.errors import ExitCode
from release_actions.performance.configured import rules_of
from release_actions.performance.reading import read_results

EXAMPLE = Path(__file__).parents[2] / "examples" / "perf-gate"


def test_what_the_examples_benchmark_writes_is_held_to_the_examples_rules(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLE / "benchmark.py"), "--rows", "20", "--commit", AFTER, "--runner", "here"]
    written = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (tmp_path / "run-1.json").write_text(written, encoding="utf-8")

    (run,) = read_results(["run-1.json"], tmp_path).runs
    rules = rules_of(load_config(EXAMPLE / "release.yaml").performance)

    assert (run.commit, run.runner, run.settings) == (AFTER, "here", {"tool": "cpu benchmark", "rows": "20"})
    held = {name: rule for name in run.metrics if (rule := rules.of(name)) is not None}
    assert held.keys() == run.metrics.keys()
    assert {name for name, rule in held.items() if rule.is_gated} == {"json_read_ms", "json_write_ms", "compress_ms"}
    assert all(value > 0 for value in run.metrics.values())
    assert "rows" in rules.match


def test_the_examples_workflow_measures_and_judges_as_it_is_written(tmp_path: Path) -> None:
    workflow = yaml.safe_load((EXAMPLE.parent / "perf-gate.yml").read_text(encoding="utf-8"))
    measure, judge = (
        next(step for step in workflow["jobs"]["gate"]["steps"] if step.get("name") == name)
        for name in ("Measure both sides by turns", "Judge")
    )
    shutil.copytree(EXAMPLE, tmp_path / "examples" / "perf-gate")
    programs = tmp_path / "programs"
    programs.mkdir()
    # In place of a container: the benchmark that it would run, on little data.
    benchmark = EXAMPLE / "benchmark.py"
    (programs / "docker").write_text(
        f'#!/bin/sh\nwhile [ "$1" != /benchmark/benchmark.py ]; do shift; done\nshift\n'
        f'exec "{sys.executable}" "{benchmark}" --rows 50 "$@"\n',
        encoding="utf-8",
    )
    (programs / "docker").chmod(0o755)
    environ = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        **measure["env"],
        "BASELINE_IMAGE": "before",
        "BASELINE_COMMIT": BEFORE,
        "CANDIDATE_IMAGE": "after",
        "CANDIDATE_COMMIT": AFTER,
    }
    subprocess.run(["bash", "-ec", measure["run"]], cwd=tmp_path, env=environ, check=True)
    given = {**judge["with"], "commit": AFTER, "mode": "report"}
    flags = [part for name, value in given.items() for part in (f"--{name}", str(value))]

    code = main.main(["perf-gate", *flags], {"GITHUB_WORKSPACE": str(tmp_path), "GITHUB_REPOSITORY": "acme/server"})

    report = json.loads((tmp_path / "performance.json").read_text(encoding="utf-8"))
    assert code == ExitCode.PASS
    assert {item["metric"] for item in report["comparisons"]} == {"json_read_ms", "json_write_ms", "compress_ms"}
    assert all(len(item["candidate"]) == len(item["baseline"]) == 5 for item in report["comparisons"])


PROGRAMS = {
    "docker": """
        echo "docker $*" >>"$LOG"
        case $1 in
          run) echo 0123456789abcdef ;;
          inspect) echo "$RUNNING" ;;
          logs) echo "out of memory" ;;
        esac
    """,
    "curl": """
        echo "curl $*" >>"$LOG"
        [ "$(grep -c '^curl' "$LOG")" -gt "$FAILS" ]
    """,
    "vllm": """
        echo "vllm $*" >>"$LOG"
    """,
    "hostname": "echo bench-1",
}
"""What vllm.sh starts, in place of a machine with an accelerator. Each writes down how it was called."""


def measure_vllm(tmp_path: Path, **environment: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    programs, log = tmp_path / "programs", tmp_path / "log"
    programs.mkdir()
    log.touch()
    for name, text in PROGRAMS.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}", encoding="utf-8")
        (programs / name).chmod(0o755)
    environ = {
        **{name: value for name, value in os.environ.items() if name not in {"HF_TOKEN", "ACCELERATOR"}},
        "PATH": f"{programs}:{os.environ['PATH']}",
        "LOG": str(log),
        "HOME": str(tmp_path),
        "POLL_SECONDS": "0",
        "FAILS": "0",
        "RUNNING": "true",
        "HF_TOKEN": "hf_secret",
        **environment,
    }
    command = [
        "bash",
        str(EXAMPLE / "vllm.sh"),
        "vllm/vllm-openai:v0.33.0",
        AFTER,
        str(tmp_path / "out" / "run-1.json"),
    ]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    return ended, log.read_text(encoding="utf-8").splitlines()


def test_vllm_is_measured_once_its_server_answers_and_the_server_ends(tmp_path: Path) -> None:
    ended, calls = measure_vllm(tmp_path, FAILS="2")

    assert ended.returncode == 0, ended.stderr
    assert [call.split()[0] for call in calls] == [
        *("docker", "curl", "docker", "curl", "docker", "curl", "vllm", "docker")
    ]
    assert "--env HF_TOKEN " in calls[0]
    assert "hf_secret" not in "".join(calls)
    assert f"commit={AFTER} device=1 x H100 tp=1 runner=bench-1 server_start=0123456789ab" in calls[-2]
    assert calls[-1] == "docker rm --force 0123456789abcdef"


def test_a_server_of_vllm_that_ends_is_not_waited_for_nor_measured(tmp_path: Path) -> None:
    ended, calls = measure_vllm(tmp_path, FAILS="99", RUNNING="false")

    assert ended.returncode == 1
    assert ended.stderr == "out of memory\nThe server ended before it answered.\n"
    assert not any(call.startswith("vllm") for call in calls)
    assert calls[-1] == "docker rm --force 0123456789abcdef"


def test_a_server_of_vllm_that_never_answers_is_given_up(tmp_path: Path) -> None:
    ended, calls = measure_vllm(tmp_path, FAILS="99", READY_SECONDS="10")

    assert ended.returncode == 1
    assert ended.stderr.endswith("The server did not answer within 10 seconds.\n")
    assert not any(call.startswith("vllm") for call in calls)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"HF_TOKEN": ""}, "HF_TOKEN is not set"),
        ({"ACCELERATOR": "TPU"}, "ACCELERATOR is TPU. Write H100 or MI300X."),
    ],
)
def test_vllm_is_not_started_without_what_it_needs(tmp_path: Path, environment: dict[str, str], message: str) -> None:
    ended, calls = measure_vllm(tmp_path, **environment)

    assert ended.returncode == 2
    assert message in ended.stderr
    assert calls == []


def test_amd_accelerators_are_passed_as_devices(tmp_path: Path) -> None:
    _, calls = measure_vllm(tmp_path, ACCELERATOR="MI300X", DEVICES="8")

    assert "--device /dev/kfd --device /dev/dri --group-add video" in calls[0]
    assert "--tensor-parallel-size 8" in calls[0]
    assert "--gpus" not in calls[0]
