"""GitHub releases, listed and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import responses
from tests.http.loopback import Clock

from release_actions.errors import RemoteError
from release_actions.github.releases import Asset, Release, Releases
from release_actions.http.client import Http

URL = "https://api.github.com/repos/llm-d/llm-d/releases"
ONE = Release(
    7,
    "v0.5.0-rc.1",
    "First try",
    "Slow.",
    "main",
    prerelease=True,
    url="https://github.com/llm-d/llm-d/releases/tag/v0.5.0-rc.1",
    uploads="https://uploads.github.com/repos/llm-d/llm-d/releases/5/assets",
)


@pytest.fixture
def releases() -> Iterator[Releases]:
    clock = Clock()
    with Http(sleep=clock.sleep, now=clock.now) as http:
        yield Releases(http, "https://api.github.com", "llm-d/llm-d", token="ghs_secret")


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def body(**changed: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "tag_name": "v0.5.0-rc.1",
        "name": "First try",
        "body": "Slow.",
        "target_commitish": "main",
        "draft": False,
        "prerelease": True,
        "immutable": False,
        "assets": [],
        "html_url": "https://github.com/llm-d/llm-d/releases/tag/v0.5.0-rc.1",
        "upload_url": "https://uploads.github.com/repos/llm-d/llm-d/releases/5/assets{?name,label}",
        **changed,
    }


def test_a_release_is_looked_for(releases: Releases, web: responses.RequestsMock) -> None:
    web.get(f"{URL}/7", json=body())
    web.get(f"{URL}/7", status=404)
    assert releases.find(ONE) == ONE
    assert releases.find(ONE) is None


def test_every_page_is_read(releases: Releases, web: responses.RequestsMock) -> None:
    web.get(URL, json=[body()], headers={"Link": f'<{URL}?page=2>; rel="next"'})
    changed = {
        "immutable": True,
        "assets": [{"id": 1, "name": "a.tgz", "state": "uploaded", "digest": None}],
        "published_at": "2026-02-03T15:00:00Z",
    }
    rest = body(id=6, name=None, body=None, **changed)
    web.get(URL, json=[body(), rest])
    assert releases.all() == (
        ONE,
        Release(
            6,
            "v0.5.0-rc.1",
            target="main",
            prerelease=True,
            immutable=True,
            assets=(Asset(1, "a.tgz"),),
            published="2026-02-03T15:00:00Z",
            url=ONE.url,
            uploads=ONE.uploads,
        ),
    )
    assert web.calls[0].request.headers["Authorization"] == "Bearer ghs_secret"


@pytest.mark.parametrize(
    "odd",
    [
        {},
        "text",
        None,
        body(id="7"),
        body(draft=None),
        body(tag_name=3),
        body(assets=[{}]),
        body(assets=None),
        body(published_at=1770130800),
        body(published_at="yesterday"),
    ],
)
def test_what_is_no_release_is_an_error(releases: Releases, web: responses.RequestsMock, odd: Any) -> None:
    web.get(URL, json=[odd])
    with pytest.raises(RemoteError, match="holds something that is not a release"):
        releases.all()


def test_a_deleted_release_is_gone(releases: Releases, web: responses.RequestsMock) -> None:
    web.delete(f"{URL}/7", status=204)
    assert releases.delete(ONE) is None


def test_a_release_that_somebody_else_deleted_is_gone(releases: Releases, web: responses.RequestsMock) -> None:
    web.delete(f"{URL}/7", status=404)
    web.get(f"{URL}/7", status=404)
    assert releases.delete(ONE) is None


def test_404_stands_for_not_allowed_too(releases: Releases, web: responses.RequestsMock) -> None:
    web.delete(f"{URL}/7", status=404, json={"message": "Not Found"})
    web.get(f"{URL}/7", json=body())
    refusal = releases.delete(ONE)
    assert str(refusal) == 'GitHub answered 404, "Not Found"'


def test_a_missing_permission_is_named(releases: Releases, web: responses.RequestsMock) -> None:
    words = {"message": "Resource not accessible by integration"}
    web.delete(f"{URL}/7", status=403, json=words, headers={"X-Accepted-GitHub-Permissions": "contents=write"})
    refusal = releases.delete(ONE)
    assert refusal is not None
    assert str(refusal) == 'GitHub answered 403, "Resource not accessible by integration"'
    assert refusal.hint.startswith("The token needs the permission contents=write.")


def test_an_unclear_answer_is_an_error(releases: Releases, web: responses.RequestsMock) -> None:
    web.delete(f"{URL}/7", status=401, json={"message": "Bad credentials"})
    with pytest.raises(RemoteError, match=r"Could not delete the release v0\.5\.0-rc\.1 of llm-d/llm-d"):
        releases.delete(ONE)
