"""Proposes a change as one draft pull request from a branch of its own, opened, updated in place, closed when clean.

Only branches that begin with `release-actions/` are pushed to, and none whose newest commit is by another one. This
module must never push to the branch that a proposal is for, never merge, and never close what it did not open.
"""

from __future__ import annotations

from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING

from release_actions.errors import InputError, RemoteError
from release_actions.git.process import OWN_EMAIL
from release_actions.github.pygithub import ask
from release_actions.proposals.marker import make_marker, read_marker, sign_body
from release_actions.proposals.model import OWN_BRANCHES, Outcome, PullProposal, State, touches_workflows
from release_actions.proposals.objects import make_commits
from release_actions.proposals.refusals import explain_refusal, is_refusal

if TYPE_CHECKING:
    from github import Github
    from github.PullRequest import PullRequest
    from github.Repository import Repository

JOB_LOGIN = "github-actions[bot]"
NO_CHECKS = (
    "It was opened with the job's own token, so GitHub may start no checks for it: close it and open it again by hand, "
    "or pass the token of an app."
)

LISTED = 30
"""Pull requests from one branch that are read."""

WORKFLOW = "A file of a workflow is among the changes, which the token of a job may never change."


def propose_pull(github: Github, repository: str, proposal: PullProposal) -> Outcome:
    """Have one open pull request that proposes this, or none where nothing is proposed.

    Raises `RemoteError` where GitHub could not be asked. What it refuses is an outcome.
    """
    if proposal.base.startswith(OWN_BRANCHES):
        message = f"A change is not proposed to {proposal.base!r}, a branch that proposals are made from."
        raise InputError(message, hint="Name the branch that the change is for.")
    place = _Place(ask(lambda: github.get_repo(repository), f"read the repository {repository}"), proposal)
    try:
        return place.propose() if proposal.commits else place.close()
    except RemoteError as error:
        if not is_refusal(error):
            raise
        has_workflow = any(touches_workflows(commit.changes) for commit in proposal.commits)
        notes = (explain_refusal(error), *([WORKFLOW] if has_workflow else ()))
        return Outcome(State.REFUSED, branch=proposal.head, notes=notes)


class _Place:
    """The repository as far as one proposal is concerned."""

    def __init__(self, repository: Repository, proposal: PullProposal) -> None:
        self.repository = repository
        self.proposal = proposal
        self.marker = make_marker(proposal.key, proposal.digest, proposal.title, proposal.body)

    def propose(self) -> Outcome:
        """Open or update the pull request."""
        proposal = self.proposal
        tip, is_own = self._read_branch()
        pull = self._find_pull("open")
        if tip and not is_own:
            return self._outcome(State.KEPT, pull, f"{proposal.head} has commits by others, so it was not changed.")
        known = read_marker(pull.body) if pull else None
        is_same = bool(known and known.change == self.marker.change)
        if pull is None and tip and self._was_declined():
            return self._outcome(State.DECLINED, None, "The same change was proposed before and closed unmerged.")
        if not is_same:
            self._put_branch(tip)
        if pull is None:
            return self._open()
        if known != self.marker:
            body = sign_body(proposal.body, self.marker)
            ask(lambda: pull.edit(title=proposal.title, body=body), f"update pull request {pull.number}")
        return self._outcome(State.UNCHANGED if known == self.marker else State.UPDATED, pull)

    def close(self) -> Outcome:
        """Close what is open, and delete the branch that it came from."""
        pull = self._find_pull("open")
        if pull is None:
            return Outcome(State.NOTHING)
        tip, is_own = self._read_branch()
        if tip and not is_own:
            return self._outcome(State.KEPT, pull, f"{pull.head.ref} has commits by others, so it was not closed.")
        ask(lambda: pull.edit(state="closed"), f"close pull request {pull.number}")
        if tip:
            ref = ask(lambda: self.repository.get_git_ref(f"heads/{self.proposal.head}"), "read the proposal's branch")
            ask(ref.delete, f"delete the branch {self.proposal.head}")
        return self._outcome(State.CLOSED, pull)

    def _open(self) -> Outcome:
        proposal = self.proposal
        body = sign_body(proposal.body, self.marker)
        what = f"open a pull request from {proposal.head} into {proposal.base}"
        is_draft = True
        try:
            pull = self._create(body, what, draft=True)
        except RemoteError as error:
            if "draft" not in error.problems[0].message.lower():
                compare = f"{self.repository.html_url}/compare/{proposal.base}...{proposal.head}?expand=1"
                if not is_refusal(error):
                    raise
                words = f"The branch {proposal.head} is there: open the pull request at {compare}"
                return Outcome(State.REFUSED, branch=proposal.head, notes=(explain_refusal(error), words))
            is_draft = False
            pull = self._create(body, what, draft=False)
        notes = [NO_CHECKS] if pull.user.login == JOB_LOGIN else []
        notes += [] if is_draft else ["The repository has no drafts, so it is open for review."]
        return self._outcome(State.OPENED, pull, *notes)

    def _create(self, body: str, what: str, *, draft: bool) -> PullRequest:
        proposal = self.proposal
        return ask(
            lambda: self.repository.create_pull(
                proposal.base, proposal.head, title=proposal.title, body=body, draft=draft
            ),
            what,
        )

    def _put_branch(self, tip: str) -> None:
        """Put the branch on new commits. Only this proposal's commits are on it, so nothing is lost by force."""
        proposal = self.proposal
        sha = make_commits(self.repository, proposal.onto, proposal.commits)
        if not tip:
            ask(
                lambda: self.repository.create_git_ref(f"refs/heads/{proposal.head}", sha),
                f"make the branch {proposal.head}",
            )
        elif tip != sha:
            ref = ask(lambda: self.repository.get_git_ref(f"heads/{proposal.head}"), "read the proposal's branch")
            ask(lambda: ref.edit(sha, force=True), f"update the branch {proposal.head}")

    def _read_branch(self) -> tuple[str, bool]:
        """The newest commit of the proposal's branch, empty without one, and whether it was made here."""
        what = f"read the branch {self.proposal.head}"
        try:
            ref = ask(lambda: self.repository.get_git_ref(f"heads/{self.proposal.head}"), what)
        except RemoteError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return "", False
            raise
        commit = ask(lambda: self.repository.get_git_commit(ref.object.sha), what)
        return commit.sha, commit.committer.email == OWN_EMAIL

    def _find_pull(self, state: str) -> PullRequest | None:
        """The newest pull request from the proposal's branch of this repository: a fork's is another one's."""
        head = f"{self.repository.owner.login}:{self.proposal.head}"
        what = f"list the pull requests from {self.proposal.head}"
        pulls: list[PullRequest] = ask(
            lambda: [*islice(self.repository.get_pulls(state=state, head=head, base=self.proposal.base), LISTED)], what
        )
        # A fork that was deleted has no repository here.
        sources = [(pull, pull.raw_data["head"]["repo"] or {}) for pull in pulls]
        own = [pull for pull, source in sources if source.get("full_name") == self.repository.full_name]
        return max(own, key=lambda pull: pull.number, default=None)

    def _was_declined(self) -> bool:
        """Whether a person closed this very change."""
        pull = self._find_pull("closed")
        known = read_marker(pull.body) if pull else None
        return bool(pull and not pull.merged_at and known and known.change == self.marker.change)

    def _outcome(self, state: State, pull: PullRequest | None, *notes: str) -> Outcome:
        number, url = (pull.number, pull.html_url) if pull else (0, "")
        return Outcome(state, number, url, self.proposal.head, notes)
