"""Explains each commit of a branch: which commits of trunk it brings, whether they are the same, or why there are none.

Patches are compared only where it matters: of a commit and what it is said to bring, and of a commit that says nothing
with the commits of trunk that change the same files. The identities come from the caller, many in one git process.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from release_actions.branches.categories import Criteria, categorise
from release_actions.branches.model import BranchHistory, Evidence, EvidenceKind, Explained, Origin, make_change
from release_actions.branches.trunk import TrunkIndex, number_of
from release_actions.changes.model import HistoryCommit
from release_actions.changes.titles import split_marks, without_numbers
from release_actions.changes.undo import ResolvedUndo, resolve_undos
from release_actions.changes.undo_grammar import UndoKind

PatchIds = Callable[[Iterable[HistoryCommit]], Mapping[str, str]]
"""Commit -> identity of its patch; commits without a patch are left out."""

MARK = re.compile(r"(?i)^\s*\[(?:release[- ]only[^\]]*|branch[- ]only|release[- ]branch[^\]]*)\]|^release[- ]only\b")
"""A title that says that the change is for the branch alone."""

ISSUE = re.compile(
    r"(?i)\b(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?)\b:?\s+(?:[\w.-]+/[\w.-]+)?#[0-9]|https?://\S+/issues/[0-9]"
)
"""Words that say which issue a change ends (GitHub docs, "Linking a pull request to an issue")."""

RELEASE_WORK = re.compile(
    r"(?i)(?:chore(?:\(release\))?:\s*)?\W*(?:(?:prepare|preparing|make|cut|publish)(?:\s+for)?(?:\s+the)?(?:\s+new)?"
    r"(?:\s+release)?|release|(?:bump|set|update)(?:\s+the)?\s+versions?(?:\s+(?:to|for))?|version bump(?:\s+to)?)"
    r"(?:\s+(?:of|for|to))?\s+v?[0-9]+\.[0-9]+[0-9A-Za-z.+-]*(?:\s+(?:release|version))?(?:\s+on\s+\S+\s+branch)?\W*"
)
"""A whole title that says no more than that a version is released."""


@dataclass(frozen=True)
class _Candidate:
    """A commit of the branch with what it says, before patches are compared."""

    commit: HistoryCommit
    evidence: tuple[Evidence, ...]
    alike: tuple[HistoryCommit, ...] = ()
    counterparts: tuple[str, ...] = field(default=())


def explain_branch(history: BranchHistory, criteria: Criteria, patch_ids: PatchIds) -> tuple[Explained, ...]:
    """Every commit of the branch since it was cut, in order."""
    index = TrunkIndex(history)
    undos = find_branch_reverts(history)
    candidates = [_find_candidate(commit, history, index) for commit in history.branch]
    wanted = _commits_to_compare(candidates, index)
    patches = patch_ids(wanted)
    return tuple(_explain(candidate, history, index, undos, patches, criteria) for candidate in candidates)


def find_branch_reverts(history: BranchHistory) -> Mapping[str, ResolvedUndo]:
    """The reverts on the branch by commit, with what they are about: of the branch, or of trunk before the cut."""
    line = (*history.before, *history.branch)
    changes = [make_change(commit, number_of(commit, history.repository)) for commit in line]
    own = {commit.sha for commit in history.branch}
    return {undo.change.sha: undo for undo in resolve_undos(changes, history.repository) if undo.change.sha in own}


def _find_candidate(commit: HistoryCommit, history: BranchHistory, index: TrunkIndex) -> _Candidate:
    if len(commit.parents) > 1:
        return _Candidate(commit, ())
    evidence = index.find(commit)
    known = any(candidate.trunk for candidate in evidence)
    alike = () if known else index.with_files(history.files.get(commit.sha, frozenset()))
    return _Candidate(commit, evidence, alike, _choose(evidence))


def _choose(evidence: Iterable[Evidence]) -> tuple[str, ...]:
    """The commits that the surest kind of evidence names. Several of one kind are a batch."""
    kinds: dict[EvidenceKind, dict[str, None]] = {}
    for item in evidence:
        if item.trunk:
            kinds.setdefault(item.kind, {}).setdefault(item.trunk)
    return next((tuple(kinds[kind]) for kind in EvidenceKind if kind in kinds), ())


def _commits_to_compare(candidates: Iterable[_Candidate], index: TrunkIndex) -> tuple[HistoryCommit, ...]:
    wanted: dict[str, HistoryCommit] = {}
    for candidate in candidates:
        others = [*(index.get(sha) for sha in candidate.counterparts), *candidate.alike]
        if any(others):
            wanted |= {commit.sha: commit for commit in (candidate.commit, *filter(None, others))}
    return tuple(wanted.values())


def _explain(
    candidate: _Candidate,
    history: BranchHistory,
    index: TrunkIndex,
    undos: Mapping[str, ResolvedUndo],
    patches: Mapping[str, str],
    criteria: Criteria,
) -> Explained:
    commit = candidate.commit
    files = history.files.get(commit.sha, frozenset())
    own = patches.get(commit.sha)
    evidence, counterparts = candidate.evidence, candidate.counterparts
    shown = tuple(sha for sha in counterparts if _is_plausible(commit, index.get(sha), history, evidence))
    counterparts = shown
    equal = [other for other in candidate.alike if own is not None and patches.get(other.sha) == own]
    # A change that was reverted and landed again has the same patch twice: what trunk had by then was picked.
    earlier = [other for other in equal if not (other.date and commit.date and other.date > commit.date)]
    for other in (earlier or equal)[-1:] if not counterparts else ():
        evidence, counterparts = (*evidence, Evidence(EvidenceKind.PATCH, other.sha, other.subject)), (other.sha,)
    category, why = categorise(commit, files, criteria)
    brought = (index.get(sha) for sha in counterparts)
    names_issue = any(ISSUE.search(each.message) for each in (commit, *filter(None, brought)))
    explained = Explained(commit, Origin.UNKNOWN, evidence, counterparts, category, why, files, names_issue=names_issue)
    return replace(explained, origin=_origin(explained, undos.get(commit.sha), patches, index, criteria))


def _is_plausible(
    commit: HistoryCommit, other: HistoryCommit | None, history: BranchHistory, evidence: tuple[Evidence, ...]
) -> bool:
    """Whether a commit may bring what its message names: they change a file of the same name, or have the same title.

    Everybody may write any name into a message. A file that trunk has moved keeps its name.
    """
    own, theirs = (
        {path.rpartition("/")[2] for path in history.files.get(sha, ())}
        for sha in (commit.sha, other.sha if other else "")
    )
    titles = {item.trunk for item in evidence if item.kind is EvidenceKind.TITLE}
    return not own or not theirs or bool(own & theirs) or bool(other and other.sha in titles)


def _origin(
    explained: Explained,
    undo: ResolvedUndo | None,
    patches: Mapping[str, str],
    index: TrunkIndex,
    criteria: Criteria,
) -> Origin:
    commit = explained.commit
    if len(commit.parents) > 1:
        return Origin.MERGE
    if explained.counterparts:
        return _compare(explained, patches, index)
    if undo and undo.undo.kind is UndoKind.REVERT and undo.targets:
        before = any(index.get(target.sha) for target in undo.targets)
        return Origin.REVERT_ON_BRANCH_ONLY if before else Origin.REVERT_OF_BRANCH_COMMIT
    return Origin.RELEASE_ONLY if is_release_only(explained, criteria) else Origin.UNKNOWN


def _compare(explained: Explained, patches: Mapping[str, str], index: TrunkIndex) -> Origin:
    """How a commit and its counterparts relate. What landed on trunk later is no pick."""
    others = [other for sha in explained.counterparts if (other := index.get(sha))]
    moment = explained.commit.date
    if moment and all(other.date and other.date > moment for other in others):
        return Origin.BEFORE_TRUNK
    if len(others) > 1:
        return Origin.BATCH
    own, theirs = patches.get(explained.commit.sha), patches.get(others[0].sha)
    # Two commits without a patch, such as empty ones, differ in nothing.
    return Origin.EQUAL if own == theirs else Origin.MODIFIED


def is_release_only(explained: Explained, criteria: Criteria) -> bool:
    """Whether title, or paths that the project lists, prove that a commit is for the branch alone."""
    _, title = split_marks(without_numbers(explained.commit.subject))
    says_so = bool(MARK.match(explained.commit.subject) or RELEASE_WORK.fullmatch(title))
    return says_so or criteria.covers_release_only(explained.files)
