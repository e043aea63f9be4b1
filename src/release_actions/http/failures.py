"""Why a request failed, in words: refusals by their status, exceptions of other libraries by their type.

No message may hold what an exception says about addresses and headers, except where nothing else is known of it.
"""

from __future__ import annotations

import functools
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from release_actions.http.answer import MESSAGE_LENGTH, Response, host_of
from release_actions.http.origins import SETTINGS, Origin
from release_actions.runner import lazy
from release_actions.runner.characters import flatten

with lazy.postpone_import("requests"):
    import requests

TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and between two pieces of an answer."""

PASSING = frozenset({408, 500, 502, 503, 504, 520, 521, 522, 523, 524})
"""Statuses of a passing fault; those above 511 are a proxy's in front of the server."""

NETWORK = f"Check the network and the address. Addresses are set by {SETTINGS}."
LATER = "Run it again later."


@dataclass(frozen=True)
class Fault:
    """Why no answer came. `words` follow the origin in a sentence; `unsent` when the server surely did nothing."""

    words: str
    hint: str
    unsent: bool = False
    hopeless: bool = False
    refused: bool = False

    def is_lasting(self, origin: Origin) -> bool:
        """Whether asking again cannot help. Nothing starts to listen on loopback while one waits."""
        return self.hopeless or (self.refused and origin.loopback)


@functools.cache
def _list_faults() -> tuple[tuple[tuple[type[BaseException], ...], Fault], ...]:
    """Types of exceptions -> the fault, the more specific ones first. A function, because it imports requests."""
    import urllib3.exceptions as urllib3
    from urllib3.util.ssl_match_hostname import CertificateError

    from release_actions.http.transport import ANSWER_SECONDS, DeadlineError

    its = requests.exceptions
    trust = "Behind a company's proxy, name the file of its certificates in SSL_CERT_FILE."
    return (
        (
            (its.ProxyError, urllib3.ProxyError),
            Fault(
                "could not be reached through the proxy of the environment",
                "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY.",
                unsent=True,
            ),
        ),
        (
            (ssl.SSLCertVerificationError, CertificateError),
            Fault("has a certificate that is not trusted here", trust, unsent=True, hopeless=True),
        ),
        ((its.SSLError, ssl.SSLError), Fault("did not agree on an encrypted connection", trust)),
        (
            (urllib3.NameResolutionError, socket.gaierror),
            Fault("could not be reached, because its name does not resolve", NETWORK, unsent=True),
        ),
        ((ConnectionRefusedError,), Fault("refused the connection", NETWORK, unsent=True, refused=True)),
        (
            (its.ConnectTimeout, urllib3.ConnectTimeoutError, urllib3.NewConnectionError),
            Fault("could not be reached", NETWORK, unsent=True),
        ),
        ((DeadlineError,), Fault(f"did not end its answer within {ANSWER_SECONDS:.0f} s", LATER)),
        ((its.Timeout, urllib3.ReadTimeoutError), Fault(f"did not answer within {TIMEOUT[1]:.0f} s", LATER)),
        (
            (its.ChunkedEncodingError, its.ContentDecodingError),
            Fault("broke off in the middle of its answer", LATER),
        ),
        ((its.ConnectionError, ConnectionError), Fault("closed the connection without an answer", LATER)),
    )


def fault_of(error: BaseException) -> Fault:
    """What a person should know of an exception of requests or of what it is made from."""
    causes = tuple(_list_causes(error))
    for types, fault in _list_faults():
        if any(isinstance(cause, types) for cause in causes):
            return fault
    detail = re.sub(r"//[^/\s]*@", "//***@", flatten(str(error)))[:MESSAGE_LENGTH]
    hint = "Check the proxy and certificate settings of the environment."
    return Fault(f"could not be asked ({detail})", hint, unsent=True, hopeless=True)


def _list_causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and all that it was made from. requests and urllib3 keep these in attributes and arguments."""
    seen: set[int] = set()
    rest: list[object] = [error]
    while rest:
        current = rest.pop()
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        rest += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]


def hint_for(response: Response, *, anonymous: bool) -> str:  # noqa: PLR0911  # a table of cases
    """What to do about a refusal, by its status and by what the server says would have been enough."""
    status = response.status
    host = host_of(response.url)
    accepted = flatten(response.headers.get("X-Accepted-GitHub-Permissions", ""))[:MESSAGE_LENGTH]
    scopes = flatten(response.headers.get("X-Accepted-OAuth-Scopes", ""))[:MESSAGE_LENGTH]
    if anonymous and status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
        return f"No token was sent. Pass one that {host} accepts and that may do this."
    if status == HTTPStatus.UNAUTHORIZED:
        return f"The token is missing, expired, revoked or not meant for {host}. Pass a valid one."
    if status == HTTPStatus.FORBIDDEN and accepted:
        return f"The token needs the permission {accepted}. Grant it under 'permissions:' of the job, or to the app."
    if status == HTTPStatus.FORBIDDEN and scopes:
        granted = flatten(response.headers.get("X-OAuth-Scopes", ""))[:MESSAGE_LENGTH] or "none"
        return f"The token needs one of the scopes {scopes}; it has {granted}."
    if status == HTTPStatus.FORBIDDEN:
        return (
            "The token may not do this. A job's own token needs the permission under 'permissions:', and for a "
            'package also a role under the package\'s "Manage Actions access".'
        )
    if status == HTTPStatus.NOT_FOUND:
        return f"It does not exist, or this token may not see it: {host} answers 404 for both."
    if status in PASSING:
        return f"This is a fault of {host}. {LATER}"
    return ""
