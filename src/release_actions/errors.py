"""The error contract: what a person reads when an action stops, and the exit code a workflow sees.

Every error that a user can correct is an `ActionError` with one or more problems. A problem says what
happened in one full sentence, what to do next (`hint`), and where, if it is in a file. It is shown
as one annotation. An error of any other class is a bug in this package and is shown with its traceback.

This module must never print, and never put a token or a request body into a message.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class ExitCode(enum.IntEnum):
    """What a workflow learns from the step's exit status."""

    PASS = 0
    REFUSED = 1
    """Findings, or refused by the release policy. The world was read completely."""
    BAD_INPUT = 2
    """An input or the configuration is wrong. Nothing was read or changed."""
    UNKNOWN = 3
    """Something could not be found out or not be finished. What was changed is in the report."""
    INTERRUPTED = 130


@dataclass(frozen=True, order=True)
class Place:
    """Where in a file: path as the user wrote it, line and column counted from 1, 0 when not known."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.file, *(str(n) for n in (self.line, self.column) if n)]
        return ":".join(parts)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: a full sentence, where, and what to do next."""

    message: str
    hint: str = ""
    place: Place | None = None

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.message}" + (f" {self.hint}" if self.hint else "")


class ActionError(Exception):
    """Base of every error that is shown to a person without a traceback. `rule`: name of the rule, if one says no."""

    exit_code = ExitCode.UNKNOWN
    rule = ""

    def __init__(
        self,
        message: str = "",
        *,
        hint: str = "",
        place: Place | None = None,
        problems: Iterable[Problem] = (),
    ) -> None:
        """One problem from the words, or several at once as `problems`, so that all are mended in one go."""
        self.problems: tuple[Problem, ...] = tuple(problems) or (Problem(message, hint, place),)
        super().__init__(self.problems[0].message)

    @property
    def hint(self) -> str:
        """What to do about the first problem; empty when the message says it all."""
        return self.problems[0].hint

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class InputError(ActionError):
    """An input, a flag or an environment variable is missing or malformed."""

    exit_code = ExitCode.BAD_INPUT


class ConfigurationError(ActionError):
    """`release.yaml`, a scenario or another file of the user's is wrong. Each problem has file, line and column."""

    exit_code = ExitCode.BAD_INPUT


class PolicyError(ActionError):
    """The release rules say no, on complete knowledge."""

    exit_code = ExitCode.REFUSED


class RemoteError(ActionError):
    """A server could not be reached, refused, or answered with something that cannot be right.

    `status` is 0 when no answer came. `method` and `path` name the request without its host's credentials and
    without the query; `request_id` is the server's own, to quote to its support. `undone`: whether the request is
    known not to have been carried out, because its only try was refused.
    """

    exit_code = ExitCode.UNKNOWN

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        method: str = "",
        path: str = "",
        status: int = 0,
        request_id: str = "",
        undone: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.undone = undone
        self.method = method
        self.path = path
        self.status = status
        self.request_id = request_id


class PartialError(ActionError):
    """Some of the work was done: `done` of `total`. The message says what remains, the hint how to resume."""

    exit_code = ExitCode.UNKNOWN

    def __init__(self, message: str, *, done: int, total: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.done = done
        self.total = total
