"""examples/llm-d gives the jobs that llm-d's own workflows run, event by event, or says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import llm_d_differences

EXAMPLE = llm_d_differences.EXAMPLE / "release.yaml"


@pytest.fixture
def data() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(llm_d_differences.DATA.read_text(encoding="utf-8"))
    return found


def test_every_difference_is_explained_and_the_page_shows_it(data: dict[str, Any]) -> None:
    assert llm_d_differences.page(data, EXAMPLE) == llm_d_differences.PAGE.read_text(encoding="utf-8")


def test_the_page_counts_the_jobs_of_every_event(data: dict[str, Any]) -> None:
    counted = {
        event["name"]: (len(today), None if here is None else len(here))
        for event, today, here, _ in llm_d_differences.differences(data, EXAMPLE)
    }
    assert counted["push of the tag v0.10.0"] == (9, 9)
    assert counted["nightly schedule"] == (8, 9)
    assert counted["pull request that changes a guide"] == (0, 0)
    assert counted["pull request that changes docker/constraints.txt"] == (0, 4)
    assert counted["dispatch of a misspelt platform on main"] == (0, None)


def test_a_candidate_is_built_as_today_in_every_field(data: dict[str, Any]) -> None:
    found = {event["name"]: found for event, _, _, found in llm_d_differences.differences(data, EXAMPLE)}
    assert found["push of the tag v0.10.0-rc.1"] == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("platforms: [linux/amd64, linux/arm64]", "platforms: [linux/amd64]", "job"),
        ("linux/arm64: vllm-runner-arm", "linux/arm64: vllm-runner", "runner"),
        ("aws_access_key_id: AWS", "aws_access_key: AWS", "prebuild-secrets"),
        ("target: runtime", "target: builder", "target"),
        ('      CUDA_PATCH: "{file.CUDA_PATCH}"\n      VLLM_REPO', "      VLLM_REPO", "args"),
        ("{TARGETOS: ubuntu,", "{TARGETOS: rhel,", "args"),
        ("provenance: min", "provenance: none", "attested"),
        ("no-cache: true", "no-cache: false", "no-cache"),
        ("release: {name: llm-d-xpu-sglang}", "release: {name: llm-d-sglang-xpu}", "package"),
        ("patch: patches/", "patch: patch/", "source"),
        ("BUILD_BASE_IMAGE_SUFFIX: ubi9", "BUILD_BASE_IMAGE_SUFFIX: ubi10", "args"),
        ('io.llm-d.sglang.ref: "{source-ref}"', 'io.llm-d.sglang.branch: "{source-ref}"', "labels"),
        ('io.llm-d.sglang.repository: "https://github.com/', 'io.llm-d.sglang.repository: "', "labels"),
        ('      io.llm-d.sglang-xpu-kernel.revision: "{file.SGLANG_XPU_KERNEL_REF}"\n', "", "labels"),
        ("[docker/scripts/common/build-uccl.sh]", "[docker/scripts/common/x.sh]", "job"),
    ],
)
def test_a_change_of_the_example_is_a_difference_that_nobody_explained(
    data: dict[str, Any], tmp_path: Path, old: str, new: str, what: str
) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert old in text
    changed = tmp_path / "release.yaml"
    changed.write_text(text.replace(old, new))
    with pytest.raises(ValueError, match=rf"0 explanations fit .*what='{what}'"):
        llm_d_differences.page(data, changed)


def test_an_explanation_that_explains_nothing_is_told(data: dict[str, Any]) -> None:
    data["differences"].append({"title": "Nothing", "what": "tags", "images": ["hpu"], "reason": "None."})
    with pytest.raises(ValueError, match="nothing needs the explanation 'Nothing'"):
        llm_d_differences.page(data, EXAMPLE)


def test_two_explanations_of_one_difference_are_told(data: dict[str, Any]) -> None:
    data["differences"].append(dict(data["differences"][0], title="Again"))
    with pytest.raises(ValueError, match="2 explanations fit"):
        llm_d_differences.page(data, EXAMPLE)


def test_check_tells_a_stale_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    monkeypatch.setattr(llm_d_differences, "PAGE", page)
    assert llm_d_differences.main(["--check"]) == 1
    assert not page.exists()
    assert llm_d_differences.main([]) == 0
    assert llm_d_differences.main(["--check"]) == 0
