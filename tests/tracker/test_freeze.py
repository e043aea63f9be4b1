"""When the freeze is."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from release_actions.config.tracker import FreezeForm
from release_actions.errors import ConfigurationError
from release_actions.tracker.freeze import Freeze, end_of_day, find_freeze, read_due_day


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("zone", "day", "end"),
    [
        ("AoE", date(2026, 3, 10), "2026-03-11T12:00"),
        ("UTC", date(2026, 3, 10), "2026-03-11T00:00"),
        # The clocks go forward on 29 March and back on 25 October 2026 in Berlin.
        ("Europe/Berlin", date(2026, 3, 28), "2026-03-28T23:00"),
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-29T22:00"),
        ("Europe/Berlin", date(2026, 10, 24), "2026-10-24T22:00"),
        ("Europe/Berlin", date(2026, 10, 25), "2026-10-25T23:00"),
    ],
)
def test_a_day_ends_at_midnight_of_its_zone(zone: str, day: date, end: str) -> None:
    assert end_of_day(day, zone) == utc(end)


def test_the_freeze_begins_with_its_first_moment() -> None:
    freeze = Freeze(date(2026, 3, 10), "AoE", "here")

    assert not freeze.has_begun(utc("2026-03-11T11:59:59"))
    assert freeze.has_begun(utc("2026-03-11T12:00"))


@pytest.mark.parametrize("zone", ["Europe/Berlim", "../../etc/passwd", "/etc/localtime"])
def test_an_unknown_zone_is_refused_with_examples(zone: str) -> None:
    with pytest.raises(ConfigurationError, match="There is no time zone"):
        end_of_day(date(2026, 3, 10), zone)


@pytest.mark.parametrize(
    ("due_on", "day"),
    [
        ("2026-07-01T07:00", date(2026, 7, 1)),
        ("2026-01-15T08:00", date(2026, 1, 15)),
        ("2026-11-01T07:00", date(2026, 11, 1)),
        ("2026-11-02T08:00", date(2026, 11, 2)),
    ],
)
def test_the_due_day_of_a_milestone_is_that_of_california(due_on: str, day: date) -> None:
    assert read_due_day(utc(due_on)) == day


def test_a_date_comes_before_the_schedule_and_that_before_a_span() -> None:
    started = utc("2026-02-02T03:00")
    day, planned = date(2026, 3, 10), date(2026, 3, 12)

    given = find_freeze(FreezeForm(date=day, after=timedelta(weeks=4)), started, planned)
    scheduled = find_freeze(FreezeForm(after=timedelta(weeks=4)), started, planned)
    counted = find_freeze(FreezeForm(after=timedelta(weeks=4)), started, None)

    assert given
    assert scheduled
    assert counted
    assert (given.day, scheduled.day) == (day, planned)
    # It was still the first of February anywhere on earth.
    assert (counted.day, counted.source) == (date(2026, 3, 1), "tracker.freeze.after, counted from 2026-02-01")
    assert find_freeze(FreezeForm(), started, None) is None
