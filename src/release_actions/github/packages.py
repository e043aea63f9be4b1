"""GitHub Packages by REST: the versions of a container package, and deleting and restoring them.

A version is one manifest: its name is the digest, and it may carry tags. A list is complete or an error. What GitHub
refuses about one version comes back as a `Refusal`, so that it does not stop the work on the others. This module must
never decide what to delete.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import parse_qs, quote, urlsplit

from release_actions.errors import InputError, RemoteError
from release_actions.http.answer import Response
from release_actions.http.client import GITHUB_HEADERS, Http
from release_actions.http.failures import hint_for
from release_actions.http.links import read_links, resolve_address
from release_actions.http.origins import Credential

ACCOUNT = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})"
"""What names of accounts look like."""

PAGES_AT_ONCE = 8
"""Pages of one list that are read at the same time."""

PER_PAGE = 100
READINGS = 3
"""Times a list is read before giving up on one that changes under the reader."""

REFUSALS = (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, 422)
"""GitHub's answers about one version: 400 for the last tagged one and for more than 5,000 downloads, 403 without the
Admin role on the package, 404 when it is gone."""


HINTS = {
    "last tagged version": "A package keeps one version with a tag. Name a tag to keep in exclude-tags, or delete the "
    "whole package in its settings.",
    "downloads cannot be deleted": "Only GitHub's support deletes such a version. Name its tag in exclude-tags.",
}
"""Words of a refusal -> what to do about it, where its status says nothing."""


@dataclass(frozen=True)
class PackageVersion:
    """One version: `digest` is its name, `tags` in GitHub's order, times in UTC.

    `deleted_at`: None for one that is there, and where GitHub does not say.
    """

    id: int
    digest: str
    tags: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None


@dataclass(frozen=True)
class Package:
    """One container package. `repository` is "owner/name", or empty when it belongs to none."""

    name: str
    visibility: str
    repository: str


@dataclass(frozen=True)
class Refusal:
    """GitHub will not do it: the status, GitHub's own words, and what to do."""

    status: int
    message: str
    hint: str = ""

    @property
    def forbidden(self) -> bool:
        """Whether GitHub would say the same of every other version."""
        return self.status == HTTPStatus.FORBIDDEN

    def __str__(self) -> str:
        return f'GitHub answered {self.status}, "{self.message}"' if self.message else f"GitHub answered {self.status}"


class Packages:
    """The container packages of one account, an organisation or a user.

    `api_url` is GITHUB_API_URL, of an Enterprise Server too. Package names may contain slashes.
    """

    def __init__(self, http: Http, api_url: str, owner: str, *, token: str = "") -> None:
        if not re.fullmatch(ACCOUNT, owner):
            message = f"{owner[:100]!r} is not the name of a GitHub account."
            raise InputError(message)
        self.owner = owner
        self._http = http
        self._api = api_url.rstrip("/")
        self._credential = Credential.bearer(self._api, token)
        self._kind = ""
        self._asking = threading.Lock()

    @property
    def kind(self) -> str:
        """Which family of routes this account has, orgs or users."""
        # Packages of one account are read by several threads, and one question answers all of them.
        with self._asking:
            self._kind = self._kind or self._ask_kind()
            return self._kind

    def _ask_kind(self) -> str:
        response = self._request("GET", f"{self._api}/users/{self.owner}", what=f"look up the account {self.owner}")
        kinds = {"Organization": "orgs", "User": "users"}
        kind = kinds.get(str(response.object().get("type")))
        if kind is None:
            response.reject("does not say whether the account is an organisation or a user")
        return kind

    def packages(self) -> tuple[Package, ...]:
        """Every container package of the account that the token may see."""
        url = f"{self._api}/{self.kind}/{self.owner}/packages"
        what = f"list the container packages of {self.owner}"
        params: dict[str, str | int] = {"package_type": "container", "per_page": PER_PAGE}
        try:
            pages = list(self._http.pages(url, params, what=what, credential=self._credential, headers=GITHUB_HEADERS))
        except RemoteError as error:
            if error.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN}:
                _explain_no_list(error)
            raise
        packages = [_parse_package(page, item) for page in pages for item in page.array()]
        return tuple(dict.fromkeys(packages))

    def repository(self, package: str) -> str:
        """The repository "owner/name" that a package belongs to; empty when it belongs to none."""
        url = self._versions(package).removesuffix("/versions")
        page = self._request("GET", url, what=f"look up the package {package}")
        return _parse_package(page, page.object()).repository

    def versions(self, package: str, *, state: str = "active") -> tuple[PackageVersion, ...]:
        """Every version of a package, newest first; `state` is "active" or "deleted".

        Pages are counted from the newest version, so a push or deletion in between shifts them. A list that moved is
        read again, and after some readings a `RemoteError`. A tag that moves between two readings of one list may
        still be missing from it: compare with the registry's tags before an untagged version is taken for unused.
        """
        reason = ""
        for _ in range(READINGS):
            versions, reason = self._read_versions(package, state)
            if not reason:
                return versions
        what = f"list the {state} versions of the package {package}"
        message = f"Could not {what}: {reason}, {READINGS} times in a row."
        raise RemoteError(
            message,
            hint="Run it again when nothing is being pushed to or deleted from the package.",
            method="GET",
            path=urlsplit(self._versions(package)).path,
        )

    def newest(self, package: str) -> tuple[PackageVersion, ...]:
        """The newest versions of a package, as many as one request gives."""
        page = self._request(
            "GET",
            self._versions(package),
            what=f"list the newest versions of the package {package}",
            params={"state": "active", "per_page": PER_PAGE},
        )
        return tuple(_parse_version(page, item) for item in page.array())

    def deleted(self, package: str, ids: Collection[int]) -> tuple[PackageVersion, ...]:
        """Those of some versions that are deleted. Stops reading when all are found, which are mostly the newest."""
        wanted = set(ids)
        if not wanted:
            return ()
        versions: dict[int, PackageVersion] = {}
        pages = self._http.pages(
            self._versions(package),
            {"state": "deleted", "per_page": PER_PAGE},
            what=f"list the deleted versions of the package {package}",
            credential=self._credential,
            headers=GITHUB_HEADERS,
        )
        for page in pages:
            versions |= {version.id: version for version in (_parse_version(page, item) for item in page.array())}
            if wanted <= versions.keys():
                return tuple(versions[number] for number in sorted(wanted))
        # What is missing may have moved to a page that was read before.
        whole = {version.id: version for version in self.versions(package, state="deleted")}
        return tuple(whole[number] for number in sorted(wanted & whole.keys()))

    def get_version(self, package: str, version_id: int) -> PackageVersion | None:
        """One active version; None when there is none of that id, or none that the token may see."""
        response = self._request(
            "GET",
            f"{self._versions(package)}/{version_id}",
            what=f"read version {version_id} of the package {package}",
            expect=(200, 404),
        )
        return None if response.status == HTTPStatus.NOT_FOUND else _parse_version(response, response.object())

    def delete_version(self, package: str, version_id: int) -> Refusal | None:
        """Delete one version; None when it is gone, which holds too when only an answer to an earlier try was lost."""
        response = self._request(
            "DELETE",
            f"{self._versions(package)}/{version_id}",
            what=f"delete version {version_id} of the package {package}",
            expect=(204, *REFUSALS),
        )
        gone = response.retried and response.status == HTTPStatus.NOT_FOUND
        return None if gone else self._refusal(response)

    def restore_version(self, package: str, version_id: int) -> Refusal | None:
        """Bring back a version that was deleted within the last 30 days; None when it is there."""
        response = self._request(
            "POST",
            f"{self._versions(package)}/{version_id}/restore",
            what=f"restore version {version_id} of the package {package}",
            expect=(204, *REFUSALS),
            idempotent=True,
        )
        refusal = self._refusal(response)
        if refusal and response.retried and self.get_version(package, version_id):
            return None
        return refusal

    def _read_versions(self, package: str, state: str) -> tuple[tuple[PackageVersion, ...], str]:
        """One reading, and why it cannot be trusted; an empty reason when it can."""
        url = self._versions(package)
        what = f"list the {state} versions of the package {package}"

        def one(number: int) -> Response:
            params: dict[str, str | int] = {"state": state, "per_page": PER_PAGE}
            return self._request("GET", url, what=what, params=params | ({"page": number} if number > 1 else {}))

        def parsed(page: Response) -> tuple[PackageVersion, ...]:
            return tuple(_parse_version(page, item) for item in page.array())

        page = one(1)
        count = _find_last_page(page)
        first = parsed(page)
        if count == 1:
            return first, _find_disorder(first, state)
        # The first and the last page are read before all others and again after them. A push changes the first page; a
        # deletion anywhere moves what follows, so the last page loses its first version. If both are as they were,
        # nothing moved in between, and the other pages may be read in any order. No answer is kept once it is parsed.
        last = parsed(one(count))
        with ThreadPoolExecutor(max_workers=PAGES_AT_ONCE) as pool:
            numbers = range(2, count)
            between = dict(zip(numbers, pool.map(lambda number: parsed(one(number)), numbers), strict=True))
        read = {1: first, **between, count: last}
        versions = tuple(version for number in sorted(read) for version in read[number])
        if parsed(one(count)) != last or parsed(one(1)) != first:
            return versions, "the list changed while it was read"
        short = next((number for number in sorted(read) if number < count and len(read[number]) != PER_PAGE), 0)
        if short:
            return versions, f"page {short} of {count} had {len(read[short])} items and not {PER_PAGE}"
        return versions, _find_disorder(versions, state)

    def _versions(self, package: str) -> str:
        if not package or package.strip("/") != package or re.search(r"[^A-Za-z0-9._/-]|(^|/)\.{1,2}(/|$)", package):
            message = f"{package[:200]!r} is not the name of a container package."
            raise InputError(message, hint="Write it without the account: llm-d-cuda, or charts/llm-d.")
        return f"{self._api}/{self.kind}/{self.owner}/packages/container/{quote(package, safe='')}/versions"

    def _request(
        self,
        method: str,
        url: str,
        *,
        what: str,
        params: dict[str, str | int] | None = None,
        expect: tuple[int, ...] = (200,),
        idempotent: bool | None = None,
    ) -> Response:
        return self._http.request(
            method,
            url,
            what=what,
            credential=self._credential,
            headers=GITHUB_HEADERS,
            params=params,
            expect=expect,
            idempotent=idempotent,
        )

    def _refusal(self, response: Response) -> Refusal | None:
        if response.status == HTTPStatus.NO_CONTENT:
            return None
        known = (hint for words, hint in HINTS.items() if words in response.message.lower())
        hint = next(known, "") or hint_for(response, anonymous=self._credential is None)
        return Refusal(response.status, response.message, hint)


def _find_last_page(page: Response) -> int:
    """How many pages a list has, from the links of its first one."""
    addresses = read_links(page)
    if "next" not in addresses:
        return 1
    last = resolve_address(page, addresses.get("last", ""), "names as last page")
    number = parse_qs(urlsplit(last).query).get("page", [""])[0]
    if not re.fullmatch(r"[0-9]{1,5}", number) or number == "1":
        page.reject("announces a next page and does not name the number of the last one")
    return int(number)


def _find_disorder(versions: Iterable[PackageVersion], state: str) -> str:
    """What shows that a list was read while it moved. A tag may have been on several versions that are deleted."""
    ids: set[int] = set()
    tags: set[str] = set()
    for version in versions:
        if version.id in ids:
            return f"version {version.id} was listed twice"
        both = tags.intersection(version.tags)
        if both and state == "active":
            return f"the tag {min(both)} was listed on two versions"
        ids.add(version.id)
        tags.update(version.tags)
    return ""


def _parse_version(response: Response, item: Any) -> PackageVersion:
    try:
        tags = item["metadata"]["container"]["tags"]
        version = PackageVersion(
            id=item["id"],
            digest=item["name"],
            tags=tuple(tags),
            created_at=_parse_time(item["created_at"]),
            updated_at=_parse_time(item["updated_at"]),
            deleted_at=_parse_time(item["deleted_at"]) if item.get("deleted_at") else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        response.reject("holds something that is not a version of a container package")
    texts = (version.digest, *version.tags)
    if type(version.id) is not int or not isinstance(tags, list) or not all(isinstance(text, str) for text in texts):
        response.reject("holds something that is not a version of a container package")
    return version


def _parse_package(response: Response, item: Any) -> Package:
    try:
        repository = (item.get("repository") or {}).get("full_name", "")
        return Package(str(item["name"]), str(item.get("visibility", "")), str(repository))
    except (KeyError, TypeError, AttributeError):
        response.reject("holds something that is not a package")


def _parse_time(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _explain_no_list(error: RemoteError) -> NoReturn:
    raise RemoteError(
        str(error.problems[0].message),
        hint="A job's own GITHUB_TOKEN cannot list the packages of an organisation. Name the packages one by one, or "
        "pass a classic personal access token with the scope read:packages.",
        method=error.method,
        path=error.path,
        status=error.status,
        request_id=error.request_id,
    ) from None
