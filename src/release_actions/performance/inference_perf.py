"""Reports of inference-perf: `stage_N_lifecycle_metrics.json` and `summary_lifecycle_metrics.json`.

A report names the rate or concurrency of its stage, never the model: that is in the `config.yaml` beside it, or in a
`perf-run.json`. Known from its sources of August 2026; written by hand in our tests, as its
package needs Python 3.12.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from release_actions.performance.model import (
    INFINITE,
    Run,
    Source,
    count_of,
    mapping,
    number_of,
    request_defects,
    settings_of,
    work_of,
)

TOOL = "inference-perf"
MILLISECONDS = 1000

TIMES = {
    "time_to_first_token": "ttft",
    "time_per_output_token": "tpot",
    "inter_token_latency": "itl",
    "request_latency": "e2el",
}
"""Its times, in seconds -> ours, in milliseconds."""

RATES = {
    "output_tokens_per_sec": "output_throughput",
    "requests_per_sec": "request_throughput",
    "total_tokens_per_sec": "total_token_throughput",
}


def is_report(value: Mapping[str, Any]) -> bool:
    """Whether an object is a report about requests. What Prometheus said has the same frame without latencies."""
    return "load_summary" in value and "latency" in mapping(value.get("successes")) and "failures" in value


def read_run(value: Mapping[str, Any], source: Source, config: Mapping[str, Any]) -> Run:
    """The run of a report. `config`: what `config.yaml` beside it holds."""
    load, successes = mapping(value.get("load_summary")), mapping(value.get("successes"))
    planned, completed = count_of(load.get("count")), count_of(successes.get("count"))
    failed = count_of(mapping(value.get("failures")).get("count"))
    concurrency = load.get("concurrency")
    settings = {
        "rate": INFINITE if concurrency else load.get("requested_rate"),
        "concurrency": concurrency,
        "num_prompts": planned,
        "model": mapping(config.get("server")).get("model_name"),
        "dataset": mapping(config.get("data")).get("type"),
    }
    return Run(
        source,
        settings_of(TOOL, settings),
        metrics_of(successes),
        request_defects(planned=planned, completed=completed, failed=failed),
        names_commit=False,
        work=work_of(
            number_of(mapping(successes.get("prompt_tokens")).get("mean")) or None,
            number_of(mapping(successes.get("output_len")).get("mean")),
        ),
    )


def metrics_of(successes: Mapping[str, Any]) -> dict[str, float]:
    """Times in milliseconds and rates."""
    read: dict[str, float | None] = {}
    latency, throughput = mapping(successes.get("latency")), mapping(successes.get("throughput"))
    for name, short in TIMES.items():
        distribution = mapping(latency.get(name))
        for kind in ("mean", "median", "p90", "p95", "p99"):
            number = number_of(distribution.get(kind))
            read[f"{kind}_{short}_ms"] = None if number is None else number * MILLISECONDS
    read |= {ours: number_of(throughput.get(theirs)) for theirs, ours in RATES.items()}
    return {name: number for name, number in read.items() if number is not None}
