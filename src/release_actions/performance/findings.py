"""What is said about a comparison besides its verdicts: in words, with what to do. Each has a rule's name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from release_actions.errors import Place
from release_actions.performance import inference_perf, series, vllm
from release_actions.performance.files import SIDECAR
from release_actions.performance.groups import Group, Key, has_settings, nearest_key
from release_actions.performance.judging import Comparison, defects_of, defects_with_values, logs_of, values_of
from release_actions.performance.model import ENGINE_KEYS, RUNNER_KEYS, WORK, Run
from release_actions.performance.reading import Results
from release_actions.performance.rules import MetricRule, Rules
from release_actions.runner.report import Finding, Level, counted

WORK_TOLERANCE = 0.02
"""Part by which the tokens of a request may differ between two sides that did the same work."""

SHOWN_FILES = 5


def no_baseline(missing: str) -> Iterator[Finding]:
    """A baseline that could not be had, and why."""
    if missing:
        hint = (
            "Attach the report of this run to its release, so that the next release has a baseline. For this one, "
            "measure the release before and name its results as baseline."
        )
        yield Finding.of(Level.ERROR, missing, hint=hint, rule="no-baseline")


def files_that_gave_nothing(results: Results, side: str) -> Iterator[Finding]:
    """Broken files, and files that were passed over."""
    for unused in results.unreadable:
        yield Finding.of(
            Level.ERROR,
            f"A result of the {side} cannot be read: {unused.reason}.",
            hint="Run the benchmark again, or take the file out if it is no result.",
            place=Place(unused.file),
            rule="unreadable",
        )
    if results.ignored:
        names = "; ".join(f"{unused.file}: {unused.reason}" for unused in results.ignored[:SHOWN_FILES])
        rest = len(results.ignored) - SHOWN_FILES
        more = f"; and {rest} more" if rest > 0 else ""
        message = f"{counted(len(results.ignored), 'file')} of the {side} gave no run. {names}{more}."
        yield Finding.of(Level.NOTICE, message, rule="ignored-file")


def unknown_candidate(runs: Sequence[Run]) -> Iterator[Finding]:
    """That nothing was held to the candidate's commit, because it was not given."""
    said = sorted({run.commit[:12] for run in runs if run.commit})
    measured = f" They say that they measured {', '.join(said[:3])}." if said else ""
    message = (
        f"The candidate's commit was not given: whether these results are the candidate's was not checked.{measured}"
    )
    hint = "Pass the commit with --commit, or with the input commit."
    yield Finding.of(Level.NOTICE, message, hint=hint, rule="no-commit")


def commits_of_candidate(runs: Sequence[Run], commit: str, rules: Rules) -> Iterator[Finding]:
    """Results of another commit than the candidate's, and results that could name one and do not."""
    others = [run for run in runs if run.commit and not same_commit(run.commit, commit)]
    silent = [run for run in runs if not run.commit]
    level = rules.level_of("other-commit")
    if others and level:
        message = (
            f"{counted(len(others), 'run')} of the candidate measured {others[0].commit[:12]}, "
            f"not the candidate {commit[:12]}."
        )
        hint = "Run the benchmark for this commit, or give the commit that was measured as input commit."
        yield Finding.of(level, message, hint=hint, place=Place(others[0].source.file), rule="other-commit")
    level = rules.level_of("no-commit")
    named = [run for run in silent if run.names_commit]
    if named and level:
        message = f"{counted(len(named), 'run')} of the candidate do not say which commit they measured."
        hint = (
            f"Pass --metadata commit={commit} to vllm bench serve, or put a perf-run.json with the commit beside the "
            "results; performance.levels.no-commit in release.yaml sets how much that counts."
        )
        yield Finding.of(level, message, hint=hint, place=Place(named[0].source.file), rule="no-commit")
    unnamed = [run for run in silent if not run.names_commit]
    if unnamed:
        message = (
            f"{counted(len(unnamed), 'run')} of the candidate have a format that names no commit, so nothing proves "
            "what they measured."
        )
        hint = f'Put a perf-run.json beside the results: {{"commit": "{commit}"}}.'
        yield Finding.of(Level.NOTICE, message, hint=hint, place=Place(unnamed[0].source.file), rule="no-commit")


def same_commit(first: str, second: str) -> bool:
    """Whether two commits are one, where one may be shortened to at least seven digits."""
    short, long = sorted((first.lower(), second.lower()), key=len)
    least = 7
    return short == long or (len(short) >= least and long.startswith(short))


def broken_runs(group: Group, side: str, runs: Sequence[Run], rules: Rules) -> Iterator[Finding]:
    """Runs of a side that cannot be trusted, one finding a group."""
    defects = [(run, run.defects if group.is_paired else defects_with_values(run, rules)) for run in runs]
    broken = [item for item in defects if item[1]]
    if not broken:
        return
    first, reasons = broken[0]
    message = (
        f"{counted(len(broken), 'run')} of the {side} cannot be trusted in {group.title}: {first.source}: "
        f"{', '.join(reasons)}."
    )
    hint = HINT_BROKEN_CANDIDATE if side == "candidate" else "Measure the baseline again."
    yield Finding.of(Level.ERROR, message, hint=hint, place=Place(first.source.file), rule=f"broken-{side}")


def broken_warm_ups(group: Group, rules: Rules) -> Iterator[Finding]:
    """Runs that are declared as warm-up and did not work. Their times do not count; that a server failed does."""
    for side, runs, level in (
        ("candidate", group.candidate, Level.ERROR),
        ("baseline", group.baseline, Level.WARNING),
    ):
        for run in runs[: rules.warm_ups]:
            defects = defects_with_values(run, rules)
            if defects:
                message = (
                    f"A run of the {side} that is declared as warm-up failed in {group.title}: {run.source}: "
                    f"{', '.join(defects)}."
                )
                hint = "Its times do not count, but that it failed does. Read the benchmark's log and run it again."
                yield Finding.of(level, message, hint=hint, place=Place(run.source.file), rule=f"broken-{side}")


def nothing_but_warm_ups(group: Group, warm_ups: int) -> Iterator[Finding]:
    """Sides whose runs are all declared as warm-up."""
    for side, runs in (("baseline", group.baseline), ("candidate", group.candidate)):
        if group.is_paired and len(runs) <= warm_ups:
            message = (
                f"All runs of the {side} are declared as warm-up in {group.title}: it has "
                f"{counted(len(runs), 'run')}, and performance.warm-ups is {warm_ups}."
            )
            hint = "Run the benchmark more often, or lower performance.warm-ups in release.yaml."
            yield Finding.of(Level.ERROR, message, hint=hint, rule="warm-ups")


HINT_BROKEN_CANDIDATE = "A broken run never counts as an improvement. Read the benchmark's log and run it again."


def unmatched_groups(groups: Sequence[Group], rules: Rules) -> Iterator[Finding]:
    """Groups that only one side has, with the nearest one of the other side."""
    level = rules.level_of("unmatched")
    for group in groups:
        if group.is_paired or level is None:
            continue
        side, other = ("baseline", "candidate") if group.baseline else ("candidate", "baseline")
        partners = [item.key for item in groups if (item.candidate if group.baseline else item.baseline)]
        message = f"Only the {side} has runs of: {group.title}."
        yield Finding.of(level, message, hint=hint_of_nearest(group.key, partners, other), rule="unmatched")


def hint_of_nearest(key: Key, partners: Sequence[Key], other: str) -> str:
    """Which settings keep a group from its likely partner."""
    nearest = nearest_key(key, partners)
    if nearest is None:
        return f"Run the same benchmark for the {other}, or leave these runs out."
    partner, names = nearest
    ours, theirs = dict(key), dict(partner)
    differences = "; ".join(
        f"{name} is {ours.get(name, 'not named')}, there {theirs.get(name, 'not named')}" for name in names
    )
    return f"The nearest group of the {other} differs: {differences}."


def required_groups(groups: Sequence[Group], rules: Rules) -> Iterator[Finding]:
    """Required groups that were not compared."""
    for wanted in rules.required:
        if not any(group.is_paired and has_settings(group.key, wanted) for group in groups):
            words = ", ".join(f"{name} {value}" for name, value in wanted.items())
            message = f"The rules require a comparison of {words}, and the two sides have none."
            hint = "Run that benchmark for both sides, or take it out of performance.required in release.yaml."
            yield Finding.of(Level.ERROR, message, hint=hint, rule="required-group")


def required_metrics(comparisons: Sequence[Comparison], rules: Rules) -> Iterator[Finding]:
    """Required metrics that no group compares."""
    compared = {comparison.rule.name for comparison in comparisons}
    for rule in rules.metrics.values():
        if rule.is_required and rule.name not in compared:
            message = f"The rules require {rule.name}, and no group has it."
            yield Finding.of(Level.ERROR, message, hint="Check its name against the results.", rule="required-metric")
    for comparison in comparisons:
        name = comparison.rule.name
        is_required = name in rules.metrics and rules.metrics[name].is_required
        # A comparison that decides fails by itself.
        if is_required and not comparison.rule.is_gated and not comparison.candidate:
            message = f"The rules require {name}, and no run of the candidate has it in {comparison.group.title}."
            yield Finding.of(Level.ERROR, message, hint=HINT_BROKEN_CANDIDATE, rule="required-metric")


def different_work(group: Group) -> Finding | None:
    """Requests of other lengths on the two sides, which no metric survives."""
    for name in WORK:
        before = [run.work[name] for run in group.baseline if run.work.get(name)]
        after = [run.work[name] for run in group.candidate if run.work.get(name)]
        if not before or not after:
            continue
        first, second = sorted(before)[len(before) // 2], sorted(after)[len(after) // 2]
        # Not the other way round: NaN is no work that agrees.
        if not abs(second / first - 1) <= WORK_TOLERANCE:
            message = (
                f"The two sides did not do the same work in {group.title}: {first:.0f} {name} a request in the "
                f"baseline, {second:.0f} in the candidate."
            )
            hint = "Use the same data set with fixed lengths (--ignore-eos, --seed)."
            return Finding.of(Level.ERROR, message, hint=hint, rule="different-work")
    return None


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


def unnamed_model(group: Group) -> Iterator[Finding]:
    """Results of a model that nobody names: those of another model would be compared with them."""
    settings = dict(group.key)
    if "model" in settings or settings["tool"] not in NAMELESS_TOOLS:
        return
    message = f"The results do not name their model in {group.title}, so runs of several models would be taken for one."
    hint = f'Put a {SIDECAR} beside the results of each side: {{"model": "org/name", "commit": "..."}}.'
    yield Finding.of(Level.WARNING, message, hint=hint, rule="unnamed-model")


NAMELESS_TOOLS = frozenset({vllm.LATENCY, vllm.THROUGHPUT, vllm.STARTUP, inference_perf.TOOL})
"""Tools that measure a model and do not write its name."""


def mixed_settings(group: Group) -> Iterator[Finding]:
    """Settings that differ between the runs of one side, which then are compared as one although they are not alike."""
    for side, runs in (("baseline", group.baseline), ("candidate", group.candidate)):
        names = dict.fromkeys(name for run in runs for name in run.settings if name not in OF_ONE_RUN)
        for name in names:
            values = [run.settings.get(name, "") for run in runs]
            # What differs in every run, such as a time, is a name of the run and not a setting.
            if 1 < len(set(values)) < len(values):
                shown = ", ".join(sorted(set(values))[:SHOWN_FILES])
                message = (
                    f"The runs of the {side} differ in {name} ({shown}) in {group.title}, and are compared as one."
                )
                hint = f"If it matters, name {name} in performance.match of release.yaml to keep them apart."
                yield Finding.of(Level.WARNING, message, hint=hint, rule="mixed-settings")


OF_ONE_RUN = frozenset({*RUNNER_KEYS, *ENGINE_KEYS, "run_number", "run", "number", "label", "seed", "run_id", "date"})
"""Settings that name a run or its place, not what was measured."""


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
