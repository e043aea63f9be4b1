"""Connections: which certificates are trusted, and how long a server may take for one answer.

A timeout of the library counts the seconds between two pieces, so a server that sends a byte now and then would hold a
run for hours. Here every read of a socket, of headers too, ends when the time for the whole answer is over.
"""

from __future__ import annotations

import functools
import http.client
import io
import socket
import ssl
import time
from typing import Any

import certifi
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.ssl_ import create_urllib3_context

ANSWER_SECONDS = 300.0
"""Seconds from the end of a request to the end of its answer."""


class DeadlineError(TimeoutError):
    """An answer took longer than `ANSWER_SECONDS`."""


class _DeadlineReader(io.RawIOBase):
    """Reads a socket until a moment of the monotonic clock. Raises `DeadlineError` after it."""

    def __init__(self, raw: Any, sock: socket.socket, deadline: float) -> None:
        self._raw = raw
        self._socket = sock
        self._deadline = deadline
        self._between_pieces = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            raise DeadlineError
        limits = [seconds] if self._between_pieces is None else [seconds, self._between_pieces]
        # The socket of a closed connection has no timeout any more, and gives what it still holds.
        if self._socket.fileno() >= 0:
            self._socket.settimeout(min(limits))
        try:
            count: int | None = self._raw.readinto(buffer)
        except TimeoutError:
            if time.monotonic() >= self._deadline:
                raise DeadlineError from None
            raise
        return count

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """An answer whose headers and body are read by a deadline."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        raw = self.fp.detach()  # from the BufferedReader that http.client makes
        self.fp = io.BufferedReader(_DeadlineReader(raw, sock, time.monotonic() + ANSWER_SECONDS))


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


POOLS = {"http": _Pool, "https": _SecurePool}


@functools.cache
def load_trusted_certificates() -> ssl.SSLContext:
    """Trusts what OpenSSL trusts here, by SSL_CERT_FILE, SSL_CERT_DIR or the system's store, and what certifi has.

    As git, pip, uv and Go do: a company's certificate is in one of the first. Made once, because reading some hundred
    certificates for every connection takes longer than the connection.
    """
    context = create_urllib3_context()
    context.load_default_certs()
    context.load_verify_locations(certifi.where())
    return context


class Adapter(HTTPAdapter):
    """The transport of requests with connections of this module. REQUESTS_CA_BUNDLE replaces all other certificates."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """Which pool of connections a request uses."""
        host, options = super().build_connection_pool_key_attributes(request, verify, cert)
        if verify is True and host["scheme"] == "https":
            options["ssl_context"] = load_trusted_certificates()
        return host, options

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Verify as asked; without a file or folder of certificates the context above has them all."""
        if verify is True:
            conn.cert_reqs = "CERT_REQUIRED"
        else:
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]  # so in its stubs
