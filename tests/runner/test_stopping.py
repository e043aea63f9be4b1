"""A signal stops what is written outside at once, in every thread."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.http.loopback import Asked, Reply, serving

from release_actions.errors import RemoteError
from release_actions.http.client import Http
from release_actions.runner.stopping import is_stopping, sleep, stop_on_signals

SIGNALS = [signal.SIGINT, signal.SIGTERM]
WORKERS = 4


@pytest.mark.parametrize("signal_number", SIGNALS)
@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE"])
def test_no_thread_writes_any_more_after_a_signal(signal_number: int, method: str) -> None:
    """A pool does all that it was given before it ends, unless its threads are stopped too."""
    first, go_on = threading.Event(), threading.Event()

    def answer(_: Asked) -> Reply:
        first.set()
        go_on.wait(10)
        return Reply(204)

    def write(http: Http, url: str) -> None:
        with stop_on_signals(), ThreadPoolExecutor(WORKERS) as pool:
            for number in range(100):
                pool.submit(http.request, method, f"{url}/{number}", what="write", credential=None, expect=(204,))
            first.wait(10)
            try:
                signal.raise_signal(signal_number)
            finally:
                go_on.set()

    with serving(answer) as server, Http() as http, pytest.raises(KeyboardInterrupt):
        write(http, server.url)

    assert 1 <= len(server.asked) <= WORKERS


def test_what_is_not_sent_any_more_is_known_not_to_be_done() -> None:
    with serving(lambda _: Reply(204)) as server, Http() as http, stop_on_signals():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)

        with pytest.raises(RemoteError) as caught:
            http.request("DELETE", server.url, what="delete v1", credential=None, expect=(204,))

    assert server.asked == []
    assert caught.value.undone
    assert str(caught.value) == "Could not delete v1: a signal stopped the run before this was sent. Run it again."


def test_what_was_done_can_still_be_read() -> None:
    with serving(lambda _: Reply(200)) as server, Http() as http, stop_on_signals():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

        http.request("GET", server.url, what="read v1", credential=None)

    assert server.lines == ["GET /"]


def test_a_write_is_not_repeated_after_a_signal() -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(503, headers={"Retry-After": "60"})

    with serving(answer) as server, Http() as http, stop_on_signals():
        timer = threading.Timer(0.2, signal.pthread_kill, (threading.main_thread().ident or 0, signal.SIGINT))
        timer.start()
        with ThreadPoolExecutor(1) as pool:
            began = time.monotonic()
            write = pool.submit(http.request, "PUT", server.url, what="write v1", credential=None)
            with pytest.raises(KeyboardInterrupt):
                time.sleep(30)
            error = write.exception(timeout=10)

    assert time.monotonic() - began < 10
    assert len(server.asked) == 1
    assert isinstance(error, RemoteError)
    assert not error.undone
    assert "a signal stopped the run before it was known whether this was done" in str(error)


def test_a_thread_that_sleeps_wakes_up() -> None:
    with stop_on_signals():
        thread = threading.Thread(target=sleep, args=(60,))
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        thread.join(timeout=10)

        assert not thread.is_alive()


def test_the_next_run_in_the_same_process_may_write() -> None:
    with pytest.raises(KeyboardInterrupt), stop_on_signals():
        signal.raise_signal(signal.SIGTERM)

    assert not is_stopping()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_handler_of_somebody_else_is_not_replaced() -> None:
    def theirs(*_: object) -> None: ...

    before = signal.signal(signal.SIGTERM, theirs)
    try:
        with stop_on_signals():
            assert signal.getsignal(signal.SIGTERM) is theirs
    finally:
        signal.signal(signal.SIGTERM, before)
