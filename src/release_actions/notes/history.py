"""What release notes need to know of a repository's history, whoever knows it: GitHub or the checkout.

Complete, or an error. Nothing here changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from release_actions.changes.credit import Originals
from release_actions.changes.model import HistorySpan, MergedChange


class History(Protocol):
    """A repository's history. Its points are tags, branches and commits."""

    def read_span(self, base: str, head: str) -> HistorySpan:
        """What lies between two points; all that `head` has when `base` is empty."""

    def read_originals(self, picked: Sequence[MergedChange]) -> Originals:
        """What changes were picked from, as far as they name it and it is there."""

    def has_merged_before(self, first: Mapping[str, MergedChange], base: str) -> Mapping[str, bool | None]:
        """Key of an author -> whether something of theirs was merged before their first change; None if not known."""

    def find_touching(self, changes: Sequence[MergedChange], globs: Collection[str]) -> frozenset[str]:
        """The commits that identify the changes that touch a path."""


@dataclass(frozen=True)
class ReadHistory:
    """The history of one release. `announced` has folded logins.

    `previous` is the tag that it was read from, empty for a first release; `base` and `head` are the points.
    """

    previous: str
    base: str
    head: str
    span: HistorySpan
    history: History
    announced: frozenset[str] = frozenset()

    @property
    def before(self) -> Callable[[Mapping[str, MergedChange]], Mapping[str, bool | None]]:
        """Asks whether authors had something merged before."""
        return lambda first: self.history.has_merged_before(first, self.base)
