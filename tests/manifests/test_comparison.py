"""What is counted for the page that compares llm-d's workflows with this suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import comparison


@pytest.fixture
def data() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(comparison.DATA.read_text(encoding="utf-8"))
    return found


WORKFLOW = """\
# a comment
jobs:
  one:
    steps:
      - run: make # built

      - run: test
  two:
    steps:
      - run: make
"""


def test_lines_jobs_steps_and_copies_are_counted() -> None:
    size = comparison.measured(WORKFLOW)
    # Of eight lines of code, "steps:" is there twice; "run: make" is not, as one has a comment behind it.
    assert (size.lines, size.repeated, size.jobs, size.steps, size.copies) == (10, "12 %", 2, 3, 1)


def test_what_two_files_have_in_common_is_repeated() -> None:
    assert comparison.measured("jobs: {}\na: 1\n").repeated == "0 %"
    assert comparison.measured("jobs: {}\na: 1\n", "jobs: {}\nb: 1\n").repeated == "25 %"


def test_the_page_is_current(data: dict[str, Any]) -> None:
    assert comparison.page(data) == comparison.PAGE.read_text(encoding="utf-8")


def test_what_llm_d_keeps_is_a_tenth_of_what_it_keeps_today(data: dict[str, Any]) -> None:
    files = comparison.own_files()
    assert comparison.EXAMPLE / "release.yaml" in files
    today = data["sizes"][-1]["build-image"] + data["sizes"][-1]["ci-release"]
    assert comparison.size_of(*files).lines * 10 <= today


def test_changed_lines_are_those_added_and_removed() -> None:
    assert comparison.changed_lines("a\nb\nc\n", "a\nB\nc\nd\n") == 3
    assert comparison.changed_lines("--- a\n", "+++ b\n") == 2


def test_every_change_publishes_what_it_says(data: dict[str, Any]) -> None:
    assert [comparison.tried(change) for change in data["changes"]] == [9, 4, 7]


def test_a_change_that_publishes_something_else_is_told(data: dict[str, Any]) -> None:
    change = data["changes"][1]
    change["here"]["add"] = change["here"]["add"].replace("hpu:", "hp:", 1)
    with pytest.raises(ValueError, match=r"publishes .*llm-d-hp'"):
        comparison.tried(change)


def test_check_tells_a_stale_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    monkeypatch.setattr(comparison, "PAGE", page)
    assert comparison.main(["--check"]) == 1
    assert not page.exists()
    assert comparison.main([]) == 0
    assert comparison.main(["--check"]) == 0
