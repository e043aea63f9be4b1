"""The features of a release and its planned dates, as the reports of `release-tracker` have them. Pure.

What is in a report's details has no published form: whatever does not look as expected is left out, and its findings
are on the page all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timezone

from release_actions.gate.drawings import Event
from release_actions.gate.reports import CheckReport

TRACKER, CALENDAR = "release-tracker", "release-tracker-calendar"
ROWS_SHOWN = 300
STYLES = {
    "ready": "pass",
    "exception": "warn",
    "at-risk": "warn",
    "not-ready": "fail",
    "violation": "fail",
    "cannot-tell": "inconclusive",
    "dropped": "stale",
}
"""State of a feature -> the style of a check's state."""


@dataclass(frozen=True)
class BoardRow:
    """A feature. `met` and `missing` name requirements; `style` is that of a check's state."""

    item: str
    title: str
    link: str
    state: str
    style: str
    why: str
    met: str
    missing: str


def list_board(report: CheckReport | None) -> Iterator[BoardRow]:
    """The features, what stands against the release first."""
    features = report.details.get("features") if report else None
    rows = [item for item in features if isinstance(item, Mapping)] if isinstance(features, list) else []
    weight = ["fail", "inconclusive", "warn", "pass", "stale"]
    described = [_describe_feature(row) for row in rows]
    yield from sorted(described, key=lambda row: weight.index(row.style))[:ROWS_SHOWN]


def list_planned(tag: str, calendar: CheckReport | None, tracker: CheckReport | None) -> Iterator[Event]:
    """The planned dates of the release of a tag, at noon of their last day, and the moment of its freeze."""
    dates = calendar.details.get("dates") if calendar else None
    has_freeze = False
    for item in dates if isinstance(dates, list) else ():
        if not isinstance(item, Mapping) or not _is_of(tag, str(item.get("tag", ""))):
            continue
        day = _read_day(item.get("last"))
        if day is not None:
            name = str(item.get("name", ""))
            has_freeze = has_freeze or name == "freeze"
            yield Event(datetime.combine(day, time(12), tzinfo=timezone.utc), f"planned: {name}", "planned")
    freeze = tracker.details.get("freeze") if tracker else None
    moment = _read_moment(freeze.get("at")) if isinstance(freeze, Mapping) else None
    if moment is not None and not has_freeze:
        yield Event(moment, "planned: freeze", "planned")


def _describe_feature(row: Mapping[str, object]) -> BoardRow:
    requirements = row.get("requirements")
    every = [item for item in requirements if isinstance(item, Mapping)] if isinstance(requirements, list) else []

    def name(*statuses: str) -> str:
        return ", ".join(str(item.get("name", "")) for item in every if item.get("status") in statuses)

    state = str(row.get("state", ""))
    return BoardRow(
        str(row.get("item", "")),
        str(row.get("title", "")),
        str(row.get("url", "")),
        state,
        STYLES.get(state, "inconclusive"),
        str(row.get("why", "")),
        name("met"),
        name("missing", "cannot-tell"),
    )


def _is_of(tag: str, planned: str) -> bool:
    """Whether a tag is a planned release, or a candidate of it."""
    rest = tag[len(planned) :]
    return bool(planned) and tag.startswith(planned) and (not rest or rest[0] in "-r")


def _read_day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _read_moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
