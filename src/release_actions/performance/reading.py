"""Reads the files of one side: what each is by its content, which runs it holds, and what could not be used and why.

Nothing is dropped in silence: a file that is no result, a copy of another, or one that cannot be read is named.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from release_actions.errors import InputError
from release_actions.performance import guidellm, inference_perf, json_text, llmd_report, own, pytorch, vllm
from release_actions.performance.copies import fingerprints_of
from release_actions.performance.files import PYTORCH_COPY, SIDECAR, Copies, files_of, name_of, other_files_of, stage_of
from release_actions.performance.model import (
    COMMIT_KEYS,
    ENGINE_KEYS,
    RUNNER_KEYS,
    Run,
    Source,
    first_text,
    mapping,
    settings_of,
)

LLMD_REPORT = "benchmark_report"
"""How the names of llm-d-benchmark's reports begin."""

REPORT = "perf-gate"
"""What our own reports say that they are."""

LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

MOST_YAML = 16 * 1024 * 1024
"""Bytes of a YAML file. llm-d-benchmark's reports have some kilobytes."""

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
    `digests`: SHA-256 -> file of every file that gave runs.
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
        digest = json_text.digest_of(path)
        if digest in reading.digests:
            reading.ignored.append(Unused(name, f"it is a copy of {reading.digests[digest]}, and a run counts once"))
            return
        objects = objects_of(path)
        runs = own.read_table(text_of_table(path), name) if objects is None else runs_of(objects, path, name)
    except (OSError, ValueError) as error:
        reading.unreadable.append(Unused(name, reason_of(error)))
        return
    if runs:
        reading.runs += runs
        if any(item.get("report") == REPORT for item in objects or ()):
            reading.reports.add(name)
        reading.digests[digest] = name
        return
    failure = failure_in(objects, path)
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


def reason_of(error: OSError | ValueError) -> str:
    """Why a file could not be read, without its path, in one line."""
    if isinstance(error, OSError):
        return error.strerror or "it cannot be read"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return str(error).splitlines()[0]


def objects_of(path: Path) -> list[Mapping[str, Any]] | None:
    """The objects of a JSON or YAML file; None for a table. Raises `OSError` and `ValueError`."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return None
    is_yaml = suffix in {".yaml", ".yml"}
    values = documents_of(path) if is_yaml else list(json_text.values_of(json_text.read_reduced(path)))
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return [item for item in flat if isinstance(item, Mapping)]


def text_of_table(path: Path) -> str:
    """The text of a table. Raises `OSError` and `ValueError`."""
    return path.read_text(encoding="utf-8-sig")


def runs_of(objects: Sequence[Mapping[str, Any]], path: Path, name: str) -> list[Run]:
    """The runs of a file's objects, by their content."""
    records = [item for item in objects if pytorch.is_record(item)]
    runs = pytorch.read_runs(records, name) if records else []
    for item in objects:
        if not pytorch.is_record(item):
            runs += runs_of_object(item, Source(name, len(runs) + 1), path)
    return [replace(run, source=Source(name, number)) for number, run in enumerate(runs, start=1)]


def runs_of_object(value: Mapping[str, Any], source: Source, path: Path) -> list[Run]:
    """The runs of one object; none when nobody knows it."""
    run = vllm.read_run(value, source)
    if run:
        return [run]
    if inference_perf.is_report(value):
        stage = stage_of(path)
        config = config_beside(path.with_name(f"{stage.prefix if stage else ''}config.yaml"))
        return [inference_perf.read_run(value, source, config, stage.number if stage else None)]
    if guidellm.is_report(value):
        return guidellm.read_runs(value, source.file)
    if llmd_report.is_report(value):
        return [llmd_report.read_run(value, source)]
    return own.read_runs(value, source.file) if own.is_result(value) else []


def documents_of(path: Path) -> list[Any]:
    """The documents of a YAML file. Raises `OSError`, and `ValueError` when a report of a benchmark is not YAML.

    Any other YAML is a manifest or a template that lies beside the results, and has none.
    """
    if path.stat().st_size > MOST_YAML:
        message = f"it is larger than {MOST_YAML >> 20} MB, which no report in YAML is"
        raise ValueError(message)
    try:
        documents = list(yaml.load_all(path.read_text(encoding="utf-8-sig"), Loader=LOADER))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if not path.name.startswith(LLMD_REPORT):
            return []
        message = f"it is not YAML: {str(error).splitlines()[0]}"
        raise ValueError(message) from error
    return [with_text_keys(document, {}) for document in documents]


def with_text_keys(value: Any, done: dict[int, Any]) -> Any:
    """A YAML value as JSON would have it: a key may be a number or, as `on`, a boolean.

    `done`: what was converted, by identity. An alias is one object, which must not be copied at each of its places: a
    few lines can name billions of them, or hold themselves.
    """
    if id(value) in done:
        return done[id(value)]
    if isinstance(value, dict):
        converted: dict[str, Any] = {}
        done[id(value)] = converted
        converted.update((str(key), with_text_keys(item, done)) for key, item in value.items())
        return converted
    if isinstance(value, list):
        items: list[Any] = []
        done[id(value)] = items
        items.extend(with_text_keys(item, done) for item in value)
        return items
    return value


@functools.lru_cache(maxsize=64)
def config_beside(path: Path) -> Mapping[str, Any]:
    """What inference-perf's `config.yaml` holds; empty when it is not there or is something else."""
    try:
        documents = documents_of(path)
    except (OSError, ValueError):
        return {}
    return mapping(documents[0]) if documents else {}


def with_sidecar(run: Run, path: Path, workspace: Path) -> Run:
    """A run with what the nearest `perf-run.json` says and the result does not."""
    about = sidecar_above(absolute(Path.cwd() / path.parent), absolute(Path.cwd() / workspace))
    if not about:
        return run
    settings = {**settings_of(run.settings["tool"], about), **run.settings}
    return replace(
        run,
        settings=settings,
        commit=run.commit or first_text(about, COMMIT_KEYS),
        engine=run.engine or first_text(about, ENGINE_KEYS),
        runner=run.runner or first_text(about, RUNNER_KEYS),
        started=run.started or first_text(about, ("started", "date")),
    )


@functools.lru_cache(maxsize=1024)
def absolute(folder: Path) -> Path:
    """A folder without links, looked up once for all its files."""
    return folder.resolve()


@functools.lru_cache(maxsize=1024)
def sidecar_above(folder: Path, top: Path) -> Mapping[str, Any]:
    """The values of the nearest `perf-run.json` from a folder up to the top; empty when there is none.

    Raises `InputError` for one that is not a JSON object.
    """
    path = folder / SIDECAR
    if path.is_file():
        try:
            values = list(json_text.values_of(path.read_text(encoding="utf-8-sig")))
        except ValueError:
            values = []
        if len(values) == 1 and isinstance(values[0], Mapping):
            return values[0]
        message = f"{name_of(path, top)} is not a JSON object."
        raise InputError(message, hint='Write for example {"model": "org/name", "commit": "..."}.')
    if folder in {top, folder.parent}:
        return {}
    return sidecar_above(folder.parent, top)
