"""Which files of a side are read: those that were named, in an order, without those that hold a run a second time.

Three tools write a result more than once. vLLM writes benchmark records beside it. inference-perf adds up its stages,
splits them by adapter, and converts them. llm-d-benchmark converts a result into reports of two versions. Names are
looked at for that, and for the number of inference-perf's stage, which its content does not say.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from release_actions.errors import InputError

SUFFIXES = frozenset({".json", ".jsonl", ".ndjson", ".csv", ".yaml", ".yml"})
"""Ends of names that are read in a folder. A file that is named itself may have any."""

SIDECAR = "perf-run.json"
"""A file that says of all results in its folder, and the folders below, what they do not say themselves."""

PYTORCH_COPY = re.compile(r"(?:\.[a-z_]+)?\.pytorch\.json$")
STAGE = re.compile(
    r"(?P<prefix>.*?)"
    r"(?:stage_(?P<stage>[0-9]+)|(?P<sum>summary|adapter_.+))_lifecycle_metrics\.json"
)
"""How inference-perf names the report of a stage, and those that hold the requests of the stages again. A user may put
a text of his own before all names."""

STAGE_ABOUT = re.compile(r"(?P<prefix>.*?)(?:config\.yaml|inference-perf\.partial\.stage_[0-9]+\.yaml)")
"""How it names its configuration, and the beginning of a report of llm-d-benchmark for a stage."""

CONVERTED = re.compile(r"benchmark_report(?P<version>_v[0-9.]+)?,_(?P<original>.+?)(?:_[0-9]+)?\.yaml")
"""How llm-d-benchmark names its report of a result; the number is that of a benchmark of guidellm."""


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
            candidates = [path for path in matches_of(given, workspace) if path.is_file()]
        for path in sorted(candidates, key=lambda path: natural_key(str(path))):
            resolved = path.resolve()
            if path.name != SIDECAR and path.is_file() and resolved not in seen:
                seen.add(resolved)
                yield name_of(path, workspace), path


def other_files_of(paths: Sequence[str], workspace: Path) -> Iterator[str]:
    """Names of files in the folders of a side that are not read for their end. Hidden ones are nobody's result."""
    for given in paths:
        start = workspace / given
        if start.is_dir():
            others = [path for path in start.rglob("*") if path.suffix.lower() not in SUFFIXES and path.is_file()]
            for path in sorted(others, key=lambda path: natural_key(str(path))):
                if not any(part.startswith(".") for part in path.relative_to(start).parts):
                    yield name_of(path, workspace)


def matches_of(pattern: str, workspace: Path) -> list[Path]:
    """The paths of a glob, relative to the workspace or absolute. Raises `InputError` for what is no glob."""
    path = Path(pattern)
    start, below = (
        (Path(path.anchor), str(path.relative_to(path.anchor))) if path.is_absolute() else (workspace, pattern)
    )
    try:
        return list(start.glob(re.sub(r"(?:\*\*/)+", "**/", below)))
    except (ValueError, NotImplementedError) as error:
        message = f"{pattern!r} is neither a path nor a glob: {error}."
        raise InputError(message, hint="Write for example results/candidate, or results/**/*.json.") from error


def name_of(path: Path, workspace: Path) -> str:
    """A file as people know it: below the workspace without it, and with a mark for bytes that are no text."""
    try:
        name = path.relative_to(workspace).as_posix()
    except ValueError:
        name = path.as_posix()
    return name.encode(errors="replace").decode()


def natural_key(text: str) -> list[tuple[int, int | str]]:
    """Orders run-2 before run-10."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"([0-9]+)", text)]


@dataclass(frozen=True)
class Stage:
    """Which stage of inference-perf a file is about. `prefix`: what the user put before the names of all files."""

    prefix: str
    number: int


def stage_of(path: Path) -> Stage | None:
    """The stage that a file's name says; None for any other file."""
    match = STAGE.fullmatch(path.name)
    return Stage(match["prefix"], int(match["stage"])) if match and match["stage"] else None


class Copies:
    """Knows of the files of a side which of them hold a run that another one holds, too."""

    def __init__(self, paths: Collection[Path]) -> None:
        self._paths = frozenset(paths)
        self._stages = {(path.parent, stage.prefix) for path in paths if (stage := stage_of(path))}
        self._newest: dict[Path, tuple[str, Path]] = {}
        for path in paths:
            report = CONVERTED.fullmatch(path.name)
            if report:
                original, copy = path.with_name(report["original"]), (report["version"] or "", path)
                self._newest[original] = max(self._newest.get(original, copy), copy)

    def reason_to_skip(self, path: Path) -> str:
        """Why a file is not read, although it holds a result; empty when it is read."""
        if PYTORCH_COPY.search(path.name):
            for original in originals_of(path):
                if original in self._paths:
                    return f"vLLM wrote the same run to {original.name}, which is read"
        return self._reason_of_stages(path) or self._reason_of_conversion(path)

    def _reason_of_stages(self, path: Path) -> str:
        """inference-perf's stages are read. What it writes beside them holds the same requests."""
        whole = STAGE.fullmatch(path.name)
        if whole and whole["sum"] and (path.parent, whole["prefix"]) in self._stages:
            return "the stages beside it are read, whose requests it has again"
        about = STAGE_ABOUT.fullmatch(path.name)
        if about and (path.parent, about["prefix"]) in self._stages:
            return "it is about the stages beside it, which are read"
        return ""

    def _reason_of_conversion(self, path: Path) -> str:
        """llm-d-benchmark's newest report of a result is read: it names model and devices, too."""
        report = CONVERTED.fullmatch(path.name)
        original, version = (path.with_name(report["original"]), report["version"] or "") if report else (path, None)
        newest = self._newest.get(original)
        if newest and version != newest[0]:
            return f"llm-d-benchmark wrote the same run to {newest[1].name}, which is read"
        return ""


def originals_of(path: Path) -> tuple[Path, Path]:
    """The result that vLLM wrote together with a file of benchmark records."""
    whole = path.with_name(path.name.removesuffix(".pytorch.json") + ".json")
    return whole, path.with_name(PYTORCH_COPY.sub(".json", path.name))
