"""The stop that a signal asks for: from then on nothing more is written outside, in any thread.

The runner sends SIGINT, 7.5 seconds later SIGTERM, and kills the process after another 2.5 seconds (actions/runner
ProcessInvoker). An exception in the main thread alone does not stop the others: a pool of threads first does all that
it was given. So whoever is about to write, or to wait, asks here.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

_stop = threading.Event()


def is_stopping() -> bool:
    """Whether a signal has asked this run to stop."""
    return _stop.is_set()


def sleep(seconds: float) -> None:
    """Sleep, but not on when a signal asks to stop."""
    _stop.wait(seconds)


@contextlib.contextmanager
def stop_on_signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM stop all writes and interrupt the main thread with `KeyboardInterrupt`.

    `timeout`, and a machine that is shut down, send SIGTERM only. A handler that the caller has set is not replaced,
    and a thread other than the main one cannot set any.
    """

    def stop(_number: int, _frame: Any) -> None:
        _stop.set()
        raise KeyboardInterrupt

    ours: list[tuple[int, Any]] = []
    if threading.current_thread() is threading.main_thread():
        defaults = ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL))
        ours = [(number, default) for number, default in defaults if signal.getsignal(number) is default]
    for number, _ in ours:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, default in ours:
            signal.signal(number, default)
        _stop.clear()
