"""A pull request against a release branch, as the event of its run has it: only what it brings is judged.

Title, text and labels are what its author wrote. They say where a change comes from, and git says whether that is so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from release_actions.branches.model import BranchHistory
from release_actions.errors import InputError
from release_actions.runner.forms import NUMBER, has_form

COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


@dataclass(frozen=True)
class PullUnderTest:
    """A pull request that is open. `base` is the branch it is for, `head` its newest commit."""

    number: int
    title: str
    text: str
    labels: tuple[str, ...]
    base: str
    head: str


def read_pull(event: Mapping[str, Any]) -> PullUnderTest | None:
    """The pull request of an event; None for other events. Raises `InputError` for one that is not GitHub's."""
    pull = event.get("pull_request")
    if not isinstance(pull, dict):
        return None
    try:
        made = PullUnderTest(
            int(pull["number"]),
            " ".join(str(pull["title"]).split()),
            str(pull.get("body") or ""),
            tuple(str(label["name"]) for label in pull.get("labels") or ()),
            str(pull["base"]["ref"]),
            str(pull["head"]["sha"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        message = "The event's pull request is not as GitHub writes it."
        raise InputError(message, hint="Pass the payload as GitHub writes it to GITHUB_EVENT_PATH.") from error
    if not COMMIT.fullmatch(made.head):
        message = f"The event's pull request has no commit: {made.head[:80]!r}."
        raise InputError(message, hint="Pass the payload as GitHub writes it to GITHUB_EVENT_PATH.")
    return made


def is_release_branch(branch: str, templates: Iterable[str], live: Collection[str], trunk: str) -> bool:
    """Whether a branch is one that releases are made from: by the project's templates, else any but trunk."""
    parts = [re.split(r"(\{\w+\})", template) for template in templates]
    if branch == trunk:
        return False
    if branch in live or not (parts or live):
        return True
    return any(has_form(branch, (NUMBER if part[:1] == "{" else part for part in form)) for form in parts)


def retitle(history: BranchHistory, pull: PullUnderTest, own: frozenset[str]) -> BranchHistory:
    """The history as it will be when a pull request of one commit is squashed: with its title and text."""
    commits = [commit for commit in history.branch if commit.sha in own and len(commit.parents) == 1]
    if len(commits) != 1:
        return history
    (only,) = commits
    message = f"{pull.title} (#{pull.number})\n\n{pull.text}\n\n{only.message}"
    branch = tuple(replace(commit, message=message) if commit is only else commit for commit in history.branch)
    return replace(history, branch=branch)
