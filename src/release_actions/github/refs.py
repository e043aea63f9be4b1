"""One git tag at a time on GitHub: read it, delete it, move it, create it again.

What GitHub refuses about one tag, such as one that a rule protects, comes back as a `Refusal`. This module must never
decide what happens to a tag.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from release_actions.github.packages import Refusal
from release_actions.github.releases import MAY_NOT_CHANGE, MAY_NOT_CREATE
from release_actions.http.answer import Response
from release_actions.http.client import GITHUB_HEADERS, Http
from release_actions.http.failures import hint_for
from release_actions.http.origins import Credential

REFUSALS = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
"""GitHub's answers about one ref: 403 without the permission, 404 when the repository may not be seen, 422 when the ref
is not there or when a rule protects it."""


PROTECTED = "A rule may protect the tag: ask a person who may bypass it, or change the rule."
NO_OBJECT = "Object does not exist"
"""GitHub's words about a tag that should name what the repository does not have."""

NO_TAG = "release-actions/no-tag-has-this-name"
"""What is asked for to learn whether a token may write."""


class GitRefs:
    """The tags of one repository "owner/name". Changing them needs the permission contents: write."""

    def __init__(self, http: Http, api_url: str, repository: str, *, token: str = "") -> None:
        self.repository = repository
        self._http = http
        self._url = f"{api_url.rstrip('/')}/repos/{repository}/git"
        self._credential = Credential.bearer(api_url, token)

    def get(self, tag: str) -> str:
        """The object that a tag names; empty when there is no such tag. Raises `RemoteError`."""
        what = f"read the git tag {tag} of {self.repository}"
        response = self._request("GET", f"ref/tags/{quote(tag)}", what, (HTTPStatus.OK, HTTPStatus.NOT_FOUND))
        if response.status == HTTPStatus.NOT_FOUND:
            return ""
        target = response.object().get("object")
        if not isinstance(target, dict) or not isinstance(target.get("sha"), str):
            response.reject("does not name an object")
        return str(target["sha"])

    def delete(self, tag: str) -> Refusal | None:
        """Delete a tag; None when it is gone. Raises `RemoteError`."""
        what = f"delete the git tag {tag} of {self.repository}"
        response = self._request("DELETE", f"refs/tags/{quote(tag)}", what, (HTTPStatus.NO_CONTENT, *REFUSALS))
        if response.status == HTTPStatus.NO_CONTENT:
            return None
        # 422 means "not there" or "protected".
        if response.status != HTTPStatus.FORBIDDEN and not self.get(tag):
            return None
        refusal = self._refusal(response)
        is_hidden = response.status == HTTPStatus.NOT_FOUND
        return replace(refusal, hint=MAY_NOT_CHANGE) if is_hidden else refusal

    def forbidden(self) -> Refusal | None:
        """Why this token may change no tag; None when GitHub does not say so. Raises `RemoteError`.

        GitHub says so only when it is tried, so a tag is deleted that does not exist.
        """
        what = f"see whether tags of {self.repository} may be changed"
        response = self._request("DELETE", f"refs/tags/{NO_TAG}", what, (HTTPStatus.NO_CONTENT, *REFUSALS))
        return self._refusal(response) if response.status == HTTPStatus.FORBIDDEN else None

    def move(self, tag: str, sha: str) -> Refusal | None:
        """Put a tag that exists on another object; None when it is there. Raises `RemoteError`.

        Forced: the release that a tag is moved back to need not contain the candidate that it named.
        """
        what = f"move the git tag {tag} of {self.repository}"
        body = {"sha": sha, "force": True}
        # Moving to the same place twice is harmless.
        response = self._request(
            "PATCH", f"refs/tags/{quote(tag)}", what, (HTTPStatus.OK, *REFUSALS), json=body, idempotent=True
        )
        return None if response.status == HTTPStatus.OK else self._explain(response, tag, sha, moves=True)

    def create(self, tag: str, sha: str) -> Refusal | None:
        """Make a tag that is not there; None when it names the object. Raises `RemoteError`."""
        what = f"make the git tag {tag} of {self.repository}"
        body = {"ref": f"refs/tags/{tag}", "sha": sha}
        # Where an answer got lost, the second try finds the tag there.
        response = self._request("POST", "refs", what, (HTTPStatus.CREATED, *REFUSALS), json=body, idempotent=True)
        if response.status == HTTPStatus.CREATED or (
            response.status == HTTPStatus.UNPROCESSABLE_ENTITY and self.get(tag) == sha
        ):
            return None
        return self._explain(response, tag, sha, moves=False)

    def _explain(self, response: Response, tag: str, sha: str, *, moves: bool) -> Refusal:
        """Why a tag was not put on an object, by what is there now: 404 and 422 mean several things each."""
        refusal = self._refusal(response)
        if refusal.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}:
            return refusal
        if NO_OBJECT in refusal.message:
            return replace(refusal, hint=f"{self.repository} has no object {sha[:12]} any more.")
        now = self.get(tag)
        if moves and not now:
            return replace(refusal, hint=f"{tag} was deleted since it was read. Run it again to make a new plan.")
        if refusal.status == HTTPStatus.NOT_FOUND:
            # The tags of the repository were listed before, so that it exists is known.
            return replace(refusal, hint=MAY_NOT_CHANGE if now else MAY_NOT_CREATE)
        if not moves and now:
            return replace(refusal, hint=f"{tag} was made since it was looked for, and names {now}.")
        return refusal

    def _request(
        self,
        method: str,
        path: str,
        what: str,
        expect: tuple[HTTPStatus, ...],
        *,
        json: Any = None,
        idempotent: bool | None = None,
    ) -> Response:
        return self._http.request(
            method,
            f"{self._url}/{path}",
            what=what,
            credential=self._credential,
            headers=GITHUB_HEADERS,
            expect=expect,
            json=json,
            idempotent=idempotent,
        )

    def _refusal(self, response: Response) -> Refusal:
        hint = hint_for(response, anonymous=self._credential is None)
        if response.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            hint = PROTECTED
        return Refusal(response.status, response.message, hint)
