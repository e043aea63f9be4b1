"""What holds for the floating tags of every package."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from release_actions.config import Package
from release_actions.versions.floating import DEFAULT_TEMPLATES
from release_actions.versions.version import Version


@dataclass(frozen=True)
class Retirement:
    """The first release without a package, and whether its floating tags are to be removed rather than moved."""

    since: Version
    removes: bool = False


@dataclass(frozen=True)
class FloatingRules:
    """What holds for packages: templates of floating tags, releases to skip, and what release tags begin with.

    `held_by_doubt`: whether a floating tag stays where it is when its release is doubted, or only a finding says so.
    `retired`: name of a package that is not published any more -> its retirement; `retirement` is that of the package
    whose rules these are. `verified`: package and exact tag -> the digest that this run verified there, None where it
    was not asked to verify. `promotable`: the exact tags of the package whose rules these are that floating tags may be
    moved to, None for all of them.
    """

    templates: tuple[str, ...] = DEFAULT_TEMPLATES
    skip: Collection[str] = ()
    prefix: str = "v"
    held_by_doubt: bool = True
    retired: Mapping[str, Retirement] = field(default_factory=dict)
    retirement: Retirement | None = None
    verified: Mapping[tuple[str, str], str] | None = None
    promotable: Collection[str] | None = None

    def counts(self, version: Version) -> bool:
        """Whether a floating tag of the package may have to name a release: one that is older than its retirement."""
        return self.retirement is None or (not self.retirement.removes and version < self.retirement.since)

    def may_name(self, version: Version) -> bool:
        """Whether a floating tag of the package may be moved to a release: to any, or to what this run verified."""
        return self.promotable is None or version.image_tag in self.promotable

    def for_package(self, package: Package) -> FloatingRules:
        """The rules of one package: a flavour writes exact tags and floating tags in a form of its own.

        A run that verified its images moves floating tags to these only. Others may be a release that a gate has
        stopped, or one that is not scanned yet. A retired package has no image in any run.
        """
        own = self
        if package.name in self.retired:
            own = replace(self, retirement=self.retired[package.name])
        elif self.verified is not None:
            own = replace(self, promotable=frozenset(tag for name, tag in self.verified if name == package.reference))
        if package.scheme is None:
            return own
        return replace(own, templates=package.floating_tags, prefix=package.scheme)


DEFAULTS = FloatingRules()
