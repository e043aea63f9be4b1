"""Dates that people write in a text: by ISO, by month name, or with slashes. Pure. An ambiguous one is reported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from release_actions.people.remarks import blank_hidden

NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
WRITTEN = re.compile(
    r"\b(?P<iso>(?P<y>20\d\d)-(?P<m>\d{1,2})-(?P<d>\d{1,2}))\b"
    rf"|\b(?P<name>{MONTH})\.?\s+(?P<nd>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<ny>20\d\d))?"
    rf"|\b(?P<dd>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<dname>{MONTH})\b\.?(?:,?\s+(?P<dy>20\d\d))?"
    r"|\b(?P<s1>\d{1,2})/(?P<s2>\d{1,2})/(?P<sy>20\d\d|\d\d)\b",
    re.IGNORECASE,
)
KINDS = (
    ("end-of-life", re.compile(r"\bend[- ]of[- ]life\b|\bEOL\b", re.IGNORECASE)),
    ("freeze", re.compile(r"\bfreeze\b", re.IGNORECASE)),
    ("cut", re.compile(r"\b(?:branch[- ])?cut\b", re.IGNORECASE)),
    ("candidate", re.compile(r"\bcandidate\b|\bRC\d*\b|\brc\.\d\b", re.IGNORECASE)),
    ("target", re.compile(r"\b(?:target|release date|due|GA|final release|release day)\b", re.IGNORECASE)),
)
HALF_YEAR = 183


@dataclass(frozen=True)
class WrittenDate:
    """A date of a text. `days`: what it may mean, one if it is clear; empty if no calendar has it. `line` from 1."""

    text: str
    kind: str
    line: int
    days: tuple[date, ...]


def list_dates(body: str, near: date) -> Iterator[WrittenDate]:
    """The dates on lines that say what they are. `near`: a year that is left out is the one closest to this day."""
    for number, line in enumerate(blank_hidden(body).split("\n"), 1):
        for match in WRITTEN.finditer(line):
            kind = find_kind(line, match.start())
            if kind:
                yield WrittenDate(match[0], kind, number, tuple(dict.fromkeys(_read_days(match, near))))


def find_kind(line: str, position: int) -> str:
    """Which of a release's dates a line is about: the word that stands last before the date, else the first after."""
    marks = [(match.start(), kind) for kind, pattern in KINDS for match in pattern.finditer(line)]
    before = [mark for mark in marks if mark[0] < position]
    return max(before)[1] if before else min(marks)[1] if marks else ""


def _read_days(match: re.Match[str], near: date) -> Iterator[date]:
    if match["iso"]:
        yield from _make(int(match["y"]), int(match["m"]), int(match["d"]))
    elif match["name"] or match["dname"]:
        month = NAMES.index((match["name"] or match["dname"])[:3].lower()) + 1
        day, year = int(match["nd"] or match["dd"]), match["ny"] or match["dy"]
        if year:
            yield from _make(int(year), month, day)
        else:
            every = [each for offset in (-1, 0, 1) for each in _make(near.year + offset, month, day)]
            yield from sorted(every, key=lambda each: abs((each - near).days))[:1]
    else:
        first, second, year = int(match["s1"]), int(match["s2"]), int(match["sy"]) % 100 + 2000
        yield from _make(year, first, second)
        yield from _make(year, second, first)


def _make(year: int, month: int, day: int) -> Iterator[date]:
    try:
        yield date(year, month, day)
    except ValueError:
        return
