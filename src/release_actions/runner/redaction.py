"""The one place that takes secrets out of texts: log lines, errors, annotations, summaries.

It must never show a part of a secret, whatever other secrets it shares characters with. Pure, apart from the
secrets that it was given.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

SHORTEST_SECRET = 6
"""Characters. Hiding a shorter text, such as `true` or `main`, would blank words and make the platform drop outputs."""

HIDDEN = "***"


class Redactor:
    """Knows the secrets of a run. May be shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._longest_first: tuple[str, ...] = ()

    def hide(self, *secrets: str) -> None:
        """Never show these texts, nor a line of one that has several. Texts below `SHORTEST_SECRET` are not hidden."""
        lines = {line for secret in secrets for line in (secret, *secret.splitlines()) if len(line) >= SHORTEST_SECRET}
        with self._lock:
            if not lines <= set(self._longest_first):
                self._longest_first = tuple(sorted({*self._longest_first, *lines}, key=len, reverse=True))

    def redact(self, text: str) -> str:
        """The text with `***` in the place of every secret.

        secrets ghs_abc and ghs_abcdef: "ghs_abcdef" -> "***", not "***def"
        secrets abcdef and defghi:      "abcdefghi"  -> "***"
        """
        # Replacing one secret after another, even the longest first, would keep the rest of one that overlaps. So all
        # places are looked up in the whole text before anything is replaced.
        hidden = _joined(span for secret in self._longest_first for span in _places(text, secret))
        parts, shown_until = [], 0
        for start, end in hidden:
            parts += [text[shown_until:start], HIDDEN]
            shown_until = end
        return "".join([*parts, text[shown_until:]])


def _places(text: str, secret: str) -> Iterable[tuple[int, int]]:
    """Where a secret begins and ends, also where it overlaps itself."""
    start = text.find(secret)
    while start >= 0:
        yield start, start + len(secret)
        start = text.find(secret, start + 1)


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that overlap or touch as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
