"""Finds what reverts and re-lands are about, and what is left of a list of changes without them.

What is meant is found by commit, then by number, then by title, and never by likeness alone. Something that is not in
the list belongs to an earlier release or to another branch, and then the revert is a change like any other. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from release_actions.changes import foreign
from release_actions.changes.model import MergedChange
from release_actions.changes.picks import is_merge_of, numbers_of
from release_actions.changes.titles import fold_core, fold_title
from release_actions.changes.undo_grammar import Undo, UndoKind, read_undo

ABBREVIATED = 7
"""Characters of a commit that git shows at least."""


@dataclass(frozen=True)
class ResolvedUndo:
    """A revert or re-land and the earlier changes that it is about.

    `complete`: everything that it names is among them. A revert that names something else is news by itself.
    """

    change: MergedChange
    undo: Undo
    targets: tuple[MergedChange, ...]
    complete: bool


@dataclass(frozen=True)
class CollapsedChanges:
    """The changes that count, and those that a revert has cancelled, with the reverts themselves."""

    shown: tuple[MergedChange, ...]
    collapsed: tuple[MergedChange, ...]


@dataclass
class _Item:
    """A change in the order of merging. `counts`: whether what it does is in effect at the end."""

    change: MergedChange
    undo: Undo | None
    counts: bool = True
    targets: list[_Item] = field(default_factory=list, repr=False)
    complete: bool = False

    @property
    def cancels(self) -> bool:
        """Whether it is nothing but the revert of changes that are in the list."""
        undo = self.undo
        return bool(undo and undo.kind is UndoKind.REVERT and undo.pure and self.targets and self.complete)

    @property
    def is_shown(self) -> bool:
        """Whether it has a line of its own."""
        return self.counts and not self.cancels

    def switch(self, *, on: bool) -> None:
        """Let it count or not, and with it what it reverts.

        Each target is older than its revert, so this ends at the oldest one.
        """
        self.counts = on
        if self.undo and self.undo.kind is UndoKind.REVERT and not self.undo.partial:
            for target in self.targets:
                target.switch(on=not on)


class _Index:
    """The items so far, by commit, number and title; of each the newest last."""

    def __init__(self, repository: str) -> None:
        self.repository = repository
        self._commits: dict[str, list[tuple[str, _Item]]] = defaultdict(list)
        self._foreign: dict[str, _Item] = {}
        self._numbers: dict[int, list[_Item]] = defaultdict(list)
        self._titles: dict[str, list[_Item]] = defaultdict(list)
        self._cores: dict[str, list[_Item]] = defaultdict(list)

    def add(self, item: _Item) -> None:
        for sha in _names_of(item.change):
            self._commits[sha[:ABBREVIATED]].append((sha, item))
        for message in item.change.messages:
            self._foreign |= dict.fromkeys(foreign.list_own_names(message), item)
        # The numbers in the commits of a branch are those of what it merged, not of the branch.
        single = len(item.change.messages) <= 1
        for number in numbers_of(item.change if single else replace(item.change, messages=())):
            self._numbers[number].append(item)
        self._titles[fold_title(item.change.title)].append(item)
        if item.undo is None:
            self._cores[fold_core(item.change.title)].append(item)

    def find(self, undo: Undo) -> tuple[list[_Item], bool]:
        """The items that are meant, and whether they are all."""
        commits = [self._by_commit(sha) for sha in undo.commits]
        commits += [self._foreign.get(name) for name in undo.foreign]
        if any(commits):
            return _without_doubles(commits), all(commits)
        own = [reference.number for reference in undo.numbers if reference.is_of(self.repository)]
        numbers = [self._by_number(number, undo) for number in own]
        if any(item and item.change.number == number for item, number in zip(numbers, own, strict=True)):
            # A number of its own is sure. One that a title ends with, such as an issue's, may be in several titles.
            numbers = [
                item if item and item.change.number == number else None
                for item, number in zip(numbers, own, strict=True)
            ]
        if any(numbers):
            targets = _without_doubles(numbers)
            whole = {fold_core(title) for title in undo.titles}
            if any(fold_core(target.change.title) in whole for target in targets):
                return targets, True
            # All numbers behind one title name one change: an issue, the pull request, the one it was picked to.
            return targets, len(targets) >= max(len(undo.parts), 1) if undo.titles else all(numbers)
        titles = self._by_titles(undo, own)
        return _without_doubles(titles), bool(titles) and all(titles)

    def _by_commit(self, named: str) -> _Item | None:
        known = [(sha, item) for sha, item in self._commits.get(named[:ABBREVIATED], []) if sha.startswith(named)]
        # As in git, an abbreviation of several commits names none of them.
        return known[-1][1] if len({sha for sha, _ in known}) == 1 else None

    def _by_number(self, number: int, undo: Undo) -> _Item | None:
        known = self._numbers.get(number, [])
        exact = [item for item in known if item.change.number == number] or known
        wanted = {fold_core(title) for title in (*undo.titles, *undo.parts)}
        alike = [item for item in exact if fold_core(item.change.title) in wanted]
        fitting = alike or exact
        return fitting[-1] if fitting else None

    def _by_titles(self, undo: Undo, own: Sequence[int]) -> list[_Item | None]:
        """An item for each title: the whole first, since a title may look like several."""
        whole = [self._by_title(title, undo, own) for title in undo.titles]
        if any(whole) or not undo.parts:
            return whole
        return [self._by_title(title, undo, own) for title in undo.parts]

    def _by_title(self, title: str, undo: Undo, own: Sequence[int]) -> _Item | None:
        named = self._titles.get(fold_title(title), []) or self._cores.get(fold_core(title), [])
        if not named and undo.cut:
            named = self._by_beginning(title)
        # The same title with another number than the one that is named is another change.
        fitting = [item for item in named if not own or not item.change.number or set(own) & numbers_of(item.change)]
        # The one that counts, else the newest.
        return next((item for item in reversed(fitting) if item.is_shown), fitting[-1] if fitting else None)

    def _by_beginning(self, title: str) -> list[_Item]:
        """The items of the only title that begins so."""
        start, core = fold_title(title), fold_core(title)
        titles = {full for full in self._titles if full.startswith(start)}
        titles = titles or {full for full in self._titles if core and fold_core(full).startswith(core)}
        return [item for full in titles for item in self._titles[full]] if len(titles) == 1 else []


def _names_of(change: MergedChange) -> tuple[str, ...]:
    """The commits each of which stands for all of a change: one of several on a branch does not.

    The commit that a picked one came from is as good a name for it.
    """
    merges = [message for message in change.messages if is_merge_of(message, change.number)]
    inner = len(change.commits) - len(merges)
    if inner > 1:
        return change.commits[:1] if merges else ()
    return (*change.commits, *change.sources)


def _without_doubles(items: Iterable[_Item | None]) -> list[_Item]:
    return list({id(item): item for item in items if item}.values())


def resolve_undos(changes: Iterable[MergedChange], repository: str = "") -> tuple[ResolvedUndo, ...]:
    """Every revert and re-land among changes in the order of merging, with what it is about.

    `repository` is theirs; numbers of another one are never matched.
    """
    items = _follow(changes, repository)
    return tuple(
        ResolvedUndo(item.change, item.undo, tuple(target.change for target in item.targets), item.complete)
        for item in items
        if item.undo
    )


def collapse(changes: Iterable[MergedChange], repository: str = "") -> CollapsedChanges:
    """Changes without those that were reverted later, in order of merging.

    A revert of something that is not in the list is a change like any other. A re-land counts in place of what it
    brings back, and a revert of a revert leaves the first change as it was.
    """
    items = _follow(changes, repository)
    return CollapsedChanges(
        tuple(item.change for item in items if item.is_shown),
        tuple(item.change for item in items if not item.is_shown),
    )


def _follow(changes: Iterable[MergedChange], repository: str) -> list[_Item]:
    """The items with what each is about and whether it counts at the end."""
    index = _Index(repository)
    items: list[_Item] = []
    waiting: list[_Item] = []
    for change in changes:
        item = _Item(change, read_undo(change))
        if item.undo:
            item.targets, item.complete = index.find(item.undo)
            if not item.targets and item.undo.ends:
                item.targets, item.complete = index.find(item.undo.ends)
            brings_back = item.undo.kind is UndoKind.RELAND or _is_landed_again(item)
            if item.undo.partial:
                item.complete = False
            elif not brings_back:
                for target in item.targets:
                    target.switch(on=False)
            else:
                _bring_back(item, waiting)
            if item.undo.kind is UndoKind.REVERT:
                waiting.append(item)
        index.add(item)
        items.append(item)
    return items


def _is_landed_again(item: _Item) -> bool:
    """Whether a change under a title of its own says that it reverts reverts: it lands again what they reverted."""
    undo = item.undo
    reverts = [target for target in item.targets if target.undo and target.undo.kind is UndoKind.REVERT]
    return undo is not None and not undo.pure and bool(item.targets) and len(reverts) == len(item.targets)


def _bring_back(item: _Item, reverts: Sequence[_Item]) -> None:
    """What a re-land replaces no longer counts: a revert of something older, or the first try."""
    for target in item.targets:
        target.counts = False
    if any(target.undo is None or target.cancels for target in item.targets):
        return
    # Only the revert is in the list; what it reverted came before.
    wanted = item.undo
    assert wanted is not None  # noqa: S101  # the caller has one
    older = (revert for revert in reversed(reverts) if revert.counts and _is_about_same(revert.undo, wanted))
    if revert := next(older, None):
        revert.counts = False


def _is_about_same(undo: Undo | None, other: Undo) -> bool:
    if undo is None:
        return False
    titles = {fold_title(title) for title in undo.titles} & {fold_title(title) for title in other.titles}
    return bool(
        titles
        or set(undo.numbers) & set(other.numbers)
        or set(undo.commits) & set(other.commits)
        or set(undo.foreign) & set(other.foreign)
    )
