"""What a project says about its tags: what they look like, what they move, where they come from, and how strict it is.

Read from `release.yaml`; a project without the file has the defaults. Nothing here reads the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from release_actions.config import FILE, Package, load_config
from release_actions.config.grammar import fill
from release_actions.config.source import Node
from release_actions.errors import Place
from release_actions.runner.context import Context
from release_actions.runner.workflow import Workflow
from release_actions.versions import floating
from release_actions.versions.grammar import FinalImages, Kind, image_tag_of
from release_actions.versions.history import DEFAULTS, Level
from release_actions.versions.version import Version

NEWEST = "newest"
"""The placeholder of the number of the newest branch of a line."""


@dataclass(frozen=True)
class Policy:
    """The parts of the configuration that a tag is judged by. `packages` are those that a release publishes.

    `prefix` is a `TagScheme` where the file was read. `first_candidate` is the number of the first candidate, None if 0
    and 1 are both right. `file` is the name of the file that was read, empty where there is none. The templates of
    branches are empty when no branch is required. `repository` is "owner/name", empty if not known. `component` is the
    key of the component whose tag is judged, empty in a file without components. `has_gate`: whether release-gate is
    asked before floating tags move.
    """

    prefix: str = "v"
    first_candidate: int | None = None
    final_images: FinalImages = FinalImages.REBUILD
    floating_tags: tuple[str, ...] = floating.DEFAULT_TEMPLATES
    skip: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, Level] = field(default_factory=lambda: DEFAULTS)
    release_branches: tuple[str, ...] = ()
    prerelease_branch: str = ""
    repository: str = ""
    packages: tuple[Package, ...] = ()
    component: str = ""
    file: str = ""
    origin: Node | None = None
    has_gate: bool = False

    def image_tags(self, version: Version) -> tuple[str, ...]:
        """The exact tags of a version's images: one, or one of each flavour."""
        schemes = [package.scheme or self.prefix for package in self.packages] or [self.prefix]
        return tuple(dict.fromkeys(image_tag_of(version.tag, scheme) for scheme in schemes))

    def asks(self, *rules: str) -> bool:
        """Whether any of the rules is on."""
        return any(self.levels[rule] is not Level.OFF for rule in rules)

    def branches(self, version: Version) -> tuple[str, ...]:
        """The branches of which a version has to be on the first that exists; none where no branch is required.

        Each is a name, or has `{newest}` where the number of the newest branch stands.
        """
        is_early = version.kind in {Kind.DEV, Kind.PRERELEASE}
        early = (self.prerelease_branch,) if self.prerelease_branch else ()
        numbers = dict(zip(("major", "minor", "patch"), map(str, version.numbers), strict=True))
        return tuple(fill(template, numbers) for template in (early if is_early else self.release_branches))

    def branch(self, version: Version) -> str:
        """The branch that would be made for a version; empty when none is required."""
        names = self.branches(version)
        return fill(names[0], {NEWEST: str(version.patch)}) if names else ""

    def describe_level(self, rule: str) -> str:
        """Where the level of a rule is set, for the hint of a violation."""
        key = f"versions.rules.{rule}"
        if self.file and self.place_of_rule(rule):
            return f"Rule {rule}: {self.place_of_rule(rule)} sets its level."
        where = self.file or FILE
        return f"Rule {rule}: set its level as {key} in {where}; the default is {DEFAULTS[rule].value}."

    def place_of_rule(self, rule: str) -> Place | None:
        """Where the file sets the level of a rule; None if it does not."""
        node = self.origin
        for key in ("versions", "rules", rule):
            node = node.child(key) if node else None
        return node.place if node else None


def read_policy(name: str, context: Context, log: Workflow, tag: str = "") -> Policy:
    """The policy in a file; the defaults where the usual file is not there and no other was named.

    Of a file with components, that of the component whose release the tag is.
    """
    path = context.path(name)
    if name == FILE and not path.exists():
        log.info(
            f"There is no {FILE}. By default release tags begin with v, and latest, vX and vX.Y are floating tags."
        )
        return Policy(repository=context.repository)
    config = load_config(path, name=name, tag=tag)
    return Policy(
        prefix=config.tag_prefix,
        first_candidate=config.first_candidate,
        final_images=config.final_images,
        has_gate=config.gate.before_floating_tags,
        floating_tags=config.all_floating_tags,
        skip=config.skip,
        levels=config.levels,
        release_branches=config.release_branches,
        prerelease_branch=config.prerelease_branch,
        repository=context.repository or config.repository,
        packages=config.packages("release"),
        component=config.component,
        file=name,
        origin=config.origin,
    )
