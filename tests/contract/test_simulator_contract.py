"""Every route of the simulator's REST API, walked from end to end and held to GitHub's description.

The fixture `exchanges` judges each answer; here it is shown that no route and no documented answer is left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

import update_openapi_excerpt
from contract.description import Description, Exchange, Operation
from contract.simulated import PASSWORD, world
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.github.bodies import Bodies

POWERLESS = "ghp_powerless"
JOB = "ghs_job"

UNMET = (
    (r".*", 304, "the simulator sends no ETag, so a client has none to ask with"),
    (r".*", 500, "comes with an injected fault only"),
    (r".*", 503, "comes with an injected fault only"),
    (r"rate-limit/get", 404, "an Enterprise Server answers so that has its limits switched off"),
)
"""Documented statuses that the walk does not meet: operations, status, and why."""


@dataclass(frozen=True)
class Step:
    """A request that succeeds in the world below."""

    method: str
    path: str
    body: Any = None


def package_steps(space: str, name: str, version: int, other: int) -> Iterator[Step]:
    """A package's life: read, a version deleted and restored, then all of it."""
    package = f"{space}/packages/container/{name}"
    yield Step("GET", f"{space}/packages?package_type=container")
    yield Step("GET", package)
    yield Step("GET", f"{package}/versions?per_page=1&page=2")
    yield Step("GET", f"{package}/versions/{version}")
    yield Step("DELETE", f"{package}/versions/{other}")
    yield Step("GET", f"{package}/versions?state=deleted")
    yield Step("POST", f"{package}/versions/{other}/restore")
    yield Step("DELETE", package)
    yield Step("POST", f"{package}/restore")


def filled() -> tuple[World, list[Step]]:
    """An organization and a user with a package of three versions each, and the walk through them."""
    found = world()
    found.add_repository("llm-d/llm-d")
    steps = [
        Step("GET", "/rate_limit"),
        Step("GET", "/user"),
        Step("GET", "/users/llm-d"),
        Step("GET", "/users/robot"),
        Step("GET", "/orgs/llm-d"),
    ]
    for owner, spaces in (("llm-d", ["/orgs/llm-d"]), ("robot", ["/users/robot", "/user"])):
        found.add_package(f"{owner}/nested/gateway", repository="llm-d/llm-d")
        versions = [
            found.push(f"{owner}/nested/gateway", build_image(["linux/amd64"], seed=tag), [tag]).id
            for tag in ("v1", "v2", "v3")
        ]
        for space in spaces:
            steps += package_steps(space, "nested%2Fgateway", versions[0], versions[1])
    return found, steps


def misnamed(path: str) -> str:
    """The same path about something that is not there."""
    path = re.sub(r"nested%2Fgateway", "nothing", path)
    return path if "nothing" in path else re.sub(r"^/(users|orgs)/[^/?]+", r"/\1/nobody", path)


def routes() -> list[tuple[str, str]]:
    return [(method.upper(), shape) for method, shape in update_openapi_excerpt.routes()]


def test_every_route_is_githubs_and_the_excerpt_has_no_other() -> None:
    described = {(operation.method, operation.shape) for operation in Description.load().operations}
    assert set(routes()) == described, "run scripts/update_openapi_excerpt.py"
    assert len(routes()) == len(set(routes()))


def met(seen: list[Exchange]) -> dict[Operation, set[int]]:
    """Operation -> statuses that it answered with."""
    found: dict[Operation, set[int]] = defaultdict(set)
    for exchange in seen:
        operation = Description.load().find(exchange.method, exchange.target.partition("?")[0])
        assert operation is not None, exchange
        found[operation].add(exchange.status)
    return found


@pytest.fixture
def walked(exchanges: list[Exchange]) -> list[Exchange]:
    """The exchanges of the walk: each step refused in every way first, then granted."""
    places, steps = filled()
    places.add_account("powerless")
    places.add_token(POWERLESS, login="powerless")
    places.add_token(JOB, TokenKind.ACTIONS, repository="llm-d/llm-d", permissions={"metadata": "read"})
    with Simulator(places) as simulator, requests.Session() as session:
        session.trust_env = False

        def send(step: Step, path: str, token: str) -> int:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            url = simulator.api_url + path
            return session.request(step.method, url, json=step.body, headers=headers, timeout=10).status_code

        for step in steps:
            assert send(step, step.path, "ghp_unknown") == 401
            for token in ("", POWERLESS, JOB):
                status = send(step, step.path, token)
                assert step.method == "GET" or status in {401, 403, 404}, step
            send(step, misnamed(step.path), PASSWORD)
            if step.path.endswith("/packages?package_type=container"):
                send(step, step.path.partition("?")[0] + "?package_type=nonsense", PASSWORD)
            assert send(step, step.path, PASSWORD) in {200, 201, 204}, step
    return exchanges


def test_every_route_answers_as_githubs_does(walked: list[Exchange]) -> None:
    found = met(walked)
    served = {
        (operation.method, operation.shape) for operation, statuses in found.items() if statuses & {200, 201, 204}
    }
    assert served == set(routes())


def test_every_documented_answer_is_met_or_explained(walked: list[Exchange]) -> None:
    unmet = {
        (operation.name, int(status))
        for operation, statuses in met(walked).items()
        for status in operation.details["responses"]
        if int(status) not in statuses
    }
    explained = {
        (name, status)
        for name, status in unmet
        for names, *of in UNMET
        if re.fullmatch(names, name) and status == of[0]
    }
    assert unmet - explained == set()


def test_a_corrupted_answer_does_not_pass(exchanges: list[Exchange], monkeypatch: pytest.MonkeyPatch) -> None:
    version_of = Bodies.package_version

    def corrupted(self: Bodies, *arguments: Any) -> dict[str, Any]:
        return {**version_of(self, *arguments), "name": None}

    monkeypatch.setattr(Bodies, "package_version", corrupted)
    places, _ = filled()
    with Simulator(places) as simulator:
        url = f"{simulator.api_url}/orgs/llm-d/packages/container/nested%2Fgateway/versions"
        assert requests.get(url, headers={"Authorization": f"Bearer {PASSWORD}"}, timeout=10).status_code == 200
    (exchange,) = exchanges
    assert [fault for fault in Description.load().faults(exchange) if "[0].name" in fault]
    exchanges.clear()  # told above; the fixture would tell it again
