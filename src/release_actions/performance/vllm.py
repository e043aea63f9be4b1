"""Results of `vllm bench serve`, `latency`, `throughput` and `startup`.

Only `serve` names its load. `latency` and `throughput` name their model since 0.33, `startup` never does. What they do
not name comes from a `perf-run.json` beside them. Known from files that vLLM 0.33.0 wrote, and from older sources.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from release_actions.performance.metrics import known_metric
from release_actions.performance.model import (
    COMMIT_KEYS,
    ENGINE_KEYS,
    NO_COUNT,
    RUNNER_KEYS,
    SERVER_KEYS,
    Run,
    Source,
    count_of,
    first_text,
    number_of,
    odd_counts,
    request_defects,
    settings_of,
    split_nulls,
    work_of,
)

SERVE, LATENCY, THROUGHPUT, STARTUP = "vllm serve", "vllm latency", "vllm throughput", "vllm startup"

RESULTS = frozenset(
    {
        *("date", "label", "completed", "failed", "max_concurrent_requests", "rtfx"),
        *("ramp_up_strategy", "ramp_up_start_rps", "ramp_up_end_rps"),
    }
)
"""Plain values of a result of `serve` that are no setting of their own: what came out, and what `rate_of` reads."""

OWN_SETTINGS = ("model_id", "num_prompts", "request_rate", "burstiness", "max_concurrency")
"""Settings that `serve` writes itself. All others are of `--metadata`, which cannot change them."""

RESULT_PREFIXES = ("std_", "spec_decode_", "diffusion_", "probe_", "server_", "total_")
"""Beginnings of further names that are no setting: spreads, and counts of what was done."""

OPTIONAL = frozenset({"request_goodput", "rtfx", "spec_decode_acceptance_rate", "spec_decode_acceptance_length"})
"""Metrics that are null where they do not apply."""

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
    model = {"model": value.get("model_id")}
    if tool == LATENCY:
        return Run(source, settings_of(tool, model), latency_metrics(value), names_commit=False)
    if tool == THROUGHPUT:
        return read_throughput(value, source)
    if tool == STARTUP:
        return Run(source, settings_of(tool, {}), named_metrics(value), names_commit=False)
    return None


def read_throughput(value: Mapping[str, Any], source: Source) -> Run:
    """One run of `vllm bench throughput`."""
    requests, tokens = count_of(value.get("num_requests")), number_of(value.get("total_num_tokens"))
    settings = {"model": value.get("model_id"), "num_prompts": requests}
    return Run(
        source,
        settings_of(THROUGHPUT, settings),
        named_metrics(value),
        ("no token was generated",) if tokens == 0 else (),
        names_commit=False,
        work=work_of(None, None, both=per_request(tokens, requests or 1)),
    )


def read_serve(value: Mapping[str, Any], source: Source) -> Run:
    """One run of `vllm bench serve`."""
    defects = serve_defects(value)
    if "output_throughput" in value and value.get("total_output_tokens") == 0:
        defects += ("no token was generated",)
    metrics = named_metrics(value)
    if metrics.get("rtfx") == 0:
        # It is about audio, and zero for everything else.
        del metrics["rtfx"]
    own = {key: value[key] for key in OWN_SETTINGS if key in value} | {"request_rate": rate_of(value)}
    others = {key: text for key, text in value.items() if key not in {*metrics, *RESULTS, *own}}
    return Run(
        source,
        settings_of(SERVE, own, {key: text for key, text in others.items() if not key.startswith(RESULT_PREFIXES)}),
        metrics,
        defects,
        commit=first_text(value, COMMIT_KEYS),
        engine=first_text(value, ENGINE_KEYS),
        runner=first_text(value, RUNNER_KEYS),
        started=date_of(value.get("date")),
        work=work_of_serve(value),
        unmeasured=frozenset(name for name in metrics if value.get(name, "") is None),
        server=first_text(value, SERVER_KEYS),
    )


def work_of_serve(values: Mapping[str, Any]) -> dict[str, float]:
    """Tokens of a request of `serve`."""
    requests = count_of(values.get("completed")) or 1
    given, generated = number_of(values.get("total_input_tokens")), number_of(values.get("total_output_tokens"))
    return work_of(per_request(given, requests), per_request(generated, requests))


def serve_defects(values: Mapping[str, Any]) -> tuple[str, ...]:
    """What the counts of a result of `serve` say against it. Without counts it may be of a server that was down."""
    planned, completed, failed = (count_of(values.get(name)) for name in ("num_prompts", "completed", "failed"))
    defects = odd_counts(values, ("num_prompts", "completed", "failed", "total_input_tokens", "total_output_tokens"))
    defects += request_defects(planned=planned, completed=completed, failed=failed)
    if completed is None:
        return (*defects, NO_COUNT)
    if planned is None and failed is None:
        return (*defects, "it does not say how many requests were sent, nor how many failed")
    return defects


def rate_of(values: Mapping[str, Any]) -> Any:
    """The request rate of a result or of arguments. With a ramp vLLM writes `inf`, which would be another load."""
    strategy = first_text(values, ("ramp_up_strategy",))
    if not strategy:
        return values.get("request_rate")
    begin, end = (first_text(values, (name,)) for name in ("ramp_up_start_rps", "ramp_up_end_rps"))
    return f"{strategy} {begin} to {end}"


def per_request(tokens: float | None, requests: int) -> float | None:
    """Tokens of a request in the mean."""
    return None if tokens is None else tokens / requests


def named_metrics(value: Mapping[str, Any]) -> dict[str, float]:
    """Every known metric. Older files end the name of the goodput with a colon.

    Null and texts are NaN where a metric should be: some writers put them in its place, and a run that has none of it
    may be broken. Without a goal the goodput is null, which says nothing.
    """
    known = {key.removesuffix(":"): item for key, item in value.items() if known_metric(key.removesuffix(":"))}
    numbers = {name: number_of(item) for name, item in known.items()}
    return {
        name: math.nan if number is None else number
        for name, number in numbers.items()
        if number is not None or name not in OPTIONAL
    }


def latency_metrics(value: Mapping[str, Any]) -> dict[str, float]:
    """Mean and percentiles of the iterations, in seconds. Null is NaN, as a run without a time is broken."""
    metrics = {"avg_latency": value.get("avg_latency")}
    percentiles = value.get("percentiles")
    if isinstance(percentiles, Mapping):
        metrics |= {f"p{name}_latency": item for name, item in percentiles.items()}
    return split_nulls(metrics)[0]


def date_of(value: Any) -> str:
    """The date of a result as ISO 8601; empty when it is none. It is local time without a zone: good for order only."""
    try:
        return datetime.strptime(str(value), DATE).isoformat()  # noqa: DTZ007  # the file names no zone
    except ValueError:
        return ""
