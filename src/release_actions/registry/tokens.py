"""Logs in to a registry: what it wants is learned from its challenge, and its tokens are kept until they expire.

One token for each set of scopes (distribution, "Token Authentication"). This module must never send the user's secret
to a realm that is neither the registry's own nor one that was named, whatever the registry says.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from release_actions.errors import RemoteError
from release_actions.http.answer import Response
from release_actions.http.client import Http
from release_actions.http.links import resolve_address
from release_actions.http.origins import SETTINGS, Credential, Origin

TOKEN_LIFE = 60.0
"""Seconds a token lives when the registry does not say (distribution, "Token Authentication")."""

TOKEN_MARGIN = 10.0
LONGEST_TOKEN_ANSWER = 1024 * 1024
"""Bytes of a token service's answer."""


@dataclass(frozen=True)
class _Challenge:
    """How the registry wants to be logged in to. Without a realm: by user and password at every request."""

    realm: str
    service: str


class Tokens:
    """The credentials of one registry, for one account. May be shared by threads.

    `user` and `token` are what Basic authentication takes; without a token the registry is asked anonymously.
    `service`: address of another host that the token may be sent to. `now` is the clock that tokens expire by.
    """

    def __init__(self, http: Http, url: str, user: str, token: str, *, service: str, now: Callable[[], float]) -> None:
        self.login = Credential.basic(url, user, token)
        self.service = Origin.of(service or url)
        self._http = http
        self._url = url
        self._origin = Origin.of(url)
        self._secret = (user, token)
        self._now = now
        self._lock = threading.Lock()
        self._challenge: _Challenge | None = None
        self._known: dict[tuple[str, ...], tuple[Credential | None, float]] = {}
        self._asking: dict[tuple[str, ...], threading.Lock] = {}

    def refused(self, response: Response, scopes: tuple[str, ...] = (), used: Credential | None = None) -> None:
        """Learn from an answer 401 how to log in; the credential that was `used` for these scopes is void.

        Raises `RemoteError`.
        """
        challenge = self._read_challenge(response)
        with self._lock:
            self._challenge = challenge
            known = self._known.get(scopes)
            # Another thread may have a new one already, whose answer came before this refusal of the old one.
            if known is not None and known[0] is used:
                del self._known[scopes]

    def guess(self, path: str, scope: str, what: str) -> bool:
        """Ask for a token at a path of the registry, which has not said so itself; whether it gave one."""
        known = _Challenge(f"{self._url}{path}", self._origin.host)
        try:
            self.credential((scope,), what, known)
        except RemoteError:
            return False
        with self._lock:
            self._challenge = self._challenge or known
        return True

    def credential(self, scopes: tuple[str, ...], what: str, challenge: _Challenge | None = None) -> Credential | None:
        """The credential for some scopes: none before the first challenge, then what the challenge asks for."""
        with self._lock:
            challenge = challenge or self._challenge
            asking = self._asking.setdefault(scopes, threading.Lock())
        if challenge is None:
            return None
        if not challenge.realm:
            return self.login
        # When a token expires, every thread finds that out at once: the first asks, the others wait for its answer.
        with asking:
            known = self._known.get(scopes)
            if known is not None and known[1] > self._now():
                return known[0]
            return self._ask(challenge, scopes, what)

    def _ask(self, challenge: _Challenge, scopes: tuple[str, ...], what: str) -> Credential | None:
        """A new credential for some scopes, from the token service."""
        response = self._http.request(
            "GET",
            challenge.realm,
            what=f"{what} (asking {Origin.of(challenge.realm).host} for a token)",
            credential=Credential.basic(challenge.realm, *self._secret),
            params={**({"service": challenge.service} if challenge.service else {}), "scope": scopes},
            longest=LONGEST_TOKEN_ANSWER,
        )
        answer = response.object()
        token = answer.get("token") or answer.get("access_token")
        if not isinstance(token, str):
            response.reject("holds no token")
        life = answer.get("expires_in")
        if isinstance(life, bool) or not isinstance(life, int | float):
            life = TOKEN_LIFE
        credential = Credential.bearer(self._url, token)
        if credential is not None:
            credential = replace(credential, anonymous=self.login is None)
        with self._lock:
            self._known[scopes] = (credential, self._now() + max(life - TOKEN_MARGIN, 1.0))
        return credential

    def _read_challenge(self, response: Response) -> _Challenge:
        header = response.headers.get("WWW-Authenticate", "")
        scheme, _, rest = header.strip().partition(" ")
        parameters = {name.lower(): value for name, value in re.findall(r'([a-zA-Z_]+)="([^"]*)"', rest)}
        if scheme.lower() == "basic" and self.login is not None:
            return _Challenge("", "")
        realm = parameters.get("realm", "")
        if scheme.lower() != "bearer" or not realm:
            response.reject(
                "does not say how to log in" if scheme.lower() != "basic" else "asks for a login",
                hint="" if scheme.lower() != "basic" else "No token was given. Pass one.",
            )
        realm = resolve_address(response, realm, "names as token service")
        origin = Origin.of(realm)
        own = origin.scheme == "https" and origin.host == self._origin.host
        if not own and origin not in {self._origin, self.service}:
            if self.login is not None:
                response.reject(
                    f"sends the token to another host, {origin}, which was refused",
                    hint="If that is the registry's own token service, name it in login-host. If not, check the "
                    f"registry's address, set by {SETTINGS}.",
                )
            if origin.loopback:
                response.reject("sends to this machine itself for a token")
        return _Challenge(realm, parameters.get("service", ""))
