"""Environments of a repository and who approved a run in them.

GitHub creates an environment that a job names and that is not there, without a rule that holds anybody back. So what is
read here before a job is one proof, and what is read after it another. This module must never take an answer that lacks
the rules or the reviews for one that has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from release_actions.github.repository import repository_url
from release_actions.http.answer import Response
from release_actions.http.client import GITHUB_HEADERS, Http
from release_actions.http.origins import Credential

REQUIRED_REVIEWERS = "required_reviewers"
APPROVED = "approved"


@dataclass(frozen=True)
class Environment:
    """An environment. `reviewers`: those of whom one has to approve, as people know them."""

    name: str
    reviewers: tuple[str, ...]


@dataclass(frozen=True)
class Review:
    """What a reviewer said of a run. `state` is `approved`, `rejected` or `pending`."""

    environments: tuple[str, ...]
    state: str
    reviewer: str


def read_environment(http: Http, api_url: str, repository: str, name: str, *, token: str) -> Environment | None:
    """An environment of a repository "owner/name"; None when there is none of that name. Raises `RemoteError`."""
    url = repository_url(api_url, repository)
    credential = Credential.bearer(api_url, token)
    what = f"read the environment {name} of {repository}"
    response = http.request(
        "GET",
        f"{url}/environments/{quote(name, safe='')}",
        what=what,
        credential=credential,
        headers=GITHUB_HEADERS,
        expect=(HTTPStatus.OK, HTTPStatus.NOT_FOUND),
    )
    if response.status == HTTPStatus.NOT_FOUND:
        # A repository that the token may not see answers in the same way. Then this raises.
        http.request("GET", url, what=what, credential=credential, headers=GITHUB_HEADERS)
        return None
    found = response.object()
    rules = found.get("protection_rules")
    if not isinstance(rules, list) or not isinstance(found.get("name"), str):
        response.reject("has no list of protection rules")
    return Environment(found["name"], tuple(list_reviewers(response, rules)))


def list_reviewers(response: Response, rules: list[Any]) -> Iterator[str]:
    """Logins of the people and slugs of the teams that an environment's rules name."""
    for rule in rules:
        if not isinstance(rule, Mapping):
            response.reject("has a protection rule that is not an object")
        if rule.get("type") != REQUIRED_REVIEWERS:
            continue
        for reviewer in rule.get("reviewers") or []:
            who = reviewer.get("reviewer") if isinstance(reviewer, Mapping) else None
            if not isinstance(who, Mapping):
                response.reject("has a reviewer who is not an object")
            yield str(who.get("login") or who.get("slug") or who.get("id"))


def read_reviews(http: Http, api_url: str, repository: str, run: str, *, token: str) -> tuple[Review, ...]:
    """What reviewers said of a run, in all of its attempts. Raises `RemoteError`."""
    response = http.request(
        "GET",
        f"{repository_url(api_url, repository)}/actions/runs/{quote(run, safe='')}/approvals",
        what=f"read who approved the run {run} of {repository}",
        credential=Credential.bearer(api_url, token),
        headers=GITHUB_HEADERS,
    )
    return tuple(review_of(response, item) for item in response.array())


def review_of(response: Response, item: Any) -> Review:
    """A review from its payload."""
    try:
        names = tuple(str(environment["name"]) for environment in item["environments"])
        return Review(names, str(item["state"]), str(item["user"]["login"]))
    except (KeyError, TypeError):
        response.reject("has a review that names no environment, state or reviewer")
