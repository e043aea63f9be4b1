"""The pace of a clean-up on a clock of its own: nothing here waits."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest
import requests

from release_actions.cleanup import pace
from release_actions.cleanup.pace import NO_TIME_LEFT, OUT_OF_TIME, RESERVE, HaltedError, Limits, Pace
from release_actions.http.budgets import Budget
from release_actions.http.client import Http
from release_actions.simulator import InProcess, World


class Time:
    """A clock that moves when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def read(self) -> float:
        return self.now

    def wait(self, _condition: threading.Condition, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("seed", range(5))
def test_no_minute_has_more_points_than_are_allowed_and_none_is_wasted(seed: int) -> None:
    time, chance = Time(), random.Random(seed)
    paced = Pace(900, now=time.read, wait=time.wait)
    sent: list[tuple[float, int]] = []
    for _ in range(2000):
        method = chance.choice(["GET", "HEAD", "DELETE", "POST"])
        paced.take(method)
        sent.append((time.now, 1 if method in {"GET", "HEAD"} else 5))
        time.now += chance.choice([0.0, 0.0, 0.01, 0.3])
    for moment, _ in sent:
        assert sum(points for at, points in sent if moment - 60 < at <= moment) <= 900
    total = sum(points for _, points in sent)
    assert time.now - 1000 <= 60 * total / (900 - 5) + 1


def test_whoever_waits_is_let_go_when_the_run_stops_and_may_ask_again_afterwards() -> None:
    paced = Pace(5)
    paced.take("DELETE")
    caught: list[BaseException] = []

    def ask() -> None:
        try:
            paced.take("DELETE")
        except HaltedError as error:
            caught.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    paced.halt()
    thread.join(timeout=10)
    assert len(caught) == 1
    paced.halt(halted=False)
    again = Pace(6)
    again.take("DELETE")
    again.take("GET")


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


def test_a_session_counts_every_try_to_an_address_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    monkeypatch.setattr(Pace, "take", lambda _self, method: taken.append(method))
    world = World()
    world.add_account("llm-d", organization=True)
    simulator = InProcess(world)
    session = pace.paced({simulator.api_url: Pace(900)})
    assert isinstance(session, requests.Session)
    with Http(sleep=lambda _: None, session=session) as http:
        simulator.mount(session)
        http.request("GET", f"{simulator.api_url}/users/llm-d", what="ask", credential=None)
        http.request("GET", f"{simulator.registry_url}/v2/", what="ask", credential=None, expect=(200, 401))
    assert taken == ["GET"]
