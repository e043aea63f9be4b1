"""Runs that cannot be trusted, and sides of which nothing is left without their warm-ups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from release_actions.errors import Place
from release_actions.performance.groups import Group
from release_actions.performance.judging import defects_with_values
from release_actions.performance.rules import Rules
from release_actions.runner.report import Finding, Level, counted

Side = Literal["baseline", "candidate"]

HINT_BROKEN_CANDIDATE = "A broken run never counts as an improvement. Read the benchmark's log and run it again."


def broken_runs(group: Group, side: Side, rules: Rules) -> Iterator[Finding]:
    """Runs of a side that cannot be trusted, one finding a group."""
    runs = group.candidate if side == "candidate" else group.baseline
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
