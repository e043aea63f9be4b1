"""A file of versions that shell scripts source (`KEY=value` lines), read as data.

Pull requests change such files, and a job that sources one runs what it says. So this reads only what has one meaning
without a shell: comments, quotes, `export`. A value that a shell would expand is only an error once it is used; what
could change other lines or run a command is refused with its line. This module must never start a program.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from release_actions.config.source import read_text
from release_actions.errors import ConfigurationError, Place, Problem

ASSIGNMENT = re.compile(r"[ \t]*(?:export[ \t]+)?(?P<key>[A-Za-z_][A-Za-z0-9_]*)=(?P<rest>.*)")
PIECE = re.compile(
    r"'(?P<single>[^']*)'"
    r'|"(?P<double>(?:[^"\\$`]|\\.)*)"'
    r"|(?P<bare>[^\s'\"\\$`;&|<>()~]|(?<![=:])~)"
)
"""A piece of a value: quoted, or one character that means itself. `~` is a home folder at the start of a value and
after a colon; `#` begins a comment only at the start of a word (POSIX shell, sections 2.6.1 and 2.3)."""

ESCAPE = re.compile(r"\\([\"\\$`])")
"""What a backslash escapes in double quotes (POSIX shell, section 2.2.3). It is kept before anything else."""

EXPANDED = re.compile(
    r"(?:\$\((?:[^()]|\([^()]*\))*\)|\$\{[^{}]*\}|\$\w+(?!\w)|`[^`]*`|\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s;&|<>()'\"`\\$])*"
    r"(?:[ \t]+(?:#.*)?)?"
)
"""One word that a shell expands: it gives the key another value, and nothing on any other line changes.

Each text is read in one way only: a fork writes the line, and trying several ways would take for ever.
"""

ASSIGNING = re.compile(r"\$\{\w+:?=")
"""An expansion that sets another variable (POSIX shell, section 2.6.2)."""

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


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
    """Read a file. Raises `ConfigurationError` with every line that is not understood."""
    return parse(read_text(path, name=name, hint="It is named by 'version-file' in release.yaml."), name)


def parse(text: str, name: str) -> VersionFile:
    """Read a text. Raises `ConfigurationError` with every line that is not understood."""
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    unreadable: dict[str, Problem] = {}
    problems = []
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        if not line.strip(" \t") or line.lstrip(" \t").startswith("#"):
            continue
        try:
            key, value = parse_assignment(line)
        except ConfigurationError as error:
            (problem_in_file,) = (
                Problem(problem.message, problem.hint, Place(name, number)) for problem in error.problems
            )
            key = find_expanded_key(line)
            if not key:
                problems.append(problem_in_file)
                continue
            unreadable[key], value = problem_in_file, ""
        if key in lines:
            message = f"{key} is given twice, first in line {lines[key]}."
            problems.append(Problem(message, "Keep one of them.", Place(name, number)))
        lines[key] = number
        if key not in unreadable:
            values[key] = value
    if problems:
        raise ConfigurationError(problems=problems)
    return VersionFile(name, values, lines, unreadable)


def find_expanded_key(line: str) -> str:
    """The key of a line whose value a shell expands and that changes nothing else; empty for any other line."""
    match = ASSIGNMENT.fullmatch(line)
    if match is None or CONTROL.search(line) or ASSIGNING.search(line):
        return ""
    return match["key"] if EXPANDED.fullmatch(match["rest"]) else ""


def parse_assignment(line: str) -> tuple[str, str]:
    """Key and value of a line. Raises `ConfigurationError` without a place."""
    if CONTROL.search(line):
        message = "The line has a control character, which would become part of the value."
        raise ConfigurationError(message, hint="Remove it, and end lines with a line feed alone.")
    match = ASSIGNMENT.fullmatch(line)
    if match is None:
        message = "The line is not KEY=value."
        raise ConfigurationError(message, hint="Write it without spaces around the equals sign; # begins a comment.")
    rest = match["rest"]
    value, at = "", 0
    # The character before a `~` decides what it means.
    while piece := PIECE.match("=" + rest, at + 1):
        if piece["single"] is not None:
            value += piece["single"]
        elif piece["double"] is not None:
            value += ESCAPE.sub(r"\1", piece["double"])
        else:
            value += piece["bare"]
        at = piece.end() - 1
    if re.fullmatch(r"(?:[ \t]+(?:#.*)?)?", rest[at:]):
        return match["key"], value
    message = f"The value of {match['key']} is not plain text from {rest[at:].strip()[:20]!r} on."
    hint = "The file is read as data: nothing is expanded or run. Put a text with special characters in single quotes."
    raise ConfigurationError(message, hint=hint)
