"""Reads the files of one side: which runs they hold, and what could not be used and why.

Nothing is dropped in silence: a file that is no result, a copy of another, or one that cannot be read is named.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from release_actions.performance import own, pytorch
from release_actions.performance.copies import Unit, fingerprints_of, mark_of_table, units_of
from release_actions.performance.files import PYTORCH_COPY, Copies, files_of, other_files_of
from release_actions.performance.formats import LLMD_REPORT, objects_of, runs_of, text_of_table
from release_actions.performance.model import Run
from release_actions.performance.sidecars import with_sidecar

REPORT = "perf-gate"
"""What our own reports say that they are."""

OTHER_END = "its name does not end as those of results do, so it was not read"

LONGEST_NOTHING = 64
"""Bytes up to which a file is looked at for holding nothing."""


@dataclass(frozen=True)
class Unused:
    """A file that gave no run, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class Results:
    """What one side holds.

    `unreadable`: files that should be results and are broken. `ignored`: files that are something else, or a copy.
    `digests`: SHA-256 of the content of each measurement -> its file.
    """

    runs: tuple[Run, ...] = ()
    unreadable: tuple[Unused, ...] = ()
    ignored: tuple[Unused, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Reading:
    runs: list[Run] = field(default_factory=list)
    reports: set[str] = field(default_factory=set)
    unreadable: list[Unused] = field(default_factory=list)
    ignored: list[Unused] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)


def read_results(paths: Sequence[str], workspace: Path) -> Results:
    """Read files, folders and globs, each relative to the workspace. Raises `InputError` for globs and sidecars."""
    reading = _Reading()
    files = list(files_of(paths, workspace))
    copies = Copies([path for _, path in files])
    for name, path in files:
        reason = copies.reason_to_skip(path)
        if reason:
            reading.ignored.append(Unused(name, reason))
        else:
            read_file(reading, name, path)
    reading.ignored += [Unused(name, OTHER_END) for name in dict.fromkeys(other_files_of(paths, workspace))]
    leave_out_reports(reading, paths)
    leave_out_copies(reading)
    reading.runs = join_parts(reading.runs)
    places = dict(files)
    runs = tuple(with_sidecar(run, places[run.source.file], workspace) for run in reading.runs)
    return Results(runs, tuple(reading.unreadable), tuple(reading.ignored), reading.digests)


def leave_out_reports(reading: _Reading, paths: Sequence[str]) -> None:
    """Skip reports of this gate that lie among the results they were made from, unless they were named."""
    beside = {run.source.file for run in reading.runs} - reading.reports
    for name in sorted(reading.reports - set(paths)):
        if beside:
            reading.runs = [run for run in reading.runs if run.source.file != name]
            reading.ignored.append(Unused(name, "it is a report of perf-gate, and results are beside it"))
            reading.digests = {digest: file for digest, file in reading.digests.items() if file != name}


def leave_out_copies(reading: _Reading) -> None:
    """Count a run once that several files hold, as `vllm bench sweep` does in its summaries."""
    first: dict[tuple[object, ...], Run] = {}
    kept = []
    for run in reading.runs:
        marks = tuple(fingerprints_of(run))
        original = next((first[mark] for mark in marks if mark in first), None)
        if original is None:
            first.update(dict.fromkeys(marks, run))
            kept.append(run)
        else:
            reading.ignored.append(Unused(str(run.source), f"it is the same run as {original.source}"))
    reading.runs = kept


def join_parts(runs: Sequence[Run]) -> list[Run]:
    """One run of the files into which vLLM splits the records of a start, as `run.cold_startup.pytorch.json`."""
    places: dict[tuple[object, ...], int] = {}
    whole: list[Run] = []
    for run in runs:
        original = PYTORCH_COPY.sub("", run.source.file)
        key = (original, run.source.number, run.commit, tuple(sorted(run.settings.items())))
        place = places.get(key)
        if original == run.source.file or place is None or whole[place].metrics.keys() & run.metrics.keys():
            places[key] = len(whole)
            whole.append(run)
        else:
            whole[place] = pytorch.joined(whole[place], run)
    return whole


def read_file(reading: _Reading, name: str, path: Path) -> None:
    """Read one file into a reading."""
    try:
        objects = objects_of(path)
        text = text_of_table(path) if objects is None else ""
        units = [Unit(mark_of_table(text), ())] if objects is None else units_of(objects)
        fresh = [unit for unit in units if unit.mark not in reading.digests]
        runs = own.read_table(text, name) if objects is None else runs_of(objects_in(fresh), path, name)
    except (OSError, ValueError, csv.Error) as error:
        reading.unreadable.append(Unused(name, reason_of(error)))
        return
    copies = [reading.digests[unit.mark] for unit in units if unit.mark in reading.digests]
    if copies:
        part = "it is a copy" if not fresh else f"{len(copies)} of its {len(units)} results are copies"
        reading.ignored.append(Unused(name, f"{part} of {copies[0]}, and a run counts once"))
    if runs and fresh:
        reading.runs += runs
        if any(item.get("report") == REPORT for item in objects or ()):
            reading.reports.add(name)
        reading.digests.update((unit.mark, name) for unit in fresh)
    elif not copies:
        leave_unused(reading, name, failure_in(objects, path))


def objects_in(units: Iterable[Unit]) -> list[Mapping[str, Any]]:
    """The objects of some units, in their order."""
    return [item for unit in units for item in unit.objects]


def leave_unused(reading: _Reading, name: str, failure: str) -> None:
    """Name a file that gave no run. `failure`: why it is a result that went wrong, empty when it is something else."""
    if failure:
        reading.unreadable.append(Unused(name, failure))
    else:
        reading.ignored.append(Unused(name, "it is no result of a benchmark that is known"))


def failure_in(objects: Sequence[Mapping[str, Any]] | None, path: Path) -> str:
    """Why a file that gave no run is a result that went wrong; empty when it is something else.

    A benchmark that crashed leaves an empty file, or what the server answered instead of a result.
    """
    is_other_yaml = path.suffix.lower() in {".yaml", ".yml"} and not path.name.startswith(LLMD_REPORT)
    if is_other_yaml:
        return ""
    if path.stat().st_size <= LONGEST_NOTHING and text_of_table(path).strip() in {"", "[]", "null"}:
        return "it is empty"
    if any(item.get("error") or item.get("object") == "error" for item in objects or ()):
        return "it holds an error instead of a result"
    return ""


def reason_of(error: OSError | ValueError | csv.Error) -> str:
    """Why a file could not be read, without its path, in one line."""
    if isinstance(error, OSError):
        return error.strerror or "it cannot be read"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(error, csv.Error):
        return f"it is not CSV: {error}"
    return str(error).splitlines()[0]
