"""The repository as a runner downloads it: git's archive of the working tree, less what .gitattributes leaves out."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

UNREAD = ("docs", "examples", "schema", "scripts")
"""Folders of the archive that are for people and for development."""


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


def lighten(repository: Path, package: Path) -> Path:
    """Move the package out of an unpacked repository, which gets a link to it, and remove what no step reads.

    act copies the whole repository for every step that uses an action of it: with all its files that was two thirds of
    the time of a release. The link is copied as a link, so the steps also share the byte code.
    """
    for name in UNREAD:
        shutil.rmtree(repository / name)
    (repository / "src").rename(package)
    (repository / "src").symlink_to(package, target_is_directory=True)
    return repository


def git(root: Path, *arguments: str, **variables: str) -> bytes:
    """What a git command prints. Fails with its message if it fails."""
    ended = subprocess.run(
        ["git", "-C", str(root), *arguments], env={**os.environ, **variables}, capture_output=True, check=False
    )
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout
