"""Random candidates with random debris, somebody who meddles, and runs that are killed: production always stands.

A failure shows the seed of its world as the argument of what judges it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.teardown.judging import judge_alone, judge_company, judge_killed
from tests.teardown.worlds import Process, process
from tests.worlds import FIRST, TEARDOWNS, Ran

PARTS = max(5, TEARDOWNS // 20)
"""Tests that the worlds of a kind are spread over: what one of them keeps in memory grows with its worlds."""


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Process:
    return process(tmp_path, monkeypatch)


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_left_nothing_else_goes_and_a_second_run_is_empty(part: int, worker: Process, ran: Ran) -> None:
    for seed in range(FIRST + part, FIRST + TEARDOWNS, PARTS):
        judge_alone(seed, worker)
        ran("teardown")


@pytest.mark.parametrize("part", range(PARTS))
def test_a_killed_run_is_finished_by_the_next_one_and_taken_back_whole(part: int, worker: Process, ran: Ran) -> None:
    for seed in range(FIRST + part, FIRST + TEARDOWNS, PARTS):
        judge_killed(seed, worker)
        ran("killed teardown")


@pytest.mark.parametrize("part", range(PARTS))
def test_somebody_who_meddles_never_breaks_production(part: int, worker: Process, ran: Ran) -> None:
    for seed in range(FIRST + part, FIRST + TEARDOWNS, PARTS):
        judge_company(seed, worker)
        ran("teardown in company")
