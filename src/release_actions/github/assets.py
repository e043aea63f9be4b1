"""Files of a GitHub release: read, add and take away one.

Uploads go to a host of their own, which GitHub names in the release. The token goes there only if it is the host that
belongs to the API. This module must never decide which file is deleted.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import urlsplit

from release_actions.errors import RemoteError
from release_actions.github.releases import Asset, Release, asset_of
from release_actions.http.answer import Response
from release_actions.http.client import GITHUB_HEADERS, Http
from release_actions.http.origins import Credential, Origin

TYPES = {".json": "application/json", ".md": "text/markdown; charset=utf-8"}


class Assets:
    """The files of releases of one repository "owner/name". Changing them needs the permission contents: write."""

    def __init__(self, http: Http, api_url: str, repository: str, *, token: str = "") -> None:
        self.repository = repository
        self._http = http
        self._api = api_url.rstrip("/")
        self._token = token

    def text(self, release: Release, asset: Asset) -> str:
        """The text of a file. Raises `RemoteError` when it is not a text."""
        response = self._get(release, asset)
        try:
            return response.body.decode("utf-8")
        except UnicodeDecodeError:
            response.reject("is not UTF-8")

    def content(self, release: Release, asset: Asset) -> bytes:
        """The bytes of a file. Raises `RemoteError`."""
        return self._get(release, asset).body

    def _get(self, release: Release, asset: Asset) -> Response:
        return self._http.request(
            "GET",
            self._url(asset),
            what=f"read {asset.name} of the release {release.tag} of {self.repository}",
            credential=Credential.bearer(self._api, self._token),
            headers={**GITHUB_HEADERS, "Accept": "application/octet-stream"},
        )

    def add(self, release: Release, name: str, content: bytes) -> Asset:
        """Add a file. Raises `RemoteError`, for one of a name that is taken too."""
        what = f"add {name} to the release {release.tag} of {self.repository}"
        if not is_from_release(release.uploads, self._api):
            host = urlsplit(release.uploads).hostname or "no host"
            message = f"Could not {what}: GitHub names {host} for uploads, which does not belong to {self._api}."
            raise RemoteError(message, hint="Check GITHUB_API_URL (--api-url).")
        response = self._http.request(
            "POST",
            release.uploads,
            params={"name": name},
            what=what,
            credential=Credential.bearer(release.uploads, self._token),
            headers={**GITHUB_HEADERS, "Content-Type": TYPES.get(name[name.rfind(".") :], "application/octet-stream")},
            data=content,
            expect=(HTTPStatus.CREATED,),
        )
        try:
            return asset_of(response.object())
        except (KeyError, TypeError, ValueError):
            response.reject("is not an asset")

    def remove(self, release: Release, asset: Asset) -> None:
        """Take a file away; one that is gone already is fine. Raises `RemoteError`."""
        self._http.request(
            "DELETE",
            self._url(asset),
            what=f"remove {asset.name} from the release {release.tag} of {self.repository}",
            credential=Credential.bearer(self._api, self._token),
            headers=GITHUB_HEADERS,
            expect=(HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND),
        )

    def _url(self, asset: Asset) -> str:
        return f"{self._api}/repos/{self.repository}/releases/assets/{asset.id}"


def is_from_release(uploads: str, api_url: str) -> bool:
    """Whether an address for uploads is of the same GitHub as an API: `uploads.` in place of `api.`, or the same host.

    On loopback every port is this machine's own.
    """
    place, api = Origin.of(uploads), Origin.of(api_url)
    if api.loopback:
        return place.loopback
    return place in {api, Origin("https", re.sub(r"^api\.", "uploads.", api.host), 443)} and place.scheme == "https"
