"""release-tracker in the modes that change something: planned first, carried out when asked, empty when made again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.tracker.boards import CONFIG, NOW, REPOSITORY, comment, event, issue, make_world

from release_actions import main
from release_actions.errors import ConfigurationError, InputError, PartialError, PolicyError
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator, World
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.faults import Fault

WRITER = "ghs_writer"
LATE = [event("milestoned", "v0.6.0", "03-15")]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "release.yaml").write_text(f"{CONFIG}  sync: true\n  sigs: {{sig/lora: ['@sam']}}\n")
    return tmp_path


def run(world: World, folder: Path, mode: str, fault: Fault | None = None, **given: str) -> Report:
    if WRITER not in world.tokens:
        permissions = {"issues": "write", "pull-requests": "read"}
        world.add_token(WRITER, TokenKind.ACTIONS, repository=REPOSITORY, permissions=permissions)
    environ = {
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_WORKSPACE": str(folder),
        "RELEASE_ACTIONS_NOW": NOW,
        "INPUT_MODE": mode,
        "INPUT_TAG": "v0.6.0",
        "INPUT_TOKEN": WRITER,
        **{f"INPUT_{name.upper()}": text for name, text in given.items()},
    }
    with Simulator(world, faults=[fault] if fault else []) as simulator:
        return main.main_inner(["release-tracker"], {**environ, "GITHUB_API_URL": simulator.api_url}, Workflow({}))


def test_what_is_unfinished_moves_on_with_one_comment(config: Path) -> None:
    world = make_world([issue(3, "Open"), issue(5, "Late", events=LATE), issue(6, "Done", state="closed")])
    issues = world.repositories[REPOSITORY].issues

    planned = run(world, config, "sync")
    before = {number: item.milestone for number, item in issues.items()}
    done = run(world, config, "sync", apply="true")
    again = run(world, config, "sync", apply="true")

    assert before == {3: 1, 5: 1, 6: 1}
    assert (
        planned.outputs["plan"]
        == done.outputs["plan"]
        == [
            "Comment on llm-d/llm-d#3 that it moves.",
            "Move llm-d/llm-d#3 from v0.6.0 to v0.7.0: no merged pull request brings an example under guides/*.",
            "Comment on llm-d/llm-d#5 that it moves.",
            "Move llm-d/llm-d#5 from v0.6.0 to v0.7.0: it came into the milestone on 2026-03-15, after the freeze "
            "without an exception.",
        ]
    )
    assert {number: (item.milestone, item.state, len(item.comments)) for number, item in issues.items()} == {
        3: (2, "open", 1),
        5: (2, "open", 1),
        6: (1, "closed", 0),
    }
    assert again.outputs["plan"] == []


def test_a_move_that_stopped_in_between_goes_on_without_a_second_comment(config: Path) -> None:
    world = make_world([issue(3, "Open")])
    issues = world.repositories[REPOSITORY].issues
    fault = Fault(method="PATCH", path="/repos/llm-d/llm-d/issues/3", answer=403)

    with pytest.raises(PartialError) as caught:
        run(world, config, "sync", fault, apply="true")
    stopped = issues[3].milestone, len(issues[3].comments)
    run(world, config, "sync", apply="true")

    assert (caught.value.done, caught.value.total, stopped) == (1, 2, (1, 1))
    assert (issues[3].milestone, len(issues[3].comments)) == (2, 1)


def test_nothing_moves_before_the_freeze_or_without_leave_or_without_a_place(config: Path) -> None:
    world = make_world([issue(3, "Open")])
    text = (config / "release.yaml").read_text()

    (config / "release.yaml").write_text(text.replace("sync: true", "sync: false"))
    with pytest.raises(PolicyError, match="only moved where the project says so"):
        run(world, config, "sync", apply="true")
    (config / "release.yaml").write_text(text.replace("2026-03-10", "2026-04-10"))
    with pytest.raises(PolicyError, match="before the freeze"):
        run(world, config, "sync", apply="true")
    (config / "release.yaml").write_text(text)
    del world.repositories[REPOSITORY].milestones[2]
    with pytest.raises(InputError, match=r"no open milestone after v0\.6\.0"):
        run(world, config, "sync", apply="true")


def test_the_digest_is_one_comment_that_is_edited(config: Path) -> None:
    tracker = issue(
        1,
        "Goals",
        labels=[],
        milestone=0,
        body="- [ ] #3\n",
        events=[],
        comments=[comment("<!-- release-tracker: digest-v0.6.0 -->", "03-01", "eve")],
    )
    labels = ["kind/feature", "sig/lora"]
    world = make_world([tracker, issue(3, "LoRA @everyone", labels=labels), issue(5, "Nobody's")])
    comments = world.repositories[REPOSITORY].issues[1].comments

    planned = run(world, config, "digest", issues="1")
    assert len(comments) == 1
    run(world, config, "digest", issues="1", apply="true")
    unchanged = run(world, config, "digest", issues="1", apply="true")
    world.repositories[REPOSITORY].issues[3].assignees = ()
    changed = run(world, config, "digest", issues="1", apply="true")

    assert planned.outputs["plan"] == ["Comment with what is owed on llm-d/llm-d#1."]
    assert (unchanged.outputs["plan"], len(comments)) == ([], 2)
    assert changed.outputs["plan"] == ["Change the comment with what is owed on llm-d/llm-d#1."]
    assert comments[0].body == "<!-- release-tracker: digest-v0.6.0 -->"
    assert "### sig/lora (`sam`)" in comments[1].body
    assert "lacks example, tests, merged, owner" in comments[1].body
    assert "### Without a SIG" in comments[1].body
    assert " @everyone" not in comments[1].body
    assert planned.outputs["chat"] == (
        "v0.6.0: what is owed\n"
        "sig/lora: 0 of 1 ready\n"
        "  3 LoRA (at)everyone: example, tests, merged, nominated\n"
        "Without a SIG: 0 of 1 ready\n"
        "  5 Nobody's: example, tests, merged, nominated"
    )


def test_a_release_is_opened_with_its_dates_and_its_issue(config: Path) -> None:
    world = make_world([])
    repository = world.repositories[REPOSITORY]
    schedule = "schedule: {releases: {v0.8.0: {freeze: 2026-05-12, target: 2026-05-19}}}\n"
    (config / "release.yaml").write_text(f"{(config / 'release.yaml').read_text()}{schedule}")

    planned = run(world, config, "open", tag="v0.8.0")
    assert 3 not in repository.milestones
    done = run(world, config, "open", tag="v0.8.0", apply="true")
    again = run(world, config, "open", tag="v0.8.0", apply="true")

    assert (
        planned.outputs["plan"]
        == done.outputs["plan"]
        == [
            "Make the milestone v0.8.0 due on 2026-05-19.",
            "Open the tracking issue of v0.8.0.",
        ]
    )
    milestone: Any = repository.milestones[3]
    assert (milestone.title, f"{milestone.due:%Y-%m-%d}") == ("v0.8.0", "2026-05-19")
    (tracker,) = repository.issues.values()
    assert (tracker.title, tracker.labels) == ("v0.8.0 release tracker", ("release/v0.8",))
    assert "Freeze: 2026-05-12\nTarget: 2026-05-19\n" in tracker.body
    assert again.outputs["plan"] == []


def test_a_date_that_moved_moves_the_milestone(config: Path) -> None:
    schedule = "schedule: {releases: {v0.6.0: {target: 2026-03-24}}}\n"
    (config / "release.yaml").write_text(f"{(config / 'release.yaml').read_text()}{schedule}")

    planned = run(make_world([]), config, "open")

    plan: Any = planned.outputs["plan"]
    assert plan[0] == "Set the date of the milestone v0.6.0 to 2026-03-24."


def test_no_file_of_the_runner_becomes_an_issue(config: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("home") / "config"
    secret.write_text("a login of the runner")
    (config / "template.md").symlink_to(secret)
    (config / "release.yaml").write_text(f"{(config / 'release.yaml').read_text()}  template: template.md\n")
    world = make_world([])

    with pytest.raises(ConfigurationError, match=r"'template\.md'.* leads out of the repository by a link"):
        run(world, config, "open", tag="v0.8.0", apply="true")

    assert world.repositories[REPOSITORY].issues == {}
