"""From build-matrix's own outputs to images on the reference registry: one that may fail stops no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.commands.published import COMMIT, Shop, said
from tests.contract import distribution

from release_actions import main
from release_actions.errors import ExitCode
from release_actions.images import inspection, publish
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import build_image

pytestmark = pytest.mark.tools("docker-registry")

CONFIG = """\
repository: acme/app
registry: REGISTRY
defaults:
  platforms: [linux/amd64, linux/arm64]
images:
  app: {}
  tool: {required: false}
  one: {platforms: [linux/amd64]}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    for module in (publish, inspection):
        monkeypatch.setattr(module, "PAUSES", (0.0,))
    with distribution.running(tmp_path / "registry") as url:
        (tmp_path / "release.yaml").write_text(CONFIG.replace("REGISTRY", url.removeprefix("http://")))
        yield Shop(url, tmp_path, token="")


def planned(shop: Shop) -> Any:
    environ = {"GITHUB_WORKSPACE": str(shop.workspace), "GITHUB_SHA": COMMIT, "GITHUB_REF": "refs/tags/v1.2.0"}
    return main.main_inner(["build-matrix"], environ, Workflow({})).outputs


def build(shop: Shop, entry: Any) -> None:
    """What a build job does with an entry of the matrix."""
    labels = dict(line.split("=", 1) for line in entry["labels"].splitlines())
    image = build_image((entry["platform"],), labels=labels, seed=entry["name"], attestations=True)
    shop.push(entry["platform"], image, entry["package"])


def released(shop: Shop, broken: str) -> tuple[Report, Report]:
    """Plan, build all but one platform of an image, publish and verify."""
    outputs = planned(shop)
    for entry in outputs["matrix"]["include"]:
        if (entry["image"], entry["platform"]) != (broken, "linux/amd64"):
            build(shop, entry)
    merged = shop.merge(*outputs["images"])
    found: Any = merged.outputs["images"]
    return merged, shop.verify(*found)


def names(packages: Any) -> list[str]:
    return [package.rpartition("/")[2] for package in packages]


def test_what_is_planned_is_published_and_right(shop: Shop) -> None:
    merged, verified = released(shop, "")
    assert (said(merged), said(verified)) == ([], [])
    lock: Any = verified.outputs["lock"]
    assert names(lock["images"]) == ["app", "one", "tool"]
    assert {tuple(image["tags"]) for image in lock["images"].values()} == {("v1.2.0",)}
    assert [len(image["platforms"]) for image in lock["images"].values()] == [2, 1, 2]
    assert [len(image["attestations"]) for image in lock["images"].values()] == [2, 1, 2]


def test_an_image_that_is_not_required_may_be_missing(shop: Shop) -> None:
    merged, verified = released(shop, "tool")
    assert (merged.exit_code, verified.exit_code) == (ExitCode.PASS, ExitCode.PASS)
    assert names(merged.outputs["failed"]) == names(verified.outputs["failed"]) == ["tool"]
    assert verified.outputs["verified"] is True
    assert [line.partition(":")[0] for line in said(merged) + said(verified)] == ["warning", "warning", "warning"]
    assert shop.registry.tags("acme/tool") is None


@pytest.mark.parametrize("broken", ["app", "one"])
def test_an_image_that_is_required_fails_the_run_and_no_other_image(shop: Shop, broken: str) -> None:
    merged, verified = released(shop, broken)
    assert (merged.exit_code, verified.exit_code) == (ExitCode.REFUSED, ExitCode.REFUSED)
    assert names(merged.outputs["failed"]) == names(verified.outputs["failed"]) == [broken]
    assert verified.outputs["verified"] is False
    lock: Any = verified.outputs["lock"]
    assert names(lock["images"]) == sorted({"app", "one", "tool"} - {broken})
