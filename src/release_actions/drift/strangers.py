"""What is wrong in a file whoever it names: conflict markers that were committed, and other people's moving tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from release_actions.drift.reference import Text
from release_actions.drift.text_references import Patterns
from release_actions.errors import Place

CONFLICT = re.compile(r"^<{7} [^\n]*\n(?:.*\n)*?={7}\r?\n(?:.*\n)*?>{7} ", re.MULTILINE)
"""The three markers that git writes, in this order: a heading underlined with seven signs is none."""

LATEST = re.compile(
    r"^[ \t]*(?:- )?(?:image:[ \t]*[\"']?|FROM[ \t]+(?:--platform=\S+[ \t]+)?)"
    r"(?P<image>[\w.-]+(?:[/:][\w.-]+)*):latest\b",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Stray:
    """A finding about no component: its rule, its words and where it is."""

    rule: str
    message: str
    hint: str
    place: Place


def read_conflicts(text: Text) -> Iterator[Stray]:
    """Conflict markers of a merge that somebody committed."""
    for match in CONFLICT.finditer(text.content) if "<<<<<<< " in text.content else ():
        yield Stray(
            "conflict-marker",
            "The markers of a merge conflict were committed.",
            "Decide for one side and remove the lines with <<<<<<<, ======= and >>>>>>>.",
            text.place(match.start()),
        )


def read_strangers(text: Text, patterns: Patterns) -> Iterator[Stray]:
    """Images of others that are pulled by a tag that moves."""
    for match in LATEST.finditer(text.content) if ":latest" in text.content else ():
        if match["image"] not in patterns.names:
            yield Stray(
                "third-party-floating",
                f"{match['image']}:latest is another image tomorrow.",
                "Name a version, or a digest.",
                text.place(match.start("image")),
            )
