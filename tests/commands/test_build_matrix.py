"""build-matrix and release-plan: what an event builds, as outputs, summary and log."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from release_actions import main
from release_actions.commands import merge_digests, verify_images
from release_actions.commands.merge_digests import MergeResult
from release_actions.commands.verify_images import VerifyResult
from release_actions.errors import ExitCode
from release_actions.images import image_list
from release_actions.images.inspection import Expectation, Inspection
from release_actions.runner.workflow import as_text
from release_actions.simulator import Simulator, World

SHA = "0123456789abcdef0123456789abcdef01234567"
HEAD = "fedcba9876543210fedcba9876543210fedcba98"

RUN = {"GITHUB_SHA": SHA, "GITHUB_REPOSITORY": "acme/app"}

CONFIG = """\
repository: acme/app
channels:
  dev: {name: "{image}-dev"}
images:
  web: {platforms: [linux/amd64, linux/arm64]}
  cli: {platforms: [linux/amd64], channels: {dev: false}}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "release.yaml").write_text(CONFIG)
    return tmp_path


def run(
    workspace: Path, capsys: pytest.CaptureFixture[str], command: str, *flags: str, event: object = None, **environ: str
) -> tuple[int, dict[str, Any], str]:
    """Run a command with --json. Returns exit code, outputs and log."""
    if event is not None:
        (workspace / "event.json").write_text(json.dumps(event))
        environ["GITHUB_EVENT_PATH"] = str(workspace / "event.json")
    code = main.main([command, "--json", *flags], {**RUN, "GITHUB_WORKSPACE": str(workspace), **environ})
    captured = capsys.readouterr()
    outputs = json.loads(captured.out)
    outputs.pop("errors", None)  # the log has them too
    return code, outputs, captured.err


def tags(outputs: dict[str, Any]) -> dict[str, list[str]]:
    return {entry["package"]: entry["tags"] for entry in outputs["merge-matrix"]["include"]}


@pytest.mark.parametrize(
    ("environ", "event"),
    [
        ({"GITHUB_REF": "refs/tags/v1.2.0", "GITHUB_EVENT_NAME": "push"}, {}),
        ({"GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_NAME": "release"}, {"release": {"tag_name": "v1.2.0"}}),
        ({"INPUT_TAG": "refs/tags/v1.2.0", "GITHUB_REF": "refs/heads/main"}, {}),
    ],
)
def test_a_tag_builds_the_release_channel(
    workspace: Path, capsys: pytest.CaptureFixture[str], environ: dict[str, str], event: object
) -> None:
    code, outputs, log = run(workspace, capsys, "build-matrix", event=event, **environ)
    assert code == ExitCode.PASS
    assert tags(outputs) == {"ghcr.io/acme/web": ["v1.2.0"], "ghcr.io/acme/cli": ["v1.2.0"]}
    assert (outputs["channel"], outputs["any"], outputs["built"]) == ("release", True, {"web": True, "cli": True})
    assert [entry["platform"] for entry in outputs["matrix"]["include"]] == [
        "linux/amd64",
        "linux/arm64",
        "linux/amd64",
    ]
    assert log.splitlines()[-1] == "2 images of the channel release in 3 build jobs."


@pytest.mark.parametrize(
    ("environ", "event", "expected"),
    [
        (
            {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/12/merge"},
            {"pull_request": {"number": 12, "head": {"sha": HEAD}}, "repository": {"default_branch": "main"}},
            ["sha-fedcba9", "pr-12"],
        ),
        (
            # The ref of this event is the base's: a pull request from a fork must never count as the default branch.
            {"GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_REF": "refs/heads/main"},
            {"pull_request": {"number": 7, "head": {"sha": HEAD}}, "repository": {"default_branch": "main"}},
            ["sha-fedcba9", "pr-7"],
        ),
        (
            {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"},
            {"repository": {"default_branch": "main"}},
            ["sha-0123456", "main", "latest"],
        ),
        (
            {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/release-1.2"},
            {"repository": {"default_branch": "main"}},
            ["sha-0123456", "release-1.2"],
        ),
        (
            {"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_REF": "refs/heads/main"},
            {},
            ["sha-0123456", "main"],
        ),
        (
            # Its payload has no repository, and it always runs on the default branch.
            {"GITHUB_EVENT_NAME": "schedule", "GITHUB_REF": "refs/heads/main"},
            {"schedule": "0 23 * * *"},
            ["sha-0123456", "nightly-20260203", "latest"],
        ),
    ],
)
def test_other_events_build_the_dev_channel(
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
    environ: dict[str, str],
    event: object,
    expected: list[str],
) -> None:
    environ["RELEASE_ACTIONS_NOW"] = "2026-02-03T23:00:00Z"
    code, outputs, log = run(workspace, capsys, "build-matrix", event=event, **environ)
    assert code == ExitCode.PASS
    assert tags(outputs) == {"ghcr.io/acme/web-dev": expected}
    assert outputs["built"] == {"web": True, "cli": False}
    assert "cli is not built: it is not published in the channel dev." in log


def test_the_summary_says_what_is_built_and_what_is_not(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = workspace / "summary.md"
    run(
        workspace,
        capsys,
        "build-matrix",
        "--images",
        "web",
        GITHUB_REF="refs/tags/v1.2.0",
        GITHUB_STEP_SUMMARY=str(summary),
    )
    assert summary.read_text() == (
        "## 1 image of the tag `v1.2.0`\n\n"
        "| Package | Tags | Platforms | Why |\n| --- | --- | --- | --- |\n"
        "| `ghcr.io/acme/web` | `v1.2.0` | `linux/amd64 on ubuntu-24.04`, `linux/arm64 on ubuntu-24.04-arm` | "
        "it is part of the release v1.2.0 |\n\n"
        "- `cli` is not built: it was not selected.\n\n"
    )


def test_a_missing_configuration_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["build-matrix", "--workspace", str(tmp_path), "--tag", "v1.0.0"], {}) == ExitCode.BAD_INPUT
    out = capsys.readouterr().out
    assert "release.yaml" in out
    assert "Check out the repository first, or say where the file is with 'config'." in out


def test_release_plan_says_what_a_tag_will_release(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--tag", "v1.2.0-rc.1", "--existing-tags", "v1.1.0, v1")
    code, outputs, log = run(workspace, capsys, "release-plan", *flags)
    assert code == ExitCode.PASS
    assert (outputs["kind"], outputs["channel"], outputs["floating-tags"]) == ("candidate", "release", [])
    assert tags(outputs)["ghcr.io/acme/web"] == ["v1.2.0-rc.1"]
    assert log.splitlines()[-1].startswith("v1.2.0-rc.1 is a release candidate: it moves no floating tag")


def test_release_plan_plans_nothing_for_a_refused_tag(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--tag", "v1.0.0", "--existing-tags", "v1.0.1")
    code, outputs, log = run(workspace, capsys, "release-plan", *flags)
    assert code == ExitCode.REFUSED
    assert outputs == {}
    assert "v1.0.0 is below v1.0.1, the highest release of 1.0." in log


def of_many(count: int, platforms: str) -> str:
    """A configuration of so many images, each with a long name."""
    runners = f"runners: {{{', '.join(f'{name}: builder' for name in platforms.split(', '))}}}"
    rows = "".join(f"  an-image-with-a-rather-long-name-{number:04}: {{}}\n" for number in range(count))
    return f"repository: acme/app\ndefaults:\n  platforms: [{platforms}]\n  {runners}\nimages:\n{rows}"


def test_a_plan_of_as_many_jobs_as_github_runs_fits_into_outputs_and_summary(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "release.yaml").write_text(of_many(128, "linux/amd64, linux/arm64"))
    summary = workspace / "summary.md"
    code, outputs, log = run(
        workspace, capsys, "build-matrix", GITHUB_REF="refs/tags/v1.2.0", GITHUB_STEP_SUMMARY=str(summary)
    )
    assert (code, len(outputs["matrix"]["include"])) == (ExitCode.PASS, 256)
    assert log.splitlines()[-1] == "128 images of the channel release in 256 build jobs."
    text = summary.read_text()
    # GitHub drops the summary of a step above 1 MiB as a whole.
    assert len(text.encode()) < 2**20
    assert "an-image-with-a-rather-long-name-0127" in text
    assert "The summary was cut here" not in text


def test_a_thousand_images_on_four_platforms_are_refused_with_the_numbers(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "release.yaml").write_text(of_many(1000, "linux/amd64, linux/arm64, linux/s390x, linux/ppc64le"))
    code, outputs, log = run(workspace, capsys, "build-matrix", GITHUB_REF="refs/tags/v1.2.0")
    assert (code, "matrix" in outputs) == (ExitCode.REFUSED, False)
    assert (
        "1000 packages on their platforms make 4000 build jobs, and GitHub runs 256 of one matrix.\n"
        "Select fewer images with the input images, in several runs."
    ) in log


def test_outputs_beyond_what_github_passes_on_are_refused_with_the_numbers(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "x" * 2000
    text = of_many(250, "linux/amd64").replace("defaults:", f"defaults:\n  build-args: {{LONG: {long}}}")
    (workspace / "release.yaml").write_text(text)
    code, outputs, log = run(workspace, capsys, "build-matrix", GITHUB_REF="refs/tags/v1.2.0")
    assert (code, "matrix" in outputs) == (ExitCode.REFUSED, False)
    found = re.search(
        r"The outputs have (\d+) characters, (\d+) of them in 'matrix', for 250 build jobs, and GitHub passes about "
        r"500000",
        log,
    )
    assert found
    assert int(found[1]) > 500_000
    assert int(found[2]) > 250 * 2000


SCAN = "  scan: {critical: gate, high: gate, medium: warn, skip-dirs: [/usr/share]}\n"
QUAD = "linux/amd64, linux/arm64, linux/s390x, linux/ppc64le"


@pytest.mark.parametrize(("count", "platforms"), [(256, "linux/amd64"), (64, QUAD)])
def test_a_plan_of_as_many_slots_as_there_are_reaches_every_step(
    workspace: Path, capsys: pytest.CaptureFixture[str], count: int, platforms: str
) -> None:
    (workspace / "release.yaml").write_text(of_many(count, platforms).replace("images:", f"{SCAN}images:"))
    code, outputs, _ = run(workspace, capsys, "build-matrix", GITHUB_REF="refs/tags/v1.2.0")
    assert (code, len(outputs["matrix"]["include"])) == (ExitCode.PASS, 256)
    planned = image_list.read(json.dumps(outputs["images"]))
    assert {(image.entry["scan-gate"], image.entry["registry"]) for image in planned} == {("CRITICAL,HIGH", "ghcr.io")}
    assert (
        len({image.built_as for image in planned}) == len({image.entry["scan-category"] for image in planned}) == count
    )

    # What merge-digests and verify-images hand on, and what the legs of both matrices say.
    digest = f"sha256:{'0' * 64}"
    results = tuple(MergeResult(replace(image, digest=digest), digest) for image in planned)
    merged = merge_digests.make_report(results, dry_run=False).outputs
    parts = {
        str(platform): f"sha256:{number:064}" for number, platform in enumerate(planned[0].platforms)
    }  # and an attestation of each
    seen = tuple(
        VerifyResult(image, Inspection(image, digest, parts, {part: part for part in parts.values()}))
        for image in planned
    )
    lock = verify_images.make_lock(seen, Expectation("0" * 40))
    words = "refused CRITICAL=123,HIGH=1234,MEDIUM=12345"
    said = {
        f"slot-{number}": f"{number} {image.package} {platform} {digest} 50 {words}"
        for image in planned
        for platform, number in image.slots.items()
    }
    job = {"result": "success", "outputs": said}
    handed = {
        "IMAGE_LIST": as_text(outputs["images"]),
        "PUBLISHED": as_text(merged["images"]),
        "PROVED_IMAGES": as_text(merged["images"]),
        "LOCK": as_text(lock),
        "BUILD_RESULTS": json.dumps({"build": job, "command": job | {"outputs": dict.fromkeys(said, "")}}, indent=2),
        "SCANS": json.dumps({"scan": job}, indent=2),
    }

    # The system refuses to start a program with a longer variable.
    subprocess.run(["true"], env={f"INPUT_{name}": text for name, text in handed.items()}, check=True)
    assert {name for name, text in handed.items() if len(text.encode()) > 131_072 - 32} == set()
    assert image_list.read(handed["PUBLISHED"]) == tuple(replace(image, digest=digest) for image in planned)
    # The scan of each platform, and the job that signs, get whole entries.
    scans: Any = merged["scan-matrix"]
    assert {(scan["scan-gate"], scan["registry"]) for scan in scans["include"]} == {("CRITICAL,HIGH", "ghcr.io")}


def test_a_list_that_fits_is_written_in_full(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "release.yaml").write_text(of_many(100, "linux/amd64"))
    _, outputs, _ = run(workspace, capsys, "build-matrix", GITHUB_REF="refs/tags/v1.2.0")
    assert outputs["images"] == outputs["merge-matrix"]["include"]


LONGER = of_many(256, "linux/amd64").replace("an-image-with-a", "an-image-with-a-name-of-seventy-characters-and-a")
COPIES = "channels: {release: {name: '{image}', destinations: {mirror: {namespace: acme/copies}}}}\n"
SHORTER = COPIES + of_many(180, "linux/amd64").replace("an-image-with-a-rather-long-name-", "i")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LONGER, "The output 'images' with 256 images comes to"),
        (SHORTER, "The lock of 360 images will come to"),
    ],
)
def test_more_than_a_step_can_be_given_is_refused_with_the_numbers(
    workspace: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    (workspace / "release.yaml").write_text(text)

    code, outputs, log = run(workspace, capsys, "build-matrix", GITHUB_REF="refs/tags/v1.2.0")

    assert (code, "images" in outputs) == (ExitCode.REFUSED, False)
    found = re.search(rf"{words} (\d+) bytes.* at most 131072 in one", log)
    assert found, log
    assert int(found[1]) > 131_072 - 32


def test_a_plan_gives_each_package_its_reason_where_reasons_differ(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = WATCHED.replace('{name: "{image}-dev"}', '{name: "{image}-dev", namespace: acme-dev}')
    images = "  tool: {platforms: [linux/amd64], paths: [tool/**]}\n  cli:"
    (workspace / "release.yaml").write_text(text.replace("  cli:", images))
    changed = ("--changed-files", "web/a\ntool/b")

    _, _, log = run(workspace, capsys, "build-matrix", *changed, GITHUB_EVENT_NAME="push", GITHUB_REF="refs/heads/main")

    assert log.splitlines()[-9:-2] == [
        "In ghcr.io/acme-dev:",
        "",
        "Package   Tags         Platform     Runner        Why",
        "web-dev   sha-0123456  linux/amd64  ubuntu-24.04  web/a changed",
        "          main",
        "tool-dev  sha-0123456  linux/amd64  ubuntu-24.04  tool/b changed",
        "          main",
    ]


def test_a_plan_on_a_laptop_ends_with_a_table_in_80_columns_and_json_only_by_name(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = CONFIG.replace("cli:", "a-tool-with-a-name-that-is-longer-than-most-others-in-a-registry:")
    (workspace / "release.yaml").write_text(text)

    code = main.main(["build-matrix", "--tag", "v1.2.0", "--sha", SHA], {"GITHUB_WORKSPACE": str(workspace)})

    lines = capsys.readouterr().out.splitlines()
    assert (code, max(map(len, lines)) <= 80) == (ExitCode.PASS, True)
    assert not any("{" in line for line in lines)
    assert lines == [
        "channel=release",
        f"commit={SHA}",
        "built-elsewhere=[]",
        "labels=org.opencontainers.image.url=https://github.com/acme/app",
        "source-date-epoch=",
        "any=true",
        "push=true",
        "moving-tags=[]",
        "With --json: matrix, command-matrix, merge-matrix, images, built.",
        "",
        "In ghcr.io/acme:",
        "",
        "Package                                    Tags    Platform     Runner",
        "web                                        v1.2.0  linux/amd64  ubuntu-24.04",
        "                                                   linux/arm64  ubuntu-24.04-arm",
        "a-tool-with-a-name-that-is-longer-than-    v1.2.0  linux/amd64  ubuntu-24.04",
        "most-others-in-a-registry",
        "",
        "Why: it is part of the release v1.2.0.",
        "2 images of the channel release in 3 build jobs.",
    ]


WATCHED = CONFIG.replace("platforms: [linux/amd64, linux/arm64]", "platforms: [linux/amd64], paths: [web/**]")


def test_changed_files_decide_what_a_push_builds(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "release.yaml").write_text(WATCHED)
    push = {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}
    code, outputs, log = run(workspace, capsys, "build-matrix", "--changed-files", "README.md\ndocs/x, y", **push)
    assert (code, outputs["any"], outputs["matrix"]) == (ExitCode.PASS, False, {"include": []})
    assert "web is not built: none of the files that it is made from changed." in log
    _, outputs, log = run(workspace, capsys, "build-matrix", "--changed-files", "web/a", **push)
    assert outputs["images"][0]["reason"] == "web/a changed"
    assert "Why: web/a changed." in log


def test_changes_that_git_cannot_tell_are_an_error(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "release.yaml").write_text(WATCHED)
    environ = {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}
    code, outputs, log = run(workspace, capsys, "build-matrix", event={"before": HEAD, "after": SHA}, **environ)
    assert (code, outputs) == (ExitCode.BAD_INPUT, {})
    assert "What changed could not be found out: git says 'not a git repository" in log


def test_git_is_not_asked_where_no_image_names_paths(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environ = {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}
    code, outputs, _ = run(workspace, capsys, "build-matrix", event={"before": HEAD, "after": SHA}, **environ)
    assert code == ExitCode.PASS
    assert outputs["images"][0]["reason"] == "no image names paths, so every change builds it"


def test_the_commit_that_is_built_is_an_output(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    event = {"pull_request": {"number": 12, "head": {"sha": HEAD}}}
    pull = {"GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_REF": "refs/heads/main"}
    assert run(workspace, capsys, "build-matrix", event=event, **pull)[1]["commit"] == HEAD
    assert run(workspace, capsys, "build-matrix", GITHUB_REF="refs/tags/v1.2.0")[1]["commit"] == SHA


def test_a_dispatch_for_a_pull_request_counts_as_one(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environ = {"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_REF": "refs/heads/main"}
    event = {"repository": {"default_branch": "main"}}
    flags = ("--pull-request", "9", "--build-commit", HEAD)
    _, outputs, _ = run(workspace, capsys, "build-matrix", *flags, event=event, **environ)
    assert tags(outputs) == {"ghcr.io/acme/web-dev": ["sha-fedcba9", "pr-9"]}


@pytest.mark.parametrize(
    ("flags", "environ"),
    [
        # Another commit than the branch's is not what the branch holds; a fork has a default branch of its own.
        (("--build-commit", HEAD), {"GITHUB_EVENT_NAME": "workflow_dispatch"}),
        ((), {"GITHUB_EVENT_NAME": "push", "GITHUB_REPOSITORY": "somebody/app"}),
        ((), {"GITHUB_EVENT_NAME": "schedule", "GITHUB_REPOSITORY": "somebody/app"}),
    ],
)
def test_latest_is_only_for_what_the_default_branch_of_the_repository_holds(
    workspace: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], environ: dict[str, str]
) -> None:
    event = {"repository": {"default_branch": "main"}}
    environ["GITHUB_REF"] = "refs/heads/main"
    code, outputs, _ = run(workspace, capsys, "build-matrix", *flags, event=event, **environ)
    assert code == ExitCode.PASS
    ((found),) = tags(outputs).values()
    assert found[0].startswith("sha-")
    assert not {"latest", "main"} & set(found)


def test_another_commit_is_never_a_release(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tag = {"GITHUB_REF": "refs/tags/v1.2.0"}
    code, _, log = run(workspace, capsys, "build-matrix", "--build-commit", HEAD, **tag)
    assert code == ExitCode.REFUSED
    assert "The release v1.2.0 is built from its own commit, not from another one." in log
    assert run(workspace, capsys, "build-matrix", "--build-commit", SHA, **tag)[0] == ExitCode.PASS


def test_the_code_of_a_pull_request_is_never_a_release(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    event = {"pull_request": {"number": 12, "head": {"sha": HEAD}}}
    code, outputs, log = run(workspace, capsys, "build-matrix", "--tag", "v1.2.0", event=event)
    assert (code, outputs) == (ExitCode.REFUSED, {})
    assert "The code of a pull request cannot be built as the release v1.2.0." in log


VERSIONED = CONFIG.replace("images:", 'version-file: versions\ndefaults: {build-args: {V: "{file.V}"}}\nimages:')


def test_the_version_file_of_the_workspace_is_used_and_overridden(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "release.yaml").write_text(VERSIONED)
    (workspace / "versions").write_text("V='1 2' # three\n")
    summary = workspace / "summary.md"
    main_branch = {"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_REF": "refs/heads/main"}
    outputs = run(workspace, capsys, "build-matrix", **main_branch)[1]
    assert outputs["matrix"]["include"][0]["build-args"] == "V=1 2"
    event = {"repository": {"default_branch": "main"}}
    environ = {**main_branch, "GITHUB_STEP_SUMMARY": str(summary)}
    outputs = run(workspace, capsys, "build-matrix", "--overrides", "V=other, x # y", event=event, **environ)[1]
    assert outputs["matrix"]["include"][0]["build-args"] == "V=other, x"
    (found,) = tags(outputs).values()
    assert [tag.partition("-")[0] for tag in found] == ["override"]
    assert "Built with `V=other, x` in place of what the commit says." in summary.read_text()


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (("--overrides", "V 1"), 2, "Input 'overrides' has 'V 1', which is not NAME=value."),
        (("--overrides", "V="), 2, "Input 'overrides' has 'V=', which is not NAME=value."),
        (("--overrides", "W=1"), 2, "Input 'overrides' sets W, but no image of this build uses it."),
        (("--overrides", "V=1", "--tag", "v1.0.0"), 1, "The release v1.0.0 cannot be built with overrides: V."),
        (("--build-commit", "main"), 2, "Input 'build-commit' is 'main', which is not a commit."),
        (("--pull-request", "0"), 2, "Input 'pull-request' is '0', which is not a whole number of at least 1."),
    ],
)
def test_an_input_that_makes_no_sense_is_refused(
    workspace: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], code: int, message: str
) -> None:
    (workspace / "release.yaml").write_text(VERSIONED)
    (workspace / "versions").write_text("V=1\n")
    found, outputs, log = run(workspace, capsys, "build-matrix", *flags)
    assert (found, outputs) == (code, {})
    assert message in log


def test_a_version_file_that_is_a_link_to_the_runner_is_not_read(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = workspace.parent / "secret"
    secret.write_text("-----BEGIN KEY-----\n", encoding="utf-8")
    (workspace / "versions").symlink_to(secret)
    (workspace / "release.yaml").write_text(VERSIONED)

    code, _, log = run(workspace, capsys, "build-matrix", GITHUB_REF="refs/tags/v1.2.0")

    assert code == ExitCode.BAD_INPUT
    assert "'versions', the version file, leads out of the repository by a link." in log
    assert "BEGIN KEY" not in log


def test_a_version_file_that_lacks_a_value_is_an_error_with_file_and_line(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "release.yaml").write_text(VERSIONED)
    (workspace / "versions").write_text("VV=1\n")
    code, outputs, log = run(workspace, capsys, "build-matrix")
    assert (code, outputs) == (ExitCode.BAD_INPUT, {})
    assert "release.yaml:5:28: error: versions has no value V.\nDid you mean 'VV'?" in log


@pytest.mark.parametrize(("flags", "code"), [((), 0), (("--strict",), 1)])
def test_a_release_that_would_miss_an_image_is_told_and_refused_if_that_is_wanted(
    workspace: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], code: int
) -> None:
    found, _, log = run(workspace, capsys, "build-matrix", "--tag", "v1.2.0", "--images", "cli", *flags)
    assert found == code
    assert "The release v1.2.0 would miss the image 'web'." in log


def test_strict_refuses_warnings_and_not_what_is_only_good_to_know(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    branch = {"GITHUB_REF": "refs/heads/feature/a", "GITHUB_EVENT_NAME": "push"}

    code, _, log = run(workspace, capsys, "build-matrix", "--strict", **branch)

    assert code == ExitCode.PASS
    assert "feature-a-951d42dc" in log


def test_strict_passes_a_runner_of_the_projects_own_that_is_named_like_githubs(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "release.yaml").write_text(CONFIG.replace("web: {", "web: {runners: {linux/amd64: ubuntu-2404}, "))
    before, _, log = run(workspace, capsys, "build-matrix", "--tag", "v1.2.0", "--strict")
    (workspace / ".github").mkdir()
    (workspace / ".github" / "actionlint.yaml").write_text("self-hosted-runner: {labels: [ubuntu-2404]}")

    after, _, _ = run(workspace, capsys, "build-matrix", "--tag", "v1.2.0", "--strict")

    assert (before, after) == (ExitCode.REFUSED, ExitCode.PASS)
    assert "GitHub has no runner 'ubuntu-2404'" in log


def test_a_plan_larger_than_github_passes_on_is_refused_first(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = "".join(f"  i{n}: {{platforms: [linux/amd64], build-args: {{A: {'x' * 3000}}}}}\n" for n in range(200))
    (workspace / "release.yaml").write_text(f"repository: acme/app\nimages:\n{images}")
    code, outputs, log = run(workspace, capsys, "build-matrix", "--tag", "v1.2.0")
    assert (code, outputs) == (ExitCode.REFUSED, {})
    assert "in 'matrix', for 200 build jobs, and GitHub passes about 500000" in log
    assert "and GitHub passes about 500000 from one job to others.\nSelect fewer images" in log


def test_a_file_that_a_dockerfile_takes_and_the_paths_miss_is_told(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "release.yaml").write_text(WATCHED)
    (workspace / "Dockerfile").write_text("FROM x\nCOPY constraints.txt /x/\n")
    code, _, log = run(workspace, capsys, "build-matrix", "--tag", "v1.2.0")
    assert code == ExitCode.PASS
    assert "Dockerfile:2: warning: The image 'web' takes constraints.txt, but a change to it builds nothing." in log
    assert run(workspace, capsys, "build-matrix", "--tag", "v1.2.0", "--strict")[0] == ExitCode.REFUSED


def test_a_laptop_plans_what_is_checked_out(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "release.yaml").write_text(CONFIG)
    (workspace / "Dockerfile").write_text("FROM scratch\n")
    person = ["-c", "user.name=ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=topic"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Begin"]):
        subprocess.run(["git", "-C", str(workspace), *person, *command], check=True)
    head = subprocess.run(
        ["git", "-C", str(workspace), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    )

    code, outputs, _ = run(workspace, capsys, "build-matrix", GITHUB_SHA="", GITHUB_REF="")

    assert code == ExitCode.PASS
    assert outputs["commit"] == head.stdout.strip()
    assert outputs["images"][0]["tags"] == [f"sha-{outputs['commit'][:7]}", "topic"]


def make_checkout(workspace: Path) -> str:
    """A checkout with one commit, made at 2026-02-03T09:00:00Z. Returns the commit."""
    environ = {**os.environ, "GIT_COMMITTER_DATE": "2026-02-03T10:00:00+01:00", "GIT_CONFIG_GLOBAL": "/dev/null"}
    (workspace / "Dockerfile").write_text("FROM scratch\n")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "first")):
        subprocess.run(["git", *words], cwd=workspace, env=environ, check=True)
    said = subprocess.run(["git", "rev-parse", "HEAD"], cwd=workspace, capture_output=True, text=True, check=True)
    return said.stdout.strip()


@pytest.mark.parametrize(
    ("environ", "seconds", "created"),
    [
        ({}, "1770109200", "2026-02-03T09:00:00Z"),
        ({"SOURCE_DATE_EPOCH": "86400"}, "86400", "1970-01-02T00:00:00Z"),
        ({"SOURCE_DATE_EPOCH": "yesterday"}, "1770109200", "2026-02-03T09:00:00Z"),
    ],
)
def test_an_image_is_as_old_as_its_commit_or_as_the_job_says(
    workspace: Path, capsys: pytest.CaptureFixture[str], environ: dict[str, str], seconds: str, created: str
) -> None:
    commit = make_checkout(workspace)

    code, outputs, _ = run(workspace, capsys, "build-matrix", "--tag", "v1.2.0", "--sha", commit, **environ)

    assert (code, outputs["source-date-epoch"]) == (ExitCode.PASS, seconds)
    assert f"org.opencontainers.image.created={created}" in outputs["labels"].splitlines()


def test_a_commit_that_the_checkout_lacks_has_no_time(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_checkout(workspace)

    code, outputs, _ = run(workspace, capsys, "build-matrix", "--tag", "v1.2.0")

    assert (code, outputs["source-date-epoch"], "created" in outputs["labels"]) == (ExitCode.PASS, "", False)


def test_the_event_says_what_the_repository_is(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repository = {"full_name": "Acme/app", "description": "Serves pages", "license": {"spdx_id": "MIT"}}

    code, outputs, _ = run(
        workspace, capsys, "build-matrix", event={"repository": repository}, GITHUB_REF="refs/tags/v1.2.0"
    )

    assert code == ExitCode.PASS
    assert outputs["labels"].splitlines() == [
        "org.opencontainers.image.description=Serves pages",
        "org.opencontainers.image.url=https://github.com/acme/app",
        "org.opencontainers.image.licenses=MIT",
    ]


@pytest.mark.parametrize(("is_there", "expected"), [(True, ExitCode.PASS), (False, ExitCode.UNKNOWN)])
def test_a_night_asks_github_what_the_repository_is(
    workspace: Path, capsys: pytest.CaptureFixture[str], *, is_there: bool, expected: ExitCode
) -> None:
    world = World()
    world.add_account("acme", organization=True)
    world.add_account("ada")
    if is_there:
        world.add_repository("acme/app", description="Serves pages")
    world.add_token("ghp_reader", login="ada", scopes=("repo",))
    night = {"GITHUB_EVENT_NAME": "schedule", "GITHUB_REF": "refs/heads/main", "INPUT_TOKEN": "ghp_reader"}

    with Simulator(world) as simulator:
        api = ("--api-url", simulator.api_url)
        code, outputs, _ = run(workspace, capsys, "build-matrix", *api, event={"schedule": "0 3 * * *"}, **night)

    assert code == expected
    assert ("org.opencontainers.image.description=Serves pages" in outputs.get("labels", "").splitlines()) is is_there


def test_a_dockerfile_that_a_link_leads_out_of_is_not_read(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_checkout(workspace)
    (workspace / "Dockerfile").unlink()
    (workspace / "Dockerfile").symlink_to("../Dockerfile")
    (workspace.parent / "Dockerfile").write_text("FROM scratch\nLABEL org.opencontainers.image.url=secret\n")

    code, outputs, log = run(workspace, capsys, "build-matrix", GITHUB_REF="refs/tags/v1.2.0")

    assert (code, "matrix" in outputs) == (ExitCode.BAD_INPUT, False)
    assert "leads out of the repository by a link" in log
