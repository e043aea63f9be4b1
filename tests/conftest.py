"""What holds for every test: the programs it names are there, and what the simulator answers is GitHub's."""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from release_actions.simulator.origin import Answer, Origin
from tests.contract.description import Description, Exchange

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


pytest_plugins = ["tests.contract.programs", "tests.workers"]


def pytest_configure() -> None:
    """Let an interrupt interrupt: a shell has programs that it starts in the background ignore it, and theirs too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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
        if self.face.name == "registry" or environ["REQUEST_URI"].startswith(("/_", "/graphql")):
            return answer_of(self, environ)
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        answer, cut = answer_of(self, {**environ, "wsgi.input": io.BytesIO(sent)})
        body = answer.encoded()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        seen.append(Exchange(environ["REQUEST_METHOD"], environ["REQUEST_URI"], sent, answer.status, headers, body))
        return answer, cut

    monkeypatch.setattr(Origin, "answer", record)
    yield seen
    faults = [fault for exchange in seen for fault in Description.load().faults(exchange)]
    assert not faults, "not what GitHub would answer:\n" + "\n".join(dict.fromkeys(faults))
