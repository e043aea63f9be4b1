"""What `benchmarks/` promises is held: every night with `--check`, and the counts of requests in every run of CI."""

from __future__ import annotations

import re
from typing import Any

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


def test_counts_of_requests_are_compared_in_every_run_of_ci() -> None:
    assert "python benchmarks/request_counts.py --check" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_every_documented_rehearsal_is_played_every_night() -> None:
    lines = (line.partition("#")[0].strip() for block in list_blocks() for line in block.commands)
    documented = {match[1] for line in lines if (match := re.fullmatch(r"\./release-actions rehearse ?(.*)", line))}
    played = set(read_matrix("rehearsals", "flags"))

    assert documented
    assert {flags for flags in documented if not any(word in flags for word in BY_HAND)} <= played
