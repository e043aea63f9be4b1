"""Histories of trunk and a branch made by git itself, with what is true of them written down as they are made."""

from __future__ import annotations

import os
import random
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

WHO = ("Ada Example", "ada@example.org")
START = 1_700_000_000


@dataclass
class Repository:
    """A checkout in which commits are made one after another, a minute apart."""

    folder: Path
    minute: int = 0
    numbers: int = 100

    @classmethod
    def init(cls, folder: Path) -> Repository:
        """An empty one on the branch main, with a first commit."""
        made = cls(folder)
        made.git("init", "--quiet", "--initial-branch=main")
        made.git("config", "commit.gpgsign", "false")
        made.commit("Begin", {"README.md": "begin\n"})
        return made

    def git(self, *arguments: str, check: bool = True) -> str:
        """What git prints."""
        date = f"{START + 60 * self.minute} +0000"
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            "GIT_AUTHOR_NAME": WHO[0],
            "GIT_AUTHOR_EMAIL": WHO[1],
            "GIT_COMMITTER_NAME": WHO[0],
            "GIT_COMMITTER_EMAIL": WHO[1],
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_DATE": date,
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        ended = subprocess.run(
            ["git", "-C", str(self.folder), *arguments], env=environ, check=check, capture_output=True, text=True
        )
        return ended.stdout.strip()

    def commit(self, message: str, files: dict[str, str]) -> str:
        """A commit that writes these files; its sha."""
        self.minute += 1
        for path, content in files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(content, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.head()

    def head(self) -> str:
        """The commit that is checked out."""
        return self.git("rev-parse", "HEAD")

    def next_number(self) -> int:
        """The number of a new pull request."""
        self.numbers += 1
        return self.numbers

    def on(self, branch: str) -> None:
        """Check a branch out."""
        self.git("checkout", "--quiet", branch)

    def cut(self, branch: str) -> None:
        """Begin a branch here."""
        self.git("checkout", "--quiet", "-b", branch)

    def pick(self, sha: str, message: str, *, extra: dict[str, str] | None = None) -> str:
        """Bring a commit to the branch that is checked out, under a message of its own, perhaps changed."""
        self.minute += 1
        self.git("cherry-pick", "--no-commit", sha)
        for path, content in (extra or {}).items():
            (self.folder / path).write_text(content, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.head()

    def revert(self, sha: str, message: str) -> str:
        """Take a commit back on the branch that is checked out."""
        self.minute += 1
        self.git("revert", "--no-commit", sha)
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.head()


@dataclass
class Truth:
    """What holds of a history.

    `picks`: commits of the branch and what they bring. `own_reverts`: reverts that the branch made itself, and trunk's
    of the same, which they may be taken for. `missing`: reverts of trunk that the branch lacks.
    """

    picks: dict[str, str] = field(default_factory=dict)
    own_reverts: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)


WAYS_TO_PICK = ("trailer", "numbers", "title", "marked", "patch", "text")
WAYS_TO_REVERT = ("button", "number", "conventional", "sha", "cut")


def make_history(folder: Path, seed: int) -> Truth:
    """A random history: changes on trunk, some picked in any way, some reverted before or after, some landed again."""
    draw = random.Random(seed)
    repository = Repository.init(folder)
    truth = Truth()
    changes: list[tuple[str, str, int]] = []
    for index in range(draw.randint(1, 4)):
        changes += [_land(repository, f"Improve the engine part {index} before the cut", f"before{index}.txt")]
    repository.cut("release")
    repository.on("main")
    later = [_land(repository, f"Repair the wheel number {index} for good", f"after{index}.txt") for index in range(5)]
    picked: dict[str, str] = {}
    for sha, title, number in draw.sample(later, draw.randint(0, 5)):
        picked[sha] = _pick(repository, draw.choice(WAYS_TO_PICK), sha, title, number)
        truth.picks[picked[sha]] = sha
    for sha, title, number in draw.sample([*changes, *later], draw.randint(0, 4)):
        repository.on("main")
        revert, revert_title, revert_number = _revert(repository, draw.choice(WAYS_TO_REVERT), sha, title, number)
        fate = draw.choice(("left", "left", "reverted back", "landed again", "branch reverts", "branch picks it"))
        in_branch = sha in picked or (sha, title, number) in changes
        if fate == "reverted back":
            repository.revert(revert, f'Revert "{revert_title}" (#{repository.next_number()})')
        elif fate == "landed again":
            _again(repository, title)
        elif fate == "branch reverts" and in_branch:
            repository.on("release")
            target = picked.get(sha, sha)
            own = repository.revert(target, f'Revert "{title}"\n\nThis reverts commit {target}.')
            truth.own_reverts[own] = revert
        elif fate == "branch picks it" and in_branch:
            repository.on("release")
            done = repository.pick(revert, f"{revert_title} (#{revert_number})\n\n(cherry picked from commit {revert})")
            truth.picks[done] = revert
        elif in_branch:
            truth.missing.add(revert)
    return truth


def _land(repository: Repository, title: str, path: str) -> tuple[str, str, int]:
    number = repository.next_number()
    sha = repository.commit(f"{title} (#{number})", {path: f"{title}\n" * 3})
    return sha, title, number


def _pick(repository: Repository, way: str, sha: str, title: str, number: int) -> str:
    repository.on("release")
    own = repository.next_number()
    messages = {
        "trailer": f"Another title altogether (#{own})\n\n(cherry picked from commit {sha})",
        "numbers": f"{title} (#{number}) (#{own})",
        "title": f"{title} (#{own})",
        "marked": f"[release] Cherry pick of #{number}: something else (#{own})",
        "patch": f"Nothing in common with it (#{own})",
        "text": f"Yet another title (#{own})\n\nBackport of #{number}",
    }
    done = repository.pick(sha, messages[way])
    repository.on("main")
    return done


def _revert(repository: Repository, way: str, sha: str, title: str, number: int) -> tuple[str, str, int]:
    own = repository.next_number()
    titles = {
        "button": f'Revert "{title}"',
        "number": f"Revert #{number}",
        "conventional": f"revert: {title}",
        "sha": f'Revert "{title}"',
        "cut": f'Revert "{title[:-8]}\u2026',
    }
    text = f"\n\nThis reverts commit {sha}." if way == "sha" else ""
    done = repository.revert(sha, f"{titles[way]} (#{own}){text}")
    return done, titles[way], own


def _again(repository: Repository, title: str) -> None:
    number = repository.next_number()
    repository.commit(f'Reland "{title}" (#{number})', {f"again{number}.txt": f"{title}\n"})
