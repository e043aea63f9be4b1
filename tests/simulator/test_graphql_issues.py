"""Issues, milestones, timelines, reviews and files through the GraphQL API, held to GitHub's schema."""

from __future__ import annotations

from typing import Any

import pytest
from tests.simulator.callers import Caller

from release_actions.simulator import World
from release_actions.simulator.seed import world_from_dict

TOKEN = "ghp_ada"


@pytest.fixture
def world() -> World:
    repository = {
        "commits": [{"id": "base", "message": "base", "files": ["OWNERS"]}, {"id": "two", "message": "two"}],
        "milestones": [{"number": 1, "title": "v0.6.0", "due": "2026-03-10T07:00:00Z"}],
        "files": {"OWNERS": "approvers: [ada]\n"},
        "issues": [
            {
                "number": 3,
                "title": "LoRA",
                "state": "closed",
                "reason": "duplicate",
                "author": "",
                "labels": ["kind/feature"],
                "milestone": 1,
                "assignees": ["ada"],
                "closed-by": ["llm-d/llm-d#4", "llm-d/secret#1"],
                "sub-issues": ["llm-d/llm-d#5"],
                "comments": [{"body": "/approve", "author": "robot[bot]", "editor": "ada"}],
                "events": [
                    {"event": "labeled", "name": "kind/feature"},
                    {"event": "milestoned", "name": "v0.6", "actor": ""},
                    {"event": "renamed", "name": "LoRA"},
                ],
            },
            {"number": 5, "title": "Part"},
        ],
        "pulls": [
            {
                "number": 4,
                "title": "Fix",
                "state": "merged",
                "files": ["a", "b"],
                "reviews": [{"author": "bob", "state": "approved", "body": "good"}],
            }
        ],
    }
    return world_from_dict(
        {
            "accounts": {"llm-d": {"type": "organization", "members": {"ada": "admin"}}, "ada": {}, "eve": {}},
            "tokens": [
                {"token": TOKEN, "login": "ada", "scopes": ["repo"]},
                {"token": "ghp_eve", "login": "eve", "scopes": ["repo"]},
            ],
            "repositories": {
                "llm-d/llm-d": repository,
                "llm-d/secret": {
                    "visibility": "private",
                    "commits": [{"id": "base", "message": "base"}],
                    "pulls": [{"number": 1, "title": "Hidden"}],
                },
            },
        }
    )


def ask(call: Caller, fields: str, token: str = TOKEN) -> Any:
    query = f'{{ repository(owner: "llm-d", name: "llm-d") {{ {fields} }} }}'
    answer = call.rest("POST", "/graphql", token, json={"query": query}).json()
    assert "errors" not in answer
    return answer["data"]["repository"]


def test_a_milestone_with_its_items(call: Caller) -> None:
    fields = "title dueOn state issues(first: 9) { totalCount nodes { number } } pullRequests(first: 1) { totalCount }"

    (milestone,) = ask(call, f"milestones(first: 9) {{ nodes {{ {fields} }} }}")["milestones"]["nodes"]

    assert milestone == {
        "title": "v0.6.0",
        "dueOn": "2026-03-10T07:00:00Z",
        "state": "OPEN",
        "issues": {"totalCount": 1, "nodes": [{"number": 3}]},
        "pullRequests": {"totalCount": 0},
    }


def test_an_issue_with_what_was_done_and_said(call: Caller) -> None:
    events = (
        "timelineItems(first: 9, itemTypes: [LABELED_EVENT, MILESTONED_EVENT]) { nodes { __typename "
        "... on LabeledEvent { actor { login } label { name } } "
        "... on MilestonedEvent { actor { login } milestoneTitle } } }"
    )
    comments = "comments(first: 9) { nodes { author { __typename login } editor { login } body } }"
    fields = f"author {{ login }} stateReason(enableDuplicate: true) old: stateReason {events} {comments}"

    issue = ask(call, f"issue(number: 3) {{ {fields} assignees(first: 1) {{ nodes {{ login }} }} }}")["issue"]

    assert (issue["author"], issue["stateReason"], issue["old"]) == (None, "DUPLICATE", "NOT_PLANNED")
    assert issue["timelineItems"]["nodes"] == [
        {"__typename": "LabeledEvent", "actor": {"login": "ada"}, "label": {"name": "kind/feature"}},
        {"__typename": "MilestonedEvent", "actor": None, "milestoneTitle": "v0.6"},
    ]
    author = {"__typename": "Bot", "login": "robot"}
    assert issue["comments"]["nodes"] == [{"author": author, "editor": {"login": "ada"}, "body": "/approve"}]
    assert issue["assignees"]["nodes"] == [{"login": "ada"}]


def test_links_lead_only_to_what_the_token_may_see(call: Caller) -> None:
    links = "closedByPullRequestsReferences(first: 9, includeClosedPrs: true) { nodes { title } }"

    by_ada, by_eve = (ask(call, f"issue(number: 3) {{ {links} }}", token)["issue"] for token in (TOKEN, "ghp_eve"))
    sub = ask(call, "issue(number: 3) { subIssues(first: 9) { nodes { number } } }")["issue"]["subIssues"]["nodes"]

    assert by_ada["closedByPullRequestsReferences"]["nodes"] == [{"title": "Fix"}, {"title": "Hidden"}]
    assert by_eve["closedByPullRequestsReferences"]["nodes"] == [{"title": "Fix"}]
    assert sub == [{"number": 5}]


def test_a_pull_request_with_files_reviews_and_what_it_closes(call: Caller) -> None:
    reviews = "reviews(first: 9) { nodes { state author { login } body } }"
    fields = (
        f"files(first: 9) {{ nodes {{ path }} }} {reviews} closingIssuesReferences(first: 9) {{ nodes {{ number }} }}"
    )

    pull = ask(call, f"issueOrPullRequest(number: 4) {{ ... on PullRequest {{ {fields} }} }}")["issueOrPullRequest"]

    assert pull["files"]["nodes"] == [{"path": "a"}, {"path": "b"}]
    assert pull["reviews"]["nodes"] == [{"state": "APPROVED", "author": {"login": "bob"}, "body": "good"}]
    assert pull["closingIssuesReferences"]["nodes"] == [{"number": 3}]


def test_a_file_of_a_branch_and_the_commits_that_touched_it(call: Caller) -> None:
    history = '... on Commit { history(first: 9, path: "OWNERS") { totalCount } }'
    fields = (
        'here: object(expression: "HEAD:OWNERS") { ... on Blob { text isTruncated } } '
        'none: object(expression: "main:docs/OWNERS") { oid } '
        f"defaultBranchRef {{ name target {{ {history} }} }}"
    )

    answer = ask(call, fields)

    assert answer["here"] == {"text": "approvers: [ada]\n", "isTruncated": False}
    assert answer["none"] is None
    assert answer["defaultBranchRef"] == {"name": "main", "target": {"history": {"totalCount": 1}}}


def test_issues_by_label_and_state(call: Caller) -> None:
    fields = 'issues(first: 9, labels: ["KIND/feature"], states: [CLOSED]) { nodes { number } }'

    assert ask(call, fields)["issues"]["nodes"] == [{"number": 3}]
    assert ask(call, fields.replace("CLOSED", "OPEN"))["issues"]["nodes"] == []
