"""Which registry a list of images is in, and which token may go there.

A token of GitHub's must never be sent to a registry that is not GitHub's. Every command asks here before it does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from release_actions.config import Config
from release_actions.errors import ConfigurationError, InputError
from release_actions.http.client import Http
from release_actions.http.origins import Origin
from release_actions.images.image_list import ListedImage
from release_actions.registry.client import Registry, registry_url
from release_actions.registry.login import Login
from release_actions.runner.context import GHCR, Context
from release_actions.runner.workflow import Workflow

GITHUB_TOKEN = re.compile(r"gh[a-z]_|github_pat_")
"""How GitHub's tokens begin."""

ANY_USER = "release-actions"
"""GHCR checks the token only."""


def connect(http: Http, listed: Iterable[ListedImage], login: Login, context: Context, log: Workflow) -> Registry:
    """The registry that holds all images of a list.

    Raises `InputError` when the images are in several registries: one token cannot be for all of them.
    """
    hosts = sorted({image.registry for image in listed})
    if len(hosts) > 1:
        message = f"'image-list' names images of several registries, {', '.join(hosts)}."
        raise InputError(message, hint="Run the action once for each registry, with its token.")
    return connect_to(http, hosts[0], login, context, log)


def connect_to(
    http: Http, host: str, login: Login, context: Context, log: Workflow, *, for_github: str = ""
) -> Registry:
    """The registry of a name. `for_github`: the token that the run uses for GitHub, where it has one."""
    token = choose_token(host, login.token, context, log, for_github=for_github)
    url = registry_url(host, context.registry_url)
    return Registry(http, url, token=token, user=login.user or ANY_USER, token_service=login.host)


def choose_token(host: str, token: str, context: Context, log: Workflow, *, for_github: str = "") -> str:
    """The token to log in to a registry with: empty where it is GitHub's and the registry is not, which is said.

    GitHub's are known by how they begin, and by being the one that the run uses for GitHub, `for_github`: tokens of an
    older server are plain digits.
    """
    githubs = bool(GITHUB_TOKEN.match(token)) or token == for_github
    if not token or not githubs or context.is_github_registry(host):
        return token
    log.info(f"{host} is not GitHub's registry, so it is read without a token. Set registry-token to one of its own.")
    return ""


def connect_to_package(context: Context, config: Config | None, action: str) -> str:
    """The registry whose images are the packages of this run's GitHub: GHCR, or `containers.HOST` of another server.

    The token for GitHub's API goes there, so it follows from the API's address. Raises `ConfigurationError` when the
    configuration names another one.
    """
    host = Origin.of(context.api_url).host.removeprefix("api.")
    own = GHCR if host == "github.com" else f"containers.{host}"
    if config is None or config.registry == own or (context.registry_url and config.registry == GHCR):
        return config.registry if config else own
    message = f"{config.registry} is not GitHub's registry."
    hint = (
        f"{action} deletes package versions only on {own}, the registry of {host}. Set registry to {own}, or correct "
        "GITHUB_API_URL (--api-url)."
    )
    raise ConfigurationError(message, hint=hint, place=config.at("registry"))
