"""Finding the repository that a route is about, for a client that may read or write it."""

from __future__ import annotations

from release_actions.simulator.accounts import Role, TokenKind
from release_actions.simulator.github.answers import http_error, not_accessible, not_found
from release_actions.simulator.origin import Call
from release_actions.simulator.repositories import Repository


def readable(call: Call, owner: str, repo: str, docs: str, permission: str = "contents") -> Repository:
    """A repository to read. Raises `HttpError`: not there and not to be seen are the same."""
    repository = call.world.repository(f"{owner}/{repo}")
    if repository is None or repository.role(call.token, permission) < Role.READ:
        raise not_found(docs)
    return repository


def writable(call: Call, owner: str, repo: str, docs: str, permission: str = "contents") -> Repository:
    """A repository to write to. Raises `HttpError`."""
    repository = readable(call, owner, repo, docs, permission)
    if call.token is None:
        raise http_error(401, "Requires authentication", docs)
    if repository.role(call.token, permission) < Role.WRITE:
        if call.token.kind is TokenKind.CLASSIC:
            raise not_found(docs)
        raise not_accessible(call, f"{permission}=write", docs)
    return repository
