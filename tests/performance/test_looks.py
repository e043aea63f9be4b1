"""Judging the same runs again as more are added."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.performance.maker import AFTER, side_of

from release_actions.performance import document, ranks
from release_actions.performance.comparing import Outcome, compare
from release_actions.performance.judging import decide
from release_actions.performance.looks import Look, look_after, read_earlier
from release_actions.performance.reading import Results
from release_actions.performance.rules import Rules
from release_actions.runner.envelope import Verdict

METRIC = "median_tpot_ms"
TODAY = date(2026, 8, 20)
BEFORE_RUNS = (100.0, 103.0, 97.0, 101.0, 99.0, 102.0)
AFTER_RUNS = (104.0, 99.0, 102.0, 106.0, 103.0, 101.0)
"""Sides that no five or six runs decide."""

CLEAR = tuple(value * 1.4 for value in BEFORE_RUNS)


def sides(count: int, after: tuple[float, ...] = AFTER_RUNS) -> tuple[Results, Results]:
    return (
        side_of(METRIC, BEFORE_RUNS[:count], side="baseline"),
        side_of(METRIC, after[:count], side="candidate"),
    )


def judge(count: int, rules: Rules, after: tuple[float, ...] = AFTER_RUNS) -> Outcome:
    return compare(*sides(count, after), rules, commit=AFTER, today=TODAY)


def report_of(outcome: Outcome) -> Mapping[str, Any]:
    text = json.dumps({"report": "perf-gate", **document.details(outcome, (), outcome.rules)})
    return read_earlier(text)


def doubt(outcome: Outcome) -> str:
    (message,) = [str(finding.problem) for finding in outcome.findings if finding.rule == "inconclusive"]
    return message


def test_every_planned_look_decides_at_its_part_of_alpha() -> None:
    loose, strict = judge(3, Rules(), CLEAR), judge(3, Rules(looks=2), CLEAR)

    assert (loose.verdict, strict.verdict) == (Verdict.FAIL, Verdict.INCONCLUSIVE)
    assert "too few runs to decide anything at alpha 0.025" in doubt(strict)
    assert judge(4, Rules(looks=2), CLEAR).verdict is Verdict.FAIL


def test_the_advice_of_one_planned_look_says_what_another_costs() -> None:
    message = doubt(judge(5, Rules()))

    assert "on each side would decide. To add runs and judge again is a further look" in message
    assert "plan it with performance.looks 2 and measure both sides again" in message


def test_the_advice_of_a_plan_says_that_another_look_is_part_of_it() -> None:
    message = doubt(judge(5, Rules(looks=2)))

    assert "on each side would decide. Judge again with these and the new ones: another look is planned." in message


def test_the_advice_needs_more_runs_where_alpha_is_divided() -> None:
    once, often = (judge(5, Rules(looks=looks)).gated[0].comparison.more_runs for looks in (2, 10))

    assert once is not None
    assert often is not None
    assert once < often


def test_more_runs_than_the_report_of_an_earlier_look_has_are_the_next_look() -> None:
    first = judge(5, Rules(looks=2))

    look = look_after(report_of(first), *(side.runs for side in sides(6)))

    assert look == Look(number=2, spent=0.025)


def test_the_same_runs_again_are_the_same_look() -> None:
    second = judge(6, Rules(looks=2, look=Look(2, 0.025)))

    assert look_after(report_of(second), *(side.runs for side in sides(6))) == Look(2, 0.025)


def test_other_runs_of_the_candidate_begin_anew() -> None:
    first = judge(5, Rules())
    others = side_of(METRIC, CLEAR, side="candidate")

    assert look_after(report_of(first), sides(5)[0].runs, others.runs) == Look()


def test_runs_that_could_decide_nothing_spend_nothing() -> None:
    first = judge(2, Rules())

    assert look_after(report_of(first), *(side.runs for side in sides(5))) == Look()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"report": "version-audit"}', '{"report": "perf-gate", "marks": 3, "look": []}', "[" * 9999],
)
def test_any_other_file_is_no_earlier_look(text: str) -> None:
    assert look_after(read_earlier(text), *(side.runs for side in sides(5))) == Look()


@pytest.mark.parametrize(
    "change", [{"spends": -1}, {"spent-before": float("nan")}, {"number": float("inf")}, {"number": "2"}]
)
def test_an_earlier_report_with_odd_amounts_tells_nothing(change: dict[str, Any]) -> None:
    report = dict(report_of(judge(5, Rules())))
    report["look"] = {**report["look"], **change}

    assert look_after(report, *(side.runs for side in sides(6))) == Look()


def test_a_look_after_alpha_is_spent_decides_nothing() -> None:
    outcome = judge(6, Rules(look=Look(2, 0.05)), CLEAR)

    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "earlier looks at these runs have spent alpha 0.05" in doubt(outcome)
    assert "Measure both sides again" in doubt(outcome)
    assert report_of(outcome)["look"] == {"number": 2, "planned": 1, "alpha": 0.0, "spent-before": 0.05, "spends": 0.0}


def test_a_plan_that_grows_afterwards_gets_only_what_is_left() -> None:
    assert Rules(looks=3, look=Look(2, 0.05)).look_alpha == 0.0
    assert Rules(alpha=0.10, looks=2, look=Look(2, 0.05)).look_alpha == pytest.approx(0.05)
    assert Rules(looks=2, look=Look(2, 0.025)).look_alpha == pytest.approx(0.025)
    assert not Rules(looks=2, look=Look(2, 0.025)).has_next_look


def share_of_false_fails(rules: Rules, looks: int, repetitions: int) -> float:
    """How often a candidate exactly at the tolerance fails at any of some looks, with two runs a side more at each."""
    generator = random.Random(7)
    limit = math.log1p(0.05)
    fails = 0
    for _ in range(repetitions):
        before: list[float] = []
        after: list[float] = []
        for look in range(looks):
            count = 4 if look == 0 else 2
            before += [generator.gauss(0, 0.03) for _ in range(count)]
            after += [generator.gauss(limit, 0.03) for _ in range(count)]
            bounds = ranks.bounds(after, before, rules.look_alpha)
            verdict, _ = decide(bounds, limit, fewest=len(before), rules=rules)
            if verdict is not Verdict.INCONCLUSIVE:
                fails += verdict is Verdict.FAIL
                break
    return fails / repetitions


def test_planned_looks_keep_false_fails_below_alpha_and_unplanned_ones_do_not() -> None:
    planned = share_of_false_fails(Rules(looks=4), 4, 1500)
    unplanned = share_of_false_fails(replace(Rules(), looks=1), 4, 1500)

    assert planned <= 0.05
    assert unplanned > 0.065
