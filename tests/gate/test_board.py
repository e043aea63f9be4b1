"""The features and the planned dates of a release on its page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.gate.makers import COMMIT, NOW, REPOSITORY, TAG, document

from release_actions.config.gate import GateForm
from release_actions.gate.board import list_planned
from release_actions.gate.deciding import Subject, decide
from release_actions.gate.log import Log
from release_actions.gate.page import write_page
from release_actions.gate.reports import CheckReport, Origin, read_report
from release_actions.gate.view import PageView, build_view

FREEZE = {"at": "2026-05-01T12:00:00Z"}


def report(name: str, **more: Any) -> CheckReport:
    return read_report(json.dumps(document(report=name, **more)).encode(), Origin.JOB, f"{name}.json")


def view(*reports: CheckReport) -> PageView:
    subject = Subject(TAG, COMMIT, frozenset(), NOW)
    return build_view(REPOSITORY, decide(GateForm(), subject, reports), reports, Log())


def feature(state: str, title: str = "LoRA", url: str = "https://github.com/acme/web/issues/3") -> dict[str, Any]:
    requirements = [{"name": "tests", "status": "missing"}, {"name": "owner", "status": "met"}]
    item = {"item": "acme/web#3", "title": title, "url": url, "state": state, "why": "no test"}
    return {**item, "requirements": requirements}


def test_what_stands_against_the_release_is_first_on_the_board() -> None:
    shown = view(report("release-tracker", features=[feature("ready"), feature("violation"), feature("dropped")]))

    assert [(row.state, row.style) for row in shown.board] == [
        ("violation", "fail"),
        ("ready", "pass"),
        ("dropped", "stale"),
    ]
    assert (shown.board[0].met, shown.board[0].missing) == ("owner", "tests")
    assert "Features</h2>" in write_page(shown)


def test_hostile_titles_and_addresses_stay_text() -> None:
    title = "<script>alert(1)</script>"

    page = write_page(view(report("release-tracker", features=[feature("ready", title, "javascript:alert(1)")])))

    assert title not in page
    assert "javascript:" not in page


def test_planned_dates_are_on_the_timeline() -> None:
    dates = [
        {"tag": TAG, "name": "freeze", "first": "2026-05-01", "last": "2026-05-01"},
        {"tag": TAG, "name": "target", "first": "2026-05-01", "last": "2026-05-31"},
        {"tag": "v0.5.1", "name": "target", "first": "2026-06-01", "last": "2026-06-01"},
    ]

    shown = view(report("release-tracker-calendar", dates=dates), report("release-tracker", freeze=FREEZE, features=[]))

    planned = [mark.title for mark in shown.timeline.marks if mark.kind == "planned"]
    assert planned == ["2026-05-01 12:00 UTC: planned: freeze", "2026-05-31 12:00 UTC: planned: target"]


def test_the_freeze_of_the_tracker_is_there_without_a_calendar() -> None:
    shown = view(report("release-tracker", freeze=FREEZE, features=[]))

    assert [mark.label for mark in shown.timeline.marks if mark.kind == "planned"] == ["planned: freeze"]


def test_a_candidate_has_the_dates_of_its_release() -> None:
    calendar = report("release-tracker-calendar", dates=[{"tag": "v0.5.0", "name": "target", "last": "2026-05-31"}])

    counts = {tag: len([*list_planned(tag, calendar, None)]) for tag in ("v0.5.0-rc.1", "v0.5.0rc1", "v0.5.01", "v0.5")}

    assert counts == {"v0.5.0-rc.1": 1, "v0.5.0rc1": 1, "v0.5.01": 0, "v0.5": 0}


@pytest.mark.parametrize(
    "value", [None, 3, "x", [], [None], [{"state": 3, "requirements": "x"}], {"at": 3}, {"at": "2026"}]
)
def test_details_of_any_shape_are_shown_or_left_out(value: object) -> None:
    tracker = report("release-tracker", features=value, freeze=value)
    calendar = report("release-tracker-calendar", dates=value)

    assert write_page(view(tracker, calendar)).startswith("<!doctype html>")
