"""Fits notes into a release: of every part what there is room for, and a sentence that says where the rest is.

A short part is never cut because another one is long: all that are cut get the same number of characters. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from release_actions.runner.report import counted

CONTINUES = re.compile(r"^The notes go on with [0-9]+ more [a-z ]+ in \[", re.MULTILINE)
"""The sentence in place of what did not fit."""


@dataclass(frozen=True)
class NotesText:
    """Notes as text. `full` is all of them where `body` has only what a release takes, else empty."""

    body: str
    full: str = ""


@dataclass(frozen=True)
class NotesPart:
    """A part of the notes. Only its items may be left out; `noun` says what one of them is."""

    head: str
    items: tuple[str, ...] = ()
    tail: str = ""
    between: str = "\n"
    noun: str = ""


def count_characters(body: str) -> int:
    """Characters as GitHub may count them: those beyond the basic plane as two."""
    return len(body.encode("utf-16-le")) // 2


def fit_parts(parts: Sequence[NotesPart], file: str, longest: int) -> NotesText:
    """The parts as one text of at most `longest` characters. `file` is Markdown that leads to the whole of it.

    The text is longer where even the heads of the parts do not fit; the caller has to look.
    """
    whole = _join([_write(part, len(part.items), file) for part in parts])
    if count_characters(whole) <= longest:
        return NotesText(whole)
    lengths = [_sum_item_lengths(part) for part in parts]
    # The more characters each part may have, the longer is the text: the most that fit are found by halving.
    low, high = 0, longest
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _does_fit(parts, lengths, middle, file, longest) else (low, middle - 1)
    return NotesText(_shorten(parts, lengths, low, file), whole)


def _sum_item_lengths(part: NotesPart) -> list[int]:
    """Characters of the first item, of the first two, and so on."""
    return list(accumulate(count_characters(item + part.between) for item in part.items))


def _does_fit(parts: Sequence[NotesPart], lengths: Sequence[list[int]], most: int, file: str, longest: int) -> bool:
    return count_characters(_shorten(parts, lengths, most, file)) <= longest


def _shorten(parts: Sequence[NotesPart], lengths: Sequence[list[int]], most: int, file: str) -> str:
    """The text with as many items of each part as have `most` characters together."""
    return _join(
        [
            _write(part, sum(1 for total in totals if total <= most), file)
            for part, totals in zip(parts, lengths, strict=True)
        ]
    )


def _write(part: NotesPart, kept: int, file: str) -> str:
    rest = len(part.items) - kept
    text = part.head + part.between.join(part.items[:kept])
    if rest:
        pointer = f"The notes go on with {counted(rest, f'more {part.noun}')} in {file}."
        text = f"{text.rstrip()}\n\n{pointer}"
    return (text + part.tail).rstrip("\n")


def _join(texts: Sequence[str]) -> str:
    return "\n\n".join(texts) + "\n"
