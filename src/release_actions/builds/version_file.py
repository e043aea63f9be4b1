"""A file of versions that shell scripts source (`KEY=value` lines), read as data.

Pull requests change such files, and a job that sources one runs what it says. So this takes a value only where every
shell would take the same one without running anything. What else the file does is not refused until it concerns a key
that is used; then it is an error at its line, never a guess. This module must never start a program.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from release_actions.builds.shell_commands import read_events
from release_actions.builds.shell_events import Assignment, Stop, Touch
from release_actions.builds.shell_words import ShellTextError
from release_actions.config.source import read_text
from release_actions.errors import ConfigurationError, Place, Problem

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
AS_DATA = "The file is read as data: nothing is expanded or run."
ON_ITS_OWN = "Set it on a line of its own, as KEY=value."
LONGEST_QUOTE = 20
"""Characters of a file that a message repeats."""


@dataclass(frozen=True)
class VersionFile:
    """Key -> value of one file. `name` is how errors call it. `unreadable`: key -> why its value is not known."""

    name: str
    values: Mapping[str, str]
    lines: Mapping[str, int]
    unreadable: Mapping[str, Problem] = field(default_factory=dict)

    def at(self, key: str) -> Place:
        """Where a key stands."""
        return Place(self.name, self.lines[key])


def load(path: Path, *, name: str) -> VersionFile:
    """Read a file. Raises `ConfigurationError` for one that is not there or that no shell could read."""
    return parse(read_text(path, name=name, hint="It is named by 'version-file' in release.yaml."), name)


def parse(text: str, name: str) -> VersionFile:
    """Read a text. Raises `ConfigurationError` for one that no shell could read to its end."""
    try:
        events = read_events(text)
    except ShellTextError as error:
        hint = "Quote each value, and end each quote and each command." + (
            " End lines with a line feed alone." if "\r" in text else ""
        )
        raise ConfigurationError(error.message, hint=hint, place=Place(name, error.line)) from error
    keys = KeyReader(text, name)
    for event in events:
        if isinstance(event, Assignment):
            keys.assign(event)
        elif isinstance(event, Touch):
            keys.touch(event)
        else:
            keys.stop = keys.stop or event
    return keys.finish()


class KeyReader:
    """Sorts the keys of a file into those with a value and those without, as the file is read from top to bottom."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.values: dict[str, str] = {}
        self.lines: dict[str, int] = {}
        self.unreadable: dict[str, Problem] = {}
        self.touched: dict[str, Problem] = {}
        self.stop: Stop | None = None

    def assign(self, event: Assignment) -> None:
        """Take a value, or note why it is none."""
        key = event.name
        if event.is_apart:
            problem = Problem(
                f"{key} is set {event.condition}.", f"{AS_DATA} {ON_ITS_OWN}", Place(self.name, event.line)
            )
            self.touched.setdefault(key, problem)
            return
        if key in self.lines:
            message = f"{key} is given twice, first in line {self.lines[key]}."
            self.refuse(key, message, "Keep one of them.", event.line)
            return
        self.lines[key] = event.line
        if self.stop:
            message = f"{key} is set after {shorten(self.stop.text)!r} in line {self.stop.line}."
            self.refuse(key, message, f"{AS_DATA} Set it before.", event.line)
        elif event.condition:
            message = f"{key} is set {event.condition}."
            self.refuse(key, message, f"{AS_DATA} {ON_ITS_OWN}", event.line)
        elif event.value is None:
            written = self.text[event.expanded_at :].partition("\n")[0].strip()
            message = f"The value of {key} is not plain text from {shorten(written)!r} on."
            self.refuse(key, message, f"{AS_DATA} Put a text with special characters in single quotes.", event.line)
        elif CONTROL.search(event.value):
            message = f"The value of {key} has a control character."
            self.refuse(key, message, "Remove it, and end lines with a line feed alone.", event.line)
        else:
            self.values[key] = event.value

    def touch(self, event: Touch) -> None:
        """Note that a variable, or any variable, may have another value from here on."""
        for key in [event.name] if event.name else list(self.values):
            message = f"{shorten(event.text)!r} may give {key} another value."
            problem = Problem(message, f"{AS_DATA} Set {key} after it.", Place(self.name, event.line))
            if key in self.lines:
                self.refuse(key, problem.message, problem.hint, event.line)
            else:
                self.touched.setdefault(key, problem)

    def finish(self) -> VersionFile:
        """The file. What is only touched and set nowhere has no value; what is set after that has one."""
        unset = {key: problem for key, problem in self.touched.items() if key not in self.lines}
        return VersionFile(self.name, self.values, self.lines, {**unset, **self.unreadable})

    def refuse(self, key: str, message: str, hint: str, line: int) -> None:
        """Note why a key has no value. The first reason is kept."""
        self.values.pop(key, None)
        self.unreadable.setdefault(key, Problem(message, hint, Place(self.name, line)))


def shorten(text: str) -> str:
    """The beginning of a text."""
    return text[:LONGEST_QUOTE]
