"""The commands that our pages tell people to run, taken from the pages.

A command is a line of a `sh` block, with the lines that a backslash continues it by; a line after `$ ` of a `console`
block; or an indented line that starts one of our programs.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

BLOCK = re.compile(r"^```(?P<language>sh|bash|console)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^(?: {4}(?:\./release-actions|bin/python) .*\n)+", re.MULTILINE)


@dataclass(frozen=True)
class Documented:
    """Commands of one block of a page, as people run them: one after the other in one shell."""

    page: str
    line: int
    commands: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def list_blocks() -> Iterator[Documented]:
    """Every block of commands of every tracked page."""
    pages = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    for page in pages.stdout.split():
        text = (ROOT / page).read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            yield make_block(page, text, match.start(), split_commands(match["text"], match["language"]))
        for match in INDENTED.finditer(text):
            lines = [line.strip() for line in match.group().splitlines()]
            yield make_block(page, text, match.start(), lines)


def make_block(page: str, text: str, start: int, commands: list[str]) -> Documented:
    """A block with the line of the page at which it stands."""
    return Documented(page, text.count("\n", 0, start) + 1, tuple(commands))


def split_commands(text: str, language: str) -> list[str]:
    """The commands of a block; of a console only what is typed there."""
    whole = text.replace("\\\n", " ").splitlines()
    if language == "console":
        return [line.removeprefix("$ ") for line in whole if line.startswith("$ ")]
    return [line for line in whole if line.strip() and not line.lstrip().startswith("#")]
