"""Reads settings of a repository, of which many tokens may read only some. A refusal is an answer here, never a guess.

This module must never change anything, and must never take a refusal for a setting that is off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from release_actions.errors import RemoteError
from release_actions.http.client import GITHUB_HEADERS, Http
from release_actions.http.origins import Credential

ACCEPTED = "x-accepted-github-permissions"
"""Header of a refusal that names the permissions that would do (GitHub docs, permissions of fine-grained tokens)."""

ANSWERS = (HTTPStatus.OK, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


@dataclass(frozen=True)
class Setting:
    """What GitHub said. `status` is 0 if no answer came. `why_not`: what the token lacks, or what went wrong."""

    status: int
    body: Any = None
    why_not: str = ""

    @property
    def is_known(self) -> bool:
        """Whether there is a body to judge."""
        return self.status == HTTPStatus.OK

    @property
    def is_absent(self) -> bool:
        """Whether GitHub says that there is no such thing, or shows it to nobody with this token."""
        return self.status == HTTPStatus.NOT_FOUND


Ask = Callable[[str], Setting]
"""Path below the API's address -> what GitHub said."""


def make_asker(http: Http, api_url: str, *, token: str) -> Ask:
    """Asks each path once."""
    known: dict[str, Setting] = {}

    def ask(path: str) -> Setting:
        if path not in known:
            known[path] = _ask(http, api_url, path, token)
        return known[path]

    return ask


def _ask(http: Http, api_url: str, path: str, token: str) -> Setting:
    try:
        response = http.request(
            "GET",
            f"{api_url}/{path}",
            what=f"read {path}",
            credential=Credential.bearer(api_url, token),
            headers=GITHUB_HEADERS,
            expect=ANSWERS,
        )
        if response.status == HTTPStatus.OK:
            return Setting(response.status, response.json())
    except RemoteError as error:
        return Setting(error.status, why_not=str(error.problems[0].message))
    return Setting(response.status, why_not=_explain(response.status, response.headers))


def _explain(status: int, headers: Mapping[str, str]) -> str:
    accepted = next((value for name, value in headers.items() if name.lower() == ACCEPTED), "")
    if accepted:
        return f"The token lacks {accepted.replace('=', ': ').replace(';', ' or ')}."
    return {
        HTTPStatus.UNAUTHORIZED: "The token is not valid.",
        HTTPStatus.FORBIDDEN: "The token may not read it.",
    }.get(HTTPStatus(status), "GitHub shows nothing there.")
