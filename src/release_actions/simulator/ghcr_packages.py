"""What GHCR does with a package: who may read or write it, the tags a push writes, the version that answers a read."""

from __future__ import annotations

from release_actions.simulator import oci
from release_actions.simulator.accounts import Role, Token, account_role, package_role
from release_actions.simulator.behavior import cut_names
from release_actions.simulator.ghcr_answers import (
    DENIED,
    WRONG_SCOPES,
    make_problem,
)
from release_actions.simulator.oci import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from release_actions.simulator.origin import HttpError
from release_actions.simulator.packages import Package, Version
from release_actions.simulator.world import World


def check(world: World, token: Token, name: str, package: Package | None, need: Role) -> None:
    """Raise `HttpError` unless a token may read, or write, a package, or create it if there is none."""
    account = world.account(name.partition("/")[0])
    allowed = token.may_read_packages() if need is Role.READ else token.may_write_packages()
    if account is None:
        role = Role.NONE
    elif package is None:
        same = token.repository.lower().startswith(account.login.lower() + "/")
        role = Role.WRITE if same or account_role(token, account) >= Role.READ else Role.NONE
    else:
        role = package_role(token, account, package.roles, public=package.public)
        allowed = allowed or (need is Role.READ and package.public)
    if role < Role.READ:
        raise HttpError(make_problem(403, "DENIED", DENIED))
    if not allowed:
        raise HttpError(make_problem(403, "DENIED", WRONG_SCOPES))
    if role < need:
        raise HttpError(make_problem(403, "DENIED", "permission_denied: write_package"))


def put_tags(world: World, name: str, manifest: oci.Manifest, tag: str) -> None:
    """Push a manifest under a tag, and under the tags that the registry cuts from it where it does that."""
    for written in (tag, *(cut_names(tag) if world.behavior.cuts_tags else ())):
        if world.behavior.stale_tag_reads:
            world.lag_tag(name, written, world.behavior.stale_tag_reads)
        world.put_manifest(name, manifest, written)


def negotiate(package: Package, version: Version, accept: set[str]) -> Version:
    """The version to answer with, by what the client takes. Raises `HttpError`.

    As the distribution registry does it, from where GHCR's own error texts come: no `*/*`, and a client that takes
    only Docker's plain manifest gets the linux/amd64 child of a Docker list, with that child's digest.
    """
    media_type = version.manifest.media_type
    if media_type in accept or media_type == DOCKER_MANIFEST:
        return version
    if media_type == DOCKER_LIST and DOCKER_MANIFEST in accept:
        children = dict(zip(version.manifest.platforms, version.manifest.children, strict=False))
        child = package.find(children.get("linux/amd64", "sha256:"))
        if child is not None:
            return child
    kinds = {OCI_INDEX: ("OCI index", "OCI indexes"), OCI_MANIFEST: ("OCI manifest", "OCI manifests")}
    one, many = kinds.get(media_type, ("manifest list", "manifest lists"))
    message = f"{one} found, but Accept header does not support {many}"
    raise HttpError(make_problem(404, "MANIFEST_UNKNOWN", message))
