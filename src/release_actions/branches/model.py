"""Commits of a release branch with what explains them, as plain data."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from release_actions.changes.model import HistoryCommit, MergedChange


class Origin(enum.Enum):
    """Where a commit of the branch comes from. The value is what reports call it."""

    EQUAL = "equal"
    MODIFIED = "modified"
    BATCH = "batch"
    RELEASE_ONLY = "release-only"
    BEFORE_TRUNK = "before-trunk"
    REVERT_OF_BRANCH_COMMIT = "revert-of-branch-commit"
    REVERT_ON_BRANCH_ONLY = "revert-on-branch-only"
    MERGE = "merge"
    UNKNOWN = "unknown"


class EvidenceKind(enum.Enum):
    """What says that a commit of trunk is the counterpart, the surest first."""

    TRAILER = "trailer"
    NUMBER_IN_TITLE = "number in the title"
    NUMBER_IN_TEXT = "number in the text"
    TITLE = "same title"
    TITLE_IN_TEXT = "title in the text"
    PATCH = "same patch"


@dataclass(frozen=True)
class Evidence:
    """One reason to take a commit of trunk for the counterpart. `trunk` is empty where trunk does not have it."""

    kind: EvidenceKind
    trunk: str
    words: str


class Category(enum.Enum):
    """Why a change may enter a release branch (vLLM's RELEASE.md, PyTorch's cherry-pick criteria)."""

    REGRESSION = "regression"
    CRITICAL = "critical"
    FIX_OF_NEW_FEATURE = "new-feature fix"
    DOCUMENTATION = "documentation"
    RELEASE_ONLY = "release-only"
    FEATURE = "feature"
    UNCATEGORISED = "uncategorised"


@dataclass(frozen=True)
class Explained:
    """A commit of the branch with what it brings: `counterparts` are commits of trunk, `why` is about the category.

    `difference` is that of its patch and its counterpart's, where they differ. `names_issue`: whether it or one of its
    counterparts says which issue it ends.
    """

    commit: HistoryCommit
    origin: Origin
    evidence: tuple[Evidence, ...] = ()
    counterparts: tuple[str, ...] = ()
    category: Category = Category.UNCATEGORISED
    why: str = ""
    files: frozenset[str] = frozenset()
    difference: str = ""
    names_issue: bool = False


@dataclass(frozen=True)
class BranchHistory:
    """All that git knows: trunk up to the point the branch was cut from, trunk since, and the branch since.

    Each is in the order of history, oldest first. `files` has the paths of the commits since the cut.
    """

    repository: str
    base: str
    before: tuple[HistoryCommit, ...]
    trunk: tuple[HistoryCommit, ...]
    branch: tuple[HistoryCommit, ...]
    files: Mapping[str, frozenset[str]] = field(default_factory=dict)


def make_change(commit: HistoryCommit, number: int = 0) -> MergedChange:
    """A commit as a change of its own, for the readers of `changes`."""
    return MergedChange(
        commit.subject,
        commit.author,
        (commit.sha,),
        number=number,
        merged=commit.date,
        messages=(commit.message,),
    )
