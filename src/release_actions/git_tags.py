"""The repository's tags that a decision is made against: given by hand, or read from GitHub completely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from release_actions.context import Context
from release_actions.errors import InputError
from release_actions.workflow import Workflow

TAG_REF = "refs/tags/"
NONE = ("none",)
"""What the input `existing-tags` says for a repository without tags, since an empty input means "not given"."""


@dataclass(frozen=True)
class Tags:
    """Every tag of the repository. `commit` is that of the tag the caller asked about; empty when not known."""

    names: tuple[str, ...]
    commit: str = ""


def read(given: Sequence[str], context: Context, token: str, log: Workflow, *, about: str = "") -> Tags:
    """The tags that were given, or all that GitHub lists. `about`: the tag whose commit is wanted.

    A tag given by hand is on the run's commit when the run is about it. Raises `InputError` when neither tags nor a
    repository are known, and `RemoteError` when the list is not complete.
    """
    if given:
        names = () if tuple(given) == NONE else tuple(name.removeprefix(TAG_REF) for name in given)
        return Tags(names, context.sha if context.ref == TAG_REF + about and about in names else "")
    if not context.repository:
        message = "The existing tags are not known: neither a repository nor a list was given."
        raise InputError(message, hint="Set GITHUB_REPOSITORY or --repository, or pass existing-tags (or none).")
    from release_actions import github_api
    from release_actions.http import Http

    http = Http(log=log.info)
    found = github_api.tags(http, context.api_url, context.repository, token=token)
    log.info(f"{context.repository} has {len(found)} tags.")
    asked = [tag for tag in found if tag.name == about]
    commit = github_api.commit_of(http, context.api_url, context.repository, asked[0], token=token) if asked else ""
    return Tags(tuple(tag.name for tag in found), commit)
