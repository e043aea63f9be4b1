"""The files of a checkout that git tracks and that are text, chosen by globs. Reads, never writes."""

from __future__ import annotations

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
    r"(?:^|/)(?:examples?|samples?|demos?|tests?|testdata|e2e|fixtures|proposals?|enhancements|keps)/"
    r"|_test\.[a-z]+$|(?:^|/)test_[^/]*$"
)
"""Files that show, test or propose something: what they name need not be the release."""


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
    # -s gives the mode too: a link is read where it leads to, and a submodule is another repository.
    listed = run_git(folder, "ls-files", "-s", "-z")
    paths = []
    for entry in filter(None, listed.split("\0")):
        head, _, path = entry.partition("\t")
        if head.startswith("100") and head.endswith((" 0", "\t0")) and selection.includes(path):
            paths.append(path)
    if not paths:
        message = "No tracked file matches scan and exclude, so no version could be checked."
        raise InputError(message, hint="Correct the globs; without scan every tracked text file is read.")
    return tuple(paths)


def read_files(folder: Path, paths: tuple[str, ...], words: tuple[bytes, ...]) -> Iterator[Text]:
    """The text files that hold one of some words, one at a time, so that a large tree needs little memory."""
    root = str(folder)
    for path in paths:
        try:
            with open(f"{root}/{path}", "rb", buffering=0) as file:  # noqa: PTH123  # half the time of Path.open
                content = file.read(LARGEST_BYTES + 1)
        except OSError:
            # Deleted in the working tree, or a name that this file system cannot hold: nothing is pinned there now.
            continue
        if len(content) <= LARGEST_BYTES and any(word in content for word in words) and b"\0" not in content:
            yield Text(path, content.decode("utf-8", "surrogateescape"))
