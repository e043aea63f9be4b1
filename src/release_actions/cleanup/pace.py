"""How long a clean-up goes on: never longer than its caller says, nor past the hourly limit of its token.

Decides when there is no time or budget left, and says so in words. One rule holds for planning and deleting: a limit
that is reset within the time that is left is waited for. How fast requests are sent is `http.pace`'s part.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from release_actions.http.budgets import Budget
from release_actions.http.pace import GITHUB_POINTS, GITHUB_WRITE_COST, SECONDS, Pace, make_github_pace

LONGEST_PAUSE = 900.0
"""Seconds to wait for the primary limit to be reset when the caller names no time."""

RESERVE = 40
"""Requests of the hourly budget that are left for proving afterwards that everything still resolves."""

PLENTY = 500
"""Requests of the hourly budget from which on packages are planned and cleaned at the same time."""

PLENTY_SECONDS = 300.0
"""Seconds that have to be left, beside those of the deletions, for packages to be cleaned at the same time."""

LONGEST_SETTLE = 5.0
"""Seconds before the last look at what was pushed, unless the caller names a time: most builds push the images of an
index and then the index within seconds."""

OUT_OF_TIME = "The time set by time-budget is used up."
NO_TIME_LEFT = "The rest of the time set by time-budget is needed for the deletions planned so far."


def find_longest_wait(time_budget: timedelta | None) -> float:
    """Seconds that one request may spend waiting for limits."""
    return LONGEST_PAUSE if time_budget is None else min(LONGEST_PAUSE, time_budget.total_seconds())


def measure_deletions(count: int) -> float:
    """Seconds that so many deletions take at the pace that GitHub allows."""
    return count * GITHUB_WRITE_COST * SECONDS / GITHUB_POINTS


@dataclass(frozen=True)
class Limits:
    """What a run may use. `deadline`: by `now`, in seconds, None without one; `budget`: what the API told last.

    `others`: requests that listing the other packages takes that are cleaned at the same time. `settle_time`: seconds
    between the check after the deletions and the last look; None for as long as the deletions took, up to
    `LONGEST_SETTLE`. `interrupted` is set when a signal ends the run, for threads that no signal reaches.
    """

    deadline: float | None = None
    pace: Pace = field(default_factory=make_github_pace)
    budget: Callable[[], Budget | None] = lambda: None
    now: Callable[[], float] = time.monotonic
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], object] = time.sleep
    others: int = 0
    settle_time: float | None = None
    interrupted: threading.Event = field(default_factory=threading.Event)

    def stop(self, pages: int) -> str:
        """Why no further deletion may begin, as a sentence; empty to go on. Waits for the hourly limit if that helps.

        `pages`: requests that listing the package takes, which are needed once more afterwards.
        """
        spent = self._wait_for_requests(RESERVE + 2 * (pages + self.others))
        if self.deadline is not None and self.now() >= self.deadline:
            return OUT_OF_TIME
        if spent is None:
            return ""
        until = datetime.fromtimestamp(spent.reset, timezone.utc)
        return f"The token's {spent.limit} requests an hour are used up until {until:%Y-%m-%d %H:%M} UTC."

    def has_plenty(self, pages: int = 0, deletions: int = 0) -> bool:
        """Whether far more time and requests are left than a few packages take.

        `pages`: requests that listing the packages takes, `deletions`: what is planned there, if that is known.
        """
        seconds = PLENTY_SECONDS + 2 * measure_deletions(deletions)
        if self.deadline is not None and self.now() + seconds > self.deadline:
            return False
        told = self.budget()
        return told is None or told.remaining >= PLENTY + 4 * pages + deletions

    def taken_by(self, deletions: int) -> str:
        """Why nothing more is to be planned, as a sentence: deletions that are planned already take what is left.

        Without it a run that reads many large packages could spend all on reading, and the next one too.
        """
        seconds = measure_deletions(deletions)
        if self.deadline is not None and self.now() + seconds >= self.deadline:
            return NO_TIME_LEFT
        spent = self._wait_for_requests(RESERVE + deletions, seconds)
        if spent is None:
            return ""
        return f"The rest of the token's {spent.limit} requests an hour is needed for the deletions planned so far."

    def settle(self, began: float) -> None:
        """Wait before the last look at what was pushed, but not past the deadline. `began`: when deleting began."""
        pause = min(self.now() - began, LONGEST_SETTLE) if self.settle_time is None else self.settle_time
        if self.deadline is not None:
            pause = min(pause, self.deadline - self.now())
        if pause > 0:
            self.sleep(pause)

    def check_interrupted(self) -> None:
        """Raise `KeyboardInterrupt` when a signal has ended the run."""
        if self.interrupted.is_set():
            raise KeyboardInterrupt

    def _wait_for_requests(self, needed: int, seconds: float = 0.0) -> Budget | None:
        """Wait until more than so many requests of the hour are left, if that is near.

        Gives the limit that is spent where waiting does not help; None where there are enough. `seconds`: how much of
        the time has to be left after the wait.
        """
        while True:
            self.check_interrupted()
            told = self.budget()
            if told is None or told.remaining > needed:
                return None
            pause = told.reset + 1.0 - self.clock()
            if pause <= 0:
                return None
            patience = LONGEST_PAUSE if self.deadline is None else self.deadline - self.now() - seconds
            if pause > patience or told.limit <= needed:
                return told
            self.sleep(min(pause, 1.0))
