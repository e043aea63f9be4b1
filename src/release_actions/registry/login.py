"""Who logs in to a registry."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Login:
    """What is needed to log in to a registry. `host`: another host that its token may be sent to."""

    token: str = field(repr=False)
    user: str = ""
    host: str = ""
