"""Objects of git, branches, pull requests and issues made through the REST API."""

from __future__ import annotations

import pytest
from tests.simulator.callers import JOB, Caller

from release_actions.simulator import World
from release_actions.simulator.git import Target
from release_actions.simulator.repositories import Repository
from release_actions.simulator.rules import BranchRules

ROOT = "/repos/llm-d/llm-d"
PULL = {"title": "Propose", "head": "proposed", "base": "main", "body": "why", "draft": True}


@pytest.fixture
def repository(world: World) -> Repository:
    """The repository with a branch that is a commit ahead of main."""
    repository = world.repositories["llm-d/llm-d"]
    git = repository.git
    first = git.commit("first", world.now(), files=("a.txt",))
    second = git.commit("second", world.now(), parents=(first.sha,), files=("a.txt",))
    git.refs["refs/heads/main"] = Target(first.sha, "commit")
    git.refs["refs/heads/proposed"] = Target(second.sha, "commit")
    world.tokens[JOB].permissions.update({"pull-requests": "write", "issues": "write"})  # type: ignore[attr-defined]  # the seed's own mapping
    return repository


def test_a_commit_of_a_sent_tree_has_its_files(call: Caller, repository: Repository) -> None:
    base = repository.git.commits[repository.git.refs["refs/heads/main"].sha]
    entries = [
        {"path": "docs/a.md", "mode": "100644", "type": "blob", "content": "text"},
        {"path": "a.txt", "mode": "100644", "type": "blob", "sha": None},
    ]

    tree = call.rest("POST", f"{ROOT}/git/trees", json={"base_tree": base.tree, "tree": entries}).json()
    sent = {"message": "Change", "tree": tree["sha"], "parents": [base.sha]}
    commit = call.rest("POST", f"{ROOT}/git/commits", json=sent).json()

    assert repository.git.read_file(commit["sha"], "docs/a.md") == b"text"
    assert repository.git.read_file(commit["sha"], "a.txt") is None
    assert repository.git.commits[commit["sha"]].files == ("docs/a.md", "a.txt")


@pytest.mark.parametrize("path", ["/etc/passwd", "../a", ".git/config", "a//b"])
def test_a_tree_takes_no_path_that_leaves_it(call: Caller, repository: Repository, path: str) -> None:
    entry = {"path": path, "mode": "100644", "type": "blob", "content": "x"}

    answer = call.rest("POST", f"{ROOT}/git/trees", json={"tree": [entry]})

    assert (answer.status_code, "malformed" in answer.json()["message"]) == (422, True)


def test_a_pull_request_is_opened_once_for_a_branch(call: Caller, repository: Repository) -> None:
    opened = call.rest("POST", f"{ROOT}/pulls", json=PULL)
    again = call.rest("POST", f"{ROOT}/pulls", json=PULL)

    assert (opened.status_code, opened.json()["draft"], opened.json()["commits"]) == (201, True, 1)
    assert again.status_code == 422
    assert "already exists" in again.json()["errors"][0]["message"]


def test_a_job_opens_none_where_the_setting_forbids_it(call: Caller, repository: Repository) -> None:
    repository.jobs_open_pulls = False

    refused = call.rest("POST", f"{ROOT}/pulls", JOB, json=PULL)
    allowed = call.rest("POST", f"{ROOT}/pulls", json=PULL)

    assert refused.json()["message"] == "GitHub Actions is not permitted to create or approve pull requests."
    assert (refused.status_code, allowed.status_code) == (403, 201)


def test_an_open_pull_request_follows_its_branch_and_is_closed_with_it(call: Caller, repository: Repository) -> None:
    call.rest("POST", f"{ROOT}/pulls", json=PULL)
    newer = repository.git.commit("third", call.world.now(), parents=(repository.git.refs["refs/heads/proposed"].sha,))

    call.rest("PATCH", f"{ROOT}/git/refs/heads/proposed", json={"sha": newer.sha})
    followed = call.rest("GET", f"{ROOT}/pulls/1").json()
    call.rest("DELETE", f"{ROOT}/git/refs/heads/proposed")

    assert (followed["head"]["sha"], followed["commits"]) == (newer.sha, 2)
    assert call.rest("GET", f"{ROOT}/pulls/1").json()["state"] == "closed"
    assert call.rest("PATCH", f"{ROOT}/pulls/1", json={"state": "open"}).status_code == 422


def test_rules_for_branches_forbid_creation(call: Caller, repository: Repository) -> None:
    repository.branch_rules = (BranchRules(("release-*",), ("creation",)),)
    sha = repository.git.refs["refs/heads/main"].sha

    refused = call.rest("POST", f"{ROOT}/git/refs", json={"ref": "refs/heads/release-1", "sha": sha})
    allowed = call.rest("POST", f"{ROOT}/git/refs", json={"ref": "refs/heads/other", "sha": sha})

    assert "creations being restricted" in refused.json()["message"]
    assert (refused.status_code, allowed.status_code) == (422, 201)


def test_an_issue_is_opened_listed_by_label_and_closed(call: Caller, repository: Repository) -> None:
    opened = call.rest("POST", f"{ROOT}/issues", JOB, json={"title": "Drift", "labels": ["branch"]}).json()
    call.rest("POST", f"{ROOT}/pulls", json=PULL)

    listed = call.rest("GET", f"{ROOT}/issues?labels=branch").json()
    closed = call.rest("PATCH", f"{ROOT}/issues/1", JOB, json={"state": "closed", "state_reason": "not_planned"}).json()

    assert [(issue["number"], issue["user"]["login"]) for issue in listed] == [(1, "github-actions[bot]")]
    assert (opened["state"], closed["state"], closed["state_reason"]) == ("open", "closed", "not_planned")
    assert [bool(item.get("pull_request")) for item in call.rest("GET", f"{ROOT}/issues?state=all").json()] == [
        True,
        False,
    ]


def test_who_may_not_write_opens_an_issue_without_labels(call: Caller, repository: Repository) -> None:
    opened = call.rest("POST", f"{ROOT}/issues", "ghp_eve", json={"title": "Mine", "labels": ["branch"]}).json()

    assert opened["labels"] == []
    assert call.rest("PATCH", f"{ROOT}/issues/1", "ghp_eve", json={"title": "Other"}).status_code in {403, 404}
