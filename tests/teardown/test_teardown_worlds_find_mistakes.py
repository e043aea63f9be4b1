"""Random worlds would notice: a teardown with one thing done wrong fails in one of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.teardown.judging import judge_alone, judge_company, judge_killed
from tests.teardown.worlds import Process, process

from release_actions.teardown import work
from release_actions.teardown.model import Plan, World
from release_actions.teardown.package import PackageTeardown
from release_actions.teardown.plan import _Planner
from release_actions.teardown.undo import Record

MOST = 50
"""Worlds of each kind in which a mistake must be found: those of one run of the tests in CI."""

Break = Callable[[pytest.MonkeyPatch], None]


def held_back(patch: pytest.MonkeyPatch) -> None:
    """Names go although an image of the candidate is still there."""
    patch.setattr(PackageTeardown, "held_back", frozenset())


def own_tag(patch: pytest.MonkeyPatch) -> None:
    """A candidate's tag goes before what was made from it."""
    real = work.change_refs

    def wrong(plan: Plan, *rest: Any) -> None:
        real(dataclasses.replace(plan, candidates=()), *rest)

    patch.setattr(work, "change_refs", wrong)


def releases_that_share(patch: pytest.MonkeyPatch) -> None:
    """No tag counts as a release."""
    patch.setattr(World, "real", frozenset())


def tags_beside(patch: pytest.MonkeyPatch) -> None:
    """An image goes with whatever tags it has."""
    patch.setattr(_Planner, "objection", lambda *_: None)


def undo_file(patch: pytest.MonkeyPatch) -> None:
    """Nothing is written down before it goes."""
    patch.setattr(Record, "plan", lambda *_: None)


MISTAKES: tuple[Break, ...] = (held_back, own_tag, releases_that_share, tags_beside, undo_file)


def fails(seed: int, worker: Process) -> bool:
    try:
        for judge in (judge_alone, judge_killed, judge_company):
            judge(seed, worker)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_a_mistake_is_found(mistake: Break, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    worker = process(tmp_path, monkeypatch)
    mistake(monkeypatch)
    assert any(fails(seed, worker) for seed in range(MOST)), mistake.__doc__
