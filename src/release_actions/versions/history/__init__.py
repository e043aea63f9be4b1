"""Whether a version fits what has been released before: one rule, one function.

Each rule has a name, a default level, and a docstring that says what it finds and why. A project can set each level in
its configuration. `sequence` judges by version order, `origin` by what is known of the tag itself. Nothing here reads
anything, and an incomplete history must never be taken for a complete one: the caller passes everything or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from release_actions.versions.history import origin, sequence
from release_actions.versions.history.model import (
    Branch,
    Evidence,
    History,
    Level,
    Push,
    Rule,
    Source,
    TagObject,
    Violation,
)
from release_actions.versions.history.sequence import following, next_candidate, previous_candidate, previous_stable
from release_actions.versions.version import Version

__all__ = [
    "DEFAULTS",
    "RULES",
    "Branch",
    "Evidence",
    "History",
    "Level",
    "Push",
    "Rule",
    "Source",
    "TagObject",
    "Violation",
    "following",
    "judge",
    "next_candidate",
    "previous_candidate",
    "previous_stable",
]

RULES: tuple[Rule, ...] = (*origin.RULES, *sequence.RULES)
"""Every rule with its default level, in the order they are documented."""

DEFAULTS: Mapping[str, Level] = MappingProxyType({rule.name: rule.level for rule in RULES})
"""The level of every rule in a project that sets none."""


def judge(version: Version, history: History, levels: Mapping[str, Level] = DEFAULTS) -> tuple[Violation, ...]:
    """Every rule that a version does not keep, errors first. A rule that `levels` does not name has its default.

    What there is to tell of a version that is allowed is not told of one that is refused. A tag whose published images
    were all built from the same commit is a run repeated: no rule has a say in it.
    """
    if history.about.repeats:
        return ()
    others = history.others(version)
    found = []
    for rule in RULES:
        level = levels.get(rule.name, rule.level)
        told = rule.check(version, history if rule.whole else others) if level is not Level.OFF else None
        if told:
            found.append(Violation(rule.name, level, *told))
    if any(violation.level is Level.ERROR for violation in found):
        found = [violation for violation in found if violation.level is not Level.INFO]
    return tuple(sorted(found, key=lambda violation: list(Level).index(violation.level)))
