"""The simulator on loopback: three HTTP/1.1 servers with kept connections, a thread a connection."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from requests import Session
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from release_actions.errors import InputError
from release_actions.simulator.faults import Fault, Faults
from release_actions.simulator.origin import HANG_UP, Origin
from release_actions.simulator.request_log import RequestLog
from release_actions.simulator.service import Service
from release_actions.simulator.storage import on_another_host
from release_actions.simulator.transport import Adapter
from release_actions.simulator.world import World

HOST = "127.0.0.1"
"""Loopback only: the simulator takes made-up tokens and has no other protection."""


class Handler(WSGIRequestHandler):
    """Runs an application and keeps the connection.

    werkzeug's own handler closes every connection, since it cannot know that a request's body was read to its end.
    Here it was: `Origin` reads it before anything else.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    connections: Connections

    def setup(self) -> None:
        """Remember the connection, so that the end of the server ends it."""
        super().setup()
        self.connections.add(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        self.connections.discard(self.connection)
        super().finish()

    def run_wsgi(self) -> None:
        """Answer one request."""
        environ = self.make_environ()
        head: list[tuple[str, str]] = []
        status = ""

        def start_response(text: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
            nonlocal status
            status = text
            head.extend(headers)
            return None

        try:
            body = b"".join(self.server.app(environ, start_response))
        except ConnectionResetError:
            self.cut()
            return
        code, _, phrase = status.partition(" ")
        self.send_response_only(int(code), phrase)
        for key, value in head:
            self.send_header(key, value)
        if environ.get(HANG_UP):
            self.send_header("Connection", "close")
        self.end_headers()
        if body:
            self.wfile.write(body)

    def cut(self) -> None:
        """Close the connection with a reset in place of an answer (SO_LINGER of no time, socket(7))."""
        self.close_connection = True
        self.connections.discard(self.connection)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # the base's name
        """Say nothing: the request log has the requests, and clients that try TLS first are no news."""


class Connections:
    """The connections of a server that are open."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: set[socket.socket] = set()

    def add(self, connection: socket.socket) -> None:
        """A connection came."""
        with self._changed:
            self._open.add(connection)

    def discard(self, connection: socket.socket) -> None:
        """A connection went."""
        with self._changed:
            self._open.discard(connection)
            self._changed.notify_all()

    def end(self, patience: float = 5.0) -> None:
        """End those that are open and wait until their threads let go."""
        with self._changed:
            for connection in self._open:
                with contextlib.suppress(OSError):  # the client hung up at this moment
                    connection.shutdown(socket.SHUT_RD)
            self._changed.wait_for(lambda: not self._open, patience)


class Listener:
    """One origin on one port."""

    def __init__(self, origin: Origin, port: int) -> None:
        self._connections = Connections()
        handler = type("BoundHandler", (Handler,), {"connections": self._connections})
        with listen(port) as bound:
            self._server: BaseWSGIServer = make_server(
                HOST, port, origin, threaded=True, request_handler=handler, fd=bound.fileno()
            )
        self.url = f"http://{HOST}:{self._server.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more connections and end those there are."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._connections.end()


def listen(port: int) -> socket.socket:
    """A socket that listens on loopback. Raises `InputError` for a port that is taken."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
        bound.listen(128)
    except (OSError, OverflowError) as error:
        bound.close()
        reason = str(error.strerror if isinstance(error, OSError) else error).rstrip(".")
        message = f"The simulator cannot listen on port {port}: {reason}."
        raise InputError(message, hint="Pass another port, or 0 for any free one.") from error
    return bound


class Simulator:
    """An embedded GitHub and GHCR on loopback, from its making until `stop`, or as a context manager."""

    def __init__(
        self,
        world: World,
        *,
        faults: Iterable[Fault] = (),
        api_port: int = 0,
        registry_port: int = 0,
    ) -> None:
        """Start the servers. Port 0 takes any free one. Raises `InputError` for a port that is taken."""
        self.world = world
        self._service = Service(world, faults=faults)
        self._listeners = [Listener(self._service.api, api_port)]
        try:
            self._listeners.append(Listener(self._service.registry, registry_port))
            self._listeners.append(Listener(self._service.uploads, 0))
        except InputError:
            self.stop()
            raise
        self.api_url, self.registry_url, self.uploads_url = (listener.url for listener in self._listeners)
        self._service.reached_at(self.api_url, self.registry_url, self.uploads_url)

    @property
    def requests(self) -> RequestLog:
        """What was asked so far."""
        return self._service.requests

    @property
    def faults(self) -> Faults:
        """What goes wrong. May be changed at any time."""
        return self._service.faults

    def environment(self) -> Mapping[str, str]:
        """The variables that make a run on GitHub talk to this simulator."""
        return {"GITHUB_API_URL": self.api_url, "RELEASE_ACTIONS_REGISTRY_URL": self.registry_url}

    def mount(self, session: Session) -> Session:
        """Let a session of this process reach the simulator without sockets, at the same addresses. Returns it."""
        for url, origin in (
            (self.api_url, self._service.api),
            (on_another_host(self.api_url), self._service.api),
            (self.registry_url, self._service.registry),
            (self.uploads_url, self._service.uploads),
        ):
            session.mount(f"{url}/", Adapter(origin))
        return session

    def stop(self) -> None:
        """End the servers. Does nothing the second time."""
        while self._listeners:
            self._listeners.pop().stop()

    def __enter__(self) -> Simulator:  # noqa: PYI034  # Self is newer than Python 3.10, and nobody derives from this
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
