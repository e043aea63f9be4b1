"""What GitHub says of a repository itself: description, licence and the like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from release_actions.github.repository import repository_url
from release_actions.http.client import GITHUB_HEADERS, Http
from release_actions.http.origins import Credential


def read_repository(http: Http, api_url: str, repository: str, *, token: str = "") -> Mapping[str, Any]:
    """The repository "owner/name" as the API has it. Raises `RemoteError` when GitHub does not say."""
    response = http.request(
        "GET",
        repository_url(api_url, repository),
        what=f"read the description of {repository}",
        credential=Credential.bearer(api_url, token),
        headers=GITHUB_HEADERS,
    )
    return response.object()
