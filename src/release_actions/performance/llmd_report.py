"""llm-d-benchmark's own report, versions 0.1, 0.2 and 0.2.1, as YAML or JSON: one report a stage of a load.

Known from its published schemas and examples. Its units are written beside each value and differ between versions, so
they are read, and a unit that is not known makes the run one that cannot be trusted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from itertools import zip_longest
from typing import Any

from release_actions.performance.model import (
    COMMIT_KEYS,
    NO_COUNT,
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

TOOL = "llm-d-benchmark"

TIMES = {
    "time_to_first_token": "ttft",
    "time_per_output_token": "tpot",
    "inter_token_latency": "itl",
    "request_latency": "e2el",
}

RATES = {
    "output_token_rate": "output_throughput",
    "output_tokens_per_sec": "output_throughput",
    "request_rate": "request_throughput",
    "requests_rate": "request_throughput",
    "requests_per_sec": "request_throughput",
    "total_token_rate": "total_token_throughput",
    "total_tokens_per_sec": "total_token_throughput",
}
"""Rates of 0.2, of its first days (`requests_rate`), and of 0.1."""

TO_MILLISECONDS = {"s": 1000.0, "s/token": 1000.0, "ms": 1.0, "ms/token": 1.0, "us": 0.001, "us/token": 0.001}

KINDS = {"mean": "mean", "p50": "median", "p90": "p90", "p95": "p95", "p99": "p99"}


def is_report(value: Mapping[str, Any]) -> bool:
    """Whether an object is such a report."""
    has_results = "results" in value or "metrics" in value
    return has_results and isinstance(value.get("scenario"), Mapping) and text_of(value.get("version")).startswith("0.")


def read_run(value: Mapping[str, Any], source: Source) -> Run:
    """The run of a report."""
    aggregate = mapping(mapping(mapping(value.get("results")).get("request_performance")).get("aggregate"))
    aggregate = aggregate or mapping(value.get("metrics"))
    requests = mapping(aggregate.get("requests"))
    load = load_of(mapping(value.get("scenario")))
    times, unknown_units = times_of(mapping(aggregate.get("latency")))
    values, unmeasured = split_nulls(times | rates_of(mapping(aggregate.get("throughput"))))
    about = mapping(value.get("run"))
    stack = first_mapping(mapping(value.get("scenario")).get("stack"))
    return Run(
        source,
        settings_of(TOOL, load),
        values,
        (*defects_of(requests, count_of(load["concurrency"])), *unknown_units),
        commit=first_text(about, COMMIT_KEYS) or first_text(mapping(stack.get("metadata")), COMMIT_KEYS),
        names_commit=False,
        engine=engine_of(value),
        started=start_of(value),
        work=work_of(
            number_of(mapping(requests.get("input_length")).get("mean")),
            number_of(mapping(requests.get("output_length")).get("mean")),
        ),
        unmeasured=unmeasured,
    )


def defects_of(requests: Mapping[str, Any], concurrency: int | None) -> tuple[str, ...]:
    """What the counts of requests say against a run. The total holds those that failed or never ended, too."""
    total, failed, incomplete = (count_of(requests.get(name)) for name in ("total", "failures", "incomplete"))
    if total is None:
        return (NO_COUNT,)
    completed = total - (failed or 0) - (incomplete or 0)
    return (
        *request_defects(planned=None, completed=max(completed, 0), failed=failed),
        *unfinished_defects(completed=completed, incomplete=incomplete, in_flight=concurrency),
    )


def rates_of(throughput: Mapping[str, Any]) -> dict[str, Any]:
    """Rates by our names, as far as the report has them; null where it has null."""
    rates = {ours: throughput[theirs] for theirs, ours in RATES.items() if theirs in throughput}
    return {name: rate.get("mean") if isinstance(rate, Mapping) else rate for name, rate in rates.items()}


def times_of(latency: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Times in milliseconds, null where the report has null, and a defect for each unit that is not known."""
    metrics: dict[str, Any] = {}
    defects = []
    for name, short in TIMES.items():
        distribution = mapping(latency.get(name))
        if not distribution:
            continue
        factor = TO_MILLISECONDS.get(text_of(distribution.get("units")))
        if factor is None:
            defects.append(f"{name} is in {text_of(distribution.get('units')) or 'no unit'}, which is not known")
            continue
        kinds = {theirs: ours for theirs, ours in KINDS.items() if theirs in distribution}
        metrics |= {f"{ours}_{short}_ms": scale(distribution[theirs], factor) for theirs, ours in kinds.items()}
    return metrics, tuple(defects)


def load_of(scenario: Mapping[str, Any]) -> dict[str, Any]:
    """Model, load and devices of a scenario of either version."""
    load = mapping(scenario.get("load"))
    standard = mapping(load.get("standardized"))
    stack = mapping(first_mapping(scenario.get("stack")).get("standardized"))
    accelerator = mapping(stack.get("accelerator")) or first_mapping(mapping(scenario.get("host")).get("accelerator"))
    parallelism = mapping(accelerator.get("parallelism"))
    model = mapping(stack.get("model")) or mapping(scenario.get("model"))
    settings = {
        "model": model.get("name"),
        "quantization": model.get("quantization"),
        "device": accelerator.get("model"),
        "components": components_of(scenario),
        "harness": standard.get("tool") or load.get("name"),
        "dataset": standard.get("source") or load.get("type"),
        "stage": standard.get("stage"),
        "input_len": mapping(standard.get("input_seq_len")).get("value"),
        "output_len": mapping(standard.get("output_seq_len")).get("value"),
        "length_range": range_of(standard),
        "rate": standard.get("rate_qps"),
        "concurrency": standard.get("concurrency"),
    }
    return settings | {name: parallelism.get(name) for name in ("tp", "pp", "dp")}


def range_of(load: Mapping[str, Any]) -> str:
    """How lengths are drawn: `output_seq_len gaussian, std_dev 100`; empty when they are fixed or not said."""
    texts = []
    for name in ("input_seq_len", "output_seq_len"):
        about = mapping(load.get(name))
        kind = text_of(about.get("distribution"))
        if kind and kind != "fixed":
            parts = [f"{part} {text}" for part in RANGE_PARTS if (text := text_of(about.get(part)))]
            texts.append(", ".join([f"{name} {kind}", *parts]))
    return "; ".join(texts)


RANGE_PARTS = ("std_dev", "min", "max")


def components_of(scenario: Mapping[str, Any]) -> str:
    """What served the load, however it is labelled: `2 x decode (replicas 1, devices 8)`; empty when it is not said."""
    host = mapping(scenario.get("host"))
    items = [mapping(item) for item in list_of(scenario.get("stack"))]
    # The first reports of 0.2 name the kind beside the label.
    parts = [{**mapping(item.get("metadata")), **mapping(item.get("standardized"))} for item in items]
    named = [
        (first_text(part, ("role", "kind")), part.get("replicas"), mapping(part.get("accelerator"))) for part in parts
    ]
    accelerators = [mapping(item) for item in list_of(host.get("accelerator"))]
    named += [
        (text_of(kind), None, accelerator) for kind, accelerator in zip_longest(list_of(host.get("type")), accelerators)
    ]
    texts = Counter(
        component_of(role, text_of(replicas), text_of(mapping(accelerator).get("count")))
        for role, replicas, accelerator in named
    )
    return ", ".join(f"{count} x {text}" for text, count in sorted(texts.items()))


def component_of(role: str, replicas: str, devices: str) -> str:
    """One component: `decode (replicas 1, devices 8)`."""
    sizes = [f"{name} {number}" for name, number in (("replicas", replicas), ("devices", devices)) if number]
    return f"{role or 'component'} ({', '.join(sizes)})" if sizes else role or "component"


def list_of(value: Any) -> list[Any]:
    """A list of a payload; empty when it is something else."""
    return value if isinstance(value, list) else []


def engine_of(value: Mapping[str, Any]) -> str:
    """The engine with its version."""
    scenario = mapping(value.get("scenario"))
    stack = mapping(first_mapping(scenario.get("stack")).get("standardized"))
    engine = first_mapping(mapping(scenario.get("platform")).get("engine"))
    name = first_text(stack, ("tool",)) or first_text(engine, ("name",))
    return f"{name} {first_text(stack, ('tool_version',)) or first_text(engine, ('version',))}".strip()


def start_of(value: Mapping[str, Any]) -> str:
    """When the run began, as ISO 8601."""
    start = mapping(mapping(value.get("run")).get("time")).get("start")
    if isinstance(start, datetime):
        return start.isoformat()
    if isinstance(start, str):
        return start
    return time_of(mapping(mapping(value.get("metrics")).get("time")).get("start"))
