"""What a command gives back: outputs, a summary for people, findings, and the exit code. Pure data."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from release_actions.errors import ExitCode, Place, Problem

Output = str | bool | int | list["Output"] | dict[str, "Output"] | None
"""A JSON value. The runner gets text: booleans as true/false, lists and objects as JSON, None as empty."""


class Level(str, enum.Enum):
    """How loud a finding is: the platform's three kinds of annotations."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True)
class Finding:
    """Something a person should see, as an annotation: level and problem, and the rule that found it."""

    level: Level
    problem: Problem
    rule: str = ""

    @classmethod
    def of(cls, level: Level, message: str, *, hint: str = "", place: Place | None = None, rule: str = "") -> Finding:
        """A finding from its words."""
        return cls(level, Problem(message, hint, place), rule)


@dataclass(frozen=True)
class Report:
    """The end of a command.

    `outputs`: output name (kebab-case) -> value. `summary`: Markdown for the job summary. `lines`: the same decision
    in plain sentences for the log and the terminal.
    """

    outputs: Mapping[str, Output] = field(default_factory=dict)
    summary: str = ""
    lines: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    exit_code: ExitCode = ExitCode.PASS


def counted(number: int, noun: str) -> str:
    """A number of things: `1 image`, `7 images`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
