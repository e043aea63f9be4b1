"""Which runs of a side are missing, by the numbers of those that are there. Whoever picks out runs leaves gaps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from release_actions.errors import Place
from release_actions.performance.groups import key_of, title_of
from release_actions.performance.model import NUMBER_KEYS, first_text
from release_actions.performance.reading import Results
from release_actions.performance.rules import Rules
from release_actions.runner.report import Finding, counted

NUMBERED = re.compile(
    r"(?P<head>(?:.*[^a-z])?(?:run|rep|repeat|repetition|iter|iteration|trial|round)[-_.= ]?|)(?P<number>[0-9]{1,3})",
    re.IGNORECASE,
)
"""A name without its ending that holds the number of a run: `run-3`, `llama_run3`, `3`. More digits are a time."""

SHOWN_NUMBERS = 8

Series = dict[str, dict[int, str]]
"""Numbers of runs with their files, by what the runs have in common."""


def missing_runs(results: Results, side: str, rules: Rules) -> Iterator[Finding]:
    """A finding for each series of numbered runs that has gaps."""
    level = rules.level_of("missing-runs")
    if level is None:
        return
    unused = (*results.unreadable, *results.ignored)
    names = [*(run.source.file for run in results.runs), *(item.file for item in unused)]
    for where, numbered in {**series_of_files(names), **series_of_metadata(results, rules)}.items():
        gaps = gaps_of(numbered)
        if gaps and len(numbered) > 1:
            shown = ", ".join(map(str, gaps[:SHOWN_NUMBERS])) + (", and more" if len(gaps) > SHOWN_NUMBERS else "")
            message = (
                f"{counted(len(gaps), 'run')} of the {side} are not here, by the numbers {where}: {shown}. The highest "
                f"is {max(numbered)}."
            )
            hint = "Name all runs of a benchmark: runs that are picked out prove nothing."
            yield Finding.of(level, message, hint=hint, place=Place(numbered[max(numbered)]), rule="missing-runs")


def gaps_of(numbers: Iterable[int]) -> list[int]:
    """Numbers from 1 to the highest that are not there. Whoever counts from 0 has a 0 besides."""
    there = set(numbers)
    return sorted(set(range(1, max(there))) - there)


def series_of_files(names: Iterable[str]) -> Series:
    """Numbers in the names of files, for each folder and name without its number."""
    series: Series = {}
    for name in names:
        path = PurePosixPath(name)
        match = NUMBERED.fullmatch(path.stem)
        if match:
            where = f"in the names {path.with_name(match['head'] + 'N' + path.suffix)}"
            series.setdefault(where, {})[int(match["number"])] = name
    return series


def series_of_metadata(results: Results, rules: Rules) -> Series:
    """Numbers that runs have as metadata, for each group."""
    series: Series = {}
    for run in results.runs:
        number = first_text(run.settings, NUMBER_KEYS)
        if number.isdecimal():
            where = f"in the metadata of {title_of(key_of(run, rules.match))}"
            series.setdefault(where, {})[int(number)] = run.source.file
    return series
