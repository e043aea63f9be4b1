"""Reads from GitHub what lies between two tags: commits by comparing, their pull requests by GraphQL, dozens at once.

Complete or an error: counts are checked, every page is read, and what GitHub did not say is never taken for nothing.
For `c` commits it asks about `c / 100 + c / 50` times, and once for each twenty authors. It must never change anything.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from release_actions.builds import path_filter
from release_actions.changes.credit import Originals, named_numbers
from release_actions.changes.model import Author, HistoryCommit, HistorySpan, MergedChange, MergedPull
from release_actions.changes.titles import trailing_numbers, without_numbers
from release_actions.errors import RemoteError
from release_actions.github import pygithub
from release_actions.github import repository as github_repository
from release_actions.github.pygithub import translate_answers
from release_actions.runner.context import parse_time

if TYPE_CHECKING:
    from github import Github

PER_PAGE = 100
COMMITS_PER_QUERY = 50
"""Commits that one query asks about. GitHub gives a query ten seconds."""

NUMBERS_PER_QUERY = 50
"""Pull requests by number in one query."""

AUTHORS_PER_QUERY = 20
"""Authors that one query asks about, each by two searches."""

COMPARED_COMMITS = 10_000
"""Commits that GitHub shows of a comparison."""

PULL = """
  number title body merged mergedAt
  mergeCommit { oid }
  author { __typename login }
  labels(first: 100) { nodes { name } pageInfo { hasNextPage } }
"""
OF_COMMIT = f"""
  ... on Commit {{ associatedPullRequests(first: 10, after: %s) {{
    nodes {{ {PULL} }}
    pageInfo {{ hasNextPage endCursor }}
  }} }}
"""
GHOST = Author(login="ghost")
"""How GitHub shows an account that was deleted."""

T = TypeVar("T")


class PullReader:
    """Reads one repository "owner/name". Used as a context, which holds the connection."""

    def __init__(self, api_url: str, repository: str, *, token: str = "") -> None:
        github_repository.repository_url(api_url, repository)
        self.repository = repository
        self._owner, _, self._name = repository.partition("/")
        self._open = contextlib.ExitStack()
        self._github: Github = self._open.enter_context(pygithub.open_client(api_url, token=token))

    def __enter__(self) -> PullReader:  # noqa: PYI034  # Self is in typing from Python 3.11 on
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def span(self, base: str, head: str) -> HistorySpan:
        """What lies between two tags. Raises `RemoteError`."""
        ahead, behind = self._compared(base, head)
        back = self._compared(head, base)[0] if behind else ()
        return HistorySpan(ahead, back, self.pulls(ahead))

    def read_pulls(self, wanted: Sequence[int]) -> dict[int, MergedPull]:
        """Merged pull requests by number; those that are not there, or not merged, are left out."""
        read: dict[int, MergedPull] = {}
        what = f"read pull requests of {self.repository}"
        for batch in split_batches(sorted(set(wanted)), NUMBERS_PER_QUERY):
            parts = " ".join(f"n{number}: pullRequest(number: {number}) {{ {PULL} }}" for number in batch)
            answer = self._query(f"repository(owner: $owner, name: $name) {{ {parts} }}", what, lenient=True)
            for number in batch:
                node = answer["repository"].get(f"n{number}")
                with translate_answers(what):
                    pull = parse_pull(node) if node else None
                if pull:
                    read[number] = pull
        return read

    def read_pulls_of(self, shas: Sequence[str]) -> dict[str, MergedPull]:
        """Commit -> the pull request that it is the merge of. Commits that are not in the repository are left out."""
        read: dict[str, MergedPull] = {}
        what = f"read the pull requests of picked commits of {self.repository}"
        for batch in split_batches(sorted(set(shas)), COMMITS_PER_QUERY):
            parts = [f"c{i}: object(oid: {json.dumps(sha)}) {{ {OF_COMMIT % 'null'} }}" for i, sha in enumerate(batch)]
            body = f"repository(owner: $owner, name: $name) {{ {' '.join(parts)} }}"
            answer = self._query(body, what, lenient=True)["repository"]
            for index, sha in enumerate(batch):
                node = answer.get(f"c{index}")
                with translate_answers(what):
                    pull = choose_pull(sha, parse_page(node)[0]) if node else None
                if pull:
                    read[sha] = pull
        return read

    def read_paths(self, sha: str) -> tuple[str, ...]:
        """The paths that a commit changed against its first parent, both of a renamed file. Raises `RemoteError`."""
        what = f"read the files of {sha} in {self.repository}"
        names: list[str] = []
        for page in self._pages(f"commits/{sha}", {}, what):
            with translate_answers(what):
                names += [str(file["filename"]) for file in page["files"]]
                names += [str(file["previous_filename"]) for file in page["files"] if file.get("previous_filename")]
        return tuple(names)

    def history(self, head: str) -> HistorySpan:
        """All that a tag has, for a first release. Raises `RemoteError`."""
        what = f"list the commits of {head} in {self.repository}"
        pages = self._pages("commits", {"sha": head}, what)
        commits = tuple(parse_commit(item, what) for page in pages for item in page)[::-1]
        return HistorySpan(commits, (), self.pulls(commits))

    def _compared(self, base: str, head: str) -> tuple[tuple[HistoryCommit, ...], int]:
        """Commits that `head` has and `base` has not, and how many `base` has and `head` has not."""
        what = f"compare {base} with {head} in {self.repository}"
        commits: list[HistoryCommit] = []
        total = behind = 0
        for page in self._pages(f"compare/{quote(base, safe='')}...{quote(head, safe='')}", {}, what):
            with translate_answers(what):
                total, behind = int(page["total_commits"]), int(page["behind_by"])
                commits += [parse_commit(item, what) for item in page["commits"]]
        if len({commit.sha for commit in commits}) != total:
            message = f"Could not {what}: GitHub announced {total} commits and showed {len(commits)}."
            raise RemoteError(message, hint="Run it again.")
        return tuple(commits), behind

    def _pages(self, path: str, given: Mapping[str, str], what: str) -> Iterator[Any]:
        """Every page below the repository's address, up to `LONGEST` commits.

        Not by PyGithub's lists: to give what GitHub said of a commit, its objects ask for each commit once more.
        """
        url = f"/repos/{self.repository}/{path}"
        for number in range(1, COMPARED_COMMITS // PER_PAGE + 1):
            parameters = {**given, "per_page": PER_PAGE, "page": number}
            headers, page = pygithub.ask(
                lambda asked=parameters: self._github.requester.requestJsonAndCheck("GET", url, parameters=asked),  # type: ignore[misc]  # bound
                what,
                url,
            )
            yield page
            if 'rel="next"' not in headers.get("link", ""):
                return
        message = f"Could not {what}: there are more than {COMPARED_COMMITS} commits, and GitHub shows no more."
        raise RemoteError(message, hint="Use history: checkout, with a checkout of the whole history.")

    def pulls(self, commits: Sequence[HistoryCommit]) -> dict[str, MergedPull]:
        """Commit -> the pull request that brought it. Raises `RemoteError`."""
        what = f"read the pull requests of {len(commits)} commits of {self.repository}"
        candidates: dict[str, list[MergedPull]] = {commit.sha: [] for commit in commits}
        waiting: list[tuple[str, str]] = [(commit.sha, "null") for commit in commits]
        while waiting:
            batch, waiting = waiting[:COMMITS_PER_QUERY], waiting[COMMITS_PER_QUERY:]
            parts = [
                f"c{i}: object(oid: {json.dumps(sha)}) {{ {OF_COMMIT % after} }}"
                for i, (sha, after) in enumerate(batch)
            ]
            answer = self._query(f"repository(owner: $owner, name: $name) {{ {' '.join(parts)} }}", what)["repository"]
            for index, (sha, _) in enumerate(batch):
                with translate_answers(what):
                    pulls, more = parse_page(answer[f"c{index}"])
                candidates[sha] += pulls
                if more and not any(pull.merge == sha for pull in pulls):
                    waiting.append((sha, json.dumps(more)))
        chosen = {sha: pull for sha, pulls in candidates.items() if (pull := choose_pull(sha, pulls))}
        return chosen | self._by_number([commit for commit in commits if commit.sha not in chosen])

    def _by_number(self, commits: Iterable[HistoryCommit]) -> dict[str, MergedPull]:
        """The pull requests that commits without one name at the end of their subject, if it is theirs.

        A cherry-picked commit keeps number and subject of the pull request that first brought it.
        """
        asked = {
            commit: named[-1] for commit in commits if (named := trailing_numbers(commit.subject, self.repository))
        }
        pulls = self.read_pulls(tuple(asked.values()))
        return {
            commit.sha: pulls[number]
            for commit, number in asked.items()
            if number in pulls and is_same_title(pulls[number].title, commit.subject)
        }

    def merged_before(self, first: Mapping[str, datetime]) -> dict[str, bool | None]:
        """Login -> whether a pull request of theirs was merged before the given time.

        None where the search does not show that account at all, not even what is known to be merged.
        """
        what = f"look for earlier pull requests in {self.repository}"
        known: dict[str, bool | None] = {}
        for batch in split_batches(sorted(first), AUTHORS_PER_QUERY):
            parts = []
            for index, login in enumerate(batch):
                time = f"{first[login]:%Y-%m-%dT%H:%M:%SZ}"
                base = f"repo:{self.repository} is:pr is:merged author:{login}"
                for name, sign in (("b", "<"), ("t", "<=")):
                    words = json.dumps(f"{base} merged:{sign}{time}")
                    parts.append(f"{name}{index}: search(query: {words}, type: ISSUE, first: 1) {{ issueCount }}")
            answer = self._query(" ".join(parts), what, names=False)
            for index, login in enumerate(batch):
                with translate_answers(what):
                    before, until = (int(answer[f"{name}{index}"]["issueCount"]) for name in "bt")
                known[login] = before > 0 if until else None
        return known

    def _query(self, body: str, what: str, *, names: bool = True, lenient: bool = False) -> dict[str, Any]:
        """The data of a query. `lenient`: what GitHub says is not there is None in it, and not an error."""
        head = "query($owner: String!, $name: String!)" if names else "query"
        variables = {"owner": self._owner, "name": self._name} if names else {}
        return pygithub.encode_query(self._github, f"{head} {{ {body} }}", variables, what, lenient=lenient)


class GitHubHistory:
    """The history of a repository on GitHub, which needs a token for it."""

    def __init__(self, api_url: str, repository: str, token: str) -> None:
        self._api_url = api_url
        self._repository = repository
        self._token = token

    def _reader(self) -> PullReader:
        return PullReader(self._api_url, self._repository, token=self._token)

    def read_span(self, base: str, head: str) -> HistorySpan:
        """What lies between two points. Raises `RemoteError` when GitHub does not say all of it."""
        with self._reader() as reader:
            return reader.span(base, head) if base else reader.history(head)

    def read_originals(self, picked: Sequence[MergedChange]) -> Originals:
        """What changes were picked from. Raises `RemoteError`."""
        numbers, shas = sorted(named_numbers(picked)), sorted({sha for change in picked for sha in change.sources})
        if not numbers and not shas:
            return Originals()
        with self._reader() as reader:
            return Originals(reader.read_pulls(numbers), reader.read_pulls_of(shas))

    def has_merged_before(self, first: Mapping[str, MergedChange], base: str) -> Mapping[str, bool | None]:  # noqa: ARG002  # GitHub knows the times
        """Whether authors had a pull request merged before their first change. Raises `RemoteError`."""
        times = {change.author.login: change.merged for change in first.values() if change.merged}
        with self._reader() as reader:
            answers = reader.merged_before(times) if times else {}
        return {key: answers.get(change.author.login) for key, change in first.items()}

    def find_touching(self, changes: Sequence[MergedChange], globs: Collection[str]) -> frozenset[str]:
        """The commits that identify the changes that touch a path: a request for each commit. Raises `RemoteError`."""
        touching = set()
        with self._reader() as reader:
            for change in changes:
                paths = (path for sha in change.commits for path in reader.read_paths(sha))
                if any(path_filter.matches(globs, path) for path in paths):
                    touching.add(change.sha)
        return frozenset(touching)


def parse_commit(item: Mapping[str, Any], what: str) -> HistoryCommit:
    """A commit as REST gives it. Raises `RemoteError`."""
    with translate_answers(what):
        written = item["commit"]
        account = item.get("author") or {}
        name = str((written.get("author") or {}).get("name") or "")
        return HistoryCommit(
            sha=item["sha"],
            message=written["message"],
            parents=tuple(parent["sha"] for parent in item["parents"]),
            author=Author(str(account.get("login") or ""), name, is_bot(account)),
            date=parse_time(written["committer"]["date"]),
        )


def parse_page(node: Mapping[str, Any] | None) -> tuple[list[MergedPull], str]:
    """The pull requests of a commit on one page, and where the next one begins, empty on the last."""
    if not node:
        message = "a commit is gone"
        raise ValueError(message)
    connection = node["associatedPullRequests"]
    page = connection["pageInfo"]
    pulls = [pull for item in connection["nodes"] if (pull := parse_pull(item))]
    return pulls, str(page["endCursor"]) if page["hasNextPage"] else ""


def parse_pull(node: Mapping[str, Any]) -> MergedPull | None:
    """A pull request; None for one that is not merged."""
    if not node["merged"]:
        return None
    if node["labels"]["pageInfo"]["hasNextPage"]:
        message = "a pull request has more than a hundred labels"
        raise ValueError(message)
    author = node["author"]
    return MergedPull(
        number=int(node["number"]),
        title=" ".join(str(node["title"]).split()),
        author=parse_author(author) if author else GHOST,
        merge=str((node["mergeCommit"] or {}).get("oid") or ""),
        labels=tuple(str(label["name"]) for label in node["labels"]["nodes"]),
        merged=parse_time(node["mergedAt"]),
        text=str(node["body"] or ""),
    )


def parse_author(node: Mapping[str, Any]) -> Author:
    """Who opened a pull request. GraphQL names an app without the marks that it has everywhere else."""
    bot = node["__typename"] == "Bot"
    login = str(node["login"])
    return Author(f"{login}[bot]" if bot and not login.endswith("[bot]") else login, bot=bot)


def is_bot(account: Mapping[str, Any]) -> bool:
    """Whether REST says that an account is an app's."""
    return account.get("type") == "Bot" or str(account.get("login") or "").endswith("[bot]")


def choose_pull(sha: str, pulls: Iterable[MergedPull]) -> MergedPull | None:
    """The pull request that brought a commit: the one whose merge it is, else the one that was merged first.

    A pull request that merges one branch into another holds all its commits, and brought none of them.
    """
    every = sorted(pulls, key=lambda pull: (pull.merge != sha, pull.merged.timestamp() if pull.merged else 0))
    return every[0] if every else None


def is_same_title(title: str, subject: str) -> bool:
    """Whether a commit's subject is a pull request's title."""
    first, second = (" ".join(without_numbers(text).casefold().split()) for text in (title, subject))
    return first == second


def split_batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Items in groups."""
    return (items[start : start + size] for start in range(0, len(items), size))
