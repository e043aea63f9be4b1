"""Tells a measurement that is there twice from two: by its content, its date, or values that agree to the last digit.

The content is what was parsed. Line ends, blanks, the order of keys and how a number is written do not matter.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from release_actions.performance.json_text import PER_REQUEST
from release_actions.performance.model import Run
from release_actions.performance.pytorch import is_record

LEAST_DIGITS = 8
"""Digits of a value from which two runs do not agree by chance."""

LEAST_METRICS = 2
"""Metrics with so many digits. One may be a count divided by the seconds of a coarse clock."""


MOST_EXACT = 2.0**53
"""From here on a float has no fraction of its own."""


@dataclass(frozen=True)
class Unit:
    """One measurement of a file: an object, or all its benchmark records. `mark`: SHA-256 of the content."""

    mark: str
    objects: tuple[Mapping[str, Any], ...]


def units_of(objects: Sequence[Mapping[str, Any]]) -> list[Unit]:
    """The measurements of a file. Records have one metric each, which two runs may share by chance."""
    records = tuple(item for item in objects if is_record(item))
    groups = [records] if records else []
    groups += [(item,) for item in objects if not is_record(item)]
    return [Unit(mark_of(sorted(content_of(item, {}) for item in group)), group) for group in groups]


def mark_of_table(text: str) -> str:
    """The mark of a CSV table. The order of its rows and columns does not matter."""
    reader = csv.DictReader(io.StringIO(text))
    rows = [{str(name): number_in(cell) for name, cell in row.items() if isinstance(cell, str)} for row in reader]
    return mark_of(sorted(content_of(row, {}) for row in rows))


def number_in(cell: str) -> Any:
    """A cell as the number that it is, or as its text."""
    try:
        return float(cell)
    except ValueError:
        return cell


def mark_of(parts: Iterable[str]) -> str:
    """SHA-256 of some texts."""
    return hashlib.sha256(json.dumps(list(parts)).encode()).hexdigest()


def content_of(value: Any, done: dict[int, str]) -> str:
    """A text that values of one content share. Lists of single requests are left out, as in files that are reduced.

    `done`: the texts of containers, by identity. An alias of YAML is one object, which a few lines can name billions of
    times, or which holds itself.
    """
    if isinstance(value, (Mapping, list)):
        if id(value) not in done:
            done[id(value)] = "holds itself"
            done[id(value)] = mark_of(parts_of(value, done))
        return done[id(value)]
    if isinstance(value, float) and value.is_integer() and abs(value) < MOST_EXACT:
        value = int(value)
    return f"{type(value).__name__} {str(value).strip()}"


def parts_of(value: Mapping[str, Any] | list[Any], done: dict[int, str]) -> Iterator[str]:
    """The texts of what a container holds. Those of an object are in the order of its keys."""
    if isinstance(value, list):
        yield "list"
        yield from (content_of(item, done) for item in value)
        return
    for name in sorted(value, key=str):
        if not (name in PER_REQUEST and isinstance(value[name], list)):
            yield str(name)
            yield content_of(value[name], done)


def fingerprints_of(run: Run) -> Iterator[tuple[object, ...]]:
    """What two readings of one run share, and two runs do not. None for a run that could be like another by chance."""
    # As texts, for NaN is not equal to itself.
    values = tuple(sorted((name, repr(value)) for name, value in run.metrics.items()))
    model = run.settings.get("model", "")
    if run.started:
        yield run.started, model, run.defects, values
    if sum(digits_of(value) >= LEAST_DIGITS for value in run.metrics.values()) >= LEAST_METRICS:
        yield model, run.defects, values


def digits_of(value: float) -> int:
    """Significant digits of a value; 0 when it is no number."""
    if not math.isfinite(value):
        return 0
    mantissa = repr(value).partition("e")[0]
    return len(mantissa.lstrip("-").replace(".", "").strip("0"))


def pairs_of(first: Iterable[Run], second: Iterable[Run]) -> Iterator[tuple[Run, Run]]:
    """Runs of the first side with the same run of the second."""
    seen = {mark: run for run in first for mark in fingerprints_of(run)}
    for run in second:
        original = next((seen[mark] for mark in fingerprints_of(run) if mark in seen), None)
        if original is not None:
            yield original, run
