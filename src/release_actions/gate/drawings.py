"""Where the marks of the page's pictures stand: a timeline, a release branch, intervals of changes. Pure.

Everything is in units of an SVG's view box. What is in a report's details has no published form, so that whatever does
not look as expected is left out of a picture; its words are on the page all the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

WIDTH = 960
MARGIN = 40
LANE = 46
"""Height between two lanes of the timeline, so that neighbours' labels do not meet."""

LANES = 4
LABEL_WIDTH = 150
COMMITS_SHOWN = 40
STEP = 22
INTERVALS_SHOWN = 60
ROW = 26
INTERVAL_LEFT, INTERVAL_RIGHT = 380, 880
LEAST_SCALE = 0.02


@dataclass(frozen=True)
class Event:
    """Something that happened, or is planned. `kind` is a style: the state of a report, or `planned`."""

    at: datetime
    label: str
    kind: str


@dataclass(frozen=True)
class Mark:
    """A point of a picture with its label; `lane` counts from above."""

    x: float
    y: float
    label: str
    kind: str
    title: str


@dataclass(frozen=True)
class Timeline:
    """A line with events from left to right."""

    marks: tuple[Mark, ...]
    height: int


@dataclass(frozen=True)
class Graph:
    """A release branch above trunk. `height` and `width` of the view box."""

    branch: tuple[Mark, ...]
    missing: tuple[Mark, ...]
    width: int
    omitted: int


@dataclass(frozen=True)
class Interval:
    """The change of a metric: a point, its bounds and the limit, as places; `words` says it in numbers."""

    y: float
    label: str
    verdict: str
    low: float
    high: float
    point: float
    limit: float | None
    words: str


@dataclass(frozen=True)
class Intervals:
    """Changes around no change, which is at `zero`."""

    rows: tuple[Interval, ...]
    zero: float
    scale: float
    height: int
    omitted: int


def draw_timeline(events: Iterable[Event]) -> Timeline:
    """Events by time. Events whose labels would meet go into different lanes; more than that share one."""
    ordered = sorted(events, key=lambda event: (event.at, event.label))
    if not ordered:
        return Timeline((), 0)
    first, last = ordered[0].at, ordered[-1].at
    span = (last - first).total_seconds() or 1.0
    free_from = [-math.inf] * LANES
    marks = []
    for event in ordered:
        x = MARGIN + (WIDTH - 2 * MARGIN) * (event.at - first).total_seconds() / span
        lane = next((lane for lane in range(LANES) if free_from[lane] <= x), LANES - 1)
        free_from[lane] = x + LABEL_WIDTH
        words = f"{event.at:%Y-%m-%d %H:%M} UTC: {event.label}"
        marks.append(Mark(round(x, 1), 24 + lane * LANE, event.label, event.kind, words))
    used = max(int((mark.y - 24) / LANE) for mark in marks) + 1
    return Timeline(tuple(marks), 24 + used * LANE + 10)


def draw_branch(details: Mapping[str, Any]) -> Graph | None:
    """The commits of a release branch and what it lacks, from the details of `branch-audit`; None without any."""
    picks = [item for item in _list_of(details.get("picks")) if item.get("origin") != "merge"]
    lacking = [(item, "missing") for item in _list_of(details.get("missing"))]
    lacking += [
        (item, "revert") for item in _list_of(details.get("reverts")) if item.get("state") in {"missing", "relanded"}
    ]
    if not picks and not lacking:
        return None
    shown = picks[-COMMITS_SHOWN:]
    branch = [
        Mark(
            MARGIN + STEP * (number + 1),
            30,
            str(item.get("commit", ""))[:7],
            str(item.get("category", "")).replace(" ", "-"),
            f"{item.get('subject', '')} ({item.get('origin', '')}, {item.get('category', '')})",
        )
        for number, item in enumerate(shown)
    ]
    missing = [
        Mark(
            MARGIN + STEP * (number + 1),
            90,
            f"#{item['number']}" if "number" in item else str(item.get("revert", ""))[:7],
            kind,
            str(item.get("title") or item.get("command") or ""),
        )
        for number, (item, kind) in enumerate(lacking[:COMMITS_SHOWN])
    ]
    longest = max(len(branch), len(missing), 4)
    return Graph(tuple(branch), tuple(missing), 2 * MARGIN + STEP * (longest + 1), len(picks) - len(shown))


def draw_intervals(comparisons: object) -> Intervals | None:
    """The changes that `perf-gate` judged, in its order; None without any interval."""
    rows = [item for item in _list_of(comparisons) if _numbers(item.get("interval"), 2)]
    if not rows:
        return None
    shown = rows[:INTERVALS_SHOWN]
    values = [value for item in shown for value in item["interval"]]
    largest: float = max(
        [LEAST_SCALE, *(abs(value) for value in values), *(abs(_limit(item) or 0.0) for item in shown)]
    )

    scale = largest * 1.05

    def place(value: float) -> float:
        middle = (INTERVAL_LEFT + INTERVAL_RIGHT) / 2
        return round(middle + (INTERVAL_RIGHT - INTERVAL_LEFT) / 2 * max(-1.0, min(1.0, value / scale)), 1)

    drawn = []
    for number, item in enumerate(shown):
        low, high = sorted(item["interval"])
        change = item["change"] if _numbers([item.get("change")], 1) else (low + high) / 2
        limit = _limit(item)
        drawn.append(
            Interval(
                y=30 + ROW * number,
                label=f"{item.get('metric', '')} {_name_group(item.get('group'))}".strip(),
                verdict=str(item.get("verdict", "")),
                low=place(low),
                high=place(high),
                point=place(change),
                limit=None if limit is None else place(limit),
                words=f"{100 * change:+.1f} % ({100 * low:+.1f} to {100 * high:+.1f})",
            )
        )
    return Intervals(tuple(drawn), place(0.0), round(scale, 4), 40 + ROW * len(drawn), len(rows) - len(shown))


def _limit(item: Mapping[str, Any]) -> float | None:
    """How far the metric may change for the worse: upwards where less is better."""
    if not _numbers([item.get("tolerance")], 1):
        return None
    tolerance = float(item["tolerance"])
    return -tolerance if item.get("direction") == "higher" else tolerance


def _name_group(group: object) -> str:
    if not isinstance(group, Mapping):
        return ""
    return ", ".join(f"{value}" for value in group.values() if value not in {"", None})


def _list_of(values: object) -> list[Mapping[str, Any]]:
    return [item for item in values if isinstance(item, Mapping)] if isinstance(values, Sequence) else []


def _numbers(values: object, count: int) -> bool:
    if not isinstance(values, list) or len(values) != count:
        return False
    return all(type(value) in {int, float} and math.isfinite(value) for value in values)
