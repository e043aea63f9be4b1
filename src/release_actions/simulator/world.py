"""The state behind both origins: accounts, repositories, packages, blobs, tokens and the clock. No HTTP in it.

One lock guards it all: whoever reads or writes more than one thing holds `world.lock`. The methods here take it
themselves. `dump` shows the whole state as JSON in a stable order.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from release_actions.simulator.accounts import Account, Role, Token, TokenKind
from release_actions.simulator.behavior import RegistryBehavior
from release_actions.simulator.clock import Clock, stamp
from release_actions.simulator.image_factory import Image
from release_actions.simulator.limits import Limits
from release_actions.simulator.oci import Manifest, digest_of
from release_actions.simulator.packages import DOWNLOADS as DOWNLOAD_LIMIT
from release_actions.simulator.packages import POPULAR_PACKAGE, RESTORABLE, Package, RefusedError, Version
from release_actions.simulator.repositories import Repository


class World:
    """An embedded GitHub: see the module."""

    def __init__(
        self, clock: Clock | None = None, *, behavior: RegistryBehavior | None = None, limits: Limits | None = None
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock or Clock()
        self.behavior = behavior or RegistryBehavior()
        self.limits = limits or Limits()
        self.accounts: dict[str, Account] = {}
        self.repositories: dict[str, Repository] = {}
        self.packages: dict[str, Package] = {}
        self.deleted_packages: dict[str, Package] = {}
        self.tokens: dict[str, Token] = {}
        self.blobs: dict[str, bytes] = {}
        self.links: dict[str, set[str]] = {}
        """Registry path -> digests of the blobs that are readable there."""
        self.lagging: dict[str, Lag] = {}
        self.stale_tags: dict[tuple[str, str], StaleTag] = {}
        """Registry path and tag -> what readers of that tag still see."""
        self.hidden_from_search: set[str] = set()
        """Logins whose pull requests no search finds, as GitHub does it with suspended accounts."""
        self._ids: dict[str, int] = {}

    def next_id(self, kind: str) -> int:
        """A fresh id. Ids of one kind grow with time, as GitHub's do."""
        with self.lock:
            self._ids[kind] = self._ids.get(kind, FIRST_IDS.get(kind, 1000)) + 1
            return self._ids[kind]

    def now(self) -> datetime:
        """The time in this world."""
        return self.clock.now()

    # Who and what there is

    def add_account(
        self,
        login: str,
        *,
        organization: bool = False,
        members: Mapping[str, str] | None = None,
        name: str = "",
    ) -> Account:
        """A user or an organization. Raises `ValueError` if the login is taken."""
        with self.lock:
            if login.lower() in self.accounts:
                message = f"account {login} exists"
                raise ValueError(message)
            account = Account(self.next_id("account"), login, self.now(), organization, name, dict(members or {}))
            self.accounts[login.lower()] = account
            return account

    def account(self, login: str) -> Account | None:
        """An account by its login, in any case."""
        return self.accounts.get(login.lower())

    def add_repository(
        self, full_name: str, *, private: bool = False, default_branch: str = "main", description: str = ""
    ) -> Repository:
        """A repository `owner/name` without commits. Raises `ValueError` for an unknown owner or a taken name."""
        with self.lock:
            owner, _, name = full_name.partition("/")
            account = self.account(owner)
            if account is None or full_name.lower() in self.repositories:
                message = f"repository {full_name} exists" if account else f"account {owner} does not exist"
                raise ValueError(message)
            repository = Repository(
                self.next_id("repository"), account, name, self.now(), private, default_branch, description
            )
            self.repositories[full_name.lower()] = repository
            return repository

    def repository(self, full_name: str) -> Repository | None:
        """A repository by `owner/name`, in any case."""
        return self.repositories.get(full_name.lower())

    def add_token(
        self,
        secret: str,
        kind: TokenKind = TokenKind.CLASSIC,
        *,
        login: str = "",
        repository: str = "",
        account: str = "",
        scopes: Iterable[str] = (),
        permissions: Mapping[str, str] | None = None,
        expires: datetime | None = None,
    ) -> Token:
        """A token that requests may carry from now on."""
        token = Token(secret, kind, login, repository, account, frozenset(scopes), dict(permissions or {}), expires)
        with self.lock:
            self.tokens[secret] = token
        return token

    def token(self, secret: str) -> Token | None:
        """The token behind a secret, unless it expired."""
        with self.lock:
            token = self.tokens.get(secret)
            expired = token is not None and token.expires is not None and token.expires <= self.now()
            return None if expired else token

    # Packages

    def add_package(
        self,
        path: str,
        *,
        visibility: str = "",
        repository: str = "",
        roles: Mapping[str, Role] | None = None,
    ) -> Package:
        """An empty package `owner/name`. Raises `ValueError` for an unknown owner or a taken name.

        A linked repository has the admin role unless `roles` says otherwise: it is what a package has that was
        created by a workflow of that repository.
        """
        with self.lock:
            owner, _, name = path.partition("/")
            account = self.account(owner)
            if account is None or path.lower() in self.packages:
                message = f"package {path} exists" if account else f"account {owner} does not exist"
                raise ValueError(message)
            granted = {who.lower(): role for who, role in (roles or {}).items()}
            if repository:
                granted.setdefault(repository.lower(), Role.ADMIN)
            package = Package(
                self.next_id("package"),
                account.login,
                name.lower(),
                self.now(),
                self.now(),
                visibility or self.behavior.new_packages,
                repository,
                granted,
            )
            self.packages[package.path] = package
            return package

    def package(self, path: str) -> Package | None:
        """A package by `owner/name`, in any case, as it is now."""
        return self.packages.get(path.lower())

    def seen(self, path: str) -> Package | None:
        """A package as a reader sees it: as it was, while a lag lasts. Each call is one read."""
        lag = self.lagging.get(path.lower())
        if lag is None:
            return self.package(path)
        lag.reads -= 1
        if lag.reads <= 0:
            del self.lagging[path.lower()]
        return lag.package

    def lag(self, path: str, reads: int) -> None:
        """Show a package as it is now for the next `reads` reads, whatever is written meanwhile."""
        with self.lock:
            package = self.package(path)
            self.lagging[path.lower()] = Lag(package.snapshot() if package else None, reads)

    def lag_tag(self, path: str, tag: str, reads: int) -> None:
        """Let the next `reads` reads of a tag see what it names now, whatever is written meanwhile."""
        with self.lock:
            package = self.package(path)
            self.stale_tags[path.lower(), tag] = StaleTag(package.tags.get(tag) if package else None, reads)

    def seen_version(self, path: str, reference: str) -> Version | None:
        """A version by tag or digest as a reader sees it. Each call is one read."""
        package = self.seen(path)
        stale = self.stale_tags.get((path.lower(), reference))
        if stale is None:
            return package.find(reference) if package else None
        stale.reads -= 1
        if stale.reads <= 0:
            del self.stale_tags[path.lower(), reference]
        return stale.version if stale.version and stale.version.deleted is None else None

    def add_blob(self, path: str, content: bytes) -> str:
        """Make some bytes readable as a blob of a registry path. Returns their digest."""
        digest = digest_of(content)
        with self.lock:
            self.blobs.setdefault(digest, content)
            self.link_blob(path, digest)
        return digest

    def link_blob(self, path: str, digest: str) -> None:
        """Make a stored blob readable under one more registry path."""
        with self.lock:
            self.links.setdefault(path.lower(), set()).add(digest)

    def has_blob(self, path: str, digest: str) -> bool:
        """Whether a blob is readable under a registry path."""
        return digest in self.links.get(path.lower(), ())

    def put_manifest(self, path: str, manifest: Manifest, tag: str = "", *, at: datetime | None = None) -> Version:
        """Push a manifest to a package that exists. `at`: when, for the past of a seeded world."""
        with self.lock:
            package = self.packages[path.lower()]
            known, before = package.find(manifest.digest), package.tags.get(tag)
            number, moment = known.id if known else self.next_id("version"), at or self.now()
            version = package.put(manifest, tag, number, moment)
            if self.behavior.tag_moves_change_dates and tag and before is not version:
                for changed in (version, before):
                    if changed is not None:
                        changed.updated = moment
            return version

    def restore_version(self, package: Package, version: Version) -> None:
        """Bring a deleted version back. Raises `RefusedError`: see `Package.restore`."""
        with self.lock:
            package.restore(version, self.now())
            if self.behavior.tag_moves_change_dates:
                version.updated = self.now()

    def push(self, path: str, image: Image, tags: Iterable[str] = (), *, at: datetime | None = None) -> Version:
        """Push a whole image: blobs, children, root, and the root's tags. Creates the package if it is not there.

        What the world does by itself, without the HTTP that a client needs. Returns the root's version.
        """
        with self.lock:
            if self.package(path) is None:
                self.add_package(path)
            for digest, content in image.blobs.items():
                self.blobs.setdefault(digest, content)
                self.link_blob(path, digest)
            for child in image.manifests[:-1]:
                self.put_manifest(path, child, at=at)
            version = self.put_manifest(path, image.root, at=at)
            for tag in tags:
                self.put_manifest(path, image.root, tag, at=at)
            return version

    def tag(self, path: str, reference: str, tag: str) -> Version:
        """Put a tag on a version, named by another tag or its digest. Raises `LookupError`."""
        with self.lock:
            return self.put_manifest(path, self.version(path, reference).manifest, tag)

    def version(self, path: str, reference: str) -> Version:
        """A version by tag or digest. Raises `LookupError`."""
        package = self.package(path)
        version = package.find(reference) if package else None
        if version is None:
            message = f"{path} has no {reference}"
            raise LookupError(message)
        return version

    def tags(self, path: str) -> dict[str, str]:
        """Tag -> digest of a package, by name. Empty for a package that is not there."""
        with self.lock:
            package = self.package(path)
            return {tag: package.tags[tag].digest for tag in sorted(package.tags)} if package else {}

    def missing(self, path: str, reference: str) -> list[str]:
        """What cannot be pulled of an image: digests of manifests and blobs that are gone, the reference if all is."""
        with self.lock:
            package = self.package(path)
            root = package.find(reference) if package else None
            if package is None or root is None:
                return [reference]
            gone = [digest for digest in root.manifest.blobs if not self.has_blob(path, digest)]
            for child in root.manifest.children:
                gone += self.missing(path, child)
            return gone

    def delete_package(self, package: Package) -> None:
        """Delete a package with all its versions. Raises `RefusedError` for a popular public one."""
        with self.lock:
            popular = any(version.downloads > DOWNLOAD_LIMIT for version in package.versions())
            if package.public and popular:
                raise RefusedError(POPULAR_PACKAGE)
            package.deleted = self.now()
            self.deleted_packages[package.path] = self.packages.pop(package.path)

    def restore_package(self, path: str) -> Package:
        """Bring a deleted package back. Raises `LookupError`, or `RefusedError` after 30 days or for a taken name."""
        with self.lock:
            package = self.deleted_packages[path.lower()]
            if package.deleted is None or self.now() - package.deleted > RESTORABLE:
                message = "Package cannot be restored: it was deleted more than 30 days ago."
                raise RefusedError(message)
            if package.path in self.packages:
                message = "Package cannot be restored: a package with the same name exists."
                raise RefusedError(message)
            del self.deleted_packages[package.path]
            package.deleted = None
            self.packages[package.path] = package
            return package

    # All of it

    def dump(self) -> dict[str, Any]:
        """The whole state as JSON values in a stable order. Secrets of tokens are not in it."""
        with self.lock:
            return {
                "now": stamp(self.now()),
                "accounts": {
                    account.login: {
                        "type": "Organization" if account.organization else "User",
                        "members": dict(sorted(account.members.items())),
                    }
                    for _, account in sorted(self.accounts.items())
                },
                "repositories": {name: repository.dump() for name, repository in sorted(self.repositories.items())},
                "packages": {path: dump_package(package) for path, package in sorted(self.packages.items())},
                "deleted-packages": {
                    path: dump_package(package) for path, package in sorted(self.deleted_packages.items())
                },
                "tokens": sorted(f"{token.kind.value} {token.name}" for token in self.tokens.values()),
            }


@dataclass
class Lag:
    """A package as readers still see it, and for how many reads. None: they do not see it yet."""

    package: Package | None
    reads: int = field(default=1)


@dataclass
class StaleTag:
    """The version that readers of a tag still see, and for how many reads. None: they do not see the tag yet."""

    version: Version | None
    reads: int


FIRST_IDS = {"version": 100_000, "package": 5_000, "upload": 0, "request": 0}
"""Ids start here, so that an id of one kind is not taken for one of another by a test that mixes them up."""


def dump_package(package: Package) -> dict[str, Any]:
    """A package as JSON values: versions oldest first, tags by name."""
    return {
        "id": package.id,
        "visibility": package.visibility,
        "repository": package.repository,
        "roles": {who: role.name.lower() for who, role in sorted(package.roles.items())},
        "created": stamp(package.created),
        "tags": {tag: package.tags[tag].digest for tag in sorted(package.tags)},
        "versions": [dump_version(version, package) for version in package.versions()],
        "deleted-versions": [dump_version(version, package) for version in package.versions(deleted=True)],
    }


def dump_version(version: Version, package: Package) -> dict[str, Any]:
    """A version as JSON values. `missing`: children of an index that are gone."""
    manifest = version.manifest
    fields = {
        "id": version.id,
        "digest": version.digest,
        "media-type": manifest.media_type,
        "tags": list(version.tags),
        "created": stamp(version.created),
        "updated": stamp(version.updated),
        "downloads": version.downloads,
    }
    if version.deleted:
        fields["deleted"] = stamp(version.deleted)
    if manifest.is_index:
        fields["platforms"] = list(manifest.platforms)
        fields["children"] = list(manifest.children)
        fields["missing"] = [digest for digest in manifest.children if package.find(digest) is None]
    return fields
