"""Refs, annotated tags and history through the REST API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.contract.exchange import Exchange
from tests.simulator.callers import ADA, BOB, EVE, JOB, JOB_READING, OTHER_JOB, Caller

from release_actions.simulator import World
from release_actions.simulator.git import Commit, Target
from release_actions.simulator.repositories import Repository

ROOT = "/repos/llm-d/llm-d"


@pytest.fixture
def repository(world: World) -> Repository:
    """Three commits on main, a fourth on a branch from the first, a lightweight and an annotated tag."""
    repository = world.repositories["llm-d/llm-d"]
    git = repository.git
    commits: list[Commit] = []
    for number, parents in enumerate([[], [0], [1], [0]]):
        commits.append(
            git.commit(
                f"commit {number}",
                world.now() + timedelta(minutes=number),
                parents=tuple(commits[parent].sha for parent in parents),
                login="ada",
                files=(f"file{number}",),
            )
        )
    git.refs["refs/heads/main"] = Target(commits[2].sha, "commit")
    git.refs["refs/heads/release/v1"] = Target(commits[3].sha, "commit")
    git.refs["refs/tags/v1.0.0"] = Target(commits[0].sha, "commit")
    tag = git.annotate("v1.1.0", Target(commits[1].sha, "commit"), "Release v1.1.0", world.now())
    git.refs["refs/tags/v1.1.0"] = Target(tag.sha, "tag")
    return repository


def shas(repository: Repository) -> list[str]:
    return list(repository.git.commits)


def test_a_repository_tells_its_default_branch(call: Caller, repository: Repository) -> None:
    found = call.rest("GET", ROOT).json()
    assert (found["default_branch"], found["full_name"]) == ("main", repository.full_name)


def test_a_ref_names_its_object(call: Caller, repository: Repository) -> None:
    light = call.rest("GET", f"{ROOT}/git/ref/tags/v1.0.0").json()
    assert light["object"]["type"] == "commit"
    assert light["object"]["sha"] == shas(repository)[0]
    branch = call.rest("GET", f"{ROOT}/git/ref/heads/release/v1").json()
    assert branch["ref"] == "refs/heads/release/v1"


def test_an_annotated_tag_is_an_object_of_its_own(call: Caller, repository: Repository) -> None:
    ref = call.rest("GET", f"{ROOT}/git/ref/tags/v1.1.0").json()
    assert ref["object"]["type"] == "tag"
    tag = call.rest("GET", ref["object"]["url"]).json()
    assert (tag["tag"], tag["message"]) == ("v1.1.0", "Release v1.1.0")
    assert tag["object"]["sha"] == shas(repository)[1]
    commit = call.rest("GET", tag["object"]["url"]).json()
    assert commit["message"] == "commit 1"


@pytest.mark.parametrize("path", ["git/ref/tags/v9", "git/ref/tags/v1", "git/tags/0000", "git/commits/0000"])
def test_what_is_not_there_is_not_found(call: Caller, repository: Repository, path: str) -> None:
    assert call.rest("GET", f"/repos/{repository.full_name}/{path}").status_code == 404


def test_matching_refs_begin_so_and_come_by_name(call: Caller, repository: Repository) -> None:
    assert repository.git.refs
    found = call.rest("GET", f"{ROOT}/git/matching-refs/tags/v1").json()
    assert [ref["ref"] for ref in found] == ["refs/tags/v1.0.0", "refs/tags/v1.1.0"]
    assert call.rest("GET", f"{ROOT}/git/matching-refs/tags/nothing").json() == []


def test_matching_refs_come_all_at_once(call: Caller, repository: Repository) -> None:
    for number in range(101):
        repository.git.refs[f"refs/tags/n{number:03}"] = Target(shas(repository)[0], "commit")
    answer = call.rest("GET", f"{ROOT}/git/matching-refs/tags/n")
    assert len(answer.json()) == 101
    assert "Link" not in answer.headers


def test_tags_are_listed_with_the_commit_behind_them(call: Caller, repository: Repository) -> None:
    found = call.rest("GET", f"{ROOT}/tags").json()
    assert [(tag["name"], tag["commit"]["sha"]) for tag in found] == [
        ("v1.1.0", shas(repository)[1]),
        ("v1.0.0", shas(repository)[0]),
    ]


def test_branches_are_listed_and_shown(call: Caller, repository: Repository) -> None:
    assert [branch["name"] for branch in call.rest("GET", f"{ROOT}/branches").json()] == ["main", "release/v1"]
    shown = call.rest("GET", f"{ROOT}/branches/release/v1").json()
    assert shown["commit"]["sha"] == shas(repository)[3]
    assert call.rest("GET", f"{ROOT}/branches/nothing").status_code == 404


def test_history_is_newest_first(call: Caller, repository: Repository) -> None:
    found = call.rest("GET", f"{ROOT}/commits").json()
    assert [commit["sha"] for commit in found] == shas(repository)[2::-1]
    of_tag = call.rest("GET", f"{ROOT}/commits", params={"sha": "v1.1.0"}).json()
    assert [commit["sha"] for commit in of_tag] == shas(repository)[1::-1]


@pytest.mark.parametrize("name", ["main", "v1.1.0", "refs/tags/v1.1.0", "tags/v1.1.0"])
def test_a_commit_is_found_by_branch_and_tag(call: Caller, repository: Repository, name: str) -> None:
    number = 2 if name == "main" else 1
    assert call.rest("GET", f"{ROOT}/commits/{name}").json()["sha"] == shas(repository)[number]


def test_a_commit_is_found_by_its_id_whole_or_short(call: Caller, repository: Repository) -> None:
    sha = shas(repository)[2]
    for name in (sha, sha[:7]):
        found = call.rest("GET", f"{ROOT}/commits/{name}").json()
        assert (found["sha"], found["author"]["login"]) == (sha, "ada")
        assert [entry["filename"] for entry in found["files"]] == ["file2"]
    answer = call.rest("GET", f"{ROOT}/commits/{sha[:6]}")
    assert (answer.status_code, answer.json()["message"]) == (422, f"No commit found for SHA: {sha[:6]}")


@pytest.mark.parametrize(
    ("basehead", "status", "ahead", "behind"),
    [
        ("v1.0.0...main", "ahead", [1, 2], 0),
        ("main...v1.0.0", "behind", [], 2),
        ("main...main", "identical", [], 0),
        ("release/v1...main", "diverged", [1, 2], 1),
    ],
)
def test_a_comparison(
    call: Caller, repository: Repository, basehead: str, status: str, ahead: list[int], behind: int
) -> None:
    found = call.rest("GET", f"{ROOT}/compare/{basehead}").json()
    assert (found["status"], found["ahead_by"], found["behind_by"]) == (status, len(ahead), behind)
    assert [commit["sha"] for commit in found["commits"]] == [shas(repository)[number] for number in ahead]
    assert [entry["filename"] for entry in found["files"]] == [f"file{number}" for number in ahead]
    if status == "diverged":
        assert found["merge_base_commit"]["sha"] == shas(repository)[0]


def test_a_comparison_in_pages_has_its_files_on_the_first(call: Caller, repository: Repository) -> None:
    assert repository.git.refs
    answer = call.rest("GET", f"{ROOT}/compare/v1.0.0...main", params={"per_page": 1})
    assert len(answer.json()["commits"]) == 1
    second = call.rest("GET", answer.links["next"]["url"]).json()
    assert (second["total_commits"], len(second["commits"]), second["files"]) == (2, 1, [])


def test_unrelated_histories_cannot_be_compared(call: Caller, repository: Repository, world: World) -> None:
    root = repository.git.commit("another root", world.now(), login="ada")
    assert call.rest("GET", f"{ROOT}/compare/main...{root.sha}").status_code == 404
    assert call.rest("GET", f"{ROOT}/compare/main...nothing").status_code == 404


def test_a_ref_is_made(call: Caller, repository: Repository) -> None:
    body = {"ref": "refs/tags/v2.0.0", "sha": shas(repository)[2]}
    answer = call.rest("POST", f"{ROOT}/git/refs", json=body)
    assert answer.status_code == 201
    assert answer.headers["Location"] == answer.json()["url"]
    assert repository.git.refs["refs/tags/v2.0.0"].sha == shas(repository)[2]


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("refs/tags/v1.0.0", "Reference already exists"),
        ("tags/v2", "Reference name is not well formed"),
        ("refs/tags/a..b", "Reference name is not well formed"),
        ("refs/tags/a b", "Reference name is not well formed"),
        ("refs/tags/v2.lock", "Reference name is not well formed"),
        ("", "Reference name is not well formed"),
    ],
)
def test_a_ref_that_cannot_be_made(call: Caller, repository: Repository, ref: str, message: str) -> None:
    answer = call.rest("POST", f"{ROOT}/git/refs", json={"ref": ref, "sha": shas(repository)[2]})
    assert (answer.status_code, answer.json()["message"]) == (422, message)


def test_a_ref_to_nothing_is_not_made(call: Caller, repository: Repository) -> None:
    answer = call.rest("POST", f"{ROOT}/git/refs", json={"ref": "refs/tags/v2", "sha": "0" * 40})
    assert (answer.status_code, answer.json()["message"]) == (422, "Object does not exist")
    assert "refs/tags/v2" not in repository.git.refs


def test_a_ref_moves_forward_and_back_by_force_only(call: Caller, repository: Repository) -> None:
    path = f"{ROOT}/git/refs/tags/v1.0.0"
    first, _, third, _ = shas(repository)
    assert call.rest("PATCH", path, json={"sha": third}).status_code == 200
    answer = call.rest("PATCH", path, json={"sha": first})
    assert (answer.status_code, answer.json()["message"]) == (422, "Update is not a fast forward")
    assert repository.git.refs["refs/tags/v1.0.0"].sha == third
    assert call.rest("PATCH", path, json={"sha": first, "force": True}).status_code == 200
    assert repository.git.refs["refs/tags/v1.0.0"].sha == first


def test_a_ref_that_is_not_there_cannot_change(call: Caller, repository: Repository) -> None:
    path = f"{ROOT}/git/refs/tags/v9"
    moved = call.rest("PATCH", path, json={"sha": shas(repository)[0]})
    assert (moved.status_code, moved.json()["message"]) == (422, "Reference does not exist")
    gone = call.rest("DELETE", path)
    assert (gone.status_code, gone.json()["message"]) == (422, "Reference does not exist")


def test_a_ref_goes(call: Caller, repository: Repository) -> None:
    assert call.rest("DELETE", f"{ROOT}/git/refs/tags/v1.1.0").status_code == 204
    assert "refs/tags/v1.1.0" not in repository.git.refs
    assert len(repository.git.tags) == 1


def test_an_annotated_tag_is_made_in_two_steps(call: Caller, repository: Repository) -> None:
    body = {"tag": "v3", "message": "three", "object": shas(repository)[2], "type": "commit"}
    tag = call.rest("POST", f"{ROOT}/git/tags", json=body)
    assert tag.status_code == 201
    assert "refs/tags/v3" not in repository.git.refs
    call.rest("POST", f"{ROOT}/git/refs", json={"ref": "refs/tags/v3", "sha": tag.json()["sha"]})
    assert repository.git.refs["refs/tags/v3"] == Target(tag.json()["sha"], "tag")


def test_a_body_that_is_no_json_object_is_refused(
    call: Caller, repository: Repository, exchanges: list[Exchange]
) -> None:
    assert repository.git.refs
    messages = {b"{": "Problems parsing JSON", b"[]": "Body should be a JSON object"}
    for data, message in messages.items():
        answer = call.rest("POST", f"{ROOT}/git/refs", data=data)
        assert (answer.status_code, answer.json()["message"]) == (400, message)
    exchanges.clear()  # the description has no 400 here; GitHub's page on client errors names these words


@pytest.mark.parametrize(
    ("token", "status"), [(ADA, 201), (JOB, 201), (JOB_READING, 403), (OTHER_JOB, 403), (BOB, 404), (None, 401)]
)
def test_writing_needs_the_permission(call: Caller, repository: Repository, token: str | None, status: int) -> None:
    body = {"ref": "refs/tags/v2", "sha": shas(repository)[0]}
    assert call.rest("POST", f"{ROOT}/git/refs", token, json=body).status_code == status


def test_a_private_repository_is_for_its_members_and_jobs(call: Caller, repository: Repository) -> None:
    repository.private = True
    statuses = {token: call.rest("GET", f"{ROOT}/tags", token).status_code for token in (ADA, BOB, JOB, EVE, None)}
    assert statuses == {ADA: 200, BOB: 200, JOB: 200, EVE: 404, None: 404}


def test_ids_are_those_that_git_makes(repository: Repository, world: World) -> None:
    # echo one | git commit-tree, with these people and dates in its environment
    commit = repository.git.commit("one", world.now())
    assert commit.tree == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    assert commit.sha == "dd2129f79833f2c6edba3768be464236095b3ad1"
