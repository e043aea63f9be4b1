"""What holds for the floating tags of every package."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from release_actions.config import Package
from release_actions.versions.floating import DEFAULT_TEMPLATES


@dataclass(frozen=True)
class FloatingRules:
    """What holds for packages: templates of floating tags, releases to skip, and what release tags begin with.

    `held_by_doubt`: whether a floating tag stays where it is when its release is doubted, or only a finding says so.
    """

    templates: tuple[str, ...] = DEFAULT_TEMPLATES
    skip: Collection[str] = ()
    prefix: str = "v"
    held_by_doubt: bool = True

    def for_package(self, package: Package) -> FloatingRules:
        """The rules of one package: a flavour writes exact tags and floating tags in a form of its own."""
        if package.scheme is None:
            return self
        return replace(self, templates=package.floating_tags, prefix=package.scheme)


DEFAULTS = FloatingRules()
