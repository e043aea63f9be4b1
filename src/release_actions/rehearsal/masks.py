"""Replaces secrets in a log by `***`, as actions/runner's SecretMasker does, their usual encodings included."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Iterator

MASK = "***"


class Masks:
    """The secrets of one job."""

    def __init__(self) -> None:
        self._forms: set[str] = set()
        self.values: list[str] = []

    def add(self, secret: str) -> None:
        """Mask a secret from now on, whole and each of its lines: a log is masked line by line."""
        if not secret.strip():
            return
        self.values.append(secret)
        for value in [secret, *secret.replace("\r", "\n").split("\n")]:
            self._forms.update(form for form in _list_forms(value) if form.strip())

    def hide(self, text: str) -> str:
        """The text, each stretch that a secret covers replaced by one mask."""
        spans = sorted((start, start + len(form)) for form in self._forms for start in _find_places(form, text))
        shown: list[str] = []
        end = 0
        for number, (start, stop) in enumerate(spans):
            if number == 0 or start > end:
                shown += [text[end:start], MASK]
                end = stop
            end = max(end, stop)
        return "".join([*shown, text[end:]])


def _list_forms(value: str) -> Iterator[str]:
    yield value
    yield json.dumps(value)[1:-1]
    yield urllib.parse.quote(value, safe="")
    data = value.encode()
    for shift in range(min(3, len(data))):
        yield base64.b64encode(data[shift:]).decode()


def _find_places(form: str, text: str) -> Iterator[int]:
    start = text.find(form)
    while start >= 0:
        yield start
        start = text.find(form, start + 1)
