"""Faults: which requests they strike, what happens to them, and that the presets can be survived."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from tests.simulator.callers import PACKAGE, VERSIONS, Caller, multi

from release_actions.simulator import InProcess, World, build_image
from release_actions.simulator.accounts import Role
from release_actions.simulator.faults import (
    PRESETS,
    Fault,
    FaultEffects,
    Faults,
    advance_step,
    chance,
    delete_step,
    preset,
    push_step,
    tag_step,
    vanish_step,
)

MANIFEST = f"/v2/{PACKAGE}/manifests/v1"


@pytest.fixture
def slept() -> list[float]:
    """Seconds that injected latency slept."""
    return []


@pytest.fixture
def call(world: World, slept: list[float]) -> Iterator[Caller]:
    """A client of a world with two tagged images."""
    for tag in ("v1", "v2"):
        world.push(PACKAGE, multi(tag), [tag])
    caller = Caller(InProcess(world, sleep=slept.append))
    yield caller
    caller.session.close()


def inject(call: Caller, *faults: Fault) -> None:
    for fault in faults:
        call.simulator.faults.add(fault)


def statuses(call: Caller, number: int, path: str = VERSIONS) -> list[int]:
    return [call.rest("GET", path).status_code for _ in range(number)]


# Which requests


def test_the_first_matching_request_is_struck_once(call: Caller) -> None:
    inject(call, Fault(path=VERSIONS, answer=503))
    assert call.rest("GET", "/user").status_code == 200
    assert statuses(call, 3) == [503, 200, 200]


def test_from_the_nth_on_so_many(call: Caller) -> None:
    inject(call, Fault(path=VERSIONS, nth=2, times=2, answer=500))
    assert statuses(call, 5) == [200, 500, 500, 200, 200]


def test_without_end(call: Caller) -> None:
    inject(call, Fault(path=VERSIONS, nth=2, times=0, answer=500))
    assert statuses(call, 4) == [200, 500, 500, 500]


def test_methods_and_patterns(call: Caller) -> None:
    inject(call, Fault(method="DELETE|POST", path="/orgs/*/versions/*", times=0, answer=502))
    assert statuses(call, 1, f"{VERSIONS}/1") == [404]
    assert call.rest("DELETE", f"{VERSIONS}/1").status_code == 502
    assert call.rest("POST", f"{VERSIONS}/1/restore").status_code == 502
    assert call.rest("DELETE", "/orgs/llm-d/packages/container/nothing").status_code == 404


def test_one_server_alone(call: Caller) -> None:
    inject(call, Fault(times=0, server="registry", answer=500))
    assert call.rest("GET", "/user").status_code == 200
    assert call.registry("GET", "/v2/").status_code == 500


def test_never_more_than_so_many_of_one_request_in_a_row(call: Caller) -> None:
    inject(call, Fault(times=0, in_a_row=2, answer=500))
    assert statuses(call, 7) == [500, 500, 200, 500, 500, 200, 500]


def test_by_chance_the_same_for_the_same_seed(call: Caller) -> None:
    def struck(seed: str) -> list[int]:
        call.simulator.faults.clear()
        inject(call, Fault(times=0, probability=0.5, seed=seed, answer=500))
        return statuses(call, 40)

    assert struck("a") == struck("a")
    assert struck("a") != struck("b")
    assert 5 < struck("a").count(500) < 35


def test_chance_is_spread_evenly() -> None:
    drawn = [chance(Fault(seed="s"), "GET", "/", number) for number in range(2000)]
    assert 0.45 < sum(drawn) / len(drawn) < 0.55
    assert all(0 <= one < 1 for one in drawn)


def test_what_struck_is_counted_by_name(call: Caller) -> None:
    inject(call, Fault("busy", times=2, answer=503), Fault(path="/user", answer=500))
    statuses(call, 3)
    call.rest("GET", "/user")
    assert call.simulator.faults.counts == {"busy": 2, "fault 2": 1}


def test_without_faults_nothing_happens() -> None:
    assert Faults().choose("api", "GET", "/") == FaultEffects()


def test_the_simulators_own_routes_meet_none(call: Caller) -> None:
    inject(call, Fault(times=0, answer=500))
    assert call.rest("GET", "/_simulator/state").status_code == 200


# What happens


def test_latency_is_slept_and_adds_up(call: Caller, slept: list[float]) -> None:
    inject(call, Fault(latency=0.5), Fault(latency=0.25, times=2))
    assert statuses(call, 3) == [200, 200, 200]
    assert slept == [0.75, 0.25]


def test_a_429_with_retry_after_does_no_work(call: Caller) -> None:
    inject(call, Fault(method="DELETE", answer=429, retry_after=7))
    number = call.world.version(PACKAGE, "v2").id
    answer = call.rest("DELETE", f"{VERSIONS}/{number}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert set(call.world.tags(PACKAGE)) == {"v1", "v2"}


def test_a_secondary_limit_in_githubs_words_with_requests_left(call: Caller) -> None:
    inject(call, Fault(answer=403, secondary=True, retry_after=3))
    answer = call.rest("GET", VERSIONS)
    assert answer.status_code == 403
    assert "You have exceeded a secondary rate limit" in answer.json()["message"]


def test_the_registry_says_it_in_its_own_form(call: Caller) -> None:
    inject(call, Fault(path="/v2/*", answer=429, retry_after=2), Fault(path="/v2/*", nth=2, answer=503))
    answer = call.registry("GET", MANIFEST)
    assert answer.json()["errors"][0] == {
        "code": "TOOMANYREQUESTS",
        "message": "retry-after: 2s, allowed: 2000/minute",
    }
    assert call.registry("GET", MANIFEST).json()["errors"][0]["code"] == "UNKNOWN"


@pytest.mark.parametrize(("when", "left"), [("before", {"v1", "v2"}), ("after", {"v1"})])
def test_a_reset_before_or_after_the_work(call: Caller, when: Any, left: set[str]) -> None:
    inject(call, Fault(method="DELETE", reset=when))
    number = call.world.version(PACKAGE, "v2").id
    with pytest.raises(requests.ConnectionError):
        call.rest("DELETE", f"{VERSIONS}/{number}")
    assert set(call.world.tags(PACKAGE)) == left
    assert call.simulator.requests.entries[-1].status == 0


def test_a_truncated_body_is_noticed(call: Caller) -> None:
    inject(call, Fault(path="/v2/*", truncate=True))
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        call.registry("GET", MANIFEST)
    assert call.registry("GET", MANIFEST).status_code == 200


def test_of_two_that_end_a_request_the_first_does(call: Caller) -> None:
    inject(call, Fault(answer=503), Fault(reset="before"))
    assert statuses(call, 2) == [503, 200]


def test_a_version_that_the_request_names_vanishes(call: Caller) -> None:
    inject(call, Fault(method="DELETE", steps=(vanish_step(),)), Fault(path=MANIFEST, steps=(vanish_step(),)))
    number = call.world.version(PACKAGE, "v2").id
    assert call.rest("DELETE", f"{VERSIONS}/{number}").status_code == 404
    assert call.registry("GET", MANIFEST).status_code == 404
    assert call.world.tags(PACKAGE) == {}


def test_a_push_in_the_middle_moves_the_pages(call: Caller) -> None:
    inject(call, Fault(path=VERSIONS, nth=2, steps=(push_step(PACKAGE, ["v3"]),)))
    first = call.versions(per_page=3)
    second = call.versions(per_page=3, page=2)
    assert first[-1]["id"] == second[0]["id"]
    assert "v3" in call.world.tags(PACKAGE)


def test_a_tag_moves_in_the_middle(call: Caller) -> None:
    inject(call, Fault(path=MANIFEST, nth=2, steps=(tag_step(PACKAGE, "v1", "v2"),)))
    digests = [call.registry("HEAD", MANIFEST).headers["Docker-Content-Digest"] for _ in range(2)]
    assert digests[0] != digests[1] == call.world.tags(PACKAGE)["v2"]


def test_somebody_else_deletes_even_what_is_gone(call: Caller) -> None:
    inject(call, Fault(times=2, steps=(delete_step(PACKAGE, "v1"),)))
    assert statuses(call, 2) == [200, 200]
    assert set(call.world.tags(PACKAGE)) == {"v2"}


def test_time_goes_by(call: Caller) -> None:
    before = call.world.now()
    inject(call, Fault(steps=(advance_step(90),)))
    statuses(call, 1)
    assert (call.world.now() - before).total_seconds() == 90


def test_any_function_may_be_a_step(call: Caller) -> None:
    seen: list[str] = []
    inject(call, Fault(steps=(lambda world, path: seen.append(f"{path} {len(world.packages)}"),)))
    statuses(call, 1)
    assert seen == [f"{VERSIONS} 1"]


def test_reads_lag_behind_a_push(call: Caller) -> None:
    old = call.world.tags(PACKAGE)["v1"]
    new = multi("new")
    call.push(new)
    inject(call, Fault(method="PUT", path="/v2/*", lag=2))
    call.put("v1", new.root).raise_for_status()
    digests = [call.registry("HEAD", MANIFEST).headers["Docker-Content-Digest"] for _ in range(3)]
    assert digests == [old, old, new.root.digest]


def test_a_tag_lags_behind_its_push_alone(call: Caller) -> None:
    old = call.world.tags(PACKAGE)["v1"]
    new = multi("new")
    call.push(new)
    inject(call, Fault(method="PUT", path="/v2/*", tag_lag=2))
    call.put("v1", new.root).raise_for_status()
    assert call.versions()[0]["metadata"]["container"]["tags"] == ["v1"]
    digests = [call.registry("HEAD", MANIFEST).headers["Docker-Content-Digest"] for _ in range(3)]
    assert digests == [old, old, new.root.digest]


def test_a_list_lags_behind_a_delete(call: Caller) -> None:
    inject(call, Fault(method="DELETE", lag=1))
    number = call.world.version(PACKAGE, "v2").id
    assert call.rest("DELETE", f"{VERSIONS}/{number}").status_code == 204
    assert number in [version["id"] for version in call.versions()]
    assert number not in [version["id"] for version in call.versions()]


def test_a_package_that_was_just_made_is_not_seen_yet(call: Caller) -> None:
    image = build_image(seed="new")
    for digest, content in image.blobs.items():
        call.upload(content, digest, package="llm-d/new")
    inject(call, Fault(method="PUT", path="/v2/*", lag=1))
    call.put("v1", image.root, package="llm-d/new").raise_for_status()
    path = "/v2/llm-d/new/manifests/v1"
    assert [call.registry("GET", path).status_code for _ in range(2)] == [404, 200]


# Presets


class Polite:
    """A client that repeats what it may repeat and waits as it is told, on the world's clock."""

    TRIES = 8

    def __init__(self, call: Caller) -> None:
        self.call = call

    def __call__(self, send: Any, *arguments: Any, **options: Any) -> requests.Response:
        for _ in range(self.TRIES):
            try:
                answer: requests.Response = send(*arguments, **options)
            except requests.RequestException:
                continue
            if answer.status_code in {429, 500, 502, 503} or "Retry-After" in answer.headers:
                self.call.world.clock.advance(int(answer.headers.get("Retry-After", 1)))
                continue
            return answer
        message = f"gave up after {self.TRIES} tries"
        raise AssertionError(message)


@pytest.mark.parametrize("seed", ["1", "2"])
@pytest.mark.parametrize("name", [name for name in PRESETS if name != "read-lag"])
def test_a_polite_client_survives_a_preset(call: Caller, slept: list[float], name: str, seed: str) -> None:
    polite = Polite(call)
    call.world.packages[PACKAGE].roles["ada"] = Role.ADMIN
    inject(call, *preset(name, seed))
    for number in range(60):
        image = build_image(seed=str(number))
        for digest, content in image.blobs.items():
            path = f"/v2/{PACKAGE}/blobs/uploads/?digest={digest}"
            assert polite(call.registry, "POST", path, data=content).status_code == 201
        assert polite(call.put, f"t{number}", image.root).status_code == 201
        assert polite(call.registry, "GET", f"/v2/{PACKAGE}/manifests/t{number}").content == image.root.body
        assert polite(call.rest, "GET", VERSIONS).json()
        number_of = call.world.version(PACKAGE, f"t{number}").id
        assert polite(call.rest, "DELETE", f"{VERSIONS}/{number_of}").status_code in {204, 404}
    assert set(call.world.tags(PACKAGE)) == {"v1", "v2"}
    assert call.simulator.faults.counts
    assert bool(slept) == (name in {"latency", "storm"})


def test_reads_come_right_after_the_lag(call: Caller) -> None:
    inject(call, *preset("read-lag", "1"))
    lagged = 0
    for number in range(30):
        image = multi(str(number))
        call.push(image, "v1")
        answers = [call.registry("GET", MANIFEST).headers["Docker-Content-Digest"] for _ in range(10)]
        lagged += answers[0] != image.root.digest
        assert answers[-1] == image.root.digest
    assert lagged


def test_an_unknown_preset_is_none() -> None:
    with pytest.raises(KeyError):
        preset("flakey")
