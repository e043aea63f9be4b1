from __future__ import annotations

import math
import random

import pytest

from release_actions.performance import planning, ranks

ALPHA = 0.05


@pytest.mark.parametrize("runs", [3, 4, 5, 7, 10])
def test_the_detectable_shift_is_found_in_four_of_five_cases(runs: int) -> None:
    generator = random.Random(runs)
    shift = planning.detectable_shift(1.0, runs, runs, ALPHA)
    rank = ranks.bound_rank(runs, runs, ALPHA)
    found = 0
    for _ in range(2000):
        after = [generator.gauss(shift, 1) for _ in range(runs)]
        before = [generator.gauss(0, 1) for _ in range(runs)]
        found += ranks.differences(after, before)[rank - 1] > 0

    assert found / 2000 == pytest.approx(planning.POWER, abs=0.035)


def test_so_few_runs_that_nothing_is_bounded_detect_nothing() -> None:
    assert math.isinf(planning.detectable_shift(0.01, 2, 2, ALPHA))
    assert math.isinf(planning.detectable_shift(0.01, 3, 3, 0.01))


def test_more_runs_are_needed_for_less_distance_and_more_spread() -> None:
    near = planning.runs_needed(0.02, 0.02, ALPHA, least=3)
    far = planning.runs_needed(0.06, 0.02, ALPHA, least=3)
    noisy = planning.runs_needed(0.06, 0.05, ALPHA, least=3)

    assert near is not None
    assert far is not None
    assert noisy is not None
    assert far < near
    assert far < noisy


def test_what_no_sensible_number_decides_has_no_number() -> None:
    assert planning.runs_needed(0.0, 0.02, ALPHA, least=3) is None
    assert planning.runs_needed(0.001, 0.2, ALPHA, least=3) is None


def test_runs_without_any_spread_need_no_more_than_the_least() -> None:
    assert planning.runs_needed(0.05, 0.0, ALPHA, least=4) == 4


def test_spread_is_pooled_around_the_mean_of_each_side() -> None:
    assert planning.pooled_spread([0.0, 0.2], [5.0, 5.2]) == pytest.approx(math.sqrt(0.02))
    assert planning.pooled_spread([1.0], [2.0]) is None
    assert planning.spread([1.0]) is None
