"""Files as a commit of the local checkout has them, or as they are tracked now. Reads, never writes."""

from __future__ import annotations

from pathlib import Path

from release_actions.errors import InputError
from release_actions.git.checkout import run_git

FETCH = "Check it out with fetch-depth: 0, or run git fetch --unshallow --tags."


def find_commit(folder: Path, revision: str) -> str:
    """The commit that a tag, branch or commit names. Raises `InputError` when the checkout does not have it."""
    # A word that begins with a hyphen would be an option to git.
    is_name = bool(revision) and not revision.startswith("-")
    asked = ("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    commit = run_git(folder, *asked, fails=True).strip() if is_name else ""
    if not commit:
        message = f"The checkout has no revision {revision[:200]!r}."
        raise InputError(message, hint=FETCH)
    return commit


def list_tracked(folder: Path) -> tuple[str, ...]:
    """The paths that git tracks in a checkout, links and submodules aside."""
    return _list_paths(run_git(folder, "ls-files", "-s", "-z", asked="files of the checkout"))


def list_files(folder: Path, commit: str) -> tuple[str, ...]:
    """The paths of a commit's files, links and submodules aside."""
    return _list_paths(run_git(folder, "ls-tree", "-r", "-z", "--full-tree", commit, asked=f"files of {commit[:7]}"))


def _list_paths(listed: str) -> tuple[str, ...]:
    entries = (entry.partition("\t") for entry in listed.split("\0") if entry)
    return tuple(path for mode, _, path in entries if mode.startswith("100"))


def read_file(folder: Path, commit: str, path: str) -> str:
    """The text of a file of a commit. Raises `InputError` when it has no such file, or the file cannot be read."""
    return run_git(folder, "cat-file", "blob", f"{commit}:{path}", asked=f"file {path} of {commit[:7]}")
