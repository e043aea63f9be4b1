"""Whether the runs that are compared did the same work, by the tokens of a request."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from release_actions.errors import Place
from release_actions.performance.groups import Group
from release_actions.performance.model import WORK
from release_actions.runner.report import Finding, Level

WORK_TOLERANCE = 0.02
"""Part by which the tokens of a request may differ between two sides that did the same work."""

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
