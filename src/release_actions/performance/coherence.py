"""What of a side, or of the rules, does not fit together: runs of several works or commits, names that nothing has."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from release_actions.errors import Place
from release_actions.performance.findings import OF_ONE_RUN, SHOWN_FILES, same_commit
from release_actions.performance.groups import Group
from release_actions.performance.model import WORK, Run
from release_actions.performance.rules import Rules
from release_actions.runner.report import Finding, Level

RUN_TOLERANCE = 0.10
"""Part by which the tokens of a request may differ between the runs of a side, whose lengths may have been drawn."""


def mixed_work(group: Group) -> Iterator[Finding]:
    """Sides whose runs did not do the same work: several benchmarks taken for one, or answers that were cut short."""
    for side, runs in (("baseline", group.baseline), ("candidate", group.candidate)):
        for name in WORK:
            known = [run for run in runs if name in run.work and not run.defects]
            values = [run.work[name] for run in known]
            if len(values) < 2 or is_alike(values):  # noqa: PLR2004  # a run alone differs from none
                continue
            least, most = min(known, key=lambda run: run.work[name]), max(known, key=lambda run: run.work[name])
            message = (
                f"The runs of the {side} did not do the same work in {group.title}: {least.work[name]:.0f} {name} a "
                f"request in {least.source}, {most.work[name]:.0f} in {most.source}."
            )
            hint = (
                "Fix the lengths (--ignore-eos, --seed). Benchmarks of several lengths need them as metadata, for "
                "example --metadata random_input_len=1024 random_output_len=256, to be compared each on its own."
            )
            yield Finding.of(Level.ERROR, message, hint=hint, place=Place(least.source.file), rule="mixed-work")
            break


def is_alike(values: Sequence[float]) -> bool:
    """Whether values agree but for what drawn lengths differ by. NaN agrees with nothing."""
    return not any(math.isnan(value) for value in values) and max(values) <= min(values) * (1 + RUN_TOLERANCE)


def mixed_commits(runs: Sequence[Run], side: str) -> Iterator[Finding]:
    """A side whose runs measured several commits, which then count as one release."""
    commits: dict[str, Run] = {}
    for run in runs:
        if run.commit and not any(same_commit(run.commit, other) for other in commits):
            commits[run.commit] = run
    if len(commits) > 1:
        names = ", ".join(f"{commit[:12]} in {run.source}" for commit, run in list(commits.items())[:SHOWN_FILES])
        message = f"The runs of the {side} measured {len(commits)} commits: {names}."
        hint = "Name only the results of the release that is meant."
        place = Place(list(commits.values())[1].source.file)
        yield Finding.of(Level.WARNING, message, hint=hint, place=place, rule="mixed-commits")


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
        rest = len(differences) - SHOWN_FILES
        more = f"; and {rest} more" if rest > 0 else ""
        message = f"The two sides have other settings in {group.title}: {'; '.join(differences[:SHOWN_FILES])}{more}."
        hint = "If one matters, name it in performance.match of release.yaml to keep them apart."
        yield Finding.of(Level.NOTICE, message, hint=hint, rule="other-settings")
