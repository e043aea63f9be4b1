"""Which files of the repository a source of COPY, ADD or a bind mount means, without what .dockerignore leaves out."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from release_actions.builds.path_filter import matches, matches_glob

WILDCARD = re.compile(r"[*?\[]")


def list_files(source: str, context: str, ignored: tuple[str, ...], workspace: Path) -> Iterator[str]:
    """Paths in the repository of the files that a source means; the source itself if there is no such file."""
    whole = posixpath.normpath(posixpath.join(context, source.lstrip("/")))
    top = workspace / whole
    if not WILDCARD.search(source) and not top.is_dir():
        yield whole
        return
    base = whole if top.is_dir() else re.split(WILDCARD, whole)[0].rpartition("/")[0]
    for folder, folders, names in os.walk(workspace / base):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(names):
            path = (Path(folder) / name).relative_to(workspace).as_posix()
            inside = posixpath.relpath(path, context)
            fits = top.is_dir() or matches_glob(whole, path) or path.startswith(tuple(list_parents(whole, path)))
            if fits and not is_ignored(inside, ignored):
                yield path


def list_parents(glob: str, path: str) -> Iterator[str]:
    """The folders of a path that a glob selects: what is below them is taken too."""
    parts = path.split("/")
    for end in range(1, len(parts)):
        folder = "/".join(parts[:end])
        if matches_glob(glob, folder):
            yield folder + "/"


def read_ignored(dockerfile: Path, context: Path) -> tuple[str, ...]:
    """The patterns of the .dockerignore file that counts: the Dockerfile's own, else the context's."""
    for file in (dockerfile.with_name(dockerfile.name + ".dockerignore"), context / ".dockerignore"):
        if file.is_file():
            lines = (line.strip() for line in file.read_bytes().decode(errors="replace").splitlines())
            return tuple(line for line in lines if line and not line.startswith("#"))
    return ()


def is_ignored(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether the builder never sees a path of the context: it, or a folder that it is in, is ignored."""
    ignored = False
    for line in patterns:
        glob = line.removeprefix("!").strip("/")
        if matches((glob, f"{glob}/**"), path):
            ignored = not line.startswith("!")
    return ignored
