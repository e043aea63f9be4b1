"""The world's clock: it moves when it is told to, and with real time only when that was asked for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from release_actions.simulator.clock import START, Clock, stamp


def test_it_stands_still_until_it_is_moved() -> None:
    clock = Clock()
    assert clock.now() == clock.now() == START
    assert clock.advance(90) == START + timedelta(seconds=90)
    assert clock.advance(timedelta(days=1)) == clock.now() == START + timedelta(days=1, seconds=90)


def test_it_is_set_to_a_later_moment() -> None:
    clock = Clock()
    later = datetime(2026, 3, 1, 1, 0, tzinfo=timezone(timedelta(hours=1)))
    assert stamp(clock.set(later)) == "2026-03-01T00:00:00Z"


def test_it_never_goes_back() -> None:
    clock = Clock()
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="does not go back"):
        clock.set(START - timedelta(seconds=1))
    assert clock.now() == START


def test_it_runs_with_real_time_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    clock = Clock(ticking=True)
    now[0] = 105.0
    assert clock.now() == START + timedelta(seconds=5)
    clock.advance(60)
    now[0] = 106.0
    assert clock.now() == START + timedelta(seconds=66)
