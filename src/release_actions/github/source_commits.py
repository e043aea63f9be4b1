"""The commit that a branch or tag of another repository names now, as GitHub says.

A run reads a moving ref once and builds every platform from that commit: two jobs that read it themselves may find two
commits. A name that a branch and a tag share is refused: git and actions/checkout choose differently.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from release_actions.errors import InputError
from release_actions.github.repository import commit_of_ref
from release_actions.http.client import Http
from release_actions.runner.context import Context
from release_actions.runner.workflow import Workflow

KINDS = ("heads", "tags")


def make_resolver(context: Context, log: Workflow, token: str) -> Callable[[str, str], str]:
    """What gives the commit that a ref of a repository names: GitHub is asked once for each."""

    @functools.cache
    def resolve(repository: str, ref: str) -> str:
        with Http(log=log.info, redactor=log.redactor) as http:
            return find_commit(http, context.api_url, repository, ref, token=token)

    return resolve


def find_commit(http: Http, api_url: str, repository: str, ref: str, *, token: str = "") -> str:
    """The commit of a branch, a tag, or a ref written whole.

    Raises `InputError` when there is none or two, and `RemoteError` when GitHub does not say.
    """
    whole = ref.removeprefix("refs/")
    names = [whole] if whole != ref else [f"{kind}/{ref}" for kind in KINDS]
    commits = {commit_of_ref(http, api_url, repository, name, token=token) for name in names} - {""}
    if len(commits) == 1:
        return commits.pop()
    if commits:
        message = f"{ref} is a branch and a tag of {repository}, and they name different commits."
        raise InputError(message, hint=f"Write refs/heads/{ref}, refs/tags/{ref}, or the commit.")
    message = f"{repository} has no branch or tag {ref}, or the token may not read it."
    raise InputError(message, hint="Correct the ref of the source. A commit is written with all of its 40 digits.")
