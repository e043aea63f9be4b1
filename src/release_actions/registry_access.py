"""Which registry a list of images is in, and which token may go there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from release_actions.context import Context
from release_actions.errors import InputError
from release_actions.http import Http
from release_actions.image_list import ListedImage
from release_actions.registry import Registry, registry_url
from release_actions.workflow import Workflow

GITHUB_TOKEN = re.compile(r"gh[a-z]_|github_pat_")
"""How GitHub's tokens begin."""

ANY_USER = "release-actions"
"""GHCR looks at the token only."""


@dataclass(frozen=True)
class Login:
    """What is needed to log in to a registry. `host`: another host that its token may be sent to."""

    token: str
    user: str = ""
    host: str = ""


def connect(http: Http, listed: Iterable[ListedImage], login: Login, context: Context, log: Workflow) -> Registry:
    """The registry that holds all images of a list. A token of GitHub's never goes to one that is not GitHub's.

    Raises `InputError` when the images are in several registries: one token cannot be for all of them.
    """
    hosts = sorted({image.registry for image in listed})
    if len(hosts) > 1:
        message = f"'image-list' names images of several registries, {', '.join(hosts)}."
        raise InputError(message, hint="Run the action once for each registry, with its token.")
    (host,) = hosts
    token = login.token
    if not context.is_github_registry(host) and GITHUB_TOKEN.match(token):
        log.info(f"{host} is not GitHub's: it is asked without a token. Set registry-token to one of its own.")
        token = ""
    url = registry_url(host, context.registry_url)
    return Registry(http, url, token=token, user=login.user or ANY_USER, token_service=login.host)
