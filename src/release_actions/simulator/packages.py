"""A container package: versions, tags, and GitHub's rules for pushing, deleting and restoring. No HTTP.

Every manifest is a version, children of an index too. A tag sits on one version. What GitHub refuses is refused here
with GitHub's words.
"""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from release_actions.simulator.accounts import Role
from release_actions.simulator.oci import Manifest

RESTORABLE = timedelta(days=30)
"""How long a deleted version or package can be brought back (GitHub docs, "Deleting and restoring a package")."""

DOWNLOADS = 5000
"""Above this, a public version can no longer be deleted (the same page)."""

LAST_TAGGED = "You cannot delete the last tagged version of a package. You must delete the package instead."
LAST = "You cannot delete the last version of a package. You must delete the package instead."
POPULAR = (
    "Publicly visible package versions with more than 5,000 downloads cannot be deleted. "
    "Contact GitHub support for further assistance."
)
POPULAR_PACKAGE = (
    "Publicly visible packages with more than 5,000 downloads cannot be deleted. "
    "Contact GitHub support for further assistance."
)


class RefusedError(Exception):
    """GitHub says no to a request that is well formed and allowed. The message is GitHub's."""


@dataclass(eq=False)
class Version:
    """One manifest of a package. `tags` in the order they came. `deleted`: when, and which tags it had then."""

    id: int
    manifest: Manifest
    created: datetime
    updated: datetime
    tags: list[str] = field(default_factory=list)
    downloads: int = 0
    deleted: datetime | None = None

    @property
    def digest(self) -> str:
        """The manifest's digest, which is the version's name."""
        return self.manifest.digest


class Move(NamedTuple):
    """A push that made a tag or put it on another digest than before."""

    tag: str
    digest: str


@dataclass(eq=False)
class Package:
    """Versions by age, by id, by digest and by tag. `roles`: login or repository, in lower case -> role.

    `moves`: every move of a tag so far, in order, also those that a later one undid.
    """

    id: int
    owner: str
    name: str
    created: datetime
    updated: datetime
    visibility: str = "private"
    repository: str = ""
    roles: dict[str, Role] = field(default_factory=dict)
    tags: dict[str, Version] = field(default_factory=dict)
    deleted: datetime | None = None
    moves: list[Move] = field(default_factory=list)
    _active: list[Version] = field(default_factory=list)
    _gone: list[Version] = field(default_factory=list)
    _by_id: dict[int, Version] = field(default_factory=dict)
    _by_digest: dict[str, Version] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The registry's name of it, `owner/name` in lower case."""
        return f"{self.owner}/{self.name}".lower()

    @property
    def public(self) -> bool:
        """Whether everybody may read it."""
        return self.visibility == "public"

    def versions(self, *, deleted: bool = False) -> Sequence[Version]:
        """The versions that are there, or those deleted, oldest first. Not to be changed."""
        return self._gone if deleted else self._active

    def newest(self, start: int, count: int) -> Sequence[Version]:
        """A page of the versions that are there, newest first."""
        versions = self._active
        return versions[max(0, len(versions) - start - count) : max(0, len(versions) - start)][::-1]

    def shuffled(self, start: int, count: int) -> Sequence[Version]:
        """A page of the versions that are there, in an order that follows from nothing a client knows.

        The order of two versions is the same on every page and in every run: it comes from a hash of their digests.
        """
        return sorted(self._active, key=shuffle_key)[start : start + count]

    def restorable(self, now: datetime) -> Sequence[Version]:
        """The deleted versions that can still be brought back, newest first."""
        return [version for version in reversed(self._gone) if version.deleted and now - version.deleted <= RESTORABLE]

    def version(self, number: int, *, deleted: bool = False) -> Version | None:
        """A version by its id, if it is there (or deleted)."""
        version = self._by_id.get(number)
        return version if version is not None and (version.deleted is not None) == deleted else None

    def find(self, reference: str) -> Version | None:
        """A version by tag or by digest."""
        return self._by_digest.get(reference) if ":" in reference else self.tags.get(reference)

    def tags_after(self, last: str) -> list[str]:
        """Tags in the order of their bytes, from behind `last`, which need not be there."""
        return sorted(tag for tag in self.tags if tag > last)

    def put(self, manifest: Manifest, tag: str, number: int, now: datetime) -> Version:
        """Push a manifest, under a tag if there is one.

        The same digest is the same version, and tags add up. A tag that sat elsewhere moves; what it leaves behind
        stays, untagged. `number` is the id a new version gets.
        """
        version = self._by_digest.get(manifest.digest)
        if version is None:
            version = Version(number, manifest, now, now)
            self._insert(self._active, version)
            self._by_id[number] = self._by_digest[manifest.digest] = version
        if tag and self.tags.get(tag) is not version:
            before = self.tags.get(tag)
            self.moves.append(Move(tag, version.digest))
            if before is not None:
                before.tags.remove(tag)
            self.tags[tag] = version
            version.tags.append(tag)
        self.updated = now
        return version

    def check_deletable(self, version: Version) -> None:
        """Raise `RefusedError` if GitHub would not delete a version."""
        if self.public and version.downloads > DOWNLOADS:
            raise RefusedError(POPULAR)
        if len(self._active) == 1:
            raise RefusedError(LAST_TAGGED if version.tags else LAST)
        if version.tags and len(version.tags) == len(self.tags):
            raise RefusedError(LAST_TAGGED)

    def delete(self, version: Version, now: datetime) -> None:
        """Delete a version and its tags; its children stay. Raises `RefusedError`."""
        self.check_deletable(version)
        self.drop(version, now)

    def drop(self, version: Version, now: datetime) -> None:
        """Delete a version whether GitHub would or not."""
        for tag in version.tags:
            del self.tags[tag]
        version.deleted = now
        self._remove(self._active, version)
        self._insert(self._gone, version)
        del self._by_digest[version.digest]
        self.updated = now

    def restore(self, version: Version, now: datetime) -> None:
        """Bring a deleted version back with the tags it had, except those that another version has by now.

        Raises `RefusedError` after 30 days, and when the same digest was pushed again meanwhile.
        """
        if version.deleted is None or now - version.deleted > RESTORABLE:
            message = "Package version cannot be restored: it was deleted more than 30 days ago."
            raise RefusedError(message)
        if version.digest in self._by_digest:
            message = "Package version cannot be restored: a version with the same name exists."
            raise RefusedError(message)
        self._remove(self._gone, version)
        version.deleted = None
        self.updated = now
        version.tags = [tag for tag in version.tags if tag not in self.tags]
        self.tags.update(dict.fromkeys(version.tags, version))
        self._insert(self._active, version)
        self._by_digest[version.digest] = version

    def snapshot(self) -> Package:
        """A copy that later changes do not touch."""
        twins = {number: replace(version, tags=[*version.tags]) for number, version in self._by_id.items()}
        return replace(
            self,
            roles=dict(self.roles),
            tags={tag: twins[version.id] for tag, version in self.tags.items()},
            moves=[*self.moves],
            _active=[twins[version.id] for version in self._active],
            _gone=[twins[version.id] for version in self._gone],
            _by_id=twins,
            _by_digest={digest: twins[version.id] for digest, version in self._by_digest.items()},
        )

    @staticmethod
    def _insert(versions: list[Version], version: Version) -> None:
        bisect.insort(versions, version, key=age)

    @staticmethod
    def _remove(versions: list[Version], version: Version) -> None:
        del versions[bisect.bisect_left(versions, age(version), key=age)]


def shuffle_key(version: Version) -> bytes:
    """What versions are ordered by when their order must mean nothing. The digest itself would be a guessable order."""
    return hashlib.sha256(version.digest.encode()).digest()


def age(version: Version) -> tuple[datetime, int]:
    """What versions are ordered by."""
    return version.created, version.id
