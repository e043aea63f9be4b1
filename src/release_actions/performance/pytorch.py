"""PyTorch's benchmark records (version 3, and as vLLM writes them before the upload): one record a metric.

The records of one run lie side by side in a file. `benchmark_values` may hold a value for every iteration of that run,
which is one sample, not several: its median counts.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from release_actions.performance import vllm
from release_actions.performance.model import (
    COMMIT_KEYS,
    RUNNER_KEYS,
    SERVER_KEYS,
    Run,
    Source,
    first_text,
    mapping,
    number_of,
    settings_of,
    text_of,
)

ITERATIONS = {"latency": "p50_latency"}
"""Names of metrics whose values are the iterations of one run -> the name of their median."""

ARGUMENTS = (
    "dataset_name",
    "input_len",
    "random_input_len",
    "output_len",
    "random_output_len",
    "random_range_ratio",
    "random_prefix_len",
    "batch_size",
    "num_prompts",
    "request_rate",
    "max_concurrency",
    "burstiness",
    "tensor_parallel_size",
    "pipeline_parallel_size",
    "data_parallel_size",
    "dtype",
    "quantization",
)
"""Arguments of the benchmark that say what was measured. All others stay out: they hold addresses and paths."""

ACCELERATORS = frozenset({"", "cuda", "rocm", "cpu"})

SECONDS_OF_YEAR_3000 = 32_503_680_000


def is_record(value: Mapping[str, Any]) -> bool:
    """Whether an object is a benchmark record."""
    metric = value.get("metric")
    return isinstance(metric, Mapping) and "benchmark_values" in metric and isinstance(value.get("benchmark"), Mapping)


def read_runs(records: Iterable[Mapping[str, Any]], file: str) -> list[Run]:
    """The runs of a file. A metric that comes again with the same settings and date begins the next run."""
    runs: list[Run] = []
    current: dict[tuple[tuple[str, str], ...], int] = {}
    for record in records:
        run = read_record(record, Source(file, len(runs) + 1))
        key = (*sorted(run.settings.items()), ("commit", run.commit), ("started", run.started))
        place = current.get(key)
        if place is None or runs[place].metrics.keys() & run.metrics.keys():
            current[key] = len(runs)
            runs.append(run)
        else:
            runs[place] = joined(runs[place], run)
    return runs


def joined(run: Run, part: Run) -> Run:
    """One run of two parts that have different metrics of it."""
    defects = tuple(dict.fromkeys(run.defects + part.defects))
    return replace(run, metrics={**run.metrics, **part.metrics}, defects=defects)


def read_record(record: Mapping[str, Any], source: Source) -> Run:
    """A run with one metric."""
    metric, benchmark = mapping(record.get("metric")), mapping(record.get("benchmark"))
    extra = mapping(benchmark.get("extra_info"))
    arguments = mapping(extra.get("args"))
    beside = mapping(metric.get("extra_info"))
    settings = {name: arguments[name] for name in ARGUMENTS if name in arguments}
    settings["request_rate"] = vllm.rate_of(arguments)
    settings |= {name: benchmark[name] for name in ("mode", "dtype") if benchmark.get(name)}
    settings["model"] = mapping(record.get("model")).get("name")
    runner = first_mapping(record.get("runners"))
    settings["device"] = device_of(runner)
    name = text_of(metric.get("name"))
    values = metric.get("benchmark_values")
    readings = [reading_of(item) for item in values] if isinstance(values, list) else []
    numbers = [number for number in readings if number is not None]
    metrics = {ITERATIONS.get(name, name): statistics.median(numbers)} if numbers else {}
    defects: tuple[str, ...] = () if numbers else (f"the record of {name or 'a metric'} has no value",)
    if "completed" in beside:
        # vLLM writes the rest of the run beside each metric.
        defects += vllm.serve_defects(beside)
    return Run(
        source,
        settings_of(f"pytorch record of {text_of(benchmark.get('name')) or 'a benchmark'}", settings),
        metrics,
        defects,
        commit=first_text(record, ("head_sha",)) or first_text(extra, COMMIT_KEYS) or first_text(beside, COMMIT_KEYS),
        engine=engine_of(record.get("dependencies")),
        runner=first_text(mapping(runner.get("extra_info")), RUNNER_KEYS)
        or first_text(beside, RUNNER_KEYS)
        or name_of_runner(runner),
        # Not `timestamp`: the uploader writes the time of the commit there, which every run of the commit shares.
        started=vllm.date_of(beside.get("date")),
        work=vllm.work_of_serve(beside),
        server=first_text(beside, SERVER_KEYS),
    )


def reading_of(item: Any) -> float | None:
    """A value of a record. The writer turns infinity into the text `inf`."""
    return float("inf") if item == "inf" else number_of(item)


def name_of_runner(runner: Mapping[str, Any]) -> str:
    """The name of a machine or of its kind; empty where the uploader wrote the kind of its accelerator."""
    return next((text for name in ("name", "type") if (text := text_of(runner.get(name))) not in ACCELERATORS), "")


def device_of(runner: Mapping[str, Any]) -> str:
    """The devices of a runner: `4 x NVIDIA H100`."""
    name = first_text(runner, ("gpu_info", "type"))
    count = text_of(runner.get("gpu_count"))
    return f"{count} x {name}" if name and count not in {"", "0"} else name


def engine_of(dependencies: Any) -> str:
    """The engine among the dependencies, with its version or commit."""
    for name, about in mapping(dependencies).items():
        if name in {"vllm", "pytorch"}:
            detail = mapping(about)
            return f"{name} {first_text(detail, ('version', 'sha', 'repo'))}".strip()
    return ""


def time_of(value: Any) -> str:
    """A time in seconds as ISO 8601, in UTC; empty when it is none."""
    seconds = number_of(value)
    if seconds is None or not 0 < seconds < SECONDS_OF_YEAR_3000:
        return ""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()


def first_mapping(value: Any) -> Mapping[str, Any]:
    """The first object of a list; empty when there is none."""
    return mapping(value[0]) if isinstance(value, list) and value else {}
