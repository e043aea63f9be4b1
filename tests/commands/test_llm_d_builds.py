"""What examples/llm-d plans in detail. Which jobs each event starts is in docs/llm-d-differences.md."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from release_actions import main

EXAMPLE = Path(__file__).parents[2] / "examples/llm-d"
SHA = "0123456789abcdef0123456789abcdef01234567"
REVISION = {"org.opencontainers.image.revision"}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    shutil.copyfile(EXAMPLE / "release.yaml", tmp_path / "release.yaml")
    shutil.copytree(EXAMPLE / "docker", tmp_path / "docker")
    return tmp_path


def plan(workspace: Path, capsys: pytest.CaptureFixture[str], event: dict[str, Any], **environ: str) -> dict[str, Any]:
    (workspace / "event.json").write_text(json.dumps(event))
    environ |= {"GITHUB_WORKSPACE": str(workspace), "GITHUB_EVENT_PATH": str(workspace / "event.json")}
    environ |= {"GITHUB_SHA": SHA, "GITHUB_REPOSITORY": "llm-d/llm-d", "GITHUB_RUN_ID": "42"}
    assert main.main(["build-matrix", "--json"], environ) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize(
    ("changed", "built"),
    [
        ("docker/common-versions", {"cuda", "xpu", "cpu", "rdma-tools", "sglang-xpu"}),
        ("docker/constraints.txt", {"cuda"}),
        ("docker/build-constraints.txt", {"cuda"}),
        ("scripts/warn-vllm-precompiled.sh", {"cuda"}),
        ("docker/scripts/common/build-uccl.sh", {"cuda", "rocm"}),
        ("docker/Dockerfile.rocm", {"rocm"}),
        ("patches/sglang_xpu_source_pins.patch", {"sglang-xpu"}),
        ("guides/README.md", set()),
        ("release.yaml", {"cuda", "rocm", "xpu", "cpu", "rdma-tools", "sglang-xpu"}),
    ],
)
def test_a_pull_request_builds_what_it_changed_in_the_staging_registry(
    workspace: Path, capsys: pytest.CaptureFixture[str], changed: str, built: set[str]
) -> None:
    event = {"pull_request": {"number": 9, "head": {"sha": SHA}, "base": {"sha": SHA}}}
    environ = {"GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_REF": "refs/heads/main"}
    outputs = plan(workspace, capsys, event, INPUT_CHANGED_FILES=changed, **environ)
    assert {name for name, wanted in outputs["built"].items() if wanted} == built
    for image in outputs["images"]:
        assert image["package"].startswith("quay.io/llm-d/llm-d-")
        assert image["tags"] == ["sha-0123456", "pr-9"]
        assert image["password-secret"] == "QUAY_TOKEN"


def test_cuda_gets_the_pinned_versions_and_only_its_builder_the_secrets(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = plan(workspace, capsys, {}, GITHUB_EVENT_NAME="push", GITHUB_REF="refs/tags/v0.10.0")
    entry = outputs["matrix"]["include"][1]
    arguments = dict(line.split("=", 1) for line in entry["build-args"].splitlines())
    assert arguments["TARGETPLATFORM"] == "linux/arm64"
    assert (arguments["CUDA_MAJOR"], arguments["CACHE_BUSTER"]) == ("12", "v0.10.0-42")
    assert len(arguments["VLLM_COMMIT_SHA"]) == 40
    assert (entry["prebuild-target"], entry["secrets"]) == ("builder", "")
    assert [line.partition("=")[0] for line in entry["prebuild-secrets"].splitlines()] == [
        "aws_access_key_id",
        "aws_secret_access_key",
    ]


def test_sglang_is_built_from_an_address_and_says_where_its_sources_are_from(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = plan(workspace, capsys, {}, GITHUB_EVENT_NAME="push", GITHUB_REF="refs/tags/v0.10.0")
    (entry,) = (entry for entry in outputs["matrix"]["include"] if entry["image"] == "sglang-xpu")
    arguments = dict(line.split("=", 1) for line in entry["build-args"].splitlines())
    labels = dict(line.split("=", 1) for line in entry["labels"].splitlines())

    # The version file has owner and name; its Dockerfile clones what it is given.
    assert entry["source-repository"] == "sgl-project/sglang"
    assert arguments["SG_LANG_REPO"] == "https://github.com/sgl-project/sglang.git"
    assert arguments["SG_LANG_COMMIT"] == entry["source-commit"]
    # The six that the workflow of llm-d gives the image beside those of every image.
    assert {name: value for name, value in labels.items() if name in REVISION or name.startswith("io.llm-d.")} == {
        "org.opencontainers.image.revision": SHA,
        "io.llm-d.sglang.repository": arguments["SG_LANG_REPO"],
        "io.llm-d.sglang.ref": arguments["SG_LANG_BRANCH"],
        "io.llm-d.sglang.revision": arguments["SG_LANG_COMMIT"],
        "io.llm-d.sglang-xpu-kernel.repository": arguments["SG_LANG_KERNEL_REPO"],
        "io.llm-d.sglang-xpu-kernel.revision": arguments["SG_LANG_KERNEL_BRANCH"],
    }
