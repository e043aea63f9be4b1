"""A mistake in a tag, and how messages repeat tags."""

from __future__ import annotations

import re
from dataclasses import dataclass

from release_actions.versions.grammar import LARGEST, Reason, post_spelling_of

SHOWN_CHARACTERS = 40
"""Characters of a refused tag that its message repeats."""


@dataclass(frozen=True)
class Mistake:
    """The plainest mistake in a tag.

    `corrected`: the tag without this mistake; it may have another one. Empty when it is not clear what was meant.
    `hint`: further advice. Without a hint and a correction, the refusal shows what release tags look like.
    """

    reason: Reason
    message: str
    corrected: str = ""
    hint: str = ""


def show_tag(tag: str) -> str:
    """A tag as a message repeats it: in quotes, on one line, in ASCII, and not endless."""
    return ascii(tag if len(tag) <= SHOWN_CHARACTERS else tag[:SHOWN_CHARACTERS] + "...")


def show_examples(prefix: str) -> str:
    """What release tags look like, for a hint."""
    return f"Release tags look like {prefix}1.2.3, {prefix}1.2.3-rc.1 or {prefix}1.2.3{post_spelling_of(prefix)}1."


def check_size(name: str, text: str) -> Mistake | None:
    for number in re.findall(r"[0-9]+", text):
        if int(number) > LARGEST:
            message = f"Tag {show_tag(name)} has a number above {LARGEST}. Many tools round such a number or fail."
            return Mistake(Reason.TOO_LARGE, message)
    return None


def refuse_leading_zero(name: str, number: str, corrected: str) -> Mistake:
    return Mistake(Reason.LEADING_ZERO, f"Tag {show_tag(name)} has a number with a leading zero: {number}.", corrected)
