"""Reads from GitHub what git cannot tell: what was promised, and labels and texts of pull requests. Changes nothing.

Pull requests are read fifty at once. A number is taken for a commit's pull request only if GitHub says that the commit
is its merge: commits that were merged in with another repository's history carry that one's numbers.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from release_actions.branches.missing import Promise
from release_actions.branches.model import BranchHistory, Explained
from release_actions.branches.reviews import ReviewedPull
from release_actions.branches.reviews_from_github import read_reviewed
from release_actions.branches.trunk import number_of
from release_actions.changes.from_github import PullReader
from release_actions.changes.model import HistoryCommit, MergedPull
from release_actions.errors import InputError
from release_actions.github.pygithub import ask, open_client

if TYPE_CHECKING:
    from github.Repository import Repository


class BranchReader:
    """Reads one repository "owner/name", each pull request once."""

    def __init__(self, api_url: str, repository: str, token: str) -> None:
        self._api_url = api_url
        self._repository = repository
        self._token = token
        self._read: dict[int, MergedPull | None] = {}

    def read_promised(self, milestone: str, label: str) -> Mapping[int, str]:
        """Number -> title of the pull requests of a milestone and of those with a label.

        Raises `InputError` for a milestone that is not there, and `RemoteError`.
        """
        what = f"list what is promised in {self._repository}"
        with open_client(self._api_url, token=self._token) as github:
            repository = ask(lambda: github.get_repo(self._repository), what)
            titles: dict[int, str] = {}
            if milestone:
                titles |= _read_milestone(repository, milestone, what)
            if label:
                issues = ask(lambda: list(repository.get_issues(state="all", labels=[label])), what)
                titles |= {issue.number: issue.title for issue in issues if issue.pull_request}
        return titles

    def read_reviewed(self, branch: str, shas: Sequence[str]) -> Mapping[str, ReviewedPull]:
        """Commit -> the pull request into a branch that brought it. Raises `RemoteError`."""
        with open_client(self._api_url, token=self._token) as github:
            return read_reviewed(github, self._repository, branch, shas)

    def read_pulls(self, numbers: Iterable[int]) -> Mapping[int, MergedPull]:
        """The merged ones of some pull requests. Raises `RemoteError`."""
        wanted = sorted({number for number in numbers if number} - self._read.keys())
        if wanted:
            with PullReader(self._api_url, self._repository, token=self._token) as reader:
                pulls = reader.read_pulls(wanted)
            self._read |= {number: pulls.get(number) for number in wanted}
        return {number: pull for number in numbers if (pull := self._read.get(number))}


def _read_milestone(repository: Repository, title: str, what: str) -> dict[int, str]:
    """The pull requests of a milestone by its title: its number is not what people write."""
    milestones = {item.title: item for item in ask(lambda: list(repository.get_milestones(state="all")), what)}
    if title not in milestones:
        near = difflib.get_close_matches(title, milestones, n=3)
        message = f"{repository.full_name} has no milestone {title[:100]!r}."
        raise InputError(message, hint=f"Did you mean {' or '.join(near)}?" if near else "Correct its title.")
    issues = ask(lambda: list(repository.get_issues(milestone=milestones[title], state="all")), what)
    return {issue.number: issue.title for issue in issues if issue.pull_request}


def make_promises(
    numbers: Iterable[int], titles: Mapping[int, str], pulls: Mapping[int, MergedPull], history: BranchHistory
) -> tuple[Promise, ...]:
    """Promises with the commits that they became, as GitHub says, else as messages on trunk say."""
    by_number: dict[int, HistoryCommit] = {}
    for each in (*history.before, *history.trunk):
        if named := number_of(each, history.repository):
            by_number[named] = each
    promises = []
    for number in dict.fromkeys(numbers):
        pull, commit = pulls.get(number), by_number.get(number)
        subject = commit.subject if commit is not None else "not on trunk"
        title = titles.get(number) or (pull.title if pull else subject)
        merge = pull.merge if pull else commit.sha if commit is not None else ""
        promises.append(Promise(number, title, merge))
    return tuple(promises)


def add_texts(
    commits: Iterable[HistoryCommit], pulls: Mapping[int, MergedPull], repository: str
) -> tuple[HistoryCommit, ...]:
    """The commits with the text of their pull request behind their message, where a squash dropped it."""
    return tuple(_add_text(commit, pulls.get(number_of(commit, repository))) for commit in commits)


def _add_text(commit: HistoryCommit, pull: MergedPull | None) -> HistoryCommit:
    if pull is None or pull.merge != commit.sha or not pull.text or pull.text in commit.message:
        return commit
    return replace(commit, message=f"{commit.message}\n\n{pull.text}")


def find_labels(explained: Iterable[Explained], pulls: Mapping[int, MergedPull]) -> Mapping[str, tuple[str, ...]]:
    """Commit of the branch -> labels of its own pull request and of those that it brings."""
    by_merge = {pull.merge: pull for pull in pulls.values() if pull.merge}
    labels: dict[str, tuple[str, ...]] = {}
    for item in explained:
        of = [by_merge[sha] for sha in (item.commit.sha, *item.counterparts) if sha in by_merge]
        labels[item.commit.sha] = tuple(dict.fromkeys(label for pull in of for label in pull.labels))
    return labels


def list_numbers(explained: Iterable[Explained], history: BranchHistory) -> tuple[int, ...]:
    """The pull requests of the branch's commits and of what they bring."""
    trunk = {commit.sha: commit for commit in (*history.before, *history.trunk)}
    commits = [
        commit
        for item in explained
        for commit in (item.commit, *(trunk[sha] for sha in item.counterparts if sha in trunk))
    ]
    return tuple(dict.fromkeys(filter(None, (number_of(commit, history.repository) for commit in commits))))
