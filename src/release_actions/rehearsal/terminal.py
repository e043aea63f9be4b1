"""Prints a rehearsal's lines for people: fitted to the terminal, coloured where that is wanted, never silent for long.

Colour follows NO_COLOR (https://no-color.org) and FORCE_COLOR, then whether the output is a terminal. This module must
never print text from outside as it is: what could be a command to the runner or the terminal is made harmless first.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
import textwrap
import threading
import time
from collections.abc import Iterator, Mapping

from release_actions.rehearsal.timeline import Line, Style
from release_actions.runner.workflow import Workflow, make_harmless, print_or_not

LEAST_COLUMNS, MOST_COLUMNS = 40, 120
DEFAULT_COLUMNS = 80
QUIET_SECONDS = 1.5
"""After so long without a line, one says what is still running. People take two seconds for a hang."""

RUNNER_MARK = re.compile(r"##\[[a-z]*\]")
"""What the runner puts before a line of the log that is an error or a group."""

COLORS = {
    Style.PLAIN: "",
    Style.HEADING: "1",
    Style.GOOD: "32",
    Style.BAD: "1;31",
    Style.WARNING: "33",
    Style.FAINT: "2",
}
"""Style -> parameters of SGR, ECMA-48 section 8.3.117."""


class Terminal:
    """Where the lines go. May be used by threads."""

    def __init__(self, log: Workflow, environ: Mapping[str, str], *, is_terminal: bool | None = None) -> None:
        is_terminal = sys.stdout.isatty() if is_terminal is None else is_terminal
        self._log = log
        self._colored = wants_color(environ, is_terminal=is_terminal) and not log.on_runner
        columns = shutil.get_terminal_size((DEFAULT_COLUMNS, 24)).columns
        self._columns = min(max(columns, LEAST_COLUMNS), MOST_COLUMNS)
        self._lock = threading.Lock()
        self._printed = time.monotonic()
        self._running = ""
        self._since = time.monotonic()

    def show(self, line: Line) -> None:
        """Print a line, on several where it is too long."""
        for part in make_harmless(self._log.redact(line.text)).split("\n"):
            for text in fit(part, self._columns, table=line.table):
                self._print(text, line.style)

    def progress(self, name: str, line: str) -> None:
        """Note what runs now. `line`: the newest line of its log."""
        with self._lock:
            if not self._running.startswith(f"{name}:"):
                self._since = time.monotonic()
            self._running = f"{name}: {RUNNER_MARK.sub('', line).strip()}"

    @contextlib.contextmanager
    def kept_alive(self) -> Iterator[None]:
        """Say what is running whenever nothing was printed for a moment."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.1):
                self._break_silence()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _break_silence(self) -> None:
        now = time.monotonic()
        with self._lock:
            silent = now - self._printed >= QUIET_SECONDS
            text = f"      ... {self._running or 'working'} ({now - self._since:.0f} s)"
        if silent:
            cut = fit(make_harmless(self._log.redact(text)), self._columns, table=True)
            self._print(cut[0], Style.FAINT)

    def _print(self, text: str, style: Style) -> None:
        code = COLORS[style] if self._colored and text else ""
        with self._lock:
            print_or_not(f"\x1b[{code}m{text}\x1b[0m\n" if code else f"{text}\n")
            self._printed = time.monotonic()


def wants_color(environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Whether to colour: never with NO_COLOR, always with FORCE_COLOR but 0, else on a terminal that knows colour."""
    if environ.get("NO_COLOR"):
        return False
    forced = environ.get("FORCE_COLOR", "")
    if forced:
        return forced not in {"0", "false"}
    return is_terminal and environ.get("TERM", "") != "dumb"


def fit(text: str, columns: int, *, table: bool = False) -> list[str]:
    """A line as lines of at most so many columns. A row of a table is cut, other text goes on further to the right."""
    if len(text) <= columns:
        return [text]
    if table:
        return [text[: columns - 1] + "…"]
    indent = " " * (len(text) - len(text.lstrip()))
    return textwrap.wrap(
        text, columns, subsequent_indent=f"{indent}  ", drop_whitespace=True, break_on_hyphens=False
    ) or [""]
