"""Tries picks and reverts without a checkout: in a bare repository of its own that borrows the checkout's objects.

git merges trees there (git-merge-tree), which is what cherry-pick and revert do before they write files. No hook, no
filter or merge driver and no setting of the checkout or of the user is in force, no file is written but objects in the
folder that is thrown away, and nothing is fetched.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from release_actions.errors import ActionError
from release_actions.git.checkout import run_git
from release_actions.git.process import OWN_EMAIL, OWN_NAME, start_git

SECONDS = 120
CONFLICT = 1
"""The exit code of git merge-tree where a person has to decide."""

WHO = {
    "GIT_AUTHOR_NAME": OWN_NAME,
    "GIT_AUTHOR_EMAIL": OWN_EMAIL,
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_NAME": OWN_NAME,
    "GIT_COMMITTER_EMAIL": OWN_EMAIL,
    "GIT_COMMITTER_DATE": "1700000000 +0000",
}
DIFFERENCE_CHARACTERS = 4000
"""Of one difference between two patches, enough for a person to see what was adapted."""


@dataclass(frozen=True)
class Attempt:
    """What came of a pick or revert: `commit` is empty where it conflicts. `is_empty`: it changes nothing."""

    commit: str
    conflicts: tuple[str, ...] = ()
    is_empty: bool = False


@dataclass(frozen=True)
class TreeChange:
    """A file that differs between two commits. `content` is None for one that is gone, `submodule` its commit."""

    path: str
    mode: str
    content: bytes | None
    submodule: str = ""


class Trial(AbstractContextManager["Trial"]):
    """A place to try. Raises `ActionError` where git cannot do it, such as one older than 2.38."""

    def __init__(self, checkout: Path) -> None:
        objects = run_git(checkout, "rev-parse", "--path-format=absolute", "--git-path", "objects").strip()
        form = run_git(checkout, "rev-parse", "--show-object-format").strip()
        self._home = tempfile.TemporaryDirectory(prefix="release-actions-trial-")
        self._folder = Path(self._home.name)
        self._git("init", "--quiet", "--bare", f"--object-format={form}", "--template=", ".")
        borrowed = self._folder / "objects" / "info"
        borrowed.mkdir(parents=True, exist_ok=True)
        # A path that begins with a quote would be read as a quoted one.
        (borrowed / "alternates").write_bytes(os.fsencode(objects) + b"\n")
        self._empty = self._git("mktree").decode().strip()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._home.cleanup()

    def pick(self, onto: str, commit: str) -> Attempt:
        """What `git cherry-pick` of a commit, `-m 1` of a merge, makes of another one."""
        return self._apply(onto, self._parent_of(commit), f"{commit}^{{tree}}")

    def revert(self, onto: str, commit: str) -> Attempt:
        """What `git revert` of a commit, `-m 1` of a merge, makes of another one."""
        return self._apply(onto, f"{commit}^{{tree}}", self._parent_of(commit))

    def list_changes(self, before: str, after: str) -> tuple[TreeChange, ...]:
        """The files in which two commits differ, as the second has them."""
        listed = self._git("diff-tree", "-r", "-z", "--no-renames", before, after).decode("utf-8", "surrogateescape")
        fields = listed.split("\0")
        return tuple(self._read_change(*fields[at : at + 2]) for at in range(0, len(fields) - 1, 2))

    def compare_patches(self, first: str, second: str) -> str:
        """How the patches of two commits differ, as git range-diff shows it; empty where it shows nothing."""
        flags = ("--no-color", "--no-notes", "--creation-factor=999", "--no-ext-diff", "--no-textconv")
        # Copies without the words and people of the two, which differ anyway.
        copies = [self._commit(f"{sha}^{{tree}}", self._commit(self._parent_of(sha))) for sha in (first, second)]
        shown = self._git("range-diff", *flags, *(f"{copy}^!" for copy in copies), fails=True)
        return shown.decode("utf-8", "replace")[:DIFFERENCE_CHARACTERS]

    def _apply(self, onto: str, base: str, theirs: str) -> Attempt:
        # Commits made for it give the merge the base that it needs: --merge-base is newer than 2.38.
        start = self._commit(base)
        ours, other = self._commit(f"{onto}^{{tree}}", start), self._commit(theirs, start)
        code, printed = self._run("merge-tree", "--write-tree", "-z", "--name-only", ours, other)
        tree, *rest = printed.decode("utf-8", "surrogateescape").split("\0")
        if code == CONFLICT:
            files = rest[: rest.index("")] if "" in rest else rest
            return Attempt("", tuple(dict.fromkeys(files)))
        if code:
            message = "Whether commits can be picked could not be tried: git merge-tree failed."
            raise ActionError(message, hint="Install git 2.38 or newer, and check out the whole history.")
        is_empty = tree == self._git("rev-parse", f"{onto}^{{tree}}").decode().strip()
        return Attempt(self._commit(tree, onto), is_empty=is_empty)

    def _parent_of(self, commit: str) -> str:
        """The tree before a commit; the empty one before the first."""
        tree = self._git("rev-parse", "--verify", "--quiet", f"{commit}^1^{{tree}}", fails=True).decode().strip()
        return tree or self._empty

    def _commit(self, tree: str, parent: str = "") -> str:
        parents = ("-p", parent) if parent else ()
        return self._git("commit-tree", tree, *parents, "-m", "trial").decode().strip()

    def _read_change(self, header: str, path: str) -> TreeChange:
        before, mode, _, sha, status = header.removeprefix(":").split()
        if status == "D":
            return TreeChange(path, before, None)
        if mode == "160000":
            return TreeChange(path, mode, None, sha)
        return TreeChange(path, mode, self._git("cat-file", "blob", sha))

    def _git(self, *arguments: str, fails: bool = False) -> bytes:
        code, printed = self._run(*arguments)
        if code and not fails:
            message = f"Whether commits can be picked could not be tried: git {arguments[0]} failed."
            raise ActionError(message, hint="Run git fsck in the checkout to see whether it is whole.")
        return b"" if code else printed

    def _run(self, *arguments: str) -> tuple[int, bytes]:
        own = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
        isolated = {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "XDG_CONFIG_HOME": str(self._folder),
        }
        ended = start_git(
            ["-C", str(self._folder), f"--git-dir={self._folder}", *arguments],
            "Whether commits can be picked could not be tried",
            "Install git 2.38 or newer.",
            environ={**own, **isolated, **WHO},
            seconds=SECONDS,
        )
        return ended.code, ended.printed
