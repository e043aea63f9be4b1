"""Reports of llm-d-benchmark as its versions write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from release_actions.performance.model import Run
from release_actions.performance.reading import read_results

FILES = Path(__file__).parent / "files"


def changed(tmp_path: Path, report: dict[str, Any]) -> Run:
    (tmp_path / "report.yaml").write_text(yaml.safe_dump(report), encoding="utf-8")
    (run,) = read_results(["report.yaml"], tmp_path).runs
    return run


def newest() -> dict[str, Any]:
    report: dict[str, Any] = yaml.safe_load((FILES / "llm-d-report-0.2.1.yaml").read_text(encoding="utf-8"))
    return report


def test_a_report_of_the_first_days_of_0_2_names_its_rate_and_kinds_otherwise(tmp_path: Path) -> None:
    report = newest()
    report["version"] = "0.2"
    throughput = report["results"]["request_performance"]["aggregate"]["throughput"]
    throughput["requests_rate"] = throughput.pop("request_rate")
    (stack,) = report["scenario"]["stack"]
    for name in ("kind", "role"):
        stack["metadata"][name] = stack["standardized"].pop(name)
    del stack["metadata"]["role"]

    run = changed(tmp_path, report)

    assert run.metrics["request_throughput"] == 10.89
    assert run.settings["components"] == "1 x inference_engine (replicas 2, devices 8)"


def test_how_lengths_are_drawn_keeps_loads_apart(tmp_path: Path) -> None:
    report = newest()
    standard = report["scenario"]["load"]["standardized"]
    fixed = changed(tmp_path, report)
    standard["output_seq_len"] = {"distribution": "gaussian", "value": 128, "std_dev": 16}

    drawn = changed(tmp_path, report)

    assert "length-range" not in fixed.settings
    assert drawn.settings["length-range"] == "output_seq_len gaussian, std_dev 16"
