from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_actions.images import manifests
from release_actions.images.graph import Graph, subject_of_tag
from release_actions.images.manifests import AnyManifest, Descriptor, Index, Manifest, ManifestError, Platform
from release_actions.registry.media_types import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from release_actions.registry.names import Digest, digest_of

AMD64 = Platform.parse("linux/amd64")
ARM64 = Platform.parse("linux/arm64")


def digest(number: int) -> Digest:
    return Digest(f"sha256:{number:064x}")


def encode(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def descriptor(number: int, media_type: str = OCI_MANIFEST, **more: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest(number), "size": 100 + number, **more}


def manifest_document(**more: Any) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(1, "application/vnd.oci.image.config.v1+json"),
        "layers": [descriptor(2, "application/vnd.oci.image.layer.v1.tar+gzip")],
        **more,
    }


def index_document(*children: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(children), **more}


def index(number: int, *children: int, subject: int | None = None, nested: tuple[int, ...] = ()) -> Index:
    found = [manifests.Descriptor(digest(child), OCI_MANIFEST, 1) for child in children]
    found += [manifests.Descriptor(digest(child), OCI_INDEX, 1) for child in nested]
    about = None if subject is None else manifests.Descriptor(digest(subject), OCI_MANIFEST, 1)
    return Index(digest(number), OCI_INDEX, 10, tuple(found), about)


def manifest(number: int, subject: int | None = None) -> Manifest:
    config = manifests.Descriptor(digest(number + 1000), "application/vnd.oci.image.config.v1+json", 7)
    about = None if subject is None else manifests.Descriptor(digest(subject), OCI_MANIFEST, 1)
    return Manifest(digest(number), OCI_MANIFEST, 10, config, (), about)


def test_an_oci_index_is_read_with_platforms_and_attestations() -> None:
    content = encode(
        index_document(
            descriptor(1, platform={"os": "linux", "architecture": "amd64"}),
            descriptor(2, platform={"os": "linux", "architecture": "arm64", "variant": "v8"}),
            descriptor(
                3,
                platform={"os": "unknown", "architecture": "unknown"},
                annotations={manifests.REFERENCE_TYPE: manifests.ATTESTATION, manifests.REFERENCE_DIGEST: digest(1)},
            ),
            annotations={"org.opencontainers.image.version": "v1.2.3"},
        )
    )
    image = manifests.parse(content, digest_of(content), "application/vnd.oci.image.index.v1+json; charset=utf-8")
    assert isinstance(image, Index)
    assert image.digest == digest_of(content)
    assert image.size == len(content)
    assert [child.digest for child in image.children] == [digest(1), digest(2), digest(3)]
    assert [child.size for child in image.children] == [101, 102, 103]
    assert image.platforms == {AMD64, ARM64}
    assert image.attestations == {digest(3): digest(1)}
    assert image.annotations == {"org.opencontainers.image.version": "v1.2.3"}


def test_an_oci_manifest_is_read_with_blobs_and_subject() -> None:
    content = encode(manifest_document(subject=descriptor(9), artifactType="application/vnd.dev.sigstore.bundle"))
    image = manifests.parse(content)
    assert isinstance(image, Manifest)
    assert [blob.digest for blob in image.blobs] == [digest(1), digest(2)]
    assert image.subject is not None
    assert image.subject.digest == digest(9)
    assert image.artifact_type == "application/vnd.dev.sigstore.bundle"


def test_docker_media_types_are_read_too() -> None:
    child = descriptor(1, DOCKER_MANIFEST, platform={"os": "linux", "architecture": "amd64"})
    found = manifests.parse(encode(index_document(child, mediaType=DOCKER_LIST)))
    assert isinstance(found, Index)
    assert found.platforms == {AMD64}
    assert isinstance(manifests.parse(encode(manifest_document(mediaType=DOCKER_MANIFEST))), Manifest)


def test_the_media_type_comes_from_the_header_or_the_content_when_the_document_has_none() -> None:
    document = index_document(descriptor(1))
    del document["mediaType"]
    assert manifests.parse(encode(document)).media_type == OCI_INDEX
    assert manifests.parse(encode(document), media_type=DOCKER_LIST).media_type == DOCKER_LIST


def test_an_empty_list_written_as_null_is_empty() -> None:
    found = manifests.parse(encode({**index_document(), "manifests": None}))
    assert isinstance(found, Index)
    assert found.children == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html>", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[]", "is not a JSON object"),
        (b"[" * 100_000, "is not JSON"),
        (b"{}", "is neither index nor manifest"),
        (encode({**index_document(), **manifest_document()}), "is both an index and a manifest"),
        (encode(index_document(mediaType="text/plain")), "has the media type 'text/plain'"),
        (encode(index_document(mediaType=OCI_MANIFEST)), "which does not fit its content"),
        (encode(index_document(mediaType=7)), "has the media type 7"),
        (encode(index_document({"digest": digest(1)})), "'manifests[0]' without a media type"),
        (encode(index_document(descriptor(1), descriptor(2, digest="sha256:12"))), "'manifests[1]' without a valid di"),
        (encode(index_document(descriptor(1, size=-1))), "without a valid size"),
        (encode(index_document(descriptor(1, size=True))), "without a valid size"),
        (encode(index_document(descriptor(1, platform="linux"))), "malformed platform"),
        (encode(index_document(descriptor(1, platform={"os": 1}))), "malformed platform"),
        (encode(index_document(descriptor(1, annotations={"a": 1}))), "annotations that are no map"),
        (encode(index_document(annotations=["a"])), "annotations that are no map"),
        (encode({**index_document(), "manifests": {}}), "'manifests' that is not a list"),
        (encode({**index_document(), "manifests": ["x"]}), "'manifests[0]' that is not a descriptor"),
        (encode(manifest_document(config=None)), "has no config"),
        (encode(manifest_document(artifactType=1)), "'artifactType' that is not a text"),
        (encode(manifest_document(subject={"digest": "nonsense"})), "'subject' without a valid digest"),
    ],
)
def test_a_malformed_manifest_is_an_error_that_names_it(content: bytes, words: str) -> None:
    with pytest.raises(ManifestError) as caught:
        manifests.parse(content)
    assert digest_of(content) in str(caught.value)
    assert words in str(caught.value)


def test_bytes_that_do_not_have_the_digest_are_refused() -> None:
    with pytest.raises(ManifestError, match="has bytes whose digest is"):
        manifests.parse(encode(manifest_document()), digest(7))


def test_a_document_served_as_another_format_is_refused() -> None:
    with pytest.raises(ManifestError, match="but was served as"):
        manifests.parse(encode(index_document(descriptor(1))), media_type=DOCKER_LIST)
    with pytest.raises(ManifestError, match="but was served as"):
        manifests.parse(encode(index_document(descriptor(1))), media_type=OCI_MANIFEST)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=3))
def test_no_document_makes_the_parser_fail_in_another_way(value: Any) -> None:
    for document in (
        index_document(descriptor(1), mediaType=value),
        index_document(value),
        index_document(descriptor(1, platform=value)),
        index_document(annotations=value),
        manifest_document(layers=value),
        manifest_document(config=value),
        manifest_document(subject=value),
    ):
        content = encode(document)
        name = digest_of(content)
        try:
            named: str = manifests.parse(content).digest
        except ManifestError as error:
            named = str(error).split()[1]
        assert named == name


@pytest.mark.parametrize("ending", ["", ".sig", ".att", ".sbom"])
def test_an_attachment_tag_names_its_subject(ending: str) -> None:
    assert subject_of_tag("sha256-" + "a" * 64 + ending) == "sha256:" + "a" * 64


@pytest.mark.parametrize(
    "tag", ["latest", "sha-abc1234", "sha256-" + "a" * 63, "sha256-" + "A" * 64, "sha256-" + "a" * 64 + ".other"]
)
def test_other_tags_are_no_attachments(tag: str) -> None:
    assert subject_of_tag(tag) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("linux/amd64", "linux/amd64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("Linux/aarch64", "linux/arm64"),
        ("linux/x86_64", "linux/amd64"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/v6", "linux/arm/v6"),
        ("linux/amd64/v3", "linux/amd64/v3"),
    ],
)
def test_platforms_are_normalised(text: str, shown: str) -> None:
    assert str(Platform.parse(text)) == shown


@pytest.mark.parametrize("text", ["", "linux", "linux/", "/amd64", "a/b/c/d"])
def test_a_malformed_platform_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a platform"):
        Platform.parse(text)


def test_missing_platforms_of_an_index() -> None:
    content = encode(index_document(descriptor(1, platform={"os": "linux", "architecture": "arm64", "variant": "v8"})))
    image = manifests.parse(content)
    assert manifests.find_missing_platforms(image, [ARM64]) == ()
    assert manifests.find_missing_platforms(image, [ARM64, AMD64]) == (AMD64,)


def test_a_manifest_has_only_the_platform_of_its_config() -> None:
    image = manifests.parse(encode(manifest_document()))
    assert manifests.find_missing_platforms(image, [AMD64]) == (AMD64,)
    assert manifests.find_missing_platforms(image, [AMD64], AMD64) == ()
    assert manifests.find_missing_platforms(image, [AMD64, ARM64], AMD64) == (ARM64,)


def test_the_platform_of_a_config() -> None:
    content = encode({"os": "linux", "architecture": "arm64", "variant": "v8", "rootfs": {}})
    assert manifests.read_config_platform(content, digest_of(content)) == ARM64


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"os": 1, "architecture": "amd64"}'])
def test_a_config_without_a_platform_is_an_error(content: bytes) -> None:
    with pytest.raises(ManifestError):
        manifests.read_config_platform(content, digest_of(content))


def test_a_config_with_other_bytes_is_an_error() -> None:
    with pytest.raises(ManifestError, match="whose digest is"):
        manifests.read_config_platform(b'{"os": "linux", "architecture": "amd64"}', digest(1))


def test_a_graph_follows_indexes_at_any_depth_and_attachments_of_each() -> None:
    tags = {"v1": digest(1), f"sha256-{3:064x}.sig": digest(20)}
    graph = Graph.of([index(1, nested=(2,)), index(2, 3, 4), manifest(3), manifest(21, subject=4)], tags)
    assert graph.content([digest(1)]) == {digest(1), digest(2), digest(3), digest(4)}
    assert graph.reachable([digest(1)]) == {digest(n) for n in (1, 2, 3, 4, 20, 21)}
    assert graph.parents[digest(3)] == {digest(2)}
    assert graph.subjects == {digest(20): {digest(3)}, digest(21): {digest(4)}}
    assert graph.reachable([digest(21)]) == {digest(21)}


def test_what_hangs_on_an_attachment_hangs_on_its_subject() -> None:
    graph = Graph.of([index(30, 31)], {f"sha256-{1:064x}": digest(30)})
    assert graph.reachable([digest(1)]) == {digest(1), digest(30), digest(31)}


def test_a_nested_index_that_was_not_read_is_reported() -> None:
    assert Graph.of([index(1, 5, nested=(2,))]).unread() == {digest(2)}
    assert Graph.of([index(1, 5, nested=(2,)), index(2, 3)]).unread() == frozenset()


def test_platforms_include_those_of_nested_indexes() -> None:
    inner = manifests.parse(encode(index_document(descriptor(1, platform={"os": "linux", "architecture": "amd64"}))))
    outer = Index(digest(9), OCI_INDEX, 1, (manifests.Descriptor(inner.digest, OCI_INDEX, 1),))
    assert Graph.of([inner, outer]).platforms(digest(9)) == {AMD64}
    assert Graph.of([outer]).platforms(digest(9)) == frozenset()


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[AnyManifest], dict[str, str]]:
    """Indexes and manifests that refer to lower numbers only, as digests do, and tags."""
    found: list[AnyManifest] = []
    for number in range(1, draw(st.integers(1, 8)) + 1):
        lower = st.lists(st.integers(0, number - 1), max_size=3)
        subject = draw(st.none() | st.integers(0, number - 1))
        found.append(
            index(number, *draw(lower), subject=subject, nested=tuple(draw(lower)))
            if draw(st.booleans())
            else manifest(number, subject)
        )
    numbers = st.integers(0, len(found))
    tags: dict[str, str] = {f"v{n}": digest(n) for n in draw(st.lists(numbers, max_size=3))}
    tags |= {f"sha256-{draw(numbers):064x}": digest(n) for n in draw(st.lists(numbers, max_size=2))}
    return found, tags


@given(worlds(), st.randoms(use_true_random=False))
def test_a_graph_does_not_depend_on_the_order_of_its_input(
    world: tuple[list[AnyManifest], dict[str, str]], shuffle: random.Random
) -> None:
    found, tags = world
    other = found[:]
    shuffle.shuffle(other)
    pairs = list(tags.items())
    shuffle.shuffle(pairs)
    assert Graph.of(found, tags) == Graph.of(other, dict(pairs))


@given(worlds(), st.sets(st.integers(0, 8)), st.sets(st.integers(0, 8)))
def test_reaching_is_closed_and_additive(
    world: tuple[list[AnyManifest], dict[str, str]], one: set[int], other: set[int]
) -> None:
    graph = Graph.of(*world)
    a, b = ({digest(n) for n in numbers} for numbers in (one, other))
    reached = graph.reachable(a)
    assert a <= reached
    assert graph.reachable(reached) == reached
    assert graph.content(a) <= reached
    assert graph.reachable(a | b) == reached | graph.reachable(b)
    for found in reached:
        assert set(graph.children(found)) <= reached
        assert graph.attachments(found) <= reached


@pytest.mark.parametrize(
    ("artifact_type", "is_image"),
    [
        ("", True),
        ("application/vnd.oci.image.config.v1+json", True),  # crane states it for each image that it appends
        ("application/vnd.docker.container.image.v1+json", True),
        ("application/vnd.cncf.helm.config.v1+json", False),
    ],
)
def test_an_entry_whose_artifact_type_is_an_image_s_configuration_is_an_image(
    artifact_type: str, *, is_image: bool
) -> None:
    entry = Descriptor(digest(1), OCI_MANIFEST, 7, artifact_type=artifact_type)

    assert entry.can_be_image is is_image
