"""Random worlds draw every selector of a clean-up and every habit of the registry, in the worlds that CI judges."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from typing import Any

import pytest
from tests.cleanup.judging import CACHED
from tests.cleanup.variety import NOT_DRAWN, draw_behavior, translate, widen
from tests.cleanup.worlds import GLOBS, TAGS, draw_rule, planted, settle

from release_actions.cleanup.selection import matches
from release_actions.config.cleanup_settings import CleanupSettings
from release_actions.simulator.behavior import RegistryBehavior

SEEDS = range(300)
"""The worlds of one run of the tests in CI."""


def draw_settings() -> Iterator[CleanupSettings]:
    for seed in SEEDS:
        yield from (rule.settings for rule in widen((draw_rule(random.Random(seed)),), seed))


def list_drawn(drawn: Iterator[Any], default: Any) -> set[str]:
    """Fields that some of the drawn objects have other values in than the default."""
    names = {field.name for field in dataclasses.fields(default)}
    return {name for item in drawn for name in names if getattr(item, name) != getattr(default, name)}


def test_every_setting_of_a_rule_is_drawn() -> None:
    names = {field.name for field in dataclasses.fields(CleanupSettings)}

    assert names - list_drawn(draw_settings(), CleanupSettings()) == set()


def test_every_habit_of_the_registry_is_drawn_or_has_a_reason_why_not() -> None:
    names = {field.name for field in dataclasses.fields(RegistryBehavior)}
    drawn = list_drawn(map(draw_behavior, SEEDS), RegistryBehavior())

    assert names - drawn == NOT_DRAWN.keys()


def test_some_worlds_have_a_cache_and_somebody_who_pushes_while_a_run_settles() -> None:
    assert 0 < CACHED < 1
    settling = 0
    for seed in SEEDS:
        _, company = planted(random.Random(seed), draw_behavior(seed))
        settling += settle(company, seed) is not None

    assert settling > len(SEEDS) // 20


@pytest.mark.parametrize("glob", GLOBS)
def test_a_glob_and_its_regular_expression_match_the_same_tags(glob: str) -> None:
    assert [matches(glob, tag, regex=False) for tag in TAGS] == [
        matches(translate(glob), tag, regex=True) for tag in TAGS
    ]
