"""The rules of branch-audit and their levels."""

from __future__ import annotations

from release_actions.branches.findings import DEFAULT_LEVELS
from release_actions.config.branches import RULE_NAMES


def test_every_rule_of_the_file_has_a_default_level() -> None:
    assert set(DEFAULT_LEVELS) == set(RULE_NAMES)
