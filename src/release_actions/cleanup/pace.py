"""How fast a clean-up asks: never above the rates that servers allow, and never longer than its caller does.

Decides when the next request may be sent, when there is no time or budget left, and says so in words. It must never
let a request pass that a server would count as one too many: whoever does is blocked for longer than waiting takes.
Numbers: GitHub docs, "Rate limits for the REST API"; the registry's from its own error texts.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from release_actions.http.budgets import Budget
from release_actions.http.origins import Origin

if TYPE_CHECKING:
    import requests

MINUTE = 60.0
POINTS = 900
"""Points a minute that GitHub's API allows: a read is one, a write five."""

WRITE = 5
REGISTRY_POINTS = 2000
"""Requests a minute that GHCR names in its refusals."""

LONGEST_PAUSE = 900.0
"""Seconds to wait for the primary limit to be reset when the caller names no time."""

RESERVE = 40
"""Requests of the hourly budget that are left for proving afterwards that everything still resolves."""


OUT_OF_TIME = "The time that time-budget gives is used up."
NO_TIME_LEFT = "The time that time-budget gives is needed for what is planned so far."


class HaltedError(Exception):
    """A request was not sent, because the run is stopping."""


class Pace:
    """A sliding minute of points. May be shared by threads."""

    def __init__(
        self,
        points: int,
        *,
        write: int = WRITE,
        now: Callable[[], float] = time.monotonic,
        wait: Callable[[threading.Condition, float], object] = threading.Condition.wait,
    ) -> None:
        self._points = points
        self._write = write
        self._now = now
        self._wait = wait
        self._free = threading.Condition()
        self._sent: deque[tuple[float, int]] = deque()
        self._used = 0
        self._halted = False

    def take(self, method: str) -> None:
        """Wait until a request may be sent, and count it. Raises `HaltedError`."""
        cost = 1 if method in {"GET", "HEAD"} else self._write
        with self._free:
            while True:
                if self._halted:
                    raise HaltedError
                now = self._now()
                while self._sent and self._sent[0][0] <= now - MINUTE:
                    self._used -= self._sent.popleft()[1]
                if self._used + cost <= self._points:
                    self._sent.append((now, cost))
                    self._used += cost
                    return
                self._wait(self._free, self._sent[0][0] + MINUTE - now)

    def halt(self, halted: bool = True) -> None:  # noqa: FBT001, FBT002  # a switch
        """Let nobody wait or send any more, or let them again."""
        with self._free:
            self._halted = halted
            self._free.notify_all()


@dataclass(frozen=True)
class Limits:
    """What a run may use. `deadline`: by `now`, in seconds, None without one; `budget`: what the API told last."""

    deadline: float | None = None
    pace: Pace = field(default_factory=lambda: Pace(POINTS))
    budget: Callable[[], Budget | None] = lambda: None
    now: Callable[[], float] = time.monotonic
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], object] = time.sleep

    def stop(self, pages: int) -> str:
        """Why no further deletion may begin, as a sentence; empty to go on. Waits for the hourly limit if that helps.

        `pages`: requests that listing the package takes, which are needed once more afterwards.
        """
        while True:
            if self.deadline is not None and self.now() >= self.deadline:
                return OUT_OF_TIME
            told = self.budget()
            if told is None or told.remaining > RESERVE + 2 * pages:
                return ""
            pause = told.reset + 1.0 - self.clock()
            if pause <= 0:
                return ""
            left = LONGEST_PAUSE if self.deadline is None else self.deadline - self.now()
            if pause > left:
                until = datetime.fromtimestamp(told.reset, timezone.utc)
                return f"The token's {told.limit} requests an hour are used up until {until:%Y-%m-%d %H:%M} UTC."
            self.sleep(min(pause, 1.0))

    def taken_by(self, deletions: int) -> str:
        """Why nothing more is to be planned, as a sentence: deletions that are planned already take what is left.

        Without it a run that reads many large packages could spend all on reading, and the next one too.
        """
        if self.deadline is not None and self.now() + deletions * WRITE * MINUTE / POINTS >= self.deadline:
            return NO_TIME_LEFT
        told = self.budget()
        if told is None or told.reset <= self.clock() or told.remaining > RESERVE + deletions:
            return ""
        return f"What is left of the token's {told.limit} requests an hour is needed for what is planned so far."


def paced(paces: Mapping[str, Pace]) -> requests.Session:
    """A session that keeps the pace of each address; repeated and redirected requests count too."""
    import requests

    origins = {Origin.of(url): pace for url, pace in paces.items()}

    class Paced(requests.Session):
        def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
            pace = origins.get(Origin.of(str(url)))
            if pace:
                pace.take(str(method))
            return super().request(method, url, *args, **options)

    return Paced()
