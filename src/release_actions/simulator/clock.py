"""The world's clock: every time that the simulator writes or compares comes from here.

It stands still until it is advanced, or runs with real time from its own start. It must never read the wall clock:
a world with the same seed and the same requests has the same times.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone

START = datetime(2026, 2, 3, 9, 0, tzinfo=timezone.utc)
"""Where a clock starts that is told nothing else."""


class Clock:
    """A virtual clock in UTC. `ticking`: it runs with real time; otherwise only `advance` and `set` move it."""

    def __init__(self, start: datetime = START, *, ticking: bool = False) -> None:
        self._lock = threading.Lock()
        self._base = start.astimezone(timezone.utc)
        self._ticking = ticking
        self._since = time.monotonic()

    def now(self) -> datetime:
        """The time in this world."""
        with self._lock:
            return self._read()

    def advance(self, by: timedelta | float) -> datetime:
        """Move on by a duration, or by seconds. Returns the new time. Raises `ValueError` for a step back."""
        step = by if isinstance(by, timedelta) else timedelta(seconds=by)
        if step < timedelta():
            message = f"a clock does not go back by {-step}"
            raise ValueError(message)
        with self._lock:
            return self._move(self._read() + step)

    def set(self, moment: datetime) -> datetime:
        """Move on to a moment. Raises `ValueError` for one that has passed."""
        with self._lock:
            if moment < self._read():
                message = f"a clock does not go back to {moment}"
                raise ValueError(message)
            return self._move(moment.astimezone(timezone.utc))

    def _read(self) -> datetime:
        gone = time.monotonic() - self._since if self._ticking else 0.0
        return self._base + timedelta(seconds=gone)

    def _move(self, moment: datetime) -> datetime:
        self._base = moment
        self._since = time.monotonic()
        return moment


def stamp(moment: datetime) -> str:
    """A time as GitHub writes it: UTC, whole seconds, `Z`."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
