"""What a repository forbids about its tags: rulesets, and releases that are immutable.

An immutable release keeps its tag where it is, and the name of the tag is taken for good, also once the release is
deleted. The words are GitHub's (reolink/reolink-cli#38, ospo-reusable-workflows#83 of github-community-projects).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

Act = Literal["creation", "update", "deletion"]

VIOLATIONS: dict[Act, str] = {
    "creation": "Cannot create ref due to creations being restricted.",
    "update": "Cannot update this protected ref.",
    "deletion": "Cannot delete this tag",
}
"""What may be forbidden -> GitHub's sentence."""


@dataclass(frozen=True)
class TagRules:
    """A ruleset for tags that no one may bypass. `tags`: globs, `*` stands for any characters."""

    tags: tuple[str, ...]
    restricts: tuple[str, ...]

    def forbids(self, tag: str, act: Act) -> bool:
        """Whether it applies."""
        return act in self.restricts and any(fnmatchcase(tag, pattern) for pattern in self.tags)


@dataclass(frozen=True)
class BranchRules:
    """A ruleset for branches that no one may bypass. `branches`: globs, `*` stands for any characters."""

    branches: tuple[str, ...]
    restricts: tuple[str, ...]

    def find_violation(self, ref: str, act: Act) -> str:
        """Why a change of a ref is refused, in GitHub's words; empty when it is allowed."""
        branch = ref.removeprefix("refs/heads/")
        applies = branch != ref and act in self.restricts and any(fnmatchcase(branch, each) for each in self.branches)
        return f"Repository rule violations found\n\n{VIOLATIONS[act]}\n\n" if applies else ""


@dataclass(frozen=True)
class ProtectedTags:
    """What protects the tags of one repository.

    `immutable`: tags of immutable releases that exist. `reserved`: tags that an immutable release has, or had.
    """

    rules: Iterable[TagRules]
    immutable: Collection[str]
    reserved: Collection[str]

    def find_violation(self, ref: str, act: Act) -> str:
        """Why a change of a ref is refused, in GitHub's words; empty when it is allowed."""
        tag = ref.removeprefix("refs/tags/")
        if tag == ref:
            return ""
        is_frozen = act != "creation" and tag in self.immutable
        is_taken = act == "creation" and tag in self.reserved
        if is_frozen or is_taken or any(rules.forbids(tag, act) for rules in self.rules):
            return f"Repository rule violations found\n\n{VIOLATIONS[act]}\n\n"
        return ""
