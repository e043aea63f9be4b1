"""Reverts and re-lands: what a change takes back or brings back, and what is left of a release without them.

People and tools write them in many ways: git's and GitHub's `Revert "…"`, the `revert:` of conventional commits,
`Reverts #123`, `Back out "…"`, `Reland …`, git's `Reapply "…"`, and `Revert "Revert "…""`. What is taken back is found
by commit, then by number, then by title, and never by likeness alone. Pure.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from release_actions.notes.model import MergedChange
from release_actions.notes.span import numbers, without_numbers


class UndoKind(enum.Enum):
    """What a change does to another one."""

    REVERT = "revert"
    RELAND = "re-land"


@dataclass(frozen=True)
class Undo:
    """A change that is about another one, which is named by title, numbers or commits."""

    kind: UndoKind
    title: str
    numbers: tuple[int, ...] = ()
    commits: tuple[str, ...] = ()


QUOTES = "\"'\u201c\u201d\u201e\u00ab\u00bb`"
QUOTED = rf"\s*[:#-]?\s*[{QUOTES}](?P<quoted>.+)[{QUOTES}]\s*$"
REVERT = re.compile(rf"(?is)^\s*(?:revert(?:s|ed|ing)?|back(?:s|ed|ing)?[ -]?out)(?:\s+(?:pr|pull request))?{QUOTED}")
REVERT_PLAIN = re.compile(
    r"(?is)^\s*(?:revert(?:\([^)]*\))?!?:|revert(?:s|ed|ing)?\s|back(?:s|ed|ing)?[ -]?out\s|\[revert\])\s*(?P<rest>.+)$"
)
RELAND_WORD = r"(?:re-?land(?:s|ed|ing)?|re-?appl(?:y|ies|ied|ying)|re-?merge|un-?revert)"
RELAND = re.compile(rf"(?is)^\s*{RELAND_WORD}(?:\([^)]*\))?!?{QUOTED}")
RELAND_PLAIN = re.compile(
    rf"(?is)^\s*(?:\[{RELAND_WORD}\]|\({RELAND_WORD}\)|{RELAND_WORD}(?:\([^)]*\))?!?:?\s)\s*(?P<rest>.+)$"
)

NUMBER = re.compile(r"(?i)^(?:pr|pull request|pull|of)?\s*(?:[\w.-]+/[\w.-]+)?#([0-9]{1,9})\b")
TEXT_REVERT = re.compile(
    r"(?im)^\s*(?:this\s+)?reverts?:?\s+(?:pr\s+|pull request\s+)?(?:[\w.-]+/[\w.-]+)?#([0-9]{1,9})\b"
)
TEXT_RELAND = re.compile(
    rf"(?im)^\s*(?:this\s+)?{RELAND_WORD}(?:\s+(?:of|from))?:?\s+(?:pr\s+|pull request\s+)?"
    r"(?:[\w.-]+/[\w.-]+)?#([0-9]{1,9})\b"
)
TEXT_COMMIT = re.compile(r"(?i)\bthis\s+reverts\s+commit\s+([0-9a-f]{7,40})\b")
TYPE = re.compile(r"^[a-z]+(?:\([^)]*\))?!?:\s*", re.IGNORECASE)
"""The type of a conventional commit, with its scope."""


def read(change: MergedChange) -> Undo | None:
    """What a change takes back or brings back; None for one that stands for itself."""
    title = without_numbers(change.title)
    reland = RELAND.match(title)
    if reland or (plain := RELAND_PLAIN.match(title)):
        inner = reland["quoted"] if reland else plain["rest"]  # type: ignore[index]  # one of them matched
        return _undo(UndoKind.RELAND, inner, change, TEXT_RELAND)
    revert = REVERT.match(title)
    if revert or (plain := REVERT_PLAIN.match(title)):
        inner = revert["quoted"] if revert else plain["rest"]  # type: ignore[index]  # as above
        return _undo(UndoKind.REVERT, inner, change, TEXT_REVERT)
    return None


def _undo(kind: UndoKind, inner: str, change: MergedChange, text: re.Pattern[str]) -> Undo:
    named = NUMBER.match(inner.strip())
    found = [int(named[1])] if named else list(numbers(inner.rstrip(QUOTES)))
    told = "\n".join([change.text, *change.messages])
    found += [int(number) for number in text.findall(told)]
    commits = tuple(TEXT_COMMIT.findall(told)) if kind is UndoKind.REVERT else ()
    return Undo(kind, "" if named else inner.strip(), tuple(dict.fromkeys(found)), commits)


@dataclass
class _Item:
    """A change while the story is told. `counts`: whether what it does is part of the release."""

    change: MergedChange
    undo: Undo | None
    counts: bool = True
    target: _Item | None = field(default=None, repr=False)

    @property
    def reverts(self) -> bool:
        """Whether it takes back a change of this release, so that neither has a line."""
        return self.target is not None and self.undo is not None and self.undo.kind is UndoKind.REVERT

    @property
    def shown(self) -> bool:
        """Whether it has a line of its own."""
        return self.counts and not self.reverts

    def turn(self, *, on: bool) -> None:
        """Let it count or not, and with it what it takes back."""
        self.counts = on
        if self.reverts and self.target:
            self.target.turn(on=not on)


@dataclass(frozen=True)
class CollapsedChanges:
    """What is left: the changes that count, and those that a revert has cancelled, with the reverts themselves."""

    shown: tuple[MergedChange, ...]
    collapsed: tuple[MergedChange, ...]


def collapse(found: Iterable[MergedChange]) -> CollapsedChanges:
    """Changes without those that were taken back meanwhile, in order of merging.

    A revert of something that an earlier release has is a change like any other. A re-land counts in place of what it
    brings back, and a revert of a revert leaves the first change as it was.
    """
    items: list[_Item] = []
    for change in found:
        item = _Item(change, read(change))
        if item.undo and item.undo.kind is UndoKind.REVERT:
            item.target = _find(item.undo, items)
            if item.target:
                item.target.turn(on=False)
        elif item.undo:
            _bring_back(item.undo, items)
        items.append(item)
    shown = tuple(item.change for item in items if item.shown)
    return CollapsedChanges(shown, tuple(item.change for item in items if not item.shown))


def _bring_back(undo: Undo, items: Sequence[_Item]) -> None:
    """What a re-land replaces no longer counts: a revert of something older, or the first try, taken back before."""
    target = _find(undo, items)
    if target and target.reverts:
        target.counts = False
    elif target is None or (target.undo and target.undo.kind is UndoKind.REVERT):
        reverted = target or next((one for one in reversed(items) if one.shown and _same_target(one.undo, undo)), None)
        if reverted:
            reverted.counts = False


def _same_target(undo: Undo | None, other: Undo) -> bool:
    if undo is None or undo.kind is not UndoKind.REVERT:
        return False
    same = set(undo.numbers) & set(other.numbers)
    return bool(same or (undo.title and _folded(undo.title) == _folded(other.title)))


def _find(undo: Undo, items: Sequence[_Item]) -> _Item | None:
    """The change that is meant, the newest first."""
    for item in reversed(items):
        if any(sha.startswith(named) for sha in item.change.commits for named in undo.commits):
            return item
    for item in reversed(items):
        if item.change.number and item.change.number in undo.numbers:
            return item
    if not undo.title:
        return None
    wanted = _folded(undo.title)
    named = [item for item in items if _folded(item.change.title) == wanted]
    if not named:
        bare = TYPE.sub("", wanted)
        named = [item for item in items if item.undo is None and TYPE.sub("", _folded(item.change.title)) == bare]
    if not named and wanted.endswith(("\u2026", "...")):
        start = wanted.rstrip(".\u2026").rstrip()
        named = [item for item in items if item.undo is None and _folded(item.change.title).startswith(start)]
        named = named if len(named) == 1 else []
    # The one whose last word has not been taken back, else the newest.
    return next((item for item in reversed(named) if item.shown), named[-1] if named else None)


def _folded(title: str) -> str:
    return " ".join(re.sub(rf"[{QUOTES}]", '"', without_numbers(title)).casefold().split())
