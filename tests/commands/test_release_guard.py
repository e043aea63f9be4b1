"""release-tracker in mode guard: which pull requests may land after the freeze."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.tracker.boards import CONFIG, NOW, REPOSITORY, TOKEN, comment, event, issue, make_world, pull

from release_actions import main
from release_actions.errors import ExitCode, InputError
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator, World
from release_actions.simulator.accounts import TokenKind

FIX = {"labels": ["kind/bug"], "events": [event("labeled", "kind/bug", "03-15", "rita")], "files": ["src/a.py"]}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "release.yaml").write_text(CONFIG)
    return tmp_path


def opened(number: int, **more: Any) -> dict[str, Any]:
    """An open pull request of ada's, made after the freeze."""
    return pull(number, **{"state": "open", "created": "2026-03-15T08:00:00Z", **more})


def guard(world: World, folder: Path, payload: dict[str, Any] | None = None, **given: str) -> Report:
    """Run the guard on a world, for all open pull requests without a number."""
    environ = {
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_WORKSPACE": str(folder),
        "RELEASE_ACTIONS_NOW": NOW,
        "INPUT_MODE": "guard",
        "INPUT_TOKEN": TOKEN,
        **{f"INPUT_{name.upper()}": text for name, text in given.items()},
    }
    if payload is not None:
        (folder / "event.json").write_text(json.dumps(payload))
        environ["GITHUB_EVENT_PATH"] = str(folder / "event.json")
    with Simulator(world) as simulator:
        return main.main_inner(["release-tracker"], {**environ, "GITHUB_API_URL": simulator.api_url}, Workflow({}))


def judge(folder: Path, *issues: dict[str, Any], **more: Any) -> tuple[str, str]:
    """Whether the pull request 9 may land, and why."""
    report = guard(make_world(list(issues), [opened(9, **more)]), folder)
    listed: Any = report.outputs["pull-requests"]
    (row,) = listed
    return row["may-land"], row["why"]


def test_a_fix_that_somebody_else_labelled_may_land(config: Path) -> None:
    assert judge(config, **FIX) == ("yes", "is a fix")


@pytest.mark.parametrize(
    "events",
    [
        [event("labeled", "kind/bug", "03-15", "ada")],
        [event("labeled", "kind/bug", "03-15", "labeler[bot]")],
        [event("labeled", "kind/bug", "03-15", "")],
        [
            event("labeled", "kind/bug", "03-15", "rita"),
            event("unlabeled", "kind/bug", "03-16", "rita"),
            event("labeled", "kind/bug", "03-17", "ada"),
        ],
        [],
    ],
)
def test_a_kind_that_only_its_author_gave_needs_an_approval(config: Path, events: list[dict[str, Any]]) -> None:
    given = {**FIX, "events": events}

    assert judge(config, **given)[0] == "no"
    assert judge(config, **given, comments=[comment("/lgtm", "03-18", "ada")])[0] == "no"
    # Everybody can comment on GitHub, also an account that the author made for it.
    assert judge(config, **given, comments=[comment("/lgtm", "03-18", "stranger")])[0] == "no"
    assert judge(config, **given, comments=[comment("/lgtm", "03-18", "rita")]) == ("yes", "is a fix")


def test_an_approving_review_stands_for_the_kind(config: Path) -> None:
    reviews = [{"author": "rita", "state": "approved", "submitted": "2026-03-16T09:00:00Z"}]

    assert judge(config, **{**FIX, "events": []}, reviews=reviews)[0] == "yes"


def test_kind_and_paths_have_to_agree(config: Path) -> None:
    docs = {"labels": ["kind/documentation"], "events": [event("labeled", "kind/documentation", "03-15", "rita")]}

    assert judge(config, **docs, files=["docs/a.md", "README.md"]) == ("yes", "is documentation")
    assert judge(config, **docs, files=["docs/a.md", "src/a.py"]) == (
        "no",
        "is labelled as documentation, but changes src/a.py",
    )
    # A file that is moved into the documentation is taken away elsewhere.
    assert judge(config, **docs, files=["src/a.py => docs/a.md"])[0] == "no"
    assert judge(config, **{**FIX, "files": ["proposals/new.md"]})[0] == "no"


def test_a_fix_that_closes_a_feature_is_a_feature(config: Path) -> None:
    feature = issue(3, "LoRA", **{"closed-by": [f"{REPOSITORY}#9"]})

    assert judge(config, feature, **FIX) == ("no", "is a feature, came after the freeze and has no exception")


@pytest.mark.parametrize(("labels", "kind"), [([], "is of no known kind"), (["kind/chore"], "is a chore")])
def test_what_is_neither_fix_nor_documentation_is_refused(config: Path, labels: list[str], kind: str) -> None:
    assert judge(config, labels=labels) == ("no", f"{kind}, came after the freeze and has no exception")


def test_an_exception_of_the_issue_lets_its_pull_request_in(config: Path) -> None:
    said = [comment("/exception", "03-16", "lea"), comment("/exception", "03-16", "maya")]
    feature = issue(3, "LoRA", comments=said, **{"closed-by": [f"{REPOSITORY}#9"]})

    assert judge(config, feature) == ("yes", "has an exception of lea (release-leader) and maya (maintainer)")
    # Who opened the pull request does not let it in by way of the issue.
    assert judge(config, feature, author="maya") == (
        "no",
        "is a feature, came after the freeze and has no exception, to which maintainer did not agree",
    )


def test_an_exception_of_unknown_people_cannot_be_told(config: Path) -> None:
    world = make_world(
        [], [opened(9, comments=[comment("/exception", "03-16", "lea"), comment("/exception", "03-16", "x")])]
    )
    world.repositories[REPOSITORY].files.clear()
    (config / "release.yaml").write_text(
        f"{CONFIG}  roles: {{release-leader: [lea], maintainer: ['owners:approvers']}}\n"
    )

    report = guard(world, config, pull_request="9")

    assert (report.exit_code, report.outputs["verdict"]) == (ExitCode.UNKNOWN, "inconclusive")


def test_before_the_freeze_and_elsewhere_everything_passes_explicitly(config: Path) -> None:
    (config / "release.yaml").write_text(CONFIG.replace("2026-03-10", "2026-04-10"))
    before = judge(config)
    (config / "release.yaml").write_text(CONFIG.replace("{date: 2026-03-10}", "{}"))
    without = judge(config)
    (config / "release.yaml").write_text(CONFIG)
    report = guard(make_world([], [opened(9, base="experiment")]), config, pull_request="9")

    assert before == ("yes", "may land until the freeze at 2026-04-11 12:00 UTC")
    assert without == ("yes", "may land, as no freeze is set")
    assert report.exit_code is ExitCode.PASS
    assert report.lines[-1] == "llm-d/llm-d#9 goes to experiment, which the freeze is not about."


def test_the_pull_request_comes_from_the_event_or_the_merge_queue(config: Path) -> None:
    world = make_world([], [opened(8), opened(9, **FIX)])
    queue = "refs/heads/gh-readonly-queue/main/pr-9-" + "0" * 40

    by_event = guard(world, config, {"pull_request": {"number": 8}})
    by_queue = guard(world, config, {"merge_group": {"head_ref": queue}})

    assert [each.exit_code for each in (by_event, by_queue)] == [ExitCode.REFUSED, ExitCode.PASS]
    assert by_event.findings[0].problem.message.startswith("llm-d/llm-d#8 is of no known kind")
    with pytest.raises(InputError, match="does not name its pull request"):
        guard(world, config, {"merge_group": {"head_ref": "refs/heads/gh-readonly-queue/main/x"}})


def test_an_issue_is_not_taken_for_a_pull_request(config: Path) -> None:
    with pytest.raises(InputError, match="is an issue, not a pull request"):
        guard(make_world([issue(3, "LoRA")]), config, pull_request="3")


def test_a_scheduled_run_turns_the_status_of_every_open_pull_request(config: Path) -> None:
    world = make_world(
        [], [opened(7, labels=["kind/feature"]), opened(8, base="experiment"), opened(9, **FIX), pull(10)]
    )
    permissions = {"statuses": "write", "issues": "read", "pull-requests": "read"}
    world.add_token("ghs_writer", TokenKind.ACTIONS, repository=REPOSITORY, permissions=permissions)

    report = guard(world, config, token="ghs_writer", status="freeze")

    statuses = world.repositories[REPOSITORY].statuses
    assert [(each.context, each.state) for each in statuses] == [("freeze", "failure"), ("freeze", "success")]
    assert statuses[1].description == "Is a fix"
    assert (report.exit_code, report.outputs["verdict"]) == (ExitCode.PASS, "fail")


def test_a_merge_group_gets_the_status_that_its_queue_waits_for(config: Path) -> None:
    world = make_world([], [opened(9, **FIX)])
    permissions = {"statuses": "write", "issues": "read", "pull-requests": "read"}
    world.add_token("ghs_writer", TokenKind.ACTIONS, repository=REPOSITORY, permissions=permissions)
    group = {"head_ref": "refs/heads/gh-readonly-queue/main/pr-9-" + "0" * 40, "head_sha": "a" * 40}

    guard(world, config, {"merge_group": group}, token="ghs_writer", status="freeze")

    (status,) = world.repositories[REPOSITORY].statuses
    assert (status.commit, status.state) == ("a" * 40, "success")


def test_one_pull_request_takes_fewer_than_six_requests_and_one_for_each_hundred_files(config: Path) -> None:
    files = [f"src/{number}.py" for number in range(250)]

    few = guard(make_world([], [opened(9, **FIX)]), config, pull_request="9")
    many = guard(make_world([], [opened(9, **{**FIX, "files": files})]), config, pull_request="9")

    assert (few.outputs["requests"], many.outputs["requests"]) == (3, 5)


def test_the_next_open_milestone_says_when_the_freeze_is(config: Path) -> None:
    (config / "release.yaml").write_text(CONFIG.replace("{date: 2026-03-10}", "{after: 4w}"))
    world = make_world([], [opened(9)])

    during = guard(world, config)
    world.repositories[REPOSITORY].milestones[1].state = "closed"
    named = guard(world, config, milestone="v0.6.0")

    assert during.outputs["freeze"] == "2026-04-18T12:00:00Z"
    assert named.lines[-1] == "llm-d/llm-d#9 may land, as v0.6.0 is closed."
