"""The page of a release: the answer first, hostile text stays text, nothing is loaded and only https is linked."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gate import makers

from release_actions.config.gate import GateForm, RequiredApprovals, RequiredReport
from release_actions.gate import log as logs
from release_actions.gate.deciding import Subject, decide
from release_actions.gate.drawings import Event, draw_branch, draw_intervals, draw_timeline
from release_actions.gate.log import Log
from release_actions.gate.page import write_page
from release_actions.gate.reports import CheckReport, Origin, read_report
from release_actions.gate.view import PageView, build_view, keep_web_address

FORM = GateForm(
    required=(RequiredReport(report="branch-audit"), RequiredReport(report="perf-gate")),
    approvals=(RequiredApprovals(role="release-leader", count=2),),
)
DIGEST = "sha256:" + "ab" * 32
LOCK = {
    "images": {"ghcr.io/acme/web": {"tags": [makers.TAG], "digest": DIGEST, "platforms": {"linux/amd64": DIGEST}}},
}


def report(**more: Any) -> CheckReport:
    return read_report(makers.content(**more), Origin.JOB, "report.json")


def view(*reports: CheckReport, form: GateForm = FORM, log: Log | None = None) -> PageView:
    subject = Subject(makers.TAG, makers.COMMIT, frozenset(), makers.NOW)
    return build_view(makers.REPOSITORY, decide(form, subject, reports), reports, log or Log())


class Reader(html.parser.HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_answer_comes_first_and_then_what_stands_against_it() -> None:
    page = write_page(view(report(verdict="fail", findings=[makers.finding()])))

    places = [page.index(words) for words in ("<strong>No-go</strong>", "What stands against it", ">Checks<")]
    assert places == sorted(places)
    assert "A feature is on the branch." in page[places[1] : places[2]]
    assert "0 of 2 approvals" in page[places[1] : places[2]]


def test_a_go_has_no_list_of_what_stands_against_it() -> None:
    page = write_page(view(report(), form=GateForm(required=FORM.required[:1])))

    assert "<strong>Go</strong>" in page
    assert "What stands against it" not in page


def test_without_a_gate_the_page_decides_nothing() -> None:
    page = write_page(view(report(), form=GateForm()))

    assert "<strong>Open</strong>" in page
    assert "Nothing is required of v0.5.0." in page


def test_images_have_a_digest_for_each_platform() -> None:
    page = write_page(view(report(report="verify-images", outputs={"lock": LOCK})))

    assert re.search(r"ghcr\.io/acme/web</th><td>v0\.5\.0</td>", page)
    assert '<th scope="col">linux/amd64</th>' in page
    assert "abababababab" in page


def test_a_report_about_another_commit_is_not_shown_as_this_ones() -> None:
    other = report(report="verify-images", commit=makers.OTHER_COMMIT, outputs={"lock": LOCK})

    assert "ghcr.io/acme/web" not in write_page(view(other))


def test_the_log_is_shown_with_the_digest_of_its_end() -> None:
    log = Log().append([logs.begin(makers.REPOSITORY, "", {}, "ada")], makers.NOW)

    assert log.head in write_page(view(log=log))


HOSTILE = '<img src=x onerror="alert(1)"></style></script><script>alert(1)</script>{{ 7*7 }}"\'>'


def hostile_report() -> CheckReport:
    return report(
        verdict="fail",
        findings=[makers.finding(message=HOSTILE, rule=HOSTILE) | {"hint": HOSTILE}],
        run={**makers.RUN, "url": "javascript:alert(1)"},
        picks=[{"commit": HOSTILE, "subject": HOSTILE, "origin": HOSTILE, "category": HOSTILE}],
        missing=[{"number": HOSTILE, "title": HOSTILE, "command": HOSTILE}],
        commands=[HOSTILE],
        branch=HOSTILE,
    )


def test_hostile_text_stays_text() -> None:
    performance = report(
        report="perf-gate",
        comparisons=[{"metric": HOSTILE, "group": {"a": HOSTILE}, "interval": [0, 1], "verdict": HOSTILE}],
    )
    images = {"images": {HOSTILE: {"tags": [HOSTILE], "digest": HOSTILE, "platforms": {HOSTILE: HOSTILE}}}}

    reader = Reader(
        write_page(view(hostile_report(), performance, report(report="verify-images", outputs={"lock": images})))
    )

    names = [name for name, _ in reader.elements]
    assert (names.count("script"), names.count("style"), names.count("img")) == (1, 1, 0)
    assert not [key for _, attributes in reader.elements for key in attributes if key.startswith("on")]
    assert "javascript:" not in "".join(str(attributes.get("href")) for _, attributes in reader.elements)
    assert "49" not in "".join(reader.text).replace("v0.5.0", "")


def test_the_page_allows_the_browser_its_own_style_and_script_and_nothing_else() -> None:
    page = write_page(view(report()))

    policy = next(
        str(attributes["content"])
        for name, attributes in Reader(page).elements
        if name == "meta" and "http-equiv" in attributes
    )
    for element in ("style", "script"):
        text = re.search(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
        assert text
        digest = base64.b64encode(hashlib.sha256(text[1].encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_the_page_loads_nothing() -> None:
    reader = Reader(write_page(view(report())))

    loads = [
        name for name, attributes in reader.elements if "src" in attributes or name in {"link", "iframe", "object"}
    ]
    assert loads == []


@pytest.mark.parametrize(
    ("address", "is_kept"),
    [
        ("https://github.com/acme/web/actions/runs/77", True),
        ("http://127.0.0.1:8080/acme/web", True),
        ("http://example.org/", False),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https:///nowhere", False),
        ("//example.org", False),
        ("https://[", False),
    ],
)
def test_only_addresses_of_the_web_become_links(address: str, *, is_kept: bool) -> None:
    assert keep_web_address(address) == (address if is_kept else "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["picks", "interval", "change", "tolerance", "group", "commit", "metric", "number"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=200)
@given(JSON, JSON)
def test_details_of_any_shape_are_drawn_or_left_out(one: Any, other: Any) -> None:
    draw_intervals(one)
    draw_branch({"picks": one, "missing": other, "reverts": one})


def test_intervals_lie_on_the_side_of_their_change_and_limits_on_the_side_that_is_worse() -> None:
    item = {"metric": "m", "change": -0.02, "interval": [-0.03, -0.01], "tolerance": 0.05, "verdict": "pass"}

    drawn = draw_intervals([{**item, "direction": "lower"}, {**item, "direction": "higher"}])

    assert drawn
    for row in drawn.rows:
        assert row.low < row.point < row.high < drawn.zero
    assert [row.limit and row.limit > drawn.zero for row in drawn.rows] == [True, False]


def test_events_stand_in_the_order_of_their_time_and_labels_do_not_meet() -> None:
    events = [Event(makers.NOW + timedelta(minutes=number), str(number), "pass") for number in range(4)]

    marks = draw_timeline([*reversed(events), Event(makers.NOW + timedelta(days=9), "end", "pass")]).marks

    assert [mark.label for mark in marks] == ["0", "1", "2", "3", "end"]
    assert len({mark.y for mark in marks[:4]}) == 4


def test_no_event_is_no_picture() -> None:
    assert draw_timeline([]).marks == ()
