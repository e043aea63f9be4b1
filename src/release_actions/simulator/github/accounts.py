"""Routes about accounts and the rate limit."""

from __future__ import annotations

from typing import Any

from release_actions.simulator.accounts import Account, TokenKind
from release_actions.simulator.github.answers import http_error, not_accessible, not_found
from release_actions.simulator.github.bodies import Bodies
from release_actions.simulator.limits import Standing
from release_actions.simulator.origin import Answer, Call, Route

USER = "users/users#get-a-user"
ORGANIZATION = "orgs/orgs#get-an-organization"
SELF = "users/users#get-the-authenticated-user"


def get_user(call: Call, username: str) -> Answer:
    """`/users/{username}`: an organization too, with its type."""
    account = call.world.account(username)
    if account is None:
        raise not_found(USER)
    return Answer(200, Bodies(call.world, call.base).user(account))


def get_organization(call: Call, org: str) -> Answer:
    """`/orgs/{org}`."""
    account = call.world.account(org)
    if account is None or not account.organization:
        raise not_found(ORGANIZATION)
    return Answer(200, Bodies(call.world, call.base).organization(account))


def get_self(call: Call) -> Answer:
    """`/user`: for people only, a job's token has no user."""
    return Answer(200, Bodies(call.world, call.base).private_user(self_of(call)))


def self_of(call: Call) -> Account:
    """The user behind a personal token. Raises `HttpError` for any other client."""
    token = call.token
    if token is None:
        raise http_error(401, "Requires authentication", SELF)
    account = call.world.account(token.login) if token.kind in {TokenKind.CLASSIC, TokenKind.FINE_GRAINED} else None
    if account is None:
        raise not_accessible(call, "", SELF)
    return account


def rate_limit(call: Call) -> Answer:
    """`/rate_limit`: does not count itself."""
    core = shown(call.world.limits.standing(call.token, call.world.now()))
    rest = {**core, "used": 0, "remaining": core["limit"]}
    return Answer(200, {"resources": {"core": core, "search": rest, "graphql": rest}, "rate": core})


def shown(standing: Standing) -> dict[str, Any]:
    """GitHub's `rate-limit`."""
    return {
        "limit": standing.limit,
        "used": standing.used,
        "remaining": standing.remaining,
        "reset": int(standing.reset.timestamp()),
    }


ROUTES: tuple[Route, ...] = (
    ("GET", "/users/<username>", get_user),
    ("GET", "/orgs/<org>", get_organization),
    ("GET", "/user", get_self),
    ("GET", "/rate_limit", rate_limit),
)
