"""Which addresses may be spoken to, and which credential may go along.

An address is https, or http on this machine's own loopback. A credential belongs to one origin (scheme, host and port)
and is never sent to another. This module must never put a secret, or a whole address that may hold one, into a message.
"""

from __future__ import annotations

import base64
import functools
import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from release_actions.errors import InputError

PORTS = {"http": 80, "https": 443}

HOST_AND_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%-]+)(?::[0-9]*)?")
"""RFC 3986, 3.2.2, without the marks that no host has: urlsplit takes the host of "https://[::1]x" for "::1"."""

REMEMBERED = 256
"""Addresses whose origin is remembered: every request asks for that of one address several times."""

SETTINGS = "GITHUB_API_URL (--api-url) and RELEASE_ACTIONS_REGISTRY_URL (--registry-url)"
"""Where a person sets the addresses, for hints."""


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port: what a credential is bound to. `host` is in lower case, without brackets."""

    scheme: str
    host: str
    port: int

    @classmethod
    @functools.lru_cache(maxsize=REMEMBERED)
    def of(cls, url: str) -> Origin:
        """The origin of an address. Raises `InputError` when it is not one that may be spoken to."""
        parts = _split(url)
        scheme = parts.scheme.lower()
        host = parts.hostname or ""
        origin = cls(scheme, host.lower(), parts.port or PORTS.get(scheme, 0))
        if scheme == "https" or (scheme == "http" and origin.loopback):
            return origin
        message = f"The address {origin} is not https."
        raise InputError(
            message,
            hint="Tokens and releases travel over https only; http is allowed for this machine's own addresses "
            f"(127.0.0.1, ::1, localhost). Addresses are set by {SETTINGS}.",
        )

    @property
    def loopback(self) -> bool:
        """Whether the host is this machine itself."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == PORTS.get(self.scheme) else f":{self.port}")


def _split(url: str) -> SplitResult:
    # Characters that address parsers disagree about could send a credential elsewhere than where it was checked for.
    suspicious = re.search(r"[^\x21-\x7e]|\\", url)
    try:
        parts = urlsplit(url)
        host_and_port = parts.netloc.rpartition("@")[2]
        usable = bool(HOST_AND_PORT.fullmatch(host_and_port)) and parts.scheme.lower() in PORTS and parts.port != 0
    except ValueError:
        usable = False
        parts = SplitResult("", "", "", "", "")
    if suspicious or not usable:
        message = "An address is not of the form https://HOST[:PORT]/PATH."
        raise InputError(message, hint=f"Addresses are set by {SETTINGS}.")
    if "@" in parts.netloc:
        message = f"The address of {parts.hostname} holds a user name or password."
        raise InputError(message, hint="Remove it, and pass a token with the input token or registry-token.")
    return parts


@dataclass(frozen=True)
class Credential:
    """An `Authorization` header for one origin. `secrets` are the texts that must never be shown.

    `anonymous`: it belongs to no account, as a token that a registry gives to everybody.
    """

    origin: Origin
    authorization: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False, default=())
    anonymous: bool = False

    @classmethod
    def bearer(cls, url: str, token: str) -> Credential | None:
        """A token for the origin of `url`; None for an empty token, which means "ask anonymously"."""
        if not token:
            return None
        _escape_unprintable(token)
        return cls(Origin.of(url), f"Bearer {token}", (token,))

    @classmethod
    def basic(cls, url: str, user: str, token: str) -> Credential | None:
        """A user name and a token for the origin of `url`; None for an empty token."""
        if not token:
            return None
        _escape_unprintable(token)
        pair = base64.b64encode(f"{user}:{token}".encode()).decode()
        return cls(Origin.of(url), f"Basic {pair}", (token, pair))


def _escape_unprintable(token: str) -> None:
    """A line break or blank in a header would be sent as something else, or shown by the library that refuses it."""
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        message = "The token contains spaces, line breaks or other characters that no token has."
        raise InputError(message, hint="Check the secret's value: it is often stored with a line break at its end.")
