"""Go or no-go: whatever is not known, not fresh, not about this commit or not proved to come from its check is a no."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gate import makers

from release_actions.config.gate import GateForm, RequiredApprovals, RequiredReport, Waiver
from release_actions.gate.deciding import Decision, State, Subject, Unreadable, decide
from release_actions.gate.reports import CheckReport, Origin, read_report
from release_actions.gate.summary import describe_decision, list_findings, write_summary

AUDIT = RequiredReport(report="branch-audit", max_age=timedelta(days=2))
SUBJECT = Subject(makers.TAG, makers.COMMIT, frozenset({"v0.5.0-rc.1"}), makers.NOW)


def report(origin: Origin = Origin.JOB, *, as_of: str = "2026-05-04T11:00:00Z", **more: Any) -> CheckReport:
    return read_report(makers.content(**{"as-of": as_of, **more}), origin, "audit.json")


def judge(*reports: CheckReport, form: GateForm | None = None, unreadable: tuple[Unreadable, ...] = ()) -> Decision:
    return decide(form or GateForm(required=(AUDIT,)), SUBJECT, reports, unreadable)


def waiver(**more: Any) -> Waiver:
    given: dict[str, Any] = {
        "report": "branch-audit",
        "tag": makers.TAG,
        "who": "ada",
        "why": "the feature is off by default",
        "until": date(2026, 5, 4),
    }
    return Waiver(**{**given, **more})


def test_a_fresh_report_of_the_commit_that_passes_is_a_go() -> None:
    decision = judge(report())

    assert decision.is_go
    assert describe_decision(decision) == "Go: nothing stands against v0.5.0."
    assert list_findings(decision) == ()


@pytest.mark.parametrize(
    ("reports", "state"),
    [
        ([], State.MISSING),
        ([report(report="version-audit")], State.MISSING),
        ([report(Origin.FILE)], State.UNVERIFIED),
        ([report(Origin.RUN)], State.UNVERIFIED),
        ([report(commit=makers.OTHER_COMMIT)], State.FOREIGN),
        ([report(commit="")], State.FOREIGN),
        ([report(tag="v0.4.0")], State.FOREIGN),
        ([report(tag="v0.5.0-rc.1")], State.FOREIGN),
        ([report(as_of="2026-05-02T11:59:59Z")], State.STALE),
        ([report(as_of="2026-05-04T12:06:00Z")], State.STALE),
        ([report(verdict="fail")], State.FAIL),
        ([report(verdict="inconclusive")], State.INCONCLUSIVE),
        ([report(findings=[makers.finding()])], State.CONTRADICTORY),
        ([report(), report(verdict="warn")], State.CONTRADICTORY),
        ([report(), report(Origin.FILE, verdict="fail")], State.PASS),
        ([report(verdict="warn")], State.WARN),
        ([report(tag="")], State.PASS),
        ([report(), report()], State.PASS),
        ([report(as_of="2026-05-02T12:00:00Z")], State.PASS),
        ([report(verdict="fail"), report(run={**makers.RUN, "attempt": 2}, as_of="2026-05-04T11:30:00Z")],
         State.PASS),
    ],
)  # fmt: skip
def test_a_report_is_taken_for(reports: list[CheckReport], state: State) -> None:
    decision = judge(*reports)

    assert decision.reports[0].state is state
    assert decision.is_go == (state in {State.PASS, State.WARN})


def test_a_report_about_a_candidate_of_the_same_commit_counts_where_that_is_allowed() -> None:
    form = GateForm(required=(RequiredReport(report="branch-audit", candidates=True),))

    assert judge(report(tag="v0.5.0-rc.1"), form=form).is_go
    assert not judge(report(tag="v0.6.0-rc.1"), form=form).is_go
    assert not judge(report(tag="v0.5.0-rc.1", commit=makers.OTHER_COMMIT), form=form).is_go


def test_what_could_not_be_read_is_named_where_the_report_is_missing() -> None:
    decision = judge(unreadable=(Unreadable("audit.json", "it has no verdict"),))

    assert decision.reports[0].why == "no report of that name was found (audit.json: it has no verdict)"


def test_a_waiver_lets_a_release_pass_with_a_warning_that_names_who_and_why() -> None:
    form = GateForm(required=(AUDIT,), waivers=(waiver(),))

    decision = judge(report(verdict="fail", findings=[makers.finding()]), form=form)

    assert decision.is_go
    assert [str(finding.problem) for finding in list_findings(decision)] == [
        "branch-audit is fail: A feature is on the branch. ada waived it until 2026-05-04. "
        "The reason given: the feature is off by default"
    ]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"tag": "v0.5.1"}, "it is for v0.5.1"),
        ({"until": date(2026, 5, 3)}, "it ended on 2026-05-03"),
        ({"report": "perf-gate"}, "perf-gate is not required"),
        ({"rules": ("missing-pick",)}, "branch-audit is fail for more than missing-pick"),
    ],
)
def test_a_waiver_that_does_not_hold_changes_nothing_and_says_why(given: dict[str, Any], why: str) -> None:
    form = GateForm(required=(AUDIT,), waivers=(waiver(**given),))

    decision = judge(report(verdict="fail", findings=[makers.finding(), makers.finding(rule="x")]), form=form)

    assert not decision.is_go
    assert decision.unused[0][1] == why


def test_a_waiver_of_rules_never_covers_a_report_that_is_missing() -> None:
    form = GateForm(required=(AUDIT,), waivers=(waiver(rules=("feature",)),))

    assert not judge(form=form).is_go
    assert judge(report(verdict="fail", findings=[makers.finding()]), form=form).is_go


def test_a_waiver_that_is_not_needed_is_a_finding() -> None:
    decision = judge(report(), form=GateForm(required=(AUDIT,), waivers=(waiver(),)))

    assert decision.is_go
    assert [finding.rule for finding in list_findings(decision)] == ["unused-waiver"]


LEADERS = GateForm(required=(AUDIT,), approvals=(RequiredApprovals(role="release-leader", count=2),))


@pytest.mark.parametrize(
    ("approvals", "author", "is_go"),
    [
        ([makers.approval("ada"), makers.approval("bob")], "eve", True),
        ([makers.approval("ada"), makers.approval("Ada")], "eve", False),
        ([makers.approval("ada"), makers.approval("EVE")], "eve", False),
        ([makers.approval("ada"), makers.approval("bob", role="maintainer")], "eve", False),
        ([makers.approval("ada"), makers.approval("bob")], "", False),
    ],
)
def test_approvals_count_by_person_and_role_and_never_the_authors(
    approvals: list[dict[str, str]], author: str, *, is_go: bool
) -> None:
    assert judge(report(approvals=approvals, author=author), form=LEADERS).is_go == is_go


def test_approvals_in_a_report_that_does_not_count_are_none() -> None:
    approvals = [makers.approval("ada"), makers.approval("bob")]
    stale = report(approvals=approvals, author="eve", as_of="2026-05-01T00:00:00Z")
    form = GateForm(required=(AUDIT,), approvals=LEADERS.approvals, waivers=(waiver(),))

    decision = judge(stale, form=form)

    assert decision.against == ("release-leader",)


def test_a_hostile_title_stays_text_in_the_summary() -> None:
    message = "<script>alert(1)</script> | [x](http://evil) @everyone"

    summary = write_summary(judge(report(verdict="fail", findings=[makers.finding(message=message)])))

    assert "<script>" not in summary
    assert "\\@everyone" in summary


STATES = st.fixed_dictionaries(
    {
        "origin": st.sampled_from(Origin),
        "verdict": st.sampled_from(["pass", "warn", "fail", "inconclusive"]),
        "tag": st.sampled_from([makers.TAG, "", "v0.4.0", "v0.5.0-rc.1"]),
        "commit": st.sampled_from([makers.COMMIT, makers.OTHER_COMMIT, ""]),
        "hours": st.integers(-2, 60),
        "name": st.sampled_from(["branch-audit", "version-audit"]),
    }
)


@settings(deadline=None, max_examples=300)
@given(st.lists(STATES, max_size=3))
def test_there_is_no_go_without_a_report_that_is_right_in_every_way(given: list[dict[str, Any]]) -> None:
    reports = [
        report(
            item["origin"],
            report=item["name"],
            verdict=item["verdict"],
            tag=item["tag"],
            commit=item["commit"],
            run={**makers.RUN, "id": str(number)},
            as_of=(makers.NOW - timedelta(hours=item["hours"])).isoformat(),
        )
        for number, item in enumerate(given)
    ]

    is_right = [
        item["name"] == "branch-audit"
        and item["origin"] is Origin.JOB
        and item["tag"] in {makers.TAG, ""}
        and item["commit"] == makers.COMMIT
        for item in given
    ]
    own = [item for item, right in zip(given, is_right, strict=True) if right]
    newest = min((item["hours"] for item in own), default=None)
    last = [item for item in own if item["hours"] == newest]

    decision = judge(*reports)

    if decision.is_go:
        assert any(item["verdict"] in {"pass", "warn"} and 0 <= item["hours"] <= 48 for item in last)
    elif len(last) == 1 and last[0]["verdict"] in {"pass", "warn"}:
        assert not 0 <= last[0]["hours"] <= 48
