"""Reads from a checkout what lies between two points: all that git knows, without any request.

Pull requests are known by what commit messages say of them, accounts by addresses that GitHub gives its users. Labels,
and who is an app without saying so, git does not know. A checkout without the whole history is an error. This module
must never change anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from release_actions.builds import path_filter
from release_actions.changes.authors import author_of
from release_actions.changes.credit import Originals, named_numbers
from release_actions.changes.from_git import make_commit
from release_actions.changes.mainline import pulls_by_message
from release_actions.changes.model import HistoryCommit, HistorySpan, MergedChange, MergedPull
from release_actions.changes.titles import trailing_numbers, without_numbers
from release_actions.git import checkout
from release_actions.git.history import PLAIN, find_records, read_records

LOOKED_UP = 200
"""Pull requests that are searched for in the history, which is the length of one command."""

SHOWN = 500
"""Commits of one command line."""


class CheckoutHistory:
    """The history of a checkout. `repository` is whose it is, so that numbers of others are not taken for its own."""

    def __init__(self, folder: Path, repository: str) -> None:
        self._folder = folder
        self._repository = repository

    def read_span(self, base: str, head: str) -> HistorySpan:
        """What lies between two points. Raises `InputError`."""
        ahead = read_commits(self._folder, base, head)
        behind = read_commits(self._folder, head, base) if base else ()
        return HistorySpan(ahead, behind, pulls_by_message(ahead, self._repository))

    def read_originals(self, picked: Sequence[MergedChange]) -> Originals:
        """What changes were picked from, where the checkout has it."""
        shas = sorted({sha for change in picked for sha in change.sources})
        by_commit = {commit.sha: self._pull_of(commit) for sha in shas for commit in self._find("--no-walk", sha)}
        return Originals(self._find_numbers(sorted(named_numbers(picked))), by_commit)

    def _find_numbers(self, numbers: Sequence[int]) -> dict[int, MergedPull]:
        """Pull requests by number, from the subjects that end with them: one search for all, since it reads everything.

        A picked commit ends with several numbers, and the original with its own alone.
        """
        pulls: dict[int, MergedPull] = {}
        patterns = [f"--grep=(#{number})" for number in numbers[:LOOKED_UP]]
        for commit in self._find("--all", "--fixed-strings", *patterns) if patterns else ():
            named = trailing_numbers(commit.subject, self._repository)
            if len(named) == 1 and named[0] in numbers:
                pulls.setdefault(named[0], self._pull_of(commit))
        return pulls

    def _find(self, *arguments: str) -> tuple[HistoryCommit, ...]:
        """Commits that git log gives; none where it fails, as for one that the checkout does not have."""
        return tuple(map(make_commit, find_records(self._folder, *arguments)))

    def _pull_of(self, commit: HistoryCommit) -> MergedPull:
        numbers = trailing_numbers(commit.subject, self._repository)
        number = numbers[-1] if numbers else 0
        return MergedPull(number, without_numbers(commit.subject), commit.author, commit.sha, merged=commit.date)

    def has_merged_before(self, first: Mapping[str, MergedChange], base: str) -> Mapping[str, bool | None]:
        """Whether authors wrote a commit before the base. The same name counts, so that nobody is announced twice."""
        earlier = read_authors(self._folder, base) if base else frozenset()
        return {key: bool({key, change.author.name.casefold()} & (earlier - {""})) for key, change in first.items()}

    def find_touching(self, changes: Sequence[MergedChange], globs: Collection[str]) -> frozenset[str]:
        """The commits that identify the changes that touch a path. Raises `InputError`."""
        owners = {sha: change.sha for change in changes for sha in change.commits}
        shas = sorted(owners)
        touching: set[str] = set()
        for start in range(0, len(shas), SHOWN):
            # Without -m a merge shows nothing, which is right: the commits that it brought are asked about themselves.
            # Both names of a renamed file count: it may leave the component, or come into it.
            flags = ("--no-walk=unsorted", "--name-only", "--no-renames", "-z", "--format=%x01%H")
            text = checkout.run_git(self._folder, "log", *PLAIN, *flags, *shas[start : start + SHOWN], "--")
            for record in text.split("\x01")[1:]:
                sha, *names = re.split(r"[\0\n]+", record)
                if any(path_filter.matches(globs, name) for name in names if name):
                    touching.add(owners[sha])
        return frozenset(touching)


def read_commits(folder: Path, base: str, head: str) -> tuple[HistoryCommit, ...]:
    """Commits that `head` has and `base` has not, parents before children. Raises `InputError`."""
    names = [head, *([f"^{base}"] if base else [])]
    return tuple(map(make_commit, read_records(folder, *names)))


def read_authors(folder: Path, commit: str) -> frozenset[str]:
    """Folded logins and names of everybody who wrote a commit or one before it. Raises `InputError`."""
    text = checkout.run_git(folder, "log", *PLAIN, "--format=%an%x1f%ae", commit, "--")
    authors = [author_of(*line.split("\x1f")) for line in set(text.splitlines()) if "\x1f" in line]
    return frozenset(name for author in authors for name in (author.key, author.name.casefold()))


def resolve_point(folder: Path, names: Sequence[str]) -> str:
    """The first of some names that is a commit in the checkout; empty where none is."""
    for name in names:
        if not re.match(r"[A-Za-z0-9]", name):
            continue  # never an option of git
        if checkout.run_git(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", fails=True).strip():
            return name
    return ""


def read_origin(folder: Path, server_url: str) -> str:
    """The repository "owner/name" that the checkout was cloned from; empty where it is not one of this server."""
    url = checkout.run_git(folder, "config", "--get", "remote.origin.url", fails=True).strip()
    host = re.escape(server_url.partition("://")[2])
    match = re.fullmatch(rf"(?:https?://(?:[^/@]*@)?|ssh://git@|git@){host}[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?", url)
    return match[1] if match else ""
