"""A later run restores what was deleted before the image that lists it was pushed, also without a memory of its own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.cleanup.command import BOTH, CUDA, Clean, digests, image, messages, parts

from release_actions.errors import ExitCode
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.image_factory import Image

UNTAGGED = {"delete_untagged": "true"}


@pytest.fixture
def built(world: World) -> Image:
    """A reproducible build whose platforms are in the package, untagged and old, and a release beside them."""
    made = build_image(BOTH, seed="reproducible")
    world.push(CUDA, image("final"), ["v0.4.0"])
    world.push(CUDA, Image(made.blobs, made.manifests[:-1]))
    world.clock.advance(timedelta(days=2))
    return made


def drop(world: World, digest: str) -> None:
    """A person deletes a version."""
    package = world.package(CUDA)
    version = package.find(digest) if package else None
    assert package is not None
    assert version is not None
    package.drop(version, world.now())


@pytest.mark.parametrize("tag", ["nightly", "v0.4.0", ""])
def test_an_index_over_old_versions_that_appears_after_the_run_is_whole_after_the_next(
    world: World, clean: Clean, built: Image, tag: str
) -> None:
    assert clean(days=0, **UNTAGGED).outputs["deleted"] == len(BOTH)
    world.clock.advance(timedelta(seconds=1))
    world.put_manifest(CUDA, built.root, tag)
    assert world.missing(CUDA, built.root.digest) != []

    report = clean(days=0.1, **UNTAGGED)

    assert report.exit_code is ExitCode.PASS
    assert world.missing(CUDA, built.root.digest) == []
    assert report.outputs["restored"] == len(BOTH)
    (finding,) = report.findings
    assert finding.problem.hint.startswith(
        "A clean-up or a person had deleted them before the image was pushed that needs them."
    )


def test_a_run_that_deletes_something_else_repairs_too(world: World, clean: Clean, built: Image) -> None:
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    clean(days=0, **UNTAGGED)
    world.clock.advance(timedelta(seconds=1))
    world.put_manifest(CUDA, built.root, "nightly")

    assert clean(days=3, delete_tags="*-rc.*").exit_code is ExitCode.PASS

    assert digests(world) == parts(image("final")) | parts(built)


@pytest.mark.parametrize("selector", ["delete_partial_images", "delete_ghost_images"])
def test_an_image_that_a_clean_up_broke_is_restored_and_not_deleted_as_incomplete(
    world: World, clean: Clean, built: Image, selector: str
) -> None:
    clean(days=0, **UNTAGGED)
    world.clock.advance(timedelta(seconds=1))
    world.put_manifest(CUDA, built.root, "nightly")

    report = clean(days=3, **{selector: "true"})

    assert report.outputs["deleted"] == 0
    assert world.missing(CUDA, "nightly") == []


def test_what_was_deleted_after_the_image_was_pushed_stays_deleted(world: World, clean: Clean, built: Image) -> None:
    world.put_manifest(CUDA, built.root, "nightly")
    world.clock.advance(timedelta(hours=1))
    drop(world, built.manifests[0].digest)

    assert clean(days=3, **UNTAGGED).outputs["restored"] == 0
    assert built.manifests[0].digest not in digests(world)


def test_what_was_deleted_twice_counts_from_the_last_time(world: World, clean: Clean, built: Image) -> None:
    clean(days=0, **UNTAGGED)
    world.clock.advance(timedelta(hours=1))
    world.push(CUDA, built, ["nightly"])
    world.clock.advance(timedelta(hours=1))
    drop(world, built.manifests[0].digest)

    assert clean(days=3, **UNTAGGED).outputs["restored"] == 0
    assert built.manifests[0].digest not in digests(world)


def test_deleted_versions_are_listed_only_where_a_young_image_lacks_something(
    world: World, clean: Clean, simulator: Simulator, built: Image
) -> None:
    clean(days=0, **UNTAGGED)
    world.clock.advance(timedelta(seconds=1))
    world.put_manifest(CUDA, built.root, "nightly")
    listings = []
    for days in (29.9, 31):
        simulator.requests.clear()
        report = clean(days=days, dry_run="true", **UNTAGGED)
        listings.append(sum("state=deleted" in entry.path for entry in simulator.requests.entries))
        assert "restored" not in messages(report)

    assert listings == [1, 0]
