"""The example's benchmark and its rules belong together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.performance.maker import AFTER

from release_actions.config import load_config
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
