"""Whether a version fits what has been released before: one rule, one function.

Each rule has a name, a default level, and a docstring that says what it finds and why. A project can set each level in
its configuration. `sequence` judges by version order, `origin` by what is known of the tag itself. Nothing here reads
anything, and an incomplete history must never be taken for a complete one: the caller passes everything or nothing.
"""

from __future__ import annotations

from release_actions.versions.history.judging import DEFAULTS, RULES, find_acceptable, judge
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
from release_actions.versions.history.neighbours import (
    find_following,
    next_candidate,
    previous_candidate,
    previous_stable,
)

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
    "find_acceptable",
    "find_following",
    "judge",
    "next_candidate",
    "previous_candidate",
    "previous_stable",
]
