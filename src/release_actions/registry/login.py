"""Who logs in to a registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from release_actions.runner import secret_lines

CREDENTIALS = "Input 'registry-credentials'"


@dataclass(frozen=True)
class Login:
    """What is needed to log in to registries. `host`: another host that the token may be sent to.

    `secrets`: name in release.yaml -> value, of the registries that have credentials of their own.
    """

    token: str = field(repr=False)
    user: str = ""
    host: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class HostLogin:
    """A registry that a run asks. `user` and `password` are names of secrets; empty where release.yaml names none."""

    host: str
    user: str = ""
    password: str = ""


def read_login(token: str, user: str, host: str, credentials: str) -> Login:
    """The login of a command's inputs. `credentials`: NAME=value lines. Raises `InputError` for others."""
    return Login(token, user, host, secret_lines.parse(credentials, CREDENTIALS))
