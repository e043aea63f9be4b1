"""Checks packages: whether they are there, public, and linked to the repository that releases."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from release_actions.adoption.checkup import CheckLine, found, never, passed, unknown
from release_actions.config import Config, Package
from release_actions.github.settings import Ask, Setting

HOME = "ghcr.io"


def check_packages(config: Config, ask: Ask, server_url: str) -> Iterator[CheckLine]:
    """Every package on GHCR, once. Other registries have no API for this."""
    seen: set[str] = set()
    for package in (*config.published, *config.pull_requests):
        if package.registry == HOME and package.name not in seen:
            seen.add(package.name)
            yield from check_package(config, package, ask, server_url)


def check_package(config: Config, package: Package, ask: Ask, server_url: str) -> Iterator[CheckLine]:
    """One package."""
    title = f"Package {package.name}"
    page = f"{server_url}/orgs/{package.owner}/packages/container/{quote(package.package, safe='')}/settings"
    setting = read_package(package, ask)
    if setting.is_absent:
        text = "It is not there, or this token does not see it. The first push of a job makes and links it."
        yield never(
            title, text, "Push it first from a workflow, not by hand: a package that is pushed by hand has no link."
        )
        return
    if not setting.is_known:
        yield unknown(title, setting, f"See {page}.")
        return
    visibility = str(setting.body.get("visibility", ""))
    linked = str((setting.body.get("repository") or {}).get("full_name", ""))
    yield passed(title, f"It is {visibility}.")
    if linked.lower() == config.repository.lower():
        yield passed(title, f"It is linked to {linked}.")
    elif linked:
        yield found(title, f"It is linked to {linked}.", f"Link it to {config.repository}. See {page}.")
    else:
        yield found(
            title, "It is linked to no repository, so a job's token cannot write to it.", f"Link it. See {page}."
        )
    text = "No API says which role the repository has on it."
    yield never(title, text, f"Jobs need Write to push and Admin to delete, under Manage Actions access: {page}.")


def read_package(package: Package, ask: Ask) -> Setting:
    """The package of an organisation, else of a user."""
    name = quote(package.package, safe="")
    setting = ask(f"orgs/{package.owner}/packages/container/{name}")
    return ask(f"users/{package.owner}/packages/container/{name}") if setting.is_absent else setting
