"""Regular expressions and globs that users write, matched within a time: none of them can hang a run.

Python's `re` tries every way to match, which for `(a+)+b` doubles with each character. It checks for signals meanwhile,
so in the main thread an alarm ends it. In another thread, and where there is no alarm, a child process matches.
"""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from release_actions.errors import InputError

LONGEST_PATTERN = 2000
"""Characters. Compiling takes time too, above all of nested counts such as `((a{99}){99}){99}`."""

SECONDS_PER_MATCH = 2.0
SECONDS_PER_PATTERN = 10.0
"""Limits of one match, and of all matches of one pattern in a run."""

T = TypeVar("T")


class _TooSlowError(Exception):
    """The time for a match is over."""


class Pattern:
    """One expression. May be shared by threads. Every method raises `InputError` when it takes too long."""

    def __init__(self, text: str, flags: int = 0, *, shown: str = "") -> None:
        """Compile. `shown` is what the user wrote, if that is not the expression itself.

        Raises `re.error`, `OverflowError` and `RecursionError` for what is not an expression, and `InputError`.
        """
        self.text = text
        self._flags = flags
        self._shown = shown or text
        self._used = 0.0
        self._lock = threading.Lock()
        self._child: _Child | None = None
        if len(text) > LONGEST_PATTERN:
            message = f"The pattern {self._shown[:60]!r}… has {len(text)} characters."
            raise InputError(message, hint=f"Write one of at most {LONGEST_PATTERN}.")
        self._compiled = self._limit(lambda: re.compile(text, flags), "to compile") if _has_alarm() else None

    @property
    def groups(self) -> int:
        """How many groups it has."""
        return self._limit(lambda: re.compile(self.text, self._flags), "to compile").groups

    def matches_whole(self, text: str) -> bool:
        """Whether it matches all of a text."""
        return bool(self._run("fullmatch", text))

    def is_in(self, text: str) -> bool:
        """Whether it matches a part of a text."""
        return bool(self._run("search", text))

    def find(self, text: str) -> list[tuple[int, tuple[str, ...]]]:
        """Where its first group begins in each match in a text, with all groups; one that takes no part is empty."""
        return [(spans[1][0], tuple(cut(text, span) for span in spans[1:])) for spans in self._run("finditer", text)]

    def find_first(self, text: str) -> tuple[str, ...]:
        """The first match in a text and its groups; one that takes no part is empty. Nothing without a match."""
        found = self._run("search", text)
        return tuple(cut(text, span) for span in found[0]) if found else ()

    def replace(self, text: str, new: str) -> str:
        """A text with something in the place of every match."""
        pieces, rest = [], 0
        for (start, end), *_ in self._run("finditer", text):
            pieces += [text[rest:start], new]
            rest = end
        return "".join([*pieces, text[rest:]])

    def _run(self, method: str, text: str) -> list[Any]:
        if _has_alarm() and self._compiled:
            compiled = self._compiled
            return self._limit(lambda: _match(compiled, method, text), f"on {text[:60]!r}")
        with self._lock:
            child = self._child = self._child or _Child(self.text, self._flags)
            seconds = min(SECONDS_PER_MATCH, SECONDS_PER_PATTERN - self._used)
            return self._limit(lambda: child.ask(method, text, seconds), f"on {text[:60]!r}")

    def _limit(self, act: Callable[[], T], doing: str) -> T:
        began = time.monotonic()
        try:
            with _alarm(min(SECONDS_PER_MATCH, SECONDS_PER_PATTERN - self._used)):
                return act()
        except _TooSlowError:
            message = f"The pattern {self._shown[:200]!r} takes too long {doing}."
            hint = "Write it so that each text matches in one way only: a+ instead of (a+)+, [^-]* instead of .*."
            raise InputError(message, hint=hint) from None
        finally:
            self._used += time.monotonic() - began


def _has_alarm() -> bool:
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


def _match(pattern: re.Pattern[str], method: str, text: str) -> list[Any]:
    """The matches that a method finds, as JSON can carry it: of each match the span of all, and of each group."""
    if method == "finditer":
        return [list_spans(match) for match in pattern.finditer(text)]
    match = pattern.fullmatch(text) if method == "fullmatch" else pattern.search(text)
    return [list_spans(match)] if match else []


def list_spans(match: re.Match[str]) -> list[tuple[int, int]]:
    """Where a match begins and ends, and each of its groups; -1 for one that takes no part."""
    return [match.span(number) for number in range(len(match.groups()) + 1)]


def cut(text: str, span: tuple[int, int]) -> str:
    """What is in a span; empty for that of a group that takes no part."""
    start, end = span
    return text[start:end] if start >= 0 else ""


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise `_TooSlowError` inside when the seconds are over, where there is an alarm."""
    if seconds <= 0:
        raise _TooSlowError
    if not _has_alarm():
        yield
        return

    def ring(_number: int, _frame: Any) -> None:
        raise _TooSlowError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


PROGRAM = """
import json, re, sys
pattern = re.compile(*json.loads(sys.stdin.readline()))
for line in sys.stdin:
    method, text = json.loads(line)
    if method == "finditer":
        matches = list(pattern.finditer(text))
    else:
        matches = filter(None, [getattr(pattern, method)(text)])
    answer = [[match.span(number) for number in range(len(match.groups()) + 1)] for match in matches]
    print(json.dumps(answer), flush=True)
"""


class _Child:
    """A process that matches one pattern, and is killed when it takes too long."""

    def __init__(self, text: str, flags: int) -> None:
        self._first: Sequence[object] = (text, flags)
        self._process: subprocess.Popen[str] | None = None

    def ask(self, method: str, text: str, seconds: float) -> list[Any]:
        """What a method finds. Raises `_TooSlowError`."""
        process = self._process or self._start()
        answers: list[str] = []

        def exchange() -> None:
            with contextlib.suppress(OSError, ValueError):
                print(json.dumps([method, text]), file=process.stdin, flush=True)
                answers.append(process.stdout.readline() if process.stdout else "")

        thread = threading.Thread(target=exchange, daemon=True)
        thread.start()
        thread.join(seconds)
        if not answers or not answers[0]:
            process.kill()
            process.wait()
            thread.join()
            self._close()
            raise _TooSlowError
        answer: list[Any] = json.loads(answers[0])
        return answer

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-I", "-S", "-c", PROGRAM]
        self._process = subprocess.Popen(  # noqa: S603  # our own program; the pattern is data on its standard input
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        print(json.dumps(self._first), file=self._process.stdin, flush=True)
        return self._process

    def _close(self) -> None:
        if self._process:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    with contextlib.suppress(OSError):
                        pipe.close()
        self._process = None

    def __del__(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._close()
