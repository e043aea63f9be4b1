"""Finds the previous release and reads what was merged since, from GitHub or from the checkout.

The previous release is the highest full one below the tag, by version: a floating tag, a candidate or a date never
decides. On GitHub a full release is one that was published and has its git tag; git alone knows tags only. What could
not be read is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from release_actions.errors import InputError
from release_actions.git import checkout
from release_actions.github import repository as github_repository
from release_actions.github.releases import Releases
from release_actions.http.client import Http
from release_actions.notes import from_git, newcomers
from release_actions.notes.model import MergedChange
from release_actions.notes.span import HistorySpan
from release_actions.runner.context import Context
from release_actions.runner.workflow import Workflow
from release_actions.tags.existing import TAG_REF
from release_actions.versions.history import previous_stable
from release_actions.versions.version import Version, known

NONE = "none"
"""What the input `previous-tag` says for a first release, since an empty input means "not given"."""

HINT = "Correct 'previous-tag', or leave it empty for the newest full release below the tag."


@dataclass(frozen=True)
class Story:
    """What was read. `before`: first changes by author -> whether the author has an earlier one, None if not known.

    `announced`: folded logins that earlier notes call new.
    """

    previous: str
    span: HistorySpan
    before: Callable[[Mapping[str, MergedChange]], Mapping[str, bool | None]]
    announced: frozenset[str] = field(default=frozenset())


def from_checkout(version: Version, given: str, context: Context, log: Workflow) -> Story:
    """All that the checkout knows. Raises `InputError` when it has not all of it."""
    folder = context.workspace
    commits = checkout.tags(folder)
    previous = chosen(version, given, commits, None, log)
    base = commits[previous] if previous else ""
    span = from_git.span(folder, base, commits[version.tag])

    def asked(first: Mapping[str, MergedChange]) -> Mapping[str, bool | None]:
        earlier = from_git.authors_of(folder, base) if base else frozenset()
        return {key: key in earlier for key in first}

    return Story(previous, span, asked)


def from_api(version: Version, given: str, context: Context, token: str, log: Workflow) -> Story:
    """All that GitHub knows. Raises `RemoteError` when it does not say all of it."""
    # PyGithub comes with it, and is for those who ask GitHub.
    from release_actions.notes.from_github import PullReader

    repository = context.repository
    needed(token, repository)
    with Http(log=log.info, redactor=log.redactor) as http:
        tags = [tag.name for tag in github_repository.tags(http, context.api_url, repository, token=token)]
        released = Releases(http, context.api_url, repository, token=token).all()
    published = [release for release in released if not release.draft and release.tag != version.tag]
    full = {release.tag for release in published if not release.prerelease}
    previous = chosen(version, given, tags, full, log)
    with PullReader(context.api_url, repository, token=token) as reader:
        span = reader.span(previous, version.tag) if previous else reader.history(version.tag)

    def asked(first: Mapping[str, MergedChange]) -> Mapping[str, bool | None]:
        times = {change.author.login: change.merged for change in first.values() if change.merged}
        with PullReader(context.api_url, repository, token=token) as again:
            answers = again.merged_before(times)
        return {key: answers.get(change.author.login) for key, change in first.items()}

    # What a candidate's notes said, its release says again.
    early = {other.tag for other in known(full, version.prefix) if not other.is_stable}
    bodies = (release.body for release in published if release.tag in full - early)
    return Story(previous, span, asked, newcomers.announced(bodies))


def needed(token: str, repository: str) -> str:
    """A token. Raises `InputError` without one."""
    if not token:
        message = f"Pull requests of {repository} are read by GraphQL, which GitHub answers only with a token."
        raise InputError(message, hint="Pass 'token', or read what git knows with history: checkout.")
    return token


def before(version: Version, tags: Iterable[str], full: Collection[str] | None) -> Version | None:
    """The full release before a version. `full`: the tags of full releases on GitHub, None if nobody asked.

    A tag without a release was announced to nobody, so its changes still are to be. Where nothing was ever released on
    GitHub, the tags themselves are the releases.
    """
    others = known((tag for tag in tags if tag != version.tag), version.prefix)
    return previous_stable(version, (other for other in others if not full or other.tag in full))


def chosen(version: Version, given: str, tags: Collection[str], full: Collection[str] | None, log: Workflow) -> str:
    """The tag that changes are counted from; empty for a first release. Raises `InputError` where there is no tag."""
    if version.tag not in tags:
        message = f"There is no git tag {version.tag}."
        raise InputError(message, hint="Push it first: the notes say what is between it and the release before.")
    given = given.removeprefix(TAG_REF)
    if given == NONE:
        return ""
    if given:
        if given not in tags or given == version.tag:
            why = "there is no such tag" if given != version.tag else "the release itself"
            message = f"Input 'previous-tag' is {given!a}, {why}."
            raise InputError(message, hint=HINT)
        return given
    found, highest = before(version, tags, full), before(version, tags, None)
    if found != highest and highest:
        log.info(f"{highest.tag} has a git tag and no full release, so its changes are announced with {version.tag}.")
    log.info(f"The full release before {version.tag} is {found.tag}." if found else "There is no full release before.")
    return found.tag if found else ""
