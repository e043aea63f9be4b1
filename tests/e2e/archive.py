"""The repository as a runner downloads it: git's archive of the working tree, less what .gitattributes leaves out."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def unpack(root: Path, scratch: Path) -> Path:
    """Archive what `git add -A` would take from the repository at `root`. Returns the folder it is unpacked to.

    Index and objects of this go to `scratch`; the repository's own stay as they are.
    """
    objects = scratch / "objects"
    objects.mkdir(parents=True)
    theirs = git(root, "rev-parse", "--path-format=absolute", "--git-path", "objects").decode().strip()
    apart = {
        "GIT_INDEX_FILE": str(scratch / "index"),
        "GIT_OBJECT_DIRECTORY": str(objects),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": theirs,
    }
    git(root, "add", "--all", **apart)
    tree = git(root, "write-tree", **apart).decode().strip()
    folder = scratch / "repository"
    folder.mkdir()
    subprocess.run(
        ["tar", "-x", "-C", str(folder)], input=git(root, "archive", "--format=tar", tree, **apart), check=True
    )
    return folder


def git(root: Path, *arguments: str, **variables: str) -> bytes:
    """What a git command prints. Fails with its message if it fails."""
    ended = subprocess.run(
        ["git", "-C", str(root), *arguments], env={**os.environ, **variables}, capture_output=True, check=False
    )
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout
