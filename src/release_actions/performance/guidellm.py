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
    SERVER_KEYS,
    Run,
    Source,
    count_of,
    first_text,
    mapping,
    number_of,
    request_defects,
    scale,
    settings_of,
    split_nulls,
    text_of,
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
    labels = labels_of(report)
    load = load_of(report, benchmark)
    values, unmeasured = split_nulls(metrics_of(metrics))
    return Run(
        source,
        settings_of(TOOL, load, labels),
        values,
        defects_of(benchmark, load),
        commit=first_text(labels, COMMIT_KEYS),
        engine=first_text(labels, ENGINE_KEYS),
        runner=first_text(labels, RUNNER_KEYS),
        started=time_of(benchmark.get("start_time")),
        work=work_of(
            number_of(successful(metrics, "prompt_token_count").get("mean")),
            number_of(successful(metrics, "output_token_count").get("mean")),
        ),
        unmeasured=unmeasured,
        server=first_text(labels, SERVER_KEYS),
        appended_to=source.file if len(report["benchmarks"]) > 1 else "",
    )


def defects_of(benchmark: Mapping[str, Any], load: Mapping[str, Any]) -> tuple[str, ...]:
    """What the counts of requests say against a run."""
    metrics, stats = mapping(benchmark.get("metrics")), mapping(benchmark.get("run_stats"))
    totals = mapping(metrics.get("request_totals")) or mapping(stats.get("requests_made"))
    completed, failed = count_of(totals.get("successful")), count_of(totals.get("errored"))
    if completed is None:
        return (NO_COUNT,)
    # The totals leave out warming up and cooling down, which the state of the scheduler does not.
    done = count_of(mapping(benchmark.get("scheduler_state")).get("successful_requests"))
    planned = None if has_other_end(benchmark) else count_of(load["num_prompts"])
    return (
        *request_defects(planned=planned, completed=completed if done is None else max(done, completed), failed=failed),
        *unfinished_defects(
            completed=completed, incomplete=count_of(totals.get("incomplete")), in_flight=count_of(load["concurrency"])
        ),
    )


def constraints_of(benchmark: Mapping[str, Any]) -> Mapping[str, Any]:
    """What ends a benchmark, by name."""
    config = mapping(benchmark.get("config")) or mapping(benchmark.get("args"))
    return mapping(config.get("constraints"))


def requests_of(benchmark: Mapping[str, Any]) -> int | None:
    """The requests that `max_requests` plans; None without it. As a list it has one number for each benchmark."""
    about = mapping(constraints_of(benchmark).get("max_requests"))
    number = mapping(about.get("args")).get("count", about.get("max_num"))
    if not isinstance(number, list):
        return count_of(number)
    place = count_of(about.get("current_index")) or 0
    return count_of(number[min(max(place, 0), len(number) - 1)]) if number else None


def has_other_end(benchmark: Mapping[str, Any]) -> bool:
    """Whether a benchmark may rightly end before all its requests were sent, for example after a time."""
    return bool(constraints_of(benchmark).keys() - {"max_requests"})


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
        "num_prompts": requests_of(benchmark),
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
        load["length_range"] = range_of(first)
    elif isinstance(data, list) and data and isinstance(data[0], str):
        load["dataset"] = data[0]
    elif isinstance(data, str):
        load["dataset"] = data
    return load


def range_of(data: Mapping[str, Any]) -> str:
    """How the lengths of made-up data are drawn: `prompt_tokens_stdev 10`; empty when they are fixed."""
    names = [f"{kind}_tokens_{part}" for kind in ("prompt", "output") for part in ("stdev", "min", "max")]
    return ", ".join(f"{name} {text}" for name in names if (text := text_of(data.get(name))))


def successful(metrics: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The distribution of a metric over the requests that succeeded."""
    return mapping(mapping(metrics.get(name)).get("successful"))


def metrics_of(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Medians, means and percentiles of the times, and means of the rates, as far as the report has them.

    A time that it could not take, as the one to the first token of an answer that was not streamed, is zero in every
    request. That is null here.
    """
    read: dict[str, Any] = {}
    for name, (short, factor) in TIMES.items():
        distribution = successful(metrics, name)
        values = {kind: distribution[kind] for kind in ("mean", "median") if kind in distribution}
        percentiles = mapping(distribution.get("percentiles"))
        values |= {kind: percentiles[kind] for kind in ("p90", "p95", "p99") if kind in percentiles}
        if name in metrics and not distribution:
            values = {"median": None}
        is_missing = values.get("mean") == 0 == values.get("median")
        read |= {f"{kind}_{short}_ms": None if is_missing else scale(value, factor) for kind, value in values.items()}
    for theirs, ours in RATES.items():
        if theirs in metrics:
            read[ours] = successful(metrics, theirs).get("mean")
    return read
