"""A scripted HTTP server on loopback, for what only a real connection shows: redirects, resets, half answers."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """One answer. `cut`: fewer bytes are sent than announced. `reset`: the connection is reset, nothing is sent."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    reset: bool = False

    @classmethod
    def of(cls, value: Any, status: int = 200, **headers: str) -> Reply:
        """JSON; `_` in a header's name stands for `-`."""
        names = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json", **names})


Script = Callable[[Asked], Reply]


@dataclass
class Loopback:
    """A running server: its address, and what it was asked."""

    url: str
    asked: list[Asked]

    @property
    def lines(self) -> list[str]:
        return [f"{asked.method} {asked.path}" for asked in self.asked]


def replies(*script: Reply) -> Script:
    """One reply after the other; the last one for ever."""
    rest = list(script)
    return lambda _: rest.pop(0) if len(rest) > 1 else rest[0]


@contextlib.contextmanager
def serving(script: Script) -> Iterator[Loopback]:
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            with contextlib.suppress(ConnectionError):
                super().handle_one_request()

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Asked(self.command, self.path, dict(self.headers), body)
            asked.append(request)
            reply = script(request)
            if reply.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in reply.headers:
                self.send_header("Content-Length", str(len(reply.body) + (10 if reply.cut else 0)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)
            if reply.cut:
                self.close_connection = True

        do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815  # the library's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield Loopback(f"http://127.0.0.1:{server.server_address[1]}", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self.time = now
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
