"""Settings that do not fit together: runs that differ in them, and names in the rules that no run has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from release_actions.performance import inference_perf, vllm
from release_actions.performance.files import SIDECAR
from release_actions.performance.groups import Group
from release_actions.performance.model import ENGINE_KEYS, NUMBER_KEYS, RUNNER_KEYS, SERVER_KEYS, Run
from release_actions.performance.rules import Rules
from release_actions.runner.report import Finding, Level

SHOWN_VALUES = 5

NAMELESS_TOOLS = frozenset({vllm.LATENCY, vllm.THROUGHPUT, vllm.STARTUP, inference_perf.TOOL})
"""Tools that measure a model and do not write its name."""

OF_ONE_RUN = frozenset({*RUNNER_KEYS, *ENGINE_KEYS, *SERVER_KEYS, *NUMBER_KEYS, "label", "seed", "run_id", "date"})
"""Settings that name a run or its place, not what was measured."""


def unnamed_model(group: Group) -> Iterator[Finding]:
    """Results of a model that nobody names: those of another model would be compared with them."""
    settings = dict(group.key)
    if "model" in settings or settings["tool"] not in NAMELESS_TOOLS:
        return
    message = f"The results do not name their model in {group.title}, so runs of several models would be taken for one."
    hint = f'Put a {SIDECAR} beside the results of each side: {{"model": "org/name", "commit": "..."}}.'
    yield Finding.of(Level.WARNING, message, hint=hint, rule="unnamed-model")


def unmeasured_metrics(group: Group, rules: Rules) -> Iterator[Finding]:
    """Metrics that would decide and are null in every run of both sides."""
    runs = (*group.baseline, *group.candidate)
    names = dict.fromkeys(name for run in runs for name in sorted(run.unmeasured))
    for name in names:
        rule = rules.of(name)
        if rule and rule.is_gated and all(name in run.unmeasured or name not in run.metrics for run in runs):
            message = f"{name} is null in every run, so it is not compared in {group.title}."
            hint = "Times of single tokens are taken only of answers that are streamed."
            yield Finding.of(Level.NOTICE, message, hint=hint, rule="unmeasured")


def mixed_settings(group: Group) -> Iterator[Finding]:
    """Settings that differ between the runs of one side, which then are compared as one although they are not alike."""
    for side, runs in (("baseline", group.baseline), ("candidate", group.candidate)):
        names = dict.fromkeys(name for run in runs for name in run.settings if name not in OF_ONE_RUN)
        for name in names:
            values = [run.settings.get(name, "") for run in runs]
            # What differs in every run, such as a time, is a name of the run and not a setting.
            if 1 < len(set(values)) < len(values):
                shown = ", ".join(sorted(set(values))[:SHOWN_VALUES])
                message = (
                    f"The runs of the {side} differ in {name} ({shown}) in {group.title}, and are compared as one."
                )
                hint = f"If it matters, name {name} in performance.match of release.yaml to keep them apart."
                yield Finding.of(Level.WARNING, message, hint=hint, rule="mixed-settings")


def other_settings(group: Group) -> Iterator[Finding]:
    """Settings that every run of a side agrees on, and the sides do not. Nothing holds the sides to them."""
    if not group.is_paired:
        return
    differences = []
    for name in dict.fromkeys(name for run in (*group.baseline, *group.candidate) for name in run.settings):
        before, after = ({run.settings.get(name, "") for run in runs} for runs in (group.baseline, group.candidate))
        if name not in OF_ONE_RUN and len(before) == len(after) == 1 and before != after:
            differences.append(f"{name} is {min(before) or 'not named'}, then {min(after) or 'not named'}")
    if differences:
        rest = len(differences) - SHOWN_VALUES
        more = f"; and {rest} more" if rest > 0 else ""
        message = f"The two sides have other settings in {group.title}: {'; '.join(differences[:SHOWN_VALUES])}{more}."
        hint = "If one matters, name it in performance.match of release.yaml to keep them apart."
        yield Finding.of(Level.NOTICE, message, hint=hint, rule="other-settings")


def unused_rules(runs: Sequence[Run], rules: Rules) -> Iterator[Finding]:
    """Names in the rules that no run has, which are mistyped or of a benchmark that did not run."""
    metrics = {name for run in runs for name in run.metrics}
    settings = {name for run in runs for name in run.settings}
    for name, rule in rules.metrics.items():
        # A required one that is missing is an error of its own.
        if name not in metrics and not rule.is_required:
            message = f"performance.metrics has a rule for {name}, and no run has it."
            hint = "Check its name against the results, or take the rule out."
            yield Finding.of(Level.WARNING, message, hint=hint, rule="unused-rule")
    for name in rules.match:
        if name not in settings:
            message = f"Runs are to match in {name}, and no run names it, so it keeps none apart."
            hint = "Check its name against the metadata of the results, or put it into a perf-run.json beside them."
            yield Finding.of(Level.WARNING, message, hint=hint, rule="unused-match")
