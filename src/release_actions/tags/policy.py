"""What a project says about its tags: what they look like, what they move, where they come from, and how strict it is.

Read from `release.yaml`; a project without the file has the defaults. Nothing here reads the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from release_actions.config import FILE, Package, load_config
from release_actions.config.grammar import fill
from release_actions.runner.context import Context
from release_actions.runner.workflow import Workflow
from release_actions.versions import floating
from release_actions.versions.grammar import Kind
from release_actions.versions.history import DEFAULTS, Level
from release_actions.versions.version import Version


@dataclass(frozen=True)
class Policy:
    """The parts of the configuration that a tag is judged by. `packages` are those that a release publishes.

    `prefix` is a `TagScheme` where the file was read. `first_candidate` is the number of the first candidate, None if 0
    and 1 are both right. The templates of branches are empty when no branch is required. `repository` is "owner/name",
    empty if not known.
    """

    prefix: str = "v"
    first_candidate: int | None = None
    floating_tags: tuple[str, ...] = floating.DEFAULT_TEMPLATES
    skip: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, Level] = field(default_factory=lambda: DEFAULTS)
    release_branch: str = ""
    prerelease_branch: str = ""
    repository: str = ""
    registry: str = ""
    packages: tuple[Package, ...] = ()

    def asks(self, *rules: str) -> bool:
        """Whether any of the rules is on."""
        return any(self.levels[rule] is not Level.OFF for rule in rules)

    def branch(self, version: Version) -> str:
        """The branch that a version has to be on; empty when none is required."""
        early = version.kind in {Kind.DEV, Kind.PRERELEASE}
        numbers = dict(zip(("major", "minor", "patch"), map(str, version.numbers), strict=True))
        return fill(self.prerelease_branch if early else self.release_branch, numbers)


def read(config: str, context: Context, log: Workflow) -> Policy:
    """The policy in a file; the defaults where the usual file is not there and no other was named."""
    path = context.path(config)
    if config == FILE and not path.exists():
        log.info(f"There is no {FILE}: tags begin with v, and latest, vX and vX.Y float.")
        return Policy(repository=context.repository)
    found = load_config(path, name=config)
    return Policy(
        prefix=found.tag_prefix,
        first_candidate=found.first_candidate,
        floating_tags=found.floating_tags,
        skip=found.skip,
        levels=found.levels,
        release_branch=found.release_branch,
        prerelease_branch=found.prerelease_branch,
        repository=context.repository or found.repository,
        registry=found.registry,
        packages=found.packages("release"),
    )
