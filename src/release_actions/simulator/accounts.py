"""Accounts, tokens, and what a token may do with a package or a repository. No HTTP: who asks learns a role or a yes.

The rules are GitHub's own, as far as its documentation and public reports tell them; see the package's docstring for
what is a guess.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


class Role(enum.IntEnum):
    """What an account or a repository may do with a package. Each role includes those below it."""

    NONE = 0
    READ = 1
    WRITE = 2
    ADMIN = 3


class TokenKind(enum.Enum):
    """Where a token comes from, which decides what it can never do."""

    CLASSIC = "classic"
    """A personal access token with scopes, `ghp_…`."""
    FINE_GRAINED = "fine-grained"
    """A personal access token with permissions, `github_pat_…`. GitHub Packages does not take it."""
    ACTIONS = "actions"
    """The GITHUB_TOKEN of a job, `ghs_…`: belongs to one repository."""
    APP = "app"
    """An installation token of a GitHub App, also `ghs_…`: belongs to one account."""


@dataclass
class Account:
    """A user or an organization. `members`: login -> `admin` or `member`, of an organization."""

    id: int
    login: str
    created: datetime
    organization: bool = False
    name: str = ""
    members: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Token:
    """A secret and what it stands for. `login` of a personal token, `repository` of a job's, `account` of an app's."""

    secret: str = field(repr=False)
    kind: TokenKind
    login: str = ""
    repository: str = ""
    account: str = ""
    scopes: frozenset[str] = frozenset()
    permissions: Mapping[str, str] = field(default_factory=dict)
    expires: datetime | None = None

    @property
    def name(self) -> str:
        """Who this is, for logs and limits. Never the secret."""
        return self.repository or self.account or self.login

    @property
    def is_integration(self) -> bool:
        """Whether GitHub calls it an integration: it has permissions, not scopes."""
        return self.kind in {TokenKind.ACTIONS, TokenKind.APP}

    def has_scope(self, scope: str) -> bool:
        """Whether a classic token's scopes include one. `write:packages` includes reading; `delete` stands alone."""
        implied = {"read:packages": {"write:packages"}, "public_repo": {"repo"}}.get(scope, set())
        return scope in self.scopes or bool(implied & self.scopes)

    def has_permission(self, name: str, level: str) -> bool:
        """Whether a token with permissions has one, at `read` or `write`."""
        return self.permissions.get(name) in ({"write"} if level == "write" else {"read", "write"})

    def may_read_packages(self) -> bool:
        """Whether scopes or permissions allow reading packages at all."""
        if self.kind is TokenKind.CLASSIC:
            return self.has_scope("read:packages")
        return self.kind is not TokenKind.FINE_GRAINED and self.has_permission("packages", "read")

    def may_write_packages(self) -> bool:
        """Whether scopes or permissions allow pushing at all."""
        if self.kind is TokenKind.CLASSIC:
            return self.has_scope("write:packages")
        return self.kind is not TokenKind.FINE_GRAINED and self.has_permission("packages", "write")

    def may_delete_packages(self) -> bool:
        """Whether scopes or permissions allow deleting at all. A classic token needs the read scope as well."""
        if self.kind is TokenKind.CLASSIC:
            return self.has_scope("read:packages") and self.has_scope("delete:packages")
        return self.may_write_packages()


def account_role(token: Token | None, account: Account) -> Role:
    """What a token is to an account: its owner, a member, or nobody."""
    if token is None:
        return Role.NONE
    if token.kind is TokenKind.APP:
        return Role.ADMIN if token.account.lower() == account.login.lower() else Role.NONE
    if token.kind is TokenKind.ACTIONS:
        return Role.NONE
    login = token.login.lower()
    if login == account.login.lower():
        return Role.ADMIN
    standing = {member.lower(): role for member, role in account.members.items()}.get(login)
    return {"admin": Role.ADMIN, "member": Role.READ}.get(standing or "", Role.NONE)


def package_role(token: Token | None, owner: Account, roles: Mapping[str, Role], *, public: bool) -> Role:
    """What a token may do with a package, by its own roles, by its owner's members, and by being public.

    `roles`: login or `owner/name` of a repository, in lower case -> role.
    """
    least = Role.READ if public else Role.NONE
    if token is None:
        return least
    own = roles.get((token.repository or token.login).lower(), Role.NONE)
    return max(least, own, account_role(token, owner))
