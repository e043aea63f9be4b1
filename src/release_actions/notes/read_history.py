"""Finds the previous release and reads what was merged since, from GitHub or from the checkout."""

from __future__ import annotations

from dataclasses import dataclass

from release_actions.errors import InputError
from release_actions.git import checkout
from release_actions.github import repository as github_repository
from release_actions.github.releases import Releases
from release_actions.http.client import Http
from release_actions.notes import newcomers
from release_actions.notes.from_git import CheckoutHistory, resolve_point
from release_actions.notes.history import ReadHistory
from release_actions.notes.previous_tag import choose_head, choose_previous
from release_actions.runner.context import Context
from release_actions.runner.workflow import Workflow
from release_actions.versions.version import Version, parse_known


@dataclass(frozen=True)
class HistoryRequest:
    """Whose history is wanted. `branches`: release branches that may exist, the likeliest first."""

    version: Version
    context: Context
    previous_tag: str = ""
    head: str = ""
    branches: tuple[str, ...] = ()
    token: str = ""


def read_from_checkout(request: HistoryRequest, log: Workflow) -> ReadHistory:
    """All that the checkout knows. Raises `InputError` when it does not have all of it."""
    folder = request.context.workspace
    commits = checkout.read_tags(folder)
    previous = choose_previous(request.version, request.previous_tag, commits, None, log)
    names = [name for branch in request.branches for name in (f"origin/{branch}", branch)]
    branch = resolve_point(folder, names)
    head = choose_head(request.version, request.head, commits, branch, log)
    if head not in commits and head != "HEAD":
        resolved = resolve_point(folder, [head, f"origin/{head}"])
        if not resolved:
            message = f"The checkout has no branch, tag or commit {head}."
            raise InputError(message, hint="Correct 'head', or fetch it with git fetch origin.")
        head = resolved
    history = CheckoutHistory(folder, request.context.repository)
    base = commits[previous] if previous else ""
    return ReadHistory(previous, base, head, history.read_span(base, commits.get(head, head)), history)


def read_from_github(request: HistoryRequest, log: Workflow) -> ReadHistory:
    """All that GitHub knows. Raises `RemoteError` when it does not say all of it."""
    # PyGithub comes with it, and is for those who ask GitHub.
    from release_actions.changes.from_github import GitHubHistory

    context, version = request.context, request.version
    repository = context.repository
    require_token(request.token, repository)
    with Http(log=log.info, redactor=log.redactor) as http:
        tags = [tag.name for tag in github_repository.list_tags(http, context.api_url, repository, token=request.token)]
        branch = _existing_branch(request, http) if version.tag not in tags and not request.head else ""
        released = Releases(http, context.api_url, repository, token=request.token).all()
    published = [release for release in released if not release.draft and release.tag != version.tag]
    full = {release.tag for release in published if not release.prerelease}
    previous = choose_previous(version, request.previous_tag, tags, full, log)
    head = choose_head(version, request.head, tags, branch, log)
    if head == "HEAD":
        head = context.sha or head
    history = GitHubHistory(context.api_url, repository, request.token)
    span = history.read_span(previous, head)
    # What a candidate's notes said, its release says again.
    early = {other.tag for other in parse_known(full, version.prefix) if not other.is_stable}
    bodies = (release.body for release in published if release.tag in full - early)
    return ReadHistory(previous, previous, head, span, history, newcomers.read_announced(bodies))


def _existing_branch(request: HistoryRequest, http: Http) -> str:
    """The first release branch that exists on GitHub; empty where none does. Raises `RemoteError`."""
    context = request.context
    for branch in request.branches:
        api_url, repository = context.api_url, context.repository
        if github_repository.commit_of_ref(http, api_url, repository, f"heads/{branch}", token=request.token):
            return branch
    return ""


def require_token(token: str, repository: str) -> str:
    """A token. Raises `InputError` without one."""
    if not token:
        message = f"Pull requests of {repository} are read by GraphQL, which GitHub answers only with a token."
        raise InputError(message, hint="Pass 'token', or read what git knows with history: checkout.")
    return token
