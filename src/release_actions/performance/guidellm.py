"""Reports of guidellm: schema 2 (from 0.7) and 1 (from 0.3). Each benchmark of a report is a run of a load of its own.

Known from the schemas of 0.8.1 and a report of 0.8. Not known: reports before 0.3. Its time per output token counts the
first token too, unlike vLLM's, so runs of the two tools are never compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from release_actions.performance.model import (
    COMMIT_KEYS,
    ENGINE_KEYS,
    INFINITE,
    NO_COUNT,
    RUNNER_KEYS,
    Run,
    Source,
    count_of,
    first_text,
    mapping,
    number_of,
    request_defects,
    settings_of,
    unfinished_defects,
    work_of,
)
from release_actions.performance.pytorch import first_mapping, time_of

TOOL = "guidellm"
MILLISECONDS = 1000

TIMES = {
    "time_to_first_token_ms": ("ttft", 1),
    "time_per_output_token_ms": ("tpot", 1),
    "inter_token_latency_ms": ("itl", 1),
    "request_latency": ("e2el", MILLISECONDS),
}
"""Its times -> ours, and what makes milliseconds of its unit."""

RATES = {
    "output_tokens_per_second": "output_throughput",
    "requests_per_second": "request_throughput",
    "tokens_per_second": "total_token_throughput",
}


def is_report(value: Mapping[str, Any]) -> bool:
    """Whether an object is a report of guidellm."""
    benchmarks = value.get("benchmarks")
    return isinstance(benchmarks, list) and all("metrics" in mapping(item) for item in benchmarks) and bool(benchmarks)


def read_runs(report: Mapping[str, Any], file: str) -> list[Run]:
    """The runs of a report."""
    return [
        read_benchmark(report, mapping(item), Source(file, number))
        for number, item in enumerate(report["benchmarks"], start=1)
    ]


def read_benchmark(report: Mapping[str, Any], benchmark: Mapping[str, Any], source: Source) -> Run:
    """One run."""
    metrics = mapping(benchmark.get("metrics"))
    totals = mapping(metrics.get("request_totals")) or mapping(mapping(benchmark.get("run_stats")).get("requests_made"))
    labels = labels_of(report)
    load = load_of(report, benchmark)
    return Run(
        source,
        settings_of(TOOL, load, labels),
        metrics_of(metrics),
        defects_of(totals, count_of(load["concurrency"])),
        commit=first_text(labels, COMMIT_KEYS),
        engine=first_text(labels, ENGINE_KEYS),
        runner=first_text(labels, RUNNER_KEYS),
        started=time_of(benchmark.get("start_time")),
        work=work_of(
            number_of(successful(metrics, "prompt_token_count").get("mean")),
            number_of(successful(metrics, "output_token_count").get("mean")),
        ),
    )


def defects_of(totals: Mapping[str, Any], concurrency: int | None) -> tuple[str, ...]:
    """What the counts of requests say against a run."""
    completed, failed = count_of(totals.get("successful")), count_of(totals.get("errored"))
    if completed is None:
        return (NO_COUNT,)
    incomplete = count_of(totals.get("incomplete"))
    return (
        *request_defects(planned=None, completed=completed, failed=failed),
        *unfinished_defects(completed=completed, incomplete=incomplete, in_flight=concurrency),
    )


def labels_of(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the user said about the report: labels of schema 2, extras of schema 1."""
    config = mapping(report.get("config"))
    return mapping(mapping(config.get("metadata")).get("labels")) or mapping(
        mapping(report.get("args")).get("output_extras")
    )


def load_of(report: Mapping[str, Any], benchmark: Mapping[str, Any]) -> dict[str, Any]:
    """Model, data, rate and concurrency of one benchmark."""
    config = mapping(benchmark.get("config")) or mapping(benchmark.get("args"))
    strategy = mapping(config.get("strategy"))
    wide = mapping(mapping(report.get("config")).get("spec")) or mapping(report.get("args"))
    backend = mapping(config.get("backend")) or mapping(wide.get("backend"))
    kind = first_text(strategy, ("type_", "kind"))
    load: dict[str, Any] = {
        "concurrency": None,
        "model": first_text(backend, ("model",)) or first_text(wide, ("model",)),
        "rate": INFINITE if kind in {"throughput", "concurrent", "synchronous"} else strategy.get("rate"),
    }
    if kind == "concurrent":
        load["concurrency"] = strategy.get("streams", strategy.get("max_concurrency"))
    elif kind == "synchronous":
        load["concurrency"] = 1
    data = wide.get("data")
    first = first_mapping(data)
    if first:
        load |= {name: first.get(name) for name in ("prompt_tokens", "output_tokens")}
        load["dataset"] = first_text(first, ("kind", "source", "path"))
    elif isinstance(data, list) and data and isinstance(data[0], str):
        load["dataset"] = data[0]
    elif isinstance(data, str):
        load["dataset"] = data
    return load


def successful(metrics: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The distribution of a metric over the requests that succeeded."""
    return mapping(mapping(metrics.get(name)).get("successful"))


def metrics_of(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Medians, means and percentiles of the times, and means of the rates."""
    read: dict[str, float | None] = {}
    for name, (short, factor) in TIMES.items():
        distribution = successful(metrics, name)
        percentiles = mapping(distribution.get("percentiles"))
        values = {"mean": distribution.get("mean"), "median": distribution.get("median")}
        values |= {key: percentiles.get(key) for key in ("p90", "p95", "p99")}
        for kind, value in values.items():
            number = number_of(value)
            read[f"{kind}_{short}_ms"] = None if number is None else number * factor
    read |= {ours: number_of(successful(metrics, theirs).get("mean")) for theirs, ours in RATES.items()}
    return {name: number for name, number in read.items() if number is not None}
