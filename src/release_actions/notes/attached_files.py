"""Files of the workspace that are attached to a draft release, and the checksums of all of them.

Reads files and nothing else. It must never follow a link out of the workspace, nor attach fewer files than were meant:
a pattern that matches nothing is an error.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from release_actions.errors import InputError, Problem

NAME = re.compile(r"[A-Za-z0-9_+-](?:[A-Za-z0-9._+-]*[A-Za-z0-9_+-])?")
"""Names that GitHub keeps: it replaces other characters, and points at the ends."""

HINT = "Name files of the workspace, one glob a line, for example dist/*.tar.gz."


def read_attached_files(patterns: Iterable[str], checksums: str, workspace: Path) -> dict[str, bytes]:
    """Name of each file -> its content, in the order of the names. `checksums` names one more file; empty for none.

    It has a line for each file, as sha256sum writes and reads it. Raises `InputError` with every mistake.
    """
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    for path in list_files(patterns, workspace, problems):
        if path.name in files:
            problems.append(Problem(f"Input 'assets' matches two files of the name {path.name}.", HINT))
            continue
        if not NAME.fullmatch(path.name):
            message = f"Input 'assets' matches {path.name!r}, which GitHub would give another name."
            problems.append(Problem(message, "Use letters, digits, '.', '_', '+' and '-' in names of files."))
        files[path.name] = path.read_bytes()
    if checksums and (checksums in files or not NAME.fullmatch(checksums)):
        message = f"Input 'checksums' is {checksums!r}, which is the name of an asset or no file name."
        problems.append(Problem(message, "Choose another name, for example SHA256SUMS."))
    if checksums and not files and not problems:
        problems.append(Problem("Input 'checksums' is set, and 'assets' names no file.", HINT))
    if problems:
        raise InputError(problems=problems)
    attached = dict(sorted(files.items()))
    return {**attached, checksums: write_checksums(attached)} if checksums else attached


def list_files(patterns: Iterable[str], workspace: Path, problems: list[Problem]) -> Iterator[Path]:
    """Each file that a pattern matches, once. What is wrong is added to `problems`."""
    root = workspace.resolve()
    seen: set[Path] = set()
    for pattern in patterns:
        if PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts:
            problems.append(Problem(f"Input 'assets' has {pattern!r}, which leads out of the workspace.", HINT))
            continue
        try:
            paths = [path for path in sorted(workspace.glob(pattern)) if path.is_file()]
        except ValueError:
            paths = []  # before Python 3.13, ** has to be a whole part of a path
        if not paths:
            problems.append(Problem(f"Input 'assets' has {pattern!r}, which matches no file.", HINT))
        for path in paths:
            if not path.resolve().is_relative_to(root):
                message = f"Input 'assets' has {pattern!r}, and {path.name} is a link that leads out of the workspace."
                problems.append(Problem(message, HINT))
            elif path not in seen:
                seen.add(path)
                yield path


def write_checksums(files: Mapping[str, bytes]) -> bytes:
    """A line for each file: its SHA-256, two spaces, its name."""
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()).encode()
