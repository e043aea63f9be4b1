"""Audits a branch: reads the checkout and, with a token, GitHub; explains, judges, and tries what would repair it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from release_actions.branches import from_checkout, from_github
from release_actions.branches.categories import Criteria
from release_actions.branches.findings import BranchFinding, judge_branch
from release_actions.branches.missing import MissingPick, find_missing_picks
from release_actions.branches.model import BranchHistory, Explained, Origin
from release_actions.branches.origins import explain_branch
from release_actions.branches.reverts import RevertState, TrunkRevert, find_trunk_reverts
from release_actions.branches.reviews import judge_reviews
from release_actions.branches.trunk import number_of
from release_actions.branches.trying import Repair, compare_patches, find_hints, list_steps, list_untried, try_steps
from release_actions.branches.under_test import PullUnderTest, retitle
from release_actions.changes.model import MergedPull
from release_actions.errors import ActionError
from release_actions.git.trial import Trial
from release_actions.people.from_checkout import read_owners
from release_actions.versions.history import Level

PICKS, MISSING, REVERTS = "picks", "missing", "reverts"
REVIEWS = "reviews"
CHECKS = (PICKS, MISSING, REVERTS)
EVERY_CHECK = (*CHECKS, REVIEWS)


@dataclass(frozen=True)
class AuditRequest:
    """What to audit. `promised` are numbers of pull requests, beside those of `milestone` and `label`.

    With a `pull` only what it brings is judged, and `branch` is its newest commit.
    """

    folder: Path
    branch: str
    trunk: str
    since: str = ""
    repository: str = ""
    checks: tuple[str, ...] = CHECKS
    promised: tuple[int, ...] = ()
    milestone: str = ""
    label: str = ""
    levels: Mapping[str, Level] = field(default_factory=dict)
    criteria: Criteria = field(default_factory=Criteria)
    pull: PullUnderTest | None = None


@dataclass(frozen=True)
class Audited:
    """All that the audit found. `as_of` is the commit of trunk that was compared with; `unknown` what is not known."""

    branch: str
    head: str
    as_of: str
    history: BranchHistory
    explained: tuple[Explained, ...]
    missing: tuple[MissingPick, ...]
    reverts: tuple[TrunkRevert, ...]
    repairs: tuple[Repair, ...]
    findings: tuple[BranchFinding, ...]
    unknown: tuple[str, ...] = ()

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands that repair the branch and are known to apply, in order."""
        return tuple(dict.fromkeys(command for repair in self.repairs for command in repair.commands))


def audit_branch(request: AuditRequest, reader: from_github.BranchReader | None, log: Callable[[str], None]) -> Audited:
    """Read both lines and judge the branch. Without a `reader` GitHub is not asked, and what that leaves open is said.

    Raises `InputError`, `RemoteError`, and `ShallowCheckoutError`.
    """
    folder = request.folder
    history = from_checkout.read_branch(
        folder, request.branch, request.trunk, since=request.since, repository=request.repository
    )
    base = history.base[:12]
    log(f"{request.branch} has {len(history.branch)} commits since {base}, trunk has {len(history.trunk)}.")
    own = _find_own(request, history)
    if request.pull:
        history = retitle(history, request.pull, own)
        labels = dict.fromkeys(own, request.pull.labels)
        request = replace(request, criteria=replace(request.criteria, pull_labels=labels))
    titles = reader.read_promised(request.milestone, request.label) if reader else {}
    numbers = tuple(dict.fromkeys((*request.promised, *titles)))
    pulls: Mapping[int, MergedPull] = {}
    explained = _explain(request, history)
    if reader:
        pulls = _read_pulls(reader, history, explained, numbers)
        branch = from_github.add_texts(history.branch, pulls, history.repository)
        trunk = from_github.add_texts(history.trunk, pulls, history.repository)
        history = replace(history, branch=branch, trunk=trunk)
        known = from_github.find_labels(explained, pulls)
        labels = {sha: (*request.criteria.pull_labels.get(sha, ()), *names) for sha, names in known.items()}
        request = replace(request, criteria=replace(request.criteria, pull_labels=labels, has_texts=True))
        explained = _explain(request, history)
    reverts = find_trunk_reverts(history, explained) if REVERTS in request.checks else ()
    promises = from_github.make_promises(numbers, titles, pulls, history)
    missing = find_missing_picks(promises, history, explained, reverts) if MISSING in request.checks else ()
    repairs, explained, untried = _try_repairs(request, history, explained, missing, reverts)
    explained = tuple(item for item in explained if item.commit.sha in own)
    judged = explained if PICKS in request.checks else ()
    hints = find_hints(repairs)
    reviews = _judge_reviews(request, reader, history, explained)
    findings = judge_branch(judged, missing, reverts, request.criteria, request.levels, hints, reviews)
    return Audited(
        request.branch,
        history.branch[-1].sha if history.branch else history.base,
        history.trunk[-1].sha if history.trunk else history.base,
        history,
        explained,
        missing,
        reverts,
        repairs,
        findings,
        (*_list_unknown(request, numbers, has_reader=reader is not None), *untried),
    )


def _find_own(request: AuditRequest, history: BranchHistory) -> frozenset[str]:
    """The commits that are judged: those of the branch, or those that a pull request brings to it."""
    every = frozenset(commit.sha for commit in history.branch)
    if request.pull is None:
        return every
    return every - from_checkout.list_commits(request.folder, request.pull.base)


def _explain(request: AuditRequest, history: BranchHistory) -> tuple[Explained, ...]:
    return explain_branch(
        history, request.criteria, lambda commits: from_checkout.read_patch_ids(request.folder, commits)
    )


def _read_pulls(
    reader: from_github.BranchReader,
    history: BranchHistory,
    explained: tuple[Explained, ...],
    numbers: tuple[int, ...],
) -> Mapping[int, MergedPull]:
    """The pull requests that are promised, those on the branch, those they bring, and reverts that name nothing."""
    unresolved = [item.revert for item in find_trunk_reverts(history, explained) if item.state is RevertState.WORDS]
    wanted = (
        *numbers,
        *from_github.list_numbers(explained, history),
        *(number_of(commit, history.repository) for commit in unresolved),
    )
    return reader.read_pulls(wanted)


def _try_repairs(
    request: AuditRequest,
    history: BranchHistory,
    explained: tuple[Explained, ...],
    missing: tuple[MissingPick, ...],
    reverts: tuple[TrunkRevert, ...],
) -> tuple[tuple[Repair, ...], tuple[Explained, ...], tuple[str, ...]]:
    """Repairs that were tried, the commits with what was adapted in them, and why that could not be done."""
    steps = list_steps(missing, reverts, history)
    modified = PICKS in request.checks and any(item.origin in {Origin.MODIFIED, Origin.BATCH} for item in explained)
    if not steps and not modified:
        return (), explained, ()
    try:
        with Trial(request.folder) as trial:
            shown = compare_patches(trial, explained, history) if modified else explained
            return try_steps(trial, steps, history, explained, reverts), shown, ()
    except ActionError as error:
        return list_untried(steps), explained, (str(error),)


def _judge_reviews(
    request: AuditRequest,
    reader: from_github.BranchReader | None,
    history: BranchHistory,
    explained: tuple[Explained, ...],
) -> tuple[BranchFinding, ...]:
    """Who approved what entered the branch, by the owners of the commit that it began at: no change names its own."""
    if REVIEWS not in request.checks or reader is None:
        return ()
    owners = read_owners(request.folder, history.base)
    pulls = reader.read_reviewed(request.branch, [item.commit.sha for item in explained])
    return tuple(judge_reviews(explained, pulls, owners if owners.files else None))


def _list_unknown(request: AuditRequest, numbers: tuple[int, ...], *, has_reader: bool) -> list[str]:
    unknown = []
    if not has_reader:
        unknown.append("Labels and texts of pull requests were not read: there is no token.")
    if REVIEWS in request.checks:
        unknown.append("Whether the required checks of each pull request were green was not judged.")
    if MISSING in request.checks and not numbers:
        unknown.append(
            "Nothing is known to be promised: set milestone or label with a token, or promised with numbers."
        )
    return unknown
