"""What was promised for a branch and is not on it, in the order in which trunk merged it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from release_actions.branches.model import BranchHistory, Explained, Origin
from release_actions.branches.reverts import TrunkRevert
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


def find_missing_picks(
    promises: Iterable[Promise],
    history: BranchHistory,
    explained: Iterable[Explained],
    reverts: Iterable[TrunkRevert],
) -> tuple[MissingPick, ...]:
    """Promises whose change trunk has had since the cut and the branch has not, and those that are not merged yet.

    What trunk had before the cut is on the branch already, as is what was merged into the branch itself. What trunk has
    reverted for good is no longer promised, and of what it landed again the last version is.
    """
    own = {commit.sha for commit in history.branch}
    brought = {sha for item in explained if item.origin is not Origin.MERGE for sha in item.counterparts}
    again, gone = follow_reverts(reverts)
    before = {commit.sha for commit in history.before}
    places = {commit.sha: place for place, commit in enumerate(history.trunk)}
    commits = {commit.sha: commit for commit in history.trunk}
    missing = []
    for promise in promises:
        if promise.merge in before | own | brought | gone:
            continue
        # A pull request that was merged into another branch is not on trunk, whatever its state says.
        commit = commits.get(again.get(promise.merge, promise.merge))
        if commit is None or commit.sha not in brought:
            missing.append(MissingPick(promise, commit))
    return tuple(sorted(missing, key=lambda item: places.get(item.commit.sha if item.commit else "", len(places))))


def follow_reverts(reverts: Iterable[TrunkRevert]) -> tuple[Mapping[str, str], frozenset[str]]:
    """Commit of trunk -> the one that landed it again, and the commits that trunk has taken back for good."""
    every = [item for item in reverts if item.target and item.is_final and not item.is_partial]
    again = {item.target.sha: item.again for item in every if item.target and item.again}
    return again, frozenset(item.target.sha for item in every if item.target and not item.again)
