"""The simulator without sockets: a transport for `requests` that calls the applications in the same thread.

The same code answers as over loopback. Tens of thousands of small worlds in a test cost no ports and no threads.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import urllib3
from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.exceptions import ConnectionError as CutError

from release_actions.simulator.faults import Fault, Faults
from release_actions.simulator.origin import Origin
from release_actions.simulator.request_log import RequestLog
from release_actions.simulator.service import Service
from release_actions.simulator.storage import on_another_host
from release_actions.simulator.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

API_URL = "http://127.0.0.1:1"
REGISTRY_URL = "http://127.0.0.1:2"
UPLOADS_URL = "http://127.0.0.1:3"
"""Addresses that nothing listens on: a request that misses the transport fails at once."""


class InProcess:
    """A simulator that only sessions with its transport can reach."""

    api_url = API_URL
    registry_url = REGISTRY_URL
    uploads_url = UPLOADS_URL

    def __init__(
        self,
        world: World,
        *,
        faults: Iterable[Fault] = (),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.world = world
        self._service = Service(world, faults=faults, sleep=sleep)
        self._service.reached_at(API_URL, REGISTRY_URL, UPLOADS_URL)

    @property
    def requests(self) -> RequestLog:
        """What was asked so far."""
        return self._service.requests

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self._service.faults

    def mount(self, session: Session) -> Session:
        """Let a session reach this simulator, and nothing else under its addresses. Returns the session."""
        session.mount(f"{API_URL}/", Adapter(self._service.api))
        session.mount(f"{on_another_host(API_URL)}/", Adapter(self._service.api))
        session.mount(f"{REGISTRY_URL}/", Adapter(self._service.registry))
        session.mount(f"{UPLOADS_URL}/", Adapter(self._service.uploads))
        return session


class Adapter(BaseAdapter):
    """Sends requests to a WSGI application."""

    def __init__(self, origin: Origin) -> None:
        super().__init__()
        self._origin = origin
        self._build = HTTPAdapter().build_response

    def send(self, request: PreparedRequest, *_args: Any, **_options: Any) -> Response:
        """Answer one request. Raises `requests.ConnectionError` where the line is cut."""
        head: list[tuple[str, str]] = []
        code = 0

        def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
            nonlocal code
            code = int(status[:3])
            head.extend(headers)
            return None

        try:
            body = b"".join(self._origin(environment(request), start_response))
        except ConnectionResetError as error:
            raise CutError(error, request=request) from error
        answer = urllib3.HTTPResponse(
            io.BytesIO(body),
            urllib3.HTTPHeaderDict(head),
            code,
            preload_content=False,
            enforce_content_length=True,
            request_method=request.method,
        )
        return self._build(request, answer)

    def close(self) -> None:
        """Nothing is open."""


def environment(request: PreparedRequest) -> WSGIEnvironment:
    """A request as a WSGI server hands it on (PEP 3333), with the target as it was sent."""
    url = urlsplit(request.url or "")
    body: Any = request.body or b""
    content = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b"".join(body)
    target = url.path or "/"
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method or "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(target),
        "QUERY_STRING": url.query,
        "REQUEST_URI": f"{target}?{url.query}" if url.query else target,
        "SERVER_NAME": url.hostname or "",
        "SERVER_PORT": str(url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": url.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for key, value in request.headers.items():
        name = key.upper().replace("-", "_")
        environ[name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}"] = value
    environ["CONTENT_LENGTH"] = str(len(content))
    environ.pop("HTTP_TRANSFER_ENCODING", None)  # the content is whole here
    return environ
