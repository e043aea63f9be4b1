"""The shape of `schedule` in `release.yaml`: when releases are planned, for `release-tracker`'s calendar.

A month such as `2026-03` is a date that is not known better. Rules say how often there is a release, where a project
has no dates.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from release_actions.config import grammar
from release_actions.config.shapes import (
    Boolean,
    ListOf,
    MapOf,
    Parsed,
    Record,
    RecordOf,
    Text,
    key,
    make_path_glob,
)
from release_actions.config.source import Node
from release_actions.config.tracker import ZONE
from release_actions.errors import Problem

MILESTONES = ("start", "freeze", "cut", "candidate", "target", "end-of-life")
"""The dates of a release in their order."""

DAYS = (
    r"20[0-9]{2}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"|20(?:[02468][048]|[13579][26])-02-29"
)
"""The days of this century, leap days too, so that the schema and the calendar never disagree."""

MONTHS = r"20[0-9]{2}-(?:0[1-9]|1[0-2])"
DAY_FORM = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
RANGE = re.compile(r"([0-9]{1,3})d(?:-([0-9]{1,3})d)?")


@dataclass(frozen=True)
class CalendarText(Text):
    """A text with a day or a month. One that no calendar has is refused with the reason."""

    def check(self, node: Node, text: str, problems: list[Problem]) -> None:
        """Refuse a text that does not fit."""
        match = DAY_FORM.fullmatch(text)
        if match and not re.fullmatch(DAYS, text):
            year, month, day = (int(part) for part in match.groups())
            why = "there is no such month"
            if 1 <= month < len(calendar.month_name):
                days = calendar.monthrange(year, month)[1]
                is_inside = 1 <= day <= days
                why = (
                    "the year is not of this century"
                    if is_inside
                    else f"{calendar.month_name[month]} {year} has {days} days"
                )
            message = f"'{node.path}' is '{text}', which no calendar has: {why}."
            raise self.refuse(node, problems, message, "Write the day as YYYY-MM-DD.")
        super().check(node, text, problems)


@dataclass(frozen=True)
class PlannedDate:
    """A day, or a month that is not known better. `first` and `last` are its days."""

    first: date
    last: date

    @property
    def is_month(self) -> bool:
        """Whether only the month is known."""
        return self.first != self.last

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}" if self.is_month else f"{self.first}"


def parse_planned(text: str) -> PlannedDate:
    """A day or a month. Raises `ValueError`."""
    if re.fullmatch(MONTHS, text):
        year, month = (int(part) for part in text.split("-"))
        return PlannedDate(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))
    day = date.fromisoformat(text)
    return PlannedDate(day, day)


@dataclass(frozen=True)
class DayRange:
    """From how many days to how many."""

    least: timedelta
    most: timedelta

    def __str__(self) -> str:
        return f"{self.least.days}d" if self.least == self.most else f"{self.least.days}d-{self.most.days}d"


def parse_range(text: str) -> DayRange:
    """`14d` or `1d-3d`, in either order: `3d-1d` can only mean the same. Raises `ValueError`."""
    match = RANGE.fullmatch(text)
    if match is None:
        message = "which is not a number of days such as 14d, or from less to more such as 1d-3d."
        raise ValueError(message)
    least, most = sorted((int(match[1]), int(match[2] or match[1])))
    return DayRange(timedelta(days=least), timedelta(days=most))


DATE = Parsed(CalendarText("a day or a month", pattern=f"{DAYS}|{MONTHS}", example="2026-03-17"), parse_planned)
DAYS_SHAPE = Parsed(Text("a number of days", pattern="[0-9]{1,3}d", example="14d"), parse_range)
RANGE_SHAPE = Parsed(Text("a range of days", pattern=RANGE.pattern, example="1d-3d"), parse_range)


@dataclass(frozen=True, kw_only=True)
class PlannedRelease(Record):
    """When one release is planned."""

    start: PlannedDate | None = key(DATE, "When work on it begins.", default=None)
    freeze: PlannedDate | None = key(DATE, "The last day for features.", default=None)
    cut: PlannedDate | None = key(DATE, "When its branch is cut.", default=None)
    candidate: PlannedDate | None = key(DATE, "When its first candidate is due.", default=None)
    target: PlannedDate | None = key(DATE, "When it is due.", default=None)
    end_of_life: PlannedDate | None = key(DATE, "Until when it is maintained.", default=None)
    tentative: bool = key(Boolean(), "Whether the dates may still move. Then nothing is late.", default=False)

    def list_dates(self) -> tuple[tuple[str, PlannedDate], ...]:
        """The dates that are set, by the names of `MILESTONES` and in their order."""
        every = (self.start, self.freeze, self.cut, self.candidate, self.target, self.end_of_life)
        return tuple((name, day) for name, day in zip(MILESTONES, every, strict=True) if day is not None)


@dataclass(frozen=True, kw_only=True)
class ScheduleRules(Record):
    """How often there is a release."""

    minor_every: DayRange | None = key(DAYS_SHAPE, "Days from one minor release to the next.", default=None)
    patch_every: DayRange | None = key(DAYS_SHAPE, "Days from a release to its next patch.", default=None)
    post_after: DayRange | None = key(RANGE_SHAPE, "Days from a release to its post release.", default=None)
    cut_before: DayRange | None = key(RANGE_SHAPE, "Days from the cut of the branch to the release.", default=None)


@dataclass(frozen=True, kw_only=True)
class ScheduleForm(Record):
    """When releases are planned."""

    zone: str = key(ZONE, "Where the days end: `AoE` is anywhere on earth, the last place of all.", default="AoE")
    releases: Mapping[str, PlannedRelease] = key(
        MapOf(
            "a mapping of release tags",
            key=Text("a release tag", pattern=grammar.TAG, example="v0.6.0"),
            value=RecordOf("a planned release", PlannedRelease),
        ),
        "Planned releases by their tag.",
        default={},
    )
    rules: ScheduleRules = key(
        RecordOf("rules", ScheduleRules), "How often there is a release.", default=ScheduleRules()
    )
    documents: tuple[str, ...] = key(
        ListOf("a list of globs", make_path_glob("RELEASE.md")),
        "Documents with the release process, which are read for conflict markers.",
        default=("RELEASE.md", "RELEASES.md", "docs/release*.md"),
    )
