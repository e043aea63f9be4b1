"""How long a rehearsal takes and is silent: `python benchmarks/rehearsal.py [--rounds N] [--cold] [--check]`.

Runs llm-d's rehearsal by the launcher, as a person does, and notes when each line comes. Warm, the environments are
there; cold, they are built first, which reads the package index. CPU seconds say what idle processors would save, and
the ratio to a bare interpreter's start holds from one machine to the next.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

WARM_SECONDS = 12.0
COLD_SECONDS = 25.0
SILENT_SECONDS = 2.0
"""The aims on two idle processors."""


@dataclass(frozen=True)
class Round:
    """One rehearsal. `silent`: the longest time without a new line, the first and the last one included."""

    seconds: float
    silent: float
    cpu: float
    columns: int


def measure(folder: Path, cache: str = "") -> Round:
    """Run one rehearsal. Exits when it fails: a failed run says nothing about time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "RUNNER_"))}
    environ |= {"RELEASE_ACTIONS_CACHE": cache} if cache else {}
    command = ["sh", str(ROOT / "release-actions"), "rehearse", "--output", str(folder / "report")]
    began = last = time.perf_counter()
    silent, columns = 0.0, 0
    with subprocess.Popen(
        command, env=environ, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101  # it is a pipe
        for line in process.stdout:
            now = time.perf_counter()
            silent, last = max(silent, now - last), now
            columns = max(columns, len(line.rstrip("\n")))
    ended = time.perf_counter()
    if process.returncode:
        sys.exit(f"The rehearsal ended with {process.returncode}.")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Round(ended - began, max(silent, ended - last), cpu, columns)


def bare_start() -> float:
    """Median seconds of a bare interpreter's start."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-I", "-c", "pass"], check=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def print_table(rows: Sequence[tuple[str, Sequence[Round]]], bare: float) -> None:
    """A row a state of the environments: medians, and the worst silence."""
    print("| | wall | to a bare start | CPU | longest silence | widest line |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, rounds in rows:
        wall = statistics.median(one.seconds for one in rounds)
        cpu = statistics.median(one.cpu for one in rounds)
        silent, columns = max(one.silent for one in rounds), max(one.columns for one in rounds)
        print(f"| {name} | {wall:.1f} s | {wall / bare:.0f} | {cpu:.1f} s | {silent:.1f} s | {columns} |")


def main() -> int:
    """Measure and print; with `--check`, 1 when an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cold", action="store_true", help="also measure with no environment there")
    parser.add_argument("--check", action="store_true", help="end with 1 when an aim is missed")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure(folder)  # so that the environments and the byte code are there
        rows = [("warm", [measure(folder) for _ in range(given.rounds)])]
        if given.cold:
            rows.append(("cold", [measure(folder, str(folder / "cache"))]))
    print_table(rows, bare_start())
    aims = {"warm": WARM_SECONDS, "cold": COLD_SECONDS}
    missed = [
        name
        for name, rounds in rows
        if statistics.median(one.seconds for one in rounds) > aims[name]
        or max(one.silent for one in rounds) > SILENT_SECONDS
    ]
    return int(given.check and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
