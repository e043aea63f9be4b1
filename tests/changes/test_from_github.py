"""What GitHub says of the commits of a release: complete, or an error."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from tests.http.loopback import Asked, Reply, serving
from tests.notes.histories import READER, REPOSITORY, OnGitHub, Told

from release_actions.changes import from_github
from release_actions.changes.from_github import PullReader
from release_actions.errors import InputError, RemoteError
from release_actions.simulator import Simulator, World
from release_actions.simulator.faults import Fault

SHA = f"{1:040x}"
COMMIT = {
    "sha": SHA,
    "commit": {
        "message": "Fix (#7)",
        "author": {"name": "Ada"},
        "committer": {"date": "2026-01-05T09:00:00Z"},
    },
    "author": {"login": "ada", "type": "User"},
    "parents": [],
}
PULL = {
    "number": 7,
    "title": "Fix",
    "body": None,
    "merged": True,
    "mergedAt": "2026-01-05T09:00:00Z",
    "mergeCommit": {"oid": SHA},
    "author": {"__typename": "User", "login": "ada"},
    "labels": {"nodes": [], "pageInfo": {"hasNextPage": False}},
}


@pytest.fixture
def github() -> OnGitHub:
    return OnGitHub()


@pytest.fixture
def world(github: OnGitHub) -> World:
    return github.world


def page(*commits: dict[str, Any], total: int = -1, behind: int = 0) -> dict[str, Any]:
    return {"total_commits": len(commits) if total < 0 else total, "behind_by": behind, "commits": commits}


def of_commit(*pulls: dict[str, Any], more: str = "") -> dict[str, Any]:
    info = {"hasNextPage": bool(more), "endCursor": more or None}
    found = {"c0": {"associatedPullRequests": {"nodes": pulls, "pageInfo": info}}}
    return {"data": {"repository": found}}


def read(compared: Any, asked: Callable[[str], Any] | Any = None) -> Any:
    """Read a release from a server that answers like this."""

    def script(request: Asked) -> Reply:
        if request.path == "/graphql":
            query = json.loads(request.body)["query"]
            return Reply.of(asked(query) if callable(asked) else asked)
        return Reply.of(compared)

    with serving(script) as server, PullReader(server.url, REPOSITORY, token=READER) as reader:
        return reader.span("v1", "v2")


def test_a_pull_request_of_a_commit() -> None:
    found = read(page(COMMIT), of_commit(PULL))
    assert [commit.sha for commit in found.ahead] == [SHA]
    assert (found.pulls[SHA].number, found.pulls[SHA].merged) == (7, datetime(2026, 1, 5, 9, tzinfo=timezone.utc))


@pytest.mark.parametrize(
    ("compared", "words"),
    [
        (page(COMMIT, total=2), "announced 2 commits and showed 1"),
        (page(COMMIT, COMMIT, total=2), "announced 2 commits and showed 2"),
        ({"commits": []}, "is not what it should be"),
        (page({**COMMIT, "commit": None}), "is not what it should be"),
        (page({**COMMIT, "commit": {**COMMIT["commit"], "committer": {"date": "now"}}}), "is not what it should be"),  # type: ignore[dict-item]  # a mapping
    ],
)
def test_a_comparison_that_is_not_complete_is_an_error(compared: dict[str, Any], words: str) -> None:
    with pytest.raises(RemoteError, match=words):
        read(compared, of_commit(PULL))


@pytest.mark.parametrize(
    "answer",
    [
        {"data": {"repository": {"c0": None}}},
        {"data": {"repository": {}}},
        {"data": None, "errors": [{"message": "Something went wrong"}]},
        {**of_commit(PULL), "errors": [{"message": "Timeout on one field"}]},
        {**of_commit(PULL), "errors": [{"type": "NOT_FOUND", "message": "no repository"}]},
        {"message": "odd"},
        [],
        of_commit({**PULL, "labels": {"nodes": [], "pageInfo": {"hasNextPage": True}}}),
        of_commit({**PULL, "mergedAt": None}),
    ],
)
def test_an_answer_that_is_not_complete_is_an_error(answer: Any) -> None:
    with pytest.raises(RemoteError, match="read the pull requests of 1 commits"):
        read(page(COMMIT), answer)


def test_a_commit_of_many_pull_requests_is_read_to_the_one_that_brought_it() -> None:
    sync = {**PULL, "number": 6, "mergeCommit": {"oid": f"{9:040x}"}, "mergedAt": "2026-01-04T09:00:00Z"}

    def asked(query: str) -> Any:
        return of_commit(PULL) if 'after: "next"' in query else of_commit(sync, more="next")

    assert read(page(COMMIT), asked).pulls[SHA].number == 7


def test_of_pull_requests_that_only_hold_a_commit_the_first_one_merged_brought_it() -> None:
    one = {**PULL, "number": 5, "mergeCommit": None, "mergedAt": "2026-01-06T09:00:00Z"}
    two = {**PULL, "number": 6, "mergeCommit": {"oid": f"{9:040x}"}, "mergedAt": "2026-01-04T09:00:00Z"}
    never = {**PULL, "number": 4, "merged": False}
    assert read(page(COMMIT), of_commit(one, two, never)).pulls[SHA].number == 6


def test_who_opened_it_may_be_gone_or_an_app() -> None:
    assert read(page(COMMIT), of_commit({**PULL, "author": None})).pulls[SHA].author.login == "ghost"
    app = {"__typename": "Bot", "login": "renovate"}
    author = read(page(COMMIT), of_commit({**PULL, "author": app})).pulls[SHA].author
    assert (author.login, author.bot) == ("renovate[bot]", True)


def test_more_than_a_page_of_everything(github: OnGitHub, simulator: Simulator) -> None:
    github.tag("v1.0.0", github.commit("start"))
    for number in range(1, 121):
        github.squash(Told(number, f"Change {number}", f"person-{number % 25}"))
    github.tag("v1.1.0", github.tip("main")[0])
    with PullReader(simulator.api_url, REPOSITORY, token=READER) as reader:
        found = reader.span("v1.0.0", "v1.1.0")
        assert sorted(pull.number for pull in found.pulls.values()) == list(range(1, 121))
        first = {pull.author.login: pull.merged for pull in reversed([*found.pulls.values()]) if pull.merged}
        last = {pull.author.login: pull.merged for pull in found.pulls.values() if pull.merged}
        assert reader.merged_before(first) == dict.fromkeys(first, False)
        assert reader.merged_before(last) == dict.fromkeys(last, True)
        assert reader.merged_before({"nobody": github.now}) == {"nobody": None}
    routes = [entry.route.rpartition("/")[2] for entry in simulator.requests.entries]
    assert routes.count("graphql") == 3 + 2 + 2 + 1
    assert routes.count("{basehead}") == 2


def test_more_commits_than_github_shows_are_an_error(
    github: OnGitHub, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(from_github, "PER_PAGE", 10)
    monkeypatch.setattr(from_github, "COMPARED_COMMITS", 20)
    github.tag("v1.0.0", github.commit("start"))
    for number in range(20):
        github.commit(f"Change {number}")
    github.tag("v1.1.0", github.tip("main")[0])
    github.tag("v1.2.0", github.commit("One more"))
    with PullReader(simulator.api_url, REPOSITORY, token=READER) as reader:
        assert len(reader.span("v1.0.0", "v1.1.0").ahead) == 20
        with pytest.raises(RemoteError, match="more than 20 commits"):
            reader.span("v1.0.0", "v1.2.0")
        with pytest.raises(RemoteError, match="more than 20 commits"):
            reader.history("v1.1.0")


def test_an_issue_in_a_subject_is_no_pull_request(github: OnGitHub, simulator: Simulator) -> None:
    github.tag("v1.0.0", github.commit("start"))
    sha = github.commit("Fix the crash (#999)")
    github.tag("v1.1.0", sha)
    with PullReader(simulator.api_url, REPOSITORY, token=READER) as reader:
        assert reader.span("v1.0.0", "v1.1.0").pulls == {}


def test_a_number_of_another_change_is_not_taken(github: OnGitHub, simulator: Simulator) -> None:
    github.squash(Told(5, "Something else"))
    github.tag("v1.0.0", github.tip("main")[0])
    github.tag("v1.1.0", github.commit("Copied from another repository (#5)"))
    with PullReader(simulator.api_url, REPOSITORY, token=READER) as reader:
        assert reader.span("v1.0.0", "v1.1.0").pulls == {}


def test_an_answer_that_breaks_off_is_asked_for_again(
    github: OnGitHub, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("release_actions.http.client.choose_backoff", lambda _: 0.0)
    github.tag("v1.0.0", github.commit("start"))
    github.tag("v1.1.0", github.squash(Told(1, "Fix")))
    simulator.faults.add(Fault(path="/graphql", times=2, truncate=True))
    with PullReader(simulator.api_url, REPOSITORY, token=READER) as reader:
        assert [pull.number for pull in reader.span("v1.0.0", "v1.1.0").pulls.values()] == [1]
        simulator.faults.add(Fault(path="/graphql", times=9, truncate=True))
        with pytest.raises(RemoteError, match="read the pull requests of 1 commits"):
            reader.span("v1.0.0", "v1.1.0")


def test_no_tag_and_no_token(simulator: Simulator) -> None:
    with (
        PullReader(simulator.api_url, REPOSITORY, token=READER) as reader,
        pytest.raises(RemoteError, match=r"compare v1 with v2 in acme/web: \S+ answered 404"),
    ):
        reader.span("v1", "v2")
    with (
        PullReader(simulator.api_url, REPOSITORY, token="ghs_wrong") as reader,
        pytest.raises(RemoteError, match="answered 401") as caught,
    ):
        reader.span("v1", "v2")
    assert "token is missing, expired, revoked" in caught.value.hint
    with pytest.raises(InputError):
        PullReader(simulator.api_url, "not a repository")
