"""An answer of a server: its parts, its body as JSON, and the error in words when it cannot be right.

It must never show a secret, nor more of an address than its host and path: a query may hold a signature.
"""

from __future__ import annotations

import json as json_format
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import urlsplit

from release_actions.errors import RemoteError
from release_actions.http.origins import SETTINGS
from release_actions.runner.characters import flatten

MESSAGE_LENGTH = 500
"""Characters of a server's own words that an error repeats."""

LONGEST_ERROR_BODY = 1024 * 1024
"""Bytes of an error's body that are searched for words."""


@dataclass(frozen=True)
class Response:
    """An answer with an expected status.

    `message` is the server's own words from an error body, in one line; `request_id` the server's name for the request.
    `retried` says that an earlier try ended without a clear answer, so it may have been carried out already: after it
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
        """The body as JSON. Raises `RemoteError` when it is not JSON."""
        try:
            return json_format.loads(self.body)
        except (ValueError, RecursionError):
            self.reject("is not JSON")

    def object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises `RemoteError` when it is not one."""
        value = self.json()
        if not isinstance(value, dict):
            self.reject("is not a JSON object")
        return value

    def array(self) -> list[Any]:
        """The body as a JSON array. Raises `RemoteError` when it is not one."""
        value = self.json()
        if not isinstance(value, list):
            self.reject("is not a JSON array")
        return value

    def reject(self, why: str, *, hint: str = "") -> NoReturn:
        """Raise `RemoteError` for an answer that cannot be right. `why` ends the sentence "…, but the answer …"."""
        message = (
            f"Could not {self.what}: {host_of(self.url)} answered {self.status} to {self.method} {path_of(self.url)}, "
            f"but the answer {flatten(why)}.{request_sentence(self.request_id)}"
        )
        raise RemoteError(
            self.redact(message),
            hint=hint or f"Check that the address is the right one. Addresses are set by {SETTINGS}.",
            method=self.method,
            path=self.redact(path_of(self.url)),
            status=self.status,
            request_id=self.request_id,
        ) from None


def read_message(body: bytes) -> str:
    """The words of an error body: GitHub's `message`, the registry's `errors`, or a line of plain text."""
    if len(body) > LONGEST_ERROR_BODY:
        return ""
    try:
        value = json_format.loads(body)
    except (ValueError, RecursionError):
        line = body.decode(errors="replace").strip()
        # A page of HTML is a proxy's, and says less than the status.
        return "" if "<" in line or len(line) > MESSAGE_LENGTH else flatten(line)
    if not isinstance(value, dict):
        return ""
    words = [value["message"]] if isinstance(value.get("message"), str) else []
    errors = value.get("errors")
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict):
            words.append(": ".join(str(error[key]) for key in ("code", "message") if error.get(key)))
        elif isinstance(error, str):
            words.append(error)
    return flatten("; ".join(word for word in words if word))


def host_of(url: str) -> str:
    """Host and port of an address, for messages."""
    return urlsplit(url).netloc


def path_of(url: str) -> str:
    """The path of an address without its query, for messages."""
    return urlsplit(url).path or "/"


def request_sentence(request_id: str) -> str:
    """The server's name for a request, as a sentence to append."""
    return f" Request id {request_id}." if request_id else ""
