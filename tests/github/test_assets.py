"""Files of releases: which host the token may go to, and what is read and written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.simulator.callers import JOB, new_world

from release_actions.errors import RemoteError
from release_actions.github.assets import Assets, is_from_release
from release_actions.github.releases import Release, Releases
from release_actions.http.client import Http
from release_actions.simulator import InProcess, World

PUBLIC = "https://api.github.com"


@pytest.mark.parametrize(
    ("uploads", "api", "right"),
    [
        ("https://uploads.github.com/repos/a/b/releases/1/assets", PUBLIC, True),
        ("https://api.github.com/x", PUBLIC, True),
        ("https://uploads.acme.ghe.com/x", "https://api.acme.ghe.com", True),
        ("https://github.acme.example/api/uploads/x", "https://github.acme.example/api/v3", True),
        ("http://127.0.0.1:2/x", "http://127.0.0.1:1", True),
        ("https://uploads.github.com.evil.example/x", PUBLIC, False),
        ("https://uploads.evil.example/x", PUBLIC, False),
        ("https://uploads.github.com:8443/x", PUBLIC, False),
        ("https://uploadsXgithub.com/x", PUBLIC, False),
        ("https://uploads.github.com/x", "http://127.0.0.1:1", False),
        ("http://127.0.0.1:2/x", PUBLIC, False),
    ],
)
def test_uploads_go_to_the_host_of_the_api(uploads: str, api: str, right: bool) -> None:  # noqa: FBT001  # a case
    assert is_from_release(uploads, api) is right


@pytest.fixture
def world() -> World:
    world = new_world()
    world.repositories["llm-d/llm-d"].git.commit("start", world.now())
    return world


@pytest.fixture
def http(world: World) -> Iterator[tuple[Http, InProcess]]:
    simulator = InProcess(world)
    with Http() as http:
        simulator.mount(http._exchange._session)
        yield http, simulator


def test_a_file_is_added_read_and_taken_away(http: tuple[Http, InProcess]) -> None:
    client, simulator = http
    releases = Releases(client, simulator.api_url, "llm-d/llm-d", token=JOB)
    assets = Assets(client, simulator.api_url, "llm-d/llm-d", token=JOB)
    release = releases.draft("v1.0.0", "v1.0.0", "Notes", prerelease=False, make_latest=True)
    made = assets.add(release, "components.json", b"{}")
    assert releases.read(release).assets == (made,)
    assert (made.name, made.whole) == ("components.json", True)
    assert assets.text(release, made) == "{}"
    with pytest.raises(RemoteError, match=r"add components\.json"):
        assets.add(release, "components.json", b"[]")
    assets.remove(release, made)
    assets.remove(release, made)
    assert releases.read(release).files == ()


def test_bytes_that_are_no_text(http: tuple[Http, InProcess]) -> None:
    client, simulator = http
    release = Releases(client, simulator.api_url, "llm-d/llm-d", token=JOB).draft(
        "v1.0.0", "v1.0.0", "", prerelease=True, make_latest=False
    )
    assets = Assets(client, simulator.api_url, "llm-d/llm-d", token=JOB)
    made = assets.add(release, "a.bin", b"\xff\xfe")
    with pytest.raises(RemoteError, match="is not UTF-8"):
        assets.text(release, made)


def test_a_host_that_is_not_github_gets_no_token() -> None:
    release = Release(7, "v1.0.0", draft=True, uploads="https://uploads.evil.example/repos/a/b/releases/7/assets")
    with (
        Http() as client,
        pytest.raises(RemoteError, match=r"uploads\.evil\.example for uploads, which does not belong"),
    ):
        Assets(client, PUBLIC, "a/b", token="ghs_secret").add(release, "a.json", b"{}")
