"""Judges one metric of one group: slower beyond the tolerance, within it, or not yet known.

The decision is the interval of the ratio against the tolerance, never a p-value against zero. A run that is broken can
only make a candidate fail, never look better.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from release_actions.performance import planning, ranks
from release_actions.performance.groups import Group
from release_actions.performance.model import Run
from release_actions.performance.rules import MetricRule, Rules
from release_actions.runner.envelope import Verdict

LEAST_VALUE, MOST_VALUE = 1e-18, 1e18
"""Between these a value is believed, in whatever unit. Zero, NaN and infinity are outside."""

SURPRISE = math.log(1.25)
"""An improvement above which people should first look for a broken run."""


@dataclass(frozen=True)
class Comparison:
    """One metric of one group.

    `change` and `interval` are of the value itself, candidate to baseline: -0.05 is 5 % less. They are None when there
    is nothing to compute or too few runs to bound it. `p`: of "worse by more than the tolerance". `more_runs`: runs to
    add on each side so that a decision is likely, None when not known or beyond reason. `is_improved`: better by more
    than the tolerance. `can_decide`: whether runs were enough for any decision, so that alpha was spent. `reason`: why
    it is not simply within or beyond.
    """

    group: Group
    rule: MetricRule
    baseline: tuple[float, ...]
    candidate: tuple[float, ...]
    verdict: Verdict
    reason: str = ""
    change: float | None = None
    interval: tuple[float, float] | None = None
    worse_by: float | None = None
    p: float | None = None
    more_runs: int | None = None
    is_improved: bool = False
    can_decide: bool = False
    is_broken: bool = False


def compare_metric(group: Group, rule: MetricRule, rules: Rules) -> Comparison:
    """Judge a metric of a group that has runs on both sides."""
    before, after = values_of(group.baseline, rule.name), values_of(group.candidate, rule.name)
    broken = broken_reason(group, rule)
    if broken:
        verdict, reason = broken
        return Comparison(group, rule, before, after, verdict, reason, is_broken=True)
    logs_before, logs_after = logs_of(before, rule), logs_of(after, rule)
    worse = ranks.shift(logs_after, logs_before)
    bounds = ranks.bounds(logs_after, logs_before, rules.look_alpha) if rules.look_alpha else None
    verdict, reason = decide(bounds, rule.limit, fewest=min(len(before), len(after)), rules=rules)
    can_decide = bounds is not None and min(len(before), len(after)) >= rules.min_runs
    alpha = rules.next_alpha if can_decide else rules.look_alpha
    is_doubt = verdict is Verdict.INCONCLUSIVE and alpha > 0
    more = more_runs(logs_before, logs_after, rule.limit, rules, alpha) if is_doubt else None
    interval = None if bounds is None else natural_interval(bounds, rule)
    return Comparison(
        group,
        rule,
        before,
        after,
        verdict,
        reason,
        change=natural_change(worse, rule),
        interval=interval,
        worse_by=worse,
        p=ranks.p_greater(logs_after, logs_before, rule.limit),
        more_runs=more,
        can_decide=can_decide,
        is_improved=bounds is not None and verdict is Verdict.PASS and bounds[1] < -rule.limit,
    )


def decide(bounds: tuple[float, float] | None, limit: float, *, fewest: int, rules: Rules) -> tuple[Verdict, str]:
    """The verdict from the bounds of "worse by"."""
    if fewest < rules.min_runs:
        return Verdict.INCONCLUSIVE, f"{fewest} of at least {rules.min_runs} runs on a side"
    if not rules.look_alpha:
        return Verdict.INCONCLUSIVE, f"earlier looks at these runs have spent alpha {rules.alpha:g}"
    if bounds is None:
        return Verdict.INCONCLUSIVE, f"too few runs to decide anything at alpha {rules.look_alpha:g}"
    lower, upper = bounds
    if lower > limit:
        return Verdict.FAIL, ""
    if upper <= limit:
        return Verdict.PASS, ""
    return Verdict.INCONCLUSIVE, "the tolerance lies inside the interval"


def more_runs(before: Sequence[float], after: Sequence[float], limit: float, rules: Rules, alpha: float) -> int | None:
    """Runs to add on each side for a likely decision at alpha; None when `planning.MOST_RUNS` are not enough."""
    fewest = min(len(before), len(after))
    deviation = planning.pooled_spread(before, after)
    if deviation is None:
        return max(rules.min_runs - fewest, 1)
    least = max(rules.min_runs, fewest + (1 if fewest >= rules.min_runs else 0))
    distance = abs(ranks.shift(after, before) - limit)
    needed = planning.runs_needed(distance, deviation, alpha, least=least)
    return None if needed is None else needed - fewest


def values_of(runs: Sequence[Run], name: str) -> tuple[float, ...]:
    """The values of a metric, one a run that has it."""
    return tuple(run.metrics[name] for run in runs if name in run.metrics)


def logs_of(values: Sequence[float], rule: MetricRule) -> list[float]:
    """Logarithms, turned so that more is worse."""
    return [rule.worse(math.log(value)) for value in values]


def natural_change(worse: float, rule: MetricRule) -> float:
    """A shift of "worse by" as a change of the value itself."""
    return math.expm1(rule.worse(worse))


def natural_interval(bounds: tuple[float, float], rule: MetricRule) -> tuple[float, float]:
    """Bounds of "worse by" as the lowest and the highest change of the value itself."""
    low, high = sorted(natural_change(bound, rule) for bound in bounds)
    return low, high


def broken_reason(group: Group, rule: MetricRule) -> tuple[Verdict, str] | None:
    """Why a metric cannot be compared: fail for the candidate's runs, inconclusive for the baseline's."""
    for runs, verdict, side in (
        (group.candidate, Verdict.FAIL, "candidate"),
        (group.baseline, Verdict.INCONCLUSIVE, "baseline"),
    ):
        for run in runs:
            defects = defects_of(run, rule)
            if defects:
                return verdict, f"{side} run {run.source}: {', '.join(defects)}"
    return None


def defects_of(run: Run, rule: MetricRule) -> tuple[str, ...]:
    """What makes a run unusable for a metric."""
    if run.defects:
        return run.defects
    if rule.name not in run.metrics:
        return (f"it has no {rule.name}",)
    value = run.metrics[rule.name]
    if not LEAST_VALUE <= value <= MOST_VALUE:
        return (f"{rule.name} is {value:g}",)
    return ()


def defects_with_values(run: Run, rules: Rules) -> tuple[str, ...]:
    """What makes a run one that cannot be trusted, values that cannot be of metrics that decide included.

    For runs that are compared with none: for all others each metric is judged on its own.
    """
    measured = [name for name in run.metrics if name not in run.unmeasured]
    deciding = [rule for name in measured if (rule := rules.of(name)) is not None and rule.is_gated]
    return run.defects or tuple(defect for rule in deciding for defect in defects_of(run, rule))


def median_of(values: Sequence[float]) -> float:
    """The median of values that may hold NaN, which then is the result."""
    return math.nan if any(math.isnan(value) for value in values) else statistics.median(values)
