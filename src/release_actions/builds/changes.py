"""Which files a run changed: given by hand, or from the event's two commits by git, exactly or not at all.

A commit that the checkout does not have is fetched, or is an error that says which fetch-depth to set; a history that
was cut off is never compared. Where an event has nothing to compare with, everything counts as changed: an image that
is built for nothing costs time, one that is not built is missed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from release_actions.builds.event import Build
from release_actions.errors import InputError
from release_actions.git.commits import Commits
from release_actions.runner.context import COMMIT, Context

ALL = ("all",)
NONE = ("none",)
"""What the input `changed-files` says for a change of everything and of nothing."""


@dataclass(frozen=True)
class ChangedFiles:
    """The files that changed. `everything` is the reason why all count as changed; empty if `files` says it."""

    files: frozenset[str] = frozenset()
    everything: str = ""


def read_changes(
    given: Sequence[str], build: Build, context: Context, *, fetch: bool, log: Callable[[str], None]
) -> ChangedFiles:
    """What changed. `fetch`: whether commits that the checkout lacks are fetched.

    Raises `InputError` where git does not know exactly.
    """
    if build.version:
        return ChangedFiles(everything=f"it is part of the release {build.version.tag}")
    if given:
        return parse_list(tuple(given))
    event, name = context.event, context.event_name
    commits = Commits(context.workspace, fetch, log)
    pull = event.get("pull_request")
    if isinstance(pull, dict) and name.startswith("pull_request"):
        return compare_pull_request(commits, build.pull, require_commit(pull["base"]["sha"]), build.sha)
    if name == "merge_group":
        group = event["merge_group"]
        return compare_commits(commits, require_commit(group["base_sha"]), require_commit(group["head_sha"]))
    if name == "push" and "before" in event:
        return compare_push(commits, event, build.sha)
    return ChangedFiles(everything=f"the event {name} changes no files" if name else "no event says what changed")


def parse_list(given: tuple[str, ...]) -> ChangedFiles:
    """What the input `changed-files` says."""
    if given == ALL:
        return ChangedFiles(everything="changed-files says all")
    return ChangedFiles(frozenset() if given == NONE else frozenset(path.removeprefix("./") for path in given))


def compare_pull_request(commits: Commits, number: int, base: str, head: str) -> ChangedFiles:
    """What a pull request changes against its base.

    The merge commit that GitHub makes has both as parents, so comparing it with the first is enough: it is what
    actions/checkout takes for `pull_request`, and can be fetched for `pull_request_target`. Without one, or where it
    is of an older head, the commit where they parted has to be found, which needs the whole history.
    """
    changes = compare_merge(commits, commits.head, head)
    changes = changes or compare_merge(commits, commits.named(f"refs/pull/{number}/merge"), head)
    if changes:
        return changes
    for wanted, what in ((base, "the base"), (head, "the head")):
        commits.need(wanted, f"{what} of the pull request")
    why = commits.complete(base, head)
    if why:
        message = (
            "The checkout is shallow, so the commit where the pull request left its base is not known. The rest of the "
            f"history was not fetched: {why}."
        )
        hint = "Check it out with fetch-depth: 0, or the merge commit (refs/pull/NUMBER/merge) with fetch-depth: 2."
        raise InputError(message, hint=hint)
    parted = commits.parted(base, head)
    if not parted:
        return ChangedFiles(everything="the pull request shares no commit with its base")
    return ChangedFiles(commits.difference(parted, head))


def compare_merge(commits: Commits, merge: str, head: str) -> ChangedFiles | None:
    """What a commit changes against its first parent; None if it is not there or not a merge of the head."""
    if not merge or commits.get(merge):
        return None
    parents = commits.parents(merge)
    if parents[1:] != (head,) or commits.get(parents[0]):
        return None
    return ChangedFiles(commits.difference(parents[0], merge))


def compare_push(commits: Commits, event: Mapping[str, Any], after: str) -> ChangedFiles:
    """What a push changes: the difference of the two trees, whatever lies between them."""
    before = str(event["before"])
    if not before.strip("0"):
        return ChangedFiles(everything="it is the first push of the branch")
    if event.get("forced") and commits.get(require_commit(before)):
        return ChangedFiles(everything=f"a force push replaced commit {before[:7]}, which no branch has any more")
    commits.need(require_commit(before), "the commit before the push")
    commits.need(after, "the commit that was pushed")
    return ChangedFiles(commits.difference(before, after))


def compare_commits(commits: Commits, before: str, after: str) -> ChangedFiles:
    """The files in which two commits differ."""
    for wanted in (before, after):
        commits.need(wanted, "one of the two commits to compare")
    return ChangedFiles(commits.difference(before, after))


def require_commit(value: object) -> str:
    """A commit from a payload. Raises `InputError` for anything else."""
    if not isinstance(value, str) or not COMMIT.fullmatch(value):
        message = f"The event's payload names the commit {str(value)[:80]!r}, which is not a commit."
        raise InputError(message, hint="Pass the payload as GitHub wrote it, or the paths with changed-files.")
    return value
