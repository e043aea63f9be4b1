"""What random worlds draw besides packages, company and faults: habits of the registry, and what only some rules need.

Each draw has a chance of its own that follows from the seed, so that one more leaves the rest of a world as it was.
"""

from __future__ import annotations

import functools
import random
import re
from dataclasses import replace

from tests.cleanup.rules import make_rule

from release_actions.cleanup.selection import Rule
from release_actions.config import Config, load_text
from release_actions.simulator import World
from release_actions.simulator.behavior import RegistryBehavior
from release_actions.simulator.git import Target

REPOSITORY = "llm-d/llm-d"
BRANCHES = ("main", "sha-1")
GIT_TAGS = ("v0.6.0", "v0.6.0-rc.1", "v0.5.0", "v0.5.0-rc.2")
GONE_BRANCHES = ("keep-1", "nightly")
"""Tags of worlds that only a branch could have which is not among `BRANCHES`."""

GONE_GIT_TAGS = ("v0.5.1", "v0.5.0-rc.1")
"""Tags of worlds that are releases or candidates and not among `GIT_TAGS`."""

NOT_DRAWN = {
    "cuts_tags": "no registry of GitHub's does it, and it moves tags that nobody names at every push",
    "new_packages": "a clean-up creates no package",
}
"""Habits that worlds leave as they are -> why."""

CONFIG = f"""\
repository: {REPOSITORY}
namespace: llm-d
channels:
  dev:
    name: "llm-d-{{image}}"
    tags: {{every: ["sha-{{short-sha}}"], branch: ["{{branch}}"], trunk: [edge], pull-request: ["pr-{{number}}"]}}
  release: {{name: "llm-d-{{image}}"}}
images:
  cuda: {{platforms: [linux/amd64]}}
"""


@functools.cache
def load() -> Config:
    return load_text(CONFIG)


def draw_behavior(seed: int) -> RegistryBehavior:
    """How the registry of a world behaves. Most worlds are like GHCR as it is known."""
    chance = random.Random(f"behavior {seed}")
    return RegistryBehavior(
        checks_children=chance.random() < 0.1,
        tag_moves_change_dates=chance.random() < 0.1,
        shuffles_versions=chance.random() < 0.1,
        stale_tag_reads=chance.choice((0, 0, 0, 0, 1, 2)),
        head_counts_as_download=chance.random() < 0.1,
        redirects_blobs=chance.random() < 0.9,
        registry_token_seconds=chance.choice((300, 300, 60)),
    )


def add_refs(world: World) -> None:
    """The branches and git tags that the repository still has."""
    repository = world.repository(REPOSITORY)
    assert repository is not None
    commit = repository.git.commit("first", world.now())
    names = [*(f"heads/{name}" for name in BRANCHES), *(f"tags/{name}" for name in GIT_TAGS)]
    repository.git.refs.update({f"refs/{name}": Target(commit.sha, "commit") for name in names})


def widen(rules: tuple[Rule, ...], seed: int) -> tuple[Rule, ...]:
    """The rules, some of them with settings that few projects use."""
    chance = random.Random(f"settings {seed}")
    return tuple(_widen(rule, chance) for rule in rules)


def _widen(rule: Rule, chance: random.Random) -> Rule:
    settings = replace(
        rule.settings,
        delete_gone_branches=chance.random() < 0.15,
        delete_gone_tags=chance.random() < 0.15,
        keep_n_untagged=chance.choice((1, 2)) if rule.settings.delete_untagged and chance.random() < 0.3 else None,
    )
    if chance.random() < 0.15:
        patterns = [tuple(map(translate, globs)) for globs in (settings.delete_tags, settings.exclude_tags)]
        settings = replace(settings, use_regex=True, delete_tags=patterns[0], exclude_tags=patterns[1])
    return replace(make_rule(rule.name), settings=settings)


def translate(glob: str) -> str:
    """A regular expression that matches what a glob of these worlds does."""
    return re.escape(glob).replace(r"\*", ".*")
