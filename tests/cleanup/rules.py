"""Rules as tests write them."""

from __future__ import annotations

from typing import Any

from release_actions.cleanup.selection import Rule
from release_actions.config.cleanup_settings import CleanupSettings


def make_rule(name: str, **settings: Any) -> Rule:
    return Rule(name, CleanupSettings(**settings))
