"""What was promised for a branch and is not on it, in the order in which trunk merged it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from release_actions.branches.model import BranchHistory, Explained, Origin
from release_actions.branches.reverts import RevertState, TrunkRevert
from release_actions.changes.model import HistoryCommit


@dataclass(frozen=True)
class Promise:
    """A pull request that the milestone or label of the release names. `merge` is empty while it is not merged."""

    number: int
    title: str
    merge: str = ""


@dataclass(frozen=True)
class MissingPick:
    """A promised change that the branch does not have. `commit` is None while trunk does not have it either."""

    promise: Promise
    commit: HistoryCommit | None

    @property
    def command(self) -> str:
        """What brings it to the branch; empty while it is not merged."""
        if self.commit is None:
            return ""
        mainline = "-m 1 " if len(self.commit.parents) > 1 else ""
        return f"git cherry-pick -x {mainline}{self.commit.sha}"


def find_missing_picks(
    promises: Iterable[Promise],
    history: BranchHistory,
    explained: Iterable[Explained],
    reverts: Iterable[TrunkRevert],
) -> tuple[MissingPick, ...]:
    """Promises whose change trunk has had since the cut and the branch has not, and those that are not merged yet.

    What trunk had before the cut is on the branch already. What trunk has reverted for good is no longer promised.
    """
    brought = {sha for item in explained if item.origin is not Origin.MERGE for sha in item.counterparts}
    gone = {item.target.sha for item in reverts if item.target and item.state is not RevertState.RELANDED}
    before = {commit.sha for commit in history.before}
    places = {commit.sha: place for place, commit in enumerate(history.trunk)}
    commits = {commit.sha: commit for commit in history.trunk}
    missing = []
    for promise in promises:
        if promise.merge in before | brought | gone:
            continue
        # A pull request that was merged into another branch is not on trunk, whatever its state says.
        missing.append(MissingPick(promise, commits.get(promise.merge)))
    return tuple(sorted(missing, key=lambda item: places.get(item.promise.merge, len(places))))
