"""Random packages, rules, faults, company and kills: what is left always pulls, and the next run finishes the job.

A failure shows the seed of its world as the argument of `judge`.
"""

from __future__ import annotations

import pytest
from tests.cleanup.judging import judge
from tests.worlds import FIRST, WORLDS, Ran

from release_actions.cleanup import apply, store

PARTS = max(10, WORLDS // 100)
"""Tests that the worlds are spread over: what one of them keeps in memory grows with its worlds."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PAUSE", 0.0)
    monkeypatch.setattr(store, "READERS", 2)
    monkeypatch.setattr(apply, "WORKERS", 3)


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_left_pulls_and_the_next_run_finishes(part: int, ran: Ran) -> None:
    for seed in range(FIRST + part, FIRST + WORLDS, PARTS):
        judge(seed)
        ran("clean-up")
