"""What must hold for any runs: found by hypothesis, with the judge's own arithmetic."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.performance.maker import AFTER, run_of, side_of

from release_actions.performance import judging
from release_actions.performance.comparing import Outcome, compare
from release_actions.performance.reading import Results
from release_actions.performance.rules import Rules
from release_actions.runner.envelope import Verdict

TODAY = date(2026, 8, 20)
RULES = Rules()
LOWER, HIGHER = "median_tpot_ms", "output_throughput"

good = st.floats(min_value=0.5, max_value=2000.0, allow_nan=False)
sides = st.lists(good, min_size=1, max_size=8)
bad = st.sampled_from([0.0, -1.0, math.nan, math.inf, -math.inf])


def judge(metric: str, before: Sequence[float], after: Sequence[float], rules: Rules = RULES) -> Outcome:
    baseline, candidate = side_of(metric, before, side="baseline"), side_of(metric, after, side="candidate")
    return compare(baseline, candidate, rules, commit=AFTER, today=TODAY)


def only(outcome: Outcome) -> judging.Comparison:
    (item,) = outcome.gated
    return item.comparison


def demand_failure(before: list[float], after: list[float], value: float, place: int) -> None:
    assert judge(LOWER, before, [*after[:place], value, *after[place:]]).verdict is Verdict.FAIL


@given(sides, sides, bad, st.integers(0, 7))
@settings(deadline=None, max_examples=60)
def test_a_broken_candidate_never_passes(before: list[float], after: list[float], value: float, place: int) -> None:
    demand_failure(before, after, value, place)


@given(sides, sides, bad)
@settings(deadline=None, max_examples=60)
def test_a_broken_baseline_is_never_a_pass(before: list[float], after: list[float], value: float) -> None:
    assert judge(LOWER, [*before, value], after).verdict is Verdict.INCONCLUSIVE


@given(sides, sides)
@settings(deadline=None, max_examples=60)
def test_fewer_runs_than_the_rules_ask_for_decide_nothing(before: list[float], after: list[float]) -> None:
    assume(min(len(before), len(after)) < RULES.min_runs)

    assert only(judge(LOWER, before, after)).verdict is Verdict.INCONCLUSIVE


@given(sides, sides)
@settings(deadline=None, max_examples=60)
def test_the_order_of_runs_changes_no_verdict(before: list[float], after: list[float]) -> None:
    first = only(judge(LOWER, before, after))
    again = only(judge(LOWER, sorted(before), sorted(after, reverse=True)))

    assert (first.verdict, first.interval, first.more_runs) == (again.verdict, again.interval, again.more_runs)


@given(sides, sides, st.sampled_from([0.25, 4.0, 1024.0]))
@settings(deadline=None, max_examples=60)
def test_the_unit_changes_no_verdict(before: list[float], after: list[float], factor: float) -> None:
    first = only(judge(LOWER, before, after))
    again = only(judge(LOWER, [factor * value for value in before], [factor * value for value in after]))

    assume(all(abs(abs(bound) - first.rule.tolerance) > 1e-6 for bound in first.interval or ()))
    assert first.verdict is again.verdict


def literal_verdict(before: Sequence[float], after: Sequence[float], limit: float) -> Verdict:
    """The verdict by counting arrangements and ordered ratios one by one."""
    n, m = len(after), len(before)
    if min(n, m) < RULES.min_runs:
        return Verdict.INCONCLUSIVE
    counts: dict[int, int] = {}
    for places in itertools.combinations(range(n + m), n):
        u = sum(place - number for number, place in enumerate(places))
        counts[u] = counts.get(u, 0) + 1
    rank = total = 0
    while total + counts[rank] <= RULES.alpha * math.comb(n + m, n) + 1e-9:
        total += counts[rank]
        rank += 1
    ratios = sorted(x / y for x in after for y in before)
    if rank and ratios[rank - 1] > limit:
        return Verdict.FAIL
    if rank and ratios[-rank] <= limit:
        return Verdict.PASS
    return Verdict.INCONCLUSIVE


@given(st.lists(good, min_size=3, max_size=6), st.lists(good, min_size=3, max_size=6))
@settings(deadline=None, max_examples=60)
def test_the_verdict_is_that_of_counting_by_hand(before: list[float], after: list[float]) -> None:
    ratios = [x / y for x in after for y in before]
    assume(all(abs(ratio - 1.05) > 1e-9 for ratio in ratios))

    assert only(judge(LOWER, before, after)).verdict is literal_verdict(before, after, 1.05)


@given(st.lists(good, min_size=3, max_size=6), st.lists(good, min_size=3, max_size=6))
@settings(deadline=None, max_examples=60)
def test_a_throughput_is_judged_by_what_it_lost(before: list[float], after: list[float]) -> None:
    losses = [y / x for x in after for y in before]
    assume(all(abs(loss - 1 / 0.95) > 1e-9 for loss in losses))

    assert only(judge(HIGHER, before, after)).verdict is literal_verdict(after, before, 1 / 0.95)


@given(st.lists(good, min_size=3, max_size=6), st.lists(good, min_size=3, max_size=6))
@settings(deadline=None, max_examples=60)
def test_a_wider_tolerance_is_never_stricter(before: list[float], after: list[float]) -> None:
    order = [Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS]
    narrow = only(judge("median_itl_ms", before, after)).verdict
    wide = only(judge("median_ttft_ms", before, after)).verdict

    assert order.index(wide) >= order.index(narrow)


def test_a_judge_that_takes_broken_runs_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "broken_reason", lambda _group, _rule: None)
    monkeypatch.setattr(judging, "logs_of", lambda values, _rule: [-9.0 if not value > 0 else 0.0 for value in values])

    with pytest.raises(AssertionError):
        demand_failure([100.0, 100.1, 100.2], [100.0, 100.3, 100.4], 0.0, 1)


def test_one_run_decides_nothing_even_where_the_rules_ask_for_no_more() -> None:
    lenient = Rules(min_runs=1)
    before = Results((run_of({LOWER: 100.0}, side="baseline"),))
    after = Results((run_of({LOWER: 90.0}, side="candidate"),))

    outcome = compare(before, after, lenient, commit=AFTER, today=TODAY)

    assert only(outcome).verdict is Verdict.INCONCLUSIVE
