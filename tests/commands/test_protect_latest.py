"""protect-latest through its command line, over real HTTP to the embedded GitHub and GHCR."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.floating.shipped import BOTH, TOKEN, stable, world

from release_actions import main
from release_actions.commands import protect_latest
from release_actions.config.load import load_text
from release_actions.errors import ConfigurationError, ExitCode, InputError, RemoteError
from release_actions.floating import report as floating_report
from release_actions.github import repository
from release_actions.github.repository import GitTag
from release_actions.http.client import Http
from release_actions.http.origins import Credential
from release_actions.runner.context import Context
from release_actions.runner.report import Level, Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.faults import Fault, delete_step, tag_step
from release_actions.simulator.git import Target
from release_actions.simulator.repositories import Release

CUDA, CPU, ROCM = "llm-d/llm-d-cuda", "llm-d/llm-d-cpu", "llm-d/llm-d-rocm"
IMAGES = (CUDA, CPU, ROCM)
CONFIG = """\
repository: llm-d/llm-d
versions:
  skip:
    v0.4.2: built with the wrong CUDA
defaults:
  platforms: [linux/amd64, linux/arm64]
images:
  llm-d-cuda: {}
  llm-d-cpu: {}
  llm-d-rocm:
    required: false
    platforms: [linux/amd64]
"""
PAST = ("v0.4.0", "v0.4.1", "v0.4.2")
FLOATS = {"latest": "v0.4.1", "v0": "v0.4.1", "v0.4": "v0.4.1"}

Protect = Callable[..., Report]


def platforms(path: str) -> tuple[str, ...]:
    return BOTH[:1] if path == ROCM else BOTH


def publish(made: World, tag: str, *paths: str) -> None:
    for path in paths or IMAGES:
        made.push(path, build_image(platforms(path), seed=f"{path} {tag}", attestations=path == CPU), [tag])


def tag_in_git(made: World, tag: str) -> str:
    repository = made.repository("llm-d/llm-d")
    assert repository is not None
    commit = repository.git.commit(f"Work for {tag}", made.now())
    repository.git.refs[f"refs/tags/{tag}"] = Target(commit.sha, "commit")
    return commit.sha


@pytest.fixture
def shipped() -> World:
    made = world(*IMAGES)
    for tag in PAST:
        tag_in_git(made, tag)
        publish(made, tag)
    for path in IMAGES:
        for tag, release in FLOATS.items():
            made.tag(path, release, tag)
    return made


@pytest.fixture(name="world")
def _world(shipped: World) -> World:
    return shipped


@pytest.fixture
def protect(simulator: Simulator, tmp_path: Path) -> Protect:
    (tmp_path / "release.yaml").write_text(CONFIG, encoding="utf-8")

    def run(mode: str = "enforce", **inputs: str) -> Report:
        given = {"settle_time": "0s", "token": TOKEN, "registry_token": TOKEN, **inputs, "mode": mode}
        environ = {
            **simulator.environment(),
            "GITHUB_REPOSITORY": "llm-d/llm-d",
            "GITHUB_WORKSPACE": str(tmp_path),
            "RELEASE_ACTIONS_NOW": "2026-02-03T09:00:00Z",
            **{f"INPUT_{name.upper()}": value for name, value in given.items()},
        }
        return main.main_inner(["protect-latest"], environ, Workflow({}))

    return run


def named(made: World, path: str) -> dict[str, str]:
    """Floating tag of a package -> the release that it names."""
    tags = made.tags(path)
    releases = {digest: tag for tag, digest in tags.items() if stable(tag)}
    return {
        tag: releases.get(digest, "none") for tag, digest in tags.items() if tag in {"latest", "v0", "v0.4", "v0.5"}
    }


@pytest.mark.parametrize(
    ("spelling", "post"), [("post", "v0.4.3.post1"), ("patch", "v0.4.3.patch1"), ("four-numbers", "v0.4.3.1")]
)
def test_a_post_release_is_above_its_release_and_never_moves_latest_back(
    world: World, protect: Protect, tmp_path: Path, spelling: str, post: str
) -> None:
    config = CONFIG.replace("versions:\n", f"versions:\n  post-spelling: {spelling}\n")
    (tmp_path / "release.yaml").write_text(config, encoding="utf-8")
    for tag in ("v0.4.3", "v0.5.0"):
        tag_in_git(world, tag)
        publish(world, tag)
    protect()
    assert named(world, CUDA) == {"latest": "v0.5.0", "v0": "v0.5.0", "v0.4": "v0.4.3", "v0.5": "v0.5.0"}
    tag_in_git(world, post)
    publish(world, post)

    report = protect()

    assert report.exit_code is ExitCode.PASS
    digests = world.tags(CUDA)
    assert digests["v0.4"] == digests[post]
    assert digests["latest"] == digests["v0"] == digests["v0.5"] == digests["v0.5.0"]


def make_lock(made: World, tag: str) -> str:
    """What verify-images locks of a release, as far as it is read here."""
    images = {f"ghcr.io/{path}": {"tags": [tag], "digest": made.tags(path)[tag]} for path in IMAGES}
    return json.dumps({"images": images})


@pytest.mark.parametrize("together", ["true", "false"])
def test_no_floating_tag_follows_to_an_image_that_took_the_place_of_the_verified_one(
    world: World, protect: Protect, together: str
) -> None:
    tag_in_git(world, "v0.5.0")
    publish(world, "v0.5.0")
    # Hand-over: finish, registry.
    lock, before = make_lock(world, "v0.5.0"), named(world, CUDA)
    world.push(CUDA, build_image(platforms(CUDA), seed="planted"), ["v0.5.0"])

    report = protect(lock=lock, together=together)

    assert report.exit_code is ExitCode.REFUSED
    assert named(world, CUDA) == before
    assert named(world, CPU) == (
        before if together == "true" else {**before, "latest": "v0.5.0", "v0": "v0.5.0"} | {"v0.5": "v0.5.0"}
    )
    assert any("and this run verified sha256:" in str(finding.problem) for finding in report.findings)


@pytest.mark.parametrize("together", ["true", "false"])
def test_no_floating_tag_follows_to_a_release_that_another_run_has_not_finished(
    world: World, protect: Protect, together: str
) -> None:
    # v0.5.0 has its exact tags, and its run is scanning them, or was stopped by a gate. Now v0.4.3 is released.
    for tag in ("v0.5.0", "v0.4.3"):
        tag_in_git(world, tag)
        publish(world, tag)

    report = protect(lock=make_lock(world, "v0.4.3"), together=together)
    later = protect(lock=make_lock(world, "v0.5.0"), together=together)

    assert (report.exit_code, later.exit_code) == (ExitCode.PASS, ExitCode.PASS)
    assert {row["tag"] for row in rows(report, "moved")} == {"v0.4"}
    (finding, *_) = (finding for finding in report.findings if finding.rule == "unverified-release")
    assert finding.problem.message.endswith(
        "latest, v0 and v0.5 would have to name v0.5.0, which this run did not verify."
    )
    assert {row["tag"] for row in rows(later, "moved")} == {"latest", "v0", "v0.5"}


def test_no_floating_tag_follows_to_an_image_that_a_repair_did_not_verify(world: World, protect: Protect) -> None:
    tag_in_git(world, "v0.5.0")
    publish(world, "v0.5.0")
    lock = json.loads(make_lock(world, "v0.5.0"))
    lock["images"] = {package: image for package, image in lock["images"].items() if package.endswith(CUDA)}
    before = named(world, CPU)

    report = protect(lock=json.dumps(lock))
    nothing = protect(lock=json.dumps({"images": {}}))

    assert named(world, CUDA)["latest"] == "v0.5.0"
    assert named(world, CPU) == before
    assert {finding.rule for finding in report.findings} >= {"unverified-release"}
    assert rows(nothing, "moved") == []


def test_floating_tags_follow_to_what_was_verified(world: World, protect: Protect) -> None:
    tag_in_git(world, "v0.5.0")
    publish(world, "v0.5.0")

    report = protect(lock=make_lock(world, "v0.5.0"), together="true")

    assert report.exit_code is ExitCode.PASS
    assert {named(world, path)["latest"] for path in IMAGES} == {"v0.5.0"}


@pytest.mark.parametrize("lock", ["[]", "{}", '{"images": {"a": 1}}', "x"])
def test_a_text_that_is_no_lock_is_bad_input(protect: Protect, lock: str) -> None:
    with pytest.raises(InputError, match=r"^Input .lock. is not a lock"):
        protect(lock=lock)


def retire(folder: Path, floating_tags: str, since: str = "v0.5.0") -> None:
    """Move llm-d-rocm from the images to the retired packages."""
    images, _, _ = CONFIG.partition("  llm-d-rocm:")
    rule = f"  llm-d-rocm: {{since: {since}, reason: merged into cuda, floating-tags: {floating_tags}}}\n"
    (folder / "release.yaml").write_text(f"{images}retired:\n{rule}", encoding="utf-8")


def test_the_floating_tags_of_a_retired_package_may_follow_its_own_releases(
    world: World, protect: Protect, tmp_path: Path
) -> None:
    world.push(ROCM, build_image(platforms(ROCM), seed="mistake"), ["latest"])
    for tag in ("v0.4.3", "v0.5.0"):
        tag_in_git(world, tag)
        publish(world, tag)
    retire(tmp_path, "moved")

    report = protect()

    assert named(world, ROCM) == {"latest": "v0.4.3", "v0": "v0.4.3", "v0.4": "v0.4.3"}
    assert named(world, CUDA)["latest"] == "v0.5.0"
    assert "v0.5" not in world.tags(ROCM)
    assert report.exit_code is ExitCode.PASS


def test_a_release_after_the_last_of_a_retired_package_is_not_missing_there(
    world: World, protect: Protect, tmp_path: Path
) -> None:
    tag_in_git(world, "v0.5.0")
    publish(world, "v0.5.0", CUDA, CPU)
    retire(tmp_path, "moved")
    protect()

    report = protect("check")

    assert report.exit_code is ExitCode.PASS
    assert not report.findings


def test_what_a_retired_packages_tag_names_wrongly_is_said(world: World, protect: Protect, tmp_path: Path) -> None:
    tag_in_git(world, "v0.5.0")
    publish(world, "v0.5.0")
    world.tag(ROCM, "v0.5.0", "latest")
    retire(tmp_path, "moved")

    report = protect("check")

    assert (
        "ghcr.io/llm-d/llm-d-rocm: latest names v0.5.0, published although the package is retired since v0.5.0, and "
        "v0.4.1 is the highest release in its range."
    ) in [finding.problem.message for finding in report.findings]


def test_floating_tags_that_a_retired_package_should_have_lost_are_reported(
    world: World, protect: Protect, tmp_path: Path
) -> None:
    retire(tmp_path, "removed")
    before = world.tags(ROCM)

    report = protect("check")

    assert report.exit_code is ExitCode.REFUSED
    assert [(finding.problem.message, finding.problem.hint) for finding in report.findings] == [
        (
            f"ghcr.io/llm-d/llm-d-rocm: {tag} names v0.4.1, and the package is retired since v0.5.0.",
            f"Name {tag} under delete-tags in a clean-up rule with untag: true, and run ghcr-cleanup with it.",
        )
        for tag in ("latest", "v0", "v0.4")
    ]
    assert world.tags(ROCM) == before


def test_a_retired_package_without_floating_tags_is_as_it_should_be(
    world: World, protect: Protect, tmp_path: Path
) -> None:
    world.push(ROCM, build_image(platforms(ROCM), seed="empty"), list(FLOATS))
    held = world.package(ROCM)
    assert held is not None
    empty = held.find("latest")
    assert empty is not None
    held.drop(empty, world.now())
    retire(tmp_path, "removed")

    report = protect("check")

    assert report.exit_code is ExitCode.PASS
    assert not report.findings


def test_a_snapshot_has_the_retired_packages_whose_tags_a_run_may_move(
    world: World, protect: Protect, tmp_path: Path
) -> None:
    retire(tmp_path, "moved")
    protect("snapshot")
    world.push(ROCM, build_image(platforms(ROCM), seed="mistake"), ["latest"])

    protect("restore")

    assert named(world, ROCM) == FLOATS


def test_the_floating_tags_of_a_retired_package_are_frozen(
    world: World, protect: Protect, simulator: Simulator, tmp_path: Path
) -> None:
    images, _, _ = CONFIG.partition("  llm-d-rocm:")
    retired = "retired:\n  llm-d-rocm: {since: v0.5.0, reason: replaced by llm-d-cuda}\n"
    (tmp_path / "release.yaml").write_text(images + retired, encoding="utf-8")
    for path in IMAGES:
        world.tag(path, "v0.4.0", "latest")
    before = world.tags(ROCM)

    assert protect().exit_code is ExitCode.PASS

    assert named(world, CUDA) == FLOATS
    assert world.tags(ROCM) == before
    assert not [entry for entry in simulator.requests.entries if ROCM in entry.path]


def messages(report: Report, level: Level | None = None) -> list[str]:
    return [str(finding.problem) for finding in report.findings if level in {None, finding.level}]


def rows(report: Report, name: str) -> list[dict[str, Any]]:
    found: Any = report.outputs[name]
    assert isinstance(found, list)
    return found


RELEASED = {"latest": "v0.5.0", "v0": "v0.5.0", "v0.4": "v0.4.1", "v0.5": "v0.5.0"}


def test_a_write_that_was_refused_is_no_move(protect: Protect, shipped: World, simulator: Simulator) -> None:
    shipped.tag(CPU, "v0.4.0", "latest")
    report = protect(registry_token="", images="llm-d-cpu")
    assert named(shipped, CPU)["latest"] == "v0.4.0"
    assert report.exit_code == ExitCode.UNKNOWN
    assert report.outputs["moved"] == []
    assert report.outputs["failed"] == [f"ghcr.io/{CPU}"]
    host = simulator.registry_url.removeprefix("http://")
    hints = [finding.problem.hint for finding in report.findings if finding.level is Level.ERROR]
    assert hints == [f"No token was sent. Pass one that {host} accepts and that may do this."]
    assert "**not moved**" in report.summary
    assert "**moved" not in report.summary.replace("**not moved**", "")


def test_a_laptops_token_is_the_registrys_too(shipped: World, simulator: Simulator, tmp_path: Path) -> None:
    (tmp_path / "release.yaml").write_text(CONFIG, encoding="utf-8")
    shipped.tag(CPU, "v0.4.0", "latest")
    environ = {**simulator.environment(), "GITHUB_TOKEN": TOKEN, "GITHUB_WORKSPACE": str(tmp_path)}
    flags = ["--repository", "llm-d/llm-d", "--mode", "enforce", "--settle-time", "0s"]
    report = main.main_inner(["protect-latest", *flags], environ, Workflow({}))
    assert named(shipped, CPU)["latest"] == "v0.4.1"
    assert report.outputs["failed"] == []


class TestCheckAndEnforce:
    """Every image on its own."""

    def test_all_is_right(self, protect: Protect, simulator: Simulator) -> None:
        report = protect("check")
        assert report.exit_code is ExitCode.PASS
        assert report.findings == ()
        assert report.outputs["drift"] is False
        assert {row["action"] for row in rows(report, "plan")} == {"keep"}
        assert report.lines == ("3 images, 0 floating tags wrong.",)
        assert simulator.requests.count(method="PUT") == 0

    def test_a_check_tells_and_moves_nothing(self, protect: Protect, shipped: World) -> None:
        publish(shipped, "v0.5.0-rc.1", CUDA)
        shipped.tag(CUDA, "v0.5.0-rc.1", "latest")
        report = protect("check")
        assert report.exit_code is ExitCode.REFUSED
        assert report.outputs["drift"] is True
        assert messages(report) == [
            "ghcr.io/llm-d/llm-d-cuda: latest names v0.5.0-rc.1, a release candidate, and v0.4.1 is the highest "
            "release in its range. Run protect-latest with mode: enforce."
        ]
        assert shipped.tags(CUDA)["latest"] == shipped.tags(CUDA)["v0.5.0-rc.1"]

    def test_a_release_moves_every_image_and_the_second_run_none(self, protect: Protect, shipped: World) -> None:
        tag_in_git(shipped, "v0.5.0")
        publish(shipped, "v0.5.0")
        first, second = protect(), protect()
        assert {path: named(shipped, path) for path in IMAGES} == dict.fromkeys(IMAGES, RELEASED)
        assert first.exit_code is second.exit_code is ExitCode.PASS
        assert len(rows(first, "moved")) == 9
        assert rows(second, "moved") == []
        assert first.lines == ("3 images, 9 floating tags moved.",)
        assert "| `ghcr.io/llm-d/llm-d-cpu` | `v0.5` | v0.5.0 |" in first.summary

    def test_moved_tags_are_named_also_where_no_step_could_be_given_more(
        self, protect: Protect, shipped: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tag_in_git(shipped, "v0.5.0")
        publish(shipped, "v0.5.0")
        monkeypatch.setattr(floating_report, "MOVED_LENGTH", 1000)
        assert {tuple(row) for row in rows(protect(), "moved")} == {("package", "tag")}

    def test_a_skipped_release_is_no_target(self, protect: Protect, shipped: World) -> None:
        shipped.tag(CPU, "v0.4.2", "latest")
        report = protect()
        assert named(shipped, CPU)["latest"] == "v0.4.1"
        (message,) = messages(report)
        assert message == (
            "ghcr.io/llm-d/llm-d-cpu: latest names v0.4.2, which versions.skip in release.yaml lists, and v0.4.1 "
            "is the highest "
            "release in its range."
        )

    def test_a_release_that_is_missing_in_one_image_is_told_and_the_others_move(
        self, protect: Protect, shipped: World
    ) -> None:
        tag_in_git(shipped, "v0.5.0")
        publish(shipped, "v0.5.0", CUDA, ROCM)
        report = protect()
        assert report.exit_code is ExitCode.REFUSED
        assert named(shipped, CPU) == FLOATS
        assert named(shipped, CUDA) == named(shipped, ROCM) == RELEASED
        assert report.lines == ("3 images, 6 floating tags moved, 1 image without a release that floating tags need.",)
        (finding,) = [finding for finding in report.findings if finding.level is Level.ERROR]
        assert str(finding.problem) == (
            "release.yaml:9:3: ghcr.io/llm-d/llm-d-cpu: Release v0.5.0 is in git, but its image is missing or "
            "incomplete in the package. Until then, latest and v0 must name v0.4.1. Build v0.5.0 again, or list "
            "it under skip with "
            "the reason."
        )

    def test_an_optional_image_without_a_release_is_no_error(self, protect: Protect, shipped: World) -> None:
        tag_in_git(shipped, "v0.5.0")
        publish(shipped, "v0.5.0", CUDA, CPU)
        report = protect()
        assert report.exit_code is ExitCode.PASS
        assert messages(report, Level.ERROR) == []
        assert "ghcr.io/llm-d/llm-d-rocm: Release v0.5.0 is in git" in messages(report, Level.WARNING)[0]

    def test_an_image_without_any_release_yet_is_no_error(self, protect: Protect, shipped: World) -> None:
        held = shipped.package(CPU)
        assert held is not None
        for tag in PAST:
            held.drop(shipped.version(CPU, tag), shipped.now())
        publish(shipped, "v0.5.0-rc.1", CPU)
        report = protect()
        assert report.exit_code is ExitCode.PASS
        assert messages(report) == [
            "release.yaml:9:3: ghcr.io/llm-d/llm-d-cpu: Release v0.4.1 is in git, but its image is missing or "
            "incomplete in the package. Build v0.4.1 again, or list it under skip with the reason."
        ]

    @pytest.mark.parametrize("mode", ["check", "enforce"])
    def test_a_namespace_without_any_of_the_packages_is_an_error(
        self, protect: Protect, shipped: World, mode: str
    ) -> None:
        for path in IMAGES:
            found = shipped.package(path)
            assert found is not None
            shipped.delete_package(found)

        report = protect(mode)

        assert report.exit_code is ExitCode.REFUSED
        assert messages(report, Level.ERROR) == [
            "release.yaml:8:3: The registry has none of the 3 images, such as ghcr.io/llm-d/llm-d-cuda. Check registry "
            "and namespace in release.yaml, and whether the token may see the packages."
        ]

    @pytest.mark.parametrize("mode", ["check", "enforce"])
    def test_the_only_package_that_is_not_there_is_an_error(
        self, protect: Protect, shipped: World, tmp_path: Path, mode: str
    ) -> None:
        only = CONFIG.partition("images:\n")[0] + "images:\n  llm-d-web: {}\n"
        (tmp_path / "release.yaml").write_text(only, encoding="utf-8")
        assert shipped.package("llm-d/llm-d-web") is None

        report = protect(mode)

        assert report.exit_code is ExitCode.REFUSED
        assert messages(report) == [
            "release.yaml:8:3: The registry does not have the only image, ghcr.io/llm-d/llm-d-web. Check registry and "
            "namespace in release.yaml, and whether the token may see the packages."
        ]

    @pytest.mark.parametrize(("path", "told"), [(CPU, 1), (ROCM, 0)])
    def test_a_required_package_that_is_not_there_is_told(
        self, protect: Protect, shipped: World, path: str, told: int
    ) -> None:
        found = shipped.package(path)
        assert found is not None
        shipped.delete_package(found)
        report = protect("check")
        assert report.exit_code is ExitCode.PASS
        assert messages(report) == told * [
            "release.yaml:9:3: ghcr.io/llm-d/llm-d-cpu is not published: the registry has no such package. Publish a "
            "release of it, or remove it from the configuration."
        ]

    def test_an_older_release_that_is_missing_is_told_and_no_error(self, protect: Protect, shipped: World) -> None:
        held = shipped.package(CPU)
        assert held is not None
        publish(shipped, "v0.3.9", CPU)
        for tag in ("v0.3.9", "v0.4.0"):
            tag_in_git(shipped, tag)
        held.drop(shipped.version(CPU, "v0.4.0"), shipped.now())
        report = protect()
        assert report.exit_code is ExitCode.PASS
        assert ["Release v0.4.0 is in git" in text for text in messages(report, Level.WARNING)] == [True]

    def test_a_release_on_github_without_a_git_tag_is_told(self, protect: Protect, shipped: World) -> None:
        repository = shipped.repository("llm-d/llm-d")
        assert repository is not None
        for number, (tag, draft) in enumerate([("v0.4.1", False), ("v0.5.0", False), ("v0.6.0", True)], start=1):
            repository.releases[number] = Release(number, tag, "main", "llm-d", shipped.now(), draft=draft)
        report = protect("check")
        assert report.exit_code is ExitCode.PASS
        assert messages(report) == [
            f"release.yaml:{line}:3: ghcr.io/{path}: GitHub has a release v0.5.0, but it has no tag in git, and no "
            "floating tag may name it. Restore the git tag if it was lost, or list v0.5.0 under skip with the reason."
            for line, path in zip((8, 9, 10), IMAGES, strict=True)
        ]

    def test_a_list_of_releases_that_cannot_be_read_stops_all(
        self, protect: Protect, shipped: World, simulator: Simulator
    ) -> None:
        shipped.tag(CUDA, "v0.4.0", "latest")
        simulator.faults.add(Fault(path="/repos/llm-d/llm-d/releases", times=0, answer=403))
        with pytest.raises(RemoteError, match="list the releases of llm-d/llm-d"):
            protect()
        assert named(shipped, CUDA)["latest"] == "v0.4.0"

    @pytest.mark.parametrize(
        ("level", "code", "latest"),
        [("error", ExitCode.REFUSED, "v0.4.1"), ("warn", ExitCode.PASS, "v0.5.0"), ("off", ExitCode.PASS, "v0.5.0")],
    )
    def test_an_image_from_another_commit(
        self, protect: Protect, shipped: World, level: str, code: ExitCode, latest: str
    ) -> None:
        commit = tag_in_git(shipped, "v0.5.0")
        for path in IMAGES:
            said = "0123456789abcdef" if path == CUDA else commit
            labels = {"org.opencontainers.image.revision": said}
            shipped.push(path, build_image(platforms(path), seed=f"{path} v0.5.0", labels=labels), ["v0.5.0"])
        report = protect(other_commit=level)
        assert report.exit_code is code
        assert named(shipped, CUDA)["latest"] == latest
        assert named(shipped, CPU)["latest"] == "v0.5.0"
        told = [text for text in messages(report) if "was built from 0123456789ab, while the git tag is on" in text]
        assert len(told) == {"error": 3, "warn": 1, "off": 0}[level]
        assert all(commit[:12] in text for text in told)

    def test_the_commit_of_an_annotated_tag_is_looked_up_once(
        self, protect: Protect, shipped: World, simulator: Simulator
    ) -> None:
        repository = shipped.repository("llm-d/llm-d")
        assert repository is not None
        commit = repository.git.commit("Work", shipped.now())
        made = repository.git.annotate("v0.5.0", Target(commit.sha, "commit"), "Release", shipped.now())
        repository.git.refs["refs/tags/v0.5.0"] = Target(made.sha, "tag")
        labels = {"org.opencontainers.image.revision": commit.sha}
        for path in IMAGES:
            shipped.push(path, build_image(platforms(path), seed=path, labels=labels), ["v0.5.0"])
        assert protect().exit_code is ExitCode.PASS
        assert {path: named(shipped, path) for path in IMAGES} == dict.fromkeys(IMAGES, RELEASED)
        assert sum("/git/tags/" in entry.path for entry in simulator.requests.select(origin="api")) == 1

    def test_to_be_thorough_older_releases_are_looked_at(self, protect: Protect, shipped: World) -> None:
        tag_in_git(shipped, "v0.3.0")
        publish(shipped, "v0.3.0")
        tag_in_git(shipped, "v0.3.1")
        publish(shipped, "v0.3.1")
        protect()
        delete_step(CUDA, shipped.version(CUDA, "v0.3.0").manifest.children[0])(shipped, "")
        assert messages(protect("check")) == []
        (told,) = messages(protect("check", thorough="true"))
        assert (
            "Release v0.3.0 is in git, but its image is missing or incomplete in the package. Of v0.3.0, its child "
            in told
        )

    def test_an_image_that_cannot_be_read_keeps_no_other_wrong(
        self, protect: Protect, shipped: World, simulator: Simulator
    ) -> None:
        tag_in_git(shipped, "v0.5.0")
        publish(shipped, "v0.5.0")
        simulator.faults.add(Fault(path="/v2/llm-d/llm-d-cuda/manifests/v0", times=0, answer=403))
        report = protect()
        assert report.exit_code is ExitCode.UNKNOWN
        assert report.outputs["failed"] == ["ghcr.io/llm-d/llm-d-cuda"]
        assert named(shipped, CUDA) == FLOATS
        assert named(shipped, CPU) == named(shipped, ROCM) == RELEASED
        assert report.lines == ("3 images, 6 floating tags moved, 1 image failed.",)

    def test_what_was_moved_before_a_failure_is_told(
        self, protect: Protect, shipped: World, simulator: Simulator
    ) -> None:
        tag_in_git(shipped, "v0.5.0")
        publish(shipped, "v0.5.0")
        simulator.faults.add(Fault(method="PUT", path="/v2/llm-d/llm-d-cuda/manifests/latest", times=0, answer=403))
        report = protect()
        assert report.exit_code is ExitCode.UNKNOWN
        assert named(shipped, CUDA) == {**RELEASED, "latest": "v0.4.1"}
        assert "failed after moving v0.5 to v0.5.0, v0 to v0.5.0" in report.summary.replace("\\", "")

    def test_a_broken_latest_stays_and_is_an_error(self, protect: Protect, shipped: World) -> None:
        image = shipped.version(CUDA, "v0.4.1")
        delete_step(CUDA, image.manifest.children[0])(shipped, "")
        report = protect()
        assert report.exit_code is ExitCode.REFUSED
        assert report.outputs["failed"] == ["ghcr.io/llm-d/llm-d-cuda"]
        assert named(shipped, CUDA) == FLOATS
        assert messages(report, Level.ERROR)[0] == (
            "release.yaml:8:3: ghcr.io/llm-d/llm-d-cuda: latest names v0.4.1, which is not complete. Of v0.4.1, its "
            f"child {image.manifest.children[0]} (linux/amd64) is gone. It was not changed. Publish v0.4.1 whole, or "
            "list it under skip to move latest back."
        )

    def test_images_can_be_chosen(self, protect: Protect, shipped: World) -> None:
        tag_in_git(shipped, "v0.5.0")
        publish(shipped, "v0.5.0")
        protect(images="llm-d-cpu")
        assert named(shipped, CPU) == RELEASED
        assert named(shipped, CUDA) == FLOATS

    def test_a_fight_is_told_and_ends(self, protect: Protect, shipped: World, simulator: Simulator) -> None:
        tag_in_git(shipped, "v0.5.0")
        publish(shipped, "v0.5.0")
        steps = (tag_step(CUDA, "latest", "v0.4.1"),)
        simulator.faults.add(Fault(method="HEAD", path=f"/v2/{CUDA}/manifests/latest", times=0, steps=steps))
        report = protect()
        assert report.exit_code is ExitCode.UNKNOWN
        assert re.match(
            r"ghcr\.io/llm-d/llm-d-cuda:latest is moved away again: after 3 writes it names sha256:",
            messages(report, Level.ERROR)[0],
        )
        assert "moved, not confirmed" in report.summary
        assert named(shipped, CPU) == RELEASED

    def test_a_stopped_run_tells_what_was_moved_and_the_next_one_goes_on(
        self, protect: Protect, shipped: World, simulator: Simulator, capsys: pytest.CaptureFixture[str]
    ) -> None:
        tag_in_git(shipped, "v0.5.0")
        publish(shipped, "v0.5.0")

        def stop(_world: World, _path: str) -> None:
            os.kill(os.getpid(), signal.SIGINT)

        # Once all has been written: the run would wait two minutes before it looks.
        simulator.faults.add(Fault(method="PUT", nth=9, steps=(stop,)))
        with pytest.raises(KeyboardInterrupt):
            protect(settle_time="2m")
        assert (
            f"Before the run was stopped, ghcr.io/llm-d/llm-d-cpu:v0 was put on {shipped.tags(CPU)['v0.5.0']}."
            in capsys.readouterr().out
        )
        assert protect().exit_code is ExitCode.PASS
        assert {path: named(shipped, path) for path in IMAGES} == dict.fromkeys(IMAGES, RELEASED)

    def test_a_list_of_git_tags_that_lags_moves_no_tag_off_the_newest_release(
        self, protect: Protect, shipped: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tag_in_git(shipped, "v0.5.0")
        publish(shipped, "v0.5.0")
        protect()
        read = repository.list_tags

        def lag(*given: Any, **named_given: Any) -> tuple[GitTag, ...]:
            return tuple(tag for tag in read(*given, **named_given) if tag.name != "v0.5.0")

        monkeypatch.setattr("release_actions.github.repository.list_tags", lag)
        report = protect()

        assert (report.exit_code, messages(report)) == (ExitCode.PASS, [])
        assert {path: named(shipped, path) for path in IMAGES} == dict.fromkeys(IMAGES, RELEASED)

    def test_a_plan_that_is_too_long_leaves_out_what_is_right(
        self, protect: Protect, shipped: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shipped.tag(CPU, "v0.4.0", "latest")
        monkeypatch.setattr(floating_report, "PLAN_LENGTH", 1000)
        (row,) = rows(protect("check"), "plan")
        assert (row["package"], row["tag"], row["action"]) == ("ghcr.io/llm-d/llm-d-cpu", "latest", "move")


class TestTogether:
    """A release as one step."""

    @pytest.fixture(autouse=True)
    def release(self, shipped: World) -> None:
        tag_in_git(shipped, "v0.5.0")

    def test_it_moves_all_when_all_is_there(self, protect: Protect, shipped: World) -> None:
        publish(shipped, "v0.5.0")
        report = protect(together="true")
        assert report.exit_code is ExitCode.PASS
        assert {path: named(shipped, path) for path in IMAGES} == dict.fromkeys(IMAGES, RELEASED)

    def test_nothing_moves_before_every_required_image_holds_the_release(
        self, protect: Protect, shipped: World, simulator: Simulator
    ) -> None:
        publish(shipped, "v0.5.0", CUDA, ROCM)
        report = protect(together="true")
        assert report.exit_code is ExitCode.REFUSED
        assert simulator.requests.count(method="PUT") == 0
        assert messages(report, Level.ERROR) == [
            "ghcr.io/llm-d/llm-d-cpu does not have a complete image v0.5.0. So no floating tag was moved to "
            "v0.5.0. Publish "
            "the whole release, with every required image, and run this again.",
            "release.yaml:9:3: ghcr.io/llm-d/llm-d-cpu: Release v0.5.0 is in git, but its image is missing or "
            "incomplete in the package. Until then, latest and v0 must name v0.4.1. Build v0.5.0 again, or list "
            "it under skip with "
            "the reason.",
        ]
        assert report.lines == ("3 images, no floating tag moved: a required image does not have v0.5.0.",)
        assert "**not moved**" in report.summary

    def test_an_incomplete_required_image_closes_the_gate(self, protect: Protect, shipped: World) -> None:
        publish(shipped, "v0.5.0")
        delete_step(CPU, shipped.version(CPU, "v0.5.0").manifest.children[1])(shipped, "")
        report = protect(together="true")
        assert report.exit_code is ExitCode.REFUSED
        assert {path: named(shipped, path) for path in IMAGES} == dict.fromkeys(IMAGES, FLOATS)

    def test_an_unreadable_required_image_closes_the_gate(
        self, protect: Protect, shipped: World, simulator: Simulator
    ) -> None:
        publish(shipped, "v0.5.0")
        simulator.faults.add(Fault(path=f"/v2/{CPU}/tags/list", times=0, answer=403))
        report = protect(together="true")
        assert report.exit_code is ExitCode.UNKNOWN
        assert "ghcr.io/llm-d/llm-d-cpu could not be judged." in messages(report, Level.ERROR)[0]
        assert {path: named(shipped, path) for path in IMAGES} == dict.fromkeys(IMAGES, FLOATS)

    def test_a_required_image_that_is_not_published_closes_the_gate(self, protect: Protect, shipped: World) -> None:
        publish(shipped, "v0.5.0")
        found = shipped.package(CPU)
        assert found is not None
        shipped.delete_package(found)
        report = protect(together="true")
        assert report.exit_code is ExitCode.REFUSED
        assert messages(report, Level.ERROR)[0].startswith(
            "ghcr.io/llm-d/llm-d-cpu is not published yet. So no floating tag"
        )
        assert named(shipped, CUDA) == named(shipped, ROCM) == FLOATS

    def test_a_required_image_from_another_commit_closes_the_gate(self, protect: Protect, shipped: World) -> None:
        publish(shipped, "v0.5.0", CUDA, ROCM)
        labels = {"org.opencontainers.image.revision": "f" * 40}
        shipped.push(CPU, build_image(BOTH, seed="other", labels=labels), ["v0.5.0"])
        report = protect(together="true")
        assert report.exit_code is ExitCode.REFUSED
        assert {path: named(shipped, path) for path in IMAGES} == dict.fromkeys(IMAGES, FLOATS)
        assert messages(report, Level.ERROR)[0].startswith(
            "ghcr.io/llm-d/llm-d-cpu has an image v0.5.0 that was not built from that git tag. So no floating "
            "tag was moved"
        )

    def test_an_optional_image_closes_no_gate(self, protect: Protect, shipped: World) -> None:
        publish(shipped, "v0.5.0", CUDA, CPU)
        report = protect(together="true")
        assert report.exit_code is ExitCode.PASS
        assert named(shipped, CUDA) == named(shipped, CPU) == RELEASED
        assert named(shipped, ROCM) == FLOATS

    def test_an_optional_image_that_is_left_alone_stays_where_it_is(self, protect: Protect, shipped: World) -> None:
        publish(shipped, "v0.5.0")
        report = protect(together="true", exclude_images="llm-d-rocm")
        assert report.exit_code is ExitCode.PASS
        assert named(shipped, CUDA) == named(shipped, CPU) == RELEASED
        assert named(shipped, ROCM) == FLOATS

    def test_what_it_waits_for_cannot_be_left_alone(self, protect: Protect) -> None:
        with pytest.raises(InputError, match="waits for every required image, but 'exclude-images' excludes llm-d-cpu"):
            protect(together="true", exclude_images="llm-d-cpu, llm-d-rocm")

    def test_something_has_to_be_left_to_look_at(self, protect: Protect) -> None:
        with pytest.raises(InputError, match="'exclude-images' excludes every image"):
            protect(images="llm-d-cpu", exclude_images="llm-d-cpu")

    @pytest.mark.parametrize("nth", range(1, 4))
    def test_a_failure_puts_all_back(self, protect: Protect, shipped: World, simulator: Simulator, nth: int) -> None:
        publish(shipped, "v0.5.0")
        simulator.faults.add(Fault(method="PUT", path=f"/v2/{CPU}/manifests/*", nth=nth, answer=403))
        report = protect(together="true")
        assert report.exit_code is ExitCode.UNKNOWN
        for path in IMAGES:
            assert {tag: name for tag, name in named(shipped, path).items() if tag != "v0.5"} == FLOATS
        # A tag that is new cannot be deleted by a registry's client.
        created = {path for path in IMAGES if "v0.5" in named(shipped, path)}
        assert created == {CUDA, ROCM} | ({CPU} if nth > 1 else set())
        stays = [text for text in messages(report, Level.ERROR) if "is new and still names" in text]
        assert len(stays) == len(created)
        assert {row["tag"] for row in rows(report, "returned") if row["package"].endswith("cuda")} == {"latest", "v0"}
        assert {row["tag"] for row in rows(report, "moved")} == {"v0.5"}
        assert "**put back**" in report.summary
        assert protect(together="true").exit_code is ExitCode.PASS
        assert {path: named(shipped, path) for path in IMAGES} == dict.fromkeys(IMAGES, RELEASED)

    def test_a_failing_optional_image_puts_nothing_back(
        self, protect: Protect, shipped: World, simulator: Simulator
    ) -> None:
        publish(shipped, "v0.5.0")
        simulator.faults.add(Fault(method="PUT", path=f"/v2/{ROCM}/manifests/*", times=0, answer=403))
        report = protect(together="true")
        assert report.exit_code is ExitCode.UNKNOWN
        assert named(shipped, CUDA) == named(shipped, CPU) == RELEASED
        assert rows(report, "returned") == []

    def test_every_mistake_in_the_inputs_is_reported_at_once(self, protect: Protect) -> None:
        with pytest.raises(InputError) as caught:
            protect("restore", together="true", images="llm-d-cpu", exclude_images="llm-d-cpu", snapshot="nowhere.json")

        assert [problem.message.partition(",")[0] for problem in caught.value.problems] == [
            "Input 'together' promotes a release in all required images",
            "Input 'together' waits for every required image",
            "Input 'exclude-images' excludes every image.",
            "nowhere.json does not exist.",
        ]

    def test_some_of_the_images_are_not_together(self, protect: Protect) -> None:
        with pytest.raises(InputError, match="'together' promotes a release in all required images"):
            protect(together="true", images="llm-d-cpu")


class TestSnapshotAndRestore:
    """What was there, exactly."""

    def damage(self, shipped: World) -> None:
        """A candidate's build overwrites a release, `latest` and `v0` of one image, and signs nothing."""
        shipped.push(CUDA, build_image(BOTH, seed="candidate"), ["v0.4.1", "latest", "v0"])

    def test_exactly_what_was_there_comes_back(self, protect: Protect, shipped: World, tmp_path: Path) -> None:
        before = {path: shipped.tags(path) for path in IMAGES}
        manifests = {path: shipped.version(path, "latest").manifest for path in IMAGES}
        taken = protect("snapshot")
        self.damage(shipped)
        assert shipped.tags(CUDA) != before[CUDA]
        report = protect("restore", snapshot_digest=str(taken.outputs["snapshot-digest"]))
        assert {path: shipped.tags(path) for path in IMAGES} == before
        assert {path: shipped.version(path, "latest").manifest for path in IMAGES} == manifests
        assert taken.exit_code is report.exit_code is ExitCode.PASS
        assert [row["tag"] for row in rows(report, "moved")] == ["v0.4.1", "v0", "latest"]
        assert report.outputs["drift"] is True
        assert report.lines == ("3 images, 3 tags put back as of 2026-02-03T09:00:00+00:00.",)
        again = protect("restore")
        assert again.outputs["drift"] is False
        assert rows(again, "moved") == []

    def test_the_file_says_all_it_has(self, protect: Protect, shipped: World, tmp_path: Path) -> None:
        report = protect("snapshot", snapshot="before.json")
        document = json.loads((tmp_path / "before.json").read_text(encoding="utf-8"))
        assert document["registry"] == "ghcr.io"
        assert document["digest"] == report.outputs["snapshot-digest"]
        assert document["packages"] == {path: shipped.tags(path) for path in IMAGES}
        assert set(document["manifests"]) == {digest for path in IMAGES for digest in shipped.tags(path).values()}
        assert report.lines[0].startswith("before.json holds 18 tags of 3 images. Its digest is sha256:")

    def test_what_no_version_explains_comes_back_too(self, protect: Protect, shipped: World) -> None:
        shipped.push(CUDA, build_image(BOTH, seed="nightly"), ["latest"])
        nightly = shipped.tags(CUDA)["latest"]
        protect("snapshot")
        protect("enforce")
        assert named(shipped, CUDA) == FLOATS
        protect("restore")
        assert shipped.tags(CUDA)["latest"] == nightly

    def test_what_is_new_since_is_told_and_stays(self, protect: Protect, shipped: World) -> None:
        protect("snapshot")
        tag_in_git(shipped, "v0.5.0")
        publish(shipped, "v0.5.0", CUDA)
        protect("enforce")
        report = protect("restore", force="true")
        assert report.exit_code is ExitCode.REFUSED
        assert named(shipped, CUDA) == {**FLOATS, "v0.5": "v0.5.0"}
        assert messages(report, Level.WARNING) == [
            f"ghcr.io/llm-d/llm-d-cuda: {tag} did not exist when the snapshot was taken. It is kept: a restore deletes "
            "nothing. If you do not need it, delete that package version by hand."
            for tag in ("v0.5", "v0.5.0")
        ]

    def test_it_takes_no_release_back_unless_forced(self, protect: Protect, shipped: World) -> None:
        protect("snapshot")
        tag_in_git(shipped, "v0.5.0")
        publish(shipped, "v0.5.0", CUDA)
        protect("enforce")
        shipped.tag(CPU, "v0.4.0", "latest")  # what could be restored is not restored either
        before = {path: shipped.tags(path) for path in IMAGES}

        report = protect("restore")

        assert report.exit_code is ExitCode.REFUSED
        assert {path: shipped.tags(path) for path in IMAGES} == before
        assert rows(report, "moved") == []
        assert messages(report, Level.ERROR) == [
            f"ghcr.io/llm-d/llm-d-cuda:{tag} would move back to v0.4.1, but v0.5.0 was published after the snapshot."
            " Take a new snapshot, or set force to true to move the tags back anyway."
            for tag in ("latest", "v0")
        ]
        assert report.lines == (
            "Nothing was restored: 2 tags would go back behind a release that was published after"
            " 2026-02-03T09:00:00+00:00.",
        )

    def test_it_puts_no_release_back_on_what_its_tag_named_before_the_release(
        self, protect: Protect, shipped: World
    ) -> None:
        shipped.push(CUDA, build_image(BOTH, seed="candidate"), ["v0.5.0", "v0.5.0-rc.1"])
        leftover = shipped.tags(CUDA)["v0.5.0"]
        protect("snapshot")
        tag_in_git(shipped, "v0.5.0")
        publish(shipped, "v0.5.0")
        protect("enforce")
        before = {path: shipped.tags(path) for path in IMAGES}

        report = protect("restore")

        assert report.exit_code is ExitCode.REFUSED
        assert {path: shipped.tags(path) for path in IMAGES} == before
        in_cuda = [text for text in messages(report, Level.ERROR) if text.startswith("ghcr.io/llm-d/llm-d-cuda")]
        assert in_cuda == [
            f"ghcr.io/llm-d/llm-d-cuda:{tag} would move back to {named}, but v0.5.0 was published after the snapshot."
            " Take a new snapshot, or set force to true to move the tags back anyway."
            for tag, named in (("latest", "v0.4.1"), ("v0", "v0.4.1"), ("v0.5.0", leftover))
        ]
        protect("restore", force="true")
        assert shipped.tags(CUDA)["v0.5.0"] == leftover
        assert named(shipped, CUDA)["latest"] == "v0.4.1"

    def test_an_image_pushed_before_the_snapshot_and_tagged_in_git_later_is_a_release_since(
        self, protect: Protect, shipped: World
    ) -> None:
        publish(shipped, "v0.5.0")
        protect("snapshot")
        tag_in_git(shipped, "v0.5.0")
        protect("enforce")

        report = protect("restore")

        assert report.exit_code is ExitCode.REFUSED
        assert {path: named(shipped, path) for path in IMAGES} == dict.fromkeys(IMAGES, RELEASED)

    def test_a_list_of_git_tags_that_lags_takes_no_release_back(
        self, protect: Protect, shipped: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        publish(shipped, "v0.5.0")
        protect("snapshot")
        tag_in_git(shipped, "v0.5.0")
        protect("enforce")
        read = repository.list_tags
        lag: Callable[..., Any] = lambda *given, **more: tuple(  # noqa: E731
            tag for tag in read(*given, **more) if tag.name != "v0.5.0"
        )
        monkeypatch.setattr("release_actions.github.repository.list_tags", lag)

        assert protect("restore").exit_code is ExitCode.REFUSED
        assert {path: named(shipped, path) for path in IMAGES} == dict.fromkeys(IMAGES, RELEASED)

    def test_an_unreleased_image_that_was_overwritten_is_put_back(self, protect: Protect, shipped: World) -> None:
        shipped.push(CUDA, build_image(BOTH, seed="candidate"), ["v0.5.0"])
        before = shipped.tags(CUDA)
        protect("snapshot")
        shipped.push(CUDA, build_image(BOTH, seed="another"), ["v0.5.0"])

        report = protect("restore")

        assert report.exit_code is ExitCode.PASS
        assert shipped.tags(CUDA) == before

    def test_a_forced_restore_needs_no_list_of_releases(
        self, protect: Protect, shipped: World, simulator: Simulator
    ) -> None:
        before = shipped.tags(CUDA)
        protect("snapshot")
        self.damage(shipped)
        simulator.faults.add(Fault(path="/repos/*", times=0, answer=403))

        report = protect("restore", force="true")

        assert report.exit_code is ExitCode.PASS
        assert shipped.tags(CUDA) == before

    def test_a_release_of_an_older_line_since_the_snapshot_stops_no_restore(
        self, protect: Protect, shipped: World
    ) -> None:
        publish(shipped, "v0.5.0")
        tag_in_git(shipped, "v0.5.0")
        protect("enforce")
        protect("snapshot")
        publish(shipped, "v0.3.9", CUDA)
        shipped.tag(CUDA, "v0.4.0", "latest")

        report = protect("restore")

        assert named(shipped, CUDA)["latest"] == "v0.5.0"
        assert messages(report, Level.ERROR) == []

    def test_force_is_for_a_restore_only(self, protect: Protect) -> None:
        with pytest.raises(InputError, match="Input 'force' is only for mode restore"):
            protect(force="true")

    def test_what_lost_a_part_is_not_put_back(self, protect: Protect, shipped: World) -> None:
        protect("snapshot")
        child = shipped.version(CUDA, "v0.4.1").manifest.children[0]
        self.damage(shipped)
        delete_step(CUDA, child)(shipped, "")
        damaged = shipped.tags(CUDA)
        report = protect("restore")
        assert report.exit_code is ExitCode.REFUSED
        assert shipped.tags(CUDA) == damaged
        assert sum(f"its child {child} (linux/amd64) is gone" in text for text in messages(report, Level.ERROR)) == 3
        assert {finding.rule for finding in report.findings} == {"restore"}
        assert report.summary.count(f"its child {child} (linux/amd64) is gone") == 3

    def test_a_package_that_is_gone_is_told(self, protect: Protect, shipped: World) -> None:
        protect("snapshot")
        found = shipped.package(CUDA)
        assert found is not None
        shipped.delete_package(found)
        self.damage_other(shipped)
        report = protect("restore")
        assert report.exit_code is ExitCode.UNKNOWN
        assert messages(report, Level.ERROR) == [
            "ghcr.io/llm-d/llm-d-cuda does not exist any more, and the snapshot holds 6 of its tags. Restore the "
            "package on GitHub first: its images were deleted with it."
        ]
        assert named(shipped, CPU) == FLOATS

    def damage_other(self, shipped: World) -> None:
        shipped.tag(CPU, "v0.4.0", "latest")

    def test_an_unread_package_means_no_snapshot(self, protect: Protect, simulator: Simulator, tmp_path: Path) -> None:
        simulator.faults.add(Fault(path=f"/v2/{CPU}/manifests/v0.4.0", times=0, answer=403))
        report = protect("snapshot")
        assert report.exit_code is ExitCode.UNKNOWN
        assert report.outputs["failed"] == ["ghcr.io/llm-d/llm-d-cpu"]
        assert not (tmp_path / "floating-tags.json").exists()

    @pytest.mark.parametrize(
        ("change", "wrong"),
        [
            (lambda text: text.replace("2026-02-03", "2026-02-04"), "The content of the snapshot has the digest "),
            (
                lambda text: text.replace('"v0.4": "sha256:', '"v0.9": "sha256:', 1),
                "The content of the snapshot has the digest ",
            ),
            (lambda text: text.replace('"base64": "ewog', '"base64": "ewoh', 1), "The bytes under sha256:"),
            (lambda text: text.replace('"base64": "ewog', '"base64": "ewogA', 1), "are not base64"),
            (lambda text: text.replace("snapshot 1", "snapshot 2"), "'format' is 'release-actions snapshot 2'"),
            (lambda text: text.replace('"taken"', '"token"'), "'token'"),
            (lambda text: text.replace('"v0": "sha256:', '"v0": "sha256:f', 1), "which is not a digest"),
        ],
    )
    def test_a_changed_file_is_refused(
        self,
        protect: Protect,
        simulator: Simulator,
        tmp_path: Path,
        change: Callable[[str], str],
        wrong: str,
    ) -> None:
        protect("snapshot")
        path = tmp_path / "floating-tags.json"
        text = path.read_text(encoding="utf-8")
        assert change(text) != text
        path.write_text(change(text), encoding="utf-8")
        simulator.requests.clear()
        with pytest.raises(ConfigurationError) as caught:
            protect("restore")
        assert wrong in str(caught.value)
        assert all(problem.place and problem.place.file == "floating-tags.json" for problem in caught.value.problems)
        assert simulator.requests.entries == ()

    def test_another_snapshot_than_the_one_asked_for_is_refused(self, protect: Protect) -> None:
        protect("snapshot")
        with pytest.raises(ConfigurationError, match=r"and sha256:0+ was asked for"):
            protect("restore", snapshot_digest="sha256:" + "0" * 64)

    def test_a_snapshot_of_another_project_is_refused(self, protect: Protect, tmp_path: Path) -> None:
        protect("snapshot")
        (tmp_path / "release.yaml").write_text(CONFIG.replace("  llm-d-cpu: {}\n", ""), encoding="utf-8")
        with pytest.raises(InputError, match=r"is about llm-d/llm-d-cpu, which release\.yaml does not publish to"):
            protect("restore")

    def test_a_missing_file_is_an_input_mistake(self, protect: Protect) -> None:
        with pytest.raises(ConfigurationError, match=r"nowhere\.json"):
            protect("restore", snapshot="nowhere.json")


class TestGitTags:
    """Git's own floating tags, behind the images."""

    @pytest.fixture
    def refs(self, shipped: World) -> dict[str, Target]:
        repository = shipped.repository("llm-d/llm-d")
        assert repository is not None
        return repository.git.refs

    def point(self, refs: dict[str, Target], tag: str, to: str) -> None:
        refs[f"refs/tags/{tag}"] = refs[f"refs/tags/{to}"]

    def floats(self, refs: dict[str, Target]) -> dict[str, str]:
        versions = {target.sha: ref for ref, target in refs.items() if ref.count(".") > 1}
        return {
            ref.rpartition("/")[2]: versions[target.sha].rpartition("/")[2]
            for ref, target in refs.items()
            if ref.count(".") < 2 and ref.startswith("refs/tags/")
        }

    def test_they_are_off_unless_wanted(self, protect: Protect, refs: dict[str, Target], simulator: Simulator) -> None:
        report = protect()
        assert self.floats(refs) == {}
        assert report.outputs["git-moved"] == []
        assert sum("/git/" in entry.path for entry in simulator.requests.select(origin="api")) == 1

    def test_they_are_made_and_moved_forward_by_one_request_each(
        self, protect: Protect, shipped: World, refs: dict[str, Target], simulator: Simulator
    ) -> None:
        self.point(refs, "v0", "v0.4.0")
        report = protect(git_tags="true")
        assert report.exit_code is ExitCode.PASS
        assert self.floats(refs) == {"v0": "v0.4.1", "v0.4": "v0.4.1"}
        assert simulator.requests.count(method="POST", origin="api") == 1
        assert simulator.requests.count(method="PATCH", origin="api") == 1
        assert [(row["tag"], row["release"]) for row in rows(report, "git-moved")] == [
            ("v0.4", "v0.4.1"),
            ("v0", "v0.4.1"),
        ]
        assert report.lines[1] == "In git, 2 floating tags moved, 0 right and 0 not."
        simulator.requests.clear()
        assert rows(protect(git_tags="true"), "git-moved") == []
        assert {entry.method for entry in simulator.requests.select(origin="api")} == {"GET"}

    def test_a_check_tells_and_moves_nothing(self, protect: Protect, refs: dict[str, Target]) -> None:
        report = protect("check", git_tags="true")
        assert report.exit_code is ExitCode.REFUSED
        assert self.floats(refs) == {}
        assert "git: v0 does not exist yet, and v0.4.1 is the highest release in its range." in messages(report)[1]

    def test_a_tag_that_a_candidate_has_cut_off_comes_forward(
        self, protect: Protect, shipped: World, refs: dict[str, Target]
    ) -> None:
        tag_in_git(shipped, "v0.4.1-rc.3")
        for tag in ("v0", "v0.4", "v0.4.1-rc"):
            self.point(refs, tag, "v0.4.1-rc.3")
        report = protect(git_tags="true")
        assert report.exit_code is ExitCode.PASS
        assert self.floats(refs) == {"v0": "v0.4.1", "v0.4": "v0.4.1"}
        assert messages(report, Level.WARNING) == [
            "git: v0.4.1-rc in git is not a version: tools that cut tags at their last dot leave such names. If "
            "you do not need it, delete it: git push origin --delete v0.4.1-rc"
        ]

    def test_no_step_back(self, protect: Protect, shipped: World, refs: dict[str, Target]) -> None:
        tag_in_git(shipped, "v0.5.0-rc.1")
        tag_in_git(shipped, "other")
        self.point(refs, "v0", "v0.5.0-rc.1")
        self.point(refs, "v0.4", "v0.4.2")
        self.point(refs, "v0.9", "other")
        before = dict(refs)
        report = protect(git_tags="true")
        assert refs == before
        assert messages(report, Level.WARNING) == [
            "git: v0 names v0.5.0-rc.1, a release candidate, and a person has to decide whether to move it back to "
            "v0.4.1. It was not changed. To move it by hand: git push --force origin v0.4.1:refs/tags/v0",
            "git: v0.4 names v0.4.2, and a person has to decide whether to move it back to v0.4.1. It was not changed. "
            "To move it by hand: git push --force origin v0.4.1:refs/tags/v0.4",
            "git: v0.9 is in git, and there is no release in its range that it could name. If you do not need "
            "it, delete it: git push origin --delete v0.9",
        ]
        assert protect("check", git_tags="true").exit_code is ExitCode.REFUSED

    def test_a_commit_without_a_version_is_left_to_a_person(
        self, protect: Protect, shipped: World, refs: dict[str, Target]
    ) -> None:
        sha = tag_in_git(shipped, "other")
        self.point(refs, "v0", "other")
        (told,) = messages(protect(git_tags="true"), Level.WARNING)
        assert refs["refs/tags/v0"].sha == sha
        assert told.startswith(
            f"git: v0 names the commit {sha[:12]}, which no version of its range is tagged on. It was"
        )

    def test_a_refusal_by_the_repositorys_rules_is_told(self, protect: Protect, simulator: Simulator) -> None:
        simulator.faults.add(Fault(method="POST", server="api", answer=422))
        report = protect(git_tags="true")
        assert report.exit_code is ExitCode.UNKNOWN
        assert "Could not make the git tag v0.4 of llm-d/llm-d: " in messages(report)[0]
        assert messages(report)[0].endswith("ask a person who may bypass it, or change the rule.")

    def test_an_annotated_tag_on_the_right_commit_is_right(
        self, protect: Protect, shipped: World, refs: dict[str, Target]
    ) -> None:
        repository = shipped.repository("llm-d/llm-d")
        assert repository is not None
        commit = refs["refs/tags/v0.4.1"]
        for tag in ("v0", "v0.4"):
            made = repository.git.annotate(tag, commit, f"Release {tag}", shipped.now())
            refs[f"refs/tags/{tag}"] = Target(made.sha, "tag")
        before = dict(refs)
        assert protect(git_tags="true").exit_code is ExitCode.PASS
        assert refs == before

    def test_they_wait_for_the_images(self, protect: Protect, shipped: World, refs: dict[str, Target]) -> None:
        for tag in ("v0", "v0.4"):
            self.point(refs, tag, "v0.4.1")
        tag_in_git(shipped, "v0.5.0")
        publish(shipped, "v0.5.0", CUDA, ROCM)
        protect(git_tags="true")
        assert self.floats(refs) == {"v0": "v0.4.1", "v0.4": "v0.4.1"}
        publish(shipped, "v0.5.0", CPU)
        protect(git_tags="true")
        assert self.floats(refs) == {"v0": "v0.5.0", "v0.4": "v0.4.1", "v0.5": "v0.5.0"}

    def test_they_wait_for_an_image_that_could_not_be_judged(
        self, protect: Protect, refs: dict[str, Target], simulator: Simulator
    ) -> None:
        simulator.faults.add(Fault(path=f"/v2/{CPU}/tags/list", times=0, answer=403))
        report = protect(git_tags="true")
        assert report.exit_code is ExitCode.UNKNOWN
        assert self.floats(refs) == {}
        assert (
            "git: v0.4, v0 were not moved, because ghcr.io/llm-d/llm-d-cpu does not name the right release. "
            "Repair that image first, and run this again." in messages(report)
        )

    def test_a_token_without_the_right_is_told(self, protect: Protect, shipped: World) -> None:
        token = shipped.tokens[TOKEN]
        shipped.tokens[TOKEN] = replace(token, permissions={"contents": "read", "packages": "write"})
        report = protect(git_tags="true")
        assert report.exit_code is ExitCode.UNKNOWN
        assert "Could not make the git tag v0.4 of llm-d/llm-d" in messages(report)[0]

    def test_a_git_tag_that_may_be_read_and_not_moved_is_not_said_to_be_missing(
        self, protect: Protect, refs: dict[str, Target], simulator: Simulator
    ) -> None:
        self.point(refs, "v0", "v0.4.0")
        self.point(refs, "v0.4", "v0.4.1")
        simulator.faults.add(Fault(method="PATCH", server="api", times=0, answer=404))

        (told,) = messages(protect(git_tags="true"), Level.ERROR)

        assert "does not exist" not in told
        assert told.endswith("The job needs the permission 'contents: write'.")

    def test_a_fight_is_told_and_ends(self, protect: Protect, refs: dict[str, Target], simulator: Simulator) -> None:
        def cut(_world: World, _path: str) -> None:
            if "refs/tags/v0" in refs:
                self.point(refs, "v0", "v0.4.0")

        simulator.faults.add(Fault(path="/repos/llm-d/llm-d/git/matching-refs/*", times=0, steps=(cut,)))
        report = protect(git_tags="true")
        assert report.exit_code is ExitCode.UNKNOWN
        assert messages(report)[0] == (
            "The git tag v0 of llm-d/llm-d does not stay on v0.4.1. Find the workflow that moves it, such as one that "
            "derives tags by cutting them, and remove it."
        )


class TestRegistry:
    """Which token goes where."""

    @pytest.mark.parametrize(
        ("host", "own", "sent"),
        [
            ("ghcr.io", "ghs_the_jobs", True),
            ("quay.io", "ghs_the_jobs", False),
            ("quay.io", "the_robots", True),
            ("containers.github.example.com", "ghs_the_jobs", True),
        ],
    )
    def test_githubs_token_stays_with_github(
        self, host: str, own: str, capsys: pytest.CaptureFixture[str], *, sent: bool
    ) -> None:
        config = load_text(CONFIG + f"registry: {host}\n")
        given = protect_latest.Inputs(token="ghs_the_jobs", registry_token=own, registry_user="llm-d+robot")
        server = "https://github.example.com" if "example" in host else "https://github.com"
        with Http() as http:
            context = Context(repository="llm-d/llm-d", server_url=server)
            packages = config.packages("release")
            registry = protect_latest.connect_registries(given, packages, context, http, Workflow({})).of(host)
        assert registry.url == f"https://{host}"
        assert registry._tokens.login == (Credential.basic(f"https://{host}", "llm-d+robot", own) if sent else None)
        told = (
            f"{host} is not GitHub's registry, so it is read without a token. Set registry-token to one of its own.\n"
        )
        assert capsys.readouterr().out == ("" if sent else told)
