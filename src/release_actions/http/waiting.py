"""How long to wait before a request is sent again, by what the server says and how often it said so. Pure."""

from __future__ import annotations

import email.utils
import random
import re
from datetime import timezone
from http import HTTPStatus

from release_actions.http.answer import Response

SECONDARY_WAIT = 60.0
"""Seconds to wait when a limit is hit and the server does not say how long (GitHub: at least a minute, growing)."""

SHORTEST_WAIT = 0.1
"""Seconds added to a wait that is in the words of a refusal, up to twice as much, doubled at each refusal in a row:
waiting exactly as long as GHCR says runs into its limit again (nicholas-fedor/watchtower#2366)."""

GO_UNITS = {"ns": 1e-9, "us": 1e-6, "\u00b5s": 1e-6, "\u03bcs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
"""Seconds of each unit in a duration as Go writes it: `12.5ms`, `880\u00b5s`, `1m3.5s`."""

_AMOUNT = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_UNIT = "|".join(sorted(GO_UNITS, key=len, reverse=True))
WAIT_IN_WORDS = re.compile(rf"retry-after:\s*((?:{_AMOUNT}(?:{_UNIT}))+)", re.IGNORECASE)
ALLOWED_IN_WORDS = re.compile(r"allowed:\s*([0-9]{1,9})/minute", re.IGNORECASE)

LONGEST_WAIT = 1e9
"""Seconds, some decades: what a server may name without leaving the calendar."""


def is_limited(response: Response) -> bool:
    """Whether the answer means "too fast". A 403 does only when it says so: it also means missing rights."""
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    if response.status != HTTPStatus.FORBIDDEN:
        return False
    words = response.message.lower()
    if response.headers.get("Retry-After") or "rate limit" in words or "abuse detection" in words:
        return True
    return response.headers.get("x-ratelimit-remaining") == "0" and not words


def compute_limit_wait(response: Response, now: float, limits: int) -> float:
    """Seconds to wait at the `limits`-th limit in a row, as GitHub's documentation of rate limits asks."""
    in_header = retry_after(response, now)
    if in_header is not None:
        return max(in_header, 2.0 ** (limits - 1))
    in_words = wait_in_words(response)
    if in_words is not None:
        jitter = random.uniform(1.0, 2.0)  # noqa: S311  # spreads load, guards nothing
        return in_words + SHORTEST_WAIT * 2.0 ** (limits - 1) * jitter
    reset = response.headers.get("x-ratelimit-reset", "")
    if response.headers.get("x-ratelimit-remaining") == "0" and re.fullmatch(r"[0-9]{1,10}", reset):
        # One second more: the reset happens some time within the second that is named.
        return max(float(reset) - now + 1.0, 2.0 ** (limits - 1))
    return SECONDARY_WAIT * 2.0 ** (limits - 1)


def retry_after(response: Response, now: float) -> float | None:
    """Seconds of a `Retry-After` header, which holds seconds or an HTTP date (RFC 9110, 10.2.3)."""
    value = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return min(max(moment.timestamp() - now, 0.0), LONGEST_WAIT)
    except (ValueError, OverflowError):
        return None


def wait_in_words(response: Response) -> float | None:
    """Seconds that the words of a refusal name, as GHCR's do, which sends no `Retry-After`; None if they name none."""
    match = WAIT_IN_WORDS.search(response.message)
    if not match:
        return None
    parts = re.findall(rf"({_AMOUNT})({_UNIT})", match[1].lower())
    return min(sum(float(amount) * GO_UNITS[unit] for amount, unit in parts), LONGEST_WAIT)


def describe_allowance(response: Response) -> int | None:
    """Requests a minute that the words of a refusal name; None if they name none."""
    match = ALLOWED_IN_WORDS.search(response.message)
    return int(match[1]) if match else None


def choose_backoff(faults: int) -> float:
    """Seconds before trying again: 0.25, 1, 4, …, up to half of it less, so that threads do not return in step.

    Most faults pass at once, and the first pause of each request adds up to most of what a run waits. Later ones grow
    fast, so that all of them together outlast a restart.
    """
    return 4.0 ** (faults - 2) * random.uniform(0.5, 1.0)  # noqa: S311  # spreads load, guards nothing
