"""How many runs are enough: the change that a number of runs can resolve, and the runs that a change needs.

Works on the measured spread of the logarithms between runs. A guide, not a promise: the spread of few runs is itself
uncertain.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from statistics import NormalDist

from release_actions.performance.ranks import has_bounds

POWER = 0.8
"""Share of the repetitions in which a decision should come out."""

MOST_RUNS = 50
"""Runs on one side beyond which more runs are no advice."""

SMALL_SAMPLE = {3: 1.26, 4: 1.36, 5: 1.15}
LARGER_SAMPLE = 1.10
"""How much wider the exact bounds are than those of the normal distribution, by runs on the smaller side, at alpha
0.05: measured by `benchmarks/perf_gate.py --factors`."""


def spread(logs: Sequence[float]) -> float | None:
    """Standard deviation between runs on the log scale; None for fewer than two runs."""
    return statistics.stdev(logs) if len(logs) > 1 else None


def pooled_spread(*sides: Sequence[float]) -> float | None:
    """The common standard deviation of several sides around their own means."""
    freedom = sum(len(side) - 1 for side in sides if len(side) > 1)
    if not freedom:
        return None
    squares = sum(statistics.variance(side) * (len(side) - 1) for side in sides if len(side) > 1)
    return math.sqrt(squares / freedom)


def detectable_shift(deviation: float, n: int, m: int, alpha: float) -> float:
    """The distance from the limit, on the log scale, that n and m runs decide in `POWER` of the cases."""
    if not has_bounds(n, m, alpha):
        return math.inf
    quantiles = NormalDist().inv_cdf(1 - alpha) + NormalDist().inv_cdf(POWER)
    correction = SMALL_SAMPLE.get(min(n, m), LARGER_SAMPLE)
    return correction * quantiles * deviation * math.sqrt(1 / n + 1 / m)


def runs_needed(distance: float, deviation: float, alpha: float, *, least: int) -> int | None:
    """Runs on each side that decide a distance from the limit; None when `MOST_RUNS` do not."""
    for runs in range(max(least, 2), MOST_RUNS + 1):
        if detectable_shift(deviation, runs, runs, alpha) <= distance:
            return runs
    return None
