"""What an index lists beside images is kept as long as it is, and makes an image neither ghost nor partial."""

from __future__ import annotations

import json

import pytest
from tests.cleanup.command import CUDA, Clean, digests, parts

from release_actions.errors import ExitCode
from release_actions.simulator import Image, World, build_image
from release_actions.simulator.image_factory import attachment, manifest_of
from release_actions.simulator.oci import OCI_INDEX


def with_artifact(image: Image) -> tuple[Image, str]:
    """The image with an SBOM as one more entry of its index, and the digest of that."""
    sbom = attachment(image.root.digest, kind="application/spdx+json")
    document = json.loads(image.root.body)
    stated = {"mediaType": sbom.root.media_type, "digest": sbom.root.digest, "size": len(sbom.root.body)}
    entries = [*document["manifests"], {**stated, "artifactType": "application/spdx+json"}]
    index = manifest_of(OCI_INDEX, {"manifests": entries})
    return Image({**image.blobs, **sbom.blobs}, (*image.manifests[:-1], *sbom.manifests, index)), sbom.root.digest


def test_an_artifact_in_an_index_is_kept_with_it(world: World, clean: Clean) -> None:
    image, _ = with_artifact(build_image(("linux/amd64", "windows(10.0.17763)/amd64", "windows(10.0.20348)/amd64")))
    world.push(CUDA, image, ["v1.0.0"])
    world.push(CUDA, build_image(("linux/amd64",), seed="needed by nothing"))

    report = clean(delete_untagged="true")

    assert (report.exit_code, report.outputs["deleted"]) == (ExitCode.PASS, 1)
    assert digests(world) == parts(image)


@pytest.mark.parametrize("selector", ["delete_ghost_images", "delete_partial_images"])
def test_an_image_that_lost_its_artifact_still_runs(world: World, clean: Clean, selector: str) -> None:
    image, artifact = with_artifact(build_image(("linux/amd64", "linux/arm64")))
    world.push(CUDA, image, ["v1.0.0"])
    package = world.package(CUDA)
    assert package
    package.drop(world.version(CUDA, artifact), world.now())

    clean(**{selector: "true"})

    assert digests(world) == parts(image) - {artifact}


def test_an_index_whose_images_are_gone_is_a_ghost_though_its_artifact_is_there(world: World, clean: Clean) -> None:
    image, _ = with_artifact(build_image(("linux/amd64", "linux/arm64")))
    world.push(CUDA, image, ["v1.0.0"])
    package = world.package(CUDA)
    assert package
    for manifest in image.manifests[:2]:
        package.drop(world.version(CUDA, manifest.digest), world.now())

    other = build_image(("linux/amd64",), seed="other")
    world.push(CUDA, other, ["v1.1.0"])

    clean(delete_ghost_images="true")

    assert digests(world) == parts(other)
