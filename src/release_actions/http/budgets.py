"""What servers say about how many requests are left."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass

from release_actions.http.answer import Response
from release_actions.http.origins import Origin


@dataclass(frozen=True)
class Budget:
    """A rate limit as a server last reported it: what remains of `limit` until `reset` (seconds since the epoch)."""

    limit: int
    remaining: int
    reset: float
    resource: str = "core"


class Budgets:
    """The budgets of all servers, by their newest answers. May be shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[Origin, str], Budget] = {}

    def get(self, url: str, resource: str = "core") -> Budget | None:
        """The rate limit that the server of `url` reported last; None before it has reported one."""
        with self._lock:
            return self._known.get((Origin.of(url), resource))

    def remember(self, response: Response) -> None:
        """Take over what an answer says."""
        texts = [response.headers.get(f"x-ratelimit-{name}", "") for name in ("limit", "remaining", "reset")]
        if not all(re.fullmatch(r"[0-9]{1,12}", text) for text in texts):
            return
        limit, remaining, reset = (int(text) for text in texts)
        resource = response.headers.get("x-ratelimit-resource", "core")
        key = (Origin.of(response.url), resource)
        with self._lock:
            known = self._known.get(key)
            # Answers of several threads arrive in any order: within one period the lowest count is the newest.
            if known is not None and (known.reset, -known.remaining) > (reset, -remaining):
                return
            self._known[key] = Budget(limit, remaining, float(reset), resource)
