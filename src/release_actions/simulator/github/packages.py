"""Routes of GitHub Packages, for organizations, users and the user who asks.

Who may do what, in GitHub's words where they are known: a job's token cannot list an organization's packages, and
deletes only with `packages: write` and the package's admin role for its repository.
"""

from __future__ import annotations

from collections.abc import Callable

from release_actions.simulator.accounts import Account, Role, Token, TokenKind, package_role
from release_actions.simulator.github.accounts import self_of
from release_actions.simulator.github.answers import http_error, not_accessible, paged, paged_list
from release_actions.simulator.github.bodies import Bodies
from release_actions.simulator.origin import Answer, Call, Route
from release_actions.simulator.packages import Package, RefusedError, Version

PAGE = "packages/packages"
TYPES = frozenset({"npm", "maven", "rubygems", "docker", "nuget", "container"})

Space = Callable[[Call, dict[str, str]], Account]
"""Finds the account that a route is about."""


def organization(call: Call, parts: dict[str, str]) -> Account:
    """The organization of `/orgs/{org}/…`."""
    account = call.world.account(parts.pop("org"))
    if account is None or not account.organization:
        raise http_error(404, "Not Found", PAGE)
    return account


def user(call: Call, parts: dict[str, str]) -> Account:
    """The user of `/users/{username}/…`. An organization is not found there."""
    account = call.world.account(parts.pop("username"))
    if account is None or account.organization:
        raise http_error(404, "Not Found", PAGE)
    return account


def myself(call: Call, _parts: dict[str, str]) -> Account:
    """The user who asks, of `/user/…`."""
    return self_of(call)


def list_packages(call: Call, owner: Account) -> Answer:
    """The packages of an account that the client may see, newest first."""
    docs = f"{PAGE}#list-packages-for-an-organization"
    token = may_read(call, "list packages", docs)
    if owner.organization and token.kind is TokenKind.ACTIONS:
        raise http_error(400, "Invalid argument.", docs)
    kind = call.arg("package_type")
    if kind not in TYPES:
        raise http_error(400, "Package type is missing or invalid.", docs)
    wanted = call.arg("visibility")
    packages = [
        package
        for package in call.world.packages.values()
        if package.owner == owner.login
        and kind == "container"
        and wanted in {"", package.visibility}
        and role(call, owner, package) >= Role.READ
    ]
    packages.sort(key=lambda package: (package.created, package.id), reverse=True)
    return paged_list(call, packages, Bodies(call.world, call.base).package)


def get_package(call: Call, owner: Account, package_type: str, package_name: str) -> Answer:
    """One package."""
    package = readable(call, owner, package_type, package_name)
    return Answer(200, Bodies(call.world, call.base).package(package))


def delete_package(call: Call, owner: Account, package_type: str, package_name: str) -> Answer:
    """Delete a package with all its versions."""
    package = deletable(call, owner, package_type, package_name)
    try:
        call.world.delete_package(package)
    except RefusedError as error:
        raise http_error(400, str(error), PAGE) from error
    return Answer(204)


def restore_package(call: Call, owner: Account, package_type: str, package_name: str) -> Answer:
    """Bring a deleted package back."""
    docs = f"{PAGE}#restore-a-package-for-an-organization"
    package = call.world.deleted_packages.get(f"{owner.login}/{package_name}".lower())
    if package is None or package_type != "container":
        may_read(call, "restore a package", docs)
        raise http_error(404, "Package not found.", docs)
    check_admin(call, owner, package, docs)
    try:
        call.world.restore_package(package.path)
    except RefusedError as error:
        raise http_error(404, str(error), docs) from error
    return Answer(204)


def list_versions(call: Call, owner: Account, package_type: str, package_name: str) -> Answer:
    """The versions of a package, newest first: those there are, or with `state=deleted` those deleted.

    `RegistryBehavior.shuffles_versions` lists the versions that are there in another order.
    """
    package = readable(call, owner, package_type, package_name)
    bodies = Bodies(call.world, call.base)
    if call.arg("state") == "deleted":
        check_admin(call, owner, package, PAGE)
        versions = package.restorable(call.world.now())
        return paged_list(call, versions, lambda version: bodies.package_version(package, version))
    return paged(
        call,
        len(package.versions()),
        package.shuffled if call.world.behavior.shuffles_versions else package.newest,
        lambda version: bodies.package_version(package, version),
    )


def get_version(call: Call, owner: Account, package_type: str, package_name: str, package_version_id: str) -> Answer:
    """One version."""
    package = readable(call, owner, package_type, package_name)
    shown = version(package, package_version_id, deleted=False)
    return Answer(200, Bodies(call.world, call.base).package_version(package, shown))


def delete_version(call: Call, owner: Account, package_type: str, package_name: str, package_version_id: str) -> Answer:
    """Delete one version: 204, 404 if it is gone, 400 where GitHub refuses."""
    package = deletable(call, owner, package_type, package_name)
    try:
        package.delete(version(package, package_version_id, deleted=False), call.world.now())
    except RefusedError as error:
        raise http_error(400, str(error), f"{PAGE}#delete-package-version-for-an-organization") from error
    return Answer(204)


def restore_version(
    call: Call, owner: Account, package_type: str, package_name: str, package_version_id: str
) -> Answer:
    """Bring one version back."""
    package = deletable(call, owner, package_type, package_name)
    try:
        call.world.restore_version(package, version(package, package_version_id, deleted=True))
    except RefusedError as error:
        raise http_error(404, str(error), f"{PAGE}#restore-package-version-for-an-organization") from error
    return Answer(204)


def may_read(call: Call, what: str, docs: str) -> Token:
    """The client's token, if it may read packages at all. Public packages need a token here as well."""
    token = call.token
    if token is None:
        raise http_error(401, "Requires authentication", docs)
    if token.kind is TokenKind.CLASSIC and not token.may_read_packages():
        raise http_error(403, f"You need at least read:packages scope to {what}.", docs)
    if not token.may_read_packages():
        raise not_accessible(call, "packages=read", docs)
    return token


def role(call: Call, owner: Account, package: Package) -> Role:
    """What the client may do with a package."""
    return package_role(call.token, owner, package.roles, public=package.public)


def readable(call: Call, owner: Account, package_type: str, package_name: str) -> Package:
    """A package as a reader sees it. Raises `HttpError`: not there and not to be seen are the same."""
    docs = f"{PAGE}#get-a-package-for-an-organization"
    may_read(call, "get a package", docs)
    path = f"{owner.login}/{package_name}".lower()
    package = call.world.package(path)
    if package_type == "container" and package is not None and role(call, owner, package) >= Role.READ:
        package = call.world.seen(path)
        if package is not None:
            return package
    raise http_error(404, "Package not found.", docs)


def deletable(call: Call, owner: Account, package_type: str, package_name: str) -> Package:
    """A package as it is, for a client that may delete in it. Raises `HttpError`."""
    docs = f"{PAGE}#delete-package-version-for-an-organization"
    may_read(call, "delete a package version", docs)
    package = call.world.package(f"{owner.login}/{package_name}")
    if package_type != "container" or package is None or role(call, owner, package) < Role.READ:
        raise http_error(404, "Package not found.", docs)
    check_admin(call, owner, package, docs)
    return package


def check_admin(call: Call, owner: Account, package: Package, docs: str) -> None:
    """Raise `HttpError` unless the client may delete packages and administers this one."""
    token = may_read(call, "delete a package version", docs)
    if token.kind is TokenKind.CLASSIC:
        if not token.may_delete_packages():
            message = "You need at least delete:packages and read:packages scope to delete a package version."
            raise http_error(403, message, docs)
        if role(call, owner, package) < Role.ADMIN:
            raise http_error(403, "You do not have permission to delete this package version.", docs)
    elif not token.may_delete_packages() or role(call, owner, package) < Role.ADMIN:
        raise not_accessible(call, "packages=write", docs)


def version(package: Package, number: str, *, deleted: bool) -> Version:
    """A version by the id in a route. Raises `HttpError`."""
    version_or_none = package.version(int(number), deleted=deleted) if number.isdecimal() else None
    if version_or_none is None:
        raise http_error(404, "Package version not found.", PAGE)
    return version_or_none


def in_space(space: Space, handler: Callable[..., Answer]) -> Callable[..., Answer]:
    """A handler for the packages of one kind of account."""

    def handle(call: Call, **parts: str) -> Answer:
        return handler(call, space(call, parts), **parts)

    return handle


SPACES: tuple[tuple[str, Space], ...] = (
    ("/orgs/<org>", organization),
    ("/users/<username>", user),
    ("/user", myself),
)

ONE = "/packages/<package_type>/<package_name>"

ROUTES: tuple[Route, ...] = tuple(
    (method, root + rest, in_space(space, handler))
    for root, space in SPACES
    for method, rest, handler in (
        ("GET", "/packages", list_packages),
        ("GET", ONE, get_package),
        ("DELETE", ONE, delete_package),
        ("POST", f"{ONE}/restore", restore_package),
        ("GET", f"{ONE}/versions", list_versions),
        ("GET", f"{ONE}/versions/<package_version_id>", get_version),
        ("DELETE", f"{ONE}/versions/<package_version_id>", delete_version),
        ("POST", f"{ONE}/versions/<package_version_id>/restore", restore_version),
    )
)
