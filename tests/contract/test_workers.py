"""What the tests have to say at their end is said wherever they ran: in one process or on every core."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests import workers

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
INI = f"""\
[tool.pytest.ini_options]
pythonpath = ["{ROOT}"]
addopts = ["--import-mode=importlib", "-pno:cacheprovider", "-pno:hypothesispytest"]
"""
LOADED = "pytest_plugins = ['tests.workers']\n"
WORLDS = """\
import pytest

@pytest.mark.parametrize("part", range(3))
def test_world(part, ran):
    ran("clean-up")
    ran("teardown")
    assert part < 2
"""
WORKFLOW = """\
from tests.e2e import diary

def test_second(record_property):
    record_property(diary.PLAYED, "{number}b")

def test_later(record_property):
    record_property(diary.PLAYED, "{number}c")
    record_property(diary.PLAYED, "{number}d")
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """Three files of tests in a folder."""
    pytester.makeconftest(LOADED)
    pytester.makepyprojecttoml(INI)
    folder = pytester.mkdir("few")
    (folder / "test_worlds.py").write_text(WORLDS, encoding="utf-8")
    for number in (1, 2):
        (folder / f"test_{number}.py").write_text(WORKFLOW.format(number=number), encoding="utf-8")
    return pytester


@pytest.mark.parametrize("workers", ["0", "2"])
def test_worlds_are_counted_and_workflows_told_in_the_order_of_their_tests(
    suite: pytest.Pytester, workers: str
) -> None:
    result = suite.runpytest_subprocess("-n", workers)
    result.assert_outcomes(passed=6, failed=1)
    result.stdout.fnmatch_lines(["random worlds from seed * on: 3 of clean-up, 3 of teardown"])
    result.stdout.fnmatch_lines(["Workflows that were played*", "1b", "1c", "1d", "2b", "2c", "2d"], consecutive=True)


def test_nothing_is_told_where_nothing_was_done(suite: pytest.Pytester) -> None:
    result = suite.runpytest_subprocess("-k", "nothing")
    result.stdout.no_fnmatch_line("random worlds*")
    result.stdout.no_fnmatch_line("Workflows that were played*")


@pytest.mark.parametrize(
    ("named", "distributed"),
    [
        ((), True),
        (("few/test_1.py", "few"), True),
        (("few/test_1.py", "few/test_2.py::test_later"), False),
        (("few/test_1.py", "-n2"), True),
        (("few", "-n0"), False),
    ],
)
def test_files_that_are_named_run_in_one_process(
    suite: pytest.Pytester, named: tuple[str, ...], *, distributed: bool
) -> None:
    result = suite.runpytest_subprocess("-n", "auto", "--dist", "worksteal", *named)
    assert bool(re.search(r"\d workers? \[", result.stdout.str())) is distributed


def test_a_line_of_progress_is_written_while_one_test_takes_long(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Set where this test itself runs in a worker, and taken over by what it starts.
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makeconftest(LOADED + "from tests import workers\nworkers.SECONDS_BETWEEN_LINES = 0.1\n")
    pytester.makepyprojecttoml(INI)
    pytester.makepyfile("import time\n\ndef test_first():\n    pass\n\ndef test_long():\n    time.sleep(1)\n")

    result = pytester.runpytest_subprocess("-n", "0")

    result.assert_outcomes(passed=2)
    assert re.search(r"^\[[0-9]+ s, 1 tests\]$", result.stdout.str(), re.MULTILINE)


def test_the_interval_between_two_lines_is_under_half_a_minute() -> None:
    assert workers.SECONDS_BETWEEN_LINES <= 25
