"""Reports of inference-perf: `stage_N_lifecycle_metrics.json` and `summary_lifecycle_metrics.json`.

A report names the rate or concurrency of its stage, never the model: that is in the `config.yaml` beside it, or in a
`perf-run.json`. Known from the reports and sources of 0.7.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from release_actions.performance.model import (
    INFINITE,
    NO_COUNT,
    Run,
    Source,
    count_of,
    mapping,
    number_of,
    request_defects,
    scale,
    settings_of,
    split_nulls,
    text_of,
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


TIMED = frozenset({"constant", "poisson"})
"""Kinds of load whose stages send rate times duration requests."""


def is_report(value: Mapping[str, Any]) -> bool:
    """Whether an object is a report about requests. What Prometheus said has the same frame without latencies."""
    return "load_summary" in value and "latency" in mapping(value.get("successes")) and "failures" in value


def read_run(value: Mapping[str, Any], source: Source, config: Mapping[str, Any], stage: int | None) -> Run:
    """The run of a report. `config`: what `config.yaml` beside it holds. `stage`: its number, when the file says it."""
    load, successes = mapping(value.get("load_summary")), mapping(value.get("successes"))
    sent, completed = count_of(load.get("count")), count_of(successes.get("count"))
    failed = count_of(mapping(value.get("failures")).get("count"))
    wanted = requests_of(mapping(config.get("load")), stage)
    planned = sent if wanted is None else wanted
    defects = request_defects(planned=planned, completed=completed, failed=failed)
    concurrency = load.get("concurrency")
    settings = {
        "rate": INFINITE if concurrency else load.get("requested_rate"),
        "concurrency": concurrency,
        "num_prompts": planned,
        "stage": stage,
        "model": mapping(config.get("server")).get("model_name"),
        "dataset": mapping(config.get("data")).get("type"),
        "length_range": range_of(mapping(config.get("data"))),
    }
    values, unmeasured = split_nulls(metrics_of(successes))
    return Run(
        source,
        settings_of(TOOL, settings),
        values,
        (*defects, NO_COUNT) if completed is None else defects,
        names_commit=False,
        work=work_of(
            number_of(mapping(successes.get("prompt_tokens")).get("mean")) or None,
            number_of(mapping(successes.get("output_len")).get("mean")),
        ),
        unmeasured=unmeasured,
    )


def range_of(data: Mapping[str, Any]) -> str:
    """How made-up lengths are drawn: `input_distribution mean 512, std_dev 64`; empty when it is not said."""
    texts = []
    for name in ("input_distribution", "output_distribution", "shared_prefix"):
        parts = [f"{key} {text}" for key, item in sorted(mapping(data.get(name)).items()) if (text := text_of(item))]
        texts += [f"{name} {', '.join(parts)}"] if parts else []
    return "; ".join(texts)


def requests_of(load: Mapping[str, Any], stage: int | None) -> int | None:
    """The requests that the configuration plans for a stage; None when it does not say.

    A report counts what was sent: a stage that was cut short looks whole in it.
    """
    stages = load.get("stages")
    if stage is None or load.get("sweep") or not isinstance(stages, list) or stage >= len(stages):
        return None
    about = mapping(stages[stage])
    number = count_of(about.get("num_requests"))
    rate, seconds = number_of(about.get("rate")), number_of(about.get("duration"))
    if number is not None or load.get("type") not in TIMED or rate is None or seconds is None:
        return number
    return count_of(rate * seconds)


def metrics_of(successes: Mapping[str, Any]) -> dict[str, Any]:
    """Times in milliseconds and rates, as far as the report has them; null where it has null."""
    read: dict[str, Any] = {}
    latency, throughput = mapping(successes.get("latency")), mapping(successes.get("throughput"))
    for name, short in TIMES.items():
        distribution = mapping(latency.get(name))
        kinds = [kind for kind in ("mean", "median", "p90", "p95", "p99") if kind in distribution]
        read |= {f"{kind}_{short}_ms": scale(distribution[kind], MILLISECONDS) for kind in kinds}
        if name in latency and not kinds:
            read[f"median_{short}_ms"] = None
    return read | {ours: throughput[theirs] for theirs, ours in RATES.items() if theirs in throughput}
