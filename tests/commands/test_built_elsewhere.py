"""An image that another tool builds: planned by no job, and read by everything that reads published images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.commands.published import APP, BOTH, COMMIT, OTHER, TOKEN, Shop, labels, said, world

from release_actions.config import load_text
from release_actions.errors import ConfigurationError, ExitCode, InputError
from release_actions.images import inspection, publish
from release_actions.runner.report import Report
from release_actions.simulator import Image, Simulator, World, build_image
from release_actions.simulator.git import Target

CONFIG = """\
repository: acme/app
channels:
  release: {name: "{image}", destinations: {mirror: {name: "mirror-{image}"}}}
images:
  web: {platforms: [linux/amd64], channels: {release: {destinations: {mirror: false}}}}
  app: {built-by: goreleaser, platforms: [linux/amd64, linux/arm64]}
cleanup:
  candidates: {channel: release, delete-tags: ["v*-rc.*"]}
"""


@pytest.fixture(name="world")
def _world() -> World:
    return world()


@pytest.fixture
def shop(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    for module in (publish, inspection):
        monkeypatch.setattr(module, "PAUSES", (0.0,) * 8)
    (tmp_path / "release.yaml").write_text(CONFIG)
    return Shop.of(simulator, tmp_path)


def put(world: World, path: str, image: Image, tags: Sequence[str]) -> None:
    """Push an image as the other tool does, to a package of the repository."""
    if world.package(path) is None:
        world.add_package(path, visibility="public", repository="acme/app")
    world.push(path, image, tags)


def plan(shop: Shop, tag: str = "v1.0.0", **inputs: str) -> Report:
    return shop.command("build-matrix", tag=tag, **inputs)


def elsewhere(shop: Shop) -> Any:
    return plan(shop).outputs["built-elsewhere"]


def test_no_job_builds_it_and_it_is_listed(shop: Shop) -> None:
    report = plan(shop)

    jobs: Any = report.outputs["matrix"]
    images: Any = report.outputs["images"]
    assert report.exit_code is ExitCode.PASS
    assert [entry["image"] for entry in (*jobs["include"], *images)] == ["web", "web"]
    assert [(entry["package"], entry["tags"], entry["built-by"]) for entry in elsewhere(shop)] == [
        (APP, ["v1.0.0"], "goreleaser"),
        ("ghcr.io/acme/mirror-app", ["v1.0.0"], "goreleaser"),
    ]
    assert "app is not built: goreleaser builds it." in report.lines
    assert not report.findings


def test_a_file_of_such_images_alone_has_no_job(shop: Shop) -> None:
    text = "repository: acme/app\nimages:\n  app: {built-by: ko, platforms: [linux/amd64]}\n"
    (shop.workspace / "release.yaml").write_text(text)

    outputs = plan(shop).outputs

    assert (outputs["any"], outputs["images"]) == (False, [])


def test_an_image_that_was_not_selected_is_not_listed(shop: Shop) -> None:
    assert plan(shop, images="web").outputs["built-elsewhere"] == []


def test_it_is_verified_without_the_labels_that_only_our_builds_have(shop: Shop, world: World) -> None:
    for package in ("acme/app", "acme/mirror-app"):
        put(world, package, build_image(BOTH), ["v1.0.0"])

    report = shop.verify(*elsewhere(shop))

    assert (report.exit_code, said(report)) == (ExitCode.PASS, [])


def test_what_was_built_from_another_commit_or_lacks_a_platform_is_refused(shop: Shop, world: World) -> None:
    put(world, "acme/app", build_image(BOTH[:1], labels=labels(OTHER)), ["v1.0.0"])
    (entry, _) = elsewhere(shop)

    report = shop.verify(entry)

    assert report.exit_code is ExitCode.REFUSED
    assert said(report) == [
        f"error: {APP}: linux/amd64 says it was built from {OTHER}, and the tag is on {COMMIT}.",
        f"error: {APP}: it lacks linux/arm64.",
    ]


def test_its_floating_tags_follow_in_every_place(shop: Shop, world: World) -> None:
    repository = world.repository("acme/app")
    assert repository
    commit = repository.git.commit("First", world.now())
    repository.git.refs["refs/tags/v1.0.0"] = Target(commit.sha, "commit")
    for package in ("acme/app", "acme/mirror-app"):
        put(world, package, build_image(BOTH, labels=labels(commit.sha)), ["v1.0.0"])
    put(world, "acme/web", build_image(BOTH[:1], labels=labels(commit.sha)), ["v1.0.0"])

    report = shop.command("protect-latest", mode="enforce", together="true", token=TOKEN, registry_token=TOKEN)

    assert report.exit_code is ExitCode.PASS, said(report)
    for package in ("acme/app", "acme/mirror-app", "acme/web"):
        assert set(world.tags(package)) == {"v1.0.0", "latest", "v1", "v1.0"}


def test_together_waits_until_the_other_tool_has_published_it(shop: Shop, world: World) -> None:
    repository = world.repository("acme/app")
    assert repository
    commit = repository.git.commit("First", world.now())
    repository.git.refs["refs/tags/v1.0.0"] = Target(commit.sha, "commit")
    put(world, "acme/web", build_image(BOTH[:1], labels=labels(commit.sha)), ["v1.0.0"])
    put(world, "acme/app", build_image(BOTH[:1], labels=labels(commit.sha)), ["v1.0.0"])
    put(world, "acme/mirror-app", build_image(BOTH, labels=labels(commit.sha)), ["v1.0.0"])

    report = shop.command("protect-latest", mode="enforce", together="true", token=TOKEN, registry_token=TOKEN)

    assert report.exit_code is not ExitCode.PASS
    assert set(world.tags("acme/web")) == {"v1.0.0"}


def test_its_candidates_are_cleaned_up(shop: Shop, world: World) -> None:
    put(world, "acme/app", build_image(BOTH), ["v1.0.0"])
    put(world, "acme/app", build_image(BOTH, seed="rc"), ["v1.0.0-rc.1"])
    for package in ("acme/web", "acme/mirror-app"):
        put(world, package, build_image(BOTH), ["v1.0.0"])

    report = shop.command("ghcr-cleanup", rule="candidates", token=TOKEN)

    assert report.exit_code is ExitCode.PASS, said(report)
    assert set(world.tags("acme/app")) == {"v1.0.0"}


@pytest.mark.parametrize(
    ("key", "steps"),
    [
        ("dockerfile: Dockerfile", "dockerfile"),
        ("labels: {a: b}", "labels"),
        ("runners: {linux/amd64: x}", "runners"),
        ("paths: [src/**]", "paths"),
        ("scan: false", "scan"),
        ("variants: {alpine: {tag: '{tag}-alpine', target: alpine}}", "target"),
        ("channels: {release: {runners: {linux/amd64: x}}}", "runners"),
    ],
)
def test_what_says_how_it_is_built_has_no_effect_and_is_refused(key: str, steps: str) -> None:
    text = f"repository: acme/app\nimages:\n  app: {{built-by: ko, platforms: [linux/amd64], {key}}}\n"

    with pytest.raises(ConfigurationError) as error:
        load_text(text)

    message = f"The image 'app' is built by ko, and '{steps}' has no effect on that."
    assert message in [problem.message for problem in error.value.problems]


def test_it_needs_no_runner_and_takes_nothing_from_the_defaults_but_platforms() -> None:
    config = load_text(
        "repository: acme/app\n"
        "defaults: {platforms: [linux/s390x], runners: {linux/s390x: z}, labels: {a: b}, command: make}\n"
        "images:\n  app: {built-by: ko}\n  web: {}\n"
    )

    app, web = config.packages()

    assert (app.platforms, dict(app.runners), dict(app.labels), app.recipe.command) == (("linux/s390x",), {}, {}, "")
    assert (web.platforms, web.recipe.command) == (("linux/s390x",), "make")


def test_promote_refuses_such_a_file_in_words(shop: Shop) -> None:
    with pytest.raises(InputError, match=f"covers images that release-actions builds, and goreleaser builds {APP}"):
        shop.command("promote", to="v1.0.0", token=TOKEN, registry_token=TOKEN)
