"""Pull requests of commits, and the search for them, through the GraphQL API."""

from __future__ import annotations

from typing import Any

import pytest
from tests.simulator.callers import Caller

import update_graphql_excerpt
from release_actions.simulator import World
from release_actions.simulator.github.graphql import schema
from release_actions.simulator.seed import world_from_dict

TOKEN = "ghp_ada"
REPOSITORY = 'repository(owner: "llm-d", name: "llm-d")'


@pytest.fixture
def world() -> World:
    """A commit of two pull requests, one that is a merge, and a pull request of an app."""
    pulls = [
        {"number": 7, "title": "Fix it", "state": "merged", "commits": ["work"], "merge-commit": "merge"},
        {"number": 8, "title": "Sync", "state": "open", "commits": ["work"], "created": "2026-01-06T09:00:00Z"},
        {"number": 9, "title": "Bump", "state": "merged", "author": "dependabot[bot]", "merge-commit": "bump"},
    ]
    pulls[0] |= {"labels": ["bug", "size/S"], "created": "2026-01-05T09:00:00Z", "closed": "2026-01-09T09:00:00Z"}
    commits = [{"id": "base", "message": "base"}, {"id": "work", "message": "work"}, {"id": "bump", "message": "bump"}]
    return world_from_dict(
        {
            "accounts": {"llm-d": {"type": "organization", "members": {"ada": "admin"}}, "ada": {}},
            "tokens": [{"token": TOKEN, "login": "ada", "scopes": ["repo"]}],
            "repositories": {
                "llm-d/llm-d": {
                    "commits": [*commits, {"id": "merge", "message": "merge", "parents": ["base", "work"]}],
                    "pulls": pulls,
                },
                "llm-d/secret": {"visibility": "private", "commits": [{"id": "base", "message": "base"}]},
            },
        }
    )


def ask(call: Caller, query: str, token: str = TOKEN) -> Any:
    response = call.rest("POST", "/graphql", token, json={"query": query})
    assert response.status_code == 200
    return response.json()


def sha(world: World, message: str) -> str:
    commits = world.repositories["llm-d/llm-d"].git.commits.values()
    return next(commit.sha for commit in commits if commit.message == message)


def of_commit(world: World, message: str, arguments: str) -> str:
    fields = "totalCount pageInfo { hasNextPage endCursor } nodes { number }"
    inner = f"... on Commit {{ associatedPullRequests({arguments}) {{ {fields} }} }}"
    return f'{{ {REPOSITORY} {{ object(oid: "{sha(world, message)}") {{ {inner} }} }} }}'


def test_a_commit_names_every_pull_request_that_has_it(call: Caller, world: World) -> None:
    answer = ask(call, of_commit(world, "work", "first: 10"))
    pulls = answer["data"]["repository"]["object"]["associatedPullRequests"]
    assert pulls["nodes"] == [{"number": 7}, {"number": 8}]
    assert (pulls["totalCount"], pulls["pageInfo"]["hasNextPage"]) == (2, False)


def test_a_connection_is_read_page_by_page(call: Caller, world: World) -> None:
    answer = ask(call, of_commit(world, "work", "first: 1"))
    first = answer["data"]["repository"]["object"]["associatedPullRequests"]
    assert (first["nodes"], first["pageInfo"]["hasNextPage"]) == ([{"number": 7}], True)
    cursor = first["pageInfo"]["endCursor"]
    answer = ask(call, of_commit(world, "work", f'first: 1, after: "{cursor}"'))
    second = answer["data"]["repository"]["object"]["associatedPullRequests"]
    assert (second["nodes"], second["pageInfo"]["hasNextPage"]) == ([{"number": 8}], False)


@pytest.mark.parametrize("arguments", ["after: null", "first: 101"])
def test_a_connection_has_to_be_asked_for_in_bounds(call: Caller, world: World, arguments: str) -> None:
    (error,) = ask(call, of_commit(world, "work", arguments))["errors"]
    assert error["type"] in {"MISSING_PAGINATION_BOUNDARIES", "EXCESSIVE_PAGINATION"}


def test_a_pull_request_in_full(call: Caller, world: World) -> None:
    fields = "title body merged mergedAt baseRefName url mergeCommit { oid } author { __typename login }"
    answer = ask(
        call, f"{{ {REPOSITORY} {{ pullRequest(number: 7) {{ {fields} labels(first: 9) {{ nodes {{ name }} }} }} }} }}"
    )
    assert answer["data"]["repository"]["pullRequest"] == {
        "title": "Fix it",
        "body": "",
        "merged": True,
        "mergedAt": "2026-01-09T09:00:00Z",
        "baseRefName": "main",
        "url": "https://github.com/llm-d/llm-d/pull/7",
        "mergeCommit": {"oid": sha(world, "merge")},
        "author": {"__typename": "User", "login": "ada"},
        "labels": {"nodes": [{"name": "bug"}, {"name": "size/S"}]},
    }


def test_an_app_is_a_bot_without_the_marks_of_rest(call: Caller) -> None:
    answer = ask(call, f"{{ {REPOSITORY} {{ pullRequest(number: 9) {{ author {{ __typename login }} }} }} }}")
    author = answer["data"]["repository"]["pullRequest"]["author"]
    assert author == {"__typename": "Bot", "login": "dependabot"}


def test_the_account_of_an_author_may_be_gone(call: Caller, world: World) -> None:
    world.repositories["llm-d/llm-d"].pulls[7].author = ""
    answer = ask(call, f"{{ {REPOSITORY} {{ pullRequest(number: 7) {{ author {{ login }} }} }} }}")
    assert answer["data"]["repository"]["pullRequest"]["author"] is None


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("", 3),
        ("is:merged", 2),
        ("is:merged author:ada", 1),
        ("is:merged author:app/dependabot", 1),
        ("is:merged author:ada merged:<2026-01-09T09:00:00Z", 0),
        ("is:merged author:ada merged:<=2026-01-09T09:00:00Z", 1),
        ("author:nobody", 0),
    ],
)
def test_a_search_counts(call: Caller, words: str, count: int) -> None:
    answer = ask(call, f'{{ search(query: "repo:llm-d/llm-d is:pr {words}", type: ISSUE, first: 1) {{ issueCount }} }}')
    assert answer["data"]["search"]["issueCount"] == count


def test_a_search_does_not_find_whom_github_hides(call: Caller, world: World) -> None:
    world.hidden_from_search.add("ada")
    answer = ask(call, '{ search(query: "repo:llm-d/llm-d is:pr author:ada", type: ISSUE, first: 1) { issueCount } }')
    assert answer["data"]["search"]["issueCount"] == 0


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ('{ repository(owner: "llm-d", name: "none") { object(expression: "main") { oid } } }', "NOT_FOUND"),
        (f"{{ {REPOSITORY} {{ pullRequest(number: 99) {{ number }} }} }}", "NOT_FOUND"),
        (
            '{ search(query: "repo:llm-d/llm-d label:bug", type: ISSUE, first: 1) { issueCount } }',
            "NOT_SIMULATED",
        ),
    ],
)
def test_errors_come_with_status_200(call: Caller, query: str, kind: str) -> None:
    (error,) = ask(call, query)["errors"]
    assert error["type"] == kind


def test_a_private_repository_is_not_there_for_strangers(call: Caller, world: World) -> None:
    world.add_account("eve")
    world.add_token("ghp_eve", login="eve", scopes=("repo",))
    query = '{ repository(owner: "llm-d", name: "secret") { object(expression: "main") { oid } } }'
    (error,) = ask(call, query, "ghp_eve")["errors"]
    assert error["type"] == "NOT_FOUND"
    assert "errors" not in ask(call, query)


def test_a_field_that_is_not_in_the_excerpt_is_refused(call: Caller) -> None:
    (error,) = ask(call, f"{{ {REPOSITORY} {{ stargazerCount }} }}")["errors"]
    assert "stargazerCount" in error["message"]


def test_somebody_has_to_ask(call: Caller) -> None:
    assert call.rest("POST", "/graphql", token=None, json={"query": "{ __typename }"}).status_code == 401
    assert call.rest("POST", "/graphql", TOKEN, json={}).status_code == 400


def test_the_excerpt_has_what_the_script_keeps() -> None:
    types = schema().type_map
    for name, fields in update_graphql_excerpt.WANTED.items():
        assert set(fields) <= set(getattr(types[name], "fields", None) or getattr(types[name], "values", {})), name
