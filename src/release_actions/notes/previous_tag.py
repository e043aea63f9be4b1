"""Chooses the tag that changes are counted from, and the point that they are counted up to.

The previous release is the highest full one below the tag, by version: a floating tag, a candidate or a date never
decides. On GitHub a full release is one that was published and has its git tag; git alone knows tags only. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from release_actions.errors import InputError
from release_actions.runner.context import TAG_REF
from release_actions.runner.workflow import Workflow
from release_actions.versions.history import previous_stable
from release_actions.versions.version import Version, parse_known

NO_PREVIOUS = "none"
"""What the input `previous-tag` says for a first release, since an empty input means "not given"."""

HINT = "Correct 'previous-tag', or leave it empty for the newest full release below the tag."


def find_previous(version: Version, tags: Iterable[str], full: Collection[str] | None) -> Version | None:
    """The full release before a version. `full`: the tags of full releases on GitHub, None if GitHub was not asked.

    A tag without a release was never announced, so its changes still are to be. Where nothing was ever released on
    GitHub, the tags themselves are the releases.
    """
    others = parse_known((tag for tag in tags if tag != version.tag), version.prefix)
    return previous_stable(version, (other for other in others if not full or other.tag in full))


def choose_previous(
    version: Version, given: str, tags: Collection[str], full: Collection[str] | None, log: Workflow
) -> str:
    """The tag that changes are counted from; empty for a first release. Raises `InputError` where there is no tag."""
    given = given.removeprefix(TAG_REF)
    if given == NO_PREVIOUS:
        return ""
    if given:
        if given not in tags or given == version.tag:
            why = "there is no such tag" if given != version.tag else "the release itself"
            message = f"Input 'previous-tag' is {given!a}, {why}."
            raise InputError(message, hint=HINT)
        return given
    previous, highest = find_previous(version, tags, full), find_previous(version, tags, None)
    if previous != highest and highest:
        log.info(f"{highest.tag} has a git tag and no full release, so its changes are announced with {version.tag}.")
    if previous is None:
        log.info("There is no full release before.")
        return ""
    log.info(f"The full release before {version.tag} is {previous.tag}.")
    return previous.tag


def choose_head(version: Version, given: str, tags: Collection[str], branch: str, log: Workflow) -> str:
    """The point that changes are counted up to: as given, else the tag, else the release branch, else HEAD.

    `branch` is the release branch; empty where none is configured or it is not there.
    """
    if given:
        return given
    if version.tag in tags:
        return version.tag
    head = branch or "HEAD"
    log.info(f"There is no git tag {version.tag} yet: the notes are of {head}.")
    return head
