"""Rate limits on the world's clock: primary per client, secondary per route, and the registry's own."""

from __future__ import annotations

import pytest
from tests.simulator.callers import ADA, EVE, JOB, JOB_READING, OTHER_JOB, PACKAGE, READER, VERSIONS, Caller, codes

from release_actions.simulator import World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.limits import LimitedError


def test_headers_tell_where_the_client_stands(call: Caller) -> None:
    call.rest("GET", VERSIONS, JOB)
    headers = call.rest("GET", VERSIONS, JOB).headers
    told = {name: headers[f"X-RateLimit-{name}"] for name in ("Limit", "Used", "Remaining", "Resource")}
    assert told == {"Limit": "1000", "Used": "2", "Remaining": "998", "Resource": "core"}
    hour_later = int(call.world.now().timestamp()) + 3600
    assert headers["X-RateLimit-Reset"] == str(hour_later)


def test_each_kind_of_client_has_its_number(call: Caller, world: World) -> None:
    world.add_token("ghs_app", TokenKind.APP, account="llm-d")
    limits = {
        token: call.rest("GET", "/users/ada", token).headers["X-RateLimit-Limit"]
        for token in (JOB, ADA, "ghs_app", None)
    }
    assert limits == {JOB: "1000", ADA: "5000", "ghs_app": "5000", None: "60"}


def test_jobs_of_one_repository_share_and_so_do_tokens_of_one_person(call: Caller) -> None:
    for token in (JOB, JOB_READING, OTHER_JOB, ADA, READER, EVE):
        call.rest("GET", "/users/ada", token)
    used = {
        token: call.rest("GET", "/users/ada", token).headers["X-RateLimit-Used"] for token in (JOB, OTHER_JOB, ADA, EVE)
    }
    assert used == {JOB: "3", OTHER_JOB: "2", ADA: "3", EVE: "2"}


@pytest.mark.parametrize("status", [403, 429])
def test_when_none_is_left_the_api_says_no_until_the_reset(call: Caller, world: World, status: int) -> None:
    world.limits.actions, world.limits.status = 2, status
    for _ in range(2):
        assert call.rest("GET", VERSIONS, JOB).status_code == 200
    answer = call.rest("GET", VERSIONS, JOB)
    assert answer.status_code == status
    assert answer.json()["message"] == "API rate limit exceeded for llm-d/llm-d."
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in answer.headers
    assert call.rest("GET", VERSIONS, ADA).status_code == 200
    world.clock.advance(3600)
    assert call.rest("GET", VERSIONS, JOB).status_code == 200


def test_what_was_refused_did_nothing(call: Caller, world: World) -> None:
    for tag in ("a", "b"):
        world.push(PACKAGE, build_image(seed=tag), [tag])
    world.limits.actions = 1
    call.rest("GET", VERSIONS, JOB)
    number = world.version(PACKAGE, "a").id
    assert call.rest("DELETE", f"{VERSIONS}/{number}", JOB).status_code == 403
    assert set(world.tags(PACKAGE)) == {"a", "b"}


def test_asking_for_the_limit_is_free(call: Caller) -> None:
    call.rest("GET", VERSIONS, JOB)
    for _ in range(3):
        assert call.rest("GET", "/rate_limit", JOB).json()["resources"]["core"]["used"] == 1


def test_a_limit_of_nought_is_off(call: Caller, world: World) -> None:
    world.limits.anonymous = 0
    answers = [call.rest("GET", "/users/ada", None) for _ in range(70)]
    assert {answer.status_code for answer in answers} == {200}
    assert "X-RateLimit-Limit" not in answers[0].headers


def test_secondary_points_are_one_a_read_and_five_a_write_per_route_and_minute(call: Caller, world: World) -> None:
    world.limits.points = 10
    for _ in range(10):
        assert call.rest("GET", VERSIONS).status_code == 200
    answer = call.rest("GET", VERSIONS)
    assert answer.status_code == 403
    assert "secondary rate limit" in answer.json()["message"]
    assert answer.headers["Retry-After"] == "60"
    statuses = [call.rest("DELETE", f"{VERSIONS}/1").status_code for _ in range(3)]
    assert statuses == [404, 404, 403]
    world.clock.advance(59)
    assert call.rest("GET", VERSIONS).headers["Retry-After"] == "1"
    world.clock.advance(1)
    assert call.rest("GET", VERSIONS).status_code == 200


def test_requests_at_once_are_counted_for_each_client(world: World) -> None:
    world.limits.concurrent = 100
    token = world.token(ADA)
    world.limits.charge(token, "GET", "/user", in_flight=100, now=world.now())
    with pytest.raises(LimitedError) as refused:
        world.limits.charge(token, "GET", "/user", in_flight=101, now=world.now())
    assert refused.value.retry_after == 1


def test_the_registry_has_a_limit_of_its_own(call: Caller, world: World) -> None:
    world.limits.registry = 2
    statuses = [call.registry("GET", "/v2/").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    answer = call.registry("GET", "/v2/")
    assert codes(answer) == ["TOOMANYREQUESTS"]
    assert answer.headers["Retry-After"] == "60"
    assert call.rest("GET", VERSIONS).status_code == 200
    world.clock.advance(60)
    assert call.registry("GET", "/v2/").status_code == 200
