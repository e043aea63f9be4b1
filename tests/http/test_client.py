from __future__ import annotations

import contextlib
import io
import socket
import ssl
import threading
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses
from tests.http.loopback import Asked, Clock, Loopback, Reply, Script, replies, serving

from release_actions.errors import ExitCode, InputError, RemoteError
from release_actions.http.client import Http
from release_actions.http.origins import Credential

API = "https://api.github.com"
URL = f"{API}/repos/llm-d/llm-d/thing"


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def get(http: Http, url: str = URL, token: str = "", **options: Any) -> Any:
    return http.request("GET", url, what="read the thing", credential=Credential.bearer(url, token), **options)


def failing(http: Http, url: str = URL, token: str = "", method: str = "GET", **options: Any) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        http.request(method, url, what="read the thing", credential=Credential.bearer(url, token), **options)
    assert caught.value.exit_code is ExitCode.UNKNOWN
    return caught.value


class TestAnswers:
    def test_an_expected_answer_comes_back_whole(self, http: Http, web: responses.RequestsMock) -> None:
        web.get(URL, json={"a": 1}, headers={"X-GitHub-Request-Id": "AB:12"})
        answer = get(http, token="ghs_secret", params={"per_page": 100}, headers={"Accept": "x/y"})
        assert answer.object() == {"a": 1}
        assert (answer.status, answer.request_id, answer.retried) == (200, "AB:12", False)
        sent = web.calls[0].request
        assert sent.url == f"{URL}?per_page=100"
        assert sent.headers["Authorization"] == "Bearer ghs_secret"
        assert sent.headers["Accept"] == "x/y"
        assert sent.headers["User-Agent"].startswith("release-actions/")

    def test_json_is_sent_as_json(self, http: Http, web: responses.RequestsMock) -> None:
        web.post(URL, status=201, match=[responses.matchers.json_params_matcher({"name": "v1"})])
        answer = http.request("POST", URL, what="make it", credential=None, json={"name": "v1"}, expect=(201,))
        assert answer.status == 201

    @pytest.mark.parametrize(
        ("body", "read", "wrong"),
        [
            (b"<html>", "json", "is not JSON"),
            (b"\xff\xfe", "json", "is not JSON"),
            (b"[" * 100_000, "json", "is not JSON"),
            (b"[]", "object", "is not a JSON object"),
            (b"{}", "array", "is not a JSON array"),
        ],
    )
    def test_a_body_of_another_kind_is_an_error(
        self, http: Http, web: responses.RequestsMock, body: bytes, read: str, wrong: str
    ) -> None:
        web.get(URL, body=body)
        answer = get(http)
        with pytest.raises(RemoteError) as caught:
            getattr(answer, read)()
        assert caught.value.problems[0].message == (
            "Could not read the thing: api.github.com answered 200 to GET /repos/llm-d/llm-d/thing, "
            f"but the answer {wrong}."
        )

    def test_an_endless_body_is_not_read_to_its_end(self, http: Http, web: responses.RequestsMock) -> None:
        class Body(io.BytesIO):
            was_read = 0

            def readinto(self, buffer: Any, /) -> int:
                count = super().readinto(buffer)
                Body.was_read += count
                return count

        body = io.BufferedReader(Body(bytes(8 * 1024 * 1024)))
        web.get(URL, body=body, auto_calculate_content_length=False)
        assert "but the answer is longer than 2 MiB" in str(failing(http, longest=2 * 1024 * 1024))
        assert 2 * 1024 * 1024 < Body.was_read < 3 * 1024 * 1024

    def test_cookies_are_neither_kept_nor_sent(self, http: Http) -> None:
        with serving(replies(Reply.of(1, Set_Cookie="session=1; Path=/"))) as server:
            get(http, server.url)
            get(http, server.url)
        assert "Cookie" not in server.asked[1].headers

    def test_a_netrc_file_is_not_a_credential(self, http: Http, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login someone password hunter2\n")
        monkeypatch.setenv("NETRC", str(netrc))
        with serving(replies(Reply.of(1))) as server:
            get(http, server.url)
            assert "Authorization" in dict(requests.get(server.url, timeout=5).request.headers), "netrc is read at all"
        assert "Authorization" not in server.asked[0].headers

    def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
        self, http: Http, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        with serving(replies(Reply.of(1))) as server:
            assert get(http, server.url).json() == 1


class TestRefusals:
    def test_the_message_names_what_who_and_why(self, http: Http, web: responses.RequestsMock) -> None:
        web.get(URL, status=404, json={"message": "Not Found"}, headers={"X-GitHub-Request-Id": "AB:12"})
        error = failing(http, token="ghs_secret", params={"q": "hidden"})
        assert error.problems[0].message == (
            "Could not read the thing: api.github.com answered 404 Not Found to GET /repos/llm-d/llm-d/thing, "
            '"Not Found". Request id AB:12.'
        )
        assert error.hint == ("It does not exist, or this token may not see it: api.github.com answers 404 for both.")
        assert (error.method, error.path, error.status) == ("GET", "/repos/llm-d/llm-d/thing", 404)
        assert error.request_id == "AB:12"

    @pytest.mark.parametrize(
        ("status", "headers", "hint"),
        [
            (401, {}, "The token is missing, expired, revoked or not meant for api.github.com. Pass a valid one."),
            (
                403,
                {"X-Accepted-GitHub-Permissions": "packages=write"},
                "The token needs the permission packages=write. "
                "Grant it under 'permissions:' of the job, or to the app.",
            ),
            (
                403,
                {"X-Accepted-OAuth-Scopes": "read:packages", "X-OAuth-Scopes": "repo"},
                "The token needs one of the scopes read:packages; it has repo.",
            ),
            (
                403,
                {},
                "The token may not do this. A job's own token needs the permission under 'permissions:', and for a "
                'package also a role under the package\'s "Manage Actions access".',
            ),
            (500, {}, "This is a fault of api.github.com. Run it again later."),
            (422, {}, ""),
        ],
    )
    def test_the_hint_fits_the_status(
        self, http: Http, web: responses.RequestsMock, status: int, headers: dict[str, str], hint: str
    ) -> None:
        web.get(URL, status=status, json={"message": "No"}, headers=headers)
        assert failing(http, token="ghs_secret").hint == hint

    @pytest.mark.parametrize("status", [401, 403, 404])
    def test_without_a_token_the_hint_is_to_pass_one(
        self, http: Http, web: responses.RequestsMock, status: int
    ) -> None:
        web.get(URL, status=status, json={"message": "Requires authentication"})
        assert failing(http).hint == "No token was sent. Pass one that api.github.com accepts and that may do this."

    @pytest.mark.parametrize(
        ("body", "quoted"),
        [
            (b'{"message": "Validation Failed", "errors": [{"code": "custom", "message": "tag taken"}]}',
             "Validation Failed; custom: tag taken"),
            (b'{"errors": [{"code": "DENIED", "message": "permission_denied: write_package"}]}',
             "DENIED: permission_denied: write_package"),
            (b'{"errors": ["one", "two"]}', "one; two"),
            (b'{"message": "a\\r\\n::error::b\\u2028c"}', "a ::error::b c"),
            (b"plain words", "plain words"),
            (b'{"message": "' + b"x" * 900 + b'"}', "x" * 500),
        ],
    )  # fmt: skip
    def test_the_servers_words_are_quoted_on_one_line(
        self, http: Http, web: responses.RequestsMock, body: bytes, quoted: str
    ) -> None:
        web.get(URL, status=422, body=body)
        assert failing(http).problems[0].message.endswith(f', "{quoted}".')

    @pytest.mark.parametrize("body", [b"", b"<html><h1>502</h1></html>", b'{"message": 5}', b"[1]", b'"text"'])
    def test_a_body_without_words_is_not_quoted(self, http: Http, web: responses.RequestsMock, body: bytes) -> None:
        web.get(URL, status=422, body=body)
        assert failing(http).problems[0].message.endswith("to GET /repos/llm-d/llm-d/thing.")


class TestPassingFaults:
    @pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 522])
    def test_a_passing_fault_is_tried_again(
        self, http: Http, web: responses.RequestsMock, clock: Clock, log: list[str], status: int
    ) -> None:
        web.get(URL, status=status)
        web.get(URL, status=status)
        web.get(URL, json=[])
        answer = get(http)
        assert answer.array() == []
        assert answer.retried
        assert [0.12 <= clock.slept[0] <= 0.25, 0.5 <= clock.slept[1] <= 1, len(clock.slept)] == [True, True, 2]
        assert log[0].startswith(f"Could not read the thing yet: api.github.com answered {status}")

    def test_it_gives_up_after_the_tries(self, http: Http, web: responses.RequestsMock, clock: Clock) -> None:
        web.get(URL, status=502, body="<html>bad gateway</html>")
        error = failing(http)
        assert len(web.calls) == 5
        assert len(clock.slept) == 4
        assert error.problems[0].message == (
            "Could not read the thing: api.github.com answered 502 Bad Gateway to GET /repos/llm-d/llm-d/thing "
            "(5 times)."
        )
        assert error.status == 502

    def test_what_will_not_pass_is_not_tried_again(self, http: Http, web: responses.RequestsMock) -> None:
        web.get(URL, status=501)
        failing(http)
        assert len(web.calls) == 1

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD"])
    def test_idempotent_methods_are_repeated(self, http: Http, web: responses.RequestsMock, method: str) -> None:
        web.add(method, URL, status=503)
        web.add(method, URL, status=204)
        answer = http.request(method, URL, what="do it", credential=None, expect=(204,))
        assert answer.retried

    @pytest.mark.parametrize("fault", [Reply(500), Reply(reset=True), Reply(body=b"{", cut=True)])
    def test_a_post_that_may_have_been_done_is_not_repeated(self, http: Http, fault: Reply) -> None:
        with serving(replies(fault)) as server:
            failing(http, server.url, method="POST")
        assert len(server.asked) == 1

    def test_a_post_that_is_harmless_to_repeat_is(self, http: Http) -> None:
        with serving(replies(Reply(reset=True), Reply(202))) as server:
            answer = http.request("POST", server.url, what="start", credential=None, expect=(202,), idempotent=True)
        assert answer.retried

    def test_a_delete_whose_answer_was_lost_may_find_nothing_left(self, http: Http) -> None:
        with serving(replies(Reply(reset=True), Reply(404))) as server:
            answer = http.request("DELETE", server.url, what="delete it", credential=None, expect=(204, 404))
        assert (answer.status, answer.retried) == (404, True)

    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            (Reply(reset=True), "closed the connection without an answer"),
            (Reply(body=b"[1, 2", cut=True), "broke off in the middle of its answer"),
        ],
    )
    def test_a_broken_connection_is_tried_again(self, http: Http, log: list[str], fault: Reply, words: str) -> None:
        with serving(replies(fault, Reply.of([1]))) as server:
            assert get(http, server.url).array() == [1]
        assert log[0].startswith(f"Could not read the thing yet: {server.url} {words}. Trying again in ")

    def test_a_503_with_retry_after_is_obeyed(self, http: Http, web: responses.RequestsMock, clock: Clock) -> None:
        web.get(URL, status=503, headers={"Retry-After": "20"})
        web.get(URL, json=[])
        get(http)
        assert clock.slept == [20.0]


class TestUnreachable:
    def test_nothing_listens_on_loopback(self, http: Http, clock: Clock) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))  # not listening: refused
            url = f"http://127.0.0.1:{probe.getsockname()[1]}"
            error = failing(http, f"{url}/repos/a/b", token="ghs_secret")
        assert str(error) == (
            f"Could not read the thing: {url} refused the connection. Check the network and the address. Addresses are "
            "set by GITHUB_API_URL (--api-url) and RELEASE_ACTIONS_REGISTRY_URL (--registry-url)."
        )
        assert clock.slept == [], "nothing starts to listen while one waits"
        assert (error.status, error.method, error.path) == (0, "GET", "/repos/a/b")

    def test_a_name_that_does_not_resolve(self, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
        def unknown(*_: object, **__: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        error = failing(http, "https://ghe.example/api/v3/repos/a/b")
        assert error.problems[0].message == (
            "Could not read the thing: https://ghe.example could not be reached, because its name does not "
            "resolve (5 times)."
        )
        assert "GITHUB_API_URL" in error.hint

    def test_a_proxy_that_is_not_there(self, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("https_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, "http://user:hunter2@127.0.0.1:9")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        error = failing(http)
        assert error.problems[0].message == (
            "Could not read the thing: https://api.github.com could not be reached through the proxy of the "
            "environment (5 times)."
        )
        assert error.hint == "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY."
        assert "hunter2" not in "".join(traceback.format_exception(error))

    @pytest.mark.parametrize(
        ("raised", "words", "calls"),
        [
            (requests.exceptions.SSLError(ssl.SSLCertVerificationError("unable to get local issuer")),
             "has a certificate that is not trusted here", 1),
            (requests.exceptions.SSLError("EOF occurred in violation of protocol"),
             "did not agree on an encrypted connection", 5),
            (requests.exceptions.ReadTimeout("late"), "did not answer within 60 s", 5),
            (requests.exceptions.ConnectTimeout("late"), "could not be reached", 5),
            (OSError("Could not find a suitable TLS CA certificate bundle, invalid path: /x"),
             "could not be asked (Could not find a suitable TLS CA certificate bundle, invalid path: /x)", 1),
        ],
    )  # fmt: skip
    def test_each_reason_has_its_words(
        self, http: Http, web: responses.RequestsMock, raised: Exception, words: str, calls: int
    ) -> None:
        web.get(URL, body=raised)
        message = failing(http).problems[0].message
        times = " (5 times)" if calls > 1 else ""
        assert message == f"Could not read the thing: https://api.github.com {words}{times}."
        assert len(web.calls) == calls

    @pytest.mark.parametrize(
        ("raised", "calls"),
        [(requests.exceptions.ConnectTimeout("late"), 5), (requests.exceptions.ReadTimeout("late"), 1)],
    )
    def test_a_post_is_repeated_only_when_it_was_not_sent(
        self, http: Http, web: responses.RequestsMock, raised: Exception, calls: int
    ) -> None:
        web.post(URL, body=raised)
        failing(http, method="POST")
        assert len(web.calls) == calls

    def test_a_try_that_was_never_sent_leaves_no_doubt(self, http: Http, web: responses.RequestsMock) -> None:
        web.delete(URL, body=requests.exceptions.ConnectTimeout("late"))
        web.delete(URL, status=404)
        answer = http.request("DELETE", URL, what="delete it", credential=None, expect=(204, 404))
        assert not answer.retried


class TestLimits:
    SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}  # noqa: RUF012

    @pytest.mark.parametrize(
        ("status", "headers", "message", "waits"),
        [
            (429, {"Retry-After": "7"}, "", [7.0]),
            (403, {"Retry-After": "7"}, "Forbidden", [7.0]),
            (429, {"Retry-After": "Mon, 21 Sep 2026 14:14:00 GMT"}, "", [40.0]),
            (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1790000100"}, "", [101.0]),
            (
                403,
                {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1790000100"},
                "API rate limit exceeded",
                [101.0],
            ),
            (403, {"x-ratelimit-remaining": "900"}, "You have exceeded a secondary rate limit", [60.0]),
            (429, {}, "", [60.0]),
            (429, {"Retry-After": "soon"}, "", [60.0]),
            (429, {"Retry-After": "0"}, "", [1.0]),
        ],
    )
    def test_the_servers_wait_is_obeyed(
        self,
        http: Http,
        web: responses.RequestsMock,
        clock: Clock,
        log: list[str],
        *,
        status: int,
        headers: dict[str, str],
        message: str,
        waits: list[float],
    ) -> None:
        web.get(URL, status=status, headers=headers, json={"message": message})
        web.get(URL, json=[])
        answer = get(http, token="ghs_secret")
        assert clock.slept == waits
        assert not answer.retried, "a limited request was not carried out"
        assert log == [
            "Could not read the thing yet: api.github.com limits the rate of requests. "
            f"Trying again in {waits[0]:.0f} s."
        ]

    def test_without_a_told_wait_it_grows(self, http: Http, web: responses.RequestsMock, clock: Clock) -> None:
        for _ in range(3):
            web.get(URL, status=403, json=self.SECONDARY)
        web.get(URL, json=[])
        get(http)
        assert clock.slept == [60.0, 120.0, 240.0]

    def test_a_post_is_repeated_after_a_limit(self, http: Http, web: responses.RequestsMock) -> None:
        web.post(URL, status=429, headers={"Retry-After": "1"})
        web.post(URL, status=201)
        assert http.request("POST", URL, what="make it", credential=None, expect=(201,)).status == 201

    @pytest.mark.parametrize(
        ("words", "seconds"),
        [
            ("retry-after: 12.5ms, allowed: 2000/minute", 0.0125),
            ("retry-after: 880.092µs, allowed: 44000/minute", 0.000880092),
            ("retry-after: 880μs", 0.00088),
            ("Retry-After: 12us", 0.000012),
            ("retry-after: 5ns", 0.000000005),
            ("retry-after: 1m3.5s", 63.5),
            ("retry-after: 1h0m2s, allowed: 2000/minute", 3602.0),
        ],
    )
    def test_a_wait_that_stands_in_words_is_obeyed_with_a_tenth_of_a_second_more(
        self, web: responses.RequestsMock, clock: Clock, words: str, seconds: float
    ) -> None:
        http = Http(sleep=clock.sleep, now=clock.now, max_wait=4000)
        web.get(URL, status=429, json={"errors": [{"code": "TOOMANYREQUESTS", "message": words}]})
        web.get(URL, json=[])

        get(http)

        assert [round(wait, 9) for wait in clock.slept] == [pytest.approx(seconds + 0.15, abs=0.05)]

    def test_a_wait_in_words_doubles_at_each_refusal_in_a_row(
        self, http: Http, web: responses.RequestsMock, clock: Clock
    ) -> None:
        for _ in range(6):
            web.get(URL, status=429, body="retry-after: 1ms")
        web.get(URL, json=[])

        get(http)

        assert all(0.1 * 2**n <= wait <= 0.21 * 2**n for n, wait in enumerate(clock.slept))
        assert len(clock.slept) == 6

    def test_a_write_that_is_held_back_holds_back_writes_and_no_reads(self, web: responses.RequestsMock) -> None:
        slept: list[float] = []
        http = Http(sleep=slept.append, now=lambda: 1_790_000_000.0)
        web.put("https://ghcr.io/a", status=429, body="retry-after: 2s, allowed: 2000/minute")
        web.add("PUT", "https://ghcr.io/a", status=201)
        web.add("POST", "https://ghcr.io/b", status=201)
        web.get("https://ghcr.io/c", json=[])
        http.request("PUT", "https://ghcr.io/a", what="write it", credential=None, expect=(201,))
        slept.clear()

        get(http, "https://ghcr.io/c")
        reads_waited = list(slept)
        http.request("POST", "https://ghcr.io/b", what="write it", credential=None, expect=(201,))

        assert reads_waited == []
        assert [2.0 < wait < 2.3 for wait in slept] == [True]

    @pytest.mark.parametrize(
        "words", ["retry-after: soon", "retry-after: 12", "retry-after: -5ms", "allowed: 5/minute"]
    )
    def test_words_that_name_no_wait_are_no_wait(
        self, http: Http, web: responses.RequestsMock, clock: Clock, words: str
    ) -> None:
        web.get(URL, status=429, body=words)
        web.get(URL, json=[])

        get(http)

        assert clock.slept == [60.0]

    def test_a_longer_wait_than_allowed_is_an_error_that_says_until_when(
        self, http: Http, web: responses.RequestsMock, clock: Clock
    ) -> None:
        web.get(
            URL,
            status=403,
            json={"message": "API rate limit exceeded for installation."},
            headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1790003600", "x-ratelimit-limit": "1000"},
        )
        error = failing(http)
        assert clock.slept == []
        assert error.problems[0].message == (
            "Could not read the thing: api.github.com limits the rate of requests until 2026-09-21 15:13:21 UTC "
            '("API rate limit exceeded for installation."), which is longer than this run waits (900 s).'
        )
        assert error.hint == "Run it again after 15:13 UTC. What was done until now is not undone."
        assert error.status == 403

    def test_a_limit_that_never_ends_does(self, http: Http, web: responses.RequestsMock, clock: Clock) -> None:
        web.get(URL, status=429, headers={"Retry-After": "0"})
        failing(http)
        assert sum(clock.slept) <= 900
        assert len(web.calls) < 12

    @pytest.mark.parametrize(
        "headers", [{}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1790000100", "x-ratelimit-limit": "5"}]
    )
    def test_a_403_about_rights_is_not_a_limit(
        self, http: Http, web: responses.RequestsMock, clock: Clock, headers: dict[str, str]
    ) -> None:
        web.get(URL, status=403, json={"message": "Resource not accessible by integration"}, headers=headers)
        assert "Resource not accessible by integration" in str(failing(http, token="ghs_secret"))
        assert clock.slept == []

    def test_the_other_requests_to_that_server_wait_too(self, web: responses.RequestsMock) -> None:
        # This time does not pass while one sleeps, as for a thread whose sleep was not its own.
        slept: list[float] = []
        http = Http(sleep=slept.append, now=lambda: 1_790_000_000.0, tries=1, max_wait=100)
        web.get(f"{API}/a", status=429, headers={"Retry-After": "30"})
        web.get(f"{API}/a", json=[])
        web.get(f"{API}/b", json=[])
        web.get("https://ghcr.io/c", json=[])
        get(http, f"{API}/a")
        slept.clear()
        get(http, "https://ghcr.io/c")
        assert slept == [], "another server is not concerned"
        get(http, f"{API}/b")
        assert slept == [30.0]
        hasty = Http(sleep=slept.append, now=lambda: 1_790_000_000.0, max_wait=100)
        hasty._closed_until = dict.fromkeys(http._closed_until, 1_790_000_101.0)
        with pytest.raises(RemoteError, match="until 2026-09-21 14:15:01 UTC, which is longer than this run waits"):
            get(hasty, f"{API}/b")
        assert slept == [30.0]

    def test_the_budget_is_known(self, http: Http, web: responses.RequestsMock) -> None:
        def told(remaining: int, reset: int) -> dict[str, str]:
            return {
                "x-ratelimit-limit": "1000",
                "x-ratelimit-remaining": str(remaining),
                "x-ratelimit-reset": str(reset),
            }

        assert http.budget(API) is None
        for remaining, reset in [(990, 100), (995, 100), (985, 100), (999, 200), (5, 100)]:
            web.get(URL, json=[], headers=told(remaining, reset))
        seen = []
        for _ in range(5):
            get(http)
            budget = http.budget(f"{API}/anything")
            assert budget is not None
            seen.append((budget.remaining, budget.reset))
        assert seen == [(990, 100), (990, 100), (985, 100), (999, 200), (999, 200)]
        assert http.budget("https://ghcr.io") is None

    def test_a_malformed_budget_is_no_budget(self, http: Http, web: responses.RequestsMock) -> None:
        web.get(URL, json=[], headers={"x-ratelimit-limit": "many", "x-ratelimit-remaining": "1"})
        get(http)
        assert http.budget(API) is None


@contextlib.contextmanager
def two_servers(first: Script, second: Script) -> Iterator[tuple[Loopback, Loopback]]:
    with serving(first) as one, serving(second) as two:
        yield one, two


class TestRedirects:
    def test_the_credential_stays_behind_on_the_way_to_another_port(self, http: Http) -> None:
        with serving(replies(Reply(body=b"blob"))) as storage:
            away = Reply(307, headers={"Location": f"{storage.url}/signed?sig=1"})
            with serving(replies(away)) as server:
                assert get(http, server.url, token="ghs_secret").body == b"blob"
        assert server.asked[0].headers["Authorization"] == "Bearer ghs_secret"
        assert "Authorization" not in storage.asked[0].headers
        assert storage.lines == ["GET /signed?sig=1"]

    def test_it_does_not_come_back_after_a_detour(self, http: Http) -> None:
        with serving(lambda asked: Reply(302, headers={"Location": f"{home[0]}/end"})) as elsewhere:
            home: list[str] = []

            def script(asked: Asked) -> Reply:
                if asked.path == "/end":
                    return Reply.of(1)
                return Reply(302, headers={"Location": elsewhere.url})

            with serving(script) as server:
                home.append(server.url)
                get(http, f"{server.url}/start", token="ghs_secret")
        assert "Authorization" not in server.asked[1].headers

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_within_an_origin_the_credential_goes_along(self, http: Http, status: int) -> None:
        def script(asked: Asked) -> Reply:
            return Reply.of(1) if asked.path == "/new" else Reply(status, headers={"Location": "/new"})

        with serving(script) as server:
            assert get(http, f"{server.url}/old", token="ghs_secret").json() == 1
        assert server.asked[1].headers["Authorization"] == "Bearer ghs_secret"

    def test_five_redirects_and_no_more(self, http: Http) -> None:
        def script(asked: Asked) -> Reply:
            number = int(asked.path.strip("/"))
            return Reply.of(number) if number == last else Reply(302, headers={"Location": f"/{number + 1}"})

        last = 5
        with serving(script) as server:
            assert get(http, f"{server.url}/0").json() == 5
            last = 6
            assert "but the answer is one more redirect after 5" in str(failing(http, f"{server.url}/0"))

    @pytest.mark.parametrize(
        "target",
        [
            "http://example.com/",
            "ftp://example.com/",
            "https://a:b@example.com/",
            "https://example.com:99999/",
            "http://[::1",
            "https://[",
            "//[::1]x/",
            "https://a:b:c/",
            "https://\\example.com",
        ],
    )
    def test_an_address_that_is_not_safe_is_not_followed(
        self, http: Http, web: responses.RequestsMock, target: str
    ) -> None:
        web.get(URL, status=302, headers={"Location": target})
        assert "redirects to an address that may not be spoken to" in str(failing(http))

    def test_a_server_elsewhere_cannot_send_us_to_this_machine(self, http: Http, web: responses.RequestsMock) -> None:
        web.get(URL, status=302, headers={"Location": "http://127.0.0.1:8080/admin"})
        assert "redirects to this machine itself" in str(failing(http))

    @pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
    @pytest.mark.parametrize("status", [301, 302, 303])
    def test_a_write_is_not_turned_into_something_else(
        self, http: Http, web: responses.RequestsMock, method: str, status: int
    ) -> None:
        web.add(method, URL, status=status, headers={"Location": "/elsewhere"})
        assert f"redirects a {method} to another place" in str(failing(http, method=method))

    def test_a_write_is_not_sent_to_another_host(self, http: Http, web: responses.RequestsMock) -> None:
        web.put(URL, status=307, headers={"Location": "https://example.com/"})
        assert "redirects a PUT to another place" in str(failing(http, method="PUT", data=b"x"))

    def test_a_write_follows_within_its_origin(self, http: Http) -> None:
        def script(asked: Asked) -> Reply:
            return Reply(201) if asked.path == "/new" else Reply(308, headers={"Location": "/new"})

        with serving(script) as server:
            http.request("PUT", f"{server.url}/old", what="put", credential=None, data=b"body", expect=(201,))
        assert [(asked.method, asked.path, asked.body) for asked in server.asked] == [
            ("PUT", "/old", b"body"),
            ("PUT", "/new", b"body"),
        ]


class TestSecrets:
    def test_a_secret_that_comes_back_is_not_shown(
        self, http: Http, web: responses.RequestsMock, log: list[str]
    ) -> None:
        web.get(URL, status=503, json={"message": "token ghs_secret"})
        error = failing(http, token="ghs_secret")
        shown = str(error) + repr(error) + error.hint + "".join(traceback.format_exception(error)) + "".join(log)
        assert "ghs_secret" not in shown
        assert '"token ***"' in str(error)

    def test_a_secret_at_the_end_of_long_words_is_not_shown_in_part(
        self, http: Http, web: responses.RequestsMock
    ) -> None:
        web.get(URL, status=400, json={"message": "x" * 495 + "ghs_secret"})
        assert "ghs" not in str(failing(http, token="ghs_secret"))

    def test_a_basic_pair_is_a_secret_too(self, http: Http, web: responses.RequestsMock) -> None:
        credential = Credential.basic(URL, "someone", "ghs_secret")
        assert credential is not None
        web.get(URL, status=400, json={"message": credential.authorization})
        with pytest.raises(RemoteError) as caught:
            http.request("GET", URL, what="x", credential=credential)
        assert '"Basic ***"' in str(caught.value)

    def test_a_secret_in_a_path_is_not_shown(self, http: Http, web: responses.RequestsMock) -> None:
        http.hide("hunter2")
        web.get(f"{URL}/hunter2", status=400)
        error = failing(http, f"{URL}/hunter2")
        assert "hunter2" not in str(error) + error.path

    def test_a_query_is_never_shown(self, http: Http, web: responses.RequestsMock) -> None:
        web.get(f"{URL}", status=400)
        error = failing(http, f"{URL}?sig=abc")
        assert "sig" not in str(error) + error.path

    def test_a_credential_of_another_origin_is_a_bug_and_nothing_is_sent(self, http: Http) -> None:
        with serving(replies(Reply.of(1))) as server, pytest.raises(ValueError, match="about to be sent to"):
            http.request("GET", server.url, what="x", credential=Credential.bearer(API, "ghs_secret"))
        assert server.asked == []

    def test_plain_http_is_refused_before_anything_is_sent(self, http: Http, web: responses.RequestsMock) -> None:
        with pytest.raises(InputError, match=r"http://example\.com is not https"):
            http.request("GET", "http://example.com/", what="x", credential=None)
        assert len(web.calls) == 0


class TestPages:
    def read(self, http: Http, url: str = URL) -> list[Any]:
        pages = http.pages(url, {"per_page": 2}, what="list the things", credential=None)
        return [item for page in pages for item in page.array()]

    def test_all_pages_in_order(self, http: Http, web: responses.RequestsMock) -> None:
        web.get(URL, json=[1, 2], headers={"Link": f'<{URL}?page=2>; rel="next", <{URL}?page=3>; rel="last"'})
        web.get(URL, json=[3, 4], headers={"Link": f'<{URL}?page=1>; rel="prev", <{URL}?page=3>; rel="next"'})
        web.get(URL, json=[5], headers={"Link": f'<{URL}?page=1>; rel="first"'})
        assert self.read(http) == [1, 2, 3, 4, 5]
        assert [call.request.url for call in web.calls] == [f"{URL}?per_page=2", f"{URL}?page=2", f"{URL}?page=3"]

    def test_a_relative_link_is_followed(self, http: Http, web: responses.RequestsMock) -> None:
        web.get(URL, json=[1], headers={"Link": '</repos/llm-d/llm-d/thing?page=2>; rel="next"'})
        web.get(URL, json=[2])
        assert self.read(http) == [1, 2]

    @pytest.mark.parametrize(
        ("link", "wrong"),
        [
            (f'<{URL}?per_page=2>; rel="next"', "leads back to a page that was read before"),
            ('<https://example.com/?page=2>; rel="next"', "names a next page on another host"),
            ('<https://api.github.com:444/?page=2>; rel="next"', "names a next page on another host"),
            ('<http://api.github.com/?page=2>; rel="next"', "names as next page an address that may not be spoken to"),
            ('<>; rel="next"', "announces a next page without saying where it is"),
        ],
    )
    def test_a_link_that_leads_astray_is_an_error(
        self, http: Http, web: responses.RequestsMock, link: str, wrong: str
    ) -> None:
        web.get(URL, json=[1], headers={"Link": link})
        with pytest.raises(RemoteError, match="Could not list the things") as caught:
            self.read(http)
        assert wrong in str(caught.value)
        assert len(web.calls) == 1

    def test_a_page_that_repeats_is_an_error(self, http: Http, web: responses.RequestsMock) -> None:
        items = list(range(100))
        web.get(URL, json=items, headers={"Link": f'<{URL}?page=2>; rel="next"'})
        web.get(URL, json=items, headers={"Link": f'<{URL}?page=3>; rel="next"'})
        with pytest.raises(RemoteError, match="repeats a page that was read before"):
            self.read(http)

    def test_a_page_that_fails_fails_the_list(self, http: Http, web: responses.RequestsMock) -> None:
        web.get(URL, json=[1, 2], headers={"Link": f'<{URL}?page=2>; rel="next"'})
        web.get(URL, status=404)
        with pytest.raises(RemoteError, match="answered 404"):
            self.read(http)


def test_threads_share_one_session(http: Http) -> None:
    with serving(lambda asked: Reply.of(asked.path)) as server:
        found: list[str] = []
        threads = [
            threading.Thread(target=lambda n=n: found.append(get(http, f"{server.url}/{n}").json())) for n in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(found) == sorted(f"/{n}" for n in range(20))
