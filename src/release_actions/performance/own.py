"""Results of a benchmark of one's own, as JSON or CSV, and the `performance.json` that this gate writes itself.

JSON: an object with `metrics`, or with `runs`, a list of such objects. CSV: a row a metric, with the columns `run`,
`metric` and `value`; every other column is a setting, or one of `commit`, `started`, `engine` and `runner`.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from typing import Any

from release_actions.performance.model import (
    COMMIT_KEYS,
    ENGINE_KEYS,
    RUNNER_KEYS,
    SERVER_KEYS,
    WORK,
    Run,
    Source,
    count_of,
    first_text,
    mapping,
    number_of,
    odd_counts,
    request_defects,
    settings_of,
    text_of,
)

TOOL = "own benchmark"
COLUMNS = ("run", "metric", "value")
ABOUT = frozenset({*COLUMNS, "commit", "started", "engine", "runner"})


def is_result(value: Mapping[str, Any]) -> bool:
    """Whether an object is a result in our own format."""
    runs = value.get("runs")
    if isinstance(runs, list):
        return bool(runs) and all(isinstance(run, Mapping) and is_measured(run) for run in runs)
    return is_measured(value)


def is_measured(value: Mapping[str, Any]) -> bool:
    """Whether an object has metrics that are plain values."""
    metrics = value.get("metrics")
    return (
        isinstance(metrics, Mapping)
        and bool(metrics)
        and not any(isinstance(item, (Mapping, list)) for item in metrics.values())
    )


def read_runs(value: Mapping[str, Any], file: str) -> list[Run]:
    """The runs of an object. What is said beside `runs` holds for each of them."""
    runs = value.get("runs")
    if not isinstance(runs, list):
        return [read_run(value, Source(file))]
    common = {name: value[name] for name in ("commit", "engine", "runner") if name in value}
    return [read_run({**common, **run}, Source(file, number)) for number, run in enumerate(runs, start=1)]


def read_run(value: Mapping[str, Any], source: Source) -> Run:
    """One run."""
    settings = mapping(value.get("settings"))
    requests, work = mapping(value.get("requests")), mapping(value.get("work"))
    metrics = {str(name): number_of(item) for name, item in mapping(value.get("metrics")).items()}
    named = {name: math.nan if number is None else number for name, number in metrics.items()}
    written, unmeasured = value.get("defects"), value.get("unmeasured")
    defects = tuple(text_of(defect) for defect in written) if isinstance(written, list) else ()
    counted = request_defects(
        planned=count_of(requests.get("planned")),
        completed=count_of(requests.get("completed")),
        failed=count_of(requests.get("failed")),
    )
    return Run(
        source,
        settings_of(text_of(settings.get("tool") or value.get("tool")) or TOOL, settings),
        named,
        (*defects, *odd_counts(requests, ("planned", "completed", "failed")), *counted),
        commit=first_text(value, COMMIT_KEYS) or first_text(settings, COMMIT_KEYS),
        engine=first_text(value, ENGINE_KEYS),
        runner=first_text(value, RUNNER_KEYS),
        started=first_text(value, ("started", "date")),
        work={name: number for name in WORK if (number := number_of(work.get(name))) is not None},
        unmeasured=frozenset(text_of(name) for name in unmeasured) if isinstance(unmeasured, list) else frozenset(),
        server=first_text(value, ("server", *SERVER_KEYS)) or first_text(settings, SERVER_KEYS),
        appended_to=first_text(value, ("appended-to",)),
    )


def read_table(text: str, file: str) -> list[Run]:
    """The runs of a CSV table; none when it does not have our columns. Raises `ValueError` for a wrong row."""
    try:
        return read_rows(text, file)
    except csv.Error as error:
        message = f"it is not CSV: {error}"
        raise ValueError(message) from error


def read_rows(text: str, file: str) -> list[Run]:
    """The runs of a table. Raises `ValueError` and `csv.Error`."""
    reader = csv.DictReader(io.StringIO(text))
    if any(name not in (reader.fieldnames or ()) for name in COLUMNS):
        return []
    runs: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in reader:
        settings = {name: item for name, item in row.items() if name and name not in ABOUT and isinstance(item, str)}
        key = (row["run"] or "", row.get("commit") or "", *settings.values())
        run = runs.setdefault(
            key, {**{name: row.get(name) or "" for name in ABOUT}, "settings": settings, "metrics": {}}
        )
        name = row["metric"] or ""
        if name in run["metrics"]:
            message = f"line {reader.line_num} gives {name} of run {row['run']} a second time"
            raise ValueError(message)
        try:
            run["metrics"][name] = float(row["value"] or "nan")
        except ValueError as error:
            message = f"line {reader.line_num} has the value {row['value']!r}, which is not a number"
            raise ValueError(message) from error
    return [read_run(run, Source(file, number)) for number, run in enumerate(runs.values(), start=1)]
