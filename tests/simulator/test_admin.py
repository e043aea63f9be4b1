"""The simulator's own routes: a look at the state and the requests, and a push to the clock."""

from __future__ import annotations

import pytest
from tests.simulator.callers import ADA, PACKAGE, Caller, multi

from release_actions.simulator import World


def test_the_state_on_both_origins_is_the_dump(call: Caller, world: World) -> None:
    world.push(PACKAGE, multi("a"), ["v1"])
    for url in (call.simulator.api_url, call.simulator.registry_url):
        answer = call.session.get(f"{url}/_simulator/state", timeout=10)
        assert answer.json() == world.dump()
        assert ADA not in answer.text


def test_requests_are_counted_by_kind_and_looking_does_not_count(call: Caller) -> None:
    call.rest("GET", "/users/ada")
    call.rest("GET", "/users/bob")
    kinds = [{"origin": "api", "method": "GET", "route": "/users/{username}", "status": 200, "count": 2}]
    for _ in range(2):
        assert call.rest("GET", "/_simulator/requests", None).json() == kinds


def test_the_clock_is_moved(call: Caller, world: World) -> None:
    answer = call.rest("POST", "/_simulator/clock?advance=3600", None)
    assert answer.json() == {"now": "2026-02-03T10:00:00Z"}
    assert world.now().hour == 10


@pytest.mark.parametrize("query", ["", "?advance=-1", "?advance=soon"])
def test_a_step_that_is_none_is_refused(call: Caller, world: World, query: str) -> None:
    before = world.now()
    assert call.rest("POST", f"/_simulator/clock{query}", None).status_code == 400
    assert world.now() == before
