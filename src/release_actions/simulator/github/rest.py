"""The REST API's face: its routes, how it recognises clients, its limits and the headers of every answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from werkzeug.wrappers import Request

from release_actions.simulator import storage
from release_actions.simulator.accounts import Token, TokenKind
from release_actions.simulator.github import (
    accounts,
    assets,
    attestations,
    checks,
    comments,
    environments,
    git,
    git_objects,
    graphql,
    issues,
    packages,
    pull_changes,
    pulls,
    releases,
    repositories,
    statuses,
    workflows,
)
from release_actions.simulator.github.answers import http_error, not_found, problem
from release_actions.simulator.limits import LimitedError, Standing
from release_actions.simulator.origin import Answer, Call, HttpError, Route
from release_actions.simulator.world import World

SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "If you reach out to GitHub Support for help, please include the request ID."
)
UNCOUNTED = frozenset({"/rate_limit", "/_storage/blobs/{digest}"})
LIMITS_PAGE = "using-the-rest-api/rate-limits-for-the-rest-api"


class Rest:
    """GitHub's REST API."""

    name = "api"
    routes: Sequence[Route] = (
        *accounts.ROUTES,
        *packages.ROUTES,
        *repositories.ROUTES,
        *git.ROUTES,
        *git_objects.ROUTES,
        *pulls.ROUTES,
        *pull_changes.ROUTES,
        *issues.ROUTES,
        *checks.ROUTES,
        *releases.ROUTES,
        *assets.ROUTES,
        *workflows.ROUTES,
        *statuses.ROUTES,
        *comments.ROUTES,
        *environments.ROUTES,
        *attestations.ROUTES,
        *graphql.ROUTES,
        ("GET", storage.ROUTE, storage.fetch),
    )

    def identify(self, world: World, request: Request) -> Token | None:
        """The token of a request; None without one. Raises `HttpError` for one that is not valid."""
        header = request.headers.get("Authorization", "")
        if not header or request.path.startswith("/_storage/"):
            return None
        kind, _, secret = header.partition(" ")
        if kind.lower() == "basic":
            credentials = request.authorization
            secret = (credentials.password if credentials else None) or ""
        token = world.token(secret.strip()) if kind.lower() in {"bearer", "token", "basic"} else None
        if token is None:
            raise http_error(401, "Bad credentials")
        return token

    def admit(self, call: Call) -> Mapping[str, str]:
        """Count a request. Returns the headers that tell where the client stands."""
        if call.route in UNCOUNTED:
            return {}
        limits, method = call.world.limits, call.request.method
        try:
            standing = limits.charge(call.token, method, call.route, in_flight=call.in_flight, now=call.world.now())
        except LimitedError as error:
            raise HttpError(self._limited(call, error)) from error
        return where(standing, "graphql" if call.route == graphql.PATH else "core")

    def _limited(self, call: Call, error: LimitedError) -> Answer:
        status = call.world.limits.status
        if error.retry_after is not None:
            answer = self.broken(status, error.retry_after, secondary=True)
        else:
            who = call.token.name if call.token else call.request.remote_addr
            answer = problem(status, f"API rate limit exceeded for {who}.", LIMITS_PAGE)
        answer.headers.update(where(error.standing))
        return answer

    def unknown(self, allowed: Sequence[str]) -> Answer:  # noqa: ARG002  # the face's form
        """GitHub does not tell a wrong method from a wrong path."""
        return not_found().answer

    def broken(self, status: int, retry_after: int | None, *, secondary: bool) -> Answer:
        """The answer of a fault."""
        messages = {429: "Too many requests", 502: "Server Error", 503: "Service Unavailable"}
        message = SECONDARY if secondary else messages.get(status, "Server Error")
        answer = problem(status, message, LIMITS_PAGE if secondary else "")
        if retry_after is not None:
            answer.headers["Retry-After"] = str(retry_after)
        return answer

    def stamp(self, call: Call, answer: Answer) -> None:
        """Request id, API version, and what the token may do."""
        headers = answer.headers
        headers["Server"] = "github.com"
        headers["X-GitHub-Request-Id"] = f"A1B2:{call.world.next_id('request'):08X}"
        headers["X-GitHub-Media-Type"] = "github.v3; format=json"
        headers["X-GitHub-Api-Version-Selected"] = "2022-11-28"
        token = call.token
        if token is not None and token.kind is TokenKind.CLASSIC:
            headers["X-OAuth-Scopes"] = ", ".join(sorted(token.scopes))


class Uploads(Rest):
    """The host that takes release assets, `uploads.github.com`, and the storage that they are fetched from."""

    name = "uploads"
    routes: Sequence[Route] = (*assets.UPLOADS, ("GET", storage.ROUTE, storage.fetch))


def where(standing: Standing, resource: str = "core") -> dict[str, str]:
    """The headers of the primary limit; none where it is off."""
    if not standing.limit:
        return {}
    return {
        "X-RateLimit-Limit": str(standing.limit),
        "X-RateLimit-Remaining": str(standing.remaining),
        "X-RateLimit-Used": str(standing.used),
        "X-RateLimit-Reset": str(int(standing.reset.timestamp())),
        "X-RateLimit-Resource": resource,
    }
