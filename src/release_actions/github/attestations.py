"""Attestations that GitHub stores about a digest. Listing them verifies nothing: any job that may attest adds one."""

from __future__ import annotations

from http import HTTPStatus

from release_actions.github.repository import repository_url
from release_actions.http.client import GITHUB_HEADERS, Http
from release_actions.http.origins import Credential

PROVENANCE = "provenance"
"""GitHub's name of the predicates that say where something was built."""


def has_attestations(
    http: Http, api_url: str, repository: str, digest: str, *, token: str = "", predicate: str = ""
) -> bool:
    """Whether the store of a repository "owner/name" lists an attestation of a digest, of any predicate when empty.

    A store that does not exist, as on an Enterprise Server, has none. Raises `RemoteError` when GitHub does not say.
    """
    response = http.request(
        "GET",
        f"{repository_url(api_url, repository)}/attestations/{digest}",
        params={"per_page": "1", **({"predicate_type": predicate} if predicate else {})},
        what=f"list the attestations of {digest} in {repository}",
        credential=Credential.bearer(api_url, token),
        headers=GITHUB_HEADERS,
        expect=(HTTPStatus.OK, HTTPStatus.NOT_FOUND),
    )
    if response.status == HTTPStatus.NOT_FOUND:
        return False
    listed = response.json()
    attestations = listed.get("attestations") if isinstance(listed, dict) else None
    if not isinstance(attestations, list):
        response.reject("has no list of attestations")
    return bool(attestations)
