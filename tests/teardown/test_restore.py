"""Mode restore: what a teardown took away is there again, and what cannot come back is said."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.killed import Killed
from tests.teardown.candidate import (
    CPU,
    CUDA,
    REPOSITORY,
    TearDown,
    git_tags,
    messages,
    output,
    release,
    the_repository,
)

from release_actions.cleanup.pace import OUT_OF_TIME, Limits
from release_actions.errors import ExitCode, InputError
from release_actions.github.refs import GitRefs
from release_actions.registry.names import digest_of
from release_actions.runner.report import Report
from release_actions.simulator import Simulator, World
from release_actions.simulator.faults import Fault
from release_actions.simulator.git import Target
from release_actions.simulator.repositories import Asset, Release
from release_actions.simulator.rules import TagRules

NEW = "The release v0.5.0-rc.1 is restored as a new one, with a new date and another author."


@pytest.fixture
def restore(tear_down: TearDown, tmp_path: Path) -> Callable[..., Report]:
    def run(**inputs: str) -> Report:
        given = {"undo_file": str(tmp_path / "rc-teardown-undo.json"), **inputs}
        return tear_down("", mode="restore", **given)

    return run


def pages(world: World) -> list[tuple[Any, ...]]:
    found = the_repository(world).releases.values()
    return sorted((one.tag, one.name, one.body, one.target, one.draft, one.prerelease) for one in found)


def annotated(world: World, tag: str) -> str:
    """Make a tag an annotated one. Gives its object."""
    git = the_repository(world).git
    made = git.annotate(tag, git.refs[f"refs/tags/{tag}"], f"Release {tag}", world.now())
    git.refs[f"refs/tags/{tag}"] = Target(made.sha, "tag")
    return made.sha


def test_all_of_it_comes_back(world: World, tear_down: TearDown, restore: Callable[..., Report]) -> None:
    annotated(world, "v0.5.0-rc.1")
    before = git_tags(world), pages(world), {path: world.tags(path) for path in (CUDA, CPU)}
    torn = tear_down()
    assert torn.exit_code is ExitCode.PASS
    assert git_tags(world) != before[0]
    report = restore(undo_file=str(torn.outputs["undo-file"]))
    assert messages(report) == [NEW]
    assert report.exit_code is ExitCode.PASS
    assert (git_tags(world), pages(world), {path: world.tags(path) for path in (CUDA, CPU)}) == before
    assert all(not world.missing(path, tag) for path in (CUDA, CPU) for tag in world.tags(path))
    assert output(report, "restored") == {
        "versions": 12,
        "git": ["v0", "v0.5", "v0.5.0-rc", "v0.5.0-rc.1"][::-1],
        "releases": ["v0.5.0-rc.1"],
    }
    assert report.lines[-1] == "12 of 12 versions, 4 of 4 git tags and 1 of 1 release were restored."
    assert report.lines[-2].startswith(
        "In every clone: git fetch --force https://github.com/llm-d/llm-d refs/tags/v0:refs/tags/v0 "
    )
    assert "| git | `v0.5` | yes |" in report.summary


def test_restoring_twice_changes_nothing_more(
    world: World, tear_down: TearDown, restore: Callable[..., Report]
) -> None:
    tear_down()
    restore()
    there = git_tags(world), pages(world), {path: world.tags(path) for path in (CUDA, CPU)}
    report = restore()
    assert report.exit_code is ExitCode.PASS
    assert (git_tags(world), pages(world), {path: world.tags(path) for path in (CUDA, CPU)}) == there


def test_a_dry_run_only_says_what_would_come_back(
    world: World, tear_down: TearDown, restore: Callable[..., Report]
) -> None:
    tear_down()
    there = git_tags(world), pages(world), {path: world.tags(path) for path in (CUDA, CPU)}
    report = restore(dry_run="true")
    assert (git_tags(world), pages(world), {path: world.tags(path) for path in (CUDA, CPU)}) == there
    tags = "v0.5, v0.5.0, v0.5.0-rc, v0.5.0-rc.1"
    first, *_ = report.lines
    assert first.startswith(f"{CUDA}: 6 versions would be restored, with the tags sha256-")
    assert first.endswith(f"{tags}.")
    assert "release v0.5.0-rc.1 would be restored." in report.lines
    assert report.summary.startswith("## Restored from the undo file (dry run: nothing was changed)\n")


def test_the_file_is_written_before_anything_goes(
    world: World,
    tear_down: TearDown,
    restore: Callable[..., Report],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed(*_: Any) -> Any:
        raise Killed

    before = git_tags(world), pages(world), {path: world.tags(path) for path in (CUDA, CPU)}
    with monkeypatch.context() as patch:
        # No chance to write the file again: the process is gone.
        patch.setattr(GitRefs, "delete", killed)
        patch.setattr("release_actions.teardown.undo.Record.end", lambda *_: None)
        with pytest.raises(Killed):
            tear_down()
    found = json.loads((tmp_path / "rc-teardown-undo.json").read_text(encoding="utf-8"))
    assert [row["tag"] for row in found["git"]] == ["v0", "v0.5", "v0.5.0-rc", "v0.5.0-rc.1"]
    assert restore().exit_code is ExitCode.PASS
    assert (git_tags(world), pages(world), {path: world.tags(path) for path in (CUDA, CPU)}) == before


def test_two_runs_share_a_file(world: World, tear_down: TearDown, restore: Callable[..., Report]) -> None:
    before = git_tags(world)
    the_repository(world).tag_rules = (TagRules(("v0.5.0-rc.1",), ("deletion",)),)
    assert tear_down().exit_code is ExitCode.REFUSED
    the_repository(world).tag_rules = ()
    assert tear_down().exit_code is ExitCode.PASS
    assert set(before) - set(git_tags(world)) == {"v0.5", "v0.5.0-rc", "v0.5.0-rc.1"}
    assert output(restore(), "restored")["git"] == ["v0.5.0-rc.1", "v0.5.0-rc", "v0.5", "v0"]
    assert git_tags(world) == before


def test_a_git_tag_that_moved_since_is_left(world: World, tear_down: TearDown, restore: Callable[..., Report]) -> None:
    before = git_tags(world)
    tear_down()
    other = git_tags(world)["v0.3.0"]
    the_repository(world).git.refs["refs/tags/v0"] = Target(other, "commit")
    report = restore()
    assert report.exit_code is ExitCode.REFUSED
    assert git_tags(world)["v0"] == other
    assert messages(report)[0] == (
        f"The git tag v0 now names {other}, so it was not put back on {before['v0']}. If {before['v0'][:12]} is "
        "right: git push "
        f"--force origin {before['v0']}:refs/tags/v0"
    )
    assert git_tags(world)["v0.5.0-rc.1"] == before["v0.5.0-rc.1"]


def test_a_tag_object_that_github_dropped_is_named_for_a_clone(
    world: World, tear_down: TearDown, restore: Callable[..., Report]
) -> None:
    sha = annotated(world, "v0.5.0-rc.1")
    tear_down()
    del the_repository(world).git.tags[sha]
    report = restore()
    assert report.exit_code is ExitCode.REFUSED
    first, second, _ = messages(report)
    assert first.startswith("The git tag v0.5.0-rc.1 could not be restored. GitHub answered 422")
    assert "Object does not exist" in first
    assert first.endswith(f"git push origin {sha}:refs/tags/v0.5.0-rc.1")
    # Without its tag GitHub would make one, of the branch.
    assert second.startswith("The release v0.5.0-rc.1 was not restored: its git tag does not exist.")
    assert "v0.5.0-rc.1" not in git_tags(world)


def test_files_of_a_release_are_lost_and_that_is_said_before_and_after(
    world: World, tear_down: TearDown, restore: Callable[..., Report]
) -> None:
    [page] = [one for one in the_repository(world).releases.values() if one.tag == "v0.5.0-rc.1"]
    page.assets[1] = Asset(1, "chart.tgz", "sha256:" + "0" * 64, 3, "ada", world.now())
    assert "has 1 file, chart.tgz" in messages(tear_down())[0]
    planned = tear_down(dry_run="true", allow_irreversible="v0.5.0-rc.1")
    assert messages(planned) == [
        "The GitHub release of v0.5.0-rc.1 has 1 file, chart.tgz, which would be lost. It was deleted because "
        "allow-irreversible names it."
    ]
    assert tear_down(allow_irreversible="v0.5.0-rc.1").exit_code is ExitCode.PASS
    assert messages(restore()) == [f"{NEW} The files that it had are lost: chart.tgz."]


def test_what_was_torn_down_twice_comes_back_once(
    world: World, tear_down: TearDown, restore: Callable[..., Report]
) -> None:
    before = git_tags(world), pages(world), {path: world.tags(path) for path in (CUDA, CPU)}
    for _ in range(2):
        assert tear_down().exit_code is ExitCode.PASS
        assert restore().exit_code is ExitCode.PASS
    assert (git_tags(world), pages(world), {path: world.tags(path) for path in (CUDA, CPU)}) == before


def test_a_release_that_is_there_is_not_made_twice(
    world: World, tear_down: TearDown, restore: Callable[..., Report]
) -> None:
    tear_down()
    release(world, "v0.5.0-rc.1", name="Made by hand")
    assert output(restore(), "restored")["releases"] == ["v0.5.0-rc.1"]
    assert [one for one in pages(world) if one[0] == "v0.5.0-rc.1"] == [
        ("v0.5.0-rc.1", "Made by hand", "", "main", False, True)
    ]


def test_a_reserved_name_of_an_immutable_release_stays_gone(
    world: World, tear_down: TearDown, restore: Callable[..., Report]
) -> None:
    repository = the_repository(world)
    [page] = [one for one in repository.releases.values() if one.tag == "v0.5.0-rc.1"]
    page.immutable = True
    repository.reserved.add("v0.5.0-rc.1")
    assert tear_down().exit_code is ExitCode.REFUSED
    assert "v0.5.0-rc.1" in git_tags(world)
    assert tear_down(allow_irreversible="v0.5.0-rc.1").exit_code is ExitCode.PASS
    report = restore()
    assert report.exit_code is ExitCode.REFUSED
    assert "Cannot create ref due to creations being restricted." in messages(report)[0]
    assert world.tags(CUDA)["v0.5.0-rc.1"]


def test_versions_that_are_gone_for_good_are_named(
    world: World, tear_down: TearDown, restore: Callable[..., Report]
) -> None:
    tear_down()
    package = world.package(CPU)
    assert package is not None
    world.clock.advance(31 * 24 * 3600)
    report = restore()
    assert report.exit_code is ExitCode.REFUSED
    assert output(report, "restored")["versions"] == 0
    assert "deleted more than 30 days ago" in " ".join(messages(report))
    # The finding of a version names its tags, so the tags have none of their own.
    assert any(message.startswith(f"{CPU}: v0.5.0-rc.1") for message in messages(report))
    assert "could not be put back" not in " ".join(messages(report))


def test_a_signal_is_told_and_the_next_run_goes_on(
    world: World, tear_down: TearDown, restore: Callable[..., Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = git_tags(world)
    tear_down()

    def stopped(*_: Any) -> Any:
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(GitRefs, "create", stopped)
        report = restore()
    assert report.exit_code is ExitCode.INTERRUPTED
    assert messages(report)[-1] == (
        "Stopped by a signal. 12 of 12 versions, 0 of 4 git tags and 0 of 1 release were restored. Run it again with "
        "the same undo file: it skips what is restored already."
    )
    assert restore().exit_code is ExitCode.PASS
    assert git_tags(world) == before


def test_what_cannot_be_asked_does_not_stop_the_rest(
    world: World, simulator: Simulator, tear_down: TearDown, restore: Callable[..., Report]
) -> None:
    before = git_tags(world)
    tear_down()
    simulator.faults.add(Fault(method="GET", path=f"/repos/{REPOSITORY}/git/ref/tags/v0.5", times=0, answer=401))
    report = restore()
    assert report.exit_code is ExitCode.UNKNOWN
    assert "Could not read the git tag v0.5" in messages(report)[0]
    assert {tag: sha for tag, sha in before.items() if tag != "v0.5"} == git_tags(world)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not the undo file of a teardown."),
        ("[]", "is not the undo file of a teardown."),
        ('{"form": "ghcr-cleanup-undo-1", "packages": {}}', "is not the undo file of a teardown."),
        (
            '{"form": "rc-teardown-undo-1", "repository": "a/b", "packages": {}, "releases": [], "git": []}',
            "is of a/b, and this run is about llm-d/llm-d.",
        ),
        (
            '{"form": "rc-teardown-undo-1", "repository": "llm-d/llm-d", "packages": {}, "releases": [], '
            '"git": [{"tag": "v0", "before": "main", "after": ""}]}',
            "is not the undo file of a teardown.",
        ),
    ],
)
def test_a_file_that_is_something_else_changes_nothing(
    world: World, tear_down: TearDown, restore: Callable[..., Report], tmp_path: Path, text: str, says: str
) -> None:
    file = tmp_path / "rc-teardown-undo.json"
    file.write_text(text, encoding="utf-8")
    before = git_tags(world), world.tags(CUDA)
    for run in (restore, tear_down):
        with pytest.raises(InputError) as caught:
            run()
        assert says in str(caught.value)
    assert (git_tags(world), world.tags(CUDA)) == before
    assert file.read_text(encoding="utf-8") == text


def test_inputs_that_contradict_the_mode_are_refused(tear_down: TearDown) -> None:
    with pytest.raises(InputError) as caught:
        tear_down("v0.5.0-rc.1", mode="restore")
    assert [problem.message for problem in caught.value.problems] == [
        "Nothing says what to restore.",
        "mode is restore, and input 'candidates' says what to tear down.",
    ]
    with pytest.raises(InputError, match="Input 'candidates' is required and was not given"):
        tear_down("")


def test_an_undo_file_that_cannot_be_written_stops_the_run_before_anything_goes(
    world: World, tear_down: TearDown, tmp_path: Path
) -> None:
    before = git_tags(world), world.tags(CUDA)
    (tmp_path / "folder").write_text("a file", encoding="utf-8")
    with pytest.raises(InputError, match="could not be written"):
        tear_down(undo_file=str(tmp_path / "folder" / "undo.json"))
    assert (git_tags(world), world.tags(CUDA)) == before


def test_the_time_of_a_run_can_end_before_anything_goes(world: World, tear_down: TearDown) -> None:
    before = git_tags(world), pages(world), {path: world.tags(path) for path in (CUDA, CPU)}
    report = tear_down(time_budget="0s")
    assert report.exit_code is ExitCode.UNKNOWN
    assert output(report, "removed") == []
    assert (
        "Stopped after 0 of 12 deletions of package versions. The time set by time-budget is used up. Run this "
        "again without expected-plan to finish: the new plan no longer has what is deleted already."
    ) in messages(report)
    assert (git_tags(world), pages(world), {path: world.tags(path) for path in (CUDA, CPU)}) == before


def test_the_time_can_end_between_the_systems(
    world: World, tear_down: TearDown, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = world.package(CPU)
    assert package is not None
    with monkeypatch.context() as patch:
        patch.setattr(Limits, "stop", lambda *_: OUT_OF_TIME if len(package.versions()) == 12 else "")
        report = tear_down()
    assert report.exit_code is ExitCode.UNKNOWN
    assert "The release v0.5.0-rc.1 still exists. The run stopped before it." in messages(report)
    assert "v0.5.0-rc.1" in git_tags(world)
    assert tear_down().exit_code is ExitCode.PASS
    assert "v0.5.0-rc.1" not in git_tags(world)


def test_several_drafts_of_one_tag_come_back_each(
    world: World, tear_down: TearDown, restore: Callable[..., Report]
) -> None:
    for name in ("By the workflow", "By hand"):
        release(world, "v0.5.0-rc.1", name=name).draft = True
    before = pages(world)
    tear_down()
    assert restore().exit_code is ExitCode.PASS
    assert pages(world) == before
    restore()
    assert pages(world) == before


def test_the_time_of_a_restore_can_end_too(
    world: World, tear_down: TearDown, restore: Callable[..., Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = git_tags(world), pages(world), {path: world.tags(path) for path in (CUDA, CPU)}
    tear_down()
    left = (git_tags(world), pages(world))
    package = world.package(CUDA)
    assert package is not None
    with monkeypatch.context() as patch:
        patch.setattr(Limits, "stop", lambda *_: OUT_OF_TIME if len(package.versions()) == 15 else "")
        report = restore(time_budget="1h")
    assert report.exit_code is ExitCode.UNKNOWN
    assert (git_tags(world), pages(world)) == left
    assert len(package.versions()) == 15
    assert f"{CUDA}: stopped before 3 versions could be restored. {OUT_OF_TIME}" in messages(report)[0]
    assert messages(report)[-1].startswith(
        f"Stopped. {OUT_OF_TIME} 3 of 12 versions, 0 of 4 git tags and 0 of 1 release were restored. Run it again"
    )
    assert restore().exit_code is ExitCode.PASS
    assert (git_tags(world), pages(world), {path: world.tags(path) for path in (CUDA, CPU)}) == before


def test_a_draft_comes_back_with_its_files(world: World, tear_down: TearDown, restore: Callable[..., Report]) -> None:
    page = the_page(world)
    page.draft, page.published = True, None
    content = b'{"form": 1}\n\xff'
    digest = digest_of(content)
    world.blobs[digest] = content
    page.assets[1] = Asset(1, "components.json", digest, len(content), "ada", world.now())

    assert tear_down().exit_code is ExitCode.PASS
    assert "v0.5.0-rc.1" not in {tag for tag, *_ in pages(world)}
    assert restore().exit_code is ExitCode.PASS

    again = the_page(world)
    assert again.draft
    assert [(one.name, one.digest) for one in again.assets.values()] == [("components.json", digest)]


def the_page(world: World) -> Release:
    [page] = [one for one in the_repository(world).releases.values() if one.tag == "v0.5.0-rc.1"]
    return page
