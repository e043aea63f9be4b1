"""What the calendar says of a schedule."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

import pytest

from release_actions.config.schedule import ScheduleForm
from release_actions.config.shapes import RecordOf, load
from release_actions.errors import ConfigurationError
from release_actions.tracker.calendar import CalendarJudgement, RealRelease, Texts, judge_calendar
from release_actions.tracker.dates import list_dates
from release_actions.tracker.ics import fold_line, write_calendar
from release_actions.tracker.model import Item, Milestone, Ref
from release_actions.versions.version import parse

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=timezone.utc)
SHAPE = RecordOf("the schedule", ScheduleForm)


def schedule(text: str) -> ScheduleForm:
    return load(text, SHAPE, file="schedule.yaml")


def judge(
    text: str, *, tags: dict[str, str] | None = None, body: str = "", title: str = "v0.6.0", **more: Any
) -> CalendarJudgement:
    releases = [RealRelease(parse(tag, "v"), date.fromisoformat(day)) for tag, day in (tags or {}).items()]
    releases.sort(key=lambda release: release.day)
    tracker = Item(Ref("llm-d/llm-d", 1), title, "https://github.com/x", "ada", NOW, body)
    texts = Texts(more.get("documents", {}), (tracker,) if body else (), more.get("milestones", ()))
    return judge_calendar(schedule(text), releases, texts, NOW, "v")


def findings(judged: CalendarJudgement) -> list[tuple[str, str]]:
    return [(finding.rule, finding.problem.message) for finding in judged.findings]


def test_days_left_and_late() -> None:
    judged = judge(
        "releases:\n  v0.5.0: {target: 2026-03-01}\n"
        "  v0.6.0: {freeze: 2026-03-18, candidate: 2026-03-17, target: 2026-03-24}\n",
        tags={"v0.5.0": "2026-03-01"},
    )

    assert [(each.tag, each.name, each.days, each.is_done) for each in judged.countdowns] == [
        ("v0.5.0", "target", -19, True),
        ("v0.6.0", "freeze", -2, False),
        ("v0.6.0", "candidate", -3, False),
        ("v0.6.0", "target", 4, False),
    ]
    assert findings(judged) == [
        ("late", "Candidate of v0.6.0 was planned for 2026-03-17 and is 3 days late."),
        ("order", "v0.6.0 has its candidate on 2026-03-17, before its freeze on 2026-03-18."),
        ("soon", "The target of v0.6.0 is on 2026-03-24, in 4 days."),
    ]


def test_a_month_is_late_when_it_is_over_and_a_tentative_date_never() -> None:
    judged = judge("releases:\n  v0.6.0: {target: 2026-03}\n  v0.7.0: {target: 2026-02-10, tentative: true}\n")

    assert [each.days for each in judged.countdowns] == [11, -38]
    assert findings(judged) == []


def test_today_is_that_of_the_zone() -> None:
    text = "zone: {}\nreleases: {{v0.6.0: {{target: 2026-03-19}}}}\n"

    # At noon UTC the day before ends anywhere on earth.
    assert judge(text.format("AoE")).countdowns[0].days == -1
    assert judge(text.format("Asia/Tokyo")).countdowns[0].days == -1
    early = datetime(2026, 3, 20, 11, 0, tzinfo=timezone.utc)
    assert judge_calendar(schedule(text.format("AoE")), (), Texts({}, (), ()), early, "v").countdowns[0].days == 0


def test_rules_say_when_the_next_release_is_due() -> None:
    judged = judge(
        "rules: {minor-every: 14d, patch-every: 14d, post-after: 1d-3d, cut-before: 1d-2d}\n"
        "releases: {v0.7.0: {cut: 2026-04-01, target: 2026-04-09}}\n",
        tags={
            "v0.5.0": "2026-02-20",
            "v0.5.0.post1": "2026-02-22",
            "v0.5.1": "2026-03-10",
            "v0.5.1.post1": "2026-03-19",
        },
    )

    assert [(what, f"{day}") for what, day in judged.expected] == [
        ("the next minor release", "2026-03-06"),
        ("the next patch of v0.5.1", "2026-03-24"),
    ]
    assert findings(judged) == [
        ("interval", "v0.7.0 is cut 8 days before its target; the rule says 1d-2d."),
        ("interval", "The next minor release was due on 2026-03-06 by the rules, 14 days ago."),
        ("interval", "v0.5.1.post1 came 9 days after v0.5.1; the rule says 1d-3d."),
    ]


def test_dates_that_disagree_are_reported_and_ambiguous_ones_not_guessed() -> None:
    body = (
        "Feature freeze: August 13th\nBranch cut 8/7/2026\nRC 13/08/2026\nRelease date: 2026-08-25\n"
        "Target 2026-02-30\nSomething on 2026-01-01\n"
    )
    text = "releases: {v0.6.0: {freeze: 2026-08-12, cut: 2026-08-12, candidate: 2026-08-13, target: 2026-08-25}}\n"
    milestone = Milestone(1, "v0.6.0", "u", NOW, due=date(2026, 8, 26))

    assert findings(judge(text, body=body, milestones=(milestone,))) == [
        ("dates-disagree", "The milestone v0.6.0 is due on 2026-08-26, the schedule says 2026-08-25."),
        (
            "dates-disagree",
            "llm-d/llm-d#1, line 1 has the freeze of v0.6.0 on 2026-08-13, the schedule says 2026-08-12.",
        ),
        ("ambiguous-date", 'llm-d/llm-d#1, line 5 has the date "2026-02-30", which no calendar has.'),
        ("ambiguous-date", 'llm-d/llm-d#1, line 2 has the date "8/7/2026", which may be 2026-08-07 or 2026-07-08.'),
    ]


@pytest.mark.parametrize(("title", "count"), [("v0.6 Release Goals", 1), ("v0.60.0", 0), ("v0.6.1", 0)])
def test_a_tracking_issue_is_about_the_release_of_its_title(title: str, count: int) -> None:
    judged = judge("releases: {v0.6.0: {freeze: 2026-08-12}}", body="Freeze 2026-08-13", title=title)

    assert len(judged.findings) == count


def test_conflict_markers_are_found_and_headings_are_not() -> None:
    text = "Schedule\n=======\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> main\n"

    judged = judge("releases: {v0.6.0: {target: 2026-08}}", documents={"RELEASE.md": text})

    assert findings(judged) == [("conflict-marker", "RELEASE.md, line 3 has a conflict marker.")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2026-02-30", "'releases.v0.6.0.target' is '2026-02-30', which no calendar has: February 2026 has 28 days."),
        ("2026-13-01", "'releases.v0.6.0.target' is '2026-13-01', which no calendar has: there is no such month."),
        ("2027-02-29", "'releases.v0.6.0.target' is '2027-02-29', which no calendar has: February 2027 has 28 days."),
    ],
)
def test_an_impossible_date_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        schedule(f"releases:\n  v0.6.0:\n    target: {text}\n")

    (problem,) = caught.value.problems
    assert (problem.message, f"{problem.place}") == (message, "schedule.yaml:3:13")


def test_leap_days_and_months_are_dates() -> None:
    loaded = schedule("releases: {v1.0.0: {cut: 2028-02-29, target: 2028-02}}")

    assert [f"{day}" for _, day in loaded.releases["v1.0.0"].list_dates()] == ["2028-02-29", "2028-02"]


@pytest.mark.parametrize(
    ("line", "days"),
    [
        ("freeze Aug 13", ["2026-08-13"]),
        ("freeze 13 August 2025", ["2025-08-13"]),
        ("Freeze: January 2nd", ["2026-01-02"]),
        ("freeze on December 30", ["2025-12-30"]),
        ("freeze 13/08/26", ["2026-08-13"]),
        ("freeze 31/31/2026", []),
        ("freeze 5/5/2026", ["2026-05-05"]),
    ],
)
def test_dates_are_read_as_people_write_them(line: str, days: list[str]) -> None:
    (written,) = list_dates(line, date(2026, 3, 20))

    assert [f"{day}" for day in written.days] == days


def test_a_calendar_file_has_an_event_for_each_date() -> None:
    planned = schedule("releases: {v0.6.0: {freeze: 2026-03-10, target: 2026-03}}")

    text = write_calendar(planned, "llm-d/llm-d", NOW)

    lines = text.split("\r\n")
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert lines[-2:] == ["END:VCALENDAR", ""]
    first = lines[lines.index("BEGIN:VEVENT") : lines.index("END:VEVENT")]
    assert first == [
        "BEGIN:VEVENT",
        "UID:v0.6.0-freeze@llm-d.llm-d",
        "DTSTAMP:20260320T120000Z",
        "DTSTART;VALUE=DATE:20260310",
        "DTEND;VALUE=DATE:20260311",
        "SUMMARY:v0.6.0: freeze",
        "DESCRIPTION:Ends at midnight\\, AoE.",
        "STATUS:CONFIRMED",
        "TRANSP:TRANSPARENT",
    ]
    assert "DTEND;VALUE=DATE:20260401" in lines


def test_long_lines_are_folded_between_characters() -> None:
    line = "SUMMARY:" + "ä" * 100

    parts = list(fold_line(line))

    assert max(len(part.encode()) for part in parts) <= 75
    assert parts[0] + "".join(part[1:] for part in parts[1:]) == line
    assert all(part.startswith(" ") for part in parts[1:])
