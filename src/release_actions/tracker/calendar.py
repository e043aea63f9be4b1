"""What the calendar says: days left and late, gaps to real releases, dates that disagree. Pure. Warns, never fails."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from release_actions.config.schedule import DayRange, PlannedDate, PlannedRelease, ScheduleForm
from release_actions.runner.report import Finding, Level, counted
from release_actions.tracker.dates import WrittenDate, list_dates
from release_actions.tracker.freeze import find_zone
from release_actions.tracker.model import Item, Milestone
from release_actions.versions.grammar import Kind
from release_actions.versions.version import Version, parse

BEGINNING = re.compile(r"^<{7} ")
WEEKEND = 5
"""Monday is 0."""

DAYS_SOON = 7
RULE_NAMES = ("late", "soon", "order", "interval", "dates-disagree", "ambiguous-date", "conflict-marker", "weekend")


@dataclass(frozen=True)
class RealRelease:
    """A release in git. `day` is that of its tag."""

    version: Version
    day: date


@dataclass(frozen=True)
class Countdown:
    """A planned date and how far it is. `days` is negative when it is over; `done`: whether it happened."""

    tag: str
    name: str
    planned: PlannedDate
    days: int
    is_done: bool
    is_tentative: bool


@dataclass(frozen=True)
class Texts:
    """What people wrote: documents by path, tracking issues, milestones."""

    documents: Mapping[str, str]
    trackers: Sequence[Item]
    milestones: Sequence[Milestone]


@dataclass(frozen=True)
class CalendarJudgement:
    """All that the calendar says."""

    countdowns: tuple[Countdown, ...]
    findings: tuple[Finding, ...]
    expected: tuple[tuple[str, date], ...]


def judge_calendar(
    schedule: ScheduleForm, releases: Sequence[RealRelease], texts: Texts, now: datetime, prefix: str
) -> CalendarJudgement:
    """Judge a schedule against git, milestones and tracking issues."""
    today = now.astimezone(find_zone(schedule.zone)).date()
    countdowns = tuple(list_countdowns(schedule, releases, today))
    expected = tuple(list_expected(schedule, releases))
    findings = (
        *_find_lateness(countdowns),
        *_find_disorder(schedule),
        *_find_intervals(schedule, releases, expected, today),
        *_compare_milestones(schedule, texts.milestones),
        *_compare_trackers(schedule, texts.trackers, prefix),
        *_find_conflicts(texts.documents),
    )
    order = [*Level]
    ordered = sorted(findings, key=lambda finding: order.index(finding.level))
    return CalendarJudgement(countdowns, tuple(ordered), expected)


def list_countdowns(schedule: ScheduleForm, releases: Sequence[RealRelease], today: date) -> Iterator[Countdown]:
    """Every planned date with the days that are left. A month is over when its last day is."""
    published = {release.version.tag for release in releases}
    for tag, planned in schedule.releases.items():
        candidates = any(release.version.tag.startswith(f"{tag}-rc") for release in releases)
        for name, day in planned.list_dates():
            reached = {"candidate": candidates or tag in published, "target": tag in published}
            done = reached.get(name, tag in published and name != "end-of-life")
            yield Countdown(tag, name, day, (day.last - today).days, done, planned.tentative)


def list_expected(schedule: ScheduleForm, releases: Sequence[RealRelease]) -> Iterator[tuple[str, date]]:
    """When the next releases are due by the rules: what, and the day."""
    finals = sorted((each for each in releases if each.version.kind is Kind.STABLE), key=lambda each: each.day)
    minors = [each for each in finals if each.version.patch == 0]
    rules = schedule.rules
    if rules.minor_every and minors:
        yield "the next minor release", minors[-1].day + rules.minor_every.most
    if rules.patch_every and finals:
        yield f"the next patch of {finals[-1].version.tag}", finals[-1].day + rules.patch_every.most


def _find_lateness(countdowns: Sequence[Countdown]) -> Iterator[Finding]:
    for each in countdowns:
        if each.is_done or each.is_tentative or each.name in {"start", "end-of-life"}:
            continue
        # Whether a freeze or a cut took place is not in git: a day that is over is only late for what git shows.
        if each.days < 0 and each.name in {"candidate", "target"}:
            days = counted(-each.days, "day")
            message = f"{each.name.capitalize()} of {each.tag} was planned for {each.planned} and is {days} late."
            yield _warn("late", message, "Move the date, or mark it tentative.")
        elif 0 <= each.days <= DAYS_SOON:
            words = f"{each.name} of {each.tag} is on {each.planned}, in {counted(each.days, 'day')}"
            yield Finding.of(Level.NOTICE, f"The {words}.", rule="soon")
        day = each.planned
        if each.name in {"cut", "candidate", "target"} and not day.is_month and day.first.weekday() >= WEEKEND:
            words = f"The {each.name} of {each.tag} is on {day}, a {day.first:%A}."
            yield Finding.of(Level.NOTICE, words, rule="weekend")


def _find_disorder(schedule: ScheduleForm) -> Iterator[Finding]:
    for tag, planned in schedule.releases.items():
        dates = planned.list_dates()
        for (name, day), (later, other) in itertools.pairwise(dates):
            if other.last < day.first:
                message = f"{tag} has its {later} on {other}, before its {name} on {day}."
                yield _warn("order", message, "Correct the schedule.")
        cut_before = schedule.rules.cut_before
        cut, target = planned.cut, planned.target
        if cut_before and cut and target and not (cut.is_month or target.is_month):
            gap = target.first - cut.first
            if not cut_before.least <= gap <= cut_before.most:
                message = f"{tag} is cut {counted(gap.days, 'day')} before its target; the rule says {cut_before}."
                yield _warn("interval", message, "Move one of the dates, or schedule.rules.cut-before.")


def _find_intervals(
    schedule: ScheduleForm, releases: Sequence[RealRelease], expected: Sequence[tuple[str, date]], today: date
) -> Iterator[Finding]:
    for what, day in expected:
        if day < today:
            ago = counted((today - day).days, "day")
            message = f"{what[:1].upper()}{what[1:]} was due on {day} by the rules, {ago} ago."
            yield _warn("interval", message, "Release it, or change schedule.rules.")
    after = schedule.rules.post_after
    days = {release.version.tag: release.day for release in releases}
    for release in releases:
        base = release.version.release if release.version.kind is Kind.POST else ""
        if after and base in days:
            yield from _judge_gap(release, base, release.day - days[base], after)


def _judge_gap(release: RealRelease, base: str, gap: timedelta, allowed: DayRange) -> Iterator[Finding]:
    if not allowed.least <= gap <= allowed.most:
        words = f"{release.version.tag} came {counted(gap.days, 'day')} after {base}; the rule says {allowed}."
        yield Finding.of(Level.NOTICE, words, rule="interval")


def _compare_milestones(schedule: ScheduleForm, milestones: Sequence[Milestone]) -> Iterator[Finding]:
    by_title = {milestone.title: milestone for milestone in milestones}
    for tag, planned in schedule.releases.items():
        milestone = by_title.get(tag)
        if milestone and milestone.due and planned.target and not _covers(planned.target, milestone.due):
            message = f"The milestone {tag} is due on {milestone.due}, the schedule says {planned.target}."
            yield _warn("dates-disagree", message, "Make them the same.")


def _compare_trackers(schedule: ScheduleForm, trackers: Sequence[Item], prefix: str) -> Iterator[Finding]:
    seen: dict[tuple[str, str], tuple[date, str]] = {}
    for tracker in trackers:
        tag, planned = find_release(tracker.title, schedule, prefix)
        if planned is None:
            continue
        dates = dict(planned.list_dates())
        near = next((day.first for day in reversed([*dates.values()])), tracker.created.astimezone(timezone.utc).date())
        for written in list_dates(tracker.body, near):
            where = f"{tracker.ref}, line {written.line}"
            yield from _judge_written(written, where, tag, dates.get(written.kind))
            if len(written.days) == 1:
                earlier = seen.setdefault((tag, written.kind), (written.days[0], where))
                if earlier[0] != written.days[0] and written.kind not in dates:
                    here = f"{where} has the {written.kind} of {tag} on {written.days[0]}"
                    message = f"{here}, {earlier[1]} on {earlier[0]}."
                    yield _warn("dates-disagree", message, "Make them the same.")


def _judge_written(written: WrittenDate, where: str, tag: str, planned: PlannedDate | None) -> Iterator[Finding]:
    if not written.days:
        yield _warn("ambiguous-date", f'{where} has the date "{written.text}", which no calendar has.', "Correct it.")
    elif len(written.days) > 1:
        meanings = " or ".join(str(day) for day in written.days)
        message = f'{where} has the date "{written.text}", which may be {meanings}.'
        yield Finding.of(Level.NOTICE, message, hint="Write it as YYYY-MM-DD.", rule="ambiguous-date")
    elif planned and not _covers(planned, written.days[0]):
        message = f"{where} has the {written.kind} of {tag} on {written.days[0]}, the schedule says {planned}."
        yield _warn("dates-disagree", message, "Make them the same.")


def find_release(title: str, schedule: ScheduleForm, prefix: str) -> tuple[str, PlannedRelease | None]:
    """The planned release that a title names, by its tag or its first two numbers."""
    for tag, planned in schedule.releases.items():
        version = parse(tag, prefix)
        names = [re.escape(tag)]
        if version.patch == 0:
            names.append(rf"{re.escape(prefix)}{version.major}\.{version.minor}")
        if re.search(rf"(?<![\w.])(?:{'|'.join(names)})(?!\d|\.\d|[-.]?rc)", title):
            return tag, planned
    return "", None


def _find_conflicts(documents: Mapping[str, str]) -> Iterator[Finding]:
    for path, text in documents.items():
        lines = text.replace("\r\n", "\n").split("\n")
        begins = [number for number, line in enumerate(lines, 1) if BEGINNING.match(line)]
        # Seven equal signs alone underline a heading.
        for number in begins:
            yield _warn("conflict-marker", f"{path}, line {number} has a conflict marker.", "Finish the merge.")


def _covers(planned: PlannedDate, day: date) -> bool:
    return planned.first <= day <= planned.last


def _warn(rule: str, message: str, hint: str) -> Finding:
    return Finding.of(Level.WARNING, message, hint=hint, rule=rule)
