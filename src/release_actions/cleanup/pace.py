"""How long a clean-up goes on: never longer than its caller says, nor past the hourly limit of its token.

Decides when there is no time or budget left, and says so in words. How fast requests are sent is `http.pace`'s part.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone

from release_actions.http.budgets import Budget
from release_actions.http.pace import GITHUB_POINTS, GITHUB_WRITE_COST, SECONDS, Pace, make_github_pace

LONGEST_PAUSE = 900.0
"""Seconds to wait for the primary limit to be reset when the caller names no time."""

RESERVE = 40
"""Requests of the hourly budget that are left for proving afterwards that everything still resolves."""

PLENTY = 500
"""Requests of the hourly budget from which on packages are planned at the same time."""

OUT_OF_TIME = "The time set by time-budget is used up."
NO_TIME_LEFT = "The rest of the time set by time-budget is needed for the deletions planned so far."


@dataclass(frozen=True)
class Limits:
    """What a run may use. `deadline`: by `now`, in seconds, None without one; `budget`: what the API told last."""

    deadline: float | None = None
    pace: Pace = field(default_factory=make_github_pace)
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
            seconds = LONGEST_PAUSE if self.deadline is None else self.deadline - self.now()
            if pause > seconds:
                until = datetime.fromtimestamp(told.reset, timezone.utc)
                return f"The token's {told.limit} requests an hour are used up until {until:%Y-%m-%d %H:%M} UTC."
            self.sleep(min(pause, 1.0))

    def has_plenty(self) -> bool:
        """Whether far more requests are left than a few packages take to be planned."""
        told = self.budget()
        return told is None or told.remaining >= PLENTY

    def taken_by(self, deletions: int) -> str:
        """Why nothing more is to be planned, as a sentence: deletions that are planned already take what is left.

        Without it a run that reads many large packages could spend all on reading, and the next one too.
        """
        seconds = deletions * GITHUB_WRITE_COST * SECONDS / GITHUB_POINTS
        if self.deadline is not None and self.now() + seconds >= self.deadline:
            return NO_TIME_LEFT
        told = self.budget()
        if told is None or told.reset <= self.clock() or told.remaining > RESERVE + deletions:
            return ""
        return f"The rest of the token's {told.limit} requests an hour is needed for the deletions planned so far."
