"""The OCI's own conformance suite against the simulator's registry: each difference is one of GHCR's, with a reason."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from tests.contract.conformance import (
    BEGIN,
    DIFFERENCES,
    END,
    PAGE,
    UNSUPPORTED,
    Results,
    find_difference,
    make_table,
    run_suite,
)

pytestmark = pytest.mark.tools("conformance")

LEAST_PASSED = 430
"""Fewer would mean that the suite stopped early."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What a run of the suite came to."""
    return run_suite(tmp_path_factory.mktemp("conformance"))


def test_all_else_of_the_suite_passes(results: Results) -> None:
    unexpected = [name for name in results.get("failure", []) if not find_difference(name)]
    assert unexpected == []
    assert len(results["passed"]) >= LEAST_PASSED
    assert set(results) <= {"passed", "failure", "skipped", "disabled"}


@pytest.mark.parametrize("pattern", DIFFERENCES)
def test_every_difference_is_still_one(results: Results, pattern: str) -> None:
    assert any(re.fullmatch(pattern, name) for name in results["failure"])


def test_what_is_skipped_is_known(results: Results) -> None:
    skipped = Counter(name.rpartition("/")[2] for name in results["skipped"])
    assert set(skipped) == set(UNSUPPORTED)


def test_the_page_has_the_figures_of_this_run(results: Results) -> None:
    table = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]

    assert table == make_table(results), "PYTHONPATH=src python -m tests.contract.conformance"


def test_a_failure_that_nobody_knows_shows_in_the_figures(results: Results) -> None:
    worse = {**results, "failure": [*results["failure"], "blob/new"], "passed": results["passed"][1:]}

    assert make_table(worse) != make_table(results)
    assert "| failed | 1 | Nobody knows why yet. |" in make_table(worse)
