"""Results for the tests: runs as objects, and files in the formats of the tools."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from release_actions.performance.model import Run, Source
from release_actions.performance.reading import Results

BEFORE, AFTER = "a" * 40, "b" * 40
"""Commits of the two sides."""

MODEL = "meta-llama/Llama-3.1-8B-Instruct"


def serve(values: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A result as `vllm bench serve --save-result` writes it, made by hand after its source."""
    return {
        "date": "20260801-120000",
        "endpoint_type": "vllm",
        "backend": "vllm",
        "label": None,
        "model_id": MODEL,
        "tokenizer_id": MODEL,
        "num_prompts": 200,
        "request_rate": "inf",
        "burstiness": 1.0,
        "max_concurrency": None,
        "duration": 20.0,
        "completed": 200,
        "failed": 0,
        "total_input_tokens": 102400,
        "total_output_tokens": 25600,
        "request_throughput": 10.0,
        "request_goodput:": 9.5,
        "output_throughput": 1280.0,
        "total_token_throughput": 6400.0,
        "max_output_tokens_per_s": 1900.0,
        "max_concurrent_requests": 112,
        "mean_ttft_ms": 110.0,
        "median_ttft_ms": 100.0,
        "std_ttft_ms": 12.0,
        "p99_ttft_ms": 300.0,
        "mean_tpot_ms": 10.2,
        "median_tpot_ms": 10.0,
        "std_tpot_ms": 1.0,
        "p99_tpot_ms": 15.0,
        "mean_itl_ms": 10.1,
        "median_itl_ms": 10.0,
        "std_itl_ms": 2.0,
        "p99_itl_ms": 22.0,
        **(values or {}),
        **more,
    }


def write_runs(folder: Path, results: Sequence[Mapping[str, Any]]) -> str:
    """Write one file a result; the folder's name."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, result in enumerate(results, start=1):
        (folder / f"run-{number}.json").write_text(json.dumps(result), encoding="utf-8")
    return folder.name


def write_side(folder: Path, metric: str, values: Sequence[float], **more: Any) -> str:
    """A side of `vllm bench serve` whose runs differ in one metric; the folder's name."""
    runs = [
        serve({metric: value}, date=f"202608{1 + number // 24:02}-{number % 24:02}0000", **more)
        for number, value in enumerate(values)
    ]
    return write_runs(folder, runs)


def run_of(metrics: Mapping[str, float], *, side: str, number: int = 1, **more: Any) -> Run:
    """A run of a side. `settings` and other fields of `Run` as in the class."""
    settings = {"tool": "vllm serve", "model": MODEL, "rate": "inf", **more.pop("settings", {})}
    commit = more.pop("commit", BEFORE if side == "baseline" else AFTER)
    source = more.pop("source", Source(f"{side}/run-{number}.json"))
    return Run(source, settings, metrics, commit=commit, **more)


def side_of(metric: str, values: Sequence[float], *, side: str, **more: Any) -> Results:
    """The results of a side whose runs have one metric."""
    runs = [run_of({metric: value}, side=side, number=number, **more) for number, value in enumerate(values, start=1)]
    return Results(tuple(runs), digests={f"{side}-{number}": run.source.file for number, run in enumerate(runs)})
