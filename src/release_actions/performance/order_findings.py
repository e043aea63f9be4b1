"""When and where the runs ran: drift, a cold first run, other machines, sides one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from release_actions.errors import Place
from release_actions.performance import series
from release_actions.performance.groups import Group
from release_actions.performance.judging import defects_of, logs_of, values_of
from release_actions.performance.rules import MetricRule, Rules
from release_actions.runner.report import Finding, Level, counted


def order_of_runs(group: Group, rules: Sequence[MetricRule]) -> Iterator[Finding]:
    """Drift and a cold first run, the strongest of each a side."""
    for side, runs in (("baseline", group.baseline), ("candidate", group.candidate)):
        drifts, colds, rises = [], [], []
        for rule in rules:
            if len(values_of(runs, rule.name)) != len(runs) or any(defects_of(run, rule) for run in runs):
                continue
            logs = logs_of(values_of(runs, rule.name), rule)
            drift, cold = series.drift_of(logs, rule.limit), series.cold_start_of(logs, rule.limit)
            drifts += [(abs(drift), drift, rule.name)] if drift is not None else []
            colds += [(cold, rule.name)] if cold is not None else []
            rise = series.rise_of(logs, rule.limit)
            rises += [(abs(rise), rise, rule.name)] if rise is not None else []
        if drifts:
            _, change, name = max(drifts)
            direction = "worse" if change > 0 else "better"
            message = (
                f"The runs of the {side} drift in {group.title}: {name} is {abs(series.percent(change)):.1f} % "
                f"{direction} in the second half than in the first."
            )
            hint = "Run both sides by turns (A B A B) on one machine, and look for throttling or a neighbour."
            yield Finding.of(Level.WARNING, message, hint=hint, rule="drift")
        if rises:
            yield possible_drift(group, side, *max(rises)[1:])
        if colds:
            excess, name = max(colds)
            message = (
                f"The first run of the {side} is cold in {group.title}: {name} is {series.percent(excess):.0f} % "
                "worse than the median of the others. It counts like any other."
            )
            hint = "Warm up before the first run, or declare it with performance.warm-ups in release.yaml."
            yield Finding.of(Level.WARNING, message, hint=hint, rule="cold-first-run")


def possible_drift(group: Group, side: str, change: float, name: str) -> Finding:
    """Three runs that become steadily better or worse, of which nobody can say more."""
    direction = "worse" if change > 0 else "better"
    message = (
        f"The three runs of the {side} may drift in {group.title}: {name} is {abs(series.percent(change)):.1f} % "
        f"{direction} in the last than in the first. One order in three is as steady by chance."
    )
    hint = f"Run it once more: from {series.LEAST_FOR_TREND} runs on a drift is told from chance."
    return Finding.of(Level.NOTICE, message, hint=hint, rule="drift")


def too_few_for_drift(groups: Sequence[Group]) -> Iterator[Finding]:
    """That some sides have too few runs to tell a drift of the machine from chance."""
    few = [
        group
        for group in groups
        if group.is_paired and min(len(group.baseline), len(group.candidate)) < series.LEAST_FOR_TREND
    ]
    if few:
        fewest = min(min(len(group.baseline), len(group.candidate)) for group in few)
        message = (
            f"Whether runs drift cannot be told in {counted(len(few), 'group')}: a side has only "
            f"{counted(fewest, 'run')}."
        )
        hint = f"With {series.LEAST_FOR_TREND} runs on each side a drift is told from chance."
        yield Finding.of(Level.NOTICE, message, hint=hint, rule="drift")


def shared_servers(group: Group, rules: Rules) -> Iterator[Finding]:
    """Runs of a side that measured one start of a server, or may have: they are no samples of their own."""
    level = rules.level_of("same-server")
    for side, runs in (("baseline", group.baseline), ("candidate", group.candidate)):
        named = Counter(run.server for run in runs if run.server)
        shared = [server for server, count in named.items() if count > 1]
        unnamed = Counter(run.appended_to for run in runs if run.appended_to and not run.server)
        appended = [file for file, count in unnamed.items() if count > 1]
        if level is None or not (shared or appended):
            continue
        if shared:
            count, where = named[shared[0]], f"measured one start of a server, {shared[0]}"
        else:
            count, where = (
                unnamed[appended[0]],
                f"are in {appended[0]} and do not say which start of a server they measured",
            )
        message = (
            f"{count} of the {len(runs)} runs of the {side} {where}, in {group.title}. Runs of one start differ less "
            "than starts do, so the interval is too narrow."
        )
        yield Finding.of(level, message, hint=HINT_SERVER, place=Place(runs[0].source.file), rule="same-server")


HINT_SERVER = (
    "Start the server anew for every run, and name the start in each result: --metadata server_start=NUMBER. "
    "performance.levels.same-server in release.yaml sets how much this counts."
)


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
