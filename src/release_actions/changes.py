"""Which files a run changed: given by hand, or from the event's two commits by git, exactly or not at all.

A commit that the checkout does not have is an error that says which fetch-depth to set; a history that was cut off is
never compared. Where an event has nothing to compare with, everything counts as changed: an image that is built for
nothing costs time, one that is not built is missed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release_actions.build_event import COMMIT, Build
from release_actions.context import Context
from release_actions.errors import ActionError, InputError

ALL = ("all",)
NONE = ("none",)
"""What the input `changed-files` says for a change of everything and of nothing."""

DEEP = "Check it out with fetch-depth: 0, or pass the paths with changed-files, or changed-files: all."
DIFFERENCE = ("diff-tree", "-r", "-z", "--name-only", "--no-renames")
"""Both names of a renamed file count, and no name is quoted."""


@dataclass(frozen=True)
class Changes:
    """The files that changed. `everything` is the reason why all count as changed; empty if `files` says it."""

    files: frozenset[str] = frozenset()
    everything: str = ""


def read(given: Sequence[str], build: Build, context: Context) -> Changes:
    """What changed. Raises `InputError` where git cannot tell exactly."""
    if build.version:
        return Changes(everything=f"it is part of the release {build.version.tag}")
    if given:
        return of_list(tuple(given))
    event, name = context.event, context.event_name
    pull = event.get("pull_request")
    if isinstance(pull, dict) and name.startswith("pull_request"):
        return of_pull_request(context.workspace, commit(pull["base"]["sha"]), build.sha)
    if name == "merge_group":
        group = event["merge_group"]
        return of_range(context.workspace, commit(group["base_sha"]), commit(group["head_sha"]))
    if name == "push" and "before" in event:
        return of_push(context.workspace, event, build.sha)
    return Changes(everything=f"the event {name} changes no files" if name else "no event says what changed")


def of_list(given: tuple[str, ...]) -> Changes:
    """What the input `changed-files` says."""
    if given == ALL:
        return Changes(everything="changed-files says all")
    return Changes(frozenset() if given == NONE else frozenset(path.removeprefix("./") for path in given))


def of_pull_request(folder: Path, base: str, head: str) -> Changes:
    """What a pull request changes against its base.

    The merge commit that actions/checkout takes by default has both as parents, so two commits are enough. Otherwise
    the commit where they parted has to be found, which needs the whole history.
    """
    parents = git(folder, "rev-list", "--parents", "--max-count=1", "HEAD").split()[1:]
    if len(parents) == 2 and parents[1] == head and has(folder, parents[0]):  # noqa: PLR2004  # a merge has two
        return of_range(folder, parents[0], git(folder, "rev-parse", "HEAD").strip())
    for wanted, what in ((base, "the base"), (head, "the head")):
        need(folder, wanted, f"{what} of the pull request")
    if git(folder, "rev-parse", "--is-shallow-repository").strip() == "true":
        message = "The checkout is shallow, so where the pull request left its base is not known."
        hint = "Check it out with fetch-depth: 0, or the merge commit (refs/pull/NUMBER/merge) with fetch-depth: 2."
        raise InputError(message, hint=hint)
    parted = git(folder, "merge-base", base, head, fails=True).strip()
    if not parted:
        return Changes(everything="the pull request shares no commit with its base")
    return of_range(folder, parted, head)


def of_push(folder: Path, event: Mapping[str, Any], after: str) -> Changes:
    """What a push changes: the difference of the two trees, whatever lies between them."""
    before = str(event["before"])
    if not before.strip("0"):
        return Changes(everything="it is the first push of the branch")
    if event.get("forced") and not has(folder, commit(before)):
        return Changes(everything=f"a force push replaced commit {before[:7]}, which no branch has any more")
    need(folder, commit(before), "the commit before the push")
    need(folder, after, "the commit that was pushed")
    return of_range(folder, before, after)


def of_range(folder: Path, before: str, after: str) -> Changes:
    """The files in which two commits differ."""
    for wanted in (before, after):
        need(folder, wanted, "one of the two commits to compare")
    return Changes(frozenset(filter(None, git(folder, *DIFFERENCE, before, after).split("\0"))))


def commit(value: object) -> str:
    """A commit from a payload. Raises `InputError` if it is none."""
    if not isinstance(value, str) or not COMMIT.fullmatch(value):
        message = f"The event's payload names the commit {str(value)[:80]!r}, which is none."
        raise InputError(message, hint="Pass the payload as GitHub wrote it, or the paths with changed-files.")
    return value


def has(folder: Path, wanted: str) -> bool:
    """Whether the checkout has a commit."""
    return bool(git(folder, "rev-parse", "--verify", "--quiet", f"{wanted}^{{commit}}", fails=True))


def need(folder: Path, wanted: str, what: str) -> None:
    """Raises `InputError` if the checkout does not have a commit."""
    if not has(folder, wanted):
        message = f"The checkout does not have commit {wanted[:7]}, {what}, so what changed is not known."
        raise InputError(message, hint=DEEP)


def git(folder: Path, *arguments: str, fails: bool = False) -> str:
    """What a git command prints; with `fails`, empty if it fails.

    Raises `InputError` with git's own words, and `ActionError` when there is no git.
    """
    import subprocess  # only where git is asked

    command = ["git", "-C", str(folder.resolve()), "--no-optional-locks", *arguments]
    environ = {**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}
    try:
        ended = subprocess.run(  # noqa: S603  # fixed words and commits that were checked to be hexadecimal
            command, env=environ, capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        message = f"What changed could not be found out: git did not run here ({type(error).__name__})."
        raise ActionError(message, hint="Install git, or pass the paths with changed-files.") from None
    if ended.returncode == 0:
        return ended.stdout.decode("utf-8", "surrogateescape")
    if fails:
        return ""
    lines = ended.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
    words = lines[0].removeprefix("fatal: ")[:300]
    message = f"What changed could not be found out: git says {words!r}."
    raise InputError(message, hint="Check out the repository before this step, or pass the paths with changed-files.")
