"""Reads the files that a step writes for the runner: GITHUB_OUTPUT, GITHUB_ENV, GITHUB_STATE, GITHUB_PATH.

The rules are those of actions/runner's FileCommandManager, which are stricter than they look: `=` before `<<` makes a
plain line, a heredoc's last line needs its newline, and what was read before a mistake still counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


class FileFormatError(Exception):
    """A line that the runner refuses. The message is the runner's own."""


def text_of(path: Path) -> str:
    """A step's file; empty when the step removed it. A byte order mark is skipped, as .NET does."""
    if not path.is_file():
        return ""
    return path.read_bytes().decode("utf-8-sig", errors="replace")


def read_pairs(text: str) -> Iterator[tuple[str, str]]:
    """Names and values, in order. Raises `FileFormatError` at the first line that is neither form.

    Only a line feed ends a line: a carriage return before it belongs to the value, as on Linux and macOS.
    """
    position = 0
    while position < len(text):
        line, position, _ = _read_line(text, position)
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if heredoc >= 0 and (equals < 0 or heredoc < equals):
            name, _, delimiter = line.partition("<<")
            if not name or not delimiter:
                message = f"Invalid format '{line}'. Name must not be empty and delimiter must not be empty"
                raise FileFormatError(message)
            value, position = _read_heredoc(text, position, delimiter)
            yield name, value
        elif equals >= 0:
            name, _, value = line.partition("=")
            if not name:
                message = f"Invalid format '{line}'. Name must not be empty"
                raise FileFormatError(message)
            yield name, value
        else:
            message = f"Invalid format '{line}'"
            raise FileFormatError(message)


def read_paths(text: str) -> list[str]:
    """The folders of a GITHUB_PATH file."""
    return [line for line in split_lines(text) if line]


def split_lines(text: str) -> list[str]:
    """Lines as .NET reads them: ended by a line feed, a carriage return, or both."""
    listed = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return listed[:-1] if listed[-1] == "" else listed


def _read_line(text: str, position: int) -> tuple[str, int, bool]:
    """The line from `position`, where the next begins, and whether a line feed ended it."""
    end = text.find("\n", position)
    return (text[position:], len(text), False) if end < 0 else (text[position:end], end + 1, True)


def _read_heredoc(text: str, position: int, delimiter: str) -> tuple[str, int]:
    start = end = position
    while True:
        if position >= len(text):
            message = f"Invalid value. Matching delimiter not found '{delimiter}'"
            raise FileFormatError(message)
        line, position, ended = _read_line(text, position)
        if line == delimiter:
            return text[start:end], position
        if not ended:
            message = "Invalid value. EOF marker missing new line."
            raise FileFormatError(message)
        end = position - 1
