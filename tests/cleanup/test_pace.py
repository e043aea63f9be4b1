"""How long a clean-up goes on, on a clock of its own: nothing here waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from release_actions.cleanup.pace import NO_TIME_LEFT, OUT_OF_TIME, RESERVE, Limits, find_longest_wait
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


def test_planning_waits_for_a_reset_that_is_near_as_deletions_do() -> None:
    time = Time()
    limits = Limits(budget=budget(RESERVE, 1100.0), now=time.read, clock=time.read, sleep=time.sleep)
    assert limits.taken_by(60) == ""
    assert 1100.0 < time.now <= 1102.0


def test_planning_does_not_wait_where_the_deletions_need_the_time() -> None:
    time = Time()
    limits = Limits(1115.0, budget=budget(RESERVE, 1100.0), now=time.read, clock=time.read, sleep=time.sleep)
    assert "needed for the deletions" in limits.taken_by(60)
    assert time.now == 1000.0


def test_planning_does_not_wait_for_more_requests_than_an_hour_has() -> None:
    time = Time()
    limits = Limits(budget=budget(RESERVE, 1100.0), now=time.read, clock=time.read, sleep=time.sleep)
    assert "needed for the deletions" in limits.taken_by(1000)
    assert time.now == 1000.0


def test_packages_that_are_cleaned_at_the_same_time_leave_requests_for_each_others_proof() -> None:
    time = Time()
    alone = Limits(budget=budget(RESERVE + 20, 5000.0), now=time.read, clock=time.read, sleep=time.sleep)
    assert alone.stop(5) == ""
    assert replace(alone, others=5).stop(5) != ""


def test_a_signal_ends_the_wait_for_a_reset() -> None:
    time = Time()
    limits = Limits(budget=budget(0, 1100.0), now=time.read, clock=time.read, sleep=time.sleep)
    limits.interrupted.set()
    with pytest.raises(KeyboardInterrupt):
        limits.stop(1)


@pytest.mark.parametrize(("remaining", "pages", "plenty"), [(500, 0, True), (500, 1, False), (1000, 100, True)])
def test_many_pages_need_many_requests_to_be_cleaned_at_the_same_time(
    remaining: int,
    pages: int,
    plenty: bool,  # noqa: FBT001  # expected
) -> None:
    assert Limits(budget=budget(remaining, 5000.0)).has_plenty(pages) is plenty


@pytest.mark.parametrize(("deletions", "plenty"), [(0, True), (180, True), (360, False)])
def test_a_run_with_little_time_does_one_package_after_another(deletions: int, plenty: bool) -> None:  # noqa: FBT001  # expected
    time = Time()
    limits = Limits(deadline=time.now + 300 + 2 * 60, now=time.read)
    assert limits.has_plenty(0, deletions) is plenty
    time.now += 121
    assert not limits.has_plenty()


@pytest.mark.parametrize(("budget", "seconds"), [(None, 900.0), (timedelta(minutes=2), 120.0), (timedelta(1), 900.0)])
def test_no_request_waits_longer_for_a_limit_than_the_run_may_take(budget: timedelta | None, seconds: float) -> None:
    assert find_longest_wait(budget) == seconds
