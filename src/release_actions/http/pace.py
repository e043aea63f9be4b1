"""How many requests a server is sent in a minute: a sliding minute of points for reads, and one for writes.

It must never let a request pass that a server would count as one too many: whoever does is blocked for longer than
waiting takes. Hand a `Pace` for each address to `Http(paces=…)`, which takes from it for every try and redirect.

    Http(paces={context.api_url: github_pace(), registry_address: registry_pace()})

A `Halt` ends the waiting of one part of a run, and lets the others go on:

    halt = Halt(pace)
    pool.submit(halt.run, delete, version)
    halt.stop()
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

SECONDS = 60.0
"""Length of the sliding window."""

GITHUB_POINTS = 900
GITHUB_WRITE_COST = 5
"""Points a minute that GitHub's API allows, and those of a write; a read costs one (GitHub docs, "Rate limits for the
REST API")."""

REGISTRY_READS = 44_000
REGISTRY_WRITES = 2_000
"""Requests a minute that GHCR names in its refusals, "allowed: 44000/minute" for reads and "allowed: 2000/minute" for
writes (aquasecurity/trivy-db#442, chainguard-images/images#173). Nothing is documented."""

READS = frozenset({"GET", "HEAD"})

Argument = TypeVar("Argument")
Result = TypeVar("Result")


class HaltedError(Exception):
    """A request was not sent, because the run is stopping."""


class Bucket:
    """A sliding minute of points. May be shared by threads."""

    def __init__(
        self,
        points: int,
        *,
        now: Callable[[], float] = time.monotonic,
        wait: Callable[[threading.Condition, float], object] = threading.Condition.wait,
    ) -> None:
        self._points = points
        self._now = now
        self._wait = wait
        self._changed = threading.Condition()
        self._sent: deque[tuple[float, int]] = deque()
        self._used = 0

    def take(self, cost: int = 1) -> None:
        """Wait until a request of this cost may be sent, and count it. Raises `HaltedError`."""
        halt = _current_halt.get()
        with self._changed:
            # Ends because what was sent leaves the window, and a cost above all points passes when nothing is in it.
            while True:
                if halt is not None and halt.is_stopped:
                    raise HaltedError
                now = self._now()
                while self._sent and self._sent[0][0] <= now - SECONDS:
                    self._used -= self._sent.popleft()[1]
                if self._used + cost <= self._points or not self._sent:
                    self._sent.append((now, cost))
                    self._used += cost
                    return
                self._wait(self._changed, self._sent[0][0] + SECONDS - now)

    def learn(self, points: int) -> None:
        """Allow as many points a minute as the server says."""
        with self._changed:
            self._points = max(points, 1)
            self._changed.notify_all()

    def wake(self) -> None:
        """Let whoever waits ask again whether to go on."""
        with self._changed:
            self._changed.notify_all()


class Pace:
    """The points of one server. `reads` and `writes` may be one bucket, in which a write costs `write_cost`."""

    def __init__(self, reads: Bucket, writes: Bucket, *, write_cost: int = 1) -> None:
        self.reads = reads
        self.writes = writes
        self._write_cost = write_cost

    def take(self, method: str) -> None:
        """Wait until a request may be sent, and count it. Raises `HaltedError`."""
        if method in READS:
            self.reads.take()
        else:
            self.writes.take(self._write_cost)

    def learn(self, method: str, requests: int) -> None:
        """Take over how many requests a minute the server says it allows of this kind."""
        if method in READS:
            self.reads.learn(requests)
        else:
            self.writes.learn(requests * self._write_cost)

    def wake(self) -> None:
        """Let whoever waits ask again whether to go on."""
        self.reads.wake()
        self.writes.wake()


class Halt:
    """A switch for the requests of one part of a run: once it is stopped, none of them waits or is sent any more."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._stopped = threading.Event()

    @property
    def is_stopped(self) -> bool:
        """Whether nothing may be sent any more."""
        return self._stopped.is_set()

    def run(self, function: Callable[[Argument], Result], argument: Argument) -> Result:
        """Call a function whose requests this switch stops. Raises `HaltedError`, and what the function raises."""
        token = _current_halt.set(self)
        try:
            return function(argument)
        finally:
            _current_halt.reset(token)

    def stop(self) -> None:
        """Send nothing more, and release who waits."""
        self._stopped.set()
        self._pace.wake()


_current_halt: ContextVar[Halt | None] = ContextVar("_current_halt", default=None)


def make_github_pace() -> Pace:
    """The pace of GitHub's API: reads and writes are counted together."""
    bucket = Bucket(GITHUB_POINTS)
    return Pace(bucket, bucket, write_cost=GITHUB_WRITE_COST)


def make_registry_pace() -> Pace:
    """The pace of GHCR, which counts reads and writes apart."""
    return Pace(Bucket(REGISTRY_READS), Bucket(REGISTRY_WRITES))
