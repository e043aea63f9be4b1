"""GitHub's GraphQL API, as far as `schema.graphql` goes: commits, pull requests, issues, milestones, and a search.

The schema is an excerpt of GitHub's own, and graphql-core holds every query and every answer to it. Searches know the
qualifiers repo, is:pr, is:merged, author and merged, and refuse others: a word that was skipped in silence would find
too much.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from release_actions.simulator.accounts import Role
from release_actions.simulator.github.answers import http_error, sent
from release_actions.simulator.github.graphql_nodes import BOT, Node, Nodes, RefusedError, connection
from release_actions.simulator.origin import Answer, Call, Route
from release_actions.simulator.repositories import Pull, Repository

if TYPE_CHECKING:
    from graphql import GraphQLSchema

PATH = "/graphql"


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


def kind_of(error: Exception | None) -> dict[str, str]:
    """The name that GitHub gives an error of its own."""
    return {"type": error.kind} if isinstance(error, RefusedError) else {}


def type_of(value: Any, *_: object) -> str:
    """The name of a value's type, for interfaces and unions."""
    return str(value["kind"])


@dataclass(frozen=True)
class Root:
    """What a query begins with."""

    call: Call

    def repository(self, _info: object, owner: str, name: str, **_: object) -> Node:
        """A repository that the token may see."""
        repository = self.call.world.repository(f"{owner}/{name}")
        if repository is None or repository.role(self.call.token, "pull-requests") < Role.READ:
            message = f"Could not resolve to a Repository with the name '{owner}/{name}'."
            raise RefusedError(message, kind="NOT_FOUND")
        return Nodes(self.call, repository).repository()

    def search(
        self,
        _info: object,
        query: str,
        type: str,  # noqa: A002, ARG002  # the schema's name; only one type is in it
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        **_: object,
    ) -> Node:
        """Pull requests that a search finds, the newest first."""
        matches = sorted(self._found(query), key=lambda match: match[1].created, reverse=True)
        nodes = [Nodes(self.call, repository).pull(pull) for repository, pull in matches]
        return {**connection(nodes, first, last, after), "issueCount": len(nodes)}

    def _found(self, query: str) -> Iterator[tuple[Repository, Pull]]:
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
                yield repository, pull


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
