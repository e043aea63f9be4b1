"""What holds for the floating tags of every package."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from release_actions.versions.floating import DEFAULT_TEMPLATES


@dataclass(frozen=True)
class FloatingRules:
    """What holds for every package: templates of floating tags, releases to skip, and what release tags begin with.

    `held_by_doubt`: whether a floating tag stays where it is when its release is doubted, or only a finding says so.
    """

    templates: tuple[str, ...] = DEFAULT_TEMPLATES
    skip: Collection[str] = ()
    prefix: str = "v"
    held_by_doubt: bool = True


DEFAULTS = FloatingRules()
