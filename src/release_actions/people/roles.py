"""Which people have a role, as `release.yaml` says: logins, aliases of OWNERS_ALIASES, and owners. Pure.

    maintainer: [octocat, release-maintainers, owners:approvers]

A name that is an alias means its people. `owners:approvers` and `owners:reviewers` mean those of the OWNERS file at the
root, or of the paths that are asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from release_actions.people.owners import Owners, normalize_login

APPROVERS, REVIEWERS = "owners:approvers", "owners:reviewers"
ROOT_FILE = "OWNERS"
"""A path at the root, whose owners are those of the whole repository."""


@dataclass(frozen=True)
class Roles:
    """Role -> members as written. `owners` is None where no OWNERS file could be read."""

    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    owners: Owners | None = None

    def find_people(self, role: str, paths: Collection[str] = (ROOT_FILE,)) -> frozenset[str] | None:
        """Logins in small letters of those who have a role. None: it is not known who has.

        With several `paths` an owner has to own each.
        """
        people: set[str] = set()
        for member in self.members.get(role, ()):
            if member in {APPROVERS, REVIEWERS}:
                if self.owners is None:
                    return None
                people |= self._find_owners(member, paths)
            else:
                name = normalize_login(member)
                people |= self.owners.aliases.get(name, {name}) if self.owners else {name}
        return frozenset(people)

    def has_role(self, login: str, role: str, paths: Collection[str] = (ROOT_FILE,)) -> bool | None:
        """Whether somebody has a role. None: it is not known."""
        people = self.find_people(role, paths)
        return None if people is None else bool(login) and normalize_login(login) in people

    def list_roles(self, login: str) -> tuple[str, ...]:
        """The roles that somebody is known to have, in the order of the configuration."""
        return tuple(role for role in self.members if self.has_role(login, role))

    def _find_owners(self, member: str, paths: Collection[str]) -> frozenset[str]:
        if self.owners is None or not paths:
            return frozenset()
        find = self.owners.find_approvers if member == APPROVERS else self.owners.find_reviewers
        return frozenset.intersection(*(find(path) for path in paths))
