"""A request and its answer, apart from the description that judges them, which takes long to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Exchange:
    """A request and its answer, as they went over the wire. Header names are in lower case."""

    method: str
    target: str
    """Path and query as sent, escapes included."""
    sent: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.target} -> {self.status}"
