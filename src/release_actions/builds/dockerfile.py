"""Which files of the repository a Dockerfile takes into an image. Reads Dockerfiles, never builds one.

Found are the sources of COPY and ADD, and of bind mounts of RUN, that come from the build context. What comes from
another stage, an image, an address or a heredoc is no file of the repository.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from release_actions.builds.path_filter import matches, pattern

HEREDOC = re.compile(r"<<-?[\"']?(\w+)[\"']?")
MOUNT = re.compile(r"--mount=(\S+)")
ADDRESS = re.compile(r"https?://|git@|ssh://|git://")
WILDCARD = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Taken:
    """A source below the build context as the Dockerfile writes it, and the line that the instruction begins in."""

    line: int
    source: str


def instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, name in capitals and arguments of each instruction, with its continued lines joined."""
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        whole = line.strip()
        if not whole or whole.startswith("#"):
            continue
        while whole.endswith("\\"):
            _, more = next(lines, (0, ""))
            whole = whole[:-1] + ("\\" if more.lstrip().startswith("#") else " " + more.strip())
        name, _, rest = whole.partition(" ")
        if name.upper() in {"RUN", "COPY", "ADD"}:
            for word in HEREDOC.findall(rest):
                while (next(lines, (0, word))[1]).strip() != word:
                    pass
        yield number, name.upper(), rest.strip()


def taken(text: str) -> Iterator[Taken]:
    """What a Dockerfile takes from its build context."""
    for line, name, rest in instructions(text):
        if name in {"COPY", "ADD"}:
            flags, words = arguments(rest)
            if not any(flag.startswith("--from=") for flag in flags):
                yield from (
                    Taken(line, word) for word in words[:-1] if not ADDRESS.match(word) and not word.startswith("<<")
                )
        elif name == "RUN":
            for options in MOUNT.findall(rest):
                pairs = (option.partition("=") for option in options.split(","))
                mount: dict[str, str] = {key: value for key, _, value in pairs}
                source = mount.get("source", mount.get("src", "."))
                if mount.get("type", "bind") == "bind" and "from" not in mount:
                    yield Taken(line, source)


def arguments(rest: str) -> tuple[list[str], list[str]]:
    """Flags and words of COPY or ADD, in the shell's form or as a JSON list."""
    flags = []
    while rest.startswith("--"):
        flag, _, rest = rest.partition(" ")
        flags.append(flag)
        rest = rest.lstrip()
    if rest.startswith("["):
        try:
            return flags, [str(word) for word in json.loads(rest)]
        except ValueError:
            pass
    return flags, shlex.split(rest)


def files(source: str, context: str, ignored: tuple[str, ...], workspace: Path) -> Iterator[str]:
    """Paths in the repository of the files that a source stands for; the source itself if there is no such file."""
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
            fits = top.is_dir() or pattern(whole).fullmatch(path) or path.startswith(tuple(parents(whole, path)))
            if fits and not is_ignored(inside, ignored):
                yield path


def parents(glob: str, path: str) -> Iterator[str]:
    """The folders of a path that a glob selects: what is below them is taken too."""
    parts = path.split("/")
    for end in range(1, len(parts)):
        folder = "/".join(parts[:end])
        if pattern(glob).fullmatch(folder):
            yield folder + "/"


def ignored(dockerfile: Path, context: Path) -> tuple[str, ...]:
    """The patterns of the .dockerignore file that counts: the Dockerfile's own, else the context's."""
    for file in (dockerfile.with_name(dockerfile.name + ".dockerignore"), context / ".dockerignore"):
        if file.is_file():
            lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
            return tuple(line for line in lines if line and not line.startswith("#"))
    return ()


def is_ignored(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether the builder never sees a path of the context: it, or a folder that it is in, is ignored."""
    found = False
    for line in patterns:
        glob = line.removeprefix("!").strip("/")
        if matches((glob, f"{glob}/**"), path):
            found = not line.startswith("!")
    return found
