"""Images under a template of exact tags, in every action: `1.2.3` where git has `v1.2.3`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.commands.train import Train, make_train, make_world, said

from release_actions.errors import ExitCode
from release_actions.simulator import Simulator, World

CONFIG = """\
repository: acme/web
image-tag: "{version}"
images:
  web: {platforms: [linux/amd64]}
cleanup:
  old:
    packages: [web]
    delete-tags: ["*"]
    exclude-tags: [latest]
    keep-n-per-line: 1
    keep-n: 0
"""


@pytest.fixture(name="world")
def _world() -> World:
    return make_world()


@pytest.fixture
def train(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    return make_train(simulator, tmp_path, monkeypatch, CONFIG)


def test_a_release_is_published_without_the_prefix_and_floats_follow(train: Train) -> None:
    for tag in ("v1.2.0", "v1.3.0", "v1.2.1"):
        train.release(tag)

    report = train.run("protect-latest", mode="enforce")

    assert said(report) == []
    assert train.named() == {
        "1": ["1", "1.3", "1.3.0", "latest"],
        "1.2": ["1.2", "1.2.1"],
        "1.2.0": ["1.2.0"],
    }
    assert train.run("protect-latest", mode="check", thorough="true").outputs["drift"] is False


def test_a_release_that_is_not_published_is_reported_by_its_git_tag(train: Train) -> None:
    train.release("v1.2.0")
    train.tag("v1.3.0")

    report = train.run("protect-latest", mode="check")

    missing = [line for line in said(report) if "missing" in line]
    assert "ghcr.io/acme/web: Release v1.3.0 is in git, but its image is missing" in missing[0]


def test_the_image_of_another_commit_is_refused_by_its_image_tag(train: Train) -> None:
    train.release("v1.2.0")
    moved = train.tag("v1.2.0")

    report = train.run("validate-tag", tag="v1.2.0")

    assert report.exit_code is ExitCode.REFUSED
    assert any("ghcr.io/acme/web" in line and "v1.2.0" in line for line in said(report)), said(report)
    assert moved == train.commits["v1.2.0"]


def test_validate_tag_says_the_image_tag_and_sees_what_is_published(train: Train) -> None:
    train.release("v1.2.0")

    outputs = train.run("validate-tag", tag="v1.2.0").outputs

    assert outputs["image-tags"] == ["1.2.0"]
    assert outputs["floating-tags"] == ["1.2", "1", "latest"]
    assert outputs["already-published"] is True


def test_a_candidate_whose_git_tag_is_gone_is_counted_by_its_image(train: Train, world: World) -> None:
    train.release("v1.2.0-rc.1")
    repository = world.repository("acme/web")
    assert repository is not None
    del repository.git.refs["refs/tags/v1.2.0-rc.1"]
    train.tag("v1.2.0-rc.1")

    report = train.run("validate-tag", tag="v1.2.0-rc.1")

    assert report.exit_code is ExitCode.REFUSED
    train.tag("v1.2.0-rc.2")
    del repository.git.refs["refs/tags/v1.2.0-rc.1"]
    assert train.run("validate-tag", tag="v1.2.0-rc.2").exit_code is ExitCode.PASS


def test_a_teardown_removes_the_images_of_a_candidate_and_nothing_else(train: Train) -> None:
    for tag in ("v1.2.0", "v1.3.0-rc.1", "v1.3.0-rc.2"):
        train.release(tag)
    train.run("protect-latest", mode="enforce")
    # What a tool leaves that cuts tags at their last dot.
    train.simulator.world.tag("acme/web", "1.3.0-rc.1", "1.3.0-rc")

    report = train.run("rc-teardown", candidates="v1.3.0-rc.1")

    assert said(report) == []
    assert train.named() == {"1": ["1", "1.2", "1.2.0", "latest"], "1.3.0-rc.2": ["1.3.0-rc.2"]}
    plan: Any = report.outputs["plan"]
    assert [row["reason"] for row in plan["images"][0]["deletions"]] == ["It is the image of v1.3.0-rc.1."]


def test_a_teardown_of_all_that_is_released_knows_the_final_image(train: Train) -> None:
    for tag in ("v1.3.0-rc.1", "v1.3.0"):
        train.release(tag)
    train.run("protect-latest", mode="enforce")

    report = train.run("rc-teardown", candidates="released")

    assert report.outputs["removed"] == ["v1.3.0-rc.1"]
    assert train.named() == {"1": ["1", "1.3", "1.3.0", "latest"]}


def test_a_clean_up_ranks_releases_by_version(train: Train) -> None:
    for tag in ("v1.2.0", "v1.2.10", "v1.2.9", "v1.3.0"):
        train.release(tag)

    report = train.run("ghcr-cleanup", rule="old")

    assert said(report) == []
    assert set(train.tags()) == {"1.2.10", "1.3.0"}


def test_the_tag_of_another_release_is_not_replaced(train: Train) -> None:
    [image] = train.release("v1.2.0")
    commit = train.tag("v1.2.0")
    planned: Any = train.run("build-matrix", tag="v1.2.0").outputs
    values = {f"slot-{job['slot']}": train.build(job, commit) for job in planned["matrix"]["include"]}

    report = train.run(
        "merge-digests",
        image_list=json.dumps(planned["images"]),
        build_results=json.dumps({"build": {"outputs": values}}),
    )

    assert report.exit_code is ExitCode.REFUSED
    assert "ghcr.io/acme/web:1.2.0 is published already" in said(report)[0]
    assert train.tags()["1.2.0"] == image["digest"]


def test_a_rehearsal_refuses_a_template_in_words(train: Train) -> None:
    (train.folder / "rehearsal.yaml").write_text("repository: acme/web\n", encoding="utf-8")

    with pytest.raises(Exception, match="A rehearsal reads images under their git tag"):
        train.run("rehearse", config="release.yaml", scenario="rehearsal.yaml")


def test_what_follows_the_version_is_read_as_no_part_of_it(train: Train) -> None:
    train.write(CONFIG.replace("{version}", "{version}-alpine").replace("cleanup:", "notes: {}\ncleanup:"))
    for tag in ("v1.2.0", "v1.3.0-rc.1", "v1.3.0"):
        train.release(tag)

    report = train.run("protect-latest", mode="enforce")

    assert said(report) == []
    assert train.named() == {
        "1-alpine": ["1-alpine", "1.3-alpine", "1.3.0-alpine", "latest"],
        "1.2-alpine": ["1.2-alpine", "1.2.0-alpine"],
        "1.3.0-rc.1-alpine": ["1.3.0-rc.1-alpine"],
    }


def test_promote_refuses_a_template_in_words(train: Train) -> None:
    with pytest.raises(Exception, match="promote reads images under their git tag"):
        train.run("promote", to="v1.2.0", from_="v1.2.0-rc.1")


def test_notes_that_name_the_git_tag_of_an_image_are_corrected(train: Train) -> None:
    train.release("v1.2.0")
    text = "# v1.2.0\n\n```sh\ndocker pull ghcr.io/acme/web:{tag}\n```\n"

    for tag, is_right in (("1.2.0", True), ("1.1.0", False)):
        (train.folder / "release-notes.md").write_text(text.format(tag=tag), encoding="utf-8")
        report = train.run("release-notes", mode="lint", tag="v1.2.0", settle_time="")
        hits = [line for line in said(report) if "is named with" in line]
        assert hits == [] if is_right else "with 1.2.0 in release v1.2.0" in hits[0], hits
