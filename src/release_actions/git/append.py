"""Appends to a file on a branch of a remote repository, without a checkout: only by adding a commit to what is there.

The push is never forced, so that of two writers one is refused by the server and reads again; what the first wrote is
never lost. Nothing is taken from the folder of the run but git itself.
"""

from __future__ import annotations

import base64
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from release_actions.errors import ActionError, PartialError
from release_actions.git.process import OWN_EMAIL, OWN_NAME, start_git

SECONDS = 120
TRIES = 8
PAUSE_SECONDS = 0.5
"""Before the second try; each further pause is as much longer."""


@dataclass(frozen=True)
class Remote:
    """Where the branch is. `address`: what git takes; `token` may push there, empty for an address that needs none."""

    address: str
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Version:
    """A file as the branch had it. `commit` is empty when there is no such branch yet."""

    commit: str
    content: bytes


class Branch(AbstractContextManager["Branch"]):
    """A branch of a remote repository. Raises `ActionError` when git or the server says no."""

    def __init__(self, remote: Remote, name: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.name = name
        self._ref = f"refs/heads/{name}"
        self._remote = remote
        self._sleep = sleep
        self._home = tempfile.TemporaryDirectory(prefix="release-actions-branch-")
        self._folder = Path(self._home.name)
        self._git("init", "--quiet", "--bare", ".")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._home.cleanup()

    def read(self, file: str) -> Version:
        """A file of the branch as it is now; empty when branch or file are not there."""
        listed = self._git("ls-remote", "--exit-code", "--", self._remote.address, self._ref, fails=(0, 2))
        commit = listed.decode().partition("\t")[0].strip()
        if not commit:
            return Version("", b"")
        self._git("fetch", "--quiet", "--depth=1", "--no-tags", "--", self._remote.address, commit)
        listed = self._git("ls-tree", "-z", commit, "--", file)
        if not listed:
            return Version(commit, b"")
        return Version(commit, self._git("cat-file", "blob", listed.split(b"\t")[0].split()[2].decode()))

    def change(self, file: str, edit: Callable[[bytes], bytes], message: str) -> Version:
        """Change a file by a function of what it holds, which is asked again when somebody else was faster.

        Nothing is pushed where the function changes nothing.
        """
        for number in range(TRIES):
            before = self.read(file)
            content = edit(before.content)
            if content == before.content:
                return before
            commit = self._commit(file, content, before.commit, message)
            # The expected value makes a branch that somebody made meanwhile a refusal, too: an empty one is "none".
            lease = f"--force-with-lease={self._ref}:{before.commit}"
            try:
                self._git("push", "--quiet", "--porcelain", lease, "--", self._remote.address, f"{commit}:{self._ref}")
            except ActionError:
                # Whatever the words are: only a branch that has moved is a reason to try again.
                if self.read(file).commit == before.commit:
                    raise
                self._sleep(PAUSE_SECONDS * (number + 1))
                continue
            return Version(commit, content)
        words = f"{file} on the branch {self.name} was changed by others each of the {TRIES} times it was written."
        raise PartialError(words, done=0, total=1, hint="Run this step again.")

    def _commit(self, file: str, content: bytes, parent: str, message: str) -> str:
        """A commit that differs from its parent by one file."""
        index = {"GIT_INDEX_FILE": str(self._folder / "index-of-append")}
        blob = self._git("hash-object", "-w", "--stdin", given=content).decode().strip()
        self._git("read-tree", *([parent] if parent else ["--empty"]), more=index)
        self._git("update-index", "--add", "--cacheinfo", f"100644,{blob},{file}", more=index)
        tree = self._git("write-tree", more=index).decode().strip()
        parents = ("-p", parent) if parent else ()
        return self._git("commit-tree", tree, *parents, "-m", message).decode().strip()

    def _git(
        self,
        *arguments: str,
        given: bytes = b"",
        more: dict[str, str] | None = None,
        fails: tuple[int, ...] = (0,),
    ) -> bytes:
        environ = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1"}
        environ.update(dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), OWN_NAME))
        environ.update(dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), OWN_EMAIL))
        for variable in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"):
            environ.pop(variable, None)
        environ.update(_credential(self._remote), **(more or {}))
        failure = f"The branch {self.name} could not be read or written"
        command = ["-C", str(self._folder), *arguments]
        ended = start_git(command, failure, "Install git on the runner.", environ=environ, given=given, seconds=SECONDS)
        if ended.code not in fails:
            message = f"git {arguments[0]} failed for the branch {self.name}: {ended.complaint}"
            hint = "To push, the job needs contents: write, and the branch's rules have to allow it."
            raise ActionError(message, hint=hint)
        return ended.printed


def _credential(remote: Remote) -> dict[str, str]:
    """The token as git's configuration in the environment, where no list of processes shows it."""
    if not remote.token:
        return {}
    encoded = base64.b64encode(f"x-access-token:{remote.token}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{remote.address}.extraheader",
        "GIT_CONFIG_VALUE_0": f"AUTHORIZATION: basic {encoded}",
    }
