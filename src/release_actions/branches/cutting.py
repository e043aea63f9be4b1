"""Plans and makes a release branch: where it begins, what has to differ there, and what GitHub says to it.

A branch that is there is never moved. Nothing is written in a fork, nor in another repository than release.yaml's.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from release_actions.branches.rewriting import Rewritten
from release_actions.branches.starting import Start
from release_actions.errors import RemoteError
from release_actions.github.pygithub import ask
from release_actions.proposals.model import FileChange, ProposedCommit, PullProposal

if TYPE_CHECKING:
    from github.Repository import Repository


class CutState(str, enum.Enum):
    """What there is to do, or was done. The value is what the output says."""

    PLANNED = "planned"
    DONE = "done"
    CREATED = "created"
    REUSED = "reused"
    REFUSED = "refused"


@dataclass(frozen=True)
class CutPlan:
    """A branch to make. `there` is the commit that a branch of this name has, empty without one.

    `reuses` is a branch of the same line that is there already. `refusals` say why nothing may be made.
    """

    repository: str
    branch: str
    start: Start
    there: str = ""
    reuses: str = ""
    rewritten: tuple[Rewritten, ...] = ()
    refusals: tuple[str, ...] = ()

    @property
    def state(self) -> CutState:
        """What there is to do."""
        if self.refusals:
            return CutState.REFUSED
        if self.reuses:
            return CutState.REUSED
        return CutState.DONE if self.there else CutState.PLANNED

    @property
    def commands(self) -> tuple[str, ...]:
        """What a person would run to make the branch."""
        if self.state is not CutState.PLANNED:
            return ()
        commit = self.start.commit
        return (f"git fetch origin {commit}", f"git push origin {commit}:refs/heads/{self.branch}")

    @property
    def patch(self) -> str:
        """What has to differ on the branch, as `git apply` takes it."""
        return "".join(item.patch for item in self.rewritten)


def find_refusals(
    repository: Repository, configured: str, branch: str, there: str, start: str, frozen: str
) -> Iterator[str]:
    """Why a branch may not be made here and now."""
    name = repository.full_name
    if repository.fork:
        parent = (repository.raw_data.get("parent") or {}).get("full_name")
        yield f"{name} is a fork{f' of {parent}' if parent else ''}. Release branches are cut in the original only."
    if configured and configured.lower() != name.lower():
        yield f"release.yaml is {configured}'s, and this is {name}. Release branches are cut in {configured} only."
    if there and there != start:
        yield f"{branch} is there already, at {there[:12]} and not at {start[:12]}. A branch is never moved."
    if frozen:
        yield frozen


def create_branch(repository: Repository, plan: CutPlan) -> str:
    """Make the branch. Returns why GitHub did not, in sentences; empty when it is there, at the right commit."""
    what = f"make the branch {plan.branch}"
    try:
        ask(lambda: repository.create_git_ref(f"refs/heads/{plan.branch}", plan.start.commit), what)
    except RemoteError as error:
        if error.status not in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}:
            raise
        there = read_branch(repository, plan.branch)
        return "" if there == plan.start.commit else explain_refusal(error, plan)
    there = read_branch(repository, plan.branch)
    if there != plan.start.commit:
        return f"{plan.branch} was made, and is at {there[:12] or 'nothing'} now. Somebody else has changed it."
    return ""


def read_branch(repository: Repository, branch: str) -> str:
    """The commit of a branch; empty if there is none. Raises `RemoteError`."""
    try:
        return ask(lambda: repository.get_git_ref(f"heads/{branch}"), f"read the branch {branch}").object.sha
    except RemoteError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return ""
        raise


def explain_refusal(error: RemoteError, plan: CutPlan) -> str:
    """What GitHub said, and what a person can do."""
    message = error.problems[0].message
    if "rule violations" in message or "restricted" in message:
        advice = "A ruleset forbids to make this branch: let who may bypass it run the commands."
    elif error.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        advice = f"Check whether {plan.branch} is a name that git takes, and whether the commit is on GitHub."
    else:
        advice = (
            "The job needs contents: write. A job's own token may not make a branch with workflow files that the "
            "default branch does not have: pass the token of an app with the permission workflows, or run the commands "
            "by hand."
        )
    return f"{message} {advice}"


def propose_rewrites(plan: CutPlan) -> PullProposal:
    """The rewrites as a pull request into the new branch."""
    changes = tuple(FileChange(item.path, item.after.encode()) for item in plan.rewritten)
    title = f"[release-only] Name {plan.branch} where trunk was named"
    body = f"Files that say something else on `{plan.branch}` than on trunk, by `branches.rewrites` of release.yaml."
    commits = (ProposedCommit(f"{title}\n", changes),) if changes else ()
    return PullProposal(f"cut-branch/{plan.branch}", plan.branch, plan.start.commit, title, body, commits)
