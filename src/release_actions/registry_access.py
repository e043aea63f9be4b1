"""Which registry a list of images is in, and which token may go there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from release_actions.context import Context
from release_actions.errors import InputError
from release_actions.http import Http
from release_actions.image_list import ListedImage
from release_actions.registry import Registry, registry_url
from release_actions.workflow import Workflow

GHCR = "ghcr.io"
GITHUB_TOKEN = re.compile(r"gh[a-z]_|github_pat_")
"""How GitHub's tokens begin."""

ANY_USER = "release-actions"
"""GHCR looks at the token only."""


def connect(
    http: Http, listed: Iterable[ListedImage], *, token: str, user: str, context: Context, log: Workflow
) -> Registry:
    """The registry that holds all images of a list. A token of GitHub's never goes to one that is not GitHub's.

    Raises `InputError` when the images are in several registries: one token cannot be for all of them.
    """
    hosts = sorted({image.registry for image in listed})
    if len(hosts) > 1:
        message = f"'image-list' names images of several registries, {', '.join(hosts)}."
        raise InputError(message, hint="Run the action once for each registry, with its token.")
    (host,) = hosts
    server = context.server_url.partition("://")[2]
    ours = host == GHCR or host.endswith(f".{server}") or bool(context.registry_url)
    if token and not ours and GITHUB_TOKEN.match(token):
        log.info(f"{host} is not GitHub's: it is asked without a token. Set registry-token to one of its own.")
        token = ""
    return Registry(http, registry_url(host, context.registry_url), token=token, user=user or ANY_USER)
