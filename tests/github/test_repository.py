from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import responses
from tests.http.loopback import Asked, Reply, replies, serving

import release_actions
from release_actions.errors import InputError, RemoteError
from release_actions.github import repository as github_repository
from release_actions.github.repository import GitTag
from release_actions.http.client import Http

API = "https://api.github.com"
TAGS = f"{API}/repos/llm-d/llm-d/git/matching-refs/tags/"
A, B, C = ("a" * 40, "b" * 40, "c" * 40)


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def ref(name: str, sha: str = A, kind: str = "commit") -> dict[str, Any]:
    return {"ref": f"refs/tags/{name}", "node_id": "x", "object": {"sha": sha, "type": kind, "url": "x"}}


class TestTags:
    def test_light_and_annotated(self, http: Http, web: responses.RequestsMock) -> None:
        web.get(TAGS, json=[ref("v0.4.0"), ref("v0.5.0-rc.1", B, "tag"), ref("a/b", "d" * 64)])
        assert github_repository.list_tags(http, API, "llm-d/llm-d", token="ghs_secret") == (
            GitTag("v0.4.0", A),
            GitTag("v0.5.0-rc.1", B, annotated=True),
            GitTag("a/b", "d" * 64),
        )
        assert web.calls[0].request.headers["Authorization"] == "Bearer ghs_secret"

    def test_more_than_a_page(self, http: Http, web: responses.RequestsMock) -> None:
        web.get(TAGS, json=[ref("v0.4.0")], headers={"Link": f'<{TAGS}?page=2>; rel="next"'})
        web.get(TAGS, json=[ref("v0.5.0")])
        assert [tag.name for tag in github_repository.list_tags(http, API, "llm-d/llm-d")] == ["v0.4.0", "v0.5.0"]

    def test_no_tags_is_no_error(self, http: Http, web: responses.RequestsMock) -> None:
        web.get(TAGS, json=[])
        assert github_repository.list_tags(http, API, "llm-d/llm-d") == ()

    def test_no_repository_is_one(self, http: Http, web: responses.RequestsMock) -> None:
        web.get(TAGS, status=404, json={"message": "Not Found"})
        with pytest.raises(RemoteError) as caught:
            github_repository.list_tags(http, API, "llm-d/llm-d", token="ghs_secret")
        assert str(caught.value) == (
            "Could not list the tags of llm-d/llm-d: api.github.com answered 404 Not Found to GET "
            '/repos/llm-d/llm-d/git/matching-refs/tags/, "Not Found". It does not exist, or this token may not see it: '
            "api.github.com answers 404 for both."
        )

    def test_a_missing_token(self, http: Http, web: responses.RequestsMock) -> None:
        web.get(TAGS, status=401, json={"message": "Requires authentication"})
        with pytest.raises(RemoteError) as caught:
            github_repository.list_tags(http, API, "llm-d/llm-d")
        assert str(caught.value) == (
            "Could not list the tags of llm-d/llm-d: api.github.com answered 401 Unauthorized to GET "
            '/repos/llm-d/llm-d/git/matching-refs/tags/, "Requires authentication". No token was sent. Pass one that '
            "api.github.com accepts and that may do this."
        )

    @pytest.mark.parametrize(
        "item",
        [
            5,
            {},
            ref("x") | {"ref": "refs/heads/main"},
            ref("x") | {"ref": None},
            ref("x", "not-a-sha"),
            ref("x") | {"object": None},
        ],
    )
    def test_what_is_no_tag_is_an_error(self, http: Http, web: responses.RequestsMock, item: Any) -> None:
        web.get(TAGS, json=[item])
        with pytest.raises(RemoteError, match="Could not list the tags of llm-d/llm-d"):
            github_repository.list_tags(http, API, "llm-d/llm-d")

    @pytest.mark.parametrize("repository", ["", "llm-d", "a/b/c", "a/..", "a b/c", "../x", "a/b?c", "a/b\n"])
    def test_a_malformed_repository_is_refused(self, http: Http, repository: str) -> None:
        with pytest.raises(InputError, match="is not a repository"):
            github_repository.list_tags(http, API, repository)


class TestCommits:
    TAG_OBJECT = f"{API}/repos/llm-d/llm-d/git/tags"

    def test_a_light_tag_costs_nothing(self, http: Http) -> None:
        assert github_repository.commit_of(http, API, "llm-d/llm-d", GitTag("v1", A)) == A

    def test_an_annotated_tag_is_followed_to_its_commit(self, http: Http, web: responses.RequestsMock) -> None:
        web.get(f"{self.TAG_OBJECT}/{A}", json={"tag": "v1", "object": {"type": "tag", "sha": B}})
        web.get(f"{self.TAG_OBJECT}/{B}", json={"tag": "v1", "object": {"type": "commit", "sha": C}})
        assert github_repository.commit_of(http, API, "llm-d/llm-d", GitTag("v1", A, annotated=True)) == C

    @pytest.mark.parametrize(
        ("answer", "wrong"),
        [
            ({"object": {"type": "tree", "sha": B}}, "names a tree, not a commit"),
            ({"object": {"type": "commit", "sha": "x"}}, "does not name an object"),
            ({}, "does not name an object"),
        ],
    )
    def test_a_tag_of_something_else_is_an_error(
        self, http: Http, web: responses.RequestsMock, answer: dict[str, Any], wrong: str
    ) -> None:
        web.get(f"{self.TAG_OBJECT}/{A}", json=answer)
        with pytest.raises(RemoteError, match=wrong):
            github_repository.commit_of(http, API, "llm-d/llm-d", GitTag("v1", A, annotated=True))

    def test_tags_of_tags_have_an_end(self, http: Http, web: responses.RequestsMock) -> None:
        web.get(f"{self.TAG_OBJECT}/{A}", json={"object": {"type": "tag", "sha": A}})
        with pytest.raises(RemoteError, match="more than 8 tag objects in a row"):
            github_repository.commit_of(http, API, "llm-d/llm-d", GitTag("v1", A, annotated=True))


def pull(asked: Asked) -> Reply:
    states = {"7": "open", "8": "closed"}
    number = asked.path.rpartition("/")[2]
    if number not in states:
        return Reply.of({"message": "Not Found"}, 404)
    return Reply.of({"number": int(number), "state": states[number], "url": asked.path})


class TestPullRequests:
    def test_what_is_not_known_is_left_out(self, http: Http) -> None:
        with serving(pull) as server:
            states = github_repository.pull_states(http, server.url, "llm-d/llm-d", [8, 7, 9, 7], token="ghs_secret")
        assert states == {7: "open", 8: "closed"}
        assert server.lines == [f"GET /repos/llm-d/llm-d/pulls/{number}" for number in (7, 8, 9)]
        assert server.asked[0].headers["Authorization"] == "Bearer ghs_secret"

    def test_of_many_only_those_that_are_not_open_are_asked_for(self, http: Http) -> None:
        def listing(asked: Asked) -> Reply:
            if "state=open" in asked.path:
                return Reply.of([{"number": number, "state": "open"} for number in (1, 2, 3, 4, 7, 90)])
            return pull(asked)

        with serving(listing) as server:
            states = github_repository.pull_states(http, server.url, "llm-d/llm-d", [1, 2, 3, 4, 7, 8, 9])
        assert states == {**dict.fromkeys((1, 2, 3, 4, 7), "open"), 8: "closed"}
        assert [line.partition("pulls")[2] for line in server.lines] == ["?state=open&per_page=100", "/8", "/9"]

    def test_without_numbers_nothing_is_asked(self, http: Http) -> None:
        with serving(pull) as server:
            assert github_repository.pull_states(http, server.url, "llm-d/llm-d", []) == {}
        assert server.asked == []

    def test_a_refusal_is_an_error_in_githubs_words(self, http: Http) -> None:
        refusal = Reply.of({"message": "Resource not accessible by integration"}, 403, X_GitHub_Request_Id="AB:12")
        with serving(replies(refusal)) as server, pytest.raises(RemoteError) as caught:
            github_repository.pull_states(http, server.url, "llm-d/llm-d", [7], token="ghs_secret")
        assert "Could not read the pull requests of llm-d/llm-d: " in str(caught.value)
        assert '"Resource not accessible by integration"' in str(caught.value)
        assert "The token needs the permission pull-requests: read." in str(caught.value)
        assert (caught.value.status, caught.value.request_id) == (403, "AB:12")

    @pytest.mark.parametrize(
        "answer", [{"state": "merged", "number": 7}, {"state": "closed", "number": 8}, {"state": "closed"}, {}, [], 5]
    )
    def test_what_is_no_pull_request_is_an_error(self, http: Http, answer: Any) -> None:
        with serving(replies(Reply.of(answer))) as server, pytest.raises(RemoteError):
            github_repository.pull_states(http, server.url, "llm-d/llm-d", [7])


def test_reading_tags_does_not_import_pygithub() -> None:
    source = str(Path(release_actions.__file__).parent.parent)
    code = (
        f"import sys; sys.path.insert(0, {source!r})\n"
        "from release_actions.github import packages, repository\n"
        "from release_actions.registry import client\n"
        "assert 'github' not in sys.modules, 'PyGithub is loaded'\n"
        "assert 'requests' not in sys.modules, 'requests is loaded before it is used'\n"
        "from release_actions.http.client import Http\n"
        "try:\n"
        "    repository.list_tags(Http(tries=1), 'http://127.0.0.1:9', 'a/b')\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, 'github' in sys.modules, 'requests' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "RemoteError False True\n"
