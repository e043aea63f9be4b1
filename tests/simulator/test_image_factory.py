"""Made-up images: deterministic, real, and of every shape that a registry of today holds."""

from __future__ import annotations

import gzip
import io
import json
import tarfile

import pytest

from release_actions.simulator import Image, build_image
from release_actions.simulator.image_factory import attachment, attachment_tag
from release_actions.simulator.image_factory import gzip as packed
from release_actions.simulator.oci import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, digest_of

BOTH = ("linux/amd64", "linux/arm64/v8")


def config(image: Image, number: int = 0) -> dict[str, object]:
    manifest = json.loads(image.manifests[number].body)
    found: dict[str, object] = json.loads(image.blobs[manifest["config"]["digest"]])
    return found


def test_the_same_arguments_give_the_same_bytes_on_every_machine() -> None:
    image = build_image(BOTH, labels={"a": "b"}, seed="s", attestations=True)
    assert image.root.digest == "sha256:513ff4a682fc16e83d16bbf0b434863f8854d56a118e5bf4cda33fa08c579ad0"
    assert (
        build_image(seed="s", docker=True).root.digest
        == "sha256:2f4b51a60bc68d74a98f24dc0145ed1c93f28032707007fec9ef8b1c3b3e6af3"
    )


def test_seed_labels_and_platform_each_make_another_image() -> None:
    digests = {
        build_image().root.digest,
        build_image(seed="s").root.digest,
        build_image(labels={"a": "b"}).root.digest,
        build_image(["linux/arm64"]).root.digest,
        build_image(created="2026-01-01T00:00:00Z").root.digest,
        build_image(docker=True).root.digest,
    }
    assert len(digests) == 6


def test_one_platform_is_a_manifest_and_several_are_an_index() -> None:
    assert build_image().root.media_type == OCI_MANIFEST
    assert build_image(BOTH).root.media_type == OCI_INDEX
    assert build_image(index=True).root.media_type == OCI_INDEX
    assert build_image(docker=True).root.media_type == DOCKER_MANIFEST
    assert build_image(BOTH, docker=True).root.media_type == DOCKER_LIST
    with pytest.raises(ValueError, match="2 manifests need an index"):
        build_image(BOTH, index=False)


def test_an_index_names_its_platforms_and_holds_its_children_before_it() -> None:
    image = build_image(BOTH)
    assert image.root.platforms == BOTH
    assert image.root.children == tuple(manifest.digest for manifest in image.manifests[:-1])
    entries = json.loads(image.root.body)["manifests"]
    assert entries[1]["platform"] == {"os": "linux", "architecture": "arm64", "variant": "v8"}
    assert [entry["size"] for entry in entries] == [len(manifest.body) for manifest in image.manifests[:-1]]


def test_labels_are_in_the_configuration_and_annotations_in_the_index() -> None:
    image = build_image(BOTH, labels={"a": "b"}, annotations={"c": "d"})
    assert config(image)["config"] == {"Labels": {"a": "b"}}
    assert json.loads(image.root.body)["annotations"] == {"c": "d"}


def test_the_layer_is_a_gzipped_tar_that_the_configuration_describes() -> None:
    image = build_image(seed="hello")
    manifest = json.loads(image.root.body)
    layer = image.blobs[manifest["layers"][0]["digest"]]
    content = gzip.decompress(layer)
    assert config(image)["rootfs"] == {"type": "layers", "diff_ids": [digest_of(content)]}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        file = archive.extractfile("image.txt")
        assert file is not None
        assert file.read() == b"hello\nlinux/amd64\n"


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 200_000])
def test_gzip_of_any_size_is_unpacked_again(size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    assert gzip.decompress(packed(content)) == content


def test_attestations_are_unknown_platforms_that_name_their_subject() -> None:
    image = build_image(BOTH, attestations=True)
    assert image.root.platforms == (*BOTH, "unknown/unknown", "unknown/unknown")
    entries = json.loads(image.root.body)["manifests"]
    assert [entry["annotations"]["vnd.docker.reference.digest"] for entry in entries[2:]] == list(
        image.root.children[:2]
    )
    assert {entry["annotations"]["vnd.docker.reference.type"] for entry in entries[2:]} == {"attestation-manifest"}


def test_every_blob_has_its_digest_and_every_manifest_its_blobs() -> None:
    for image in (build_image(BOTH, attestations=True), build_image(docker=True), attachment("sha256:" + "0" * 64)):
        assert {digest_of(content) for content in image.blobs.values()} == set(image.blobs)
        assert {digest for manifest in image.manifests for digest in manifest.blobs} == set(image.blobs)


def test_an_attachment_names_its_subject_and_has_cosigns_tag() -> None:
    subject = build_image().root.digest
    assert attachment_tag(subject, ".sig") == f"sha256-{subject.partition(':')[2]}.sig"
    assert attachment(subject).root.digest != attachment(subject, seed="again").root.digest
    assert any(subject.encode() in content for content in attachment(subject).blobs.values())


@pytest.mark.parametrize("platform", ["linux", "", "linux/", "a/b/c/d"])
def test_what_is_no_platform_is_refused(platform: str) -> None:
    with pytest.raises(ValueError, match="is not a platform"):
        build_image([platform])
