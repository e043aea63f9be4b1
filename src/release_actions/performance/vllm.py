"""Results of `vllm bench serve`, `latency`, `throughput` and `startup`.

Only `serve` names its model and its load. For the other three that comes from a `perf-run.json` beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from release_actions.performance.metrics import known_metric
from release_actions.performance.model import (
    COMMIT_KEYS,
    ENGINE_KEYS,
    RUNNER_KEYS,
    Run,
    Source,
    count_of,
    first_text,
    number_of,
    request_defects,
    settings_of,
    work_of,
)

SERVE, LATENCY, THROUGHPUT, STARTUP = "vllm serve", "vllm latency", "vllm throughput", "vllm startup"

RESULTS = frozenset(
    {
        *("date", "label", "completed", "failed", "total_input_tokens", "total_output_tokens", "total_input"),
        "max_concurrent_requests",
    }
)
"""Plain values of a result of `serve` that are no setting."""

RESULT_PREFIXES = ("std_", "spec_decode_")
"""Beginnings of further names that are no setting: spreads, and counts of what was drafted and accepted."""

DATE = "%Y%m%d-%H%M%S"


def tool_of(value: Mapping[str, Any]) -> str:
    """Which of the four wrote an object; empty when none did."""
    if "request_throughput" in value and ("model_id" in value or "num_prompts" in value):
        return SERVE
    if "avg_latency" in value and "latencies" in value:
        return LATENCY
    if "elapsed_time" in value and "requests_per_second" in value:
        return THROUGHPUT
    if any(key.startswith("avg_") and key.endswith("_startup_time") for key in value):
        return STARTUP
    return ""


def read_run(value: Mapping[str, Any], source: Source) -> Run | None:
    """The run of an object; None when vLLM did not write it."""
    tool = tool_of(value)
    if tool == SERVE:
        return read_serve(value, source)
    if tool == LATENCY:
        return Run(source, settings_of(tool, {}), latency_metrics(value), names_commit=False)
    if tool == THROUGHPUT:
        planned = {"num_prompts": value.get("num_requests")}
        return Run(source, settings_of(tool, planned), named_metrics(value), names_commit=False)
    if tool == STARTUP:
        return Run(source, settings_of(tool, {}), named_metrics(value), names_commit=False)
    return None


def read_serve(value: Mapping[str, Any], source: Source) -> Run:
    """One run of `vllm bench serve`."""
    completed = count_of(value.get("completed"))
    defects = request_defects(
        planned=count_of(value.get("num_prompts")), completed=completed, failed=count_of(value.get("failed"))
    )
    given, generated = number_of(value.get("total_input_tokens")), number_of(value.get("total_output_tokens"))
    if "output_throughput" in value and generated == 0:
        defects += ("no token was generated",)
    metrics = named_metrics(value)
    settings = {key: text for key, text in value.items() if key not in metrics and key not in RESULTS}
    requests = completed or 1
    return Run(
        source,
        settings_of(SERVE, {key: text for key, text in settings.items() if not key.startswith(RESULT_PREFIXES)}),
        metrics,
        defects,
        commit=first_text(value, COMMIT_KEYS),
        engine=first_text(value, ENGINE_KEYS),
        runner=first_text(value, RUNNER_KEYS),
        started=date_of(value.get("date")),
        work=work_of(per_request(given, requests), per_request(generated, requests)),
    )


def per_request(tokens: float | None, requests: int) -> float | None:
    """Tokens of a request in the mean."""
    return None if tokens is None else tokens / requests


def named_metrics(value: Mapping[str, Any]) -> dict[str, float]:
    """Every number whose name is a known metric. Older files end the name of the goodput with a colon."""
    numbers = ((key.removesuffix(":"), number_of(item)) for key, item in value.items())
    return {name: number for name, number in numbers if number is not None and known_metric(name)}


def latency_metrics(value: Mapping[str, Any]) -> dict[str, float]:
    """Mean and percentiles of the iterations, in seconds."""
    metrics = {"avg_latency": number_of(value.get("avg_latency"))}
    percentiles = value.get("percentiles")
    if isinstance(percentiles, Mapping):
        metrics |= {f"p{name}_latency": number_of(item) for name, item in percentiles.items()}
    return {name: number for name, number in metrics.items() if number is not None}


def date_of(value: Any) -> str:
    """The date of a result as ISO 8601; empty when it is none. It is local time without a zone: good for order only."""
    try:
        return datetime.strptime(str(value), DATE).isoformat()  # noqa: DTZ007  # the file names no zone
    except ValueError:
        return ""
