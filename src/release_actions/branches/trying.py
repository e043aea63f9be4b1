"""Finds which of the commands that repair a branch apply, in the order of trunk, and what has to come first.

Each command is tried on what the ones before it made. One that conflicts is tried again with the changes of trunk that
the branch lacks in the same files before it; those that it does not need are dropped one by one. What applies as text
may still need more: no compiler is asked.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from release_actions.branches.missing import MissingPick, follow_reverts
from release_actions.branches.model import BranchHistory, Explained, Origin
from release_actions.branches.reverts import RevertState, TrunkRevert
from release_actions.changes.model import HistoryCommit
from release_actions.git.trial import Attempt, Trial

MOST_NEEDED = 8
"""Changes that are tried before one that conflicts. With more a person has to look anyway."""

MOST_STEPS = 200
"""Commands that are tried, so that an audit ends in time."""


class Fit(enum.Enum):
    """What came of trying a command. The value is what reports call it."""

    APPLIES = "applies"
    CONFLICTS = "conflicts"
    EMPTY = "changes-nothing"
    UNTRIED = "not-tried"


@dataclass(frozen=True)
class Step:
    """A commit to pick, or to revert, on the branch. `about` is the commit of trunk that asks for it."""

    commit: HistoryCommit
    about: HistoryCommit
    reverts: bool = False

    @property
    def command(self) -> str:
        """The command for a person."""
        mainline = "-m 1 " if len(self.commit.parents) > 1 else ""
        verb = "revert " if self.reverts else "cherry-pick -x "
        return f"git {verb}{mainline}{self.commit.sha}"


@dataclass(frozen=True)
class Repair:
    """A step with what came of it: files that conflict, steps needed first, and the branch before and after it."""

    step: Step
    fit: Fit
    conflicts: tuple[str, ...] = ()
    needed: tuple[Step, ...] = ()
    before: str = ""
    after: str = ""

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands that are known to apply, in order; none where it conflicts."""
        if self.fit in {Fit.CONFLICTS, Fit.EMPTY}:
            return ()
        return (*(step.command for step in self.needed), self.step.command)

    @property
    def hint(self) -> str:
        """What a person should do."""
        if self.fit is Fit.CONFLICTS:
            return f"{self.step.command} conflicts in {_shorten(self.conflicts)}. Resolve that by hand."
        if self.fit is Fit.EMPTY:
            return "The branch has the same content already. Name the trunk commit in the branch's commit."
        tried = " (not tried)" if self.fit is Fit.UNTRIED else ""
        return "; ".join(self.commands) + tried


def list_steps(
    missing: Iterable[MissingPick], reverts: Iterable[TrunkRevert], history: BranchHistory
) -> tuple[Step, ...]:
    """What has to be done on the branch, in the order in which trunk asked for it."""
    own = {commit.sha: commit for commit in history.branch}
    steps = [Step(item.commit, item.commit) for item in missing if item.commit]
    for item in reverts:
        if item.state is RevertState.MISSING:
            pick = own.get(item.pick)
            steps.append(Step(pick, item.revert, reverts=True) if pick else Step(item.revert, item.revert))
    places = {commit.sha: place for place, commit in enumerate(history.trunk)}
    unique = {(step.commit.sha, step.reverts): step for step in reversed(steps)}
    return tuple(sorted(unique.values(), key=lambda step: places.get(step.about.sha, -1)))


def list_untried(steps: Iterable[Step]) -> tuple[Repair, ...]:
    """The steps where nothing could be tried."""
    return tuple(Repair(step, Fit.UNTRIED) for step in steps)


def try_steps(
    trial: Trial,
    steps: Iterable[Step],
    history: BranchHistory,
    explained: Iterable[Explained],
    reverts: Iterable[TrunkRevert],
) -> tuple[Repair, ...]:
    """Each step on what the ones before it made of the branch."""
    tester = _Tester(trial, history, tuple(explained), tuple(reverts))
    return tuple(tester.run(steps))


class _Tester:
    """Tries steps one after another."""

    def __init__(
        self, trial: Trial, history: BranchHistory, explained: tuple[Explained, ...], reverts: tuple[TrunkRevert, ...]
    ) -> None:
        self._trial = trial
        self._history = history
        self._head = history.branch[-1].sha if history.branch else history.base
        brought = {sha for item in explained if item.origin is not Origin.MERGE for sha in item.counterparts}
        _, gone = follow_reverts(reverts)
        self._settled = brought | gone

    def run(self, steps: Iterable[Step]) -> Iterator[Repair]:
        for number, step in enumerate(steps):
            repair = Repair(step, Fit.UNTRIED) if number >= MOST_STEPS else self._try(step)
            if repair.fit is Fit.APPLIES:
                self._head = repair.after
                self._settled |= {step.commit.sha, *(other.commit.sha for other in repair.needed)}
            yield repair

    def _try(self, step: Step) -> Repair:
        attempt = self._attempt(self._head, step)
        if attempt.commit:
            fit = Fit.EMPTY if attempt.is_empty else Fit.APPLIES
            return Repair(step, fit, before=self._head, after=attempt.commit)
        needed = self._find_needed(step, attempt.conflicts)
        after = self._chain((*needed, step)) if needed else ""
        if not after:
            return Repair(step, Fit.CONFLICTS, attempt.conflicts)
        return Repair(step, Fit.APPLIES, needed=needed, before=self._head, after=after)

    def _attempt(self, onto: str, step: Step) -> Attempt:
        act = self._trial.revert if step.reverts else self._trial.pick
        return act(onto, step.commit.sha)

    def _chain(self, steps: Iterable[Step]) -> str:
        """The commit that all of some steps make; empty if one conflicts."""
        head = self._head
        for step in steps:
            attempt = self._attempt(head, step)
            if not attempt.commit:
                return ""
            head = attempt.commit
        return head

    def _find_needed(self, step: Step, conflicts: tuple[str, ...]) -> tuple[Step, ...]:
        """Changes of trunk with which a step applies, as few as possible; none if they are not known."""
        if step.reverts:
            return ()
        files = {path for path in self._history.files.get(step.commit.sha, frozenset()) if path in conflicts}
        earlier = self._list_earlier(step, files or set(conflicts))
        needed = tuple(earlier[-MOST_NEEDED:])
        # What conflicts itself needs something too: leave it out, in case the step does not need it.
        if not self._chain((*needed, step)):
            needed = tuple(item for item in needed if self._attempt(self._head, item).commit)
        if not needed or not self._chain((*needed, step)):
            return ()
        for item in needed:
            fewer = tuple(other for other in needed if other is not item)
            if self._chain((*fewer, step)):
                needed = fewer
        return needed

    def _list_earlier(self, step: Step, files: set[str]) -> list[Step]:
        """What trunk had before a step in some files and the branch has not, oldest first."""
        earlier = []
        for commit in self._history.trunk:
            if commit.sha == step.commit.sha:
                break
            touches = files & self._history.files.get(commit.sha, frozenset())
            if touches and commit.sha not in self._settled:
                earlier.append(Step(commit, commit))
        return earlier


def compare_patches(trial: Trial, explained: Iterable[Explained], history: BranchHistory) -> tuple[Explained, ...]:
    """The commits, those with another patch than trunk's with the difference of the two.

    A batch that is not what its parts make of the commit before it is a modified one.
    """
    places = {commit.sha: place for place, commit in enumerate(history.trunk)}
    return tuple(_compare(trial, item, places) for item in explained)


def _compare(trial: Trial, item: Explained, places: Mapping[str, int]) -> Explained:
    if item.origin is Origin.MODIFIED and _is_clean_pick(trial, item):
        return replace(item, origin=Origin.EQUAL)
    if item.origin is Origin.MODIFIED:
        return replace(item, difference=trial.compare_patches(item.counterparts[0], item.commit.sha))
    if item.origin is not Origin.BATCH or not item.commit.parents:
        return item
    head = item.commit.parents[0]
    for part in sorted(item.counterparts, key=lambda sha: places.get(sha, -1)):
        attempt = trial.pick(head, part)
        if not attempt.commit:
            words = f"{part[:12]} conflicts in {_shorten(attempt.conflicts)}."
            return replace(item, origin=Origin.MODIFIED, difference=words)
        head = attempt.commit
    different = tuple(change.path for change in trial.list_changes(head, item.commit.sha))
    if not different:
        return item
    return replace(item, origin=Origin.MODIFIED, difference=f"Together the parts differ in {_shorten(different)}.")


def _is_clean_pick(trial: Trial, item: Explained) -> bool:
    """Whether git itself makes this commit of its counterpart. The lines around a change may differ on the branch."""
    if len(item.commit.parents) != 1:
        return False
    attempt = trial.pick(item.commit.parents[0], item.counterparts[0])
    return bool(attempt.commit) and not trial.list_changes(attempt.commit, item.commit.sha)


def find_hints(repairs: Iterable[Repair]) -> Mapping[str, str]:
    """Commit of trunk that asks for a repair -> what a person should do."""
    return {repair.step.about.sha: repair.hint for repair in repairs}


def _shorten(paths: tuple[str, ...], most: int = 5) -> str:
    more = len(paths) - most
    return ", ".join(paths[:most]) + (f" and {more} more" if more > 0 else "")
