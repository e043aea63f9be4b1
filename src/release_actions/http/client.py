"""One policy for every request: retries, waiting for rate limits, redirects, redaction, errors in words.

Decides when to ask again and when to give up. It must never send a credential to another origin than its own, never
repeat a request that may have been carried out unless repeating is harmless, and never show a secret.
"""

from __future__ import annotations

import dataclasses
import email.utils
import hashlib
import json as json_format
import math
import random
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn, final
from urllib.parse import urlencode, urljoin, urlsplit

from release_actions import __version__
from release_actions.errors import InputError, RemoteError
from release_actions.http.origins import SETTINGS, Credential, Origin
from release_actions.runner import lazy
from release_actions.runner.redaction import Redactor

with lazy.postponed("requests"):
    import requests

if TYPE_CHECKING:
    from http.cookiejar import CookiePolicy

Params = Mapping[str, str | int | Sequence[str]]

USER_AGENT = f"release-actions/{__version__} (+https://github.com/llm-d/release-actions)"

GITHUB = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
"""Headers of every request to GitHub's REST API."""

TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and between two pieces of an answer."""

CONNECTIONS = 96
"""Connections to one server that are kept open, so that as many requests at once find one that is set up. GitHub asks
for at most 100 requests at once."""

REDIRECTS = 5
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
REFUSALS = frozenset({400, 401, 403, 404, 405})
"""Statuses of a request that was looked at and not carried out."""

PASSING = frozenset({408, 500, 502, 503, 504, 520, 521, 522, 523, 524})
"""Statuses of a passing fault; those above 511 are a proxy's in front of the server."""

SECONDARY_WAIT = 60.0
"""Seconds to wait when a limit is hit and the server does not say how long (GitHub: at least a minute, growing)."""

LONGEST_WAIT = 1e9
"""Seconds, some decades: what a server may name without leaving the calendar."""

LONGEST_ANSWER = 64 * 1024 * 1024
MOST_PAGES = 10_000
EMPTY_PAGE = 64
"""Bytes below which a page may equal another one: it holds nothing, like `{"name": "a/b", "tags": null}`."""

MESSAGE_LENGTH = 500


@dataclass(frozen=True)
class Budget:
    """A rate limit as last told by a server: requests left of `limit` until `reset` (seconds since the epoch)."""

    limit: int
    remaining: int
    reset: float
    resource: str = "core"


@dataclass(frozen=True)
class Response:
    """An answer with an expected status.

    `message` is the server's own words from an error body, cleaned; `request_id` the server's name for the request.
    `retried` tells that an earlier try ended without a clear answer, so it may have been carried out already: after it
    the 404 of a DELETE means that the thing is gone.
    """

    method: str
    url: str = field(repr=False)
    status: int
    reason: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    what: str
    message: str = ""
    request_id: str = ""
    retried: bool = False
    redact: Callable[[str], str] = field(default=str, repr=False, compare=False)

    def json(self) -> Any:
        """The body as JSON. Raises `RemoteError` when it is none."""
        try:
            return json_format.loads(self.body)
        except (ValueError, RecursionError):
            self.wrong("is not JSON")

    def object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises `RemoteError` when it is none."""
        value = self.json()
        if not isinstance(value, dict):
            self.wrong("is not a JSON object")
        return value

    def array(self) -> list[Any]:
        """The body as a JSON array. Raises `RemoteError` when it is none."""
        value = self.json()
        if not isinstance(value, list):
            self.wrong("is not a JSON array")
        return value

    def wrong(self, how: str, *, hint: str = "") -> NoReturn:
        """Raise `RemoteError` for an answer that cannot be right. `how` ends the sentence "…, but the answer …"."""
        message = (
            f"Could not {self.what}: {_host(self.url)} answered {self.status} to {self.method} {_path(self.url)}, "
            f"but the answer {_clean(how)}.{_request(self.request_id)}"
        )
        raise RemoteError(
            self.redact(message),
            hint=hint or f"Check that the address is the right one. Addresses are set by {SETTINGS}.",
            method=self.method,
            path=self.redact(_path(self.url)),
            status=self.status,
            request_id=self.request_id,
        ) from None


@dataclass(frozen=True)
class _Call:
    """One request as the caller asked for it, repeated unchanged by every try."""

    method: str
    url: str
    headers: Mapping[str, str]
    data: bytes | None
    credential: Credential | None
    expect: Collection[int]
    what: str
    idempotent: bool


@final
class Http:
    """Sends requests by the policy of this module. May be shared by threads.

    `tries`: attempts at one request before a passing fault becomes an error. `max_wait`: seconds one request may spend
    waiting for a rate limit, all in all. `log` gets a line each time something is tried again.
    `redactor` is the one of the run, which learns the credentials that are sent. `session` may bring transports of its
    own, for servers in the same process.
    """

    def __init__(
        self,
        *,
        user_agent: str = USER_AGENT,
        tries: int = 5,
        max_wait: float = 900.0,
        sleep: Callable[[float], object] = time.sleep,
        now: Callable[[], float] = time.time,
        log: Callable[[str], object] = lambda _: None,
        redactor: Redactor | None = None,
        session: requests.Session | None = None,
    ) -> None:
        self._tries = tries
        self._max_wait = max_wait
        self._sleep = sleep
        self._now = now
        self._log = log
        self._lock = threading.Lock()
        self._redactor = redactor or Redactor()
        self._budgets: dict[tuple[Origin, str], Budget] = {}
        self._closed_until: dict[Origin, float] = {}
        self._session = session or requests.Session()
        self._session.headers["User-Agent"] = user_agent
        # Nothing here needs cookies, and a shared jar would carry them from one request to another.
        self._session.cookies.set_policy(_no_cookies())
        adapter = requests.adapters.HTTPAdapter(pool_connections=16, pool_maxsize=CONNECTIONS, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def __enter__(self) -> Http:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def hide(self, *secrets: str) -> None:
        """Never show these texts in an error or a log line."""
        self._redactor.hide(*secrets)

    def redact(self, text: str) -> str:
        """The text without the secrets that were hidden."""
        return self._redactor.redact(text)

    def budget(self, url: str, resource: str = "core") -> Budget | None:
        """The rate limit that the server of `url` told last; None while it told none."""
        with self._lock:
            return self._budgets.get((Origin.of(url), resource))

    def request(
        self,
        method: str,
        url: str,
        *,
        what: str,
        credential: Credential | None,
        headers: Mapping[str, str] | None = None,
        params: Params | None = None,
        data: bytes | None = None,
        json: Any = None,
        expect: Collection[int] = (200,),
        idempotent: bool | None = None,
    ) -> Response:
        """Send one request and return the answer, whose status is one of `expect`.

        `what` ends the sentence "Could not …" and should name the thing: "list the tags of llm-d/llm-d". `idempotent`
        allows repeating a method that is not known to be harmless. Raises `InputError` for an address that may not be
        spoken to, before anything is sent, and `RemoteError` for everything else, with the secrets removed.
        """
        method = method.upper()
        if params:
            url += ("&" if "?" in url else "?") + urlencode(params, doseq=True)
        sent = dict(headers or {})
        if json is not None:
            data = json_format.dumps(json, separators=(",", ":")).encode()
            sent["Content-Type"] = "application/json"
        if credential is not None:
            self.hide(*credential.secrets)
            if credential.origin != Origin.of(url):
                message = f"a credential of {credential.origin} was about to be sent to {Origin.of(url)}"
                raise ValueError(message)
        call = _Call(
            method,
            url,
            sent,
            data,
            credential,
            expect,
            what,
            method in IDEMPOTENT if idempotent is None else idempotent,
        )
        return self._try(call, Origin.of(url))

    def pages(
        self,
        url: str,
        params: Params | None = None,
        *,
        what: str,
        credential: Credential | None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[Response]:
        """Every page of a list, by `follow`. The first page is asked for at once."""

        def ask(address: str, query: Params | None = None) -> Response:
            return self.request("GET", address, what=what, credential=credential, headers=headers, params=query)

        return follow(ask(url, params), ask)

    def _try(self, call: _Call, origin: Origin) -> Response:
        waited = 0.0
        faults = limits = 0
        uncertain = False
        while True:
            waited += self._queue(call, origin, waited)
            try:
                response = self._follow(call, origin)
            except (requests.RequestException, OSError) as error:
                fault = _Fault.of(error)
                faults += 1
                uncertain = uncertain or not fault.unsent
                if fault.lasting(origin) or faults >= self._tries or not (call.idempotent or fault.unsent):
                    self._unreachable(call, origin, fault, faults)
                pause = _backoff(faults)
                self._say(f"Could not {call.what} yet: {origin} {fault.words}. Trying again in {math.ceil(pause)} s.")
                self._sleep(pause)
                continue
            self._remember(response)
            if _limited(response):
                limits += 1
                waited += self._wait(call, response, _told_wait(response, self._now(), limits), waited)
            elif response.status in PASSING and call.idempotent and faults + 1 < self._tries:
                faults += 1
                uncertain = True
                pause = max(_backoff(faults), _retry_after(response, self._now()) or 0.0)
                waited += self._wait(call, response, pause, waited, closed=False)
            elif response.status in call.expect:
                return _with(response, retried=uncertain)
            else:
                self._refused(call, response, faults + 1, uncertain=uncertain)

    def _queue(self, call: _Call, origin: Origin, waited: float) -> float:
        """Wait while another request to the same origin has been told to wait. Returns the seconds."""
        with self._lock:
            left = self._closed_until.get(origin, 0.0) - self._now()
        if left <= 0:
            return 0.0
        if waited + left > self._max_wait:
            self._too_long(call, None, origin, left)
        self._sleep(left)
        return left

    def _wait(self, call: _Call, response: Response, pause: float, waited: float, *, closed: bool = True) -> float:
        origin = Origin.of(call.url)
        if waited + pause > self._max_wait:
            self._too_long(call, response, origin, pause)
        if closed:
            with self._lock:
                until = self._now() + pause
                self._closed_until[origin] = max(until, self._closed_until.get(origin, 0.0))
        why = "limits the rate of requests" if closed else f"answered {response.status} {response.reason}".rstrip()
        self._say(f"Could not {call.what} yet: {_host(response.url)} {why}. Trying again in {math.ceil(pause)} s.")
        self._sleep(pause)
        return pause

    def _follow(self, call: _Call, origin: Origin) -> Response:
        """Send, and follow redirects. The credential stays behind when a redirect leaves its origin."""
        url, credential = call.url, call.credential
        hops = 0
        while True:
            response = self._exchange(call, url, credential)
            location = response.headers.get("Location", "")
            if response.status not in REDIRECT_STATUSES or response.status in call.expect or not location:
                return response
            hops += 1
            if hops > REDIRECTS:
                response.wrong(f"is one more redirect after {REDIRECTS}")
            url = urljoin(url, location)
            target = linked(response, url, "redirects to")
            if target.loopback and not origin.loopback:
                response.wrong("redirects to this machine itself")
            keeps_method = response.status in {HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT}
            if call.method not in {"GET", "HEAD"} and not (keeps_method and target == origin):
                response.wrong(f"redirects a {call.method} to another place, which is not followed")
            if credential is not None and credential.origin != target:
                credential = None

    def _exchange(self, call: _Call, url: str, credential: Credential | None) -> Response:
        def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
            # Given as `auth`, because without one requests takes credentials from ~/.netrc.
            if credential is not None:
                request.headers["Authorization"] = credential.authorization
            return request

        # A proxy of the environment cannot reach this machine's own loopback.
        proxies: Any = dict.fromkeys(("http", "https", "all")) if Origin.of(url).loopback else None
        with self._session.request(
            call.method,
            url,
            headers=call.headers,
            data=call.data,
            auth=authorize,
            timeout=TIMEOUT,
            allow_redirects=False,
            stream=True,
            proxies=proxies,
        ) as answer:
            body = b""
            for piece in answer.iter_content(65536):
                body += piece
                if len(body) > LONGEST_ANSWER:
                    break
            response = Response(
                method=call.method,
                url=url,
                status=answer.status_code,
                reason=_clean(answer.reason or ""),
                headers=answer.headers,
                body=body,
                what=call.what,
                message=self.redact(_message(body))[:MESSAGE_LENGTH]
                if answer.status_code >= HTTPStatus.BAD_REQUEST
                else "",
                request_id=self.redact(_clean(answer.headers.get("X-GitHub-Request-Id", "")))[:80],
                redact=self.redact,
            )
        if len(body) > LONGEST_ANSWER:
            response.wrong(f"is longer than {LONGEST_ANSWER // 1024 // 1024} MiB")
        return response

    def _remember(self, response: Response) -> None:
        told = [response.headers.get(f"x-ratelimit-{name}", "") for name in ("limit", "remaining", "reset")]
        if not all(re.fullmatch(r"[0-9]{1,12}", text) for text in told):
            return
        limit, remaining, reset = (int(text) for text in told)
        resource = response.headers.get("x-ratelimit-resource", "core")
        key = (Origin.of(response.url), resource)
        with self._lock:
            known = self._budgets.get(key)
            # Answers of several threads arrive in any order: within one period the lowest count is the newest.
            if known is not None and (known.reset, -known.remaining) > (reset, -remaining):
                return
            self._budgets[key] = Budget(limit, remaining, float(reset), resource)

    def _say(self, line: str) -> None:
        self._log(self.redact(line))

    def _fail(
        self,
        call: _Call,
        message: str,
        hint: str,
        *,
        url: str = "",
        response: Response | None = None,
        undone: bool = False,
    ) -> NoReturn:
        raise RemoteError(
            self.redact(f"Could not {call.what}: {message}"),
            hint=self.redact(hint),
            method=call.method,
            path=self.redact(_path(url or call.url)),
            status=response.status if response else 0,
            request_id=response.request_id if response else "",
            undone=undone,
        ) from None

    def _refused(self, call: _Call, response: Response, tries: int, *, uncertain: bool) -> NoReturn:
        quoted = f', "{response.message}"' if response.message else ""
        times = f" ({tries} times)" if tries > 1 else ""
        self._fail(
            call,
            f"{_host(response.url)} answered {response.status} {response.reason}".rstrip()
            + f" to {call.method} {_path(response.url)}{times}{quoted}.{_request(response.request_id)}",
            hint_for(response, anonymous=call.credential is None or call.credential.anonymous),
            url=response.url,
            response=response,
            undone=not uncertain and response.status in REFUSALS,
        )

    def _unreachable(self, call: _Call, origin: Origin, fault: _Fault, tries: int) -> NoReturn:
        times = f" ({tries} times)" if tries > 1 else ""
        self._fail(call, f"{origin} {fault.words}{times}.", fault.hint)

    def _too_long(self, call: _Call, response: Response | None, origin: Origin, pause: float) -> NoReturn:
        until = datetime.fromtimestamp(self._now() + pause, timezone.utc)
        words = (
            "asks to wait"
            if response and response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            else "limits the rate of requests"
        )
        quoted = f' ("{response.message}")' if response and response.message else ""
        self._fail(
            call,
            f"{origin.host} {words} until {until:%Y-%m-%d %H:%M:%S} UTC{quoted}, which is longer than this run waits "
            f"({self._max_wait:.0f} s).",
            f"Run it again after {until:%H:%M} UTC. What was done until now stays done.",
            response=response,
        )


def follow(first: Response, ask: Callable[[str], Response]) -> Iterator[Response]:
    """Every page of a list: the first, then what `ask` returns for each address of `Link: rel="next"`.

    Ends after the last page or raises `RemoteError`: a page that repeats, leads elsewhere or announces a next one
    without naming it is an error, because a list that is silently short would pass for the whole.
    """
    page = first
    origin = Origin.of(first.url)
    asked: set[str] = set()
    seen: set[bytes] = set()
    while True:
        mark = hashlib.sha256(page.body).digest()
        if mark in seen and len(page.body) > EMPTY_PAGE:
            page.wrong("repeats a page that was read before")
        seen.add(mark)
        asked.add(page.url)
        following = _next(page)
        yield page
        if following is None:
            return
        if following in asked or len(asked) >= MOST_PAGES:
            page.wrong("leads back to a page that was read before, so the list never ends")
        if linked(page, following, "names as next page") != origin:
            page.wrong("names a next page on another host")
        page = ask(following)


@dataclass(frozen=True)
class _Fault:
    """Why no answer came. `words` follow the origin in a sentence; `unsent` when the server surely did nothing."""

    words: str
    hint: str
    unsent: bool = False
    hopeless: bool = False
    refused: bool = False

    def lasting(self, origin: Origin) -> bool:
        """Whether asking again cannot help. Nothing starts to listen on loopback while one waits."""
        return self.hopeless or (self.refused and origin.loopback)

    @classmethod
    def of(cls, error: Exception) -> _Fault:  # noqa: PLR0911  # a table of cases, one line each
        """What a person should know of an exception of requests, without the address and headers it holds."""
        exceptions = requests.exceptions
        chain = " ".join(_chain(error))
        network = f"Check the network and the address. Addresses are set by {SETTINGS}."
        if isinstance(error, exceptions.ProxyError):
            hint = "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY."
            return cls("could not be reached through the proxy of the environment", hint, unsent=True)
        if isinstance(error, exceptions.SSLError):
            hint = "Behind a company's proxy, name its certificate file in REQUESTS_CA_BUNDLE."
            untrusted = "CERTIFICATE_VERIFY_FAILED" in chain or "CertificateError" in chain
            if untrusted:
                return cls("has a certificate that is not trusted here", hint, unsent=True, hopeless=True)
            return cls("did not agree on an encrypted connection", hint)
        if "NameResolutionError" in chain or "gaierror" in chain:
            return cls("has a name that could not be resolved", network, unsent=True)
        if "ConnectionRefusedError" in chain:
            return cls("refused the connection", network, unsent=True, refused=True)
        if isinstance(error, exceptions.ConnectTimeout) or "NewConnectionError" in chain:
            return cls("could not be reached", network, unsent=True)
        if isinstance(error, exceptions.Timeout) or "ReadTimeoutError" in chain:
            return cls(f"did not answer within {TIMEOUT[1]:.0f} s", "Run it again later.")
        if isinstance(error, (exceptions.ChunkedEncodingError, exceptions.ContentDecodingError)):
            return cls("broke off in the middle of its answer", "Run it again later.")
        if isinstance(error, exceptions.ConnectionError):
            return cls("closed the connection without an answer", "Run it again later.")
        detail = re.sub(r"//[^/\s]*@", "//***@", _clean(str(error)))[:MESSAGE_LENGTH]
        words = f"could not be asked ({detail})"
        hint = "Check the proxy and certificate settings of the environment."
        return cls(words, hint, unsent=True, hopeless=True)


def hint_for(response: Response, *, anonymous: bool) -> str:  # noqa: PLR0911  # a table of cases
    """What to do about a refusal, by its status and by what the server says would have been enough."""
    status = response.status
    host = _host(response.url)
    accepted = _clean(response.headers.get("X-Accepted-GitHub-Permissions", ""))[:MESSAGE_LENGTH]
    scopes = _clean(response.headers.get("X-Accepted-OAuth-Scopes", ""))[:MESSAGE_LENGTH]
    if anonymous and status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
        return f"No token was sent. Pass one that {host} accepts and that may do this."
    if status == HTTPStatus.UNAUTHORIZED:
        return f"The token is missing, expired, revoked or not meant for {host}. Pass a valid one."
    if status == HTTPStatus.FORBIDDEN and accepted:
        return f"The token needs the permission {accepted}. Grant it under 'permissions:' of the job, or to the app."
    if status == HTTPStatus.FORBIDDEN and scopes:
        held = _clean(response.headers.get("X-OAuth-Scopes", ""))[:MESSAGE_LENGTH] or "none"
        return f"The token needs one of the scopes {scopes}; it has {held}."
    if status == HTTPStatus.FORBIDDEN:
        return (
            "The token may not do this. A job's own token needs the permission under 'permissions:', and for a "
            'package also a role under the package\'s "Manage Actions access".'
        )
    if status == HTTPStatus.NOT_FOUND:
        return f"It does not exist, or this token may not see it: {host} answers 404 for both."
    if status in PASSING:
        return f"This is a fault of {host}. Run it again later."
    return ""


def _limited(response: Response) -> bool:
    """Whether the answer means "too fast". A 403 does only when it says so: it also stands for missing rights."""
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    if response.status != HTTPStatus.FORBIDDEN:
        return False
    words = response.message.lower()
    if response.headers.get("Retry-After") or "rate limit" in words or "abuse detection" in words:
        return True
    return response.headers.get("x-ratelimit-remaining") == "0" and not words


def _told_wait(response: Response, now: float, limits: int) -> float:
    """Seconds to wait at the `limits`-th limit in a row, as GitHub's documentation of rate limits asks."""
    told = _retry_after(response, now)
    if told is not None:
        return max(told, 2.0 ** (limits - 1))
    reset = response.headers.get("x-ratelimit-reset", "")
    if response.headers.get("x-ratelimit-remaining") == "0" and re.fullmatch(r"[0-9]{1,10}", reset):
        # One second more: the reset happens some time within the second that is named.
        return max(float(reset) - now + 1.0, 2.0 ** (limits - 1))
    return SECONDARY_WAIT * 2.0 ** (limits - 1)


def _retry_after(response: Response, now: float) -> float | None:
    """Seconds of a `Retry-After` header, which holds seconds or an HTTP date (RFC 9110, 10.2.3)."""
    value = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return min(max(moment.timestamp() - now, 0.0), LONGEST_WAIT)
    except (ValueError, OverflowError):
        return None


def _backoff(faults: int) -> float:
    """Seconds before trying again: 1, 2, 4, …, up to half of it less, so that threads do not return in step."""
    return 2.0 ** (faults - 1) * random.uniform(0.5, 1.0)  # noqa: S311  # spreads load, guards nothing


def links(response: Response) -> dict[str, str]:
    """The `Link` header (RFC 8288): relation -> absolute address."""
    found: dict[str, str] = {}
    header = response.headers.get("Link", "")
    for link in requests.utils.parse_header_links(header) if header else ():
        target = str(link.get("url", "")).strip()
        for relation in str(link.get("rel", "")).lower().split():
            found.setdefault(relation, target and urljoin(response.url, target))
    return found


def _next(response: Response) -> str | None:
    """The address of the next page, None on the last. Raises `RemoteError` for a link that leads nowhere."""
    following = links(response).get("next")
    if following == "":
        response.wrong("announces a next page without saying where it is")
    return following


def linked(response: Response, url: str, how: str) -> Origin:
    """The origin of an address that an answer names. Raises `RemoteError` when it may not be spoken to."""
    try:
        return Origin.of(url)
    except InputError:
        response.wrong(f"{how} an address that may not be spoken to")


def _message(body: bytes) -> str:
    """The words of an error body: GitHub's `message`, the registry's `errors`, or a line of plain text."""
    if len(body) > 1024 * 1024:
        return ""
    try:
        value = json_format.loads(body)
    except (ValueError, RecursionError):
        line = body.decode(errors="replace").strip()
        return "" if "<" in line or len(line) > MESSAGE_LENGTH else _clean(line)
    if not isinstance(value, dict):
        return ""
    words = [value["message"]] if isinstance(value.get("message"), str) else []
    errors = value.get("errors")
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict):
            words.append(": ".join(str(error[key]) for key in ("code", "message") if error.get(key)))
        elif isinstance(error, str):
            words.append(error)
    return _clean("; ".join(word for word in words if word))


def _chain(error: BaseException) -> Iterator[str]:
    """The class names and words of an exception and of what it was made from."""
    seen: set[int] = set()
    rest: list[object] = [error]
    while rest:
        current = rest.pop()
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield f"{type(current).__name__} {current}"
        rest += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]


def _with(response: Response, *, retried: bool) -> Response:
    return dataclasses.replace(response, retried=True) if retried else response


def _clean(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+", " ", text).strip()


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _path(url: str) -> str:
    return urlsplit(url).path or "/"


def _request(request_id: str) -> str:
    return f" Request id {request_id}." if request_id else ""


def _no_cookies() -> CookiePolicy:
    from http.cookiejar import DefaultCookiePolicy

    return DefaultCookiePolicy(allowed_domains=())
