"""What people said of a pull request or issue: comments and reviews, and the commands of Prow in them. Pure."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime


class ReviewState(str, enum.Enum):
    """What a review says, as GitHub names it now: a dismissed approval is `DISMISSED`."""

    APPROVED = "APPROVED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    COMMENTED = "COMMENTED"
    DISMISSED = "DISMISSED"
    PENDING = "PENDING"


@dataclass(frozen=True)
class Remark:
    """A comment, or a review with its `state`.

    `author`: a login, empty for an account that was deleted. `editor`: who changed the text last, empty if nobody did
    or he is gone; `is_edited` says whether somebody did. `commit`: what was reviewed, empty for a comment. `id` is
    unique among the remarks on one subject.
    """

    author: str
    text: str
    at: datetime
    id: str
    url: str = ""
    state: ReviewState | None = None
    commit: str = ""
    is_bot: bool = False
    is_edited: bool = False
    editor: str = ""

    @property
    def is_own_text(self) -> bool:
        """Whether the text is its author's: whoever may write to a repository may edit what others said there."""
        return not self.is_edited or (bool(self.author) and self.editor.lower() == self.author.lower())


class Verb(str, enum.Enum):
    """What a command is about."""

    LGTM = "lgtm"
    APPROVE = "approve"


@dataclass(frozen=True)
class Command:
    """`/lgtm` or `/approve`, or taking one back."""

    verb: Verb
    cancels: bool = False


COMMAND = re.compile(r"^/(remove-)?([a-z][a-z0-9_-]*)(?:[ \t]+([^\n]*?))?[ \t]*$", re.IGNORECASE | re.MULTILINE)
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
LINE_LENGTH = 1000
"""Characters of a line that are read."""

ARGUMENTS = frozenset({"", "no-issue"})


def list_commands(text: str) -> Iterator[Command]:
    """The commands in a comment, in their order.

    A command is a line of its own. In a fence, a quotation or an HTML comment it is none: an approval is there for
    everybody to see. What follows an unknown argument is none either, `/lgtm cancel` takes one back.
    """
    for match in list_command_lines(text):
        verb, argument = match[2].lower(), " ".join((match[3] or "").lower().split())
        if verb not in {each.value for each in Verb}:
            continue
        # As Prow does: any argument that has the word takes an approval back, so that no typing error gives one.
        if match[1] or "cancel" in argument:
            yield Command(Verb(verb), cancels=True)
        elif argument in ARGUMENTS:
            yield Command(Verb(verb))


def list_command_lines(text: str) -> Iterator[re.Match[str]]:
    """Every line that begins with a slash and a word, of any program: `remove-`, the word, the rest."""
    return COMMAND.finditer(blank_hidden(text))


def blank_hidden(text: str) -> str:
    """A text with empty lines in place of fences and HTML comments, so that its lines keep their numbers.

    Lines are cut where nothing that people mean goes on: a pattern may need the square of a line's length, and a
    comment may be one line of 65,536 characters.
    """

    def blank(match: re.Match[str]) -> str:
        return "\n" * match[0].count("\n")

    shown = FENCE.sub(blank, HIDDEN.sub(blank, text.replace("\r\n", "\n")))
    return "\n".join(line[:LINE_LENGTH] for line in shown.split("\n"))
