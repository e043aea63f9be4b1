"""The pace of requests on a clock of its own: nothing here waits."""

from __future__ import annotations

import random
import threading

import pytest
import responses

from release_actions.http.client import Http
from release_actions.http.pace import Bucket, Halt, HaltedError, Pace, make_github_pace, make_registry_pace

REGISTRY = "https://ghcr.io/v2/llm-d/llm-d-cuda"


class Time:
    """A clock that moves when a bucket waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def read(self) -> float:
        return self.now

    def wait(self, _condition: threading.Condition, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def bucket(points: int, time: Time) -> Bucket:
    return Bucket(points, now=time.read, wait=time.wait)


@pytest.mark.parametrize("seed", range(5))
def test_no_minute_has_more_points_than_are_allowed_and_none_is_wasted(seed: int) -> None:
    time, chance = Time(), random.Random(seed)
    shared = bucket(900, time)
    pace = Pace(shared, shared, write_cost=5)
    sent: list[tuple[float, int]] = []

    for _ in range(2000):
        method = chance.choice(["GET", "HEAD", "DELETE", "POST"])
        pace.take(method)
        sent.append((time.now, 1 if method in {"GET", "HEAD"} else 5))
        time.now += chance.choice([0.0, 0.0, 0.01, 0.3])

    for moment, _ in sent:
        assert sum(points for at, points in sent if moment - 60 < at <= moment) <= 900
    total = sum(points for _, points in sent)
    assert time.now - 1000 <= 60 * total / (900 - 5) + 1


def test_reads_of_a_registry_are_not_held_back_by_writes() -> None:
    time = Time()
    pace = Pace(bucket(44_000, time), bucket(2, time))

    for method in ("PUT", "PUT", *["GET"] * 1000):
        pace.take(method)
    before_the_third_write = time.now
    pace.take("POST")

    assert (before_the_third_write, time.now) == (1000.0, 1060.0)


def test_a_bucket_learns_what_the_server_allows() -> None:
    time = Time()
    pace = Pace(bucket(100, time), bucket(100, time))

    pace.learn("PUT", 3)
    for _ in range(4):
        pace.take("PUT")
    for _ in range(100):
        pace.take("GET")

    assert time.now == 1060.0


def test_a_request_that_costs_more_than_all_points_is_sent_alone() -> None:
    time = Time()
    small = bucket(3, time)

    small.take(5)
    small.take(1)

    assert time.now == 1060.0


@pytest.mark.parametrize("pace", [make_github_pace(), make_registry_pace()])
def test_a_halt_stops_what_runs_under_it_and_nothing_else(pace: Pace) -> None:
    halt, other = Halt(pace), Halt(pace)
    halt.run(pace.take, "DELETE")

    halt.stop()

    for method in ("GET", "DELETE"):
        with pytest.raises(HaltedError):
            halt.run(pace.take, method)
        other.run(pace.take, method)
        pace.take(method)


def test_who_waits_is_released_when_its_part_of_the_run_halts() -> None:
    pace = Pace(Bucket(1), Bucket(1))
    pace.take("DELETE")
    halt = Halt(pace)
    caught: list[BaseException] = []

    def ask() -> None:
        try:
            halt.run(pace.take, "DELETE")
        except HaltedError as error:
            caught.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    halt.stop()
    thread.join(timeout=10)

    assert len(caught) == 1


def test_every_try_and_every_redirect_to_an_address_counts_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    monkeypatch.setattr(Pace, "take", lambda _self, method: taken.append(method))
    with (
        responses.RequestsMock() as web,
        Http(sleep=lambda _: None, paces={"https://ghcr.io": make_registry_pace()}) as http,
    ):
        web.get(REGISTRY, status=503)
        web.get(REGISTRY, status=307, headers={"Location": f"{REGISTRY}/there"})
        web.get(f"{REGISTRY}/there", status=307, headers={"Location": "https://storage.example/blob"})
        web.get("https://storage.example/blob", json=[])
        http.request("GET", REGISTRY, what="read it", credential=None)

    assert taken == ["GET", "GET", "GET"]


def test_what_a_refusal_says_is_allowed_is_kept_from_then_on() -> None:
    learned: list[tuple[str, int]] = []

    class Learning(Pace):
        def learn(self, method: str, requests: int) -> None:
            learned.append((method, requests))

    pace = Learning(Bucket(10), Bucket(10))
    refusal = {"errors": [{"code": "TOOMANYREQUESTS", "message": "retry-after: 1.16ms, allowed: 1500/minute"}]}
    with responses.RequestsMock() as web, Http(sleep=lambda _: None, paces={REGISTRY: pace}) as http:
        web.put(REGISTRY, status=429, json=refusal)
        web.put(REGISTRY, status=201)
        http.request("PUT", REGISTRY, what="write it", credential=None, expect=(201,))

    assert learned == [("PUT", 1500)]
