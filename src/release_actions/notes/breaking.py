"""Finds what users of a release must know first: breaking changes and deprecations, by what their authors say of them.

They say it by labels, by the `!` of a conventional commit, by a `BREAKING CHANGE:` footer, and in the `release-note`
block of a pull request. A title that only sounds like it is not enough. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from release_actions.changes.model import MergedChange
from release_actions.changes.titles import CONVENTIONAL, split_marks, without_numbers
from release_actions.config.notes import NotesForm
from release_actions.notes.model import Notice
from release_actions.versions.version import Version

BLOCK = re.compile(r"^[ \t]*```+[ \t]*release-notes?[^\n]*\n(?P<text>.*?)^[ \t]*```+[ \t]*$", re.MULTILINE | re.DOTALL)
"""The block of a pull request's text in which projects of the Kubernetes family ask for a note."""

FOOTER = re.compile(r"^BREAKING[ -]CHANGE:\s*(?P<text>.+(?:\n(?!\n|[A-Z][\w-]+:).+)*)", re.MULTILINE)
ACTION = re.compile(r"(?i)^\W*(?:\[?action required\]?|breaking(?: change)?)\b[:\s\]-]*")
NO_NOTE = re.compile(r"(?i)\W*(?:none|n/?a|no)\W*")
DEPRECATES = re.compile(r"(?i)\bdeprecat(?:e[sd]?|ing|ion)\b")
REMOVAL = re.compile(
    r"(?i)\b(?:remov\w+|drop\w*|delet\w+|go(?:es|ing)? away|unsupported)\b[^.\n]{0,60}?\b(?:in|with|by|from)\s+"
    r"(?:the\s+)?(?:release\s+|version\s+)?(?P<version>v?[0-9]+\.[0-9]+(?:\.[0-9]+)?)\b"
)
"""A sentence that says which release removes something."""


def release_note(change: MergedChange) -> str:
    """The text of a change's `release-note` block in one line; empty where there is none or it says NONE."""
    match = BLOCK.search(change.text.replace("\r\n", "\n"))
    text = " ".join(match["text"].split()) if match else ""
    return "" if NO_NOTE.fullmatch(text) else text


def find_breaking(changes: Iterable[MergedChange], form: NotesForm) -> tuple[Notice, ...]:
    """The breaking changes, in their order."""
    return tuple(notice for change in changes if (notice := _read_breaking(change, form.breaking)))


def _read_breaking(change: MergedChange, labels: Collection[str]) -> Notice | None:
    note = release_note(change)
    footer = next((match for text in (*change.messages, change.text) if (match := FOOTER.search(text))), None)
    if footer:
        return Notice(change, " ".join(footer["text"].split()))
    if ACTION.match(note):
        return Notice(change, ACTION.sub("", note))
    if _has_label(change, labels) or is_marked_breaking(change.title):
        return Notice(change, note)
    return None


def is_marked_breaking(title: str) -> bool:
    """Whether a title is that of a conventional commit with a `!`, behind brackets and emoji."""
    rest = without_numbers(title)
    while rest:
        match = CONVENTIONAL.match(rest)
        if match:
            return bool(match["breaking"])
        marks, behind = split_marks(rest)
        if not marks and behind == rest:
            return False
        # split_marks takes types away too, so only what stands before the first one is taken off here.
        cut = re.match(r"\s*(?:\[[^\[\]]*\]|:[a-z0-9_+-]+:|[^\w\s\[(:]+)\s*", rest)
        if cut is None or not cut.end():
            return False
        rest = rest[cut.end() :]
    return False


def find_deprecated(changes: Iterable[MergedChange], form: NotesForm) -> tuple[Notice, ...]:
    """The deprecations, in their order, with the release that removes what is deprecated."""
    return tuple(notice for change in changes if (notice := _read_deprecated(change, form.deprecated)))


def _read_deprecated(change: MergedChange, labels: Collection[str]) -> Notice | None:
    note = release_note(change)
    if not _has_label(change, labels) and not DEPRECATES.search(note):
        return None
    removal = REMOVAL.search(note) or REMOVAL.search(change.title) or REMOVAL.search(change.text)
    return Notice(change, note, removal["version"] if removal else "")


def _has_label(change: MergedChange, labels: Collection[str]) -> bool:
    return bool({label.casefold() for label in change.labels} & {label.casefold() for label in labels})


def is_bump_too_small(version: Version, previous: Version) -> bool:
    """Whether a version may hold no breaking change since another one (SemVer 2.0.0, items 4, 6 and 7).

    From 1.0.0 on a breaking change needs a new major number, before that a new minor one.
    """
    if version.major != previous.major:
        return False
    return version.major > 0 or version.minor == previous.minor
