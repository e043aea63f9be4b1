"""A tag is taken off a version that stays, whatever happens in that second."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta

import pytest
from tests.cleanup.command import CUDA, Clean, digests, image, killed_at, messages, parts, pulls
from tests.killed import Killed

from release_actions.cleanup.pace import OUT_OF_TIME, Limits
from release_actions.errors import ExitCode
from release_actions.simulator import Simulator, World
from release_actions.simulator.accounts import Role
from release_actions.simulator.faults import Fault, Step, push_step, tag_step
from release_actions.simulator.image_factory import Image


def test_no_tag_is_taken_off_when_the_time_is_over(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch, simulator: Simulator
) -> None:
    world.push(CUDA, image("promoted"), ["v0.5.0-rc.2", "v0.5.0"])
    world.push(CUDA, image("candidate", "linux/amd64"), ["v0.5.0-rc.1"])

    def stop(_self: Limits, _pages: int) -> str:
        return OUT_OF_TIME if simulator.requests.count(method="DELETE", status=204) >= 1 else ""

    with monkeypatch.context() as patch:
        patch.setattr(Limits, "stop", stop)
        report = clean(delete_tags="v*-rc.*", untag="true", time_budget="50m")
    assert "v0.5.0-rc.2" in world.tags(CUDA)
    assert report.outputs["untagged"] == 0
    assert int(str(report.outputs["left"])) >= 1
    assert clean(delete_tags="v*-rc.*", untag="true").outputs["untagged"] == 1
    assert set(world.tags(CUDA)) == {"v0.5.0"}


def test_one_tag_of_several_is_taken_off_and_the_version_stays(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    promoted = image("promoted", attestations=True)
    version = world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0-rc.3", "v0.5.0", "latest"])
    before = digests(world)
    report = clean(delete_released_candidates="true", untag="true")
    assert report.exit_code is ExitCode.PASS
    assert world.tags(CUDA) == dict.fromkeys(("v0.5.0", "latest"), promoted.root.digest)
    assert digests(world) == before
    assert version.deleted is None
    assert (report.outputs["deleted"], report.outputs["untagged"], report.outputs["left"]) == (0, 2, 0)
    assert simulator.requests.count(method="DELETE") == 1, "both tags go with one version"
    assert pulls(world)
    reason = "latest, v0.5.0 still need this version; only v0.5.0-rc.2, v0.5.0-rc.3 are removed."
    assert f"| `v0.5.0-rc.2` | `{promoted.root.digest[7:19]}` | removed | {reason} | inputs |" in report.summary
    assert f"| `v0.5.0-rc.3` | `{promoted.root.digest[7:19]}` | none |" in report.summary
    assert clean(delete_released_candidates="true", untag="true").lines == (
        f"{CUDA}: nothing to do. None of its 2 tags is selected.",
    )


def test_a_tagged_child_of_an_image_that_stays_loses_its_tag_alone(world: World, clean: Clean) -> None:
    final = image("final")
    world.push(CUDA, final, ["v0.5.0"])
    child = next(manifest for manifest in final.manifests if manifest is not final.root)
    world.tag(CUDA, child.digest, "sha-1")
    assert clean(delete_tags="sha-*").outputs["untagged"] == 0
    report = clean(delete_tags="sha-*", untag="true")
    assert (report.exit_code, report.outputs["untagged"]) == (ExitCode.PASS, 1)
    assert set(world.tags(CUDA)) == {"v0.5.0"}
    assert digests(world) == parts(final)
    assert pulls(world)


def test_a_dry_run_and_the_limits_count_tags_that_would_be_taken_off(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("promoted"), ["v0.5.0-rc.2", "v0.5.0"])
    report = clean(delete_tags="v*-rc.*", untag="true", dry_run="true")
    [plan] = json.loads(json.dumps(report.outputs["plan"]))
    assert [(item["tag"], item["rule"]) for item in plan["untag"]] == [("v0.5.0-rc.2", "inputs")]
    assert any("v0.5.0-rc.2 would be removed from v0.5.0-rc.2, v0.5.0 (sha256:" in line for line in report.lines)
    assert "| `v0.5.0-rc.2` |" in report.summary
    digest = report.outputs["plan-digest"]
    assert clean(delete_tags="v*-rc.*", dry_run="true").outputs["plan-digest"] != digest
    refused = clean(delete_tags="v*-rc.*", untag="true", max_deletions="0")
    assert refused.exit_code is ExitCode.REFUSED
    assert "The plan deletes 1 versions or tags, more than the 0 that are allowed." in messages(refused)
    assert not [entry for entry in simulator.requests.entries if entry.method not in {"GET", "HEAD"}]


@pytest.mark.parametrize("exclude", ["v0.5.0-rc.2", "DIGEST"])
def test_an_excluded_tag_or_version_loses_no_tag(world: World, clean: Clean, exclude: str) -> None:
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0"])
    named = exclude.replace("DIGEST", promoted.root.digest)
    clean(delete_tags="v*-rc.*", exclude_tags=named, untag="true")
    assert set(world.tags(CUDA)) == {"v0.5.0-rc.2", "v0.5.0"}


def test_a_tag_that_moves_before_it_is_taken_off_is_left(world: World, clean: Clean, simulator: Simulator) -> None:
    other = image("other")
    world.push(CUDA, image("promoted"), ["v0.5.0-rc.2", "v0.5.0"])
    world.push(CUDA, other, ["v0.6.0"])
    moved = Fault(method="HEAD", path="*/manifests/v0.5.0-rc.2", steps=(tag_step(CUDA, "v0.5.0-rc.2", "v0.6.0"),))
    simulator.faults.add(moved)
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert world.tags(CUDA)["v0.5.0-rc.2"] == other.root.digest
    assert "v0.5.0-rc.2 was not removed from v0.5.0-rc.2, v0.5.0" in messages(report)
    assert f"It was moved since the plan was made; now it names {other.root.digest}." in messages(report)
    assert (report.exit_code, report.outputs["untagged"]) == (ExitCode.PASS, 0)


@pytest.mark.parametrize("new", [True, False])
def test_a_tag_that_moves_at_the_same_moment_is_named(
    world: World,
    clean: Clean,
    simulator: Simulator,
    new: bool,  # noqa: FBT001  # a table's column
) -> None:
    # Only a version's date can show that the tag came back: GitHub is not known to change it when a tag moves.
    world.behavior.tag_moves_change_dates = True
    world.push(CUDA, image("promoted"), ["v0.5.0-rc.2", "v0.5.0"])
    world.push(CUDA, image("other"), ["v0.6.0"])
    world.clock.advance(timedelta(days=1))
    step = push_step(CUDA, ["v0.5.0-rc.2"]) if new else tag_step(CUDA, "v0.5.0-rc.2", "v0.6.0")
    simulator.faults.add(Fault(method="PUT", path="*/manifests/v0.5.0-rc.2", steps=(step,)))
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "was pushed or changed while v0.5.0-rc.2 was removed. If it had just received that tag" in messages(report)
    assert world.tags(CUDA)["v0.5.0"] != world.tags(CUDA)["v0.6.0"]


def test_a_tag_that_is_pushed_again_after_it_was_moved_stays_where_it_is(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    other = image("other")
    world.push(CUDA, image("promoted"), ["v0.5.0-rc.2", "v0.5.0"])
    world.push(CUDA, other, ["v0.6.0"])
    simulator.faults.add(Fault(method="DELETE", steps=(tag_step(CUDA, "v0.5.0-rc.2", "v0.6.0"),)))
    clean(delete_tags="v*-rc.*", untag="true")
    assert world.tags(CUDA)["v0.5.0-rc.2"] == other.root.digest
    assert pulls(world)


def copying(world: World, promoted: Image) -> Step:
    """Somebody who copies the tag that is being taken off, once it names the empty version."""

    def copy(_world: World, _path: str) -> None:
        tags = world.tags(CUDA)
        if "copied" not in tags and tags["v0.5.0-rc.2"] != promoted.root.digest:
            world.tag(CUDA, "v0.5.0-rc.2", "copied")

    return copy


def test_a_copy_of_a_tag_that_is_being_taken_off_gets_what_the_tag_named(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0"])
    listing = "/orgs/llm-d/packages/container/llm-d-cuda/versions"
    simulator.faults.add(Fault(path=listing, nth=2, steps=(copying(world, promoted),)))
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert report.exit_code is ExitCode.PASS
    assert world.tags(CUDA) == dict.fromkeys(("copied", "v0.5.0"), promoted.root.digest)
    assert (
        f"a tag was copied to copied while this run removed it, so copied was put on {promoted.root.digest}"
        in messages(report)
    )
    assert digests(world) == parts(promoted)


def test_a_copy_that_is_made_at_the_last_moment_is_made_again(world: World, clean: Clean, simulator: Simulator) -> None:
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0"])
    simulator.faults.add(Fault(method="DELETE", steps=(tag_step(CUDA, "copied", "v0.5.0-rc.2"),)))
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert report.exit_code is ExitCode.PASS
    assert world.tags(CUDA) == dict.fromkeys(("copied", "v0.5.0"), promoted.root.digest)
    assert "so copied was put on" in messages(report)


@pytest.mark.usefixtures("one_at_a_time")
def test_a_copy_that_a_killed_run_left_is_put_right_by_the_next(
    world: World, clean: Clean, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0"])
    world.push(CUDA, image("other"), ["v0.5.1-rc.1", "v0.5.1"])
    empty = left_half_way(world, clean, monkeypatch, promoted)
    world.tag(CUDA, "v0.5.0-rc.2", "copied")
    assert world.tags(CUDA)["copied"] == empty
    before = len(simulator.requests.entries)
    planned = clean(delete_tags="v*-rc.*", untag="true", dry_run="true")
    assert "copied names an empty version of a clean-up that did not finish" in messages(planned)
    assert not [entry for entry in simulator.requests.entries[before:] if entry.method not in {"GET", "HEAD"}]
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert report.exit_code is ExitCode.PASS
    assert {tag for tag, digest in world.tags(CUDA).items() if digest == promoted.root.digest} == {"copied", "v0.5.0"}
    assert set(world.tags(CUDA)) == {"copied", "v0.5.0", "v0.5.1"}
    assert empty not in digests(world)


@pytest.mark.usefixtures("one_at_a_time")
def test_a_copy_of_what_is_gone_by_now_is_an_error(world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch) -> None:
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    left_half_way(world, clean, monkeypatch, promoted)
    world.tag(CUDA, "v0.5.0-rc.2", "copied")
    package = world.package(CUDA)
    assert package is not None
    version = package.find(promoted.root.digest)
    assert version is not None
    package.drop(version, world.now())
    before = digests(world)
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "so copied names no image now. It was copied from sha256:" in messages(report)
    assert "Put copied on the right image, or delete it." in messages(report)
    assert digests(world) == before


def left_half_way(world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch, promoted: Image) -> str:
    """The digest of the empty version that a run left under v0.5.0-rc.2, killed at the step after."""
    for step in range(1, 40):
        with killed_at(monkeypatch, step), suppress(Killed):
            clean(delete_tags="v0.5.0-rc.2", untag="true")
        now = world.tags(CUDA).get("v0.5.0-rc.2", "")
        if now != promoted.root.digest:
            assert now
            return now
    raise AssertionError


def test_a_run_that_fails_while_it_takes_a_tag_off_says_where_the_tag_is(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("promoted"), ["v0.5.0-rc.2", "v0.5.0"])
    before = world.tags(CUDA)
    simulator.faults.add(Fault(method="DELETE", times=0, answer=401))
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "v0.5.0-rc.2 may name an empty version, which is not an image. Run this again" in messages(report)
    assert report.outputs["untagged"] == 0
    simulator.faults.clear()
    restored = clean(mode="restore", undo_file=str(report.outputs["undo-file"]))
    assert restored.exit_code is ExitCode.PASS
    assert world.tags(CUDA) == before


def test_tags_are_put_back_when_the_empty_version_cannot_be_deleted(world: World, clean: Clean) -> None:
    package = world.package(CUDA)
    assert package is not None
    package.roles["llm-d/llm-d"] = Role.WRITE
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0"])
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert world.tags(CUDA) == dict.fromkeys(("v0.5.0-rc.2", "v0.5.0"), promoted.root.digest)
    assert "so the tag was put back" in messages(report)
    assert "Manage Actions access" in messages(report)
    assert report.exit_code is ExitCode.REFUSED
    assert report.outputs["untagged"] == 0


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("step", range(1, 12))
def test_a_run_that_is_killed_while_it_takes_tags_off_is_finished_by_the_next(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0-rc.3", "v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    with killed_at(monkeypatch, step):
        try:
            clean(delete_tags="v*-rc.*", untag="true")
        except Killed:
            assert pulls(world)
            assert world.tags(CUDA)["v0.5.0"] == promoted.root.digest
        else:
            assert step > 9
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert report.exit_code is ExitCode.PASS
    assert digests(world) == parts(promoted)
    assert world.tags(CUDA) == {"v0.5.0": promoted.root.digest}


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("again", range(1, 8))
def test_nothing_is_left_when_the_next_run_is_killed_too(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch, again: int
) -> None:
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0"])
    world.push(CUDA, image("other"), ["v0.5.1-rc.1", "v0.5.1"])
    left_half_way(world, clean, monkeypatch, promoted)
    with killed_at(monkeypatch, again), suppress(Killed):
        clean(delete_tags="v*-rc.*", untag="true")
    assert pulls(world)
    clean(delete_tags="v*-rc.*", untag="true")
    assert digests(world) == parts(promoted) | parts(image("other"))


def test_a_tag_that_was_taken_off_is_put_back_by_the_undo_file(world: World, clean: Clean) -> None:
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    before = world.tags(CUDA)
    file = str(clean(delete_tags="v*-rc.*", untag="true").outputs["undo-file"])
    assert set(world.tags(CUDA)) == {"v0.5.0"}
    report = clean(mode="restore", undo_file=file)
    assert report.exit_code is ExitCode.PASS
    assert report.outputs["restored"] == 3
    assert world.tags(CUDA) == before
    assert pulls(world)
    world.tag(CUDA, "v0.5.0", "v0.5.0-rc.1")
    again = clean(mode="restore", undo_file=file)
    assert again.exit_code is ExitCode.REFUSED
    assert f"The tag v0.5.0-rc.1 names {promoted.root.digest}, so it was not changed." in messages(again)


def test_a_dry_run_counts_the_tags_that_would_be_taken_off(world: World, clean: Clean) -> None:
    world.push(CUDA, image("promoted"), ["v0.5.0-rc.2", "v0.5.0"])
    report = clean(delete_released_candidates="true", untag="true", dry_run="true")
    assert report.lines[-2].endswith(" versions would be deleted, 1 tag would be removed from others, 0 bytes freed.")
    assert report.lines[-1] == "Nothing was changed."
