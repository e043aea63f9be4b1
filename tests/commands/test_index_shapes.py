"""Every form that an index may have: several versions of a system, artifacts beside images, one platform unwrapped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.commands.published import APP, COMMIT, Shop, built, entry, said, world

from release_actions import main
from release_actions.errors import ExitCode
from release_actions.images import inspection, publish
from release_actions.simulator import Image, Simulator, World
from release_actions.simulator.image_factory import attachment, manifest_of
from release_actions.simulator.oci import OCI_INDEX

OLD, NEW = "windows(10.0.17763.6054)/amd64", "windows(10.0.20348.2582)/amd64"
SBOM = "application/spdx+json"


@pytest.fixture(name="world")
def _world() -> World:
    return world()


@pytest.fixture
def shop(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    for module in (publish, inspection):
        monkeypatch.setattr(module, "PAUSES", (0.0,) * 8)
    return Shop.of(simulator, tmp_path)


def with_artifact(image: Image, *, states_type: bool = True) -> Image:
    """An index over an image of one platform and an SBOM, which is a manifest without anything to run."""
    sbom = attachment(image.root.digest, kind=SBOM)
    document = json.loads(image.manifests[-1].body)
    descriptors = [
        {"mediaType": each.media_type, "digest": each.digest, "size": len(each.body)}
        for each in (image.root, sbom.root)
    ]
    config = json.loads(image.blobs[document["config"]["digest"]])
    descriptors[0]["platform"] = {key: config[key] for key in ("os", "architecture")}
    if states_type:
        descriptors[1]["artifactType"] = SBOM
    index = manifest_of(OCI_INDEX, {"manifests": descriptors})
    return Image({**image.blobs, **sbom.blobs}, (*image.manifests, *sbom.manifests, index))


def test_two_versions_of_windows_are_two_entries_of_one_index(shop: Shop) -> None:
    digests = {name: shop.push(name) for name in (OLD, NEW, "linux/amd64")}
    wanted = entry(platforms=["linux/amd64", OLD, NEW])

    report = shop.merge(wanted)

    assert (report.exit_code, said(report)) == (ExitCode.PASS, [])
    entries = shop.under("v1.0.0")["manifests"]
    assert {each["digest"]: each["platform"].get("os.version") for each in entries} == {
        digests["linux/amd64"]: None,
        digests[OLD]: "10.0.17763.6054",
        digests[NEW]: "10.0.20348.2582",
    }
    verified = shop.verify({**wanted, "digest": shop.under("v1.0.0")["@"]}, lock_file="lock.json")
    assert (verified.exit_code, said(verified)) == (ExitCode.PASS, [])
    lock = json.loads((shop.workspace / "lock.json").read_text())
    assert lock["images"][APP]["platforms"] == digests


def test_a_version_that_is_missing_is_missed(shop: Shop) -> None:
    for name in (OLD, "linux/amd64"):
        shop.push(name)
    shop.merge(entry(platforms=["linux/amd64", OLD]))

    report = shop.verify(entry(platforms=["linux/amd64", OLD, NEW]))

    assert said(report) == [f"error: {APP}: it lacks {NEW}."]


def test_a_platform_without_a_version_takes_the_one_there_is(shop: Shop) -> None:
    digest = shop.push("windows/amd64", built(NEW))
    other = shop.push("linux/amd64")
    wanted = entry(platforms=["linux/amd64", "windows/amd64"])

    assert shop.merge(wanted).exit_code is ExitCode.PASS
    verified = shop.verify(wanted, lock_file="lock.json")

    assert (verified.exit_code, said(verified)) == (ExitCode.PASS, [])
    lock = json.loads((shop.workspace / "lock.json").read_text())
    assert lock["images"][APP]["platforms"] == {"linux/amd64": other, "windows/amd64": digest}


def test_what_was_built_for_another_version_is_refused(shop: Shop) -> None:
    shop.push(OLD, built(NEW))

    report = shop.merge(entry(platforms=[OLD]))

    assert report.exit_code is ExitCode.REFUSED
    assert f"was given for {OLD}, and its configuration says {NEW}." in said(report)[0]


@pytest.mark.parametrize("states_type", [True, False])
def test_an_artifact_beside_an_image_is_kept_and_is_no_image(shop: Shop, *, states_type: bool) -> None:
    images = {name: with_artifact(built(name), states_type=states_type) for name in ("linux/amd64", "linux/arm64")}
    for name, image in images.items():
        shop.push(name, image)

    report = shop.merge(entry())

    assert (report.exit_code, said(report)) == (ExitCode.PASS, [])
    there = [each["digest"] for each in shop.under("v1.0.0")["manifests"]]
    assert there == [image.manifests[at].digest for at in (0, 1) for image in images.values()]
    verified = shop.verify(entry())
    assert (verified.exit_code, said(verified)) == (ExitCode.PASS, [])


def test_an_image_of_one_platform_with_an_artifact_is_not_wrapped(shop: Shop) -> None:
    image = with_artifact(built("linux/amd64"))
    digest = shop.push("linux/amd64", image)

    report = shop.merge(entry(platforms=["linux/amd64"]))

    assert report.exit_code is ExitCode.PASS
    assert shop.under("v1.0.0")["@"] == digest


def test_an_artifact_that_is_gone_is_reported(shop: Shop, world: World) -> None:
    image = with_artifact(built("linux/amd64"))
    shop.push("linux/amd64", image)
    shop.merge(entry(platforms=["linux/amd64"]))
    package = world.package("acme/app")
    assert package
    package.drop(world.version("acme/app", image.manifests[1].digest), world.now())

    report = shop.verify(entry(platforms=["linux/amd64"]))

    assert said(report) == [f"error: {APP}: the child for no platform, {image.manifests[1].digest} does not answer."]


def test_a_version_of_a_system_can_be_planned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "release.yaml").write_text(
        "repository: acme/app\n"
        f"images:\n  app:\n    platforms: ['{OLD}', '{NEW}']\n"
        f"    runners: {{'{OLD}': windows-2019, '{NEW}': windows-2022}}\n"
        "    build-args: {WHAT: '{os} {arch} {platform}'}\n"
    )

    code = main.main(
        ["build-matrix", "--json", "--tag", "v1.0.0", "--sha", COMMIT], {"GITHUB_WORKSPACE": str(tmp_path)}
    )

    outputs: Any = json.loads(capsys.readouterr().out)
    assert code == ExitCode.PASS
    assert [each["build-args"] for each in outputs["matrix"]["include"]] == [
        f"WHAT=windows amd64 {OLD}",
        f"WHAT=windows amd64 {NEW}",
    ]
    assert outputs["images"][0]["slots"] == {OLD: 0, NEW: 1}
