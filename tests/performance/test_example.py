"""The example's benchmark and its rules belong together."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

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
