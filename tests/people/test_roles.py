"""Which people have a role."""

from __future__ import annotations

from release_actions.people.owners import ALIASES, parse_owners
from release_actions.people.roles import Roles

OWNERS = parse_owners(
    {
        ALIASES: "aliases: {leads: [lea]}",
        "OWNERS": "approvers: [ada]\nreviewers: [rita]",
        "docs/OWNERS": "approvers: [dora]",
    }
)


def test_a_role_has_logins_aliases_and_owners() -> None:
    roles = Roles({"lead": ("leads", "Zoe"), "maintainer": ("owners:approvers",)}, OWNERS)

    assert roles.find_people("lead") == frozenset({"lea", "zoe"})
    assert roles.find_people("maintainer") == frozenset({"ada"})
    assert roles.find_people("maintainer", ["docs/x.md"]) == frozenset({"ada", "dora"})
    assert roles.list_roles("ADA") == ("maintainer",)


def test_with_several_paths_an_owner_owns_each() -> None:
    roles = Roles({"maintainer": ("owners:approvers",)}, OWNERS)

    assert roles.find_people("maintainer", ["docs/x.md", "src/x.py"]) == frozenset({"ada"})


def test_reviewers_and_unknown_roles() -> None:
    roles = Roles({"reader": ("owners:reviewers",)}, OWNERS)

    assert roles.find_people("reader") == frozenset({"ada", "rita"})
    assert roles.find_people("none") == frozenset()
    assert roles.has_role("", "reader") is False


def test_without_owners_files_nobody_can_say_who_owns() -> None:
    roles = Roles({"maintainer": ("zoe", "owners:approvers"), "lead": ("zoe",)})

    assert roles.has_role("zoe", "maintainer") is None
    assert roles.has_role("zoe", "lead") is True
