"""release-tracker through its command line: the board of a release on the simulator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.tracker.boards import CONFIG, CRITERIA, NOW, REPOSITORY, TOKEN, comment, event, issue, make_world, pull

from release_actions import main
from release_actions.errors import ExitCode, InputError, RemoteError
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator, World


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "release.yaml").write_text(CONFIG)
    return tmp_path


def track(world: World, folder: Path, **given: str) -> Report:
    """Run the command on a world."""
    environ = {
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_WORKSPACE": str(folder),
        "RELEASE_ACTIONS_NOW": NOW,
        "INPUT_TAG": "v0.6.0",
        "INPUT_TOKEN": TOKEN,
        **{f"INPUT_{name.upper()}": text for name, text in given.items()},
    }
    with Simulator(world) as simulator:
        return main.main_inner(["release-tracker"], {**environ, "GITHUB_API_URL": simulator.api_url}, Workflow({}))


def features(report: Report) -> dict[str, Any]:
    listed: Any = report.outputs["features"]
    return {row["item"].rpartition("#")[2]: row for row in listed}


def status(row: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["status"] for each in row["requirements"]}


def test_a_feature_with_everything_is_ready_with_its_proofs(config: Path) -> None:
    world = make_world([issue(3, "LoRA", state="closed", **{"closed-by": [f"{REPOSITORY}#4"]})], [pull(4)])

    report = track(world, config)

    row = features(report)["3"]
    assert (row["state"], row["why"]) == ("ready", "")
    assert status(row) == {
        "criteria": "met",
        "example": "met",
        "proposal": "not-required",
        "tests": "met",
        "merged": "met",
        "owner": "met",
        "nominated": "not-required",
    }
    proofs = {each["name"]: each["link"] for each in row["requirements"]}
    assert proofs["merged"] == proofs["example"] == "https://github.com/llm-d/llm-d/pull/4"
    assert proofs["criteria"] == "https://github.com/llm-d/llm-d/issues/3"
    assert (report.outputs["verdict"], report.outputs["freeze"]) == ("pass", "2026-03-11T12:00:00Z")


def test_an_open_feature_is_at_risk_before_the_freeze_and_not_ready_after(config: Path) -> None:
    world = make_world([issue(3, "LoRA")])

    after = track(world, config)
    (config / "release.yaml").write_text(CONFIG.replace("2026-03-10", "2026-03-19"))
    at_the_last_moment = track(world, config)
    (config / "release.yaml").write_text(CONFIG.replace("2026-03-10", "2026-03-25"))
    before = track(world, config)

    assert [features(each)["3"]["state"] for each in (after, at_the_last_moment, before)] == [
        "not-ready",
        "not-ready",
        "at-risk",
    ]
    assert after.outputs["verdict"] == "fail"


def test_what_was_given_up_or_taken_out_is_dropped(config: Path) -> None:
    out = [event("milestoned", "v0.6.0", "02-02"), event("demilestoned", "v0.6.0", "02-20")]
    world = make_world(
        [
            issue(3, "No", state="closed", reason="not_planned"),
            issue(5, "Twice", state="closed", reason="duplicate"),
            issue(6, "Out", milestone=0, events=out, labels=["kind/feature", "release/v0.6"]),
        ]
    )

    report = track(world, config)

    assert {number: row["state"] for number, row in features(report).items()} == {
        "3": "dropped",
        "5": "dropped",
        "6": "dropped",
    }


def test_a_feature_that_came_after_the_freeze_needs_an_exception(config: Path) -> None:
    late = [event("milestoned", "v0.6.0", "03-15")]
    by_both = [
        *late,
        event("labeled", "release/exception", "03-16", "lea"),
    ]
    world = make_world(
        [
            issue(3, "Late", events=late),
            issue(
                5,
                "Let in",
                events=by_both,
                comments=[comment("/exception needed by users until 2026-04-01", "03-16", "maya")],
            ),
            issue(6, "By one", events=by_both),
            issue(7, "By its author", author="lea", events=by_both, comments=[comment("/exception", "03-16", "maya")]),
            issue(8, "Removed", events=[*by_both, event("unlabeled", "release/exception", "03-17", "ada")]),
        ]
    )

    rows = features(track(world, config))

    assert {number: row["state"] for number, row in rows.items()} == {
        "3": "violation",
        "5": "exception",
        "6": "violation",
        "7": "violation",
        "8": "violation",
    }
    assert rows["5"]["exception"] == {
        "approved": "yes",
        "why": "needed by users",
        "until": "2026-04-01",
        "by": [{"role": "release-leader", "who": "lea"}, {"role": "maintainer", "who": "maya"}],
        "ignored": [],
    }
    assert rows["6"]["why"] == (
        "it came into the milestone on 2026-03-15, after the freeze without an exception, maintainer did not agree"
    )
    assert rows["7"]["exception"]["ignored"] == ["lea"]


def test_a_renamed_milestone_keeps_the_day_an_item_came_in(config: Path) -> None:
    early = [event("milestoned", "v0.6", "02-02")]
    again = [*early, event("demilestoned", "v0.6", "02-10"), event("milestoned", "Next", "03-15")]
    world = make_world([issue(3, "Early", events=early), issue(5, "Again", events=again), issue(6, "Born", events=[])])

    rows = features(track(world, config))

    assert [rows[number]["entered"][:10] for number in "356"] == ["2026-02-02", "2026-03-15", "2026-02-01"]
    assert [rows[number]["state"] for number in "356"] == ["not-ready", "violation", "not-ready"]


def test_the_lists_are_compared_in_both_directions(config: Path) -> None:
    body = (
        "- [x] Done and open #3\n- [ ] Done #5\n- [ ] In another repository other/router#1\n"
        "- [ ] Something\n- [x] #99\n```\n- [ ] #6\n```\n- [ ] Not in the milestone #7\n"
    )
    tracker = issue(1, "v0.6 Release Goals", body=body, labels=[], milestone=0, events=[])
    world = make_world(
        [
            tracker,
            issue(3, "Open"),
            issue(5, "Done", state="closed"),
            issue(6, "Not listed"),
            issue(7, "Elsewhere", milestone=2),
        ]
    )

    report = track(world, config, issues="1")

    differences = report.outputs["differences"]
    assert isinstance(differences, list)
    assert [(each["rule"], each["message"]) for each in differences if isinstance(each, dict)] == [
        ("ticked-but-open", "llm-d/llm-d#1, line 1 has llm-d/llm-d#3 ticked, but it is open."),
        ("closed-but-not-ticked", "llm-d/llm-d#1, line 2 has llm-d/llm-d#5 not ticked, but it is done."),
        ("without-issue", 'llm-d/llm-d#1, line 4 lists "Something", which names no issue.'),
        ("not-in-milestone", "llm-d/llm-d#7 is in llm-d/llm-d#1, but not in the milestone v0.6.0."),
        ("not-in-milestone", "llm-d/llm-d#99 is in llm-d/llm-d#1, but not in the milestone v0.6.0."),
        ("not-listed", "llm-d/llm-d#6 is in the milestone v0.6.0, but in no tracking issue."),
    ]
    rows = features(report)
    assert rows["1"]["state"] == rows["99"]["state"] == "cannot-tell"
    assert rows["99"]["why"] == "it does not exist there any more, or the token may not see it"


def test_two_trackers_that_disagree_are_reported(config: Path) -> None:
    trackers = [
        issue(number, "Goals", body=f"- [{mark}] #3\n", labels=[], milestone=0, events=[])
        for number, mark in ((1, "x"), (2, " "))
    ]
    world = make_world([*trackers, issue(3, "LoRA", state="closed")])

    report = track(world, config, issues="1, 2")

    messages = [finding.problem.message for finding in report.findings if finding.rule == "trackers-disagree"]
    assert messages == ["llm-d/llm-d#1 has llm-d/llm-d#3 ticked, llm-d/llm-d#2 has not."]


def test_two_trackers_with_different_freeze_dates_are_reported(config: Path) -> None:
    trackers = [
        issue(number, "Goals", body=f"Feature freeze: {day}\n", labels=[], milestone=0, events=[])
        for number, day in ((1, "March 10th"), (2, "2026-03-12"))
    ]
    world = make_world(trackers)

    with_freeze = track(world, config, issues="1, 2")
    (config / "release.yaml").write_text(CONFIG.replace("{date: 2026-03-10}", "{}"))
    without = track(world, config, issues="1, 2")

    messages = [
        finding.problem.message
        for report in (with_freeze, without)
        for finding in report.findings
        if finding.rule == "dates-disagree"
    ]
    assert messages == [
        "llm-d/llm-d#2, line 1 has the freeze on 2026-03-12, tracker.freeze.date on 2026-03-10.",
        "llm-d/llm-d#2, line 1 has the freeze on 2026-03-12, llm-d/llm-d#1, line 1 on 2026-03-10.",
    ]


def test_a_label_that_others_have_is_missed(config: Path) -> None:
    labels = ["kind/feature", "release/v0.6"]
    world = make_world([issue(3, "With", labels=labels), issue(5, "Without")])

    report = track(world, config)

    messages = [finding.problem.message for finding in report.findings if finding.rule == "without-label"]
    assert messages == ["llm-d/llm-d#5 belongs to the release, but has no label release/v0.6."]


def test_sub_issues_and_items_of_other_repositories_are_on_the_board(config: Path) -> None:
    tracker = issue(
        1, "Goals", body="- [ ] other/router#7", labels=[], milestone=0, events=[], **{"sub-issues": ["other/router#8"]}
    )
    router: Any = {
        "commits": [{"id": "base", "message": "base"}],
        "issues": [
            {"number": 7, "title": "Route", "labels": ["kind/feature"]},
            {"number": 8, "title": "Fix", "labels": ["kind/bug"], "state": "closed"},
        ],
    }
    world = make_world([tracker], **{"other/router": router})

    report = track(world, config, issues="1")

    row = features(report)["7"]
    assert (row["title"], row["state"]) == ("Route", "not-ready")
    assert status(row)["merged"] == "missing"


def test_a_proposal_counts_when_somebody_else_with_the_role_approved_it(config: Path) -> None:
    proposals = {"docs/proposals/lora.md": "# LoRA\n", "docs/proposals/own.md": "# Own\n"}
    labels = ["kind/feature", "kind/api-change"]
    body = f"{CRITERIA}\nSee https://github.com/llm-d/llm-d/blob/main/docs/proposals/"
    commits = [
        {"id": "base", "message": "base"},
        {"id": "lora", "message": "lora", "files": ["docs/proposals/lora.md"]},
        {"id": "own", "message": "own", "files": ["docs/proposals/own.md"]},
    ]
    pulls = [
        pull(11, author="zoe", **{"merge-commit": "lora"}, comments=[comment("/approve", "02-02", "maya")]),
        pull(12, author="maya", **{"merge-commit": "own"}, comments=[comment("/approve", "02-02", "maya")]),
    ]
    world = make_world(
        [
            issue(3, "LoRA", labels=labels, body=f"{body}lora.md"),
            issue(5, "Own", labels=labels, body=f"{body}own.md"),
            issue(6, "Gone", labels=labels, body=f"{body}gone.md"),
            issue(7, "None", labels=labels),
        ],
        pulls,
        proposals,
        repository={"commits": commits},
    )

    rows = features(track(world, config))

    said = {
        number: next((each["status"], each["why"]) for each in row["requirements"] if each["name"] == "proposal")
        for number, row in rows.items()
    }
    assert said == {
        "3": ("met", "docs/proposals/lora.md was approved by maya"),
        "5": ("missing", "nobody with the role maintainer but its author approved docs/proposals/own.md"),
        "6": ("missing", "docs/proposals/gone.md is not on trunk"),
        "7": ("missing", "no proposal under proposals/*.md, docs/proposals/*.md is linked"),
    }


def test_a_lead_nominates_and_a_maintainer_approves(config: Path) -> None:
    (config / "release.yaml").write_text(f"{CONFIG}  sigs: {{sig/lora: [sam, ada]}}\n")
    labels = ["kind/feature", "sig/lora"]
    yes = [comment("/nominate", "02-03", "sam"), comment("/approve", "02-04", "maya")]
    world = make_world(
        [
            issue(3, "Yes", labels=labels, comments=yes),
            issue(5, "By its author", labels=labels, comments=[comment("/nominate", "02-03", "ada"), yes[1]]),
            issue(6, "Taken back", labels=labels, comments=[*yes, comment("/nominate cancel", "02-05", "sam")]),
            issue(7, "No SIG", comments=yes),
        ]
    )

    rows = features(track(world, config))

    assert [status(rows[number])["nominated"] for number in "3567"] == ["met", "missing", "missing", "missing"]


def test_hostile_titles_and_gone_accounts_stay_data(config: Path) -> None:
    title = "</td>|`x`| ::error::no ![](x) <script>"
    world = make_world([issue(3, title, author="", comments=[comment("/approve", "03-01", "")])])

    report = track(world, config, report="tracker.json")

    written = json.loads((config / "tracker.json").read_text())
    assert (written["report"], written["features"][0]["title"]) == ("release-tracker", title)
    assert "<script>" not in report.summary
    assert "| `x`" not in report.summary


def test_a_milestone_that_is_not_there_is_named_with_the_nearest(config: Path) -> None:
    world = make_world([])

    with pytest.raises(InputError) as caught:
        track(world, config, tag="v0.8.0")

    assert str(caught.value) == (
        "llm-d/llm-d has no milestone 'v0.8.0'. Did you mean v0.7.0 or v0.6.0? "
        "Set the input milestone, or tracker.milestone in release.yaml."
    )


def test_a_token_without_the_permission_is_told_which_it_needs(config: Path) -> None:
    world = make_world([], repository={"visibility": "private"})

    with pytest.raises(RemoteError) as caught:
        track(world, config, token="ghs_blind")

    assert str(caught.value).endswith(
        "The token needs the permission issues: read, and pull-requests: read, in llm-d/llm-d."
    )
    assert caught.value.exit_code is ExitCode.UNKNOWN


def test_two_hundred_items_take_fewer_than_thirty_requests(config: Path) -> None:
    body = "".join(f"- [ ] #{number}\n" for number in range(10, 120))
    tracker = issue(1, "Goals", body=body, labels=[], milestone=0, events=[])
    issues = [
        issue(number, f"Feature {number}", **{"closed-by": [f"{REPOSITORY}#{number + 300}"]})
        for number in range(10, 210)
    ]
    pulls = [pull(number + 300) for number in range(10, 210)]
    world = make_world([tracker, *issues], pulls)

    report = track(world, config, issues="1")

    assert len(features(report)) == 200
    assert report.outputs["requests"] == 16


def test_lists_of_more_than_a_page_are_read_to_their_end(config: Path) -> None:
    noise = [event("labeled", f"size/{number}", "02-03") for number in range(130)]
    files = [f"docs/{number}.md" for number in range(140)]
    world = make_world(
        [
            issue(
                3, "LoRA", events=[*noise, event("milestoned", "v0.6.0", "03-15")], **{"closed-by": [f"{REPOSITORY}#4"]}
            )
        ],
        [pull(4, files=[*files, "tests/test_last.py"])],
    )

    row = features(track(world, config))["3"]

    assert row["entered"] == "2026-03-15T09:00:00Z"
    assert status(row)["tests"] == "met"
