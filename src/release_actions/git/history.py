"""Reads the history of a checkout in few git processes: commits, the files they change, and the identity of patches.

Every function takes revisions as git does and gives all of them or an error. Nothing here changes the checkout.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from release_actions.errors import ActionError, InputError
from release_actions.git.checkout import run_git
from release_actions.git.process import start_git

SECONDS = 300
"""How long git may read a history."""

PLAIN = ("--no-show-signature", "--encoding=UTF-8", "--no-color", "--no-ext-diff", "--no-textconv")
"""Against settings that would put other text into the output."""

FORMAT = "%H%x1f%P%x1f%an%x1f%ae%x1f%ct%x1f%B%x00"
FIELDS = 6
NULL = "0" * 40


@dataclass(frozen=True)
class CommitRecord:
    """A commit as git has it. `time` is when it was committed, in seconds since 1970."""

    sha: str
    parents: tuple[str, ...]
    name: str
    email: str
    time: int
    message: str


def read_records(folder: Path, *revisions: str) -> tuple[CommitRecord, ...]:
    """The commits of some revisions, parents before children. Raises `InputError`."""
    return _parse_records(run_git(folder, *_log_commits("--topo-order", "--reverse", *revisions)))


def find_records(folder: Path, *arguments: str) -> tuple[CommitRecord, ...]:
    """The commits that git log gives for some arguments; none where it fails, as for one that the checkout lacks."""
    return _parse_records(run_git(folder, *_log_commits(*arguments), fails=True))


def _log_commits(*arguments: str) -> tuple[str, ...]:
    return ("log", *PLAIN, f"--format={FORMAT}", *arguments, "--")


def _parse_records(text: str) -> tuple[CommitRecord, ...]:
    return tuple(_parse_record(entry.lstrip("\n")) for entry in text.split("\0") if entry.strip())


def _parse_record(entry: str) -> CommitRecord:
    parts = entry.split("\x1f", FIELDS - 1)
    if len(parts) != FIELDS or not parts[4].isdigit():
        message = "The history of the checkout could not be read."
        raise InputError(message, hint="Check that git log works in it.")
    sha, parents, name, email, time, message = parts
    return CommitRecord(sha, tuple(parents.split()), name, email, int(time), message.strip())


def read_changed_files(folder: Path, *revisions: str) -> Mapping[str, frozenset[str]]:
    """The files that each commit changes, both names of a renamed one. Merges change nothing. Raises `InputError`."""
    flags = ("--name-only", "--no-renames", "-z", "--format=%x01%H")
    text = run_git(folder, "log", *PLAIN, *flags, *revisions, "--")
    files = {}
    for entry in text.split("\x01")[1:]:
        sha, *names = re.split(r"[\0\n]+", entry)
        files[sha] = frozenset(filter(None, names))
    return files


def read_patch_ids(folder: Path, commits: Iterable[CommitRecord]) -> Mapping[str, str]:
    """The identity of each commit's patch, which line numbers and blanks do not change (git-patch-id).

    Of a merge it is that of what it brought to its first parent. A commit without a patch has none: it is neither
    equal to another one nor different from it.
    """
    lines = [f"{commit.sha} {commit.parents[0] if commit.parents else ''}".strip() for commit in commits]
    if not lines:
        return {}
    # A commit with one parent named behind it is compared with that parent alone (git-diff-tree, --stdin).
    flags = ("--stdin", "-p", "--root", "--no-renames", "--full-index", *PLAIN[2:])
    patches = _run(folder, ("diff-tree", *flags), "\n".join(lines).encode() + b"\n")
    listed = _run(folder, ("patch-id", "--stable"), patches).decode("ascii", "replace")
    pairs = (line.split() for line in listed.splitlines())
    return {sha: patch for patch, sha in pairs if sha != NULL}


def find_merge_base(folder: Path, first: str, second: str) -> str:
    """The newest commit that two have in common; empty if there is none."""
    return run_git(folder, "merge-base", first, second, fails=True).strip()


def list_commits(folder: Path, commit: str) -> tuple[str, ...]:
    """A commit and everything before it."""
    return tuple(run_git(folder, "rev-list", commit, "--").split())


def list_branches(folder: Path) -> tuple[str, ...]:
    """The names of the branches of `origin` and of the checkout itself."""
    listed = run_git(folder, "for-each-ref", "--format=%(refname)", "refs/remotes/origin/", "refs/heads/").split("\n")
    prefixes = ("refs/remotes/origin/", "refs/heads/")
    names = (name.removeprefix(prefix) for name in listed for prefix in prefixes if name.startswith(prefix))
    return tuple(dict.fromkeys(name for name in names if name != "HEAD"))


def is_shallow(folder: Path) -> bool:
    """Whether history was cut off. Raises `InputError` where there is no checkout."""
    return run_git(folder, "rev-parse", "--is-shallow-repository").strip() == "true"


def resolve_commit(folder: Path, names: Sequence[str]) -> str:
    """The commit that the first of some names gives which the checkout has; empty where it has none of them."""
    for name in names:
        if re.match(r"[A-Za-z0-9]", name):  # never an option of git
            commit = run_git(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", fails=True).strip()
            if commit:
                return commit
    return ""


def _run(folder: Path, arguments: tuple[str, ...], given: bytes) -> bytes:
    """What git prints for some input. Raises `ActionError`: a patch that was not read is no answer."""
    command = ["-C", str(folder.resolve()), "--no-optional-locks", *arguments]
    hint = "Run git fsck in the checkout to see whether it is whole."
    ended = start_git(command, "The patches of commits could not be compared", hint, given=given, seconds=SECONDS)
    if ended.code:
        message = f"The patches of commits could not be compared: git {arguments[0]} says {ended.complaint!r}."
        raise ActionError(message, hint=hint)
    return ended.printed
