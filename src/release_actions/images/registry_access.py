"""Which registries images are in, and which token may go where.

A token of GitHub's must never be sent to a registry that is not GitHub's. Every command asks here before it does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from release_actions.config import Config, Package
from release_actions.errors import ConfigurationError, InputError, Problem
from release_actions.http.client import Http
from release_actions.http.origins import Origin
from release_actions.images.image_list import ListedImage
from release_actions.registry.client import Registry, registry_url
from release_actions.registry.login import CREDENTIALS, HostLogin, Login
from release_actions.registry.registries import Registries
from release_actions.runner import secret_lines
from release_actions.runner.context import GHCR, LOOPBACK, Context
from release_actions.runner.workflow import Workflow

GITHUB_TOKEN = re.compile(r"gh[a-z]_|github_pat_")
"""How GitHub's tokens begin."""

ANY_USER = "release-actions"
"""GHCR checks the token only."""


def connect(
    http: Http, hosts: Iterable[HostLogin], login: Login, context: Context, log: Workflow, *, for_github: str = ""
) -> Registries:
    """A client for each registry of a run, with no token but the one that is meant for it.

    `for_github`: the token that the run uses for GitHub, where it has one. Raises `InputError` when nothing says which
    of several registries the token of the run is for.
    """
    known = {each.host: each for each in hosts}
    logins = choose_logins(known, login, context, log, for_github=for_github)
    return Registries({host: connect_to(http, host, logins[host], context) for host in known})


def connect_to(http: Http, host: str, login: Login, context: Context) -> Registry:
    """The registry of a name. `login` is sent there."""
    url = registry_url(host, context.find_registry_url(host))
    return Registry(http, url, token=login.token, user=login.user or ANY_USER, token_service=login.host)


def list_hosts(images: Iterable[ListedImage]) -> Iterator[HostLogin]:
    """The registries of a list of images."""
    for image in images:
        names = (str(image.entry.get(key) or "") for key in ("username-secret", "password-secret"))
        yield HostLogin(image.registry, *names)


def list_package_hosts(packages: Iterable[Package]) -> Iterator[HostLogin]:
    """The registries of packages of a configuration."""
    for package in packages:
        yield HostLogin(package.registry, package.credentials.username, package.credentials.password)


def choose_logins(
    hosts: Mapping[str, HostLogin], login: Login, context: Context, log: Workflow, *, for_github: str = ""
) -> dict[str, Login]:
    """Host -> what it is logged in to with: its own secrets where the run has them, else the token of the run.

    GitHub's token goes to GitHub's registry. Another one goes to the only registry there is: of several, one would get
    what is meant for another. So would another host that the token may be sent to.
    """
    own = {
        host: pick_login(each, login if len(hosts) == 1 else replace(login, host=""), log)
        for host, each in hosts.items()
        if login.secrets and each.user and not (len(hosts) == 1 and each.user not in login.secrets)
    }
    rest = [host for host in hosts if host not in own]
    is_github = bool(GITHUB_TOKEN.match(login.token)) or login.token == for_github
    if login.token and not is_github and len(hosts) > 1 and rest:
        message = f"Input 'registry-token' is for one registry, and the images are in {', '.join(sorted(hosts))}."
        hint = (
            "Name the secrets of each registry below 'credentials' in release.yaml, and pass them as input "
            "registry-credentials."
        )
        raise InputError(message, hint=hint)
    tokens = {host: choose_token(host, login.token, context, log, for_github=for_github) for host in rest}
    return {**own, **{host: replace(login, token=token) for host, token in tokens.items()}}


def pick_login(each: HostLogin, login: Login, log: Workflow) -> Login:
    """The login of a registry by the names of its secrets. Raises `InputError` with those that are not there."""
    values = secret_lines.pick(login.secrets, {"user": each.user, "password": each.password}, CREDENTIALS)
    # GitHub hides the whole secret of the run. Not the user: it may be a part of every package's name.
    log.mask(values["password"])
    return Login(values["password"], values["user"], login.host)


def require_logins(hosts: Iterable[HostLogin], login: Login, context: Context) -> None:
    """Raise `InputError` where a run is to write, and has no login for one of several registries or of a named one.

    A registry without credentials that is the only one, or on this machine, may be one that asks for none.
    """
    known = {each.host: each for each in hosts}
    is_githubs = not login.token or bool(GITHUB_TOKEN.match(login.token))
    problems = [
        Problem(
            f"Nothing logs in to {host}, where images are to be published.",
            f"Add {host} to 'credentials' in release.yaml with the names of two secrets, and pass these as input "
            "registry-credentials.",
        )
        for host, each in known.items()
        if not (each.user and login.secrets)
        and not context.is_github_registry(host)
        and (is_githubs if each.user else len(known) > 1 and not re.fullmatch(LOOPBACK, host))
    ]
    if problems:
        raise InputError(problems=problems)


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
