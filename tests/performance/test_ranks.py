from __future__ import annotations

import itertools
import math
import random
from statistics import NormalDist

import pytest

from release_actions.performance import ranks


def enumerated_u(n: int, m: int) -> list[int]:
    counts = [0] * (n * m + 1)
    for places in itertools.combinations(range(n + m), n):
        others = [place for place in range(n + m) if place not in places]
        counts[sum(mine > other for mine in places for other in others)] += 1
    return counts


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 3), (3, 3), (4, 4), (5, 3), (4, 6)])
def test_distribution_of_u_is_that_of_all_arrangements(n: int, m: int) -> None:
    assert list(ranks.u_counts(n, m)) == enumerated_u(n, m)


def test_three_against_three_just_reaches_five_percent() -> None:
    assert ranks.lower_tail(0, 3, 3) == pytest.approx(0.05)
    assert ranks.bound_rank(3, 3, 0.05) == 1
    assert ranks.bound_rank(3, 3, 0.049) == 0


def test_two_against_two_bound_nothing() -> None:
    assert ranks.bounds([2.0, 3.0], [0.0, 1.0], 0.05) is None


def test_bounds_hold_exactly_the_shifts_that_the_test_does_not_reject() -> None:
    generator = random.Random(1)
    for _ in range(50):
        n, m = generator.randint(3, 8), generator.randint(3, 8)
        candidate = [generator.gauss(0.3, 1) for _ in range(n)]
        baseline = [generator.gauss(0, 1) for _ in range(m)]

        bounds = ranks.bounds(candidate, baseline, 0.05)

        assert bounds is not None
        lower, upper = bounds
        assert ranks.p_greater(candidate, baseline, lower - 1e-9) <= 0.05 * (1 + 1e-9)
        assert ranks.p_greater(candidate, baseline, lower + 1e-9) > 0.05
        mirrored = ([-value for value in candidate], [-value for value in baseline])
        assert ranks.p_greater(*mirrored, -upper - 1e-9) <= 0.05 * (1 + 1e-9)
        assert ranks.p_greater(*mirrored, -upper + 1e-9) > 0.05


def permuted_p(candidate: list[float], baseline: list[float]) -> float:
    values = [*candidate, *baseline]
    ordered = sorted(values)
    rank = {value: (ordered.index(value) + 1 + len(ordered) - ordered[::-1].index(value)) / 2 for value in values}
    observed = sum(rank[value] for value in candidate)
    ways = list(itertools.combinations(range(len(values)), len(candidate)))
    return sum(sum(rank[values[place]] for place in way) >= observed - 1e-9 for way in ways) / len(ways)


def test_p_with_ties_is_that_of_all_permutations() -> None:
    generator = random.Random(2)
    for _ in range(60):
        candidate = [float(generator.randint(0, 4)) for _ in range(generator.randint(2, 5))]
        baseline = [float(generator.randint(0, 4)) for _ in range(generator.randint(2, 5))]

        assert ranks.p_greater(candidate, baseline) == pytest.approx(permuted_p(candidate, baseline))


def test_shift_is_the_median_of_all_differences() -> None:
    assert ranks.shift([1.0, 5.0, 9.0], [0.0, 1.0]) == 4.5


def test_normal_distribution_continues_the_exact_one() -> None:
    n, u = 50, 1000
    exact = ranks.lower_tail(u, n, n)
    deviation = math.sqrt(n * n * (2 * n + 1) / 12)
    normal = NormalDist().cdf((u + 0.5 - n * n / 2) / deviation)

    assert normal == pytest.approx(exact, abs=0.001)
    assert ranks.lower_tail(1300, 51, 51) == pytest.approx(0.5, abs=0.05)
    assert ranks.bound_rank(51, 51, 0.05) == pytest.approx(ranks.bound_rank(50, 50, 0.05) * 51 * 51 / 2500, rel=0.02)


def test_holm_multiplies_the_smallest_by_their_number_and_never_falls() -> None:
    assert ranks.holm([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.09, 0.09, 0.5])


def test_trend_needs_five_runs_to_be_sure() -> None:
    assert ranks.trend_p([1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(2 / 120)
    assert ranks.trend_p([1.0, 2.0, 3.0, 4.0]) == pytest.approx(2 / 24)
    assert ranks.trend_p([2.0, 1.0, 4.0, 3.0]) > 0.3
    assert ranks.trend_p([1.0, 1.0, 1.0, 1.0]) == 1.0
