"""One origin as a WSGI application: finds the route, meets the faults, keeps the log, sends the answer.

The two origins differ in their routes and in how they say no; a `Api` holds that. Nothing here knows what the routes
do, and nothing here opens a socket.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import unquote

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request

from release_actions.simulator.accounts import Token
from release_actions.simulator.faults import FaultEffects, Faults
from release_actions.simulator.limits import client as client_of
from release_actions.simulator.request_log import Entry, RequestLog
from release_actions.simulator.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HANG_UP = "release_actions.hang_up"
"""Set in the environment of a request whose connection must be closed after the answer."""


@dataclass
class Answer:
    """Status, headers and body. A `dict` or `list` body is sent as JSON."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """The body's bytes; names the media type of JSON where nothing else did."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        self.headers.setdefault("Content-Type", "application/json; charset=utf-8")
        return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False).encode()


class HttpError(Exception):
    """Raised by a handler that says no: the answer to send."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {answer.body}")
        self.answer = answer


@dataclass
class Call:
    """A request as a handler gets it.

    `urls`: name of an origin -> its address without a slash at the end. `in_flight`: how many requests of this client
    are under way.
    """

    world: World
    request: Request
    body: bytes
    urls: Mapping[str, str]
    route: str
    token: Token | None = None
    in_flight: int = 0

    @property
    def base(self) -> str:
        """The address this origin was reached at, without a slash at the end."""
        return self.request.host_url.rstrip("/")

    def arg(self, name: str, default: str = "") -> str:
        """A query parameter."""
        return self.request.args.get(name, default)


Handler = Callable[..., Answer]
Route = tuple[str, str, Handler]
"""Methods with `|` between them, a werkzeug rule, and what answers: called with the `Call` and the rule's parts."""


class Api(Protocol):
    """How an origin recognises clients and says no."""

    name: str
    routes: Sequence[Route]

    def identify(self, world: World, request: Request) -> Token | None:
        """The token of a request. Raises `HttpError` for one that is not valid."""
        ...

    def admit(self, call: Call) -> Mapping[str, str]:
        """Count a request against the limits. Returns headers for its answer. Raises `HttpError`."""
        ...

    def unknown(self, allowed: Sequence[str]) -> Answer:
        """The answer where no route fits; `allowed` holds the methods that the path has."""
        ...

    def broken(self, status: int, retry_after: int | None, *, secondary: bool) -> Answer:
        """The answer of an injected fault."""
        ...

    def stamp(self, call: Call, answer: Answer) -> None:
        """Add the headers that every answer has."""
        ...


class RouteMatch(NamedTuple):
    """A route that fits a request: its template, what answers, and its decoded parts.

    Without a handler none fits; `allowed` are then the methods that the path has.
    """

    route: str
    handler: Handler | None
    parts: dict[str, str]
    allowed: Sequence[str]


class Origin:
    """A WSGI application over a world.

    `own` are routes that are not the face's: they meet nothing and count nowhere. `sleep` is what an injected latency
    calls.
    """

    def __init__(
        self,
        world: World,
        api: Api,
        faults: Faults,
        log: RequestLog,
        own: Sequence[Route] = (),
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.world = world
        self.api = api
        self.faults = faults
        self.log = log
        self.urls: dict[str, str] = {}
        self._sleep = sleep
        rules = [
            Rule(rule, methods=methods.split("|"), endpoint=(template(rule), handler))
            for methods, rule, handler in (*api.routes, *own)
        ]
        self._own = frozenset(template(rule) for _, rule, _ in own)
        self._map = Map(rules, strict_slashes=False, merge_slashes=False)
        self._adapter = self._map.bind("localhost")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request. Raises `ConnectionResetError` where a fault cuts the line."""
        answer, cut = self.answer(environ)
        body = answer.encoded()
        headers = answer.headers
        if answer.status not in BODILESS:
            headers.setdefault("Content-Length", str(len(body)))
        if environ["REQUEST_METHOD"] == "HEAD":
            body = b""
        elif cut and body:
            body = body[: len(body) // 2]
            environ[HANG_UP] = True
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(headers.items()))
        return [body] if body else []

    def answer(self, environ: WSGIEnvironment) -> tuple[Answer, bool]:
        """The answer to a request, and whether its body must be cut. Raises `ConnectionResetError`."""
        request = Request(environ, populate_request=False)
        target = environ["REQUEST_URI"]
        path = target.partition("?")[0]
        route = self._match(path, request.method)
        call = Call(self.world, request, request.get_data(), self.urls, route.route)
        if route.handler and route.route in self._own:
            with self.world.lock:
                return route.handler(call, **route.parts), False
        effects = self.faults.choose(self.api.name, request.method, path)
        refusal = self._identify(call)
        who = client_of(call.token)
        call.in_flight = self.log.begin(who)
        status = 0
        try:
            self._prepare(effects, path)
            answer = refusal or self._serve(call, route, effects)
            self.api.stamp(call, answer)
            answer.headers["Date"] = format_datetime(self.world.now(), usegmt=True)
            if effects.reset == "after":
                raise ConnectionResetError(CUT)
            status = answer.status
        finally:
            self.log.end(who, Entry(self.api.name, request.method, route.route, status, target, who))
        return answer, effects.truncate

    def _match(self, path: str, method: str) -> RouteMatch:
        """Find the route of a path as it was sent: a slash inside a package's name is `%2F` there, no separator."""
        try:
            (route, handler), parts = self._adapter.match(path, method)
        except HTTPException as error:
            return RouteMatch("", None, {}, list(getattr(error, "valid_methods", None) or []))
        return RouteMatch(route, handler, {key: unquote(value) for key, value in parts.items()}, [])

    def _identify(self, call: Call) -> Answer | None:
        """Put the client's token on the call. Returns the answer to a client that is not who it says."""
        try:
            call.token = self.api.identify(self.world, call.request)
        except HttpError as error:
            return error.answer
        return None

    def _prepare(self, effects: FaultEffects, path: str) -> None:
        """Let happen what comes before the work."""
        if effects.latency:
            self._sleep(effects.latency)
        with self.world.lock:
            for step in effects.steps:
                step(self.world, path)
        if effects.reset == "before":
            raise ConnectionResetError(CUT)

    def _serve(self, call: Call, route: RouteMatch, effects: FaultEffects) -> Answer:
        """Count the request and do the work, or answer as the fault says."""
        if effects.answer:
            return self.api.broken(effects.answer, effects.retry_after, secondary=effects.secondary)
        with self.world.lock:
            try:
                headers = self.api.admit(call)
            except HttpError as error:
                return error.answer
            try:
                answer = route.handler(call, **route.parts) if route.handler else self.api.unknown(route.allowed)
            except HttpError as error:
                answer = error.answer
        answer.headers = {**headers, **answer.headers}
        return answer


CUT = "the simulator cut the line"
BODILESS = frozenset({204, 304})


def template(rule: str) -> str:
    """A werkzeug rule in the form of GitHub's description: `/orgs/{org}`."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)
