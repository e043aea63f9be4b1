"""GitHub releases: list them completely, make and change drafts, delete one.

A list is complete or an error. GitHub shows drafts only to a token that may write. What GitHub refuses about one
release comes back as a `Refusal` where something is deleted. This module must never decide which release is deleted,
and never publish one that was not published before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from release_actions.github.packages import Refusal
from release_actions.http.answer import Response
from release_actions.http.client import GITHUB_HEADERS, Http
from release_actions.http.failures import hint_for
from release_actions.http.origins import Credential

PER_PAGE = 100
MAY_NOT_CHANGE = (
    "GitHub still shows it, so the token may see it and not change it. The job needs the permission 'contents: write'."
)
"""What a 404 means of a release or git tag that is there when it is read again."""

MAY_NOT_CREATE = (
    "The token may read the repository, so it may not create anything there. The job needs the permission "
    "'contents: write'."
)
"""What a 404 means of a release or git tag that is to be made where others were listed."""

REFUSALS = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
"""GitHub's answers about one release: 403 without the permission, 404 when it is gone or may not be seen, 422 when a
rule forbids it."""


MOMENT = r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z)?"
"""When something happened, as GitHub writes it; empty if it did not."""


@dataclass(frozen=True)
class Asset:
    """A file of a release. `digest` is empty where GitHub has none. An upload that broke off is not `whole`."""

    id: int
    name: str
    digest: str = ""
    whole: bool = True


@dataclass(frozen=True)
class Release:
    """A release. `target`: what its tag was to be made from. `url` is for people, `uploads` takes files.

    `published`: when, as GitHub writes it; empty for what never was. GitHub makes a draft of a release whose tag is
    deleted (github-release/github-release#37), and a draft may so have been published.
    """

    id: int
    tag: str
    name: str = ""
    body: str = ""
    target: str = ""
    draft: bool = False
    prerelease: bool = False
    immutable: bool = False
    assets: tuple[Asset, ...] = ()
    published: str = ""
    url: str = ""
    uploads: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """Names of its assets, which its deletion loses."""
        return tuple(asset.name for asset in self.assets)


class Releases:
    """The releases of one repository "owner/name". Deleting needs the permission contents: write."""

    def __init__(self, http: Http, api_url: str, repository: str, *, token: str = "") -> None:
        self.repository = repository
        self._http = http
        self._url = f"{api_url.rstrip('/')}/repos/{repository}/releases"
        self._credential = Credential.bearer(api_url, token)

    def all(self) -> tuple[Release, ...]:
        """Every release that the token may see, newest first. Raises `RemoteError`."""
        what = f"list the releases of {self.repository}"
        pages = self._http.pages(
            self._url, {"per_page": PER_PAGE}, what=what, credential=self._credential, headers=GITHUB_HEADERS
        )
        releases = [_release(page, item) for page in pages for item in page.array()]
        return tuple({release.id: release for release in releases}.values())

    def draft(self, tag: str, name: str, body: str, *, prerelease: bool, make_latest: bool) -> Release:
        """Make a draft release. Raises `RemoteError`; after one without an answer there may be a draft all the same."""
        response = self._http.request(
            "POST",
            self._url,
            what=f"make a draft release of {tag} of {self.repository}",
            credential=self._credential,
            headers=GITHUB_HEADERS,
            json={"tag_name": tag, "name": name, **_make_form(body, prerelease=prerelease, make_latest=make_latest)},
            expect=(HTTPStatus.CREATED,),
        )
        return _release(response, response.object())

    def again(self, release: Release) -> Refusal | None:
        """Create a deleted release again, published if it was: text and marks as they were, no files.

        The tag must be there unless it is a draft: GitHub makes one of `target` otherwise. Raises `RemoteError`; after
        one without an answer there may be a release all the same.
        """
        response = self._http.request(
            "POST",
            self._url,
            what=f"create the release {release.tag} of {self.repository} again",
            credential=self._credential,
            headers=GITHUB_HEADERS,
            json={
                "tag_name": release.tag,
                "target_commitish": release.target,
                "name": release.name,
                **_make_form(release.body, prerelease=release.prerelease, make_latest=False),
                "draft": release.draft,
            },
            expect=(HTTPStatus.CREATED, *REFUSALS),
        )
        if response.status == HTTPStatus.CREATED:
            return None
        refusal = self._refusal(response)
        # Its git tag, and the other releases, were read before.
        return replace(refusal, hint=MAY_NOT_CREATE) if response.status == HTTPStatus.NOT_FOUND else refusal

    def change(self, release: Release, body: str, *, prerelease: bool, make_latest: bool) -> Release:
        """Change a draft, which is kept as a draft. Raises `RemoteError`."""
        response = self._request(
            "PATCH",
            release,
            "change",
            (HTTPStatus.OK,),
            json=_make_form(body, prerelease=prerelease, make_latest=make_latest),
            idempotent=True,
        )
        return _release(response, response.object())

    def read(self, release: Release) -> Release:
        """A release as it is now. Raises `RemoteError`."""
        response = self._request("GET", release, "read", (HTTPStatus.OK,))
        return _release(response, response.object())

    def find(self, release: Release) -> Release | None:
        """A release as it is now; None when it is gone. Raises `RemoteError`."""
        response = self._request("GET", release, "read", (HTTPStatus.OK, HTTPStatus.NOT_FOUND))
        return _release(response, response.object()) if response.status == HTTPStatus.OK else None

    def delete(self, release: Release) -> Refusal | None:
        """Delete a release; None when it is gone. Its tag is kept. Raises `RemoteError`."""
        response = self._request("DELETE", release, "delete", (HTTPStatus.NO_CONTENT, *REFUSALS))
        if response.status == HTTPStatus.NO_CONTENT:
            return None
        if response.status == HTTPStatus.NOT_FOUND:
            # 404 means "gone" or "not allowed".
            there = self._request("GET", release, "read", (HTTPStatus.OK, HTTPStatus.NOT_FOUND))
            if there.status == HTTPStatus.NOT_FOUND:
                return None
            return replace(self._refusal(response), hint=MAY_NOT_CHANGE)
        return self._refusal(response)

    def _refusal(self, response: Response) -> Refusal:
        return Refusal(response.status, response.message, hint_for(response, anonymous=self._credential is None))

    def _request(
        self,
        method: str,
        release: Release,
        verb: str,
        expect: tuple[HTTPStatus, ...],
        *,
        json: Any = None,
        idempotent: bool | None = None,
    ) -> Response:
        return self._http.request(
            method,
            f"{self._url}/{release.id}",
            what=f"{verb} the release {release.tag} of {self.repository}",
            credential=self._credential,
            headers=GITHUB_HEADERS,
            json=json,
            expect=expect,
            idempotent=idempotent,
        )


def _make_form(body: str, *, prerelease: bool, make_latest: bool) -> dict[str, Any]:
    # `make_latest` left out would give the badge to whatever is published last. A draft keeps it for later.
    return {"body": body, "draft": True, "prerelease": prerelease, "make_latest": str(make_latest).lower()}


def _release(response: Response, item: Any) -> Release:
    try:
        release = Release(
            id=item["id"],
            tag=item["tag_name"],
            name=item["name"] or "",
            body=item["body"] or "",
            target=item["target_commitish"],
            draft=item["draft"],
            prerelease=item["prerelease"],
            immutable=item.get("immutable", False),
            assets=tuple(asset_of(asset) for asset in item["assets"]),
            published=item.get("published_at") or "",
            url=item["html_url"],
            uploads=item["upload_url"].partition("{")[0],
        )
    except (KeyError, TypeError, AttributeError):
        response.reject("holds something that is not a release")
    texts: tuple[str, ...] = (release.tag, release.name, release.body, release.target, release.published, release.url)
    texts += tuple(text for asset in release.assets for text in (asset.name, asset.digest))
    flags = (release.draft, release.prerelease, release.immutable)
    if (
        type(release.id) is not int
        or not all(isinstance(text, str) for text in texts)
        or not all(isinstance(flag, bool) for flag in flags)
        or not re.fullmatch(MOMENT, release.published)
    ):
        response.reject("holds something that is not a release")
    return release


def asset_of(item: Any) -> Asset:
    """An asset as GitHub describes it. Raises `KeyError`, `TypeError` or `ValueError` for something else."""
    return Asset(int(item["id"]), item["name"], item.get("digest") or "", item["state"] == "uploaded")
