"""A line of a check-up: what was looked at, and whether it is right, wrong with its fix, or cannot be told."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from release_actions.github.settings import Setting


class State(str, enum.Enum):
    """How a check ended. What is `NEVER` told by an API, a person has to look at."""

    PASS = "pass"  # noqa: S105  # a word, and no password
    PROBLEM = "problem"
    CANNOT_TELL = "cannot tell"
    NEVER = "look yourself"


@dataclass(frozen=True)
class CheckLine:
    """One line of the page: `fix` says what to do about a problem, or where to look."""

    subject: str
    state: State
    text: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.state.value:<13}  {self.subject}: {self.text}" + (f" {self.fix}" if self.fix else "")


def passed(subject: str, text: str) -> CheckLine:
    return CheckLine(subject, State.PASS, text)


def found(subject: str, text: str, fix: str) -> CheckLine:
    return CheckLine(subject, State.PROBLEM, text, fix)


def unknown(subject: str, setting: Setting, where: str = "") -> CheckLine:
    """A question that this token gets no answer to. `where`: where a person can look."""
    return CheckLine(subject, State.CANNOT_TELL, setting.why_not, where)


def never(subject: str, text: str, where: str) -> CheckLine:
    return CheckLine(subject, State.NEVER, text, where)
