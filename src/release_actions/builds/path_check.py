"""Whether what an image is built from is in the checkout: context, Dockerfile and patch. Reads names, never contents.

A path that is missing fails every build minutes later, on as many runners as there are platforms. What another
repository brings, and what a command builds, is not known before the build.
"""

from __future__ import annotations

import difflib
import os
import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path

from release_actions.config import Config, Package
from release_actions.errors import Problem

MOST_NAMES = 5000
"""Names of the checkout that a missing one is compared with."""


def find_missing_paths(config: Config, packages: Iterable[Package], workspace: Path) -> Iterator[Problem]:
    """A problem for each path that is not in the checkout, or that a link leads out of it.

    Only a checkout is judged: a folder without git has whatever somebody put there.
    """
    if not (workspace / ".git").exists():
        return
    seen: set[tuple[str, str, str]] = set()
    for package in packages:
        for key, path in list_paths(package):
            if (package.image, key, path) not in seen:
                seen.add((package.image, key, path))
                yield from check_path(config, package, key, path, workspace)


def list_paths(package: Package) -> Iterator[tuple[str, str]]:
    """Key and path of everything that has to be there before the build."""
    source = package.recipe.source
    if source and source.patch:
        yield "patch", source.patch
    if package.recipe.command:
        return
    for key, path in (("context", package.context), ("dockerfile", package.dockerfile)):
        if source is None or not is_below(path, source.path):
            yield key, path


def is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder or something in it."""
    whole, above = posixpath.normpath(path), posixpath.normpath(folder)
    return whole == above or whole.startswith(f"{above}/")


def leads_out(target: Path, workspace: Path) -> bool:
    """Whether a path in the workspace leads out of it by a link."""
    root = os.path.realpath(workspace)
    return os.path.commonpath([root, os.path.realpath(target)]) != root


def check_path(config: Config, package: Package, key: str, path: str, workspace: Path) -> Iterator[Problem]:
    """What is wrong with a path of an image."""
    steps = ("source", "patch") if key == "patch" else (key,)
    place = config.place_of(package, *steps)
    target = workspace / path
    wanted = "folder" if key == "context" else "file"
    if target.is_dir() if key == "context" else target.is_file():
        if leads_out(target, workspace):
            message = f"'{path}', the {key} of the image '{package.image}', leads out of the repository by a link."
            yield Problem(message, "Put what it leads to into the repository.", place)
        return
    near = find_nearest(path, workspace, folders=key == "context")
    hint = f"Did you mean '{near}'?" if near else "Correct the path, or add it to the repository."
    message = f"There is no {wanted} '{path}' in the repository: it is the {key} of the image '{package.image}'."
    yield Problem(message, hint, place)


def find_nearest(path: str, workspace: Path, *, folders: bool) -> str:
    """The path of the checkout that is meant, as far as spelling tells; empty if none is near."""
    names: list[str] = []
    for folder, below, files in os.walk(workspace):
        below[:] = sorted(name for name in below if name != ".git")
        names += [
            Path(folder, name).relative_to(workspace).as_posix() for name in (below if folders else sorted(files))
        ]
        if len(names) > MOST_NAMES:
            break
    same_name = [name for name in names if posixpath.basename(name) == posixpath.basename(path)]
    near = difflib.get_close_matches(path, same_name, n=1, cutoff=0.0) or difflib.get_close_matches(path, names, n=1)
    return next(iter(near), "")
