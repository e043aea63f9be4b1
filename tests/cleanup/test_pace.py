"""How long a clean-up goes on, on a clock of its own: nothing here waits."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from release_actions.cleanup.pace import NO_TIME_LEFT, OUT_OF_TIME, RESERVE, Limits
from release_actions.http.budgets import Budget


class Time:
    """A clock that moves when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def budget(remaining: int, reset: float) -> Callable[[], Budget]:
    return lambda: Budget(1000, remaining, reset)


def test_the_end_of_the_time_is_a_reason_to_stop() -> None:
    time = Time()
    limits = Limits(deadline=1010.0, now=time.read)
    assert limits.stop(1) == ""
    time.now = 1010.0
    assert limits.stop(1) == OUT_OF_TIME


@pytest.mark.parametrize(("remaining", "stops"), [(RESERVE + 2, True), (RESERVE + 3, False)])
def test_the_hourly_budget_keeps_what_the_proof_needs(remaining: int, stops: bool) -> None:  # noqa: FBT001  # expected
    time = Time()
    limits = Limits(budget=budget(remaining, 5000.0), now=time.read, clock=time.read, sleep=time.sleep)
    assert bool(limits.stop(1)) is stops
    if stops:
        assert limits.stop(1) == "The token's 1000 requests an hour are used up until 1970-01-01 01:23 UTC."
    assert time.now == 1000.0


def test_a_reset_that_is_near_is_waited_for() -> None:
    time = Time()
    limits = Limits(budget=budget(0, 1100.0), now=time.read, clock=time.read, sleep=time.sleep)
    assert limits.stop(1) == ""
    assert 1100.0 < time.now <= 1102.0


def test_a_reset_behind_the_deadline_is_not_waited_for() -> None:
    time = Time()
    limits = Limits(1050.0, budget=budget(0, 1100.0), now=time.read, clock=time.read, sleep=time.sleep)
    assert "are used up until" in limits.stop(1)
    assert time.now == 1000.0


@pytest.mark.parametrize(("deletions", "stops"), [(100, False), (150, True)])
def test_no_more_is_planned_than_there_is_time_for(deletions: int, stops: bool) -> None:  # noqa: FBT001  # expected
    time = Time()
    limits = Limits(deadline=1050.0, now=time.read)
    assert limits.taken_by(deletions) == (NO_TIME_LEFT if stops else "")


@pytest.mark.parametrize(("deletions", "reset", "stops"), [(59, 5000.0, False), (60, 5000.0, True), (60, 900.0, False)])
def test_no_more_is_planned_than_there_are_requests_for(deletions: int, reset: float, stops: bool) -> None:  # noqa: FBT001  # expected
    time = Time()
    limits = Limits(budget=budget(RESERVE + 60, reset), now=time.read, clock=time.read)
    assert bool(limits.taken_by(deletions)) is stops
