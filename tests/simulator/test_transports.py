"""Over loopback and in process the answers are the same, faults included."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from tests.simulator.callers import ADA, JOB, PACKAGE, VERSIONS, Caller, multi, new_world

from release_actions.simulator import InProcess, Simulator, World, build_image
from release_actions.simulator.faults import Fault

FAULTS = (
    Fault(path="/users/ada", answer=503, retry_after=1),
    Fault(path="/users/ada", nth=2, reset="before"),
    Fault(path="/users/ada", nth=3, reset="after"),
    Fault(path="/users/ada", nth=4, truncate=True),
)

Open = Callable[[World], Any]


@contextmanager
def in_process(world: World) -> Iterator[InProcess]:
    yield InProcess(world, faults=FAULTS)


@contextmanager
def on_loopback(world: World) -> Iterator[Simulator]:
    with Simulator(world, faults=FAULTS) as simulator:
        yield simulator


def broken(call: Caller) -> tuple[type, ...]:
    """The kind of a connection's failure."""
    with pytest.raises(requests.RequestException) as error:
        call.rest("GET", "/users/ada")
    return type(error.value).__mro__[-5:]


def story(call: Caller) -> Iterator[Any]:
    """Requests of every kind, each with all that came of it."""
    image = multi("a", attestations=True)
    blob = next(iter(image.blobs))

    def told(answer: requests.Response) -> Any:
        # The address is the one thing that must differ.
        urls = (call.simulator.api_url, call.simulator.registry_url)
        hosts = re.compile("|".join(re.escape(url.removeprefix("http://")) for url in urls))
        headers = {name: hosts.sub("HOST", value) for name, value in sorted(answer.headers.lower_items())}
        headers.pop("content-length", None)  # of a body that holds addresses
        return answer.status_code, hosts.sub("HOST", answer.text), headers

    yield told(call.registry("GET", "/v2/", None))
    yield call.put("v0", image.root).status_code
    call.push(image, "v1", "latest")
    call.push(build_image(seed="b"), "v2")
    for reference in ("v1", image.root.digest, "nothing"):
        for method in ("GET", "HEAD"):
            yield told(call.registry(method, f"/v2/{PACKAGE}/manifests/{reference}"))
    yield told(call.registry("GET", f"/v2/{PACKAGE}/blobs/{blob}"))
    yield told(call.registry("GET", f"/v2/{PACKAGE}/blobs/{blob}", headers={"Range": "bytes=1-3"}))
    place = call.registry("POST", f"/v2/{PACKAGE}/blobs/uploads/").headers["Location"]
    yield told(call.registry("PATCH", place, data=iter([b"a", b"bc"])))
    yield told(call.registry("DELETE", place))
    yield told(call.registry("GET", f"/v2/{PACKAGE}/tags/list?n=1"))
    yield told(call.registry("DELETE", f"/v2/{PACKAGE}/manifests/v1"))
    yield told(call.rest("GET", f"{VERSIONS}?per_page=2&page=2"))
    yield told(call.rest("GET", "/orgs/llm-d/packages?package_type=container", JOB))
    call.world.add_package("llm-d/nested/x")
    yield told(call.rest("GET", "/orgs/llm-d/packages/container/nested%2Fx", ADA))
    yield told(call.rest("POST", "/repos/llm-d/llm-d/git/refs", json={"ref": "refs/tags/é", "sha": "0" * 40}))
    yield told(call.rest("GET", "/users/ada"))
    for _ in range(3):
        yield broken(call)
    yield told(call.rest("GET", "/users/ada"))
    yield call.simulator.requests.kinds()
    yield call.world.dump()


def test_both_transports_give_the_same_answers() -> None:
    told = []
    for opened in (in_process, on_loopback):
        with opened(new_world()) as simulator:
            caller = Caller(simulator)
            told.append(list(story(caller)))
            caller.session.close()
    assert len(told[0]) == len(told[1]) > 20
    for one, other in zip(*told, strict=True):
        assert one == other


def test_a_request_that_misses_the_transport_fails_at_once(world: World) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get(InProcess(world).api_url, timeout=5)


def test_a_body_may_be_text_bytes_or_a_stream(call: Caller) -> None:
    place = call.registry("POST", f"/v2/{PACKAGE}/blobs/uploads/").headers["Location"]
    ranges = [call.registry("PATCH", place, data=data).headers["Range"] for data in ("ab", b"cd", iter([b"e", b"f"]))]
    assert ranges == ["0-1", "0-3", "0-5"]
