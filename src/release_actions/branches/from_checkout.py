"""Reads a branch and trunk from a checkout with its whole history. Changes nothing, and asks nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from release_actions.branches.model import BranchHistory
from release_actions.changes.from_git import make_commit
from release_actions.changes.model import HistoryCommit
from release_actions.errors import ActionError, InputError
from release_actions.git import history

NEWEST = "{newest}"
"""What stands in a branch's name for the number of the newest branch."""

UNSHALLOW = "Check it out with fetch-depth: 0, or run git fetch --unshallow --tags."


class ShallowCheckoutError(ActionError):
    """A checkout without the whole history, which cannot say what a branch has: exit code 3."""


def read_branch(folder: Path, branch: str, trunk: str, *, since: str = "", repository: str = "") -> BranchHistory:
    """What trunk and a branch have had since they parted. Each name is a branch or any revision.

    `since` is the commit to begin at, their newest common one if empty. Raises `InputError` for a name that the
    checkout does not have, and `ShallowCheckoutError`.
    """
    if history.is_shallow(folder):
        message = "The checkout is shallow, so commits of the branch may be missing."
        raise ShallowCheckoutError(message, hint=UNSHALLOW)
    head, tip = _resolve(folder, branch), _resolve(folder, trunk)
    base = _resolve(folder, since) if since else history.find_merge_base(folder, head, tip)
    if not base:
        message = f"{branch} and {trunk} have no commit in common."
        raise InputError(message, hint="Set the input 'trunk' to the branch that pull requests are merged into first.")
    files = {
        **history.read_changed_files(folder, tip, f"^{base}"),
        **history.read_changed_files(folder, head, f"^{base}"),
    }
    return BranchHistory(
        repository,
        base,
        _read(folder, base),
        _read(folder, tip, f"^{base}"),
        _read(folder, head, f"^{base}"),
        files,
    )


def list_commits(folder: Path, branch: str) -> frozenset[str]:
    """Every commit of a branch. Raises `InputError` for one that the checkout does not have."""
    return frozenset(history.list_commits(folder, _resolve(folder, branch)))


def find_branch(folder: Path, names: Iterable[str]) -> str:
    """The first of some branches that the checkout has, as `choose_branch` says."""
    return choose_branch(history.list_branches(folder), names)


def choose_branch(known: Iterable[str], names: Iterable[str]) -> str:
    """The first of some branches that is there; of a name with `{newest}` the highest number. Empty if none is."""
    every = tuple(known)
    for name in names:
        start, newest, end = name.partition(NEWEST)
        form = re.compile(f"{re.escape(start)}([0-9]{{1,9}}){re.escape(end)}")
        numbers = [(int(match[1]), branch) for branch in every if (match := form.fullmatch(branch))] if newest else []
        if numbers:
            return max(numbers)[1]
        if not newest and name in every:
            return name
    return ""


def _resolve(folder: Path, name: str) -> str:
    commit = history.resolve_commit(folder, (f"origin/{name}", name))
    if not commit:
        message = f"The checkout has no branch or commit {name}."
        raise InputError(message, hint=f"Run git fetch origin {name}, or correct the name.")
    return commit


def _read(folder: Path, *revisions: str) -> tuple[HistoryCommit, ...]:
    return tuple(map(make_commit, history.read_records(folder, *revisions)))


def read_patch_ids(folder: Path, commits: Iterable[HistoryCommit]) -> Mapping[str, str]:
    """The identity of each commit's patch; commits without one are left out."""
    records = (history.CommitRecord(commit.sha, commit.parents, "", "", 0, "") for commit in commits)
    return history.read_patch_ids(folder, records)
