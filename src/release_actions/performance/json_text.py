"""JSON files of any size in bounded memory: what the result is made of, without the lists of every request.

`vllm bench serve` writes two times of every request and, with `--save-detailed`, one of every token and the text of
every answer, guidellm every request:
100 MB in which a few hundred values matter. A file above `WHOLE` is reduced while it is read: lists under the keys of
`PER_REQUEST` become null, all else stays. A file may hold one value, or several one after another (JSON lines).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

WHOLE = 4 * 1024 * 1024
"""Bytes up to which a file is read at once, which is faster."""

BLOCK = 1024 * 1024
"""Characters that are read at a time from a larger file."""

MOST_KEPT = 64 * 1024 * 1024
"""Characters that may be left of a reduced file. A larger one is no result of a benchmark."""

PER_REQUEST = frozenset(
    {
        "input_lens",
        "output_lens",
        "start_times",
        "ttfts",
        "itls",
        "e2els",
        "latencies",
        "queue_times",
        "server_queue_times",
        "server_ttfts",
        "generated_texts",
        "errors",
        "successful",
        "errored",
        "incomplete",
        "total",
        "pdf",
    }
)
"""Keys whose lists hold something of every single request. As an object or a number their values are kept."""

TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}:]', re.DOTALL)


@dataclass
class Reducer:
    """Drops the values of some keys from JSON that comes in blocks. Only brackets and texts are looked at."""

    kept: list[str] = field(default_factory=list)
    _rest: str = ""
    _last_text: str = ""
    _key: str = ""
    _depth: int = 0
    _size: int = 0

    def feed(self, block: str) -> None:
        """Take the next block. Raises `ValueError` when too much would be kept."""
        text = self._rest + block
        start = position = 0
        skipping = self._depth > 0
        while match := TOKEN.search(text, position):
            if text.find('"', position, match.start()) >= 0:
                # A text began before this token and has no end in the block: the token is inside the text.
                break
            position = match.end()
            was_skipping = skipping
            skipping = self._step(match.group())
            if skipping and not was_skipping:
                self._keep(text[start : match.start()] + "null")
            elif was_skipping and not skipping:
                start = position
        quote = text.find('"', position)
        end = len(text) if quote < 0 else quote
        if not skipping:
            self._keep(text[start:end])
        self._rest = text[end:]

    def _step(self, mark: str) -> bool:
        """Account for a bracket, colon or text; whether what follows is dropped."""
        if self._depth:
            if mark in "[{":
                self._depth += 1
            elif mark in "]}":
                self._depth -= 1
            return self._depth > 0
        if mark == ":":
            self._key = self._last_text
        elif mark in "[{":
            if mark == "[" and self._key in PER_REQUEST:
                self._depth = 1
            self._key = ""
        else:
            self._last_text = mark[1:-1] if mark.startswith('"') else ""
            self._key = ""
        return self._depth > 0

    def _keep(self, text: str) -> None:
        self._size += len(text)
        if self._size > MOST_KEPT:
            message = f"more than {MOST_KEPT >> 20} MB are left without the lists of single requests"
            raise ValueError(message)
        self.kept.append(text)

    def finish(self) -> str:
        """What was kept. Raises `ValueError` when the file ended inside a value that was dropped or a text."""
        if self._depth or self._rest:
            message = "it ends in the middle of a value"
            raise ValueError(message)
        return "".join(self.kept)


def reduced_text(file: TextIO) -> str:
    """A large JSON text without the lists of single requests. Raises `ValueError`."""
    reducer = Reducer()
    while block := file.read(BLOCK):
        reducer.feed(block)
    return reducer.finish()


def read_reduced(path: Path) -> str:
    """The text of a file, reduced when it is large. Raises `OSError` and `ValueError`."""
    if path.stat().st_size <= WHOLE:
        return path.read_text(encoding="utf-8-sig")
    with path.open(encoding="utf-8-sig") as file:
        return reduced_text(file)


def values_of(text: str) -> Iterator[Any]:
    """The JSON values of a text, one after another: an object, a list, or JSON lines. Raises `ValueError`.

    NaN and Infinity, which Python's tools write for runs that failed, are numbers here.
    """
    decoder = json.JSONDecoder()
    has_surrogates = ESCAPED_SURROGATE.search(text) is not None
    position = skip_blanks(text, 0)
    while position < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except RecursionError as error:
            message = "it is nested too deeply"
            raise ValueError(message) from error
        yield without_surrogates(value) if has_surrogates else value
        position = skip_blanks(text, position)


SURROGATE = re.compile("[\ud800-\udfff]")


def without_surrogates(value: Any) -> Any:
    """A JSON value whose texts can be written again: an escape may name half of a character."""
    if isinstance(value, str):
        return SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {without_surrogates(key): without_surrogates(item) for key, item in value.items()}
    return value


ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
BLANKS = re.compile(r"[ \t\r\n]*")


def skip_blanks(text: str, position: int) -> int:
    """The position of the next character that is not blank."""
    match = BLANKS.match(text, position)
    return match.end() if match else position
