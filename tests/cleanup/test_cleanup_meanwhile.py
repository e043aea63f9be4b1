"""Somebody pushes, tags or deletes while a clean-up runs: what is left pulls."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from tests.cleanup.command import BOTH, CUDA, Clean, digests, heads, image, messages, parts, pulls, undo
from tests.killed import Killed

from release_actions.cleanup.pace import LONGEST_SETTLE, Limits
from release_actions.errors import ExitCode
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.faults import Fault, push_step, tag_step


def test_the_registry_is_asked_for_parts_that_a_deleted_image_listed_too(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    final, other = image("same", *BOTH), image("other")
    candidate = build_image(BOTH, seed="same", annotations={"candidate": "1"})
    world.push(CUDA, final, ["v0.5.0"])
    world.push(CUDA, other, ["v0.4.0"])
    world.push(CUDA, candidate, ["v0.5.0-rc.1"])
    shared = min(parts(final) & parts(candidate))
    simulator.faults.add(Fault(method="HEAD", path=f"*/manifests/{shared}", times=0, answer=404))
    report = clean(delete_tags="v*-rc.*")
    assert f"v0.5.0 lacks {shared}, which this run did not delete." in messages(report)
    assert not heads(simulator) & parts(other), "nothing touched these"


def test_the_registry_is_asked_for_the_parts_of_an_image_that_came_meanwhile(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    made = image("new")
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])

    def push(world: World, _path: str) -> None:
        world.push(CUDA, made, ["v0.6.0"])

    part = min(parts(made) - {made.root.digest})
    simulator.faults.add(Fault(method="DELETE", steps=(push,)))
    simulator.faults.add(Fault(method="HEAD", path=f"*/manifests/{part}", times=0, answer=404))
    assert f"v0.6.0 lacks {part}, which this run did not delete." in messages(clean(delete_tags="v*-rc.*"))


def test_a_list_that_lags_behind_a_push_is_read_again(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.lag(CUDA, 1)
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    report = clean(delete_tags="v*-rc.*", delete_untagged="true")
    assert report.exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.5.0"}


def test_deletions_that_show_late_do_not_confuse_the_last_look(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    simulator.faults.add(Fault(method="DELETE", times=0, lag=3))
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.5.0"}


def test_a_tag_put_on_a_selected_version_meanwhile_saves_it(world: World, clean: Clean, simulator: Simulator) -> None:
    candidate = image("candidate")
    world.push(CUDA, image("final"), ["v0.4.0"])
    version = world.push(CUDA, candidate, ["v0.5.0-rc.1"])
    simulator.faults.add(
        Fault(method="GET", path=f"*/versions/{version.id}", steps=(tag_step(CUDA, "v0.5.0", "v0.5.0-rc.1"),))
    )
    report = clean(delete_tags="v*-rc.*")
    assert set(world.tags(CUDA)) == {"v0.4.0", "v0.5.0-rc.1", "v0.5.0"}
    assert parts(candidate) <= digests(world)
    assert "Its tags changed since the plan was made; now: v0.5.0, v0.5.0-rc.1." in messages(report)
    assert report.outputs["deleted"] == 0


def test_an_old_answer_does_not_hide_that_a_tag_went_with_a_deleted_version(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0", "nightly"])
    version = world.push(CUDA, image("candidate"), ["v0.6.0-rc.1"])
    candidate = world.tags(CUDA)["v0.6.0-rc.1"]

    def move(world: World, path: str) -> None:
        world.lag_tag(CUDA, "nightly", 1)
        tag_step(CUDA, "nightly", "v0.6.0-rc.1")(world, path)

    simulator.faults.add(Fault(method="DELETE", path=f"*/versions/{version.id}", steps=(move,)))

    report = clean(delete_tags="*-rc.*")

    assert report.exit_code is ExitCode.PASS
    assert world.tags(CUDA)["nightly"] == candidate
    assert report.outputs["restored"] == 3


@pytest.mark.parametrize("wrong_answers", [1, 2])
def test_a_kept_tag_that_is_not_found_for_a_moment_brings_nothing_back(
    world: World, clean: Clean, simulator: Simulator, wrong_answers: int
) -> None:
    world.push(CUDA, image("same"), ["v0.5.0"])
    world.push(CUDA, image("other"), ["v0.4.0"])
    world.push(CUDA, build_image(BOTH, seed="same", annotations={"candidate": "1"}), ["v0.5.0-rc.1"])
    simulator.faults.add(Fault(method="HEAD", path="*/manifests/v0.5.0", times=wrong_answers, answer=404))

    report = clean(delete_tags="v*-rc.*")

    assert report.exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.4.0", "v0.5.0"}
    assert report.outputs["deleted"] == 1


def test_a_kept_tag_that_is_never_found_brings_all_back(world: World, clean: Clean, simulator: Simulator) -> None:
    world.push(CUDA, image("same"), ["v0.5.0"])
    world.push(CUDA, image("other"), ["v0.4.0"])
    world.push(CUDA, build_image(BOTH, seed="same", annotations={"candidate": "1"}), ["v0.5.0-rc.1"])
    simulator.faults.add(Fault(method="HEAD", path="*/manifests/v0.5.0", times=0, answer=404))

    report = clean(delete_tags="v*-rc.*")

    assert report.exit_code is ExitCode.UNKNOWN
    assert "v0.5.0-rc.1" in world.tags(CUDA)


def test_an_index_pushed_meanwhile_over_deleted_children_brings_them_back(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    candidate = image("same")
    final = build_image(BOTH, seed="same", annotations={"final": "1"})
    world.push(CUDA, image("old"), ["v0.4.0"])
    version = world.push(CUDA, candidate, ["v0.5.0-rc.1"])

    def promote(world: World, _path: str) -> None:
        world.put_manifest(CUDA, final.root, "v0.5.0")

    simulator.faults.add(Fault(method="DELETE", path=f"*/versions/{version.id}", steps=(promote,)))
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.PASS
    assert "v0.5.0 needs sha256:" in messages(report)
    assert "2 deleted versions were restored because of that." in messages(report)
    assert pulls(world)
    # What the new index does not need is still deleted.
    assert set(world.tags(CUDA)) == {"v0.4.0", "v0.5.0"}
    assert undo(report) == {CUDA: [version.id]}
    assert report.outputs["restored"] == len(BOTH)
    assert report.outputs["freed-bytes"] == 0


def test_an_index_over_old_images_takes_back_no_other_deletion(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    """A build pushes two old untagged images again and then the index that lists them, while a clean-up runs."""
    built = build_image(BOTH, seed="reproducible", index=True)
    for platform in BOTH:
        world.push(CUDA, build_image((platform,), seed="reproducible"))
    old = [world.push(CUDA, image(f"old {number}", *BOTH[:1])) for number in range(12)]
    world.push(CUDA, image("final"), ["v0.4.0"])

    def assemble(world: World, _path: str) -> None:
        world.put_manifest(CUDA, built.root, "nightly")

    simulator.faults.add(Fault(method="DELETE", path=f"*/versions/{old[-1].id}", steps=(assemble,)))
    report = clean(delete_untagged="true")

    assert report.exit_code is ExitCode.PASS
    assert world.missing(CUDA, "nightly") == []
    assert {version.digest for version in old}.isdisjoint(digests(world))


def test_an_index_pushed_meanwhile_by_digest_alone_gets_its_children_back_too(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    final = build_image(BOTH, seed="same", annotations={"final": "1"})
    world.push(CUDA, image("old"), ["v0.4.0"])
    version = world.push(CUDA, image("same"), ["v0.5.0-rc.1"])

    def assemble(world: World, _path: str) -> None:
        world.put_manifest(CUDA, final.root)

    simulator.faults.add(Fault(method="DELETE", path=f"*/versions/{version.id}", steps=(assemble,)))
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.PASS
    assert world.missing(CUDA, final.root.digest) == []


def test_a_final_tag_moved_to_a_version_as_it_is_deleted_comes_back(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    candidate = image("candidate")
    world.push(CUDA, image("old"), ["v0.4.0", "latest"])
    version = world.push(CUDA, candidate, ["v0.5.0-rc.1"])
    step = tag_step(CUDA, "latest", "v0.5.0-rc.1")
    simulator.faults.add(Fault(method="DELETE", path=f"*/versions/{version.id}", steps=(step,)))
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.PASS
    assert "The tag latest is missing" in messages(report)
    assert world.tags(CUDA)["latest"] == candidate.root.digest
    assert pulls(world)


def test_a_push_of_something_else_meanwhile_is_no_trouble(world: World, clean: Clean, simulator: Simulator) -> None:
    world.push(CUDA, image("old"), ["v0.4.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    simulator.faults.add(Fault(method="DELETE", steps=(push_step(CUDA, ["v0.6.0"], platforms=BOTH),)))
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.4.0", "v0.6.0"}
    assert pulls(world)


def test_what_somebody_else_deleted_counts_as_gone(world: World, clean: Clean, simulator: Simulator) -> None:
    world.push(CUDA, image("old"), ["v0.4.0"])
    version = world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])

    def other(world: World, _path: str) -> None:
        package = world.package(CUDA)
        assert package is not None
        package.drop(version, world.now())

    simulator.faults.add(Fault(method="DELETE", path=f"*/versions/{version.id}", steps=(other,)))
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.4.0"}
    assert report.outputs["deleted"] == 2
    assert version.id not in undo(report)[CUDA]


def list_looked_up(simulator: Simulator) -> list[int]:
    paths = [entry.path for entry in simulator.requests.select(method="GET")]
    return [int(path.rpartition("/")[2]) for path in paths if re.search(r"/versions/[0-9]+$", path)]


def test_many_untagged_versions_are_compared_with_a_listing_and_not_alone(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    old = [world.push(CUDA, image(str(number), "linux/amd64")) for number in range(30)]
    world.push(CUDA, image("final"), ["v0.5.0"])
    listing = "/orgs/llm-d/packages/container/llm-d-cuda/versions"
    simulator.faults.add(Fault(path=listing, nth=2, steps=(tag_step(CUDA, "kept", old[7].digest),)))

    report = clean(delete_untagged="true")

    assert set(world.tags(CUDA)) == {"v0.5.0", "kept"}
    assert report.outputs["deleted"] == 29
    assert old[7].deleted is None
    assert list_looked_up(simulator) == []


@pytest.mark.usefixtures("one_at_a_time")
def test_tagged_images_of_a_small_package_are_compared_with_a_listing_of_a_moment_ago(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    for number in range(20):
        world.push(CUDA, image(str(number)), [f"v0.5.0-rc.{number}"])
    # Tagged during the first deletions, and deleted among the last.
    simulator.faults.add(Fault(method="DELETE", nth=2, steps=(tag_step(CUDA, "kept", "v0.5.0-rc.19"),)))

    report = clean(delete_tags="v*-rc.*")

    assert set(world.tags(CUDA)) == {"v0.5.0", "kept", "v0.5.0-rc.19"}
    assert report.outputs["restored"] == 0
    # One request tells of all of them.
    assert list_looked_up(simulator) == []


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("count", [3, 40])
def test_a_tagged_image_is_looked_up_right_before_it_is_deleted_however_many_there_are(
    world: World, clean: Clean, simulator: Simulator, count: int
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    candidates = [world.push(CUDA, image(str(number)), [f"v0.5.0-rc.{number}"]) for number in range(count)]
    # Somebody tags an image after the first deletion: a listing from before that does not show it.
    simulator.faults.add(Fault(method="DELETE", nth=2, steps=(tag_step(CUDA, "kept", f"v0.5.0-rc.{count - 1}"),)))

    report = clean(delete_tags="v*-rc.*")

    assert set(world.tags(CUDA)) == {"v0.5.0", "kept", f"v0.5.0-rc.{count - 1}"}
    assert report.outputs["restored"] == 0
    assert sorted(list_looked_up(simulator)) == [version.id for version in candidates]


def test_a_new_tag_put_on_a_version_as_it_is_deleted_brings_it_back(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    candidate = image("candidate")
    world.push(CUDA, image("old"), ["v0.4.0"])
    version = world.push(CUDA, candidate, ["v0.5.0-rc.1"])
    step = tag_step(CUDA, "v0.5.0", "v0.5.0-rc.1")
    simulator.faults.add(Fault(method="DELETE", path=f"*/versions/{version.id}", steps=(step,)))
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.PASS
    assert "The tag v0.5.0 is missing: it was put on a version that this run deleted." in messages(report)
    assert world.tags(CUDA)["v0.5.0"] == candidate.root.digest
    assert pulls(world)


def test_a_list_that_is_older_than_the_deletions_proves_no_tag(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    for number in range(4):
        world.push(CUDA, image(f"final {number}"), [f"v0.{number}.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    # The last list of versions still shows what was deleted.
    simulator.faults.add(Fault(method="DELETE", times=0, lag=9))

    assert clean(delete_tags="v*-rc.*").exit_code is ExitCode.PASS

    assert {f"v0.{number}.0" for number in range(4)} <= heads(simulator)


def test_a_tag_that_no_deletion_can_have_broken_is_not_resolved_again(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("other"), ["v0.4.0"])
    world.push(CUDA, image("same"), ["v0.5.0-rc.1"])
    world.push(CUDA, build_image(BOTH, seed="same", annotations={"final": "1"}), ["v0.5.0"])

    assert clean(delete_tags="v*-rc.*").exit_code is ExitCode.PASS

    assert "v0.5.0" in heads(simulator), "it shares its platforms with what was deleted"
    assert "v0.4.0" not in heads(simulator)


def push_while_the_run_settles(monkeypatch: pytest.MonkeyPatch, push: Callable[[], object]) -> list[float]:
    """Something is pushed between the proof and the last look. Gives when deleting began, once the run settles."""
    times: list[float] = []

    def settle(_limits: Limits, began: float) -> None:
        times.append(began)
        push()

    monkeypatch.setattr(Limits, "settle", settle)
    return times


@pytest.mark.parametrize(
    ("others", "tag", "shuffles"),
    [
        *((others, tag, False) for others in (1, 110) for tag in ("v0.5.0", "nightly", "")),
        (1, "nightly", True),
        # In a list without order only a new name shows a new image beyond the first page.
        (110, "v0.5.0", True),
    ],
)
def test_an_index_that_appears_after_the_proof_gets_its_images_back(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch, others: int, tag: str, *, shuffles: bool
) -> None:
    final = build_image(BOTH, seed="same", annotations={"final": "1"})
    world.behavior.shuffles_versions = shuffles
    for number in range(others):
        world.push(CUDA, image(f"old {number}", *BOTH[:1]), ["nightly", f"old-{number}"])
    version = world.push(CUDA, image("same"), ["v0.5.0-rc.1"])
    push_while_the_run_settles(monkeypatch, lambda: world.put_manifest(CUDA, final.root, tag))

    report = clean(delete_tags="v*-rc.*")

    assert world.missing(CUDA, final.root.digest) == []
    assert report.exit_code is ExitCode.PASS
    assert "needs sha256:" in messages(report)
    # Nothing else comes back, and the journal is gone.
    assert undo(report) == {CUDA: [version.id]}
    assert len(digests(world)) == others + len(BOTH) + 1


def test_all_packages_share_one_pause_and_are_looked_at_once_more(
    world: World, clean: Clean, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "llm-d/llm-d-aws"
    world.add_package(other, visibility="public", repository="llm-d/llm-d")
    for path in (CUDA, other):
        world.push(path, image("final"), ["v0.4.0"])
        world.push(path, image("candidate"), ["v0.5.0-rc.1"])
    pauses = push_while_the_run_settles(monkeypatch, simulator.requests.clear)

    assert clean(packages="llm-d-cuda,llm-d-aws", delete_tags="v*-rc.*").exit_code is ExitCode.PASS

    assert len(pauses) == 1
    # One page of versions a package, and the deletion of its journal.
    assert sorted(entry.method for entry in simulator.requests.entries) == ["DELETE"] * 2 + ["GET"] * 2


def test_a_run_that_deleted_nothing_does_not_wait(world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch) -> None:
    world.push(CUDA, image("final"), ["v0.4.0"])
    pauses = push_while_the_run_settles(monkeypatch, lambda: None)

    assert clean(delete_tags="v*-rc.*", delete_untagged="true").exit_code is ExitCode.PASS

    assert pauses == []


@pytest.mark.parametrize(
    ("given", "took", "deadline", "pause"),
    [
        (None, 0.4, None, 0.4),
        (None, 60.0, None, LONGEST_SETTLE),
        (30.0, 0.4, None, 30.0),
        (30.0, 0.4, 110.4, 10.0),
        (30.0, 0.4, 90.0, 0.0),
        (0.0, 0.4, None, 0.0),
    ],
)
def test_the_pause_is_as_long_as_the_deletions_took_or_as_the_caller_says_within_the_time_budget(
    given: float | None, took: float, deadline: float | None, pause: float
) -> None:
    slept: list[float] = []
    limits = Limits(deadline, now=lambda: 100.0 + took, sleep=slept.append, settle_time=given)

    limits.settle(100.0)

    assert sum(slept) == pytest.approx(pause)


def test_the_caller_says_how_long_to_wait(world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch) -> None:
    world.push(CUDA, image("final"), ["v0.4.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    seen: list[float | None] = []
    monkeypatch.setattr(Limits, "settle", lambda limits, _: seen.append(limits.settle_time))

    clean(delete_tags="v*-rc.*", settle_time="30s")

    assert seen == [30.0]


def test_a_run_that_is_killed_while_it_settles_leaves_its_journal_for_the_next(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch
) -> None:
    final = build_image(BOTH, seed="same", annotations={"final": "1"})
    world.push(CUDA, image("old"), ["v0.4.0"])
    world.push(CUDA, image("same"), ["v0.5.0-rc.1"])

    def die() -> None:
        world.put_manifest(CUDA, final.root, "v0.5.0")
        raise Killed

    push_while_the_run_settles(monkeypatch, die)
    with suppress(Killed):
        clean(delete_tags="v*-rc.*")
    assert world.missing(CUDA, "v0.5.0") != []
    monkeypatch.undo()

    assert clean(delete_tags="v*-rc.*").exit_code is ExitCode.PASS

    assert world.missing(CUDA, "v0.5.0") == []
    assert digests(world) == parts(image("old")) | parts(final)
