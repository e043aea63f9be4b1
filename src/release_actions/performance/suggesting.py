"""Which tolerance each metric can resolve with so many runs, from the baseline alone. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from release_actions.performance import planning
from release_actions.performance.comparing import rules_of
from release_actions.performance.groups import Group, group_runs
from release_actions.performance.judging import defects_of, values_of
from release_actions.performance.model import Run
from release_actions.performance.rules import MetricRule, Rules

RUN_COUNTS = (3, 5, 7, 10)
LEAST_RUNS = 3
"""Runs below which their spread says nothing."""


@dataclass(frozen=True)
class Suggestion:
    """What one metric of a group can resolve.

    `spread`: deviation between runs as a part of the value; None when too few runs or a broken one say nothing.
    `tolerances`: runs on each side -> the smallest tolerance that an unchanged candidate passes in 80 % of the cases.
    `runs_for_rule`: runs on each side for the tolerance in force; None when no sensible number is enough.
    """

    group: Group
    rule: MetricRule
    runs: int
    spread: float | None = None
    tolerances: tuple[tuple[int, float], ...] = ()
    runs_for_rule: int | None = None


def suggest(baseline: Sequence[Run], rules: Rules) -> tuple[Suggestion, ...]:
    """A suggestion for every gated metric of every group."""
    return tuple(
        suggest_metric(group, rule, rules)
        for group in group_runs(baseline, (), rules.match)
        for rule in rules_of(group, rules)
        if rule.is_gated
    )


def suggest_metric(group: Group, rule: MetricRule, rules: Rules) -> Suggestion:
    """What a metric of a group can resolve."""
    runs = group.baseline[rules.warm_ups :]
    if len(runs) < LEAST_RUNS or any(defects_of(run, rule) for run in runs):
        return Suggestion(group, rule, len(runs))
    deviation = planning.spread([math.log(value) for value in values_of(runs, rule.name)]) or 0.0
    tolerances = tuple(
        (count, tolerance_of(shift, rule))
        for count in RUN_COUNTS
        if math.isfinite(shift := planning.detectable_shift(deviation, count, count, rules.look_alpha))
    )
    needed = planning.runs_needed(rule.limit, deviation, rules.look_alpha, least=rules.min_runs)
    return Suggestion(group, rule, len(runs), math.expm1(deviation), tolerances, needed)


def tolerance_of(shift: float, rule: MetricRule) -> float:
    """A shift of the logarithm as a tolerance: of a time what it may grow by, of a throughput what it may fall by."""
    return math.expm1(shift) if rule.direction == "lower" else -math.expm1(-shift)
