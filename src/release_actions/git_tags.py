"""The repository's tags that a decision is made against: given by hand, or read from GitHub completely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from release_actions.context import Context
from release_actions.errors import InputError
from release_actions.workflow import Workflow

NONE = ("none",)
"""What the input `existing-tags` says for a repository without tags, since an empty input means "not given"."""


def read(given: Sequence[str], context: Context, token: str, log: Workflow) -> Mapping[str, str]:
    """Tag name -> object it names; the object is empty for tags given by hand.

    Raises `InputError` when neither tags nor a repository are known, and `RemoteError` when the list is not complete.
    """
    if tuple(given) == NONE:
        return {}
    if given:
        return {name.removeprefix("refs/tags/"): "" for name in given}
    if not context.repository:
        message = "The existing tags are not known: no repository and no list was given."
        raise InputError(message, hint="Set GITHUB_REPOSITORY or --repository, or pass existing-tags (or none).")
    from release_actions import github_api
    from release_actions.http import Http

    tags = github_api.tags(Http(log=log.info), context.api_url, context.repository, token=token)
    log.info(f"{context.repository} has {len(tags)} tags.")
    return {tag.name: tag.sha for tag in tags}
