"""Builds that are no release, under the tags that the project chose, beside its releases or without being pushed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.commands.train import REPOSITORY, TOKEN, Train, make_train, make_world, said

from release_actions.errors import ExitCode
from release_actions.simulator import Simulator, World

CONFIG = """\
repository: acme/web
channels:
  dev:
    name: "{image}"
    tags:
      every: ["sha-{short-sha}"]
      branch: ["{branch}"]
      trunk: [edge]
      schedule: [nightly, "nightly-{date}"]
images:
  web: {platforms: [linux/amd64]}
cleanup:
  builds:
    channel: dev
    delete-tags: ["*"]
    delete-untagged: true
"""


@pytest.fixture(name="world")
def _world() -> World:
    return make_world()


@pytest.fixture
def train(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    return make_train(simulator, tmp_path, monkeypatch, CONFIG)


def plan(train: Train, event: str = "push", ref: str = "refs/heads/main", **payload: Any) -> Any:
    """The plan of a run on the newest commit."""
    commit = train.tag("work")
    body = {"repository": {"default_branch": "main"}, **payload}
    if event == "schedule":
        body = payload
    path = train.folder / "event.json"
    path.write_text(json.dumps(body), encoding="utf-8")
    environ = {
        "GITHUB_EVENT_NAME": event,
        "GITHUB_REF": ref,
        "GITHUB_SHA": commit,
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_ACTIONS": "true",
    }
    report = train.run("build-matrix", environ=environ, changed_files="Dockerfile")
    assert report.exit_code is ExitCode.PASS
    return report.outputs


@pytest.mark.parametrize(
    ("event", "ref", "tags", "moving"),
    [
        ("push", "refs/heads/main", ["sha-", "main", "edge"], ["edge"]),
        ("push", "refs/heads/release-1.2", ["sha-", "release-1.2"], []),
        ("push", "refs/heads/edge", ["sha-"], []),
        ("push", "refs/heads/nightly-20260101", ["sha-"], []),
        ("schedule", "refs/heads/main", ["sha-", "nightly", "nightly-20", "edge"], ["edge"]),
    ],
    ids=["trunk", "a branch", "a branch called as a tag", "a branch called as a night", "a night"],
)
def test_a_build_has_the_tags_of_its_occasions(
    train: Train, event: str, ref: str, tags: list[str], moving: list[str]
) -> None:
    planned = plan(train, event, ref)

    found = planned["images"][0]["tags"]
    assert [tag.startswith(start) for tag, start in zip(found, tags, strict=True)] == [True] * len(tags), found
    assert planned["moving-tags"] == moving
    assert planned["push"] is True
    assert planned["images"][0]["package"] == "ghcr.io/acme/web"


def test_a_pull_request_without_tags_is_built_and_not_pushed(train: Train) -> None:
    head = {"sha": "1" * 40, "repo": {"full_name": REPOSITORY}}
    planned = plan(train, "pull_request", "refs/pull/7/merge", pull_request={"number": 7, "head": head})

    assert planned["push"] is True  # sha- is the tag of every build
    train.write(
        CONFIG.replace('every: ["sha-{short-sha}"]', 'branch: ["sha-{short-sha}"]', 1).replace(
            '      branch: ["{branch}"]\n', ""
        )
    )
    planned = plan(train, "pull_request", "refs/pull/7/merge", pull_request={"number": 7, "head": head})
    assert planned["push"] is False
    assert planned["any"] is True
    assert planned["images"][0]["tags"] == []


def test_latest_beside_releases_is_decided_by_version_order_alone(train: Train) -> None:
    for tag in ("v1.3.0", "v1.2.1"):
        train.release(tag)
    train.run("protect-latest", mode="enforce")
    planned = plan(train)
    train.publish(planned, train.commits["work"])

    report = train.run("protect-latest", mode="check")

    assert said(report) == []
    assert report.outputs["drift"] is False
    named = train.named()
    assert named["latest"] == ["latest", "v1", "v1.3", "v1.3.0"]
    assert named["edge"][:2] == ["edge", "main"]


def test_a_build_may_not_take_a_floating_tag_of_the_releases(train: Train) -> None:
    planned = plan(train)
    commit = train.commits["work"]
    values = {f"slot-{job['slot']}": train.build(job, commit) for job in planned["matrix"]["include"]}
    images = [{**image, "tags": [*image["tags"], "latest"]} for image in planned["images"]]

    report = train.run(
        "merge-digests", image_list=json.dumps(images), build_results=json.dumps({"build": {"outputs": values}})
    )

    assert report.exit_code is ExitCode.REFUSED
    assert "latest is a floating tag" in said(report)[0]


def test_a_clean_up_of_builds_spares_releases_and_floating_tags(train: Train) -> None:
    train.release("v1.3.0")
    train.release("v1.4.0-rc.1")
    train.run("protect-latest", mode="enforce")
    train.publish(plan(train), train.commits["work"])

    report = train.run("ghcr-cleanup", rule="builds")

    assert said(report) == []
    assert set(train.tags()) == {"v1.3.0", "v1.4.0-rc.1", "latest", "v1", "v1.3"}


def test_a_channel_of_inputs_spares_releases_too(train: Train) -> None:
    train.release("v1.3.0")
    train.publish(plan(train), train.commits["work"])

    report = train.run("ghcr-cleanup", channel="dev", delete_tags="*")

    assert said(report) == []
    assert set(train.tags()) == {"v1.3.0"}


def test_a_teardown_leaves_builds_where_they_are(train: Train) -> None:
    train.release("v1.4.0-rc.1")
    train.publish(plan(train), train.commits["work"])
    builds = {tag for tag in train.tags() if not tag.startswith("v1")}

    train.run("rc-teardown", candidates="v1.4.0-rc.1", token=TOKEN)

    assert set(train.tags()) == builds


def test_a_tag_is_judged_by_releases_alone(train: Train) -> None:
    train.release("v1.3.0")
    train.publish(plan(train), train.commits["work"])
    train.tag("v1.4.0")

    report = train.run("validate-tag", tag="v1.4.0")

    assert said(report) == []
    assert report.outputs["image-tags"] == ["v1.4.0"]


def test_a_rehearsal_refuses_chosen_tags_in_words(train: Train) -> None:
    (train.folder / "rehearsal.yaml").write_text(f"repository: {REPOSITORY}\n", encoding="utf-8")

    with pytest.raises(Exception, match="A rehearsal plays builds under their default tags"):
        train.run("rehearse", config="release.yaml", scenario="rehearsal.yaml")
