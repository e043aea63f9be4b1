"""The repository's tags that a decision is made against: given by hand, read from GitHub, or from the checkout.

Every source gives all of them or an error: a list with a gap would make an old release the newest.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from release_actions.errors import InputError
from release_actions.runner.context import TAG_REF, Context
from release_actions.runner.workflow import Workflow

if TYPE_CHECKING:
    from release_actions.github.repository import GitTag

NO_TAGS = ("none",)
"""What the input `existing-tags` says for a repository without tags, since an empty input means "not given"."""


class TagSource(str, enum.Enum):
    """Where the repository's tags are read from, unless they are given by hand."""

    API = "api"
    CHECKOUT = "checkout"


@dataclass(frozen=True)
class Tags:
    """Every tag of the repository. `commit` is that of the tag the caller asked about; empty when not known.

    `given`: by hand. The list then means everything that was ever released, and nothing else is asked.
    `refs`: the objects that the tags name, where GitHub was asked.
    """

    names: tuple[str, ...]
    commit: str = ""
    given: bool = False
    refs: tuple[GitTag, ...] = ()


def read_tags(
    given: Sequence[str],
    context: Context,
    token: str,
    log: Workflow,
    *,
    about: str = "",
    source: TagSource = TagSource.API,
    of: str = "",
) -> Tags:
    """The tags that were given, or all that the source has. `about`: the tag whose commit is wanted.

    `of`: the repository, where the run does not know one.

    A tag given by hand is on the run's commit when the run is about it. Raises `InputError` when neither tags nor a
    repository are known or the checkout has not all of them, and `RemoteError` when GitHub's list is not complete.
    """
    if given:
        # A git tag has no space. An item with one is several tags; read as one it would leave a gap in the history.
        joined = next((item for item in given if len(item.split()) > 1), "")
        if joined:
            message = f"Input 'existing-tags' has {joined[:80]!a} as one tag."
            raise InputError(message, hint="Separate tags by commas or line breaks.")
        names = () if tuple(given) == NO_TAGS else tuple(name.removeprefix(TAG_REF) for name in given)
        return Tags(names, context.sha if context.ref == TAG_REF + about and about in names else "", given=True)
    if source is TagSource.CHECKOUT:
        from release_actions.git import checkout

        commits = checkout.read_tags(context.workspace)
        if context.ref == TAG_REF + about and about not in commits:
            message = f"The checkout does not have the tag {about}, which this run is about, so others may be missing."
            raise InputError(message, hint=checkout.WHOLE)
        log.info(f"The checkout has {len(commits)} tags.")
        return Tags(tuple(commits), commits.get(about, ""))
    repository = context.repository or of
    if not repository:
        message = "The existing tags are not known: neither a repository nor a list was given."
        hint = "Set GITHUB_REPOSITORY or --repository, or pass the tags with existing-tags ('none' if there are none)."
        raise InputError(message, hint=hint)
    from release_actions.github import repository as github_repository
    from release_actions.http.client import Http

    with Http(log=log.info, redactor=log.redactor) as http:
        refs = github_repository.list_tags(http, context.api_url, repository, token=token)
        log.info(f"{repository} has {len(refs)} tags.")
        asked = [tag for tag in refs if tag.name == about]
        commit = github_repository.commit_of(http, context.api_url, repository, asked[0], token=token) if asked else ""
    return Tags(tuple(tag.name for tag in refs), commit, refs=refs)
