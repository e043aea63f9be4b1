"""What `benchmarks/` promises is held: every night with `--check`, and the counts of requests in every run of CI."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest
import yaml
from tests.manifests.documented import ROOT, list_blocks

PEERS = {"cleanup_peer"}
"""Runs another project's program beside ours: it has no aim of ours to miss."""

BENCHMARKS = {file.stem for file in (ROOT / "benchmarks").glob("*.py")} - PEERS
FILE = ROOT / ".github/workflows/nightly-benchmarks.yml"
BY_HAND = ("--keep", "project/")
"""What in a documented rehearsal needs a person or a project."""


def read_matrix(job: str, key: str) -> list[str]:
    workflow: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    values: list[str] = workflow["jobs"][job]["strategy"]["matrix"][key]
    return values


def test_every_benchmark_runs_every_night_with_check() -> None:
    assert read_matrix("benchmarks", "benchmark") == sorted(BENCHMARKS)
    assert '"benchmarks/$BENCHMARK.py" --check' in FILE.read_text(encoding="utf-8")


def test_every_benchmark_takes_check() -> None:
    for name in BENCHMARKS:
        assert 'add_argument("--check"' in (ROOT / f"benchmarks/{name}.py").read_text(encoding="utf-8"), name


@pytest.fixture
def cleanup_worlds(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The benchmark of clean-ups, which measures nothing here."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    benchmark: Any = importlib.import_module("cleanup_worlds")
    monkeypatch.setattr(benchmark, "measure", lambda name, *_: [(name, "")])
    return benchmark


@pytest.mark.parametrize(("arguments", "measured"), [([], None), (["builds-10000"], ["builds-10000"])])
def test_all_worlds_of_clean_ups_are_measured_unless_some_are_named(
    cleanup_worlds: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    measured: list[str] | None,
) -> None:
    monkeypatch.setattr("sys.argv", ["cleanup_worlds.py", "--check", *arguments])

    assert cleanup_worlds.main() == 0

    worlds = [line for line in capsys.readouterr().out.splitlines() if line in cleanup_worlds.CASES]
    assert worlds == (measured or [*cleanup_worlds.CASES])


def test_a_world_of_clean_ups_that_does_not_exist_is_refused(
    cleanup_worlds: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["cleanup_worlds.py", "bulds-10000"])

    with pytest.raises(SystemExit):
        cleanup_worlds.main()

    assert "bulds-10000 is not a world: it is one of candidates-390" in capsys.readouterr().err


def test_counts_of_requests_are_compared_in_every_run_of_ci() -> None:
    assert "python benchmarks/request_counts.py --check" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_every_documented_rehearsal_is_played_every_night() -> None:
    lines = (line.partition("#")[0].strip() for block in list_blocks() for line in block.commands)
    documented = {match[1] for line in lines if (match := re.fullmatch(r"\./release-actions rehearse ?(.*)", line))}
    played = set(read_matrix("rehearsals", "flags"))

    assert documented
    assert {flags for flags in documented if not any(word in flags for word in BY_HAND)} <= played
