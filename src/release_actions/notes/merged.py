"""What was merged between two tags, and who had something merged before: from GitHub or from the checkout.

Complete, or an error. It must never change anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from release_actions.git import checkout
from release_actions.notes import from_git, span
from release_actions.notes.model import MergedChange


@dataclass(frozen=True)
class Merged:
    """Two questions. `between`: previous tag, or nothing for a first release, and tag -> the changes.

    `before`: login -> when it had something merged, to whether it had before; None where nobody can say.
    """

    between: Callable[[str, str], tuple[MergedChange, ...]]
    before: Callable[[Mapping[str, datetime]], Mapping[str, bool | None]]


def of_checkout(folder: Path) -> Merged:
    """From the checkout. Raises `InputError` when it has not all of it. Who had merged before it does not say."""

    def between(previous: str, tag: str) -> tuple[MergedChange, ...]:
        commits = checkout.tags(folder)
        found = from_git.span(folder, commits[previous] if previous else "", commits[tag])
        return span.changes(found.ahead, found.pulls)

    return Merged(between, dict.fromkeys)


def of_github(api_url: str, repository: str, token: str) -> Merged:
    """From GitHub, which needs a token for it. Raises `RemoteError` when it does not say all of it."""
    # PyGithub is imported with this module, which only this way of reading needs.
    from release_actions.notes.from_github import PullReader

    def between(previous: str, tag: str) -> tuple[MergedChange, ...]:
        with PullReader(api_url, repository, token=token) as reader:
            found = reader.span(previous, tag) if previous else reader.history(tag)
        return span.changes(found.ahead, found.pulls)

    def before(asked: Mapping[str, datetime]) -> Mapping[str, bool | None]:
        with PullReader(api_url, repository, token=token) as reader:
            return reader.merged_before(asked)

    return Merged(between, before)
