"""Releases through the REST API: publishing, drafts, tags, and which one is the latest."""

from __future__ import annotations

from typing import Any

import pytest
from tests.simulator.callers import ADA, BOB, JOB, Caller

from release_actions.simulator import World
from release_actions.simulator.git import Target
from release_actions.simulator.repositories import Repository

ROOT = "/repos/llm-d/llm-d/releases"


@pytest.fixture
def repository(world: World) -> Repository:
    """One commit on main, tagged v1.0.0."""
    repository = world.repositories["llm-d/llm-d"]
    commit = repository.git.commit("one", world.now(), login="ada")
    repository.git.refs["refs/heads/main"] = Target(commit.sha, "commit")
    repository.git.refs["refs/tags/v1.0.0"] = Target(commit.sha, "commit")
    return repository


def create(call: Caller, tag: str, **body: Any) -> dict[str, Any]:
    answer = call.rest("POST", ROOT, json={"tag_name": tag, **body})
    assert answer.status_code == 201, answer.text
    call.world.clock.advance(60)
    found: dict[str, Any] = answer.json()
    return found


def latest(call: Caller) -> str:
    answer = call.rest("GET", f"{ROOT}/latest")
    return str(answer.json().get("tag_name", answer.status_code))


def test_a_release_is_published_and_found_by_tag_and_id(call: Caller, repository: Repository) -> None:
    made = create(call, "v1.0.0", name="One", body="Notes")
    assert (made["draft"], made["published_at"]) == (False, "2026-02-03T09:00:00Z")
    assert made["author"]["login"] == "ada"
    for path in (f"{ROOT}/tags/v1.0.0", f"{ROOT}/{made['id']}"):
        found = call.rest("GET", path).json()
        assert (found["id"], found["name"], found["body"]) == (made["id"], "One", "Notes")
    assert [release.tag for release in repository.releases.values()] == ["v1.0.0"]


def test_publishing_makes_the_tag_where_there_is_none(call: Caller, repository: Repository) -> None:
    create(call, "v2.0.0")
    create(call, "v3.0.0", target_commitish=next(iter(repository.git.commits)))
    for tag in ("v2.0.0", "v3.0.0"):
        assert repository.git.refs[f"refs/tags/{tag}"].sha == next(iter(repository.git.commits))


def test_a_tag_that_is_there_stays_where_it_is(call: Caller, repository: Repository, world: World) -> None:
    tagged = repository.git.refs["refs/tags/v1.0.0"]
    newer = repository.git.commit("two", world.now(), parents=(tagged.sha,), login="ada")
    create(call, "v1.0.0", target_commitish=newer.sha)
    assert repository.git.refs["refs/tags/v1.0.0"] == tagged


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "tag_name", "missing_field"),
        ({"tag_name": "v1.0.0"}, "tag_name", "already_exists"),
        ({"tag_name": "v9", "target_commitish": "nothing"}, "target_commitish", "invalid"),
    ],
)
def test_a_release_that_cannot_be(
    call: Caller, repository: Repository, body: dict[str, Any], field: str, code: str
) -> None:
    create(call, "v1.0.0")
    answer = call.rest("POST", ROOT, json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"resource": "Release", "code": code, "field": field}]
    assert len(repository.releases) == 1


def test_a_draft_is_for_those_who_may_write_and_has_no_tag(call: Caller, repository: Repository) -> None:
    made = create(call, "v2.0.0", draft=True)
    assert made["published_at"] is None
    assert "refs/tags/v2.0.0" not in repository.git.refs
    assert call.rest("GET", f"{ROOT}/tags/v2.0.0").status_code == 404
    assert [one["id"] for one in call.rest("GET", ROOT).json()] == [made["id"]]
    assert call.rest("GET", ROOT, BOB).json() == []
    assert call.rest("GET", f"{ROOT}/{made['id']}", BOB).status_code == 404


def test_a_draft_is_published_by_a_change(call: Caller, repository: Repository) -> None:
    made = create(call, "v2.0.0", draft=True)
    changed = call.rest("PATCH", f"{ROOT}/{made['id']}", json={"draft": False, "body": "Done"}).json()
    assert (changed["draft"], changed["body"], changed["published_at"]) == (False, "Done", "2026-02-03T09:01:00Z")
    assert "refs/tags/v2.0.0" in repository.git.refs
    assert latest(call) == "v2.0.0"


def test_a_change_leaves_what_it_does_not_name(call: Caller, repository: Repository) -> None:
    made = create(call, "v1.0.0", name="One", prerelease=True)
    changed = call.rest("PATCH", f"{ROOT}/{made['id']}", json={"body": "Notes"}).json()
    assert (changed["name"], changed["prerelease"], changed["body"]) == ("One", True, "Notes")
    assert repository.releases[made["id"]].published


def test_a_deleted_release_leaves_its_tag(call: Caller, repository: Repository) -> None:
    made = create(call, "v1.0.0")
    assert call.rest("DELETE", f"{ROOT}/{made['id']}").status_code == 204
    assert call.rest("GET", f"{ROOT}/tags/v1.0.0").status_code == 404
    assert "refs/tags/v1.0.0" in repository.git.refs
    assert latest(call) == "404"


def test_releases_are_listed_newest_first_in_pages(call: Caller, repository: Repository) -> None:
    for tag in ("v1.0.0", "v2.0.0", "v3.0.0"):
        create(call, tag)
    answer = call.rest("GET", ROOT, params={"per_page": 2})
    assert [one["tag_name"] for one in answer.json()] == ["v3.0.0", "v2.0.0"]
    assert [one["tag_name"] for one in call.rest("GET", answer.links["next"]["url"]).json()] == ["v1.0.0"]
    assert len(repository.releases) == 3


@pytest.mark.usefixtures("repository")
class TestLatest:
    """GitHub docs, "Create a release", `make_latest`."""

    def test_a_published_release_is_the_latest_unless_it_says_otherwise(self, call: Caller) -> None:
        create(call, "v2.0.0")
        create(call, "v1.0.0")
        assert latest(call) == "v1.0.0"

    def test_false_leaves_the_latest_where_it_is(self, call: Caller) -> None:
        create(call, "v2.0.0")
        create(call, "v1.0.0", make_latest="false")
        assert latest(call) == "v2.0.0"

    def test_legacy_leaves_it_to_version_order_while_none_is_marked(self, call: Caller) -> None:
        create(call, "v10.0.0", make_latest="legacy")
        create(call, "v9.0.0", make_latest="legacy")
        assert latest(call) == "v10.0.0"

    @pytest.mark.parametrize("kind", ["prerelease", "draft"])
    def test_neither_a_prerelease_nor_a_draft_is_the_latest(self, call: Caller, kind: str) -> None:
        create(call, "v1.0.0")
        create(call, "v2.0.0", **{kind: True})
        assert latest(call) == "v1.0.0"

    def test_the_mark_goes_with_its_release_and_the_rule_is_back(self, call: Caller) -> None:
        create(call, "v2.0.0")
        marked = create(call, "v1.0.0")
        call.rest("DELETE", f"{ROOT}/{marked['id']}")
        assert latest(call) == "v2.0.0"

    def test_a_change_marks_and_unmarks(self, call: Caller) -> None:
        old = create(call, "v1.0.0")
        create(call, "v2.0.0")
        call.rest("PATCH", f"{ROOT}/{old['id']}", json={"make_latest": "true"})
        assert latest(call) == "v1.0.0"
        call.rest("PATCH", f"{ROOT}/{old['id']}", json={"make_latest": "false"})
        assert latest(call) == "v2.0.0"

    def test_a_change_of_the_notes_does_not_move_it(self, call: Caller) -> None:
        old = create(call, "v1.0.0")
        create(call, "v2.0.0")
        call.rest("PATCH", f"{ROOT}/{old['id']}", json={"body": "Notes"})
        assert latest(call) == "v2.0.0"

    def test_without_a_release_there_is_none(self, call: Caller) -> None:
        assert latest(call) == "404"


def test_a_job_with_contents_write_releases_as_the_bot(call: Caller, repository: Repository) -> None:
    answer = call.rest("POST", ROOT, JOB, json={"tag_name": "v1.0.0"})
    assert answer.json()["author"]["login"] == "github-actions[bot]"
    assert repository.role(None) < repository.role(call.world.token(JOB))


def test_others_do_not_release(call: Caller, repository: Repository) -> None:
    assert call.rest("POST", ROOT, BOB, json={"tag_name": "v1.0.0"}).status_code == 404
    assert call.rest("POST", ROOT, ADA, json={"tag_name": "v1.0.0"}).status_code == 201
    assert len(repository.releases) == 1
