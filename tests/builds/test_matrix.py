"""Configuration and event to jobs: complete, explained, and never with a floating tag on a release."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from tests.builds.planned import plan

from release_actions.builds import version_file
from release_actions.builds.changes import ChangedFiles
from release_actions.builds.event import Build
from release_actions.config import Config, grammar, load_text
from release_actions.errors import InputError, PolicyError
from release_actions.versions.version import parse

NOW = datetime(2026, 2, 3, 23, 0, tzinfo=timezone.utc)
SHA = "0123456789abcdef0123456789abcdef01234567"

CONFIG = load_text(
    """\
repository: acme/app
channels:
  release: {name: "app-{image}{suffix}"}
  dev: {name: "app-{image}-dev{suffix}"}
defaults:
  platforms: [linux/amd64]
images:
  cuda:
    platforms: [linux/amd64, linux/arm64]
    runners: {linux/arm64: big-arm}
    dockerfile: docker/Dockerfile.cuda
    target: runtime
    labels: {org.opencontainers.image.title: cuda}
    variants:
      rhel: {suffix: "", build-args: {OS: rhel}}
      ubuntu: {build-args: {OS: ubuntu}}
  cpu: {}
  tools:
    channels: {dev: false}
"""
)


def release(tag: str = "v1.2.0-rc.1") -> Build:
    return Build(version=parse(tag), sha=SHA)


def test_a_release_has_a_job_for_each_variant_and_platform() -> None:
    planned = plan(CONFIG, release(), ("all",), NOW)
    assert [(job.package.name, job.platform) for job in planned.jobs] == [
        ("acme/app-cuda", "linux/amd64"),
        ("acme/app-cuda", "linux/arm64"),
        ("acme/app-cuda-ubuntu", "linux/amd64"),
        ("acme/app-cuda-ubuntu", "linux/arm64"),
        ("acme/app-cpu", "linux/amd64"),
        ("acme/app-tools", "linux/amd64"),
    ]
    assert planned.channel == "release"
    assert planned.built == {"cuda": True, "cpu": True, "tools": True}
    assert planned.skipped == {}


def test_an_entry_has_all_that_a_build_job_needs() -> None:
    entry = plan(CONFIG, release(), ("cuda",), NOW).jobs[3].entry()
    assert entry == {
        "name": "app-cuda-ubuntu linux/arm64",
        "image": "cuda",
        "variant": "ubuntu",
        "platform": "linux/arm64",
        "runner": "big-arm",
        "package": "ghcr.io/acme/app-cuda-ubuntu",
        "context": ".",
        "dockerfile": "docker/Dockerfile.cuda",
        "target": "runtime",
        "build-args": "OS=ubuntu",
        "labels": (
            f"org.opencontainers.image.revision={SHA}\n"
            "org.opencontainers.image.version=1.2.0-rc.1\n"
            "org.opencontainers.image.title=cuda\n"
            "io.github.llm-d.release-actions.built-as=cuda/ubuntu:v1.2.0-rc.1"
        ),
        "annotations": "",
        "required": True,
        "commit": SHA,
        "slot": "3",
        "reason": "it was selected",
        "registry": "ghcr.io",
        "username-secret": "",
        "password-secret": "",
        "secrets": "",
        "prebuild-target": "",
        "prebuild-secrets": "",
        "source-repository": "",
        "source-ref": "",
        "source-commit": "",
        "source-path": "",
        "source-patch": "",
        "command": "",
        "cache-from": "",
        "cache-to": "",
        "no-cache": False,
        "provenance": "false",
        "driver-opts": "",
        "buildkitd-flags": "",
    }


@pytest.mark.parametrize("tag", ["v1.2.0", "v1.2.0-rc.1", "v1.2.0.post1", "v0.9.9"])
def test_a_release_is_built_under_its_exact_tag_only(tag: str) -> None:
    planned = plan(CONFIG, release(tag), ("all",), NOW)
    assert {publication.tags for publication in planned.publications} == {(tag,)}


@pytest.mark.parametrize(
    ("build", "tags"),
    [
        (Build(sha=SHA), ("sha-0123456",)),
        (Build(sha=SHA, pull=12), ("sha-0123456", "pr-12")),
        (Build(sha=SHA, trunk=True), ("sha-0123456", "latest")),
        (Build(sha=SHA, nightly=True, trunk=True), ("sha-0123456", "nightly-20260203", "latest")),
    ],
)
def test_a_dev_build_is_found_by_what_it_was_built_from(build: Build, tags: tuple[str, ...]) -> None:
    planned = plan(CONFIG, build, ("all",), NOW)
    assert planned.channel == "dev"
    assert {publication.tags for publication in planned.publications} == {tags}
    assert all(grammar.is_tag(tag) for tag in tags)


def test_what_is_not_built_says_why() -> None:
    planned = plan(CONFIG, Build(sha=SHA), ("cpu",), NOW)
    assert [job.package.name for job in planned.jobs] == ["acme/app-cpu-dev"]
    assert planned.skipped == {
        "cuda": "it was not selected",
        "tools": "it is not published in the channel dev",
    }
    assert planned.built == {"cuda": False, "cpu": True, "tools": False}


@pytest.mark.parametrize(
    ("build", "images", "message"),
    [
        (
            release(),
            ("cudda",),
            "Input 'images' names 'cudda', which is not an image of release.yaml. "
            "Its images are cpu, cuda, tools; all means every one.",
        ),
        (
            Build(sha=SHA),
            ("tools",),
            "Input 'images' names 'tools', which is not published in the channel dev. That channel has cpu, cuda.",
        ),
        (
            release(),
            ("all", "cpu"),
            "Input 'images' names 'all', which is not an image of release.yaml. "
            "Its images are cpu, cuda, tools; all means every one.",
        ),
        (
            Build(),
            ("all",),
            "A dev build needs the commit to build, and '' is not a commit. "
            "Run in a workflow, or pass --sha with all 40 digits.",
        ),
    ],
)
def test_a_selection_that_cannot_be_built_is_an_error(build: Build, images: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError) as caught:
        plan(CONFIG, build, images, NOW)
    assert str(caught.value) == message


def test_a_channel_without_images_is_an_error_not_an_empty_build() -> None:
    config = load_text("repository: acme/app\nimages: {web: {platforms: [linux/amd64]}}\n")
    with pytest.raises(InputError) as caught:
        plan(config, Build(sha=SHA), ("all",), NOW)
    assert str(caught.value) == (
        "release.yaml publishes no image in the channel dev. Add the channel under 'channels', or push a release tag."
    )


def many(count: int) -> Config:
    images = "".join(f"  i{number}: {{}}\n" for number in range(count))
    return load_text(f"repository: acme/app\ndefaults:\n  platforms: [linux/amd64, linux/arm64]\nimages:\n{images}")


def test_more_jobs_than_github_runs_are_refused_before_github_does() -> None:
    assert len(plan(many(128), release(), ("all",), NOW).jobs) == 256
    with pytest.raises(PolicyError) as caught:
        plan(many(129), release(), ("all",), NOW)
    assert str(caught.value) == (
        "129 packages on their platforms make 258 build jobs, and GitHub runs 256 of one matrix. "
        "Select fewer images with the input images, in several runs."
    )


def test_the_plan_is_the_same_every_time() -> None:
    assert plan(CONFIG, release(), ("all",), NOW) == plan(CONFIG, release(), ("all",), NOW)


WATCHED = load_text(
    """\
repository: acme/app
version-file: docker/versions
channels: {dev: {name: "{image}-dev"}}
path-groups:
  common: [scripts/common/**]
defaults: {platforms: [linux/amd64]}
images:
  cuda: {dockerfile: docker/Dockerfile.cuda, path-groups: [common], paths: [scripts/cuda/**, "!**/*.md"]}
  cpu:
    dockerfile: docker/Dockerfile.cpu
    path-groups: [common]
    build-args: {V: "{file.V}"}
    source: {repository: o/r, ref: 0123456789abcdef0123456789abcdef01234567, path: src, patch: fix.patch}
  web: {paths: [web/**]}
"""
)
VERSIONS = version_file.parse("V=1\n", "docker/versions")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"scripts/cuda/x.sh"}, {"cuda": "scripts/cuda/x.sh changed"}),
        ({"scripts/cuda/x.md"}, {}),
        (
            {"scripts/common/a", "scripts/common/b"},
            dict.fromkeys(("cuda", "cpu"), "scripts/common/a changed and 1 more"),
        ),
        ({"docker/Dockerfile.cpu"}, {"cpu": "docker/Dockerfile.cpu changed"}),
        ({"docker/versions"}, {"cpu": "docker/versions changed"}),
        ({"fix.patch"}, {"cpu": "fix.patch changed"}),
        ({"Dockerfile", "README.md"}, {"web": "Dockerfile changed"}),
        ({"README.md"}, {}),
        ({"release.yaml"}, dict.fromkeys(("cuda", "cpu", "web"), "release.yaml changed")),
    ],
)
def test_an_image_is_built_when_something_it_is_made_from_changed(files: set[str], expected: dict[str, str]) -> None:
    changes = ChangedFiles(frozenset(files))
    planned = plan(WATCHED, Build(sha=SHA), ("all",), NOW, changes=changes, versions=VERSIONS)
    assert {publication.package.image: publication.reason for publication in planned.publications} == expected
    assert {job.package.image for job in planned.jobs} == set(expected)
    why = "none of the files that it is made from changed"
    assert planned.skipped == {key: why for key in ("cuda", "cpu", "web") if key not in expected}
    assert planned.built == {key: key in expected for key in ("cuda", "cpu", "web")}


def test_an_image_that_names_no_paths_is_built_by_every_change() -> None:
    planned = plan(CONFIG, Build(sha=SHA), ("cpu",), NOW, changes=ChangedFiles(frozenset({"README.md"})))
    assert planned.publications[0].reason == "it names no paths, so every change builds it"


def test_nothing_changed_builds_nothing_even_what_was_selected() -> None:
    planned = plan(WATCHED, Build(sha=SHA), ("web",), NOW, changes=ChangedFiles(), versions=VERSIONS)
    assert planned.jobs == ()
    assert planned.skipped["web"] == "none of the files that it is made from changed"
    assert planned.skipped["cpu"] == "it was not selected"


def test_a_release_that_would_miss_an_image_is_told_where_the_image_stands() -> None:
    planned = plan(CONFIG, release("v1.2.0"), ("cuda", "tools"), NOW)
    assert [str(finding.problem) for finding in planned.findings] == [
        "release.yaml:17:3: The release v1.2.0 would miss the image 'cpu'. Select all images, unless this run only "
        "repairs a release that has it already."
    ]
    assert plan(CONFIG, Build(sha=SHA), ("cuda",), NOW).findings == ()


def test_a_release_may_miss_an_image_that_is_not_required() -> None:
    config = load_text(
        "repository: acme/app\ndefaults: {platforms: [linux/amd64]}\n"
        "images:\n  a: {}\n  b: {}\n  c: {required: false}\n"
    )
    planned = plan(config, release("v1.2.0"), ("a",), NOW)
    assert [finding.problem.message for finding in planned.findings] == ["The release v1.2.0 would miss the image 'b'."]
