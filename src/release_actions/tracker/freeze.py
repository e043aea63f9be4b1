"""When the freeze is: a day and the zone it ends in. Pure.

A milestone's `due_on` is a day in disguise: GitHub stores midnight in California, which is 07:00 or 08:00 UTC by the
time of the year. It is read as that day, and never compared as a moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from release_actions.config.tracker import FreezeForm
from release_actions.errors import ConfigurationError

AOE = "AoE"
ANYWHERE_ON_EARTH = timezone(timedelta(hours=-12), AOE)


@dataclass(frozen=True)
class Freeze:
    """The last day before the freeze, where it ends, and where that is written."""

    day: date
    zone: str
    source: str

    @property
    def at(self) -> datetime:
        """The first moment of the freeze, in UTC."""
        return end_of_day(self.day, self.zone)

    def has_begun(self, now: datetime) -> bool:
        """Whether the freeze holds at a time."""
        return now >= self.at


def end_of_day(day: date, zone: str) -> datetime:
    """The moment in which a day ends in a zone, in UTC. Raises `ConfigurationError` for an unknown zone.

    A day is 23 or 25 hours long where the clocks change; its end is the next midnight of the wall clock.
    """
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=find_zone(zone))
    return midnight.astimezone(timezone.utc)


def find_zone(name: str) -> timezone | ZoneInfo:
    """A zone by its name: `AoE`, `UTC`, or one of the IANA database."""
    if name == AOE:
        return ANYWHERE_ON_EARTH
    if name == "UTC":
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"There is no time zone {name!r}, or this machine has no database of zones."
        raise ConfigurationError(message, hint="Write AoE, UTC, or a name such as Europe/Berlin.") from None


def read_due_day(due_on: datetime) -> date:
    """The day of a milestone's `due_on`.

    Seven hours back is the day in California in summer, and still the same day in winter, when midnight is 08:00 UTC.
    """
    return (due_on.astimezone(timezone.utc) - timedelta(hours=7)).date()


def write_due_day(day: str) -> str:
    """The `due_on` that makes GitHub show an ISO day: noon UTC is that day in California all the year."""
    return f"{day}T12:00:00Z" if day else ""


def find_freeze(form: FreezeForm, started: datetime | None, scheduled: date | None) -> Freeze | None:
    """The freeze by the first source that says it: the day itself, the schedule, the span since the release began."""
    if form.date is not None:
        return Freeze(form.date, form.zone, "tracker.freeze.date")
    if scheduled is not None:
        return Freeze(scheduled, form.zone, "schedule")
    if form.after is not None and started is not None:
        begun = started.astimezone(find_zone(form.zone)).date()
        return Freeze(begun + form.after, form.zone, f"tracker.freeze.after, counted from {begun}")
    return None
