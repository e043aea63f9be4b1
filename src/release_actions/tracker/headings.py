"""Headings of a Markdown text, and whether anything is written under them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from release_actions.people.remarks import blank_hidden

HEADING = re.compile(r"^ {0,3}(?P<marks>#{1,6})[ \t]+(?P<text>.*?)[ \t]*#*[ \t]*$")
BOLD = re.compile(r"^ {0,3}\*\*(?P<text>[^*]+?):?\*\*:?[ \t]*(?P<rest>.*)$")
NO_ANSWERS = frozenset({"", "_no response_", "n/a", "none", "tbd", "todo", "-", "- [ ]", "..."})
"""What a form or a person leaves under a heading when there is nothing to say."""


@dataclass(frozen=True)
class Section:
    """A heading, and the text up to the next one of its level or above."""

    heading: str
    level: int
    text: str

    @property
    def has_content(self) -> bool:
        """Whether something is written under it."""
        lines = (line.strip() for line in self.text.split("\n"))
        return any(line.lower() not in NO_ANSWERS and not HEADING.match(line) for line in lines)


def list_sections(text: str) -> Iterator[Section]:
    """The sections of a text. A line in bold is a heading below all others, as people write them in issues."""
    lines = blank_hidden(text).split("\n")
    heads: list[tuple[int, int, str, str]] = []
    for number, line in enumerate(lines):
        heading, bold = HEADING.match(line), BOLD.match(line)
        if heading:
            heads.append((number, len(heading["marks"]), heading["text"], ""))
        elif bold:
            heads.append((number, 7, bold["text"], bold["rest"]))
    for index, (number, level, words, rest) in enumerate(heads):
        end = next((later for later, other, *_ in heads[index + 1 :] if other <= level), len(lines))
        # A fence under a heading is content, too: `blank_hidden` took it for finding headings only.
        under = "\n".join([rest, *text.replace("\r\n", "\n").split("\n")[number + 1 : end]])
        yield Section(words.strip(), level, re.sub(r"<!--.*?(?:-->|\Z)", "", under, flags=re.DOTALL))


def find_missing_sections(text: str, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The headings of a list that a text lacks, or that have nothing under them."""
    written = {section.heading.casefold() for section in list_sections(text) if section.has_content}
    return tuple(heading for heading in wanted if heading.casefold() not in written)
