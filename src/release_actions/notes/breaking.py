"""Finds what users of a release must know first: breaking changes and deprecations, by what their authors say of them.

They say it by labels, by the `!` of a conventional commit, by a `BREAKING CHANGE:` footer, and in the `release-note`
block of a pull request; in a commit of a branch that was merged or squashed as well as in the title. A title that only
sounds like it is not enough. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from release_actions.changes import undo
from release_actions.changes.model import MergedChange
from release_actions.changes.titles import CONVENTIONAL, split_marks, without_numbers
from release_actions.config.notes import NotesForm
from release_actions.notes.model import Notice
from release_actions.versions.version import Version

BLOCK = re.compile(r"^[ \t]*```+[ \t]*release-notes?[^\n]*\n(?P<text>.*?)^[ \t]*```+[ \t]*$", re.MULTILINE | re.DOTALL)
"""The block of a pull request's text in which projects of the Kubernetes family ask for a note."""

FOOTER = re.compile(
    r"^[ \t]{0,4}(?:[*-][ \t]+)?\*{0,2}BREAKING[ -]CHANGES?\*{0,2}:\*{0,2}\s*"
    r"(?P<text>\S.*(?:\n(?!\n|[* \t-]*[A-Z][\w-]+:|[*-] ).+)*)",
    re.MULTILINE,
)
HIDDEN = re.compile(r"<!--.*?-->", re.DOTALL)
"""A comment, in which forms for pull requests ask for what a change breaks."""

SQUASHED = re.compile(r"^(?:[*-][ \t]+|[ \t]{4})(?P<subject>\S.*)$", re.MULTILINE)
"""The subject of a commit in the message of a squash: as GitHub suggests it, or as `git merge --squash` does."""

TYPES = r"(?:feat|fix|perf|refactor|build|chore|ci|docs|revert|style|test|deps|api|security)"
MARKED = re.compile(rf"(?i){TYPES}(?:\([^()]{{0,60}}\))?!:\s+\S")
"""A subject in a message that is marked as breaking. Other words with `!:` may be a remark."""

ACTION = re.compile(r"(?i)^\W*(?:\[?action required\]?|breaking(?: change)?)\b[:\s\]-]*")
FIRST_COMMIT = 1
"""Commits of a branch are told apart by their place."""

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
    texts = (*change.messages, HIDDEN.sub("", change.text))
    footers = [" ".join(match["text"].split()) for text in texts for match in FOOTER.finditer(text)]
    footer = next((text for text in footers if not NO_NOTE.fullmatch(text)), "")
    if footer:
        return Notice(change, footer)
    if ACTION.match(note):
        return Notice(change, ACTION.sub("", note))
    if _has_label(change, labels) or is_marked_breaking(change.title):
        return Notice(change, note)
    inner = _find_inner(change)
    return Notice(change, note or inner) if inner else None


def _find_inner(change: MergedChange) -> str:
    """The first commit of a branch that is marked as breaking, and that the branch has not reverted; else empty."""
    subjects = [subject for message in change.messages for subject in _list_subjects(message)]
    commits = [
        MergedChange(subject, change.author, (f"{place:040x}",)) for place, subject in enumerate(subjects, FIRST_COMMIT)
    ]
    for commit in undo.collapse(commits).shown if any("!:" in subject for subject in subjects) else ():
        if commit.title != without_numbers(change.title) and is_marked_breaking(commit.title):
            return split_marks(without_numbers(commit.title))[1]
    return ""


def _list_subjects(message: str) -> list[str]:
    """The subject of a commit, and those of the commits that were squashed into it."""
    subject, _, rest = message.partition("\n")
    squashed = [match["subject"] for match in SQUASHED.finditer(rest)]
    return [
        subject.strip(),
        *(line for line in squashed if MARKED.match(line) or line.casefold().startswith(("revert", "reland"))),
    ]


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
