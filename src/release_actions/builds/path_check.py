"""Whether what an image is built from is in the checkout: context, Dockerfile and patch. Reads names, never contents.

A path that is missing fails every build minutes later, on as many runners as there are platforms. What another
repository brings, and what a command builds, is not known before the build.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path

from release_actions.builds.recipe import needs_version_file
from release_actions.config import Config, Package
from release_actions.errors import Problem
from release_actions.runner.nearest_path import suggest_path


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
    near = suggest_path(path, workspace, is_folder=key == "context")
    hint = near or "Correct the path, or add it to the repository."
    message = f"There is no {wanted} '{path}' in the repository: it is the {key} of the image '{package.image}'."
    yield Problem(message, hint, place)


def find_missing_version_file(config: Config, packages: Iterable[Package], workspace: Path) -> Iterator[Problem]:
    """A problem if a package is made with the version file and that is not there."""
    name = config.version_file
    if (workspace / name).is_file() or not any(needs_version_file(package) for package in packages):
        return
    hint = suggest_path(name, workspace) or "Correct the path, or add it to the repository."
    message = f"There is no file '{name}' in the repository: it is the version file."
    yield Problem(message, hint, config.at("version-file"))
