"""When and where the runs ran: drift, a cold first run, other machines, sides one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from release_actions.performance import series
from release_actions.performance.groups import Group
from release_actions.performance.judging import defects_of, logs_of, values_of
from release_actions.performance.rules import MetricRule
from release_actions.runner.report import Finding, Level


def order_of_runs(group: Group, rules: Sequence[MetricRule]) -> Iterator[Finding]:
    """Drift and a cold first run, the strongest of each a side."""
    for side, runs in (("baseline", group.baseline), ("candidate", group.candidate)):
        drifts, colds = [], []
        for rule in rules:
            if len(values_of(runs, rule.name)) != len(runs) or any(defects_of(run, rule) for run in runs):
                continue
            logs = logs_of(values_of(runs, rule.name), rule)
            drift, cold = series.drift_of(logs, rule.limit), series.cold_start_of(logs, rule.limit)
            drifts += [(abs(drift), drift, rule.name)] if drift is not None else []
            colds += [(cold, rule.name)] if cold is not None else []
        if drifts:
            _, change, name = max(drifts)
            direction = "worse" if change > 0 else "better"
            message = (
                f"The runs of the {side} drift in {group.title}: {name} is {abs(series.percent(change)):.1f} % "
                f"{direction} in the second half than in the first."
            )
            hint = "Run both sides by turns (A B A B) on one machine, and look for throttling or a neighbour."
            yield Finding.of(Level.WARNING, message, hint=hint, rule="drift")
        if colds:
            excess, name = max(colds)
            message = (
                f"The first run of the {side} is cold in {group.title}: {name} is {series.percent(excess):.0f} % "
                "worse than the median of the others. It counts like any other."
            )
            hint = "Warm up before the first run, or declare it with performance.warm-ups in release.yaml."
            yield Finding.of(Level.WARNING, message, hint=hint, rule="cold-first-run")


def circumstances(group: Group) -> Iterator[Finding]:
    """Other machines on the two sides, and sides that ran one after the other."""
    before, after = ({run.runner for run in runs if run.runner} for runs in (group.baseline, group.candidate))
    if before and after and not before & after:
        message = f"The two sides ran on different runners in {group.title}: {min(before)}, {min(after)}."
        hint = "What differs between the machines counts as a change. Run both sides on one."
        yield Finding.of(Level.WARNING, message, hint=hint, rule="other-runner")
        return
    if not all(run.started for run in (*group.baseline, *group.candidate)):
        return
    first, second = ([run.started for run in runs] for runs in (group.baseline, group.candidate))
    if max(first) < min(second) or max(second) < min(first):
        is_backward = max(second) < min(first)
        order = (
            "The candidate ran wholly before the baseline" if is_backward else "One side ran wholly before the other"
        )
        message = f"{order} in {group.title}, so a drift of the machine counts as a change."
        hint = "Run both sides by turns (A B A B)."
        if is_backward:
            hint = f"Check that the sides are not swapped. {hint}"
        level = Level.WARNING if is_backward else Level.NOTICE
        yield Finding.of(level, message, hint=hint, rule="not-interleaved")
