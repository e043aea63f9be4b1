"""Titles of changes: the numbers and marks around them, and how two of them compare.

`[CI] :bug: fix(cache): Keep it (#10) (#12)` has three marks in front, a title, and two numbers behind. A number that
another repository qualifies is never one of this repository's.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

QUOTES = "\"'\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb`"

REFERENCE = re.compile(r"(?<![\w/#])(?:(?P<repository>[\w.-]+/[\w.-]+))?#(?P<number>[0-9]{1,9})\b", re.ASCII)
TRAILING = re.compile(r"(?:\s*\((?:[\w.-]+/[\w.-]+)?#[0-9]{1,9}\))+\s*$", re.ASCII)
"""Numbers of pull requests at the end of a squashed commit's subject."""

CUT = re.compile(r"\s*(?:\(?#[0-9]*|\()?\s*(?:\u2026|\.\.\.)\s*$")
"""The end of a title that a tool cut off, with a number that it may have cut in two."""

BRACKETS = re.compile(r"\s*(?:\[(?P<inner>[^\[\]]{1,60})\]|:(?P<emoji>[a-z0-9_+-]{1,40}):)\s*:?\s*")
PICK = re.compile(
    r"(?i)\s*(?:automated\s+)?(?:back-?port|cherry[- ]?pick)(?:\s+of)?"
    r"(?:\s*,?\s*(?:and\s+)?(?:[\w.-]+/[\w.-]+)?#[0-9]{1,9})*\s*:\s+"
)
"""What tools put before the title of what they pick, `Automated cherry pick of #1 #2: `."""

CONVENTIONAL = re.compile(r"(?P<type>[A-Za-z]{2,20})(?P<scope>\([^()]{0,60}\))?(?P<breaking>!)?:\s+")
"""The type of a conventional commit, with its scope."""


@dataclass(frozen=True)
class Reference:
    """A number of a pull request. `repository` is empty where the text names none."""

    number: int
    repository: str = ""

    def is_of(self, repository: str) -> bool:
        """Whether it may be a number of this repository. An unknown repository may be any; `web#1` names no owner."""
        named, own = self.repository.casefold(), repository.casefold()
        return not named or not own or named == (own if "/" in named else own.rpartition("/")[2])


def references(text: str) -> tuple[Reference, ...]:
    """Every number that a text names."""
    return tuple(Reference(int(match["number"]), match["repository"] or "") for match in REFERENCE.finditer(text))


def trailing_numbers(subject: str, repository: str = "") -> tuple[int, ...]:
    """The pull requests that a subject names at its end: "Fix (#10) (#12)" gives 10 and 12."""
    match = TRAILING.search(subject)
    return tuple(reference.number for reference in references(match[0]) if reference.is_of(repository)) if match else ()


def without_numbers(subject: str) -> str:
    """A subject without the numbers at its end."""
    return TRAILING.sub("", subject).strip()


def is_cut(title: str) -> bool:
    """Whether a tool cut a title off."""
    return bool(CUT.search(title.rstrip(QUOTES + " ")))


def without_cut(title: str) -> str:
    """The part of a title before the place where it was cut off."""
    return CUT.sub("", title.rstrip(QUOTES + " ")).rstrip()


def split_marks(title: str) -> tuple[tuple[str, ...], str]:
    """The marks in front of a title, and the rest: `[CI] fix: X` gives ("CI", "fix") and "X"."""
    marks: list[str] = []
    rest = title.strip()
    while rest:
        symbols = _count_symbols(rest)
        bracket = BRACKETS.match(rest)
        conventional = CONVENTIONAL.match(rest)
        pick = PICK.match(rest)
        if pick:
            marks.append("pick")
            rest = rest[pick.end() :]
        elif symbols:
            rest = rest[symbols:].lstrip()
        elif bracket and bracket.end() < len(rest):
            marks.append((bracket["inner"] or bracket["emoji"]).strip())
            rest = rest[bracket.end() :]
        elif conventional:
            marks.append(conventional["type"])
            rest = rest[conventional.end() :]
        else:
            break
    return tuple(marks), rest


def _count_symbols(text: str) -> int:
    """How many characters at the beginning are emoji and their modifiers."""
    length = 0
    for character in text:
        if unicodedata.category(character) not in {"So", "Sk"} and character not in "\ufe0f\u200d":
            break
        length += 1
    return length


def fold_title(title: str) -> str:
    """A title for comparing: without numbers at its end, case, style of quotes and blanks."""
    return " ".join(re.sub(rf"[{QUOTES}]", '"', without_numbers(title)).casefold().split())


def fold_core(title: str) -> str:
    """A title for comparing, without its marks too."""
    return fold_title(split_marks(without_numbers(title))[1])
