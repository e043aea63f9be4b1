"""Pull requests and milestones through the REST API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.simulator.callers import Caller

from release_actions.simulator import World
from release_actions.simulator.seed import world_from_dict

ROOT = "/repos/llm-d/llm-d"


@pytest.fixture
def world() -> World:
    """A repository with three pull requests: merged, open and closed, the last from a fork."""
    world = world_from_dict(
        {
            "accounts": {"llm-d": {"type": "organization", "members": {"ada": "admin"}}, "ada": {}, "eve": {}},
            "tokens": [{"token": "ghp_ada", "login": "ada", "scopes": ["repo"]}],
            "repositories": {
                "llm-d/llm-d": {
                    "commits": [
                        {"id": "base", "message": "base", "login": "ada"},
                        {"id": "work", "message": "work", "login": "ada", "files": ["a.py", "b.py"]},
                        {"id": "merge", "message": "merge", "login": "ada", "parents": ["base", "work"]},
                    ],
                    "branches": {"release/v1": "base"},
                    "labels": {"bug": "d73a4a"},
                    "milestones": [
                        {"number": 2, "title": "v0.6.0", "due": "2026-06-01T00:00:00Z"},
                        {"number": 1, "title": "v0.5.0", "due": "2026-03-01T00:00:00Z"},
                        {"number": 3, "title": "v0.4.0", "state": "closed"},
                    ],
                    "pulls": [
                        {
                            "number": 7,
                            "title": "Fix it",
                            "state": "merged",
                            "commits": ["work"],
                            "merge-commit": "merge",
                            "labels": ["bug", "size/S"],
                            "milestone": 1,
                            "created": "2026-01-05T09:00:00Z",
                            "closed": "2026-01-09T09:00:00Z",
                        },
                        {"number": 8, "title": "Draft", "draft": True, "base": "release/v1", "milestone": 1},
                        {
                            "number": 9,
                            "title": "No",
                            "state": "closed",
                            "author": "eve",
                            "head-owner": "eve",
                            "head": "patch-1",
                            "created": "2026-01-07T09:00:00Z",
                        },
                    ],
                }
            },
        }
    )
    world.clock.advance(timedelta(days=1))
    return world


def numbers(call: Caller, query: str) -> list[int]:
    return [pull["number"] for pull in call.rest("GET", f"{ROOT}/pulls{query}").json()]


def test_open_pull_requests_are_listed_without_a_state(call: Caller) -> None:
    assert numbers(call, "") == [8]


def test_all_come_newest_first_and_sorted_otherwise_when_asked(call: Caller) -> None:
    assert numbers(call, "?state=all") == [8, 9, 7]
    assert numbers(call, "?state=all&direction=asc") == [7, 9, 8]
    assert numbers(call, "?state=all&sort=updated&direction=desc") == [8, 7, 9]
    assert numbers(call, "?state=closed") == [9, 7]


def test_they_are_found_by_base_and_head(call: Caller) -> None:
    assert numbers(call, "?state=all&base=release/v1") == [8]
    assert numbers(call, "?state=all&head=eve:patch-1") == [9]
    assert numbers(call, "?state=all&head=llm-d:patch-1") == []


def test_they_are_paged(call: Caller) -> None:
    answer = call.rest("GET", f"{ROOT}/pulls?state=all&per_page=2")
    assert [pull["number"] for pull in call.rest("GET", answer.links["next"]["url"]).json()] == [7]


def test_a_state_that_is_none_is_refused(call: Caller) -> None:
    answer = call.rest("GET", f"{ROOT}/pulls?state=merged")
    assert answer.status_code == 422


def test_a_merged_pull_request_is_closed_with_its_merge_commit(call: Caller, world: World) -> None:
    found = call.rest("GET", f"{ROOT}/pulls/7").json()
    merge = world.repositories["llm-d/llm-d"].git.resolve("main")
    assert merge is not None
    assert (found["state"], found["merged"], found["merged_at"]) == ("closed", True, "2026-01-09T09:00:00Z")
    assert found["merge_commit_sha"] == merge.sha
    assert [label["name"] for label in found["labels"]] == ["bug", "size/S"]
    assert [label["color"] for label in found["labels"]] == ["d73a4a", "ededed"]
    assert found["milestone"]["title"] == "v0.5.0"
    assert (found["commits"], found["changed_files"]) == (1, 2)


def test_a_closed_pull_request_was_not_merged(call: Caller) -> None:
    found = call.rest("GET", f"{ROOT}/pulls/9").json()
    assert (found["state"], found["merged"], found["merged_at"]) == ("closed", False, None)
    assert found["head"]["label"] == "eve:patch-1"


def test_an_open_pull_request_may_be_a_draft(call: Caller) -> None:
    found = call.rest("GET", f"{ROOT}/pulls/8").json()
    assert (found["state"], found["draft"], found["base"]["ref"]) == ("open", True, "release/v1")


def test_the_commits_it_brought(call: Caller) -> None:
    assert [one["commit"]["message"] for one in call.rest("GET", f"{ROOT}/pulls/7/commits").json()] == ["work"]


@pytest.mark.parametrize(("name", "found"), [("work", [7]), ("merge", [7]), ("base", [])])
def test_the_pull_requests_of_a_commit(call: Caller, world: World, name: str, found: list[int]) -> None:
    commits = world.repositories["llm-d/llm-d"].git.commits.values()
    sha = next(commit.sha for commit in commits if commit.message == name)
    assert [pull["number"] for pull in call.rest("GET", f"{ROOT}/commits/{sha}/pulls").json()] == found


@pytest.mark.parametrize("path", ["pulls/99", "milestones/99", "pulls/99/commits"])
def test_what_is_not_there_is_not_found(call: Caller, path: str) -> None:
    assert call.rest("GET", f"{ROOT}/{path}").status_code == 404


def test_open_milestones_come_as_they_are_due(call: Caller) -> None:
    assert [one["number"] for one in call.rest("GET", f"{ROOT}/milestones").json()] == [1, 2]
    assert [one["number"] for one in call.rest("GET", f"{ROOT}/milestones?state=all").json()] == [1, 2, 3]
    assert [one["number"] for one in call.rest("GET", f"{ROOT}/milestones?direction=desc").json()] == [2, 1]


def test_a_milestone_counts_its_pull_requests(call: Caller) -> None:
    found = call.rest("GET", f"{ROOT}/milestones/1").json()
    assert (found["open_issues"], found["closed_issues"], found["due_on"]) == (1, 1, "2026-03-01T00:00:00Z")
    assert call.rest("GET", f"{ROOT}/milestones/3").json()["closed_at"] is not None
