"""One request and its answer, with the redirects between them.

Decides what is sent along and how much of an answer is read. It must never send a credential to another origin than its
own, and never follow a redirect from elsewhere to this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, BinaryIO

from release_actions.http.answer import MESSAGE_LENGTH, Response, read_message
from release_actions.http.failures import TIMEOUT
from release_actions.http.links import resolve_address
from release_actions.http.origins import Credential, Origin
from release_actions.runner import lazy
from release_actions.runner.characters import flatten
from release_actions.runner.redaction import Redactor

with lazy.postpone_import("requests"):
    import requests

if TYPE_CHECKING:
    from http.cookiejar import CookiePolicy

CONNECTIONS = 96
"""Connections to one server that are kept open, so that as many requests at once find one that is set up. GitHub asks
for at most 100 requests at once."""

MOST_REDIRECTS = 5
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})

LONGEST_ANSWER = 32 * 1024 * 1024
"""Bytes of an unpacked body unless the caller names a limit. JSON can take twenty times as much memory."""

PIECE = 65536
LARGE_PIECE = 1024 * 1024
"""Bytes of a body that are read at once, into memory and into a file."""


@dataclass(frozen=True)
class Call:
    """One request as the caller asked for it, repeated unchanged by every try.

    `data` may be a file, which is sent from its beginning. `sink`: a file that takes the body of an answer 200, which
    may be larger than memory; every try begins it again.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    data: bytes | BinaryIO | None
    credential: Credential | None
    expect: Collection[int]
    what: str
    idempotent: bool
    longest: int = LONGEST_ANSWER
    sink: BinaryIO | None = None


class Exchange:
    """Sends requests through one session. May be shared by threads.

    `before` is called with method and origin before every request, redirected ones too.
    """

    def __init__(
        self,
        session: requests.Session | None,
        redactor: Redactor,
        user_agent: str,
        before: Callable[[str, Origin], object],
    ) -> None:
        self._redact = redactor.redact
        self._before = before
        self._session = session or requests.Session()
        self._settings: dict[Origin, Mapping[str, Any]] = {}
        self._session.headers["User-Agent"] = user_agent
        # Nothing here needs cookies, and a shared jar would carry them from one request to another.
        self._session.cookies.set_policy(_refuse_cookies())
        # Even where it follows none, requests prepares the next request of a redirect: it reads the whole body, and
        # raises ValueError for a malformed address. `send` does this itself.
        self._session.get_redirect_target = _ignore_redirect  # type: ignore[assignment,method-assign]
        from release_actions.http.transport import Adapter  # it imports requests, which most runs never need

        adapter = Adapter(pool_connections=16, pool_maxsize=CONNECTIONS, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def send(self, call: Call, origin: Origin) -> Response:
        """Send, and follow redirects. The credential is not sent on when a redirect leaves its origin."""
        url, credential = call.url, call.credential
        # Ends because every round but the last is one of at most `MOST_REDIRECTS` redirects.
        redirects = 0
        while True:
            response = self._send_to(call, url, credential)
            location = response.headers.get("Location", "")
            if response.status not in REDIRECT_STATUSES or response.status in call.expect or not location:
                return response
            redirects += 1
            if redirects > MOST_REDIRECTS:
                response.reject(f"is one more redirect after {MOST_REDIRECTS}")
            url = resolve_address(response, location, "redirects to")
            target = Origin.of(url)
            if target.loopback and not origin.loopback:
                response.reject("redirects to this machine itself")
            keeps_method = response.status in {HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT}
            if call.method not in {"GET", "HEAD"} and not (keeps_method and target == origin):
                response.reject(f"redirects a {call.method} to another place, which is not followed")
            if credential is not None and credential.origin != target:
                credential = None

    def _send_to(self, call: Call, url: str, credential: Credential | None) -> Response:
        def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
            # Given as `auth`, because without one requests takes credentials from ~/.netrc.
            if credential is not None:
                request.headers["Authorization"] = credential.authorization
            return request

        origin = Origin.of(url)
        self._before(call.method, origin)
        if call.data is not None and not isinstance(call.data, bytes):
            call.data.seek(0)
        request = requests.Request(call.method, url, headers=call.headers, data=call.data, auth=authorize)
        prepared = self._session.prepare_request(request)
        with self._session.send(
            prepared, timeout=TIMEOUT, allow_redirects=False, **self._settings_of(origin, url)
        ) as answer:
            if call.sink is not None and answer.status_code == HTTPStatus.OK:
                body = b""
                _write_body(answer, call.sink)
            else:
                body = _read_body(answer, call.longest)
            is_error = answer.status_code >= HTTPStatus.BAD_REQUEST
            response = Response(
                method=call.method,
                url=url,
                status=answer.status_code,
                reason=flatten(answer.reason or ""),
                headers=answer.headers,
                body=body,
                what=call.what,
                message=self._redact(read_message(body))[:MESSAGE_LENGTH] if is_error else "",
                request_id=self._redact(flatten(answer.headers.get("X-GitHub-Request-Id", "")))[:80],
                redact=self._redact,
            )
        if len(body) > call.longest:
            response.reject(f"is longer than {call.longest // 1024 // 1024} MiB")
        return response

    def _settings_of(self, origin: Origin, url: str) -> Mapping[str, Any]:
        """What the environment says of proxies and certificates for an origin.

        Looked up once: requests would read the whole environment again for every request.
        """
        settings = self._settings.get(origin)
        if settings is None:
            # A proxy of the environment cannot reach this machine's own loopback.
            proxies: Any = dict.fromkeys(("http", "https", "all")) if origin.loopback else {}
            settings = self._session.merge_environment_settings(url, proxies, stream=True, verify=None, cert=None)
            self._settings[origin] = settings
        return settings


def _read_body(answer: requests.Response, limit: int) -> bytes:
    """The body, or as much of it as shows that it is longer than `limit` bytes."""
    pieces: list[bytes] = []
    size = 0
    for piece in answer.iter_content(PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            break
    # Joined once: adding each piece to the bytes before it copies them all every time.
    return b"".join(pieces)


def _write_body(answer: requests.Response, sink: BinaryIO) -> None:
    """Put the body into a file, as it was sent: a layer that is compressed stays so."""
    sink.seek(0)
    sink.truncate()
    sink.writelines(answer.raw.stream(LARGE_PIECE, decode_content=False))


def _ignore_redirect(_: requests.Response) -> None:
    """The address that requests is to follow: none."""


def _refuse_cookies() -> CookiePolicy:
    from http.cookiejar import DefaultCookiePolicy

    return DefaultCookiePolicy(allowed_domains=())
