"""What was asked of the simulator: every request with its route and status, and counts by kind for benchmarks."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """One request. `route` is the route's template, empty where none matched; `status` 0 means the line was cut."""

    origin: str
    method: str
    route: str
    status: int
    path: str
    """As it was sent, percent-encoded, with its query."""
    client: str
    """Kind and name of the token's owner, or `anonymous`. Never a secret."""


class RequestLog:
    """The requests in the order they ended, and the most that were under way at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._in_flight: Counter[str] = Counter()
        self._under_way = 0
        self.most_in_flight = 0

    def begin(self, client: str) -> int:
        """A request starts. Returns how many of this client are under way, this one included."""
        with self._lock:
            self._in_flight[client] += 1
            self._under_way += 1
            self.most_in_flight = max(self.most_in_flight, self._under_way)
            return self._in_flight[client]

    def end(self, client: str, entry: Entry) -> None:
        """A request ends."""
        with self._lock:
            self._in_flight[client] -= 1
            self._under_way -= 1
            self._entries.append(entry)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All requests so far."""
        with self._lock:
            return tuple(self._entries)

    def select(self, **wanted: Any) -> list[Entry]:
        """Requests whose fields have these values: `select(method="DELETE", status=204)`."""
        return [entry for entry in self.entries if all(getattr(entry, key) == value for key, value in wanted.items())]

    def count(self, **wanted: Any) -> int:
        """How many requests have these values."""
        return len(self.select(**wanted))

    def kinds(self, where: Callable[[Entry], bool] | None = None) -> dict[tuple[str, str, str, int], int]:
        """Requests counted by origin, method, route and status, in that order."""
        counts = Counter(entry[:4] for entry in self.entries if where is None or where(entry))
        return dict(sorted(counts.items()))

    def clear(self) -> None:
        """Forget everything, so that the next stretch is counted alone."""
        with self._lock:
            self._entries.clear()
            self.most_in_flight = 0
