"""Whether a text has a form: fixed words and runs of characters, as a template of tags makes them.

A regular expression would try every way to share out a text between `[0-9]+[0-9]+[0-9]+`, which takes for ever when
there are many. Here each part is tried once, from all places that the parts before it can end at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

DIGITS = frozenset("0123456789")
HEXADECIMAL = DIGITS | frozenset("abcdef")


@dataclass(frozen=True)
class Run:
    """Some characters in a row. `characters`: which; None for any. `most`: None for any number."""

    characters: frozenset[str] | None
    least: int = 1
    most: int | None = None


NUMBER = Run(DIGITS)


def has_form(text: str, form: Iterable[str | Run]) -> bool:
    """Whether a text is made of the parts of a form, one after the other, and of nothing else."""
    ends = {0}
    for part in form:
        if isinstance(part, str):
            ends = {end + len(part) for end in ends if text.startswith(part, end)}
        else:
            ends = set(_list_ends(text, ends, part))
        if not ends:
            return False
    return len(text) in ends


def _list_ends(text: str, starts: set[int], run: Run) -> Iterator[int]:
    """Where a run can end."""
    # Starts with nothing but characters of the run since. The first of them reaches farthest, so where a run of any
    # length is allowed no other is needed; where not, those that are too far back are dropped.
    near: list[int] = []
    for place in range(min(starts), len(text) + 1):
        if place in starts and (run.most is not None or not near):
            near.append(place)
        if run.most is not None:
            near = [start for start in near if place - start <= run.most]
        if near and place - near[0] >= run.least:
            yield place
        if place < len(text) and run.characters is not None and text[place] not in run.characters:
            near = []
