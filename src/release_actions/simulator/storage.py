"""Blob storage behind the registry: signed addresses on another origin that must be fetched without a token.

GHCR answers a blob's GET with a redirect to such storage. The storage refuses a request that carries an Authorization
header, so a client that sends its token along to another host is found out.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from urllib.parse import urlencode

from werkzeug.wrappers import Request

from release_actions.simulator.origin import Answer, Call, HttpError
from release_actions.simulator.world import World

ROUTE = "/_storage/blobs/<digest>"
LIFE = timedelta(minutes=10)
"""How long a signed address works."""


def address(world: World, base: str, digest: str) -> str:
    """A signed address of a blob on the origin `base`."""
    ends = str(int((world.now() + LIFE).timestamp()))
    return f"{base}/_storage/blobs/{digest}?" + urlencode({"se": ends, "sig": signature(digest, ends)})


def on_another_host(url: str) -> str:
    """An address of this machine under its other name.

    Clients compare names of hosts, and some not their ports, before they send a token along. The real storage is on
    another host, so it has to be one here.
    """
    return url.replace("//127.0.0.1:", "//localhost:", 1)


def signature(digest: str, ends: str) -> str:
    """What makes an address valid. Not a secret: nobody is kept out of a simulator."""
    return hashlib.sha256(f"storage {digest} {ends}".encode()).hexdigest()


def fetch(call: Call, digest: str) -> Answer:
    """Serve a signed address."""
    ends = call.arg("se")
    if "Authorization" in call.request.headers:
        raise HttpError(Answer(400, b"Authentication information is not given in the correct format.", PLAIN))
    if call.arg("sig") != signature(digest, ends) or int(ends) < call.world.now().timestamp():
        raise HttpError(Answer(403, b"Server failed to authenticate the request.", PLAIN))
    return content(call.request, call.world.blobs[digest])


def content(request: Request, blob: bytes) -> Answer:
    """Some bytes, or the range of them that was asked for (RFC 9110 section 14)."""
    headers = {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
    wanted = request.range
    if wanted is None or len(wanted.ranges) != 1:
        return Answer(200, blob, headers)
    span = wanted.range_for_length(len(blob))
    if span is None:
        return Answer(416, b"", {**headers, "Content-Range": f"bytes */{len(blob)}"})
    start, stop = span
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(blob)}"
    return Answer(206, blob[start:stop], headers)


PLAIN = {"Content-Type": "text/plain"}
