"""Whether the runs that are compared did the same work, by the tokens of a request."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from release_actions.errors import Place
from release_actions.performance.groups import Group
from release_actions.performance.model import WORK
from release_actions.runner.report import Finding, Level

WORK_TOLERANCE = 0.02
"""Part by which the tokens of a request may differ between two sides that did the same work."""

EQUAL_TOLERANCE = 0.01
"""Part by which the tokens of a request may differ between the runs of a side that do not say how lengths are drawn:
a fifth of the narrowest default tolerance."""

DRAWN_TOLERANCE = 0.10
"""The same where the settings, which all runs of a group share, say from what the lengths are drawn."""

LENGTHS: Mapping[str, frozenset[str]] = {
    "input tokens": frozenset({"input-len", "length-range"}),
    "output tokens": frozenset({"output-len", "length-range"}),
    "tokens": frozenset({"input-len", "output-len", "length-range"}),
}
"""Settings that say how many tokens of a kind a request has."""

MADE_UP = frozenset({"", "random", "synthetic", "synthetic_text", "sampled", "shared_prefix"})
"""Names of data that is made up, so that the name says nothing of its lengths."""


def mixed_work(group: Group) -> Iterator[Finding]:
    """Sides whose runs did not do the same work: several benchmarks taken for one, or answers that were cut short."""
    for side, runs in (("baseline", group.baseline), ("candidate", group.candidate)):
        for name in WORK:
            known = [run for run in runs if name in run.work and not run.defects]
            values = [run.work[name] for run in known]
            if len(values) < 2 or is_alike(values, tolerance_of(group, name)):  # noqa: PLR2004  # one differs from none
                continue
            least, most = min(known, key=lambda run: run.work[name]), max(known, key=lambda run: run.work[name])
            message = (
                f"The runs of the {side} did not do the same work in {group.title}: {least.work[name]:.0f} {name} a "
                f"request in {least.source}, {most.work[name]:.0f} in {most.source}."
            )
            hint = (
                "Fix the lengths (--ignore-eos, --seed). Several lengths, and lengths that are drawn, have to be named "
                "to be compared each on its own: --metadata random_input_len=1024 random_output_len=256 "
                "random_range_ratio=0.3."
            )
            yield Finding.of(Level.ERROR, message, hint=hint, place=Place(least.source.file), rule="mixed-work")
            break


def tolerance_of(group: Group, name: str) -> float:
    """By what part the tokens of a kind may differ between the runs of a side."""
    settings = dict(group.key)
    says_lengths = bool(LENGTHS[name] & settings.keys()) or settings.get("dataset", "") not in MADE_UP
    return DRAWN_TOLERANCE if says_lengths else EQUAL_TOLERANCE


def is_alike(values: Sequence[float], tolerance: float) -> bool:
    """Whether values agree but for a part. NaN agrees with nothing."""
    return not any(math.isnan(value) for value in values) and max(values) <= min(values) * (1 + tolerance)


def drawn_lengths(group: Group) -> Iterator[Finding]:
    """That requests differed in length, because the settings that the runs share draw them."""
    for name in WORK:
        values = [run.work[name] for run in (*group.baseline, *group.candidate) if name in run.work]
        if len(values) > 1 and not is_alike(values, EQUAL_TOLERANCE):
            message = (
                f"The runs that are compared had {min(values):.0f} to {max(values):.0f} {name} a request in "
                f"{group.title}, whose lengths are drawn."
            )
            hint = "Draw the same ones in every run (--seed) for a narrower interval."
            yield Finding.of(Level.NOTICE, message, hint=hint, rule="drawn-lengths")


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
