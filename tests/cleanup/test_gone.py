"""Images of branches and git tags that are gone: only what a repository of today could not have made."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.commands.train import REPOSITORY, Train, make_train, make_world, said

from release_actions.errors import ExitCode
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.faults import Fault
from release_actions.simulator.git import Target

CONFIG = """\
repository: acme/web
channels:
  dev:
    name: "{image}"
    tags:
      every: ["sha-{short-sha}"]
      branch: ["{branch}"]
      trunk: [edge]
      pull-request: ["pr-{number}"]
images:
  web:
    platforms: [linux/amd64]
    variants: {debian: {suffix: ""}, alpine: {tag: "{tag}-alpine"}}
cleanup:
  branches: {channel: dev, delete-gone-branches: true, exclude-tags: [by-hand]}
  releases: {channel: release, delete-gone-tags: true}
"""


@pytest.fixture(name="world")
def _world() -> World:
    return make_world()


@pytest.fixture
def train(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    return make_train(simulator, tmp_path, monkeypatch, CONFIG)


def push(world: World, *tags: str) -> None:
    """An image of its own for each tag."""
    world.add_package("acme/web", repository=REPOSITORY)
    for tag in tags:
        world.push("acme/web", build_image(("linux/amd64",), seed=tag), [tag])


def set_branches(world: World, *names: str) -> None:
    repository = world.repository(REPOSITORY)
    assert repository is not None
    sha = repository.git.refs["refs/heads/main"].sha
    for name in names:
        repository.git.refs[f"refs/heads/{name}"] = Target(sha, "commit")


def test_only_the_images_of_branches_that_are_gone_are_deleted(train: Train, world: World) -> None:
    train.tag("v1.2.0")
    set_branches(world, "topic", "feature/a")
    kept = ["v1.2.0", "v1.2.0-alpine", "latest", "v1", "sha-0123456", "pr-7", "edge", "edge-alpine", "main", "topic"]
    plan: Any = train.run("build-matrix", environ={"GITHUB_REF": "refs/heads/feature/a", "GITHUB_SHA": "a" * 40})
    kept += [tag for image in plan.outputs["images"] for tag in image["tags"] if tag.startswith("feature")]
    push(world, *kept, "main-alpine", "by-hand", "gone", "gone-alpine", "v1.2-branch")

    report = train.run("ghcr-cleanup", rule="branches")

    assert said(report) == []
    assert set(train.tags()) == {*kept, "main-alpine", "by-hand"}


def test_an_image_of_today_may_be_of_a_branch_that_the_list_lacks(train: Train, world: World) -> None:
    train.tag("v1.2.0")
    push(world, "main", "gone")

    now = (world.now() + timedelta(hours=23)).isoformat()
    train.run("ghcr-cleanup", rule="branches", environ={"RELEASE_ACTIONS_NOW": now})

    assert set(train.tags()) == {"main", "gone"}


def test_only_releases_whose_git_tag_is_gone_are_deleted(train: Train, world: World) -> None:
    for tag in ("v1.2.0", "v1.3.0-rc.1"):
        train.tag(tag)
    kept = ["v1.2.0", "v1.2.0-alpine", "v1.3.0-rc.1", "latest", "main", "pr-7"]
    push(world, *kept, "v1.1.0", "v1.1.0-alpine", "v1.2.0-rc.1")

    report = train.run("ghcr-cleanup", rule="releases")

    assert said(report) == []
    assert set(train.tags()) == set(kept)


@pytest.mark.parametrize("rule", ["branches", "releases"])
def test_refs_that_cannot_be_listed_delete_nothing(train: Train, world: World, simulator: Simulator, rule: str) -> None:
    train.tag("v1.2.0")
    push(world, "main", "gone", "v1.1.0")
    simulator.faults.add(Fault(path="/repos/acme/web/git/matching-refs/*", times=0, answer=403))

    report = train.run("ghcr-cleanup", rule=rule)

    assert report.exit_code is ExitCode.UNKNOWN
    assert set(train.tags()) == {"main", "gone", "v1.1.0"}


def test_a_git_tag_that_the_list_lacks_is_asked_for_itself(
    train: Train, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    train.tag("v1.2.0")
    push(world, "v1.2.0", "v1.1.0")
    monkeypatch.setattr("release_actions.cleanup.gone.github_repository.list_tags", lambda *_, **__: ())

    train.run("ghcr-cleanup", rule="releases")

    assert set(train.tags()) == {"v1.2.0"}
