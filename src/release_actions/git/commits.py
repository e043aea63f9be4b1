"""Commits of the local checkout: which are there, what they were made from, in which files two of them differ.

A commit that is missing may be fetched from `origin`, with the credentials that the checkout has: one commit alone
where history is cut off, so that no history which is there gets shorter. This module must never check anything out, and
never take a history that was cut off for a whole one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from release_actions.errors import InputError
from release_actions.git.process import start_git

DEEP = "Check it out with fetch-depth: 0, or pass the paths with changed-files, or changed-files: all."
DIFFERENCE = ("diff-tree", "-r", "-z", "--name-only", "--no-renames")
"""Both names of a renamed file count, and no name is quoted."""

FETCH = (
    *("-c", "maintenance.auto=false", "-c", "gc.auto=0"),
    *("fetch", "--quiet", "--no-tags", "--refmap=", "--no-write-fetch-head", "--no-recurse-submodules"),
)
"""Takes objects and nothing else: no branch, tag or file of the checkout changes."""

SECONDS, SECONDS_TO_FETCH = 60, 300


@dataclass(frozen=True)
class Commits:
    """The commits of a checkout. `may_fetch`: whether one that is missing is fetched, which is written to `log`."""

    folder: Path
    may_fetch: bool
    log: Callable[[str], None]

    @property
    def head(self) -> str:
        """The commit that is checked out."""
        return self._git("rev-parse", "--verify", "HEAD^{commit}").strip()

    @property
    def branch(self) -> str:
        """The branch that is checked out; empty for a commit alone."""
        return self._git("symbolic-ref", "--quiet", "--short", "HEAD", fails=True).strip()

    @property
    def shallow(self) -> bool:
        """Whether history was cut off."""
        return self._git("rev-parse", "--is-shallow-repository").strip() == "true"

    def has(self, commit: str) -> bool:
        """Whether a commit is there."""
        return bool(self._git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}", fails=True))

    def find_time(self, commit: str) -> str:
        """When a commit was made, in seconds since 1970; empty for one that is not there."""
        return self._git("show", "--no-patch", "--format=%ct", f"{commit}^{{commit}}", fails=True).strip()

    def get(self, commit: str) -> str:
        """Have a commit, fetched if it may be. Returns why it is not there, to end a sentence; empty if it is."""
        if self.has(commit):
            return ""
        if not self.may_fetch:
            return "fetch is false"
        why = self._fetch(*(("--depth=1",) if self.shallow else ()), "origin", commit)
        if not why and self.has(commit):
            self.log(f"Fetched commit {commit[:7]}, which the checkout did not have.")
        return why or ("" if self.has(commit) else "origin did not send it")

    def need(self, commit: str, what: str) -> None:
        """Have a commit. Raises `InputError` if that cannot be."""
        why = self.get(commit)
        if why:
            message = (
                f"The checkout does not have commit {commit[:7]}, {what}, so what changed is not known. It was not "
                f"fetched: {why}."
            )
            raise InputError(message, hint=DEEP)

    def named(self, ref: str) -> str:
        """The commit that a ref of `origin` names now; empty if there is none or it may not be asked."""
        if not self.may_fetch:
            return ""
        code, listed, _ = self._run("ls-remote", "--quiet", "origin", ref, seconds=SECONDS_TO_FETCH)
        match = re.search(rf"^([0-9a-f]{{40,64}})\t{re.escape(ref)}$", listed, re.MULTILINE)
        return match[1] if match and not code else ""

    def complete(self, *commits: str) -> str:
        """Have the whole history of some commits. Returns why it is not there, to end a sentence."""
        if not self.shallow:
            return ""
        if not self.may_fetch:
            return "fetch is false"
        why = self._fetch("--unshallow", "origin", *commits)
        if not why:
            self.log("Fetched the history that the checkout did not have.")
        return why

    def parents(self, commit: str) -> tuple[str, ...]:
        """What a commit says it was made from, whether that is there or not."""
        head = self._git("cat-file", "commit", commit).partition("\n\n")[0]
        return tuple(line.removeprefix("parent ") for line in head.splitlines() if line.startswith("parent "))

    def parted(self, first: str, second: str) -> str:
        """The newest commit that two have in common; empty if there is none. Needs the whole history."""
        return self._git("merge-base", first, second, fails=True).strip()

    def difference(self, before: str, after: str) -> frozenset[str]:
        """The files in which two commits differ."""
        return frozenset(filter(None, self._git(*DIFFERENCE, before, after).split("\0")))

    def _fetch(self, *what: str) -> str:
        """Fetch. Returns why that failed, to end a sentence; empty if it did not."""
        code, _, words = self._run(*FETCH, *what, seconds=SECONDS_TO_FETCH)
        return f"git says {words!r}" if code else ""

    def _git(self, *arguments: str, fails: bool = False) -> str:
        """What a git command prints; with `fails`, empty if it fails. Raises `InputError` with git's own words."""
        code, printed, words = self._run(*arguments)
        if code == 0:
            return printed
        if fails:
            return ""
        message = f"What changed could not be found out: git says {words!r}."
        hint = "Check out the repository before this step, or pass the paths with changed-files."
        raise InputError(message, hint=hint)

    def _run(self, *arguments: str, seconds: int = SECONDS) -> tuple[int, str, str]:
        """Run git. Returns its exit code, output and complaint. Raises `ActionError` if it does not run."""
        more = {} if self.may_fetch else {"GIT_NO_LAZY_FETCH": "1"}
        ended = start_git(
            ["-C", str(self.folder.resolve()), "--no-optional-locks", *arguments],
            "What changed could not be found out",
            "Install git, or pass the paths with changed-files.",
            environ={**os.environ, **more},
            seconds=seconds,
        )
        return ended.code, ended.text, ended.complaint
