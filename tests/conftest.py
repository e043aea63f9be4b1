"""What holds for every test: programs it needs, and answers of the simulator that must be GitHub's."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from contract.description import Description, Exchange
from release_actions.simulator.origin import Answer, Origin

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def pytest_report_header() -> str:
    """Say which environment runs the tests; `.ci/run` takes its other tools from there."""
    return f"environment: {sys.prefix}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out a test whose programs are missing, with their names; fail it where all must run.

    `.ci/run` sets RELEASE_ACTIONS_REQUIRE_TOOLS=1, so that nothing is left out unseen there.
    """
    for marker in item.iter_markers("tools"):
        if not marker.args:
            pytest.fail("the marker 'tools' names no program", pytrace=False)
        missing = [program for program in marker.args if shutil.which(program) is None]
        if missing:
            reason = f"needs {', '.join(missing)} on PATH"
            if os.environ.get("RELEASE_ACTIONS_REQUIRE_TOOLS") == "1":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)


@pytest.fixture(autouse=True)
def exchanges(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exchange]]:
    """Hold what the simulator answers in any test to GitHub's description; the exchanges so far.

    Covers simulators of this process. The registry is not in the description; real clients judge it.
    """
    seen: list[Exchange] = []
    answer_of = Origin.answer

    def record(self: Origin, environ: WSGIEnvironment) -> tuple[Answer, bool]:
        if self.face.name != "github" or environ["REQUEST_URI"].startswith("/_"):
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
