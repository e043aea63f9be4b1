"""GitHub's GraphQL API, as far as `schema.graphql` goes: commits, their pull requests, and the search for those.

The schema is an excerpt of GitHub's own, and graphql-core holds every query and every answer to it. Searches know the
qualifiers repo, is:pr, is:merged, author and merged, and refuse others: a word that was skipped in silence would find
too much.
"""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from release_actions.simulator.accounts import Role
from release_actions.simulator.clock import stamp
from release_actions.simulator.github.answers import http_error, sent
from release_actions.simulator.github.bodies import WEB
from release_actions.simulator.origin import Answer, Call, Route
from release_actions.simulator.repositories import Pull, Repository

if TYPE_CHECKING:
    from graphql import GraphQLSchema

PATH = "/graphql"
MOST = 100
"""Nodes that one connection gives at once."""

BOT = "[bot]"


@functools.cache
def schema() -> GraphQLSchema:
    """The schema, read once."""
    # Imported when the first query comes: it takes longer than the simulator's start.
    from graphql import build_schema

    return build_schema(Path(__file__).with_name("schema.graphql").read_text(encoding="utf-8"))


def graphql(call: Call) -> Answer:
    """Answer a query. What went wrong inside it is in `errors`, with status 200, as GitHub does it."""
    from graphql import graphql_sync

    if call.token is None:
        raise http_error(401, "This endpoint requires you to be authenticated.")
    body = sent(call)
    query, variables = body.get("query"), body.get("variables") or {}
    if not isinstance(query, str) or not isinstance(variables, dict):
        raise http_error(400, "A query attribute must be specified and must be a string.")
    result = graphql_sync(schema(), query, Root(call), variable_values=variables, type_resolver=type_of)
    answer: dict[str, Any] = {"data": result.data} if result.data is not None else {}
    if result.errors:
        answer["errors"] = [{**error.formatted, **kind_of(error.original_error)} for error in result.errors]
    return Answer(200, answer)


class RefusedError(Exception):
    """An error inside an answer, with GitHub's name of its kind."""

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


def kind_of(error: Exception | None) -> dict[str, str]:
    """The name that GitHub gives an error of its own."""
    return {"type": error.kind} if isinstance(error, RefusedError) else {}


def type_of(value: Any, *_: object) -> str:
    """The name of a value's type, for interfaces and unions."""
    return str(value.kind)


def connection(items: Sequence[Any], first: int | None, last: int | None, after: str | None) -> dict[str, Any]:
    """Part of a list. Raises `RefusedError` where it is not said how much."""
    if first is None and last is None:
        message = "You must provide a `first` or `last` value to properly paginate the connection."
        raise RefusedError(message, kind="MISSING_PAGINATION_BOUNDARIES")
    if not 0 <= (first or last or 0) <= MOST:
        message = f"Requesting {first or last} records on the connection exceeds the `first` limit of {MOST} records."
        raise RefusedError(message, kind="EXCESSIVE_PAGINATION")
    start = int(base64.b64decode(after)) if after else 0
    part = items[start : start + first] if first is not None else items[-(last or 0) :]
    end = start + len(part)
    return {
        "nodes": part,
        "totalCount": len(items),
        "pageInfo": {
            "hasNextPage": first is not None and end < len(items),
            "endCursor": base64.b64encode(str(end).encode()).decode() if part else None,
        },
    }


class Actor(NamedTuple):
    """Who opened a pull request."""

    kind: str
    login: str


@dataclass(frozen=True)
class PullNode:
    """A pull request."""

    repository: Repository
    pull: Pull
    kind = "PullRequest"

    def __getattr__(self, name: str) -> Any:
        fields: dict[str, Callable[[Pull], Any]] = {
            "number": lambda pull: pull.number,
            "title": lambda pull: pull.title,
            "body": lambda pull: pull.body,
            "url": lambda pull: f"{WEB}/{self.repository.full_name}/pull/{pull.number}",
            "baseRefName": lambda pull: pull.base,
            "merged": lambda pull: pull.merged is not None,
            "mergedAt": lambda pull: stamp(pull.merged) if pull.merged else None,
            "mergeCommit": lambda pull: CommitNode(self.repository, pull.merge_commit) if pull.merge_commit else None,
        }
        if name not in fields:
            raise AttributeError(name)
        return fields[name](self.pull)

    def author(self, _info: object) -> Actor | None:
        """None for an account that was deleted. An app's login is without the marks that REST gives it."""
        login = self.pull.author
        if not login:
            return None
        return Actor("Bot", login.removesuffix(BOT)) if login.endswith(BOT) else Actor("User", login)

    def labels(
        self, _info: object, first: int | None = None, last: int | None = None, after: str | None = None, **_: object
    ) -> dict[str, Any]:
        """Its labels."""
        return connection([{"name": name} for name in self.pull.labels], first, last, after)


@dataclass(frozen=True)
class CommitNode:
    """A commit."""

    repository: Repository
    oid: str
    kind = "Commit"

    def associatedPullRequests(  # noqa: N802  # the schema's name
        self, _info: object, first: int | None = None, last: int | None = None, after: str | None = None, **_: object
    ) -> dict[str, Any]:
        """The pull requests that brought it or whose merge it is, the oldest first."""
        pulls = self.repository.pulls.values()
        associated = sorted(
            (pull for pull in pulls if self.oid in {pull.merge_commit, *pull.commits}),
            key=lambda pull: (pull.created, pull.number),
        )
        return connection([PullNode(self.repository, pull) for pull in associated], first, last, after)


@dataclass(frozen=True)
class RepositoryNode:
    """A repository."""

    repository: Repository

    def object(self, _info: Any, oid: str | None = None, expression: str | None = None) -> CommitNode | None:
        """A commit by its whole id, or by what names it."""
        git = self.repository.git
        if oid is not None:
            return CommitNode(self.repository, oid) if oid in git.commits else None
        sha = git.resolve(expression or "")
        return CommitNode(self.repository, sha.sha) if sha else None

    def pullRequest(self, _info: Any, number: int) -> PullNode:  # noqa: N802  # the schema's name
        """A pull request by its number."""
        pull = self.repository.pulls.get(number)
        if pull is None:
            message = f"Could not resolve to a PullRequest with the number of {number}."
            raise RefusedError(message, kind="NOT_FOUND")
        return PullNode(self.repository, pull)


@dataclass(frozen=True)
class Root:
    """What a query begins with."""

    call: Call

    def repository(self, _info: object, owner: str, name: str, **_: object) -> RepositoryNode:
        """A repository that the token may see."""
        repository = self.call.world.repository(f"{owner}/{name}")
        if repository is None or repository.role(self.call.token, "pull-requests") < Role.READ:
            message = f"Could not resolve to a Repository with the name '{owner}/{name}'."
            raise RefusedError(message, kind="NOT_FOUND")
        return RepositoryNode(repository)

    def search(
        self,
        _info: object,
        query: str,
        type: str,  # noqa: A002, ARG002  # the schema's name; only one type is in it
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        **_: object,
    ) -> dict[str, Any]:
        """Pull requests that a search finds, the newest first."""
        nodes = sorted(self._found(query), key=lambda node: node.pull.created, reverse=True)
        answer = connection(nodes, first, last, after)
        return {**answer, "issueCount": len(nodes)}

    def _found(self, query: str) -> Iterator[PullNode]:
        words = dict(word.partition(":")[::2] for word in query.split() if not word.startswith("is:"))
        kinds = {word for word in query.split() if word.startswith("is:")}
        unknown = [*(set(words) - {"repo", "author", "merged"}), *(kinds - {"is:pr", "is:merged"})]
        if unknown or "repo" not in words:
            message = f"This search is not simulated: {query}"
            raise RefusedError(message, kind="NOT_SIMULATED")
        repository = self.call.world.repository(words["repo"])
        if repository is None or repository.role(self.call.token, "pull-requests") < Role.READ:
            return
        author = re.sub(r"^app/(.*)$", rf"\1{BOT}", words.get("author", ""))
        for pull in repository.pulls.values():
            of_author = author in {"", pull.author} and pull.author not in self.call.world.hidden_from_search
            merged = "is:merged" not in kinds or pull.merged is not None
            if of_author and merged and within(pull.merged, words.get("merged", "")):
                yield PullNode(repository, pull)


def within(moment: datetime | None, bounds: str) -> bool:
    """Whether a time is where a qualifier such as `<2026-02-03T09:00:00Z` wants it."""
    if not bounds:
        return True
    sign, text = re.fullmatch(r"(<=|>=|<|>)?(.+)", bounds).groups()  # type: ignore[union-attr]  # any text matches
    limit = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment is None:
        return False
    return {"<": moment < limit, "<=": moment <= limit, ">": moment > limit, ">=": moment >= limit}.get(
        sign or "", moment.date() == limit.date()
    )


ROUTES: tuple[Route, ...] = (("POST", PATH, graphql),)
