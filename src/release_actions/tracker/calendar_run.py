"""Reads a schedule with what it is compared to, and says what the calendar says: for people and as a report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from release_actions.builds import path_filter
from release_actions.config.schedule import ScheduleForm
from release_actions.config.shapes import RecordOf, load
from release_actions.config.source import read_text
from release_actions.errors import ConfigurationError, InputError, Place, Problem
from release_actions.git.checkout import run_git
from release_actions.git.tree import list_tracked
from release_actions.runner import markdown
from release_actions.runner.report import Output, counted
from release_actions.tracker.calendar import BEGINNING, CalendarJudgement, Countdown, RealRelease
from release_actions.versions.grammar import TagRefused
from release_actions.versions.version import parse

SCHEDULE = RecordOf("the schedule", ScheduleForm)
ROWS_SHOWN = 200


def read_schedule(path: Path, name: str) -> ScheduleForm:
    """A schedule of a file of its own. Raises `ConfigurationError`, for a conflict marker with its line."""
    text = read_text(path, name=name, hint="Set the input schedule to the file, or write schedule in release.yaml.")
    return load(insist_on_no_conflict(text, name), SCHEDULE, file=name)


def insist_on_no_conflict(text: str, name: str) -> str:
    """The text. Raises `ConfigurationError` for one with conflict markers, which are no YAML."""
    lines = [number for number, line in enumerate(text.split("\n"), 1) if BEGINNING.match(line)]
    if lines:
        hint = "Finish the merge."
        raise ConfigurationError(
            problems=[Problem("There is a conflict marker.", hint, Place(name, number, 1)) for number in lines]
        )
    return text


def read_releases(folder: Path, prefix: str) -> tuple[RealRelease, ...]:
    """The releases in git with the days of their tags, the oldest first. Raises `InputError` outside of a checkout."""
    listed = run_git(
        folder,
        *("for-each-ref", "--format=%(refname:strip=2)%00%(creatordate:short)", "--sort=creatordate", "refs/tags/"),
        asked="tags of the checkout",
    )
    releases = []
    for line in listed.split("\n"):
        tag, _, day = line.partition("\0")
        try:
            version = parse(tag, prefix)
        except TagRefused:
            continue
        if day:
            releases.append(RealRelease(version, date.fromisoformat(day)))
    return tuple(releases)


def read_documents(folder: Path, globs: Sequence[str]) -> dict[str, str]:
    """The texts of the tracked files that globs name. What is no text is skipped: it has no conflict to read."""
    texts = {}
    for path in list_tracked(folder):
        if path_filter.matches(globs, path):
            texts[path] = (folder / path).read_text(encoding="utf-8", errors="replace")
    return texts


def insist_on_dates(schedule: ScheduleForm) -> None:
    """Raises `InputError` for a schedule that says nothing."""
    rules = schedule.rules
    if not schedule.releases and not any((rules.minor_every, rules.patch_every, rules.post_after, rules.cut_before)):
        message = "There is no schedule: neither a release nor a rule."
        raise InputError(message, hint="Write schedule in release.yaml, or set the input schedule to a file.")


def describe_countdown(countdown: Countdown) -> str:
    """How far a date is: `in 3 days`, `today`, `2 days ago`, `done`."""
    if countdown.is_done:
        return "done"
    if countdown.days == 0:
        return "today"
    return f"in {counted(countdown.days, 'day')}" if countdown.days > 0 else f"{counted(-countdown.days, 'day')} ago"


def describe_calendar(judged: CalendarJudgement) -> dict[str, Output]:
    """What only this report says, as JSON values."""
    return {
        "dates": [
            {
                "tag": each.tag,
                "name": each.name,
                "first": f"{each.planned.first}",
                "last": f"{each.planned.last}",
                "days": each.days,
                "done": each.is_done,
                "tentative": each.is_tentative,
            }
            for each in judged.countdowns
        ],
        "expected": [{"what": what, "day": f"{day}"} for what, day in judged.expected],
    }


def write_calendar_summary(judged: CalendarJudgement, notes: Sequence[str]) -> str:
    """The job summary."""
    rows = [
        [
            markdown.code(each.tag),
            each.name,
            f"{each.planned}" + " (tentative)" * each.is_tentative,
            describe_countdown(each),
        ]
        for each in judged.countdowns[:ROWS_SHOWN]
    ]
    rows += [[markdown.plain(what), "expected", f"{day}", ""] for what, day in judged.expected]
    parts = ["## Calendar", *(markdown.plain(note) for note in notes)]
    if rows:
        parts += [markdown.table(["Release", "Date", "Planned", "When"], rows)]
    if judged.findings:
        lines = [
            [markdown.code(each.rule), markdown.plain(each.problem.message), markdown.plain(each.problem.hint)]
            for each in judged.findings[:ROWS_SHOWN]
        ]
        parts += ["### To look at", markdown.table(["Rule", "What", "What to do"], lines)]
    return markdown.cut("\n\n".join(parts))
