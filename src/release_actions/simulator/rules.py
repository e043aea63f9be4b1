"""What a repository forbids about its tags: rulesets, and releases that are immutable.

An immutable release keeps its tag where it is, and the name of the tag is taken for good, also once the release is
deleted. The words are GitHub's (reolink/reolink-cli#38, ospo-reusable-workflows#83 of github-community-projects).
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from release_actions.simulator.repositories import Repository

WORDS = {
    "creation": "Cannot create ref due to creations being restricted.",
    "update": "Cannot update this protected ref.",
    "deletion": "Cannot delete this tag",
}
"""What may be forbidden -> GitHub's sentence."""


@dataclass(frozen=True)
class TagRules:
    """A ruleset for tags that nobody may bypass. `tags`: globs, `*` stands for any characters."""

    tags: tuple[str, ...]
    restricts: tuple[str, ...]

    def forbids(self, tag: str, act: str) -> bool:
        """Whether it applies."""
        return act in self.restricts and any(fnmatchcase(tag, pattern) for pattern in self.tags)


def violation(repository: Repository, ref: str, act: str) -> str:
    """Why a change of a ref is refused, in GitHub's words; empty when it is not."""
    tag = ref.removeprefix("refs/tags/")
    if tag == ref:
        return ""
    held = any(release.immutable and release.tag == tag for release in repository.releases.values())
    taken = act == "creation" and tag in repository.reserved
    if (held and act != "creation") or taken or any(rules.forbids(tag, act) for rules in repository.tag_rules):
        return f"Repository rule violations found\n\n{WORDS[act]}\n\n"
    return ""
