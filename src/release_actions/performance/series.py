"""What the order of the runs of one side says: a machine that drifts, a first run that was cold."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from release_actions.performance.ranks import trend_p

LEAST_FOR_TREND = 4
"""Runs below which every order is likely by chance."""

TREND_ALPHA = 0.10
LEAST_FOR_COLD = 3


def drift_of(worse_logs: Sequence[float], limit: float) -> float | None:
    """The shift from the first to the second half of the runs, when it is a trend and above half the tolerance."""
    if len(worse_logs) < LEAST_FOR_TREND or trend_p(worse_logs) > TREND_ALPHA:
        return None
    half = len(worse_logs) // 2
    change = statistics.median(worse_logs[-half:]) - statistics.median(worse_logs[:half])
    return change if abs(change) > limit / 2 else None


def rise_of(worse_logs: Sequence[float], limit: float) -> float | None:
    """The shift from the first to the last of three runs, when it is steady and above half the tolerance.

    One order in three is as steady by chance, so it is a hint and no trend.
    """
    if len(worse_logs) != LEAST_FOR_TREND - 1:
        return None
    first, middle, last = worse_logs
    is_steady = first < middle < last or first > middle > last
    return last - first if is_steady and abs(last - first) > limit / 2 else None


def cold_start_of(worse_logs: Sequence[float], limit: float) -> float | None:
    """How much worse the first run was than the median of the others, when it is the worst and above the tolerance."""
    if len(worse_logs) < LEAST_FOR_COLD:
        return None
    first, others = worse_logs[0], worse_logs[1:]
    excess = first - statistics.median(others)
    return excess if excess > limit and first > max(others) else None


def percent(logs: float) -> float:
    """A shift of the logarithm as a change in percent."""
    return 100 * math.expm1(logs)
