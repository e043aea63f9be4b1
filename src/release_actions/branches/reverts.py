"""Finds what trunk has taken back and the branch still has, following every chain of reverts and re-lands to its end.

A target is in the branch if trunk had it before the cut, or a commit of the branch brings it. It is out if the branch
reverts it or its pick, or brings trunk's revert. Nothing is taken from likeness: what a revert names but nobody can
find is reported as words. Pure.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from release_actions.branches.categories import DOCUMENTATION, RELEASE_PATHS
from release_actions.branches.model import BranchHistory, Explained, Origin, make_change
from release_actions.branches.origins import find_branch_reverts
from release_actions.branches.trunk import number_of
from release_actions.builds.path_filter import matches
from release_actions.changes.model import HistoryCommit
from release_actions.changes.undo import ResolvedUndo, resolve_undos
from release_actions.changes.undo_grammar import UndoKind


class RevertState(enum.Enum):
    """What a revert of trunk means for the branch."""

    MISSING = "missing-revert"
    RELANDED = "relanded"
    PARTIAL = "partial-revert"
    WORDS = "revert-in-words"
    NOT_NEEDED = "not-needed"
    DONE = "done"


@dataclass(frozen=True)
class TrunkRevert:
    """A revert on trunk since the cut.

    `pick` is the branch's own commit of the target, empty if the target came before the cut. `again` is the commit that
    landed the target again. `harmless`: only documentation and tests are affected. `is_final`: trunk has not taken the
    revert back.
    """

    revert: HistoryCommit
    target: HistoryCommit | None
    state: RevertState
    pick: str = ""
    again: str = ""
    harmless: bool = False
    is_final: bool = True
    is_partial: bool = False


class _Chains:
    """Which changes of trunk count at its end, by the reverts and re-lands that are about them."""

    def __init__(self, undos: Iterable[ResolvedUndo]) -> None:
        self._reverts: defaultdict[str, list[str]] = defaultdict(list)
        self._relands: defaultdict[str, list[str]] = defaultdict(list)
        for undo in undos:
            if undo.undo.partial:
                continue
            kind = self._reverts if undo.undo.kind is UndoKind.REVERT else self._relands
            for target in undo.targets:
                kind[target.sha].append(undo.change.sha)

    def counts(self, sha: str) -> bool:
        """Whether a change is in effect. A revert is about something older, so this ends."""
        return not any(self.counts(revert) for revert in self._reverts.get(sha, ()))

    def landed_again(self, sha: str) -> str:
        """The last change in effect that brings this one back; empty if there is none."""
        about = (sha, *self._reverts.get(sha, ()))
        again = [reland for revert in about for reland in self._relands.get(revert, ()) if self.counts(reland)]
        return again[-1] if again else ""


def find_trunk_reverts(history: BranchHistory, explained: Iterable[Explained]) -> tuple[TrunkRevert, ...]:
    """Every revert on trunk since the cut with what it means for the branch, in the order of trunk."""
    line = (*history.before, *history.trunk)
    commits = {commit.sha: commit for commit in line}
    changes = [make_change(commit, number_of(commit, history.repository)) for commit in line]
    undos = resolve_undos(changes, history.repository)
    chains = _Chains(undos)
    since = {commit.sha for commit in history.trunk}
    branch = _Branch(history, tuple(explained))
    reverts = []
    for undo in undos:
        if undo.change.sha not in since or undo.undo.kind is not UndoKind.REVERT:
            continue
        revert = commits[undo.change.sha]
        if not undo.targets:
            reverts.append(TrunkRevert(revert, None, RevertState.WORDS))
        reverts += [_judge(revert, commits[target.sha], undo, chains, branch, history) for target in undo.targets]
    return tuple(reverts)


def _judge(
    revert: HistoryCommit,
    target: HistoryCommit,
    undo: ResolvedUndo,
    chains: _Chains,
    branch: _Branch,
    history: BranchHistory,
) -> TrunkRevert:
    pick = branch.picks.get(target.sha, "")
    files = history.files.get(target.sha) or history.files.get(revert.sha, frozenset())
    harmless = bool(files) and all(matches((*DOCUMENTATION, *RELEASE_PATHS), path) for path in files)

    is_final, again = chains.counts(revert.sha), chains.landed_again(target.sha)

    def result(state: RevertState) -> TrunkRevert:
        return TrunkRevert(revert, target, state, pick, again, harmless, is_final, undo.undo.partial)

    if not branch.has(target.sha):
        return result(RevertState.NOT_NEEDED)
    if revert.sha in branch.picks or branch.has_reverted(target.sha):
        return result(RevertState.DONE)
    if not is_final:
        # The revert was reverted: trunk has the target again, as the branch does.
        return result(RevertState.NOT_NEEDED)
    if again:
        return result(RevertState.RELANDED)
    return result(RevertState.PARTIAL if undo.undo.partial else RevertState.MISSING)


class _Branch:
    """What the branch has of trunk, and what it has taken back itself."""

    def __init__(self, history: BranchHistory, explained: tuple[Explained, ...]) -> None:
        self._before = {commit.sha for commit in history.before}
        bringing = (Origin.EQUAL, Origin.MODIFIED, Origin.BATCH, Origin.BEFORE_TRUNK)
        self.picks: Mapping[str, str] = {
            sha: item.commit.sha for item in explained if item.origin in bringing for sha in item.counterparts
        }
        own = find_branch_reverts(history)
        chains = _Chains(own.values())
        self._reverted = {
            target.sha
            for sha, undo in own.items()
            if undo.undo.kind is UndoKind.REVERT and not undo.undo.partial and chains.counts(sha)
            for target in undo.targets
        }

    def has(self, sha: str) -> bool:
        """Whether the branch was cut after a change of trunk or brings it."""
        return sha in self._before or sha in self.picks

    def has_reverted(self, sha: str) -> bool:
        """Whether the branch reverts a change of trunk or its own pick of it."""
        return sha in self._reverted or self.picks.get(sha, "") in self._reverted
