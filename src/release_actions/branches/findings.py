"""Judges a branch by rules with levels: what should not be on it, what is missing, what must be given back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from release_actions.branches.categories import Criteria, is_new_model
from release_actions.branches.missing import MissingPick
from release_actions.branches.model import Category, Explained, Origin
from release_actions.branches.reverts import RevertState, TrunkRevert
from release_actions.changes.model import HistoryCommit
from release_actions.errors import Problem
from release_actions.runner.report import Finding
from release_actions.runner.report import Level as AnnotationLevel
from release_actions.versions.history import Level

DEFAULT_LEVELS: Mapping[str, Level] = {
    "not-on-trunk": Level.ERROR,
    "before-trunk": Level.ERROR,
    "feature": Level.ERROR,
    "content-differs": Level.WARN,
    "uncategorised": Level.WARN,
    "no-issue": Level.INFO,
    "counterpart-reverted": Level.ERROR,
    "missing-pick": Level.ERROR,
    "missing-revert": Level.ERROR,
    "relanded": Level.INFO,
    "partial-revert": Level.INFO,
    "revert-in-words": Level.INFO,
    "revert-not-on-trunk": Level.WARN,
    "direct-push": Level.ERROR,
    "unapproved": Level.ERROR,
    "stale-approval": Level.WARN,
}
"""Rule -> level, where release.yaml says nothing else."""

ANNOTATIONS = {
    Level.ERROR: AnnotationLevel.ERROR,
    Level.WARN: AnnotationLevel.WARNING,
    Level.INFO: AnnotationLevel.NOTICE,
}


NEED_ISSUE = frozenset({Category.REGRESSION, Category.CRITICAL, Category.FIX_OF_NEW_FEATURE})
"""What should say what went wrong, as PyTorch asks it of cherry-picks."""


@dataclass(frozen=True)
class BranchFinding:
    """Something that a person has to look at. `commit` is the one it is about, of the branch or of trunk."""

    rule: str
    level: Level
    message: str
    hint: str
    commit: str = ""

    def annotation(self) -> Finding:
        """As an annotation. A commit has no file and line."""
        return Finding(ANNOTATIONS[self.level], Problem(self.message, self.hint), self.rule)


def judge_branch(
    explained: Iterable[Explained],
    missing: Iterable[MissingPick],
    reverts: Iterable[TrunkRevert],
    criteria: Criteria,
    levels: Mapping[str, Level],
    hints: Mapping[str, str],
    reviews: Iterable[BranchFinding] = (),
) -> tuple[BranchFinding, ...]:
    """Every finding with a level above off: first what is on the branch, then what is missing, then reverts.

    `hints`: commit of trunk -> what brings it to the branch.
    """
    every = tuple(explained)
    findings = (
        *(finding for item in every for finding in _judge_commit(item, criteria)),
        *(_describe_missing(item, hints) for item in missing),
        *(finding for item in reverts for finding in _describe_revert(item, hints)),
        *reviews,
    )
    chosen = {**DEFAULT_LEVELS, **levels}
    return tuple(
        BranchFinding(
            finding.rule,
            # What a rule calls information in one case stays that, whatever its level is in others.
            finding.level if finding.level is Level.INFO else _lower(finding.level, chosen[finding.rule]),
            finding.message,
            finding.hint,
            finding.commit,
        )
        for finding in findings
        if chosen[finding.rule] is not Level.OFF
    )


def _lower(own: Level, chosen: Level) -> Level:
    """A warning stays one where the rule is an error: the case is a milder one."""
    return own if own is Level.WARN and chosen is Level.ERROR else chosen


def _judge_commit(item: Explained, criteria: Criteria) -> Iterator[BranchFinding]:
    name = describe(item.commit)
    if item.origin is Origin.UNKNOWN:
        message = f"{name} is not on trunk: no commit there has its patch or is named in its message."
        hint = "Land it on trunk first, name the trunk commit with git cherry-pick -x, or mark it [release-only]."
        yield _finding("not-on-trunk", message, hint, item)
    if item.origin is Origin.BEFORE_TRUNK:
        message = f"{name} entered the branch before trunk had it."
        yield _finding("before-trunk", message, "Land changes on trunk first, then pick them.", item)
    if item.origin is Origin.MODIFIED:
        message = f"{name} was picked from {item.counterparts[0][:12]} on trunk, but its patch differs."
        hint = f"Compare them: git range-diff {item.commit.sha[:12]}^! {item.counterparts[0][:12]}^!"
        yield _finding("content-differs", message, hint, item)
    if item.origin is Origin.REVERT_ON_BRANCH_ONLY:
        message = f"{name} reverts a change on the branch, but trunk still has that change."
        hint = "Revert it on trunk too, or explain in the pull request why trunk keeps it."
        yield _finding("revert-not-on-trunk", message, hint, item)
    if item.origin in {Origin.MERGE, Origin.REVERT_OF_BRANCH_COMMIT, Origin.REVERT_ON_BRANCH_ONLY}:
        return
    if item.category is Category.FEATURE and not (criteria.allow_new_models and is_new_model(item.commit)):
        message = f"{name} is a feature ({item.why})."
        yield _finding("feature", message, "Release branches take fixes. Move it to the next release.", item)
    if item.category is Category.UNCATEGORISED and item.origin is not Origin.RELEASE_ONLY:
        message = f"{name} has no category, so nothing shows that it may enter a release branch."
        hint = "Give its pull request one of the labels under branches.labels in release.yaml."
        yield _finding("uncategorised", message, hint, item)

    if criteria.has_texts and item.category in NEED_ISSUE and not item.names_issue:
        message = f"{name} is a fix ({item.category.value}), and neither it nor its pull requests name an issue."
        yield _finding("no-issue", message, "Name the issue in the pull request, such as Fixes #12.", item, Level.INFO)


def _finding(rule: str, message: str, hint: str, item: Explained, level: Level = Level.ERROR) -> BranchFinding:
    return BranchFinding(rule, level, message, hint, item.commit.sha)


def _describe_missing(item: MissingPick, hints: Mapping[str, str]) -> BranchFinding:
    what = f"#{item.promise.number} ({item.promise.title})"
    if item.commit is None:
        message = f"{what} is promised for the branch but is not merged on trunk."
        hint = "Merge it, or remove it from the milestone or remove its label."
        return BranchFinding("missing-pick", Level.WARN, message, hint)
    message = f"{what} is promised for the branch but is not on it."
    return BranchFinding("missing-pick", Level.ERROR, message, hints.get(item.commit.sha, ""), item.commit.sha)


def _describe_revert(item: TrunkRevert, hints: Mapping[str, str]) -> Iterator[BranchFinding]:
    name = describe(item.revert)
    target = describe(item.target) if item.target else ""
    if item.state is RevertState.MISSING:
        message = f"Trunk reverted {target} with {name}, and the branch still has it."
        level = Level.WARN if item.harmless else Level.ERROR
        rule = "counterpart-reverted" if item.pick else "missing-revert"
        yield BranchFinding(rule, level, message, hints.get(item.revert.sha, ""), item.revert.sha)
    if item.state is RevertState.RELANDED:
        message = (
            f"Trunk reverted {target} and landed it again with {item.again[:12]}; the branch has the first version."
        )
        hint = "Pick the revert and the second version if the branch needs it."
        yield BranchFinding("relanded", Level.INFO, message, hint, item.revert.sha)
    if item.state is RevertState.PARTIAL:
        message = f"Trunk reverted a part of {target} with {name}."
        yield BranchFinding(
            "partial-revert", Level.INFO, message, "Decide whether the branch needs it.", item.revert.sha
        )
    if item.state is RevertState.WORDS:
        message = f"{name} says that it reverts something, but names no change on trunk."
        yield BranchFinding(
            "revert-in-words", Level.INFO, message, "Check whether it reverts a change on the branch.", item.revert.sha
        )


def describe(commit: HistoryCommit) -> str:
    """A commit for people: short name and subject."""
    return f"{commit.sha[:12]} ({commit.subject})"
