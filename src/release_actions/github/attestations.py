"""Attestations that GitHub stores about a digest. Listing them verifies nothing: any job that may attest adds one."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

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


def read_bundles(
    http: Http, api_url: str, repository: str, digest: str, *, token: str = ""
) -> tuple[Mapping[str, Any], ...]:
    """The Sigstore bundles of a digest's provenance, up to 100; none where there is no store. Raises `RemoteError`.

    GitHub's API puts a bundle into the list in the version that is asked for; newer versions only link to it.
    """
    response = http.request(
        "GET",
        f"{repository_url(api_url, repository)}/attestations/{digest}",
        params={"per_page": "100", "predicate_type": PROVENANCE},
        what=f"read the attestations of {digest} in {repository}",
        credential=Credential.bearer(api_url, token),
        headers=GITHUB_HEADERS,
        expect=(HTTPStatus.OK, HTTPStatus.NOT_FOUND),
    )
    if response.status == HTTPStatus.NOT_FOUND:
        return ()
    listed = response.object().get("attestations")
    bundles = [one.get("bundle") if isinstance(one, Mapping) else None for one in listed or ()]
    if not isinstance(listed, list) or not all(isinstance(bundle, Mapping) for bundle in bundles):
        response.reject("has no list of attestations with their bundles")
    return tuple(bundle for bundle in bundles if isinstance(bundle, Mapping))
