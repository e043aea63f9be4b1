"""A clean-up that is stopped says what it did, and the next one finishes."""

from __future__ import annotations

import signal
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from tests.cleanup.command import (
    BOTH,
    CUDA,
    Clean,
    deleted_ids,
    digests,
    image,
    killed_at,
    messages,
    parts,
    pulls,
    sign,
    undo,
)
from tests.killed import Killed

from release_actions.cleanup import apply
from release_actions.cleanup.pace import OUT_OF_TIME, Limits
from release_actions.errors import ExitCode
from release_actions.github.packages import Packages
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.faults import Fault
from release_actions.simulator.image_factory import Image, attachment_tag
from release_actions.simulator.packages import LAST_TAGGED


def test_an_attachment_that_is_the_last_with_a_tag_is_not_forgotten(world: World, clean: Clean) -> None:
    candidate = image("candidate")
    world.push(CUDA, candidate, ["v0.5.0-rc.1"])
    signature = sign(world, candidate.manifests[0].digest)
    world.clock.advance(timedelta(days=2))
    report = clean(delete_tags="*")
    assert LAST_TAGGED in messages(report)
    assert signature in digests(world)
    assert digests(world).isdisjoint(parts(candidate))
    left = digests(world)
    assert clean(delete_tags="*").exit_code is ExitCode.REFUSED
    assert digests(world) == left
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("next"), ["v0.6.0-rc.1"])
    assert clean(delete_tags="*-rc.*").exit_code is ExitCode.PASS
    assert digests(world) == parts(image("final"))


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("step", range(3, 8))
def test_what_a_killed_run_deleted_for_its_own_sake_comes_back_when_a_build_needs_it(
    world: World, clean: Clean, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    built = build_image(BOTH, seed="built")
    world.push(CUDA, image("stable"), ["v0.4.0"])
    world.push(CUDA, Image(built.blobs, built.manifests[:-1]))
    world.clock.advance(timedelta(days=2))

    def finish(world: World, _path: str) -> None:
        world.put_manifest(CUDA, built.root, "v0.5.0")

    simulator.faults.add(Fault(method="DELETE", steps=(finish,)))
    with killed_at(monkeypatch, step), suppress(Killed):
        clean(delete_untagged="true")
    assert "v0.5.0" in world.tags(CUDA)
    simulator.faults.clear()
    clean(delete_untagged="true")
    assert pulls(world)
    assert digests(world) == parts(built) | parts(image("stable"))


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("step", range(3, 9))
def test_a_build_that_tags_at_the_end_of_everything_is_whole_after_the_next_run(
    world: World, clean: Clean, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    world.push(CUDA, build_image(BOTH, seed="candidate"), ["v0.5.0-rc.1"])
    rebuilt = build_image(BOTH, seed="candidate", annotations={"build": "2"})

    def build(world: World, _path: str) -> None:
        world.put_manifest(CUDA, rebuilt.root, "v0.5.0")

    world.clock.advance(timedelta(days=2))
    simulator.faults.add(Fault(method="DELETE", steps=(build,)))
    with killed_at(monkeypatch, step), suppress(Killed):
        clean(delete_tags="*-rc.*")
    assert "v0.5.0" in world.tags(CUDA)
    simulator.faults.clear()
    clean(delete_tags="*-rc.*")
    assert pulls(world)
    # Killed between the last deletion that a tag shows and the journal's tag, it leaves the journal.
    assert len(digests(world) - parts(rebuilt)) == (1 if step == 3 else 0)


@pytest.mark.usefixtures("one_at_a_time")
def test_a_signal_leaves_a_truthful_report(
    world: World, clean: Clean, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("one"), ["v0.5.0-rc.1"])
    world.push(CUDA, image("two"), ["v0.5.0-rc.2"])
    real = Packages.delete_version

    def interrupted(self: Packages, package: str, version_id: int) -> Any:
        found = real(self, package, version_id)
        if simulator.requests.count(method="DELETE", status=204) == 2:
            signal.raise_signal(signal.SIGINT)
        return found

    monkeypatch.setattr(Packages, "delete_version", interrupted)
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.INTERRUPTED
    # The signal may come before the second answer was written down: then nobody knows, and undo names it all the same.
    assert report.outputs["deleted"] in {1, 2}
    assert deleted_ids(world) == sorted(undo(report)[CUDA])
    assert report.outputs["left"] == 6 - int(str(report.outputs["deleted"]))
    assert f"stopped by a signal after {report.outputs['deleted']} of 6 deletions" in messages(report)
    assert pulls(world)


TAGS_LISTED = 4
"""Requests for the list of tags of a package: one to be sent to log in, two to plan, one to prove."""


def test_a_signal_leaves_a_truthful_report_of_packages_that_were_not_begun(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    other = "llm-d/llm-d-cpu"
    world.add_package(other, visibility="public", repository="llm-d/llm-d")
    for path in (CUDA, other):
        world.push(path, image(f"final of {path}"), ["v0.5.0"])
        world.push(path, image(f"candidate of {path}"), ["v0.5.0-rc.1"])

    def interrupt(_world: World, _path: str) -> None:
        signal.raise_signal(signal.SIGINT)

    # The last list of tags is read by the proof.
    simulator.faults.add(Fault(method="GET", path=f"/v2/{CUDA}/tags/list", nth=TAGS_LISTED, steps=(interrupt,)))
    # Within a time limit, one package is cleaned after another.
    report = clean(packages="llm-d-cuda, llm-d-cpu", delete_tags="v*-rc.*", time_budget="4m")
    assert report.exit_code is ExitCode.INTERRUPTED
    assert (report.outputs["deleted"], report.outputs["left"]) == (3, 3)
    assert f"{CUDA}: stopped by a signal after 3 of 3 deletions." in messages(report)
    assert f"{other}: stopped by a signal before anything was deleted." in messages(report)


@pytest.mark.usefixtures("one_at_a_time")
def test_an_api_that_fails_in_the_middle_stops_and_says_what_was_done(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("one"), ["v0.5.0-rc.1"])
    simulator.faults.add(Fault(method="DELETE", nth=3, times=0, answer=401))
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert report.outputs["deleted"] == 1
    assert "The output 'undo' names what was deleted." in messages(report)
    assert len(undo(report)[CUDA]) == 2
    assert pulls(world)


def test_a_run_ends_in_time_says_how_to_go_on_and_the_next_one_finishes(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch, simulator: Simulator
) -> None:
    final = image("final")
    world.push(CUDA, final, ["v0.5.0"])
    for number in range(3):
        world.push(CUDA, image(str(number)), [f"v0.5.0-rc.{number}"])
    monkeypatch.setattr(apply, "WORKERS", 1)

    def stop(_self: Limits, _pages: int) -> str:
        return OUT_OF_TIME if simulator.requests.count(method="DELETE", status=204) >= 4 else ""

    with monkeypatch.context() as patch:
        patch.setattr(Limits, "stop", stop)
        report = clean(delete_tags="v*-rc.*", time_budget="50m")
    assert report.exit_code is ExitCode.PASS
    assert (report.outputs["deleted"], report.outputs["left"]) == (4, 5)
    assert "stopped after 4 of 9 deletions. The time set by time-budget is used up." in messages(report)
    assert "Run this again with the same inputs" in messages(report)
    assert pulls(world)
    again = clean(delete_tags="v*-rc.*")
    assert (again.outputs["deleted"], again.outputs["left"]) == (6, 0)  # the journal of the first run goes too
    assert digests(world) == parts(final)


def test_a_time_budget_that_is_over_deletes_nothing(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    before = digests(world)
    report = clean(delete_tags="v*-rc.*", time_budget="0s")
    assert (report.outputs["deleted"], report.outputs["left"]) == (0, 3)
    assert digests(world) == before


def test_a_token_without_requests_left_stops_the_run_and_says_until_when(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    world.clock.set(datetime.now(timezone.utc) + timedelta(days=1))
    world.limits.actions = 40
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "The token's 40 requests an hour are used up until" in messages(report)
    assert report.outputs["deleted"] == 0


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("step", range(1, 13))
def test_a_run_after_a_killed_one_ends_where_one_run_would_have(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    final, candidate = image("final"), image("candidate", attestations=True)
    world.push(CUDA, final, ["v0.5.0"])
    signature = sign(world, final.root.digest)
    world.push(CUDA, candidate, ["v0.5.0-rc.1"])
    sign(world, candidate.root.digest)
    sign(world, candidate.manifests[0].digest, ".att")
    with killed_at(monkeypatch, step):
        try:
            clean(delete_tags="v*-rc.*")
        except Killed:
            assert pulls(world)
        else:
            assert step > 9
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.PASS
    assert digests(world) == parts(final) | {signature}
    assert set(world.tags(CUDA)) == {"v0.5.0", attachment_tag(final.root.digest, ".sig")}


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("again", range(1, 9))
@pytest.mark.parametrize("step", [2, 4])
def test_a_run_after_two_killed_ones_ends_where_one_run_would_have(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch, step: int, again: int
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    world.push(CUDA, image("other"), ["v0.5.0-rc.2"])
    for number in (step, again):
        with killed_at(monkeypatch, number), suppress(Killed):
            clean(delete_tags="v*-rc.*")
        assert pulls(world)
    assert clean(delete_tags="v*-rc.*").exit_code is ExitCode.PASS
    assert digests(world) == parts(image("final"))


def test_a_part_that_a_killed_run_deleted_comes_back_when_something_needs_it_by_then(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch
) -> None:
    final = build_image(BOTH, seed="same", annotations={"final": "1"})
    world.push(CUDA, image("old"), ["v0.4.0"])
    candidate = image("same")
    world.push(CUDA, candidate, ["v0.5.0-rc.1"])
    real = Packages.delete_version
    count = iter(range(10))

    def killed(*args: Any) -> Any:
        if next(count) == 3:
            world.put_manifest(CUDA, final.root, "v0.5.0")
            raise Killed
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(apply, "WORKERS", 1)
        patch.setattr(Packages, "delete_version", killed)
        with pytest.raises(Killed):
            clean(delete_tags="v*-rc.*")
    assert not pulls(world)
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.PASS
    assert "was restored, because something that was pushed since needs it." in messages(report)
    assert pulls(world)
    assert set(world.tags(CUDA)) == {"v0.4.0", "v0.5.0"}
