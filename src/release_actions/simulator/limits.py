"""GitHub's rate limits, on the world's clock: who has asked how much, and whether the next request is too many.

Primary: requests an hour, per repository for a job's token and per account otherwise. Secondary: points a minute per
route and requests under way at once. The registry has a limit of its own. Each can be switched off or changed.
Numbers: GitHub docs, "Rate limits for the REST API"; the registry's from its own error texts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from release_actions.simulator.accounts import Token, TokenKind

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Standing:
    """Where a client stands with the primary limit. `reset`: when the count starts anew."""

    limit: int
    used: int
    reset: datetime

    @property
    def remaining(self) -> int:
        """Requests left until `reset`."""
        return max(0, self.limit - self.used)


class LimitedError(Exception):
    """One request too many. `retry_after`: seconds, None where GitHub names only the reset."""

    def __init__(self, standing: Standing, retry_after: int | None) -> None:
        super().__init__("rate limited")
        self.standing = standing
        self.retry_after = retry_after


@dataclass
class Window:
    """A count in a fixed stretch of time."""

    ends: datetime
    used: int = 0


@dataclass
class Limits:
    """The limits and the counts. 0 switches one off.

    Secondary and registry limits are off by default: on a clock that stands still they would never pass.
    """

    actions: int = 1000
    """Requests an hour of all GITHUB_TOKENs of one repository."""
    personal: int = 5000
    """Requests an hour of a personal or app token's owner."""
    anonymous: int = 60
    """Requests an hour without a token."""
    points: int = 0
    """Points a minute per client and route: 1 a read, 5 a write. GitHub's number is 900."""
    concurrent: int = 0
    """Requests of one client under way at once. GitHub's number is 100."""
    registry: int = 0
    """Requests a minute of one client to the registry. GHCR names 2000."""
    status: int = 403
    """How the API says no: 403 or 429. GitHub uses both."""
    _hours: dict[str, Window] = field(default_factory=dict)
    _minutes: dict[tuple[str, str], Window] = field(default_factory=dict)

    def standing(self, token: Token | None, now: datetime) -> Standing:
        """Where a client stands, without counting a request."""
        limit = self._limit(token)
        window = self._hours.get(client(token))
        if window is None or window.ends <= now:
            window = Window(whole(now + HOUR))
        return Standing(limit, min(window.used, limit), window.ends)

    def charge(self, token: Token | None, method: str, route: str, *, in_flight: int, now: datetime) -> Standing:
        """Count a request to the API. Raises `LimitedError`."""
        limit = self._limit(token)
        window = self._hours.get(client(token))
        if window is None or window.ends <= now:
            window = self._hours[client(token)] = Window(whole(now + HOUR))
        if limit and window.used >= limit:
            raise LimitedError(Standing(limit, limit, window.ends), None)
        window.used += 1
        standing = Standing(limit, window.used, window.ends)
        if self.concurrent and in_flight > self.concurrent:
            raise LimitedError(standing, 1)
        if self.points:
            self._take((client(token), route), 1 if method in READS else 5, self.points, standing, now)
        return standing

    def charge_registry(self, token: Token | None, now: datetime) -> None:
        """Count a request to the registry. Raises `LimitedError`."""
        if self.registry:
            self._take((client(token), "registry"), 1, self.registry, Standing(self.registry, 0, now), now)

    def _take(self, what: tuple[str, str], points: int, limit: int, standing: Standing, now: datetime) -> None:
        window = self._minutes.get(what)
        if window is None or window.ends <= now:
            window = self._minutes[what] = Window(now + MINUTE)
        if window.used + points > limit:
            raise LimitedError(standing, max(1, math.ceil((window.ends - now).total_seconds())))
        window.used += points

    def _limit(self, token: Token | None) -> int:
        if token is None:
            return self.anonymous
        return self.actions if token.kind is TokenKind.ACTIONS else self.personal


def client(token: Token | None) -> str:
    """Whom a request is counted for."""
    return f"{token.kind.value} {token.name.lower()}" if token else "anonymous"


def whole(moment: datetime) -> datetime:
    """A time on the next full second: resets are given in whole seconds."""
    return datetime.fromtimestamp(math.ceil(moment.timestamp()), timezone.utc)
