"""What a repository on GitHub holds: its tags and the commits they name, and the state of pull requests.

Works with GitHub Enterprise Server by the address of its API. A list is complete or an error. This module must never
change anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from release_actions.errors import InputError, RemoteError
from release_actions.http.answer import Response
from release_actions.http.client import GITHUB_HEADERS, Http
from release_actions.http.origins import Credential

if TYPE_CHECKING:
    pass

BRANCH_PREFIX = "refs/heads/"
TAG_PREFIX = "refs/tags/"
NESTED = 8
"""Tag objects that may name one another before a commit comes."""

FEW_PULLS = 5
"""Pull requests that are asked for one by one without looking at the list of open ones first."""


@dataclass(frozen=True)
class GitTag:
    """A tag without its `refs/tags/`. `sha` is the commit, or the tag object of an annotated tag."""

    name: str
    sha: str
    annotated: bool = False


def list_tags(http: Http, api_url: str, repository: str, *, token: str = "") -> tuple[GitTag, ...]:
    """Every tag of the repository "owner/name", sorted by GitHub by name. Complete, or a `RemoteError`."""
    what = f"list the tags of {repository}"
    url = f"{repository_url(api_url, repository)}/git/matching-refs/tags/"
    pages = http.pages(url, what=what, credential=Credential.bearer(api_url, token), headers=GITHUB_HEADERS)
    listed = [_parse_tag(page, item) for page in pages for item in page.array()]
    return tuple(dict.fromkeys(listed))


def list_branches(http: Http, api_url: str, repository: str, *, token: str = "") -> tuple[str, ...]:
    """The name of every branch of the repository "owner/name". Complete, or a `RemoteError`."""
    what = f"list the branches of {repository}"
    url = f"{repository_url(api_url, repository)}/git/matching-refs/heads/"
    names = []
    for page in http.pages(url, what=what, credential=Credential.bearer(api_url, token), headers=GITHUB_HEADERS):
        for item in page.array():
            name = item.get("ref") if isinstance(item, dict) else None
            if not isinstance(name, str) or not name.startswith(BRANCH_PREFIX):
                page.reject("holds something that is not a branch")
            names.append(name.removeprefix(BRANCH_PREFIX))
    return tuple(dict.fromkeys(names))


def commit_of(http: Http, api_url: str, repository: str, tag: GitTag, *, token: str = "") -> str:
    """The commit that a tag names, through as many tag objects as there are. Raises `RemoteError` for other objects."""
    sha, annotated = tag.sha, tag.annotated
    for _ in range(NESTED):
        if not annotated:
            return sha
        response = http.request(
            "GET",
            f"{repository_url(api_url, repository)}/git/tags/{sha}",
            what=f"find the commit of the tag {tag.name} of {repository}",
            credential=Credential.bearer(api_url, token),
            headers=GITHUB_HEADERS,
        )
        sha, annotated = _parse_target(response, response.object())
    message = (
        f"Could not find the commit of the tag {tag.name} of {repository}: more than {NESTED} tag objects in a row."
    )
    raise RemoteError(message, hint="Create the tag again, on the commit itself.")


def commit_of_ref(http: Http, api_url: str, repository: str, name: str, *, token: str = "") -> str:
    """The commit that a ref names, such as "heads/main" or "tags/v1"; empty if there is none, or no such repository.

    Raises `RemoteError` for refs to other objects.
    """
    response = http.request(
        "GET",
        f"{repository_url(api_url, repository)}/git/ref/{quote(name)}",
        what=f"find the commit of {name.partition('/')[2]} in {repository}",
        credential=Credential.bearer(api_url, token),
        headers=GITHUB_HEADERS,
        expect=(HTTPStatus.OK, HTTPStatus.NOT_FOUND),
    )
    if response.status == HTTPStatus.NOT_FOUND:
        return ""
    return commit_of(http, api_url, repository, GitTag(name, *_parse_target(response, response.object())), token=token)


def pull_states(
    http: Http, api_url: str, repository: str, numbers: Iterable[int], *, token: str = ""
) -> dict[int, str]:
    """Pull request number -> "open" or "closed" (merged is closed).

    A number that GitHub does not know, or does not show to this token, is left out: what is not known to be closed
    must not be taken for closed. Costs one request a number; of many, only those that are not in the list of open ones.
    """
    try:
        return _pull_states(http, f"{repository_url(api_url, repository)}/pulls", set(numbers), token)
    except RemoteError as error:
        if error.status != HTTPStatus.FORBIDDEN:
            raise
        raise RemoteError(
            error.problems[0].message,
            hint="The token needs the permission pull-requests: read.",
            method=error.method,
            path=error.path,
            status=error.status,
            request_id=error.request_id,
        ) from None


def _pull_states(http: Http, url: str, wanted: set[int], token: str) -> dict[int, str]:
    repository = url.partition("/repos/")[2].removesuffix("/pulls")
    what = f"read the pull requests of {repository}"
    credential = Credential.bearer(url, token)
    states: dict[int, str] = {}
    if len(wanted) > FEW_PULLS:
        query: dict[str, str | int] = {"state": "open", "per_page": 100}
        for page in http.pages(url, query, what=what, credential=credential, headers=GITHUB_HEADERS):
            listed = {_pull(page, item) for item in page.array()}
            states |= {number: state for number, state in listed if number in wanted and state == "open"}
            if states.keys() == wanted:
                break
    for number in sorted(wanted - states.keys()):
        response = http.request(
            "GET",
            f"{url}/{number}",
            what=what,
            credential=credential,
            headers=GITHUB_HEADERS,
            expect=(HTTPStatus.OK, HTTPStatus.NOT_FOUND),
        )
        if response.status == HTTPStatus.OK:
            answered, states[number] = _pull(response, response.object())
            if answered != number:
                response.reject(f"is about pull request {answered}, not {number}")
    return states


def repository_url(api_url: str, repository: str) -> str:
    """Address of the repository "owner/name". Raises `InputError` when that is not a repository."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*/(?!\.{1,2}$)[A-Za-z0-9._-]+", repository):
        message = f"{repository[:200]!r} is not a repository."
        raise InputError(message, hint="Write OWNER/NAME, for example with --repository or GITHUB_REPOSITORY.")
    return f"{api_url.rstrip('/')}/repos/{repository}"


def _pull(response: Response, item: Any) -> tuple[int, str]:
    """Number and state of a pull request."""
    number, state = (item.get("number"), item.get("state")) if isinstance(item, dict) else (None, None)
    if type(number) is not int or state not in {"open", "closed"}:
        response.reject("holds something that is not a pull request")
    return number, str(state)


def _parse_tag(response: Response, item: Any) -> GitTag:
    name = item.get("ref") if isinstance(item, dict) else None
    if not isinstance(name, str) or not name.startswith(TAG_PREFIX):
        response.reject("holds something that is not a tag")
    return GitTag(name.removeprefix(TAG_PREFIX), *_parse_target(response, item, any_kind=True))


def _parse_target(response: Response, item: dict[str, Any], *, any_kind: bool = False) -> tuple[str, bool]:
    """The object that a ref or tag object names, and whether it is another tag object."""
    target = item.get("object")
    if not isinstance(target, dict) or not re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", str(target.get("sha"))):
        response.reject("does not name an object")
    if not any_kind and target.get("type") not in {"commit", "tag"}:
        response.reject(f"names a {str(target.get('type'))[:20]}, not a commit")
    return str(target["sha"]), target.get("type") == "tag"
