"""What a file is by its content, and the runs that it holds. Never by its name, but for inference-perf's stages."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from release_actions.performance import guidellm, inference_perf, json_text, llmd_report, own, pytorch, vllm
from release_actions.performance.files import stage_of
from release_actions.performance.model import Run, Source, mapping

LLMD_REPORT = "benchmark_report"
"""How the names of llm-d-benchmark's reports begin."""

LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

MOST_YAML = 16 * 1024 * 1024
"""Bytes of a YAML file. llm-d-benchmark's reports have some kilobytes."""


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
    is_appended = sum(run.settings["tool"] == vllm.SERVE for run in runs) > 1 and not is_own_report(objects)
    return [
        replace(run, source=Source(name, number), appended_to=name if is_appended else run.appended_to)
        for number, run in enumerate(runs, start=1)
    ]


def is_own_report(objects: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a file has runs in our own format, which says of each what it was appended to."""
    return any(own.is_result(item) for item in objects)


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
