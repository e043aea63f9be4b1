"""PyGithub asks by the same policy as everything else."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.http.loopback import Asked, Clock, Reply, replies, serving

import release_actions
from release_actions.errors import InputError, RemoteError
from release_actions.github import pygithub
from release_actions.http.client import Http

PATH = "/repos/llm-d/llm-d/pulls/7"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def http(clock: Clock) -> Iterator[Http]:
    with Http(sleep=clock.sleep, now=clock.now) as session:
        yield session


def read(http: Http, url: str, path: str = PATH) -> Any:
    with pygithub.open_client(url, token="ghs_secret", http=http) as github:
        return pygithub.ask(lambda: github.requester.requestJsonAndCheck("GET", path), "read a pull request", path)[1]


def run_query(http: Http, url: str, text: str = "query { viewer { login } }", **options: Any) -> dict[str, Any]:
    with pygithub.open_client(url, token="ghs_secret", http=http) as github:
        return pygithub.encode_query(github, text, {}, "read who asks", **options)


def test_an_object_of_pygithub_is_read_with_the_token(http: Http) -> None:
    with (
        serving(replies(Reply.of({"id": 1, "full_name": "llm-d/llm-d"}))) as server,
        pygithub.open_client(f"{server.url}/api/v3", token="ghs_secret", http=http) as github,
    ):
        assert github.get_repo("llm-d/llm-d").full_name == "llm-d/llm-d"

    assert server.lines == ["GET /api/v3/repos/llm-d/llm-d"]
    assert server.asked[0].headers["Authorization"] == "Bearer ghs_secret"
    assert server.asked[0].headers["User-Agent"].startswith("release-actions/")


def test_a_wait_and_a_fault_are_those_of_every_request(http: Http, clock: Clock) -> None:
    limit = Reply(429, b"retry-after: 12.5ms, allowed: 44000/minute")
    with serving(replies(limit, Reply(502), Reply(body=b"{", cut=True), Reply.of({"number": 7}))) as server:
        assert read(http, server.url)["number"] == 7

    assert 0.1 < clock.slept[0] < 0.25
    assert len(server.asked) == 4


def test_a_refusal_has_the_same_words(http: Http) -> None:
    refusal = Reply.of({"message": "no ghs_secret"}, 403, X_GitHub_Request_Id="AB:12")
    with serving(replies(refusal)) as server, pytest.raises(RemoteError) as caught:
        read(http, server.url)

    host = server.url.removeprefix("http://")
    assert caught.value.problems[0].message == (
        f'Could not read a pull request: {host} answered 403 Forbidden to GET {PATH}, "no ***". Request id AB:12.'
    )
    assert (caught.value.status, caught.value.request_id) == (403, "AB:12")


def test_nothing_listens(http: Http, clock: Clock) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # not listening: refused
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        with pytest.raises(RemoteError, match=f"Could not read a pull request: {url} refused the connection") as caught:
            read(http, url)
    assert "GITHUB_API_URL" in caught.value.hint
    assert clock.slept == [], "nothing starts to listen on loopback while one waits"


def test_plain_http_to_another_machine_is_refused(http: Http) -> None:
    with pytest.raises(InputError, match="is not https"):
        read(http, "http://ghe.example/api/v3")


@pytest.mark.parametrize("status", [301, 302, 307])
def test_the_token_does_not_follow_to_another_origin(http: Http, status: int) -> None:
    with serving(lambda _: Reply.of({"number": 7})) as elsewhere:
        target = elsewhere.url.replace("127.0.0.1", "localhost")
        away = Reply(status, headers={"Location": f"{target}{PATH}"})
        # Some of these answers are errors to PyGithub, others are answers without anything in them.
        with serving(replies(away)) as server:
            try:
                read(http, server.url)
            except RemoteError as error:
                assert "redirects to another host" in str(error)  # noqa: PT017  # either end is right
        assert len(server.asked) == 1
    assert elsewhere.asked == []


def test_an_answer_that_is_not_json_is_an_error(http: Http) -> None:
    with serving(replies(Reply(body=b"{broken"))) as server, pytest.raises(RemoteError, match="is not JSON"):
        read(http, server.url)


def test_a_query_is_sent_again_after_a_fault(http: Http) -> None:
    with serving(replies(Reply(502), Reply.of({"data": {"viewer": {"login": "ada"}}}))) as server:
        assert run_query(http, server.url) == {"viewer": {"login": "ada"}}

    assert server.lines == ["POST /graphql"] * 2
    assert json.loads(server.asked[1].body)["query"] == "query { viewer { login } }"


def test_a_mutation_is_not(http: Http) -> None:
    with serving(replies(Reply(502))) as server, pytest.raises(RemoteError, match="answered 502"):
        run_query(http, server.url, "mutation { closeIssue }")

    assert len(server.asked) == 1


def test_what_graphql_does_not_find_is_left_to_the_caller_or_an_error(http: Http) -> None:
    answer = Reply.of({"data": {"a": None}, "errors": [{"type": "NOT_FOUND", "message": "no\u202esuch\nthing"}]})
    with serving(replies(answer)) as server:
        assert run_query(http, server.url, lenient=True) == {"a": None}

    with serving(replies(answer)) as server, pytest.raises(RemoteError) as caught:
        run_query(Http(), server.url)
    assert caught.value.problems[0].message == 'Could not read who asks: GitHub answered "no such thing".'


def test_two_clients_at_once_keep_their_own_token_and_address(http: Http) -> None:
    def script(asked: Asked) -> Reply:
        return Reply.of({"id": 1, "full_name": asked.headers["Authorization"]})

    with serving(script) as one, serving(script) as other:
        first = pygithub.open_client(one.url, token="ghs_first", http=http)
        second = pygithub.open_client(other.url, token="ghs_second", http=http)
        names = [github.get_repo("a/b").full_name for github in (first, second, first)]

    assert names == ["Bearer ghs_first", "Bearer ghs_second", "Bearer ghs_first"]
    assert (len(one.asked), len(other.asked)) == (2, 1)


def test_pygithub_works_without_the_packages_that_have_no_wheel_everywhere() -> None:
    source = str(Path(release_actions.__file__).parent.parent)
    code = (
        f"import sys; sys.path.insert(0, {source!r})\n"
        "import importlib.abc\n"
        "class Missing(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ('nacl', 'cryptography', 'cffi', '_cffi_backend'):\n"
        "            raise ModuleNotFoundError(name)\n"
        "import importlib.util\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, package=None: None if name == 'nacl' else find(name, package)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "from release_actions.github import pygithub\n"
        "with pygithub.open_client('https://api.github.com', token='ghs_x') as github:\n"
        "    print(type(github.get_repo('a/b', lazy=True)).__name__)\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], check=False, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("Repository\n", 0), done.stderr
