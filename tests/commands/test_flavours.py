"""Flavours of an image in one package: `v1.2.3` and `v1.2.3-alpine`, in every action."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.commands.train import Train, make_train, make_world, said

from release_actions.errors import ExitCode
from release_actions.images.image_list import read
from release_actions.simulator import Simulator, World

CONFIG = """\
repository: acme/web
image-tag: "{version}"
images:
  web:
    platforms: [linux/amd64]
    variants:
      debian: {suffix: ""}
      alpine:
        tag: "{tag}-alpine"
        dockerfile: Dockerfile.alpine
        floating-tags: [alpine, "{major}-alpine", "{major}.{minor}-alpine"]
cleanup:
  old:
    channel: release
    delete-tags: ["*"]
    exclude-tags: [latest, alpine]
    keep-n-per-line: 1
    keep-n: 0
"""


@pytest.fixture(name="world")
def _world() -> World:
    return make_world()


@pytest.fixture
def train(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    return make_train(simulator, tmp_path, monkeypatch, CONFIG)


def test_each_flavour_is_built_from_its_own_dockerfile_under_its_own_tags(train: Train) -> None:
    train.tag("v1.3.0-rc.1")

    planned: Any = train.run("build-matrix", tag="v1.3.0-rc.1").outputs

    assert [(job["dockerfile"], job["package"]) for job in planned["matrix"]["include"]] == [
        ("Dockerfile", "ghcr.io/acme/web"),
        ("Dockerfile.alpine", "ghcr.io/acme/web"),
    ]
    assert [image["tags"] for image in planned["images"]] == [["1.3.0-rc.1"], ["1.3.0-rc.1-alpine"]]


def test_floats_of_each_flavour_follow_its_own_images(train: Train) -> None:
    for tag in ("v1.2.0", "v1.3.0", "v1.2.1"):
        train.release(tag)

    report = train.run("protect-latest", mode="enforce", together="true")

    assert said(report) == []
    assert train.named() == {
        "1": ["1", "1.3", "1.3.0", "latest"],
        "1-alpine": ["1-alpine", "1.3-alpine", "1.3.0-alpine", "alpine"],
        "1.2": ["1.2", "1.2.1"],
        "1.2-alpine": ["1.2-alpine", "1.2.1-alpine"],
        "1.2.0": ["1.2.0"],
        "1.2.0-alpine": ["1.2.0-alpine"],
    }
    moved: Any = report.outputs["moved"]
    assert {(row["tag"], row.get("flavour", "")) for row in moved} >= {("latest", ""), ("alpine", "alpine")}
    assert train.run("protect-latest", mode="check", thorough="true").outputs["drift"] is False


def test_a_release_that_lacks_a_flavour_moves_no_flavour(train: Train, world: World) -> None:
    train.release("v1.2.0")
    train.run("protect-latest", mode="enforce")
    train.release("v1.3.0")
    package = world.package("acme/web")
    assert package is not None
    version = package.find("1.3.0-alpine")
    assert version is not None
    package.drop(version, world.now())

    report = train.run("protect-latest", mode="enforce", together="true")

    assert report.exit_code is ExitCode.REFUSED
    assert any("ghcr.io/acme/web (alpine) does not have a complete image v1.3.0" in line for line in said(report))
    assert train.named()["1"] == ["1", "1.2", "1.2.0", "latest"]


def test_a_snapshot_holds_every_flavour_and_puts_each_back(train: Train, world: World) -> None:
    train.release("v1.2.0")
    train.run("protect-latest", mode="enforce")
    before = train.tags()
    train.run("protect-latest", mode="snapshot")
    world.tag("acme/web", "1.2.0", "alpine")
    world.tag("acme/web", "1.2.0-alpine", "latest")

    report = train.run("protect-latest", mode="restore")

    assert said(report) == []
    assert train.tags() == before


def test_validate_tag_names_the_tag_of_each_flavour_and_sees_all_published(train: Train) -> None:
    train.release("v1.2.0")

    outputs = train.run("validate-tag", tag="v1.2.0").outputs

    assert outputs["image-tags"] == ["1.2.0", "1.2.0-alpine"]
    assert outputs["already-published"] is True
    assert "alpine" in str(outputs["floating-tags"])


def test_a_repeated_release_that_lacks_a_flavour_is_not_published_already(train: Train, world: World) -> None:
    train.release("v1.2.0")
    package = world.package("acme/web")
    assert package is not None
    version = package.find("1.2.0-alpine")
    assert version is not None
    package.drop(version, world.now())

    assert train.run("validate-tag", tag="v1.2.0").outputs["already-published"] is False


def test_a_teardown_takes_every_flavour_of_a_candidate(train: Train) -> None:
    for tag in ("v1.2.0", "v1.3.0-rc.1"):
        train.release(tag)
    train.run("protect-latest", mode="enforce")
    before = train.tags()

    report = train.run("rc-teardown", candidates="v1.3.0-rc.1")

    assert said(report) == []
    assert train.tags() == {tag: digest for tag, digest in before.items() if "rc" not in tag}
    plan: Any = report.outputs["plan"]
    assert {row["reason"] for row in plan["images"][0]["deletions"]} == {"It is the image of v1.3.0-rc.1."}


def test_a_clean_up_ranks_each_flavour_for_itself(train: Train) -> None:
    for tag in ("v1.2.0", "v1.2.10", "v1.2.9"):
        train.release(tag)

    report = train.run("ghcr-cleanup", rule="old")

    assert said(report) == []
    assert set(train.tags()) == {"1.2.10", "1.2.10-alpine"}


def test_a_release_named_as_a_flavour_is_refused(train: Train) -> None:
    train.tag("v1.3.0-alpine")

    with pytest.raises(Exception, match=r"web:1\.3\.0-alpine cannot be the image of v1\.3\.0-alpine"):
        train.run("build-matrix", tag="v1.3.0-alpine")


def test_judge_images_keeps_the_flavours_apart(train: Train) -> None:
    images = train.release("v1.2.0")
    lock = {"images": {image.label: {"digest": image.digest} for image in read(json.dumps(images))}}
    assert len(lock["images"]) == 2

    report = train.run(
        "judge-images",
        image_list=json.dumps(images),
        published=json.dumps(images),
        lock=json.dumps(lock),
        scan="false",
        sign="false",
        mode="report",
        moved=json.dumps([{"package": "ghcr.io/acme/web", "flavour": "alpine", "tag": "alpine"}]),
    )

    assert report.exit_code is ExitCode.PASS
    assert report.lines[:2] == (
        "ghcr.io/acme/web: Ready.",
        "ghcr.io/acme/web (alpine): Ready; alpine moved to it.",
    )


def test_a_rehearsal_refuses_flavours_in_words(train: Train) -> None:
    train.write(CONFIG.replace('image-tag: "{version}"\n', ""))
    (train.folder / "rehearsal.yaml").write_text("repository: acme/web\n", encoding="utf-8")

    with pytest.raises(Exception, match="A rehearsal reads one image a package"):
        train.run("rehearse", config="release.yaml", scenario="rehearsal.yaml")


def test_promote_refuses_flavours_in_words(train: Train) -> None:
    train.write(CONFIG.replace('image-tag: "{version}"\n', ""))

    with pytest.raises(Exception, match="promote reads one image a package"):
        train.run("promote", to="v1.2.0", from_="v1.2.0-rc.1")


def test_notes_may_name_every_flavour(train: Train) -> None:
    train.release("v1.2.0")
    text = "# v1.2.0\n\n```sh\ndocker pull ghcr.io/acme/web:{tag}\n```\n"

    for tag, is_right in (("1.2.0", True), ("1.2.0-alpine", True), ("1.1.0", False)):
        (train.folder / "release-notes.md").write_text(text.format(tag=tag), encoding="utf-8")
        report = train.run("release-notes", mode="lint", tag="v1.2.0", settle_time="")
        hits = [line for line in said(report) if "is named with" in line]
        assert hits == [] if is_right else "with 1.2.0 in release v1.2.0" in hits[0], hits
