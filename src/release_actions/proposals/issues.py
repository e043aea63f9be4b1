"""Keeps one issue for one subject: opened when something is wrong, edited in place, closed when it is not.

An issue is known by its label and marker, and must have been opened by a member of the project or by a job: who may
only read can write the marker, but GitHub drops their labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from release_actions.errors import RemoteError
from release_actions.github.pygithub import ask
from release_actions.proposals.marker import Marker, make_marker, read_marker, sign_body
from release_actions.proposals.model import IssueProposal, Outcome, State
from release_actions.proposals.refusals import explain_refusal, is_refusal

if TYPE_CHECKING:
    from github import Github
    from github.Issue import Issue
    from github.Repository import Repository

INSIDERS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
DECLINED = "not_planned"


def keep_issue(github: Github, repository: str, proposal: IssueProposal) -> Outcome:
    """Have one open issue that says this, or none when all is clean.

    Raises `RemoteError` where GitHub could not be asked. What it refuses is an outcome.
    """
    place = ask(lambda: github.get_repo(repository), f"read the repository {repository}")
    try:
        return _keep(place, proposal)
    except RemoteError as error:
        if not is_refusal(error):
            raise
        return Outcome(State.REFUSED, notes=(explain_refusal(error),))


def _keep(repository: Repository, proposal: IssueProposal) -> Outcome:
    marker = make_marker(proposal.key, "", proposal.title, proposal.body)
    issue = _find_issue(repository, proposal, marker)
    if proposal.is_clean:
        if issue is None or issue.state != "open":
            return Outcome(State.NOTHING)
        body = sign_body(proposal.body, marker)
        ask(
            lambda: issue.edit(body=body, state="closed", state_reason="completed"),
            f"close issue {issue.number}",
        )
        return Outcome(State.CLOSED, issue.number, issue.html_url)
    body = sign_body(proposal.body, marker)
    if issue is None:
        made = ask(
            lambda: repository.create_issue(proposal.title, body=body, labels=[proposal.label]),
            f"open an issue in {repository.full_name}",
        )
        return Outcome(State.OPENED, made.number, made.html_url)
    if issue.state != "open" and issue.state_reason == DECLINED:
        words = f"Issue {issue.number} was closed as not planned, so it is not opened again."
        return Outcome(State.DECLINED, issue.number, issue.html_url, notes=(words,))
    if issue.state == "open" and read_marker(issue.body) == marker:
        return Outcome(State.UNCHANGED, issue.number, issue.html_url)
    was_open = issue.state == "open"
    ask(
        lambda: issue.edit(title=proposal.title, body=body, state="open"),
        f"update issue {issue.number}",
    )
    return Outcome(State.UPDATED if was_open else State.OPENED, issue.number, issue.html_url)


def _find_issue(repository: Repository, proposal: IssueProposal, marker: Marker) -> Issue | None:
    """The issue of this subject: an open one rather than a closed one, then the newest."""
    what = f"list the issues of {repository.full_name} with the label {proposal.label}"
    listed = ask(lambda: list(repository.get_issues(state="all", labels=[proposal.label])), what)
    own = [issue for issue in listed if _is_own(issue, marker)]
    return max(own, key=lambda issue: (issue.state == "open", issue.number), default=None)


def _is_own(issue: Issue, marker: Marker) -> bool:
    known = read_marker(issue.body)
    trusted = issue.user.type == "Bot" or issue.raw_data.get("author_association") in INSIDERS
    return issue.pull_request is None and trusted and known is not None and known.key == marker.key
