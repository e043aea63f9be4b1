"""Which file or folder of the workspace is meant by a path that is not there. Reads names, never contents."""

from __future__ import annotations

import os
import posixpath
from collections import deque
from collections.abc import Iterator
from pathlib import Path

MOST_NAMES = 10_000
"""Names of the workspace that a missing one is compared with, the highest folders first."""

NOT_ENTERED = frozenset({".git", "node_modules", "__pycache__", ".venv", ".tox"})

LEAST_LIKENESS = 0.8
"""How near a name in another folder has to be."""


def find_nearest_path(path: str, workspace: Path, *, is_folder: bool = False) -> str:
    """The path of the workspace that is meant, as far as spelling tells; empty if none is near."""
    import difflib  # only needed once something is wrong

    wanted = posixpath.normpath(path)
    names = [name for name in list_names(workspace, are_folders=is_folder) if name != wanted]
    base = posixpath.basename(wanted)
    by_base: dict[str, list[str]] = {}
    for name in names:
        by_base.setdefault(posixpath.basename(name), []).append(name)
    bases = difflib.get_close_matches(base, by_base, n=1, cutoff=LEAST_LIKENESS)
    # The same name in another folder, another spelling of the whole, another spelling in another folder.
    candidates = by_base.get(base, [])
    near = (
        difflib.get_close_matches(wanted, candidates, n=1, cutoff=0.0)
        or difflib.get_close_matches(wanted, names, n=1)
        or [name for close in bases for name in by_base[close]]
    )
    return next(iter(near), "")


def suggest_path(path: str, workspace: Path, *, is_folder: bool = False) -> str:
    """A question that names the nearest path; empty if none is near."""
    near = find_nearest_path(path, workspace, is_folder=is_folder)
    return f"Did you mean '{near}'?" if near else ""


def list_names(workspace: Path, *, are_folders: bool) -> Iterator[str]:
    """Paths of files or folders of the workspace, those of a folder before those below it. No link is followed."""
    waiting = deque([""])
    count = 0
    # Ends, since a link is not followed; the number of names bounds how long it takes.
    while waiting and count < MOST_NAMES:
        folder = waiting.popleft()
        try:
            entries = sorted(os.scandir(workspace / folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            name = f"{folder}{entry.name}"
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder and entry.name not in NOT_ENTERED:
                waiting.append(f"{name}/")
            if is_folder == are_folders and entry.name != ".git":
                yield name
            count += 1
