"""One measurement that is there twice, however it is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml
from tests.performance.maker import AFTER, BEFORE, serve

from release_actions.errors import InputError
from release_actions.performance.comparing import compare
from release_actions.performance.reading import read_results
from release_actions.performance.rules import Rules

COARSE = {"settings": {"tool": "parse", "size": 1000}, "metrics": {"parse_ms": 12.5}}
"""A measurement that has neither a date nor many digits, so that only its content tells it from another."""

TODAY = date(2026, 8, 20)


def reverse_keys(value: dict[str, object]) -> dict[str, object]:
    return dict(reversed(value.items()))


WRITINGS: dict[str, Callable[[], tuple[str, str]]] = {
    "line ends": lambda: ("b.json", json.dumps(COARSE, indent=1).replace("\n", "\r\n")),
    "blanks": lambda: ("b.json", f"\n\n{json.dumps(COARSE, indent=7)}\n"),
    "order of keys": lambda: ("b.json", json.dumps(reverse_keys(COARSE))),
    "numbers": lambda: ("b.json", json.dumps(COARSE).replace("1000", "1000.0")),
    "a list": lambda: ("b.json", json.dumps([COARSE])),
    "YAML": lambda: ("b.yaml", yaml.safe_dump(COARSE)),
}


@pytest.mark.parametrize("writing", WRITINGS)
def test_a_measurement_that_is_written_otherwise_counts_once(tmp_path: Path, writing: str) -> None:
    name, text = WRITINGS[writing]()
    (tmp_path / "a.json").write_text(json.dumps(COARSE), encoding="utf-8", newline="")
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")

    results = read_results(["."], tmp_path)

    assert [run.source.file for run in results.runs] == ["a.json"]
    assert [(unused.file, unused.reason) for unused in results.ignored] == [
        (name, "it is a copy of a.json, and a run counts once")
    ]


@pytest.mark.parametrize("writing", WRITINGS)
def test_a_measurement_on_both_sides_is_refused_however_it_is_written(tmp_path: Path, writing: str) -> None:
    name, text = WRITINGS[writing]()
    for side, file, content in (("before", "a.json", json.dumps(COARSE)), ("after", name, text)):
        (tmp_path / side).mkdir()
        (tmp_path / side / file).write_text(content, encoding="utf-8", newline="")
    before, after = (read_results([side], tmp_path) for side in ("before", "after"))

    with pytest.raises(InputError, match=rf"The same result is on both sides: before/a\.json and after/{name}"):
        compare(before, after, Rules(), commit="", today=TODAY)


def test_a_table_with_other_rows_columns_and_digits_is_a_copy(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("run,metric,value\n1,parse_ms,12.5\n2,parse_ms,13\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("metric,value,run\r\nparse_ms,13.0,2\r\nparse_ms,12.50,1\r\n", encoding="utf-8")

    results = read_results(["."], tmp_path)

    assert {run.source.file for run in results.runs} == {"a.csv"}
    assert len(results.runs) == 2


def test_a_list_adds_only_what_no_other_file_has(tmp_path: Path) -> None:
    other = {**COARSE, "metrics": {"parse_ms": 13.5}}
    (tmp_path / "a.json").write_text(json.dumps(COARSE), encoding="utf-8")
    (tmp_path / "b.json").write_text(json.dumps([COARSE, other]), encoding="utf-8")

    results = read_results(["."], tmp_path)

    assert [run.metrics["parse_ms"] for run in results.runs] == [12.5, 13.5]
    assert [unused.reason for unused in results.ignored] == [
        "1 of its 2 results are copies of a.json, and a run counts once"
    ]


def test_runs_of_one_list_that_are_alike_are_several(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([COARSE, COARSE]), encoding="utf-8")

    assert len(read_results(["."], tmp_path).runs) == 2


def test_a_run_that_claims_another_commit_is_still_the_same_run(tmp_path: Path) -> None:
    for side, commit in (("before", BEFORE), ("after", AFTER)):
        (tmp_path / side).mkdir()
        (tmp_path / side / "run.json").write_text(json.dumps(serve(commit=commit)), encoding="utf-8")
    before, after = (read_results([side], tmp_path) for side in ("before", "after"))

    with pytest.raises(InputError, match="The same run is on both sides"):
        compare(before, after, Rules(), commit=AFTER, today=TODAY)


def test_a_run_with_a_null_is_told_from_no_other_by_it(tmp_path: Path) -> None:
    for name in ("a", "b"):
        text = json.dumps({**serve(median_itl_ms=None), "note": name})
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")

    assert len(read_results(["."], tmp_path).runs) == 1
