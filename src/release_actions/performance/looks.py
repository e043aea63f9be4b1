"""How often the same runs may be judged as more are added, and which time this is.

Who judges again after every new run until the answer suits him finds one: each look may be wrong in alpha of the cases.
So alpha is divided by the planned looks, and a report remembers what was spent. Without the report of an earlier look,
nothing here knows of it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from release_actions.performance.model import Run, mapping, number_of

MARK_LENGTH = 16
REPORT = "perf-gate"


@dataclass(frozen=True)
class Look:
    """Which look at some runs this is, as far as an earlier report says, and what part of alpha earlier ones spent."""

    number: int = 1
    spent: float = 0.0


def mark_of_run(run: Run) -> str:
    """A text by which a later look knows a run again."""
    values = sorted((name, repr(value)) for name, value in run.metrics.items())
    content = [run.settings.get("tool", ""), run.settings.get("model", ""), run.started, values]
    return hashlib.sha256(json.dumps(content).encode(errors="replace")).hexdigest()[:MARK_LENGTH]


def marks_of(baseline: Iterable[Run], candidate: Iterable[Run]) -> dict[str, list[str]]:
    """The marks of both sides, as the report has them."""
    return {
        "baseline": sorted({mark_of_run(run) for run in baseline}),
        "candidate": sorted({mark_of_run(run) for run in candidate}),
    }


def look_after(earlier: Mapping[str, Any], baseline: Iterable[Run], candidate: Iterable[Run]) -> Look:
    """The look at these runs after an earlier report. A report of the same runs is of the same look."""
    marks, now = mapping(earlier.get("marks")), marks_of(baseline, candidate)
    look = mapping(earlier.get("look"))
    number, before, spends = (amount_of(look.get(name)) for name in ("number", "spent-before", "spends"))
    is_earlier = isinstance(marks.get("candidate"), list) and set(map(str, marks["candidate"])) & set(now["candidate"])
    if not is_earlier or number is None or before is None or spends is None:
        return Look()
    is_same = marks == now or not spends
    return Look(int(number), before) if is_same else Look(int(number) + 1, before + spends)


def amount_of(value: Any) -> float | None:
    """A number of an earlier report; None for what is no amount. Nobody gets alpha back by a negative one."""
    number = number_of(value)
    return number if number is not None and math.isfinite(number) and number >= 0 else None


def read_earlier(text: str) -> Mapping[str, Any]:
    """An earlier report of this gate; empty when a text is something else."""
    try:
        report = mapping(json.loads(text))
    except (ValueError, RecursionError):
        return {}
    return report if report.get("report") == REPORT else {}
