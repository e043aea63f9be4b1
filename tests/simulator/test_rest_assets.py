"""Release assets through the REST API: the host for uploads, names, contents, and who may."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from tests.simulator.callers import ADA, BOB, JOB, JOB_READING, Caller

from release_actions.simulator import World
from release_actions.simulator.git import Target
from release_actions.simulator.repositories import Repository
from release_actions.simulator.seed import world_from_dict

ROOT = "/repos/llm-d/llm-d/releases"
BYTES = {"Accept": "application/octet-stream"}


@pytest.fixture
def repository(world: World) -> Repository:
    """One commit on main."""
    repository = world.repositories["llm-d/llm-d"]
    repository.git.refs["refs/heads/main"] = Target(
        repository.git.commit("one", world.now(), login="ada").sha, "commit"
    )
    return repository


@pytest.fixture
def release(call: Caller, repository: Repository) -> dict[str, Any]:
    """A release without assets."""
    answer = call.rest("POST", ROOT, json={"tag_name": "v1.0.0"})
    assert repository.releases
    found: dict[str, Any] = answer.json()
    return found


def upload(
    call: Caller, release: dict[str, Any], name: str, content: bytes = b"[]", token: str | None = ADA, **params: str
) -> requests.Response:
    """An upload as a client does it: to the address of the release, with its template cut off."""
    url = str(release["upload_url"]).partition("{")[0]
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    return call.session.post(url, params={"name": name, **params}, data=content, headers=headers)


def names(call: Caller, release: dict[str, Any]) -> list[str]:
    return [asset["name"] for asset in call.rest("GET", f"{ROOT}/{release['id']}/assets").json()]


def test_an_asset_goes_to_a_host_of_its_own_and_is_listed(call: Caller, release: dict[str, Any]) -> None:
    assert urlsplit(release["upload_url"]).netloc not in {
        urlsplit(url).netloc for url in (call.simulator.api_url, call.simulator.registry_url)
    }
    made = upload(call, release, "components.json", b'{"a": 1}', label="What it consists of")
    assert made.status_code == 201
    shown = made.json()
    assert (shown["name"], shown["size"], shown["content_type"]) == ("components.json", 8, "application/json")
    assert shown["label"] == "What it consists of"
    assert shown["browser_download_url"].endswith("/releases/download/v1.0.0/components.json")
    assert call.rest("GET", shown["url"].removeprefix(call.simulator.api_url)).json() == shown
    assert names(call, release) == ["components.json"]
    assert call.rest("GET", f"{ROOT}/tags/v1.0.0").json()["assets"] == [shown]


def test_the_api_itself_takes_no_asset(call: Caller, release: dict[str, Any]) -> None:
    answer = call.rest("POST", f"{ROOT}/{release['id']}/assets?name=a", data=b"[]")
    assert answer.status_code == 404
    assert names(call, release) == []


def test_a_name_that_is_taken_is_refused_until_it_is_deleted(call: Caller, release: dict[str, Any]) -> None:
    first = upload(call, release, "a.json", b"[1]").json()
    again = upload(call, release, "a.json", b"[2]")
    assert again.status_code == 422
    assert again.json()["errors"] == [{"resource": "ReleaseAsset", "code": "already_exists", "field": "name"}]
    assert call.rest("DELETE", f"{ROOT}/assets/{first['id']}").status_code == 204
    assert upload(call, release, "a.json", b"[2]").status_code == 201


@pytest.mark.parametrize(
    ("name", "kept"),
    [("some notes.md", "some.notes.md"), ("a+b@c_d-e.txt", "a+b@c_d-e.txt"), (".hidden..md.", "hidden.md")],
)
def test_special_characters_in_a_name_become_dots(call: Caller, release: dict[str, Any], name: str, kept: str) -> None:
    assert upload(call, release, name).json()["name"] == kept
    assert names(call, release) == [kept]


def test_an_asset_needs_a_name(call: Caller, release: dict[str, Any]) -> None:
    assert upload(call, release, "").status_code == 422
    assert names(call, release) == []


def test_the_content_is_fetched_from_storage_without_a_token(call: Caller, release: dict[str, Any]) -> None:
    made = upload(call, release, "a.json", b"[1]").json()
    path = made["url"].removeprefix(call.simulator.api_url)
    answer = call.session.get(made["url"], headers={**BYTES, "Authorization": f"Bearer {ADA}"}, allow_redirects=False)
    assert answer.status_code == 302
    place = answer.headers["Location"]
    assert call.session.get(place).content == b"[1]"
    assert call.session.get(place, headers={"Authorization": f"Bearer {ADA}"}).status_code == 400
    assert call.rest("GET", path).json()["download_count"] == 1


def test_a_drafts_assets_are_for_those_who_may_write(call: Caller, repository: Repository) -> None:
    draft = call.rest("POST", ROOT, json={"tag_name": "v2.0.0", "draft": True}).json()
    made = upload(call, draft, "a.json").json()
    assert upload(call, draft, "b.json", token=BOB).status_code == 404
    for path in (f"{ROOT}/{draft['id']}/assets", f"{ROOT}/assets/{made['id']}"):
        assert call.rest("GET", path, BOB).status_code == 404
        assert call.rest("GET", path).status_code == 200
    assert [asset.name for asset in repository.releases[draft["id"]].assets.values()] == ["a.json"]


def test_a_job_needs_contents_write(call: Caller, release: dict[str, Any]) -> None:
    assert upload(call, release, "a.json", token=JOB_READING).status_code == 403
    made = upload(call, release, "a.json", token=JOB)
    assert made.json()["uploader"]["login"] == "github-actions[bot]"
    asset = f"{ROOT}/assets/{made.json()['id']}"
    assert call.rest("DELETE", asset, JOB_READING).status_code == 403
    assert call.rest("DELETE", asset, None).status_code == 401
    assert names(call, release) == ["a.json"]


def test_assets_go_with_their_release(call: Caller, release: dict[str, Any]) -> None:
    made = upload(call, release, "a.json").json()
    call.rest("DELETE", f"{ROOT}/{release['id']}")
    assert call.rest("GET", f"{ROOT}/assets/{made['id']}").status_code == 404


def test_a_seeded_release_has_its_assets() -> None:
    world = world_from_dict(
        {
            "accounts": {"o": {"type": "organization"}},
            "repositories": {
                "o/r": {
                    "commits": [{"id": "c1", "message": "one"}],
                    "tags": {"v1": {"commit": "c1"}},
                    "releases": [{"tag": "v1", "assets": {"components.json": "{}"}}],
                }
            },
        }
    )
    (release,) = world.repositories["o/r"].releases.values()
    (asset,) = release.assets.values()
    assert (asset.name, world.blobs[asset.digest]) == ("components.json", b"{}")
    assert json.loads(json.dumps(world.dump()))["repositories"]["o/r"]["releases"]["v1"]["assets"] == {
        "components.json": asset.digest
    }


def test_notes_that_are_too_long_change_nothing(call: Caller, release: dict[str, Any]) -> None:
    place = f"{ROOT}/{release['id']}"
    assert call.rest("PATCH", place, json={"body": "a" * 125_000}).status_code == 200
    refused = call.rest("PATCH", place, json={"body": "b" * 125_001})
    assert refused.status_code == 422
    assert "body is too long" in refused.json()["errors"][0]["message"]
    assert call.rest("GET", place).json()["body"] == "a" * 125_000
