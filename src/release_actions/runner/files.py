"""Writes the files that a command leaves in the workspace."""

from __future__ import annotations

from pathlib import Path

from release_actions.errors import InputError, Problem
from release_actions.runner.report import Finding, Level


def check_workspace_file(path: Path, name: str) -> None:
    """Find out before anything is changed whether a file could be written afterwards. Raises `InputError` if not."""
    if path.is_dir():
        message = f"{name} could not be written: it is a folder."
        raise InputError(message, hint="Name a file in a folder that may be written to.")
    draft = path.with_name(path.name + ".part")
    write_workspace_file(draft, name, "")
    draft.unlink()


def find_write_problems(path: Path, name: str) -> tuple[Problem, ...]:
    """Why a file could not be written afterwards; empty if it can."""
    try:
        check_workspace_file(path, name)
    except InputError as error:
        return error.problems
    return ()


def write_result_file(path: Path, name: str, content: str | bytes) -> tuple[Finding, ...]:
    """Write a file of a run that may have changed something already. Gives why it could not be; empty when it was.

    No error, because what was changed has to be reported all the same, and not with an exit code that denies it.
    """
    try:
        write_workspace_file(path, name, content)
    except InputError as error:
        return tuple(Finding(Level.ERROR, problem, "unwritten-file") for problem in error.problems)
    return ()


def write_workspace_file(path: Path, name: str, content: str | bytes, *, hint: str = "") -> None:
    """Write a file, whole or not at all, and the folders above it. `name` is how the user calls it.

    Raises `InputError` if that cannot be. Lines end as they are in `content`, whatever the system's habit is.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A reader finds the file as it was or as it is to be, also when the disk is full or the run is killed.
        draft = path.with_name(path.name + ".part")
        # A workspace may hold what an earlier job left, also a link that leads elsewhere.
        draft.unlink(missing_ok=True)
        draft.write_bytes(content if isinstance(content, bytes) else content.encode())
        draft.replace(path)
    except OSError as error:
        message = f"{name} could not be written: {error.strerror or error}."
        raise InputError(message, hint=hint or "Name a file in a folder that may be written to.") from error
