"""Reads the files of one side: what each is by its content, which runs it holds, and what could not be used and why.

Nothing is dropped in silence: a file that is no result, a copy of another, or one that cannot be read is named.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from release_actions.errors import InputError
from release_actions.performance import guidellm, inference_perf, json_text, llmd_report, own, pytorch, vllm
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

SUFFIXES = frozenset({".json", ".jsonl", ".ndjson", ".csv", ".yaml", ".yml"})
"""Ends of names that are read in a folder. A file that is named itself may have any."""

SIDECAR = "perf-run.json"
"""A file that says of all results in its folder, and the folders below, what they do not say themselves."""

LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

PYTORCH_COPY = re.compile(r"(?:\.[a-z_]+)?\.pytorch\.json$")
SUMMARY, STAGE = "summary_lifecycle_metrics.json", "stage_*_lifecycle_metrics.json"

MOST_YAML = 16 * 1024 * 1024
"""Bytes of a YAML file. llm-d-benchmark's reports have some kilobytes."""


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
    unreadable: list[Unused] = field(default_factory=list)
    ignored: list[Unused] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)


def read_results(paths: Sequence[str], workspace: Path) -> Results:
    """Read files, folders and globs, each relative to the workspace. Raises `InputError` for a broken sidecar only."""
    reading = _Reading()
    files = list(files_of(paths, workspace))
    names = {path: name for name, path in files}
    for name, path in files:
        reason = reason_to_skip(path, names.keys())
        if reason:
            reading.ignored.append(Unused(name, reason))
        else:
            read_file(reading, name, path)
    places = dict(files)
    runs = tuple(with_sidecar(run, places[run.source.file], workspace) for run in reading.runs)
    return Results(runs, tuple(reading.unreadable), tuple(reading.ignored), reading.digests)


def files_of(paths: Sequence[str], workspace: Path) -> Iterator[tuple[str, Path]]:
    """Files by name and path, each once, in the order of names with numbers counted as numbers."""
    seen: set[Path] = set()
    for given in paths:
        start = workspace / given
        if start.is_dir():
            candidates = [path for path in start.rglob("*") if path.suffix.lower() in SUFFIXES]
        elif start.is_file():
            candidates = [start]
        else:
            candidates = list(workspace.glob(given)) if not Path(given).is_absolute() else list(glob_from_root(given))
            candidates = [path for path in candidates if path.is_file()]
        for path in sorted(candidates, key=lambda path: natural_key(str(path))):
            resolved = path.resolve()
            if path.name != SIDECAR and path.is_file() and resolved not in seen:
                seen.add(resolved)
                yield name_of(path, workspace), path


def glob_from_root(pattern: str) -> Iterator[Path]:
    """The files of an absolute glob."""
    path = Path(pattern)
    return Path(path.anchor).glob(str(path.relative_to(path.anchor)))


def name_of(path: Path, workspace: Path) -> str:
    """A file as people know it: below the workspace without it."""
    try:
        return path.relative_to(workspace).as_posix()
    except ValueError:
        return path.as_posix()


def natural_key(text: str) -> list[tuple[int, int | str]]:
    """Orders run-2 before run-10."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"([0-9]+)", text)]


def reason_to_skip(path: Path, others: Iterable[Path]) -> str:
    """Why a file that holds a result is not read: another file holds the same run; empty when it is read."""
    if PYTORCH_COPY.search(path.name):
        for original in originals_of(path):
            if original in others:
                return f"vLLM wrote the same run to {original.name}, which is read"
    if path.name == SUMMARY and any(other.parent == path.parent and other.match(STAGE) for other in others):
        return "the stages beside it are read, which it only adds up"
    return ""


def originals_of(path: Path) -> tuple[Path, Path]:
    """The result that vLLM wrote together with a file of benchmark records."""
    whole = path.with_name(path.name.removesuffix(".pytorch.json") + ".json")
    return whole, path.with_name(PYTORCH_COPY.sub(".json", path.name))


def read_file(reading: _Reading, name: str, path: Path) -> None:
    """Read one file into a reading."""
    try:
        digest = json_text.digest_of(path)
        if digest in reading.digests:
            reading.ignored.append(Unused(name, f"it is a copy of {reading.digests[digest]}, and a run counts once"))
            return
        runs = runs_of(path, name)
    except (OSError, ValueError) as error:
        reading.unreadable.append(Unused(name, reason_of(error)))
        return
    if runs:
        reading.runs += runs
        reading.digests[digest] = name
    else:
        reading.ignored.append(Unused(name, "it is no result of a benchmark that is known"))


def reason_of(error: OSError | ValueError) -> str:
    """Why a file could not be read, without its path, in one line."""
    if isinstance(error, OSError):
        return error.strerror or "it cannot be read"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return str(error).splitlines()[0]


def runs_of(path: Path, name: str) -> list[Run]:
    """The runs of a file, by its content. Raises `OSError` and `ValueError`."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return own.read_table(path.read_text(encoding="utf-8-sig"), name)
    values = [yaml_of(path)] if suffix in {".yaml", ".yml"} else list(json_text.values_of(json_text.read_reduced(path)))
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    objects = [item for item in flat if isinstance(item, Mapping)]
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
        return [inference_perf.read_run(value, source, config_beside(path.parent))]
    if guidellm.is_report(value):
        return guidellm.read_runs(value, source.file)
    if llmd_report.is_report(value):
        return [llmd_report.read_run(value, source)]
    return own.read_runs(value, source.file) if own.is_result(value) else []


def yaml_of(path: Path) -> Any:
    """The value of a YAML file. Raises `ValueError`."""
    if path.stat().st_size > MOST_YAML:
        message = f"it is larger than {MOST_YAML >> 20} MB, which no report in YAML is"
        raise ValueError(message)
    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=LOADER)  # noqa: S506  # a safe loader
    except (yaml.YAMLError, RecursionError) as error:
        message = f"it is not YAML: {str(error).splitlines()[0]}"
        raise ValueError(message) from error


@functools.lru_cache(maxsize=64)
def config_beside(folder: Path) -> Mapping[str, Any]:
    """What inference-perf's `config.yaml` in a folder holds; empty when it is not there or is something else."""
    try:
        return mapping(yaml_of(folder / "config.yaml"))
    except (OSError, ValueError):
        return {}


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
