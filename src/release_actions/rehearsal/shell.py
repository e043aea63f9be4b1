"""Runs the process of one step: two streams read line by line, and the runner's way of stopping it.

A cancelled or timed-out step gets SIGINT, 7.5 s later SIGTERM, and 2.5 s later its processes are killed
(actions/runner ProcessInvoker). The two signals go to the step's own process only: a shell that did not `exec` its
program keeps them from it, here as on the platform.
"""

from __future__ import annotations

import contextlib
import enum
import os
import queue
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from release_actions.errors import ConfigurationError

LADDER = ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5))
"""Signals and the seconds that each is given before the next; after the last the process group is killed."""

STREAM_PATIENCE = 5.0
"""Seconds that a stream may stay open after its process has ended, when a child of it holds the stream."""

_FORMATS = {
    "bash": ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "{0}"),
    "sh": ("sh", "-e", "{0}"),
    "python": ("python", "{0}"),
}
_ENDINGS = {"bash": ".sh", "sh": ".sh", "python": ".py"}


class End(enum.Enum):
    """Why a process is no longer there."""

    EXIT = "exit"
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Ended:
    """The end of a process. A death by signal n is exit code 128 + n."""

    exit_code: int
    end: End


def make_command(shell: str, script: Path, search: str) -> list[str]:
    """The command line for a script. `search` is the PATH of the step.

    Where there is no bash, `bash` is `sh -e`: a rehearsal must work on a machine with only git and Python. Raises
    `ConfigurationError` for a shell that is unknown or not installed.
    """
    known = _FORMATS.get(shell)
    if shell == "bash" and shutil.which("bash", path=search) is None:
        known = _FORMATS["sh"]
    words = list(known or shlex.split(shell))
    if not any("{0}" in word for word in words):
        message = f"{shell!r} is not a shell: neither {', '.join(_FORMATS)} nor a command line with {{0}} in it."
        raise ConfigurationError(message)
    program = shutil.which(words[0], path=search)
    if program is None:
        message = f"The shell {words[0]!r} is not installed."
        raise ConfigurationError(message)
    return [program, *(word.replace("{0}", str(script)) for word in words[1:])]


def choose_ending(shell: str) -> str:
    """How the file of a script is named."""
    return _ENDINGS.get(shell.partition(" ")[0], "")


def run(
    argv: Sequence[str],
    *,
    directory: Path,
    environ: Mapping[str, str],
    deadline: float,
    on_line: Callable[[str], None],
) -> Ended:
    """Run a process to its end. `deadline` is a moment of `time.monotonic()`.

    `on_line` gets each line in the calling thread. A KeyboardInterrupt there or here cancels the process; a second one
    does not wait for the first to have its effect. Never raises it: the end says what happened.
    """
    process = subprocess.Popen(  # noqa: S603  # running the step's command is what this is for
        argv,
        cwd=directory,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # Ctrl-C in the terminal reaches the step once, through the ladder
    )
    try:
        return _Watch(process, deadline).until_end(on_line)
    finally:
        if process.poll() is None:
            _kill(process)
            process.wait()


class _Watch:
    """Reads a process's streams while there is time, then brings it down."""

    def __init__(self, process: subprocess.Popen[str], deadline: float) -> None:
        self.process = process
        self.deadline = deadline
        self.end = End.EXIT
        self.rungs = iter(LADDER)
        self.lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.open = 2
        for stream in (process.stdout, process.stderr):
            threading.Thread(target=self.read, args=(stream,), daemon=True).start()

    def read(self, stream: IO[str]) -> None:
        """Universal newlines: the runner, too, lets a lone carriage return end a line."""
        with stream:
            for line in stream:
                self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def until_end(self, on_line: Callable[[str], None]) -> Ended:
        ended_at = 0.0
        while self.open or self.process.poll() is None:
            try:
                self.one(on_line)
                if self.process.poll() is not None:
                    ended_at = ended_at or time.monotonic()
                    if self.open and time.monotonic() - ended_at > STREAM_PATIENCE:
                        _kill(self.process)
                        break
                elif time.monotonic() >= self.deadline:
                    self.stop(End.TIMED_OUT)
            except KeyboardInterrupt:
                self.stop(End.CANCELLED)
        code = self.process.wait()
        return Ended(code if code >= 0 else 128 - code, self.end)

    def one(self, on_line: Callable[[str], None]) -> None:
        """Hand on one line, or wait a moment for it or for the end."""
        if not self.open:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=0.05)
            return
        try:
            line = self.lines.get(timeout=0.05)
        except queue.Empty:
            return
        if line is None:
            self.open -= 1
        else:
            on_line(line)

    def stop(self, end: End) -> None:
        """Go one rung down the ladder."""
        if self.end is End.EXIT:
            self.end = end
        number, patience = next(self.rungs, (None, STREAM_PATIENCE))
        self.deadline = time.monotonic() + patience
        if number is None:
            _kill(self.process)
        else:
            self.process.send_signal(number)


def _kill(process: subprocess.Popen[str]) -> None:
    """Kill the step's whole process group. Its leader may be gone already; macOS calls that a lack of permission."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
