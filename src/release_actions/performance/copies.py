"""Tells one run that is there twice from two runs: by its date, or by values that agree to the last digit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from release_actions.performance.model import Run

LEAST_DIGITS = 8
"""Digits of a value from which two runs do not agree by chance."""

LEAST_METRICS = 2
"""Metrics with so many digits. One may be a count divided by the seconds of a coarse clock."""


def fingerprints_of(run: Run) -> Iterator[tuple[object, ...]]:
    """What two readings of one run share, and two runs do not. None for a run that could be like another by chance."""
    values = tuple(sorted(run.metrics.items()))
    model = run.settings.get("model", "")
    if run.started:
        yield run.started, run.commit, model, run.defects, values
    if sum(digits_of(value) >= LEAST_DIGITS for value in run.metrics.values()) >= LEAST_METRICS:
        yield model, run.defects, values


def digits_of(value: float) -> int:
    """Significant digits of a value; 0 when it is no number."""
    if not math.isfinite(value):
        return 0
    mantissa = repr(value).partition("e")[0]
    return len(mantissa.lstrip("-").replace(".", "").strip("0"))


def pairs_of(first: Iterable[Run], second: Iterable[Run]) -> Iterator[tuple[Run, Run]]:
    """Runs of the first side with the same run of the second."""
    seen = {mark: run for run in first for mark in fingerprints_of(run)}
    for run in second:
        original = next((seen[mark] for mark in fingerprints_of(run) if mark in seen), None)
        if original is not None:
            yield original, run
