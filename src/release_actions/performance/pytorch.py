"""PyTorch's benchmark records (version 3, and as vLLM writes them before the upload): one record a metric.

The records of one run lie side by side in a file. `benchmark_values` may hold a value for every iteration of that run,
which is one sample, not several: its median counts.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from release_actions.performance.model import Run, Source, first_text, mapping, number_of, settings_of, text_of

ITERATIONS = {"latency": "p50_latency"}
"""Names of metrics whose values are the iterations of one run -> the name of their median."""

ARGUMENTS = (
    "dataset_name",
    "input_len",
    "random_input_len",
    "output_len",
    "random_output_len",
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

SECONDS_OF_YEAR_3000 = 32_503_680_000


def is_record(value: Mapping[str, Any]) -> bool:
    """Whether an object is a benchmark record."""
    metric = value.get("metric")
    return isinstance(metric, Mapping) and "benchmark_values" in metric and isinstance(value.get("benchmark"), Mapping)


def read_runs(records: Iterable[Mapping[str, Any]], file: str) -> list[Run]:
    """The runs of a file. A metric that comes again with the same settings begins the next run."""
    runs: list[Run] = []
    current: dict[tuple[tuple[str, str], ...], int] = {}
    for record in records:
        run = read_record(record, Source(file, len(runs) + 1))
        key = (*sorted(run.settings.items()), ("commit", run.commit))
        place = current.get(key)
        if place is None or runs[place].metrics.keys() & run.metrics.keys():
            current[key] = len(runs)
            runs.append(run)
        else:
            before = runs[place]
            runs[place] = Run(
                before.source,
                before.settings,
                {**before.metrics, **run.metrics},
                tuple(dict.fromkeys(before.defects + run.defects)),
                before.commit,
                engine=before.engine,
                runner=before.runner,
                started=before.started,
            )
    return runs


def read_record(record: Mapping[str, Any], source: Source) -> Run:
    """A run with one metric."""
    metric, benchmark = mapping(record.get("metric")), mapping(record.get("benchmark"))
    extra = mapping(benchmark.get("extra_info"))
    arguments = mapping(extra.get("args"))
    settings = {name: arguments[name] for name in ARGUMENTS if name in arguments}
    settings |= {name: benchmark[name] for name in ("mode", "dtype") if benchmark.get(name)}
    settings["model"] = mapping(record.get("model")).get("name")
    runner = first_mapping(record.get("runners"))
    settings["device"] = device_of(runner)
    name = text_of(metric.get("name"))
    values = metric.get("benchmark_values")
    readings = [reading_of(item) for item in values] if isinstance(values, list) else []
    numbers = [number for number in readings if number is not None]
    metrics = {ITERATIONS.get(name, name): statistics.median(numbers)} if numbers else {}
    defects = () if numbers else (f"the record of {name or 'a metric'} has no value",)
    return Run(
        source,
        settings_of(f"pytorch record of {text_of(benchmark.get('name')) or 'a benchmark'}", settings),
        metrics,
        defects,
        commit=first_text(record, ("head_sha",)) or first_text(extra, ("head_sha", "commit")),
        engine=engine_of(record.get("dependencies")),
        runner=first_text(runner, ("name", "type")),
        started=time_of(record.get("timestamp")),
    )


def reading_of(item: Any) -> float | None:
    """A value of a record. The writer turns infinity into the text `inf`."""
    return float("inf") if item == "inf" else number_of(item)


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
