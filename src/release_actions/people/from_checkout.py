"""OWNERS files of a commit of the local checkout."""

from __future__ import annotations

from pathlib import Path

from release_actions.git.tree import list_files, read_file
from release_actions.people.owners import ALIASES, OWNERS, Owners, parse_owners


def read_owners(folder: Path, commit: str) -> Owners:
    """The owners as a commit has them: that of the branch a change goes to, never the change's own.

    Raises `InputError` when the commit or a file is not there, `ConfigurationError` for a file that is wrong.
    """
    paths = [path for path in list_files(folder, commit) if is_owners_file(path)]
    return parse_owners({path: read_file(folder, commit, path) for path in paths})


def is_owners_file(path: str) -> bool:
    """Whether a path is an OWNERS file, or that of the aliases."""
    return path == ALIASES or path.rpartition("/")[2] == OWNERS
