"""The files of a checkout that git tracks and that are text, chosen by globs. Reads, never writes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from release_actions.builds.path_filter import matches
from release_actions.drift.reference import Text
from release_actions.errors import InputError
from release_actions.git.checkout import run_git

LARGEST_BYTES = 2 * 1024 * 1024
"""A larger file is data, in which nobody pins a version by hand."""

ALWAYS_EXCLUDED = (
    "**/node_modules/**",
    "**/vendor/**",
    "**/third_party/**",
    "**/*.lock",
    "**/package-lock.json",
    "**/go.sum",
    "**/*.svg",
    "**/*.html",
    "**/*.ipynb",
)
"""Files that tools write: their versions follow from other files."""

HISTORY = (
    "**/CHANGELOG*",
    "**/changelog/**",
    "**/changelogs/**",
    "**/RELEASE_NOTES*",
    "**/release-notes/**",
    "**/releasenotes/**",
    "**/release_notes/**",
)
"""Files about releases that are out: their versions are right as they are."""


VERSIONED = re.compile(
    r"(?:^|/)(?:release-)?v?[0-9]+\.[0-9]+(?:\.[0-9]+)?(?:[-.]?rc[-.]?[0-9]+)?(?:/|-to-[^/]*\.md$|-v?[0-9.]+\.md$|\.(?:md|rst)$)"
)
"""What is named by a version is about that version: docs/v0.17/, install/v0.18.0-rc1/, upgrading/2.13-2.14.md."""

EXAMPLE = re.compile(
    r"(?:^|/)(?:examples?|samples?|demos?|tests?|testdata|e2e|fixtures|proposals?|enhancements|keps|experimental"
    r"|development|contributing|contribution_guidelines|ISSUE_TEMPLATE)/"
    r"|_test\.[a-z]+$|(?:^|/)test[_-][^/]*$|(?:^|/)(?:CONTRIBUTING|DEVELOPMENT|DEVELOPER|RELEASE|RELEASING)\.md$"
)
"""Files that show, test or propose something, and pages for contributors: what they name need not be the release."""


@dataclass(frozen=True)
class Selection:
    """Which files are read. Empty `scan` means all."""

    scan: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def includes(self, path: str) -> bool:
        """Whether a path is to be read."""
        if VERSIONED.search(path) or matches((*ALWAYS_EXCLUDED, *HISTORY, *self.exclude), path):
            return False
        return not self.scan or matches(self.scan, path)


def list_files(folder: Path, selection: Selection) -> tuple[str, ...]:
    """Paths of the tracked files that are selected. Raises `InputError` where the folder is no checkout."""
    paths = tuple(path for path in read_modes(folder) if selection.includes(path))
    if not paths:
        message = "No tracked file matches scan and exclude, so no version could be checked."
        raise InputError(message, hint="Correct the globs; without scan every tracked text file is read.")
    return paths


def read_modes(folder: Path) -> dict[str, str]:
    """Path -> mode of every tracked file that is neither a link, a submodule nor in conflict.

    A link would be read where it leads to, which may be outside, and a submodule is another repository.
    """
    modes = {}
    # A name may be any bytes. Each is kept, so that no file can hide behind its name.
    listed = run_git(folder, "ls-files", "-s", "-z", asked="files of the checkout", errors="surrogateescape")
    for entry in filter(None, listed.split("\0")):
        head, _, path = entry.partition("\t")
        mode, _, stage = head.split(" ")
        if mode.startswith("100") and stage == "0":
            modes[path] = mode
    return modes


def read_files(folder: Path, paths: tuple[str, ...], words: tuple[bytes, ...]) -> Iterator[Text]:
    """The text files that hold one of some words, one at a time, so that a large tree needs little memory."""
    root = str(folder)
    real_root = os.path.realpath(root)
    # What git knows as a file may have become a link since, which could lead to anything on this machine.
    is_own = {
        parent: os.path.realpath(f"{root}/{parent}") == os.path.normpath(f"{real_root}/{parent}")
        for parent in {os.path.dirname(path) for path in paths}  # noqa: PTH120  # a tenth of the time of Path
    }
    for path in paths:
        if not is_own[os.path.dirname(path)] or os.path.islink(f"{root}/{path}"):  # noqa: PTH114, PTH120  # as above
            continue
        try:
            with open(f"{root}/{path}", "rb", buffering=0) as file:  # noqa: PTH123  # half the time of Path.open
                content = file.read(LARGEST_BYTES + 1)
        except OSError:
            # Deleted in the working tree, or a name that this file system cannot hold: nothing is pinned there now.
            continue
        if len(content) <= LARGEST_BYTES and any(word in content for word in words) and b"\0" not in content:
            shown = show_name(path)
            yield Text(shown, content.decode("utf-8", "surrogateescape"), path if shown != path else "")


def show_name(path: str) -> str:
    """A name for people: one that is no text is written as git does, in quotes with its bytes in octal.

    A name that begins with a quote is too, so that no two files have one name.
    """
    if path.isascii() and not path.startswith('"'):
        return path
    content = path.encode("utf-8", "surrogateescape")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return quote_name(content)
    return quote_name(content) if path.startswith('"') else path


def quote_name(name: bytes) -> str:
    """A name in quotes, in ASCII."""
    plain = re.sub(rb"[^ !#-\[\]-~]", lambda match: b"\\%03o" % match[0][0], name)
    return f'"{plain.decode("ascii")}"'
