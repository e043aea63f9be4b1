"""The metrics that are known: which way is better, their unit, and what is gated when the rules say nothing."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Literal

Direction = Literal["higher", "lower"]

LATENCY_TOLERANCE = 0.05
FIRST_TOKEN_TOLERANCE = 0.10
"""Times to the first token differ by 5 to 20 % between identical runs, so less cannot be held."""

STARTUP_TOLERANCE = 0.10


@dataclass(frozen=True)
class Metric:
    """A known metric. `gate`: the tolerance it is held to by default, None when it is only reported."""

    name: str
    direction: Direction
    unit: str
    gate: float | None = None
    needs_saturation: bool = False


HIGHER = ("request_throughput", "request_goodput", "total_token_throughput", "max_output_tokens_per_s")
TIMES = ("ttft", "tpot", "itl", "e2el")

KNOWN = {
    metric.name: metric
    for metric in (
        Metric("output_throughput", "higher", "tok/s", LATENCY_TOLERANCE, needs_saturation=True),
        Metric("median_tpot_ms", "lower", "ms", LATENCY_TOLERANCE),
        Metric("median_itl_ms", "lower", "ms", LATENCY_TOLERANCE),
        Metric("median_ttft_ms", "lower", "ms", FIRST_TOKEN_TOLERANCE),
        Metric("p50_latency", "lower", "s", LATENCY_TOLERANCE),
        Metric("tokens_per_second", "higher", "tok/s", LATENCY_TOLERANCE),
        Metric("avg_cold_startup_time", "lower", "s", STARTUP_TOLERANCE),
        Metric("avg_warm_startup_time", "lower", "s", STARTUP_TOLERANCE),
        Metric("request_throughput", "higher", "req/s"),
        Metric("request_goodput", "higher", "req/s"),
        Metric("total_token_throughput", "higher", "tok/s"),
        Metric("max_output_tokens_per_s", "higher", "tok/s"),
        Metric("rtfx", "higher", ""),
        Metric("spec_decode_acceptance_rate", "higher", ""),
        Metric("spec_decode_acceptance_length", "higher", "tokens"),
        Metric("requests_per_second", "higher", "req/s"),
        Metric("elapsed_time", "lower", "s"),
        Metric("duration", "lower", "s"),
        Metric("avg_latency", "lower", "s"),
    )
}

TIME = re.compile(r"(?:mean|median|p[0-9]+(?:\.[0-9]+)?)_[a-z0-9_]+_ms")
PROBE = re.compile(r"probe_[a-z0-9_.]+_e2el_ms")
"""Times of vLLM's probe requests, of whatever statistic."""

PERCENTILE = re.compile(r"p[0-9]+(?:\.[0-9]+)?_latency")
STARTUP = re.compile(r"avg_(?:cold|warm)_[a-z_]+_time")


@functools.lru_cache(maxsize=1024)
def known_metric(name: str) -> Metric | None:
    """The metric of a name, by the table or by the form of the name; None when the way to better is not known."""
    if name in KNOWN:
        return KNOWN[name]
    if TIME.fullmatch(name) or PROBE.fullmatch(name):
        return Metric(name, "lower", "ms")
    if PERCENTILE.fullmatch(name) or STARTUP.fullmatch(name):
        return Metric(name, "lower", "s")
    return None
