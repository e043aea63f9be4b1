"""Finds the previous release and reads what was merged since, from GitHub or from the checkout.

The previous release is the highest full one below the tag, by version: a floating tag, a candidate or a date never
decides. On GitHub a full release is one that was published and has its git tag; git alone knows tags only. What could
not be read is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from release_actions import checkout, github_api
from release_actions.context import Context
from release_actions.errors import InputError
from release_actions.history import previous_stable
from release_actions.http import Http
from release_actions.notes import from_git, newcomers
from release_actions.notes.model import Change
from release_actions.notes.span import Span
from release_actions.releases import Releases
from release_actions.versions import Version, known
from release_actions.workflow import Workflow

NONE = "none"
"""What the input `previous-tag` says for a first release, since an empty input means "not given"."""

HINT = "Correct 'previous-tag', or leave it empty for the newest full release below the tag."


@dataclass(frozen=True)
class Story:
    """What was read. `before`: first changes by author -> whether the author has an earlier one, None if not known.

    `announced`: folded logins that earlier notes call new.
    """

    previous: str
    span: Span
    before: Callable[[Mapping[str, Change]], Mapping[str, bool | None]]
    announced: frozenset[str] = field(default=frozenset())


def from_checkout(version: Version, given: str, context: Context, log: Workflow) -> Story:
    """All that the checkout knows. Raises `InputError` when it has not all of it."""
    folder = context.workspace
    commits = checkout.tags(folder)
    previous = chosen(version, given, commits, None, log)
    base = commits[previous] if previous else ""
    span = from_git.span(folder, base, commits[version.tag])

    def before(first: Mapping[str, Change]) -> Mapping[str, bool | None]:
        earlier = from_git.authors_of(folder, base) if base else frozenset()
        return {key: key in earlier for key in first}

    return Story(previous, span, before)


def from_api(version: Version, given: str, context: Context, token: str, log: Workflow) -> Story:
    """All that GitHub knows. Raises `RemoteError` when it does not say all of it."""
    # PyGithub is imported with this module, which only this way of reading needs.
    from release_actions.notes.from_github import Reader

    repository = context.repository
    if not token:
        message = (
            f"Pull requests of {repository} are read by GitHub's GraphQL API, which answers nobody without a token."
        )
        raise InputError(message, hint="Pass 'token', or read what git knows with history: checkout.")
    with Http(log=log.info) as http:
        tags = {tag.name: tag.sha for tag in github_api.tags(http, context.api_url, repository, token=token)}
        released = Releases(http, context.api_url, repository, token=token).all()
    published = [release for release in released if not release.draft and release.tag != version.tag]
    full = {release.tag for release in published if not release.prerelease}
    previous = chosen(version, given, tags, full, log)
    reader = Reader(context.api_url, repository, token=token)
    with reader:
        span = reader.span(previous, version.tag) if previous else reader.history(version.tag)

    def before(first: Mapping[str, Change]) -> Mapping[str, bool | None]:
        asked = {change.author.login: change.merged for change in first.values() if change.merged}
        with Reader(context.api_url, repository, token=token) as again:
            answers = again.merged_before(asked)
        return {key: answers.get(change.author.login) for key, change in first.items()}

    return Story(previous, span, before, newcomers.announced(release.body for release in published))


def chosen(
    version: Version, given: str, tags: Mapping[str, str], full: frozenset[str] | set[str] | None, log: Workflow
) -> str:
    """The tag that changes are counted from; empty for a first release. `full`: the full releases, None if not known.

    A tag without a release was announced to nobody, so its changes still are to be. Where nothing was ever released on
    GitHub, the tags themselves are the releases.
    """
    if version.tag not in tags:
        message = f"There is no git tag {version.tag}."
        raise InputError(message, hint="Push it first: the notes say what is between it and the release before.")
    if given == NONE:
        return ""
    if given:
        if given not in tags:
            message = f"Input 'previous-tag' is {given!a}, and there is no such tag."
            raise InputError(message, hint=HINT)
        if given == version.tag:
            message = f"Input 'previous-tag' is {given!a}, the release itself."
            raise InputError(message, hint=HINT)
        return given
    others = known((tag for tag in tags if tag != version.tag), version.prefix)
    announced = [other for other in others if not full or other.tag in full]
    found = previous_stable(version, announced)
    skipped = previous_stable(version, others)
    if found and skipped and skipped.tag != found.tag:
        log.info(f"{skipped.tag} has a git tag and no full release, so its changes are announced with {version.tag}.")
    log.info(f"The full release before {version.tag} is {found.tag}." if found else "There is no full release before.")
    return found.tag if found else ""
