"""One history told twice: to the embedded GitHub, and to git itself.

Each operation is what a project does: squash, merge or rebase a pull request, push a commit, cherry-pick, tag, branch.
Time passes by an hour with each.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Protocol

from release_actions.simulator import World
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.git import Target
from release_actions.simulator.repositories import Pull, Release, Repository

START = datetime(2026, 1, 5, 9, tzinfo=timezone.utc)
REPOSITORY = "acme/web"
TOKEN = "ghs_job"
READER = "ghs_reader"


@dataclass(frozen=True)
class Told:
    """A pull request as it is told. `late`: hours after which it counts as merged, if not at once."""

    number: int
    title: str
    author: str = "ada"
    labels: tuple[str, ...] = ()
    text: str = ""


class History(Protocol):
    """What both can be told. Each call gives the commit that it leaves on the branch."""

    def commit(self, message: str, author: str = "ada", *, on: str = "main") -> str: ...

    def squash(self, pull: Told, *, on: str = "main", message: str = "") -> str: ...

    def merge(self, pull: Told, subjects: Sequence[str], *, on: str = "main") -> str: ...

    def rebase(self, pull: Told, subjects: Sequence[str], *, on: str = "main") -> str: ...

    def branch(self, name: str, start: str) -> None: ...

    def tag(self, name: str, commit: str) -> None: ...

    def join(self, branch: str, *, on: str = "main") -> str: ...


def email(author: str) -> str:
    """The address that GitHub gives an account."""
    return f"1+{author}@users.noreply.github.com"


@dataclass
class OnGitHub:
    """A history on the embedded GitHub."""

    world: World = field(default_factory=World)
    now: datetime = START

    def __post_init__(self) -> None:
        self.world.add_account("acme", organization=True)
        for login in ("ada", "bob", "eve", "zoe"):
            self.world.add_account(login)
        self.repository: Repository = self.world.add_repository(REPOSITORY)
        writes = {"contents": "write", "pull-requests": "read"}
        self.world.add_token(TOKEN, TokenKind.ACTIONS, repository=REPOSITORY, permissions=writes)
        reads = {"contents": "read", "pull-requests": "read"}
        self.world.add_token(READER, TokenKind.ACTIONS, repository=REPOSITORY, permissions=reads)

    def tip(self, branch: str) -> tuple[str, ...]:
        target = self.repository.git.refs.get(f"refs/heads/{branch}")
        return (target.sha,) if target else ()

    def commit(
        self, message: str, author: str = "ada", *, on: str = "main", parents: tuple[str, ...] | None = None
    ) -> str:
        self.now += timedelta(hours=1)
        self.world.clock.set(max(self.now, self.world.now()))
        made = self.repository.git.commit(
            message,
            self.now,
            parents=self.tip(on) if parents is None else parents,
            author=author,
            email=email(author),
            login=author if self.world.account(author) else "",
        )
        if on:
            self.repository.git.refs[f"refs/heads/{on}"] = Target(made.sha, "commit")
        return made.sha

    def pull(self, told: Told, merge: str, commits: Sequence[str], on: str) -> None:
        nothing = "0" * 40
        self.repository.pulls[told.number] = Pull(
            id=told.number + 1000,
            number=told.number,
            title=told.title,
            author=told.author,
            base=on,
            base_sha=nothing,
            head=f"work-{told.number}",
            head_sha=nothing,
            created=START + timedelta(minutes=told.number),
            updated=self.now,
            body=told.text,
            state="closed",
            closed=self.now,
            merged=self.now,
            merge_commit=merge,
            merged_by="ada",
            labels=told.labels,
            commits=tuple(commits),
        )

    def squash(self, pull: Told, *, on: str = "main", message: str = "") -> str:
        sha = self.commit(message or f"{pull.title} (#{pull.number})", pull.author, on=on)
        self.pull(pull, sha, (), on)
        return sha

    def merge(self, pull: Told, subjects: Sequence[str], *, on: str = "main") -> str:
        (start,) = self.tip(on)
        side = [start]
        for subject in subjects:
            side.append(self.commit(subject, pull.author, on="", parents=(side[-1],)))
        message = f"Merge pull request #{pull.number} from {pull.author}/work\n\n{pull.title}"
        sha = self.commit(message, "ada", on=on, parents=(start, side[-1]))
        self.pull(pull, sha, side[1:], on)
        return sha

    def rebase(self, pull: Told, subjects: Sequence[str], *, on: str = "main") -> str:
        shas = [self.commit(subject, pull.author, on=on) for subject in subjects]
        self.pull(pull, shas[-1], shas, on)
        return shas[-1]

    def branch(self, name: str, start: str) -> None:
        self.repository.git.refs[f"refs/heads/{name}"] = Target(start, "commit")

    def tag(self, name: str, commit: str) -> None:
        self.repository.git.refs[f"refs/tags/{name}"] = Target(commit, "commit")

    def join(self, branch: str, *, on: str = "main") -> str:
        parents = (*self.tip(on), *self.tip(branch))
        return self.commit(f"Merge branch '{branch}'", "ada", on=on, parents=parents)

    def release(self, tag: str, body: str = "", *, prerelease: bool = False, draft: bool = False) -> Release:
        number = self.world.next_id("release")
        release = Release(number, tag, "main", "ada", self.now, tag, body, draft, prerelease)
        release.published = None if draft else self.now
        self.repository.releases[number] = release
        return release


class InGit:
    """The same history in a real repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = START
        self.run("init", "--quiet", "--initial-branch=main")

    def run(self, *arguments: str, author: str = "ada") -> str:
        date = f"{int(self.now.timestamp())} +0000"
        environ = {
            **os.environ,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            **{f"GIT_{who}_NAME": author for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": email(author) for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_DATE": date for who in ("AUTHOR", "COMMITTER")},
        }
        command = ["git", "-C", str(self.folder), *arguments]
        return subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout.strip()

    def _make(self, message: str, author: str, *parents: str) -> str:
        self.now += timedelta(hours=1)
        tree = self.run("write-tree")
        flags = [word for parent in parents for word in ("-p", parent)]
        return self.run("commit-tree", tree, *flags, "-m", message, author=author)

    def tip(self, branch: str) -> tuple[str, ...]:
        found = self.run("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
        return (found,) if found else ()

    def commit(self, message: str, author: str = "ada", *, on: str = "main") -> str:
        sha = self._make(message, author, *self.tip(on))
        self.branch(on, sha)
        return sha

    def squash(self, pull: Told, *, on: str = "main", message: str = "") -> str:
        return self.commit(message or f"{pull.title} (#{pull.number})", pull.author, on=on)

    def merge(self, pull: Told, subjects: Sequence[str], *, on: str = "main") -> str:
        (start,) = self.tip(on)
        side = start
        for subject in subjects:
            side = self._make(subject, pull.author, side)
        message = f"Merge pull request #{pull.number} from {pull.author}/work\n\n{pull.title}"
        sha = self._make(message, "ada", start, side)
        self.branch(on, sha)
        return sha

    def rebase(self, pull: Told, subjects: Sequence[str], *, on: str = "main") -> str:
        return [self.commit(subject, pull.author, on=on) for subject in subjects][-1]

    def branch(self, name: str, start: str) -> None:
        self.run("update-ref", f"refs/heads/{name}", start)

    def tag(self, name: str, commit: str) -> None:
        self.run("update-ref", f"refs/tags/{name}", commit)

    def join(self, branch: str, *, on: str = "main") -> str:
        sha = self._make(f"Merge branch '{branch}'", "ada", *self.tip(on), *self.tip(branch))
        self.branch(on, sha)
        return sha


def two_releases(history: History) -> None:
    """From v1.0.0 to v1.1.0 as projects live: reverts, re-lands, renames, bots, a candidate, floats, a backport."""
    history.squash(Told(1, "Start"))
    old = history.squash(Told(2, "Old feature", "bob"))
    history.tag("v1.0.0", old)
    history.tag("v1", old)
    history.tag("v1.0", old)
    history.branch("release-1.0", old)
    history.squash(Told(10, "Add the cache", "bob", ("kind/feature",)))
    history.squash(Told(11, "Cut corners", "bob"))
    fix = history.squash(Told(12, "Fix the leak", "zoe", ("kind/bug",)))
    history.squash(Told(13, 'Revert "Cut corners"', "ada", text="Reverts acme/web#11"))
    history.merge(Told(15, "Rename web to site", "eve"), ["Rename the folder", "Rename the rest"])
    # Opened before everything else, merged after zoe's first.
    history.squash(Told(3, "Answer faster", "zoe"))
    history.rebase(Told(16, "Log in JSON", "bob", ("kind/feature",)), ["Log in JSON", "Name the fields"])
    history.squash(Told(17, "Try a queue", "bob"))
    history.squash(Told(18, 'Revert "Try a queue"', "ada"))
    history.squash(Told(19, 'Reland "Try a queue"', "bob", text="Relands #17"))
    history.squash(Told(20, "Bump requests from 1 to 2", "dependabot[bot]", ("dependencies",)))
    history.squash(Told(21, 'Revert "Old feature"', "ada"))
    candidate = history.commit("Set the version")
    history.tag("v1.1.0-rc.1", candidate)
    # A patch of the old line, tagged after the candidate.
    picked = f"Fix the leak (#12)\n\n(cherry picked from commit {fix})"
    patch = history.commit(picked, "zoe", on="release-1.0")
    history.squash(Told(22, "[release-1.0] Only here", "bob"), on="release-1.0")
    history.tag("v1.0.1", history.tip("release-1.0")[0])  # type: ignore[attr-defined]  # both have it
    history.tag("v1.0", patch)
    last = history.squash(Told(23, "Write <b>docs</b> for @everyone | all", "eve", ("kind/docs",)))
    history.tag("v1.1.0", last)
    history.tag("v1.1", last)
    history.tag("v1", last)
