"""What holds for every test: the programs it names are there, and what the simulator answers is GitHub's."""

from __future__ import annotations

import gc
import io
import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from release_actions.http.client import Http
from release_actions.simulator import Simulator, World
from release_actions.simulator.origin import Answer, Origin
from tests.contract.exchange import Exchange
from tests.http.loopback import Clock

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


pytest_plugins = ["tests.contract.programs", "tests.workers"]

# On a busy machine, or while the tables of characters are made for the first time, drawing an example takes a second.
settings.register_profile(
    "unhurried", parent=settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")


def pytest_configure() -> None:
    """Let an interrupt interrupt: a shell has programs that it starts in the background ignore it, and theirs too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what lives until the end: the modules and the tests themselves."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


def pytest_report_header() -> str:
    """Say which environment runs the tests; `.ci/run` takes its other tools from there."""
    return f"environment: {sys.prefix}"


@pytest.fixture(autouse=True)
def exchanges(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exchange]]:
    """Hold what the simulator answers in any test to GitHub's description; the exchanges so far.

    Covers simulators of this process. The registry is not in the description; real clients judge it. GraphQL is not
    either; graphql-core holds it to GitHub's schema.
    """
    seen: list[Exchange] = []
    answer_of = Origin.answer

    def record(self: Origin, environ: WSGIEnvironment) -> tuple[Answer, bool]:
        if self.api.name == "registry" or environ["REQUEST_URI"].startswith(("/_", "/graphql")):
            return answer_of(self, environ)
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        answer, cut = answer_of(self, {**environ, "wsgi.input": io.BytesIO(sent)})
        body = answer.encoded()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        seen.append(Exchange(environ["REQUEST_METHOD"], environ["REQUEST_URI"], sent, answer.status, headers, body))
        return answer, cut

    monkeypatch.setattr(Origin, "answer", record)
    yield seen
    if not seen:
        return  # the description is long, and most tests ask GitHub nothing
    from tests.contract.description import Description

    faults = [fault for exchange in seen for fault in Description.load().faults(exchange)]
    assert not faults, "not what GitHub would answer:\n" + "\n".join(dict.fromkeys(faults))


@pytest.fixture
def world() -> World:
    """Give an empty GitHub. A folder or a file whose tests need something in it has a `world` of its own."""
    return World()


@pytest.fixture
def simulator(world: World) -> Iterator[Simulator]:
    """Serve the world over HTTP, on a port of its own."""
    with Simulator(world) as simulator:
        yield simulator


@pytest.fixture
def clock() -> Clock:
    """Give a time that passes only when somebody sleeps."""
    return Clock()


@pytest.fixture
def log() -> list[str]:
    """Collect what `http` says about its requests."""
    return []


@pytest.fixture
def http(clock: Clock, log: list[str]) -> Iterator[Http]:
    """Give a client that never really waits."""
    with Http(sleep=clock.sleep, now=clock.now, log=log.append) as session:
        yield session
