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
    r"(?P<head>(?:.*[^a-z])?(?:run|rep|repeat|repetition|iter|iteration|trial|round)[-_.= ]?)"
    r"(?P<number>[0-9]{1,3})(?P<tail>(?:[^0-9].*)?)",
    re.IGNORECASE,
)
"""A name that holds the number of a run: `run-3.json`, `llama_run3`, `run=0`. More digits are a time."""

BARE = re.compile(r"(?P<head>)(?P<number>[0-9]{1,3})(?P<tail>\.[a-z]+)")
"""A name that is nothing but a number: `3.json`."""

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
                f"The {side} lacks {counted(len(gaps), 'run')} by the numbers {where}: {shown}. The highest "
                f"is {max(numbered)}."
            )
            hint = "Name all runs of a benchmark: runs that are picked out prove nothing."
            yield Finding.of(level, message, hint=hint, place=Place(numbered[max(numbered)]), rule="missing-runs")


def gaps_of(numbers: Iterable[int]) -> list[int]:
    """Numbers from 1 to the highest that are not there. Whoever counts from 0 has a 0 besides."""
    there = set(numbers)
    return sorted(set(range(1, max(there))) - there)


def series_of_files(names: Iterable[str]) -> Series:
    """Numbers in the names of files, or of their folders, for each name without its number."""
    series: Series = {}
    for name in names:
        parts = list(PurePosixPath(name).parts)
        match = BARE.fullmatch(parts[-1])
        # The number that stands last counts: run-3 of a folder night-run-7.
        for place in reversed(range(len(parts))):
            match = match or NUMBERED.fullmatch(parts[place])
            if match:
                parts[place] = f"{match['head']}N{match['tail']}"
                series.setdefault(f"in the names {PurePosixPath(*parts)}", {})[int(match["number"])] = name
                break
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
