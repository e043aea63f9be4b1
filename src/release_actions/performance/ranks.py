"""Exact statistics of two small samples: distribution of Mann-Whitney's U, p-values, shift and its bounds.

Everything works on logarithms, so that a shift is a ratio. The bounds are the inversion of the exact test over the
ordered pairwise differences (Hodges and Lehmann, 1963; Bauer, 1972). They hold for ties too, where they are wider than
needed; p-values with ties come from the distribution over all permutations. No normality is assumed.
"""

from __future__ import annotations

import functools
import math
import statistics
from collections import defaultdict
from collections.abc import Sequence
from statistics import NormalDist

EXACT_PAIRS = 2500
"""Pairs up to which the distribution is exact (50 runs on each side). Beyond it the normal one differs by less than
0.001, and counting would take seconds."""

SLACK = 1e-9
"""Part by which a probability may exceed alpha, so that 1/20 counts as 0.05 in floating point."""


@functools.lru_cache(maxsize=256)
def u_counts(n: int, m: int) -> tuple[int, ...]:
    """How many of the C(n+m, n) arrangements have U = 0, 1, …, n·m: the coefficients of the Gaussian binomial."""
    counts = [1] + [0] * (n * m)
    for i in range(1, n + 1):
        # Multiply by (1 - q^(m+i)) from the top, so that no coefficient is used after it changed; then divide by
        # (1 - q^i), which is a running sum from the bottom.
        for degree in range(n * m, m + i - 1, -1):
            counts[degree] -= counts[degree - m - i]
        for degree in range(i, n * m + 1):
            counts[degree] += counts[degree - i]
    return tuple(counts)


def lower_tail(u: int, n: int, m: int) -> float:
    """P(U <= u) when both samples come from one distribution without ties."""
    if n * m > EXACT_PAIRS:
        deviation = math.sqrt(n * m * (n + m + 1) / 12)
        return NormalDist().cdf((u + 0.5 - n * m / 2) / deviation)
    return sum(u_counts(n, m)[: u + 1]) / math.comb(n + m, n)


def bound_rank(n: int, m: int, alpha: float) -> int:
    """The rank, from 1, of the pairwise difference that bounds the shift from below at 1 - alpha; 0 when none does.

    It is one more than the largest u with P(U <= u) <= alpha: the shift exceeds the difference of that rank unless U
    came out that small.
    """
    if n * m > EXACT_PAIRS:
        deviation = math.sqrt(n * m * (n + m + 1) / 12)
        rank = math.floor(n * m / 2 + NormalDist().inv_cdf(alpha) * deviation - 0.5) + 1
        return max(rank, 0)
    allowed = alpha * math.comb(n + m, n) * (1 + SLACK)
    total = 0
    for u, count in enumerate(u_counts(n, m)):
        total += count
        if total > allowed:
            return u
    return n * m


def has_bounds(n: int, m: int, alpha: float) -> bool:
    """Whether the rarest arrangement of n and m values is rare enough to bound anything."""
    return alpha * math.comb(n + m, n) * (1 + SLACK) >= 1


def differences(candidate: Sequence[float], baseline: Sequence[float]) -> list[float]:
    """All pairwise differences, in order."""
    return sorted(x - y for x in candidate for y in baseline)


def shift(candidate: Sequence[float], baseline: Sequence[float]) -> float:
    """Hodges and Lehmann's estimate: the median of all pairwise differences."""
    return statistics.median(differences(candidate, baseline))


def bounds(candidate: Sequence[float], baseline: Sequence[float], alpha: float) -> tuple[float, float] | None:
    """One-sided lower and upper bound of the shift, each at 1 - alpha. None when so few values bound nothing."""
    rank = bound_rank(len(candidate), len(baseline), alpha)
    if not rank:
        return None
    ordered = differences(candidate, baseline)
    return ordered[rank - 1], ordered[-rank]


def p_greater(candidate: Sequence[float], baseline: Sequence[float], margin: float = 0.0) -> float:
    """P-value of "the candidate is larger by more than `margin`", exact, with ties over all permutations."""
    shifted = [x - margin for x in candidate]
    n, m = len(shifted), len(baseline)
    if n * m > EXACT_PAIRS or len(set(shifted) | set(baseline)) == n + m:
        larger = sum(x > y for x in shifted for y in baseline)
        return lower_tail(n * m - larger, n, m)
    return tied_p(shifted, baseline)


def tied_p(candidate: Sequence[float], baseline: Sequence[float]) -> float:
    """Part of all ways to choose the candidate's values in which their ranks add up to at least what they do."""
    ranks = doubled_ranks([*candidate, *baseline])
    observed = sum(ranks[: len(candidate)])
    # ways[k][s]: in how many ways k of the values seen so far have ranks that add up to s. Going down in k, no value is
    # used twice.
    ways: list[dict[int, int]] = [defaultdict(int) for _ in range(len(candidate) + 1)]
    ways[0][0] = 1
    for rank in ranks:
        for size in range(len(candidate), 0, -1):
            for total, count in ways[size - 1].items():
                ways[size][total + rank] += count
    extreme = sum(count for total, count in ways[-1].items() if total >= observed)
    return extreme / math.comb(len(ranks), len(candidate))


def doubled_ranks(values: Sequence[float]) -> list[int]:
    """Twice the rank of each value, so that the middle rank of equal values is a whole number too."""
    ordered = sorted(values)
    first = {value: place for place, value in reversed(list(enumerate(ordered)))}
    last = {value: place for place, value in enumerate(ordered)}
    return [first[value] + last[value] + 2 for value in values]


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for their number (Holm, 1979), in the order given."""
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for step, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - step) * p_values[place]))
        adjusted[place] = largest
    return adjusted


@functools.lru_cache(maxsize=64)
def inversion_counts(n: int) -> tuple[int, ...]:
    """How many of the n! orders have 0, 1, … pairs out of order."""
    counts = [1]
    for size in range(2, n + 1):
        longer = [0] * (len(counts) + size - 1)
        for place, count in enumerate(counts):
            for extra in range(size):
                longer[place + extra] += count
        counts = longer
    return tuple(counts)


def trend_p(values: Sequence[float]) -> float:
    """Two-sided p-value of Kendall's exact test for a trend in a series. Ties count against a trend."""
    n = len(values)
    pairs = [(values[i], values[j]) for i in range(n) for j in range(i + 1, n)]
    rising = sum(later > earlier for earlier, later in pairs)
    falling = sum(later < earlier for earlier, later in pairs)
    fewest = len(pairs) - max(rising, falling)
    return min(1.0, 2 * sum(inversion_counts(n)[: fewest + 1]) / math.factorial(n))
