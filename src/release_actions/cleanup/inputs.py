"""The inputs of ghcr-cleanup."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, replace
from datetime import timedelta

from release_actions.cleanup.selection import Rule
from release_actions.config.cleanup_settings import CleanupSettings
from release_actions.runner import inputs
from release_actions.runner.inputs import option

INPUT_RULE = "inputs"
"""Name of the rule that the inputs make."""


class Mode(enum.Enum):
    """What a run does: delete what rules select, or bring back what an undo file names."""

    CLEAN = "clean"
    RESTORE = "restore"


def parse_percentage(value: str) -> int:
    """A share in whole percent: `25%`."""
    if not re.fullmatch(r"(100|[0-9]{1,2})%", value):
        message = "which is not a percentage. Write for example 25%."
        raise ValueError(message)
    return int(value[:-1])


@dataclass(frozen=True, kw_only=True)
class ScopeInputs:
    """What says which packages are cleaned up, and by which rules."""

    packages: tuple[str, ...] = option(inputs.items, ())
    config: str = option(inputs.text, "release.yaml")
    channel: str = option(inputs.text, "")
    rule: tuple[str, ...] = option(inputs.items, ())


@dataclass(frozen=True, kw_only=True)
class Inputs(CleanupSettings, ScopeInputs):
    """What a caller may set. The settings of one rule are inputs, too."""

    dry_run: bool = option(inputs.boolean, default=False)
    max_deletions: int | None = option(inputs.integer(0), None)
    max_share: int | None = option(parse_percentage, None)
    time_budget: timedelta | None = option(inputs.duration, None)
    settle_time: timedelta | None = option(inputs.duration, None)
    mode: Mode = option(inputs.member(Mode), Mode.CLEAN)
    undo_file: str = option(inputs.text, "")
    manifest_cache: str = option(inputs.text, "")
    owner: str = option(inputs.text, "")
    token: str = option(inputs.text, "", secret=True)

    @property
    def own_rule(self) -> Rule:
        """The rule that the inputs write down.

        A comma separates globs. In a regular expression it may belong to the expression, as in `a{2,3}`.
        """
        if self.use_regex:
            return Rule(INPUT_RULE, self)
        delete, exclude = ("\n".join(patterns) for patterns in (self.delete_tags, self.exclude_tags))
        return Rule(INPUT_RULE, replace(self, delete_tags=inputs.items(delete), exclude_tags=inputs.items(exclude)))
