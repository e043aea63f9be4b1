"""Benchmark records as PyTorch's uploader leaves them: made by hand after it, one record a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.performance.maker import AFTER, MODEL

from release_actions.performance.reading import read_results

COMMITTED = 1785500000
"""Seconds: what the uploader writes as timestamp, the time of the commit."""


def record(metric: str, value: float, *, started: str = "", host: str = "gpu-node-7") -> dict[str, Any]:
    beside = {"date": started, "completed": 200, "failed": 0, "num_prompts": 200} if started else {}
    return {
        "timestamp": COMMITTED,
        "schema_version": "v3",
        "name": "vLLM benchmark",
        "repo": "vllm-project/vllm",
        "head_branch": "main",
        "head_sha": AFTER,
        "workflow_id": 1,
        "run_attempt": 1,
        "job_id": 2,
        "benchmark": {"name": "vLLM benchmark", "extra_info": {"args": {"request_rate": "inf"}}},
        "model": {"name": MODEL},
        "metric": {"name": metric, "benchmark_values": [value], "extra_info": beside},
        "runners": [
            {
                "name": "cuda",
                "type": "NVIDIA H100 80GB HBM3",
                "gpu_info": "NVIDIA H100 80GB HBM3",
                "gpu_count": 8,
                "extra_info": {"hostname": host},
            }
        ],
    }


def write(path: Path, records: list[dict[str, Any]]) -> None:
    path.write_text("\n".join(json.dumps(item) for item in records), encoding="utf-8")


def test_the_time_of_a_commit_is_not_the_time_of_a_run(tmp_path: Path) -> None:
    write(tmp_path / "all.json", [record("p50_latency", 0.8), record("p50_latency", 0.8)])

    runs = read_results(["all.json"], tmp_path).runs

    assert [run.started for run in runs] == ["", ""]
    assert {run.commit for run in runs} == {AFTER}


def test_a_record_of_serve_has_the_date_that_vllm_wrote_beside_it(tmp_path: Path) -> None:
    first, second = "20260801-120000", "20260801-130000"
    mixed = [
        record("median_ttft_ms", 100.0, started=first),
        record("median_ttft_ms", 101.0, started=second),
        record("median_tpot_ms", 10.0, started=first),
        record("median_tpot_ms", 10.1, started=second),
    ]
    write(tmp_path / "all.json", mixed)

    runs = read_results(["all.json"], tmp_path).runs

    assert [run.metrics for run in runs] == [
        {"median_ttft_ms": 100.0, "median_tpot_ms": 10.0},
        {"median_ttft_ms": 101.0, "median_tpot_ms": 10.1},
    ]
    assert [run.started for run in runs] == ["2026-08-01T12:00:00", "2026-08-01T13:00:00"]


def test_the_machine_is_its_host_and_not_the_kind_of_its_accelerator(tmp_path: Path) -> None:
    write(tmp_path / "a.json", [record("p50_latency", 0.8)])
    write(tmp_path / "b.json", [{**record("p50_latency", 0.9), "runners": [{"name": "rocm", "type": "cpu"}]}])

    named, unnamed = read_results(["."], tmp_path).runs

    assert (named.runner, named.settings["device"]) == ("gpu-node-7", "8 x NVIDIA H100 80GB HBM3")
    assert unnamed.runner == ""
