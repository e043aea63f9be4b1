"""One index over what was built for each platform: exact, complete, and the same bytes in any order."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.images.parts import entries, made, part, with_root

from release_actions.errors import ExitCode
from release_actions.images import assembly, manifests
from release_actions.images.assembly import AssemblyError
from release_actions.images.built_digests import Claim
from release_actions.images.manifests import Index, ManifestError, Platform
from release_actions.registry.media_types import DOCKER_LIST, OCI_INDEX
from release_actions.registry.names import digest_of
from release_actions.simulator.image_factory import build_image

PACKAGE = "ghcr.io/acme/app"
ALL = ("linux/amd64", "linux/arm/v7", "linux/arm64", "linux/ppc64le", "linux/s390x")
AMD, ARM = Platform("linux", "amd64"), Platform("linux", "arm64")
D = {n: f"sha256:{n * 64}" for n in "abcdef"}

IMAGE = "org.opencontainers.image."


def problems(error: pytest.ExceptionInfo[AssemblyError]) -> list[str]:
    assert error.value.exit_code is ExitCode.REFUSED
    return [problem.message for problem in error.value.problems]


def claims(**digests: str) -> list[Claim]:
    return [Claim(PACKAGE, Platform("linux", name), digest) for name, digest in digests.items()]


# Choosing


def test_each_platform_gets_its_digest() -> None:
    assert assembly.choose_digests(PACKAGE, (AMD, ARM), claims(arm64=D["b"], amd64=D["a"])) == {
        AMD: D["a"],
        ARM: D["b"],
    }


@pytest.mark.parametrize("count", range(len(ALL)))
def test_every_incomplete_set_of_platforms_is_refused(count: int) -> None:
    wanted = [Platform.parse(name) for name in ALL]
    for there in combinations(wanted, count):
        with pytest.raises(AssemblyError) as error:
            assembly.choose_digests(PACKAGE, wanted, [Claim(PACKAGE, platform, D["a"]) for platform in there])
        missing = ", ".join(str(platform) for platform in wanted if platform not in there)
        only = f"only for {', '.join(map(str, there))}" if there else "for none of its platforms"
        assert problems(error) == [f"{PACKAGE} is not published: no digest was given for {missing}, {only}."]
        assert error.value.hint == "An image is published on all its platforms or not at all."


def test_a_platform_that_was_not_asked_for_is_refused() -> None:
    with pytest.raises(AssemblyError) as error:
        assembly.choose_digests(PACKAGE, (AMD,), claims(amd64=D["a"], s390x=D["b"]))
    assert problems(error) == [
        f"{PACKAGE} is not published: a digest was given for linux/s390x, which it is not built for."
    ]
    assert error.value.hint == "It is built for linux/amd64."


def test_two_digests_for_one_platform_are_refused() -> None:
    twice = [*claims(amd64=D["b"], arm64=D["c"]), *claims(amd64=D["a"])]
    with pytest.raises(AssemblyError) as error:
        assembly.choose_digests(PACKAGE, (AMD, ARM), twice)
    assert problems(error) == [f"{PACKAGE} is not published: linux/amd64 has two digests, {D['a']} and {D['b']}."]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(AssemblyError) as error:
        assembly.choose_digests(PACKAGE, (AMD, ARM), [*claims(amd64=D["a"], s390x=D["b"]), *claims(amd64=D["c"])])
    assert [re.findall("no digest|not built for|two digests", text) for text in problems(error)] == [
        ["no digest"],
        ["not built for"],
        ["two digests"],
    ]


# Assembling


def test_one_platform_is_not_wrapped() -> None:
    for one in (part("linux/amd64"), part("linux/amd64", attestations=True), part("linux/amd64", docker=True)):
        found = assembly.assemble(PACKAGE, [one])
        assert found.document == one.root
        assert list(found.platforms) == [AMD]


def test_the_bytes_are_documented_json() -> None:
    found = assembly.assemble(PACKAGE, [part("linux/arm64"), part("linux/amd64")])
    body = found.document.body
    assert found.document.media_type == OCI_INDEX
    assert found.document.digest == f"sha256:{hashlib.sha256(body).hexdigest()}"
    assert body == json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode("ascii")
    expected = [made("linux/amd64").root, made("linux/arm64").root]
    assert json.loads(body) == {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [
            {
                "mediaType": one.media_type,
                "digest": one.digest,
                "size": len(one.body),
                "platform": {"os": "linux", "architecture": name},
            }
            for one, name in zip(expected, ("amd64", "arm64"), strict=True)
        ],
        "annotations": {"org.opencontainers.image.revision": "c0ffee"},
    }


def test_an_index_says_what_the_labels_of_all_platforms_say() -> None:
    labels = {f"{IMAGE}description": "Serves pages", f"{IMAGE}revision": "1", "org.example.team": "web"}
    parts = [
        part("linux/amd64", labels={**labels, f"{IMAGE}title": "amd64", f"{IMAGE}created": "2026-02-03"}),
        part("linux/arm64", labels={**labels, f"{IMAGE}title": "arm64", f"{IMAGE}created": "2026-02-03"}),
    ]

    index = json.loads(assembly.assemble(PACKAGE, parts).document.body)

    created = {f"{IMAGE}created": "2026-02-03"}
    assert index["annotations"] == {f"{IMAGE}description": "Serves pages", f"{IMAGE}revision": "1", **created}


def test_an_index_says_what_the_manifests_of_all_platforms_say() -> None:
    def annotate(document: dict[str, Any]) -> None:
        of_platform = {"org.example.digest": document["config"]["digest"]}
        document["annotations"] = {"org.example.team": "web", f"{IMAGE}title": "Web", **of_platform}

    platforms = ("linux/amd64", "linux/arm64")
    parts = [with_root(part(platform, labels={f"{IMAGE}title": "label"}), annotate) for platform in platforms]

    index = json.loads(assembly.assemble(PACKAGE, parts).document.body)

    assert index["annotations"] == {"org.example.team": "web", f"{IMAGE}title": "Web"}


def test_an_annotation_of_a_build_wins_over_a_label() -> None:
    def annotated(document: dict[str, Any]) -> None:
        document["annotations"] = {f"{IMAGE}revision": "said by the build"}

    platforms = ("linux/amd64", "linux/arm64")
    parts = [with_root(part(platform, attestations=True), annotated) for platform in platforms]

    index = json.loads(assembly.assemble(PACKAGE, parts).document.body)

    assert index["annotations"] == {f"{IMAGE}revision": "said by the build"}


def test_a_docker_list_has_no_annotations() -> None:
    parts = [part("linux/amd64", docker=True), part("linux/arm64", docker=True)]

    assert "annotations" not in json.loads(assembly.assemble(PACKAGE, parts).document.body)


def test_a_platform_whose_labels_are_not_what_the_plan_promised_is_refused() -> None:
    pushed = [part("linux/amd64", labels={f"{IMAGE}revision": "1"}), part("linux/arm64", labels={})]
    # The parts of these tests have layers beside configurations, which a registry is not asked for.
    parts = [replace(one, configs={d: blob for d, blob in one.configs.items() if b'"os"' in blob}) for one in pushed]

    with pytest.raises(AssemblyError) as caught:
        assembly.require_labels(PACKAGE, {f"{IMAGE}revision": "2"}, parts)

    assert [problem.message for problem in caught.value.problems] == [
        f"{PACKAGE} is not published: linux/amd64 has the label {IMAGE}revision '1', and the plan says '2'.",
        f"{PACKAGE} is not published: linux/arm64 lacks the label {IMAGE}revision, and the plan says '2'.",
    ]


def test_these_digests_give_this_index_for_ever() -> None:
    # A new digest here means that the same builds would be published as another image than before.
    found = assembly.assemble(PACKAGE, [part("linux/amd64", attestations=True), part("linux/arm64")])
    assert found.document.digest == "sha256:cdee05feccf4db057a5f3dba810c88603aafab8f40805fbdb15bbf7b4a28fab6"


@given(st.data(), st.lists(st.sampled_from(ALL), min_size=2, unique=True))
def test_order_does_not_matter(data: st.DataObject, names: list[str]) -> None:
    attested = data.draw(st.sets(st.sampled_from(names)))
    parts = [part(name, attestations=name in attested) for name in names]
    first = assembly.assemble(PACKAGE, parts)
    again = assembly.assemble(PACKAGE, data.draw(st.permutations(parts)))
    assert again == first
    index = manifests.parse(first.document.body, first.document.digest, first.document.media_type)
    assert isinstance(index, Index)
    assert index.platforms == {Platform.parse(name) for name in names} == set(first.platforms)
    assert {first.platforms[Platform.parse(name)] for name in attested} == set(first.attestations.values())


def test_a_small_index_is_lifted_with_its_attestation() -> None:
    parts = [part("linux/arm64", attestations=True), part("linux/amd64", attestations=True)]
    found = assembly.assemble(PACKAGE, parts)
    inside = {name: entries(made(name, attestations=True).root.body) for name in ("linux/amd64", "linux/arm64")}
    assert entries(found.document.body) == [
        inside["linux/amd64"][0],
        inside["linux/arm64"][0],
        inside["linux/amd64"][1],
        inside["linux/arm64"][1],
    ]
    assert found.attestations == {listed[1]["digest"]: listed[0]["digest"] for listed in inside.values()}
    assert list(found.platforms.values()) == [listed[0]["digest"] for listed in inside.values()]


def test_annotations_are_kept() -> None:
    def annotated(document: dict[str, Any], created: str) -> None:
        document["annotations"] = {"org.opencontainers.image.created": created, "org.example.team": "gr\u00fcn"}
        document["manifests"][0]["annotations"] = {"org.example.child": "yes"}

    parts = [
        with_root(part("linux/amd64", attestations=True), lambda d: annotated(d, "2026-02-03T10:00:00Z")),
        with_root(part("linux/arm64", attestations=True), lambda d: annotated(d, "2026-02-03T09:00:00Z")),
    ]
    found = json.loads(assembly.assemble(PACKAGE, parts).document.body)
    assert found["annotations"] == {
        "org.opencontainers.image.created": "2026-02-03T10:00:00Z",
        "org.opencontainers.image.revision": "c0ffee",
        "org.example.team": "gr\u00fcn",
    }
    assert [entry.get("annotations", {}).get("org.example.child") for entry in found["manifests"]] == [
        "yes",
        "yes",
        None,
        None,
    ]


def test_annotations_that_contradict_each_other_are_refused() -> None:
    parts = [
        with_root(part(name, attestations=True), lambda d, n=name: d.update(annotations={"team": n}))  # type: ignore[misc]
        for name in ("linux/amd64", "linux/arm64")
    ]
    with pytest.raises(AssemblyError) as error:
        assembly.assemble(PACKAGE, parts)
    assert problems(error) == [
        f"{PACKAGE} is not published: its platforms have different annotations team, 'linux/amd64' and 'linux/arm64'."
    ]


def test_docker_images_make_a_docker_list_and_mixed_ones_an_index() -> None:
    docker = [part(name, docker=True) for name in ("linux/amd64", "linux/arm64")]
    assert assembly.assemble(PACKAGE, docker).document.media_type == DOCKER_LIST
    mixed = assembly.assemble(PACKAGE, [docker[0], part("linux/arm64")]).document
    assert mixed.media_type == OCI_INDEX
    manifests.parse(mixed.body, mixed.digest, mixed.media_type)


def test_the_platform_is_that_of_the_configuration() -> None:
    variant = part("linux/arm/v7")
    windows = build_image(("windows/amd64",), labels={"org.opencontainers.image.revision": "c0ffee"})
    config = json.loads(windows.blobs[json.loads(windows.root.body)["config"]["digest"]])
    config.update({"os.version": "10.0.20348", "os.features": ["win32k"]})
    body = json.dumps(config).encode()
    document = json.loads(windows.root.body)
    document["config"].update(digest=digest_of(body), size=len(body))
    text = json.dumps(document).encode()
    root = assembly.RawManifest(text, windows.root.media_type, digest_of(text))
    other = assembly.Part(Platform("windows", "amd64"), root, {}, {digest_of(body): body})
    assert [entry["platform"] for entry in entries(assembly.assemble(PACKAGE, [other, variant]).document.body)] == [
        {"os": "linux", "architecture": "arm", "variant": "v7"},
        {"os": "windows", "architecture": "amd64", "os.version": "10.0.20348", "os.features": ["win32k"]},
    ]


def test_a_digest_of_another_platform_is_refused() -> None:
    # Hand-over: registry, merge.
    for attestations in (False, True):
        image = made("linux/amd64", attestations=attestations)
        with pytest.raises(AssemblyError) as error:
            assembly.assemble(PACKAGE, [part("linux/arm64", image), part("linux/amd64")])
        assert problems(error) == [
            f"{PACKAGE} is not published: {image.root.digest} was given for linux/arm64, and its configuration says "
            "linux/amd64."
        ]


def test_an_index_that_says_another_platform_than_its_image_is_refused() -> None:
    def lie(document: dict[str, Any]) -> None:
        document["manifests"][0]["platform"]["architecture"] = "s390x"

    changed = with_root(part("linux/arm64", attestations=True), lie)
    with pytest.raises(AssemblyError) as error:
        assembly.assemble(PACKAGE, [changed])
    assert problems(error) == [
        f"{PACKAGE} is not published: {changed.root.digest} lists an image as linux/s390x, and the image's "
        "configuration says linux/arm64."
    ]


def test_an_index_of_several_platforms_is_no_part() -> None:
    image = build_image(("linux/amd64", "linux/arm64"))
    with pytest.raises(AssemblyError) as error:
        assembly.assemble(PACKAGE, [part("linux/amd64", image)])
    assert problems(error) == [
        f"{PACKAGE} is not published: {image.root.digest}, given for linux/amd64, lists 2 images "
        "(linux/amd64, linux/arm64) and not one."
    ]


def test_an_index_of_indexes_is_no_part() -> None:
    nested = part("linux/amd64", attestations=True)
    child = entries(nested.root.body)[0]["digest"]
    changed = with_root(nested, lambda d: d["manifests"][0].update(mediaType=OCI_INDEX))
    with pytest.raises(AssemblyError) as error:
        assembly.assemble(PACKAGE, [changed])
    assert problems(error) == [f"{PACKAGE} is not published: {changed.root.digest} lists another index, {child}."]


def test_an_attestation_of_something_else_is_refused() -> None:
    def turn(document: dict[str, Any]) -> None:
        document["manifests"][1]["annotations"]["vnd.docker.reference.digest"] = D["f"]

    changed = with_root(part("linux/amd64", attestations=True), turn)
    attestation = entries(changed.root.body)[1]["digest"]
    with pytest.raises(AssemblyError) as error:
        assembly.assemble(PACKAGE, [changed])
    assert problems(error) == [
        f"{PACKAGE} is not published: the attestation {attestation} is about {D['f']}, which {changed.root.digest} "
        "does not list."
    ]


def test_a_size_that_is_not_the_images_is_refused() -> None:
    changed = with_root(part("linux/amd64", attestations=True), lambda d: d["manifests"][0].update(size=1))
    with pytest.raises(AssemblyError, match="with another type or size than it has"):
        assembly.assemble(PACKAGE, [changed])


def test_platforms_of_two_commits_are_refused() -> None:
    with pytest.raises(AssemblyError) as error:
        assembly.assemble(PACKAGE, [part("linux/arm64"), part("linux/amd64", revision="")])
    assert problems(error) == [
        f"{PACKAGE} is not published: its platforms were built from different commits, linux/amd64 from an unknown "
        "commit, linux/arm64 from c0ffee."
    ]


def test_the_revision_is_the_labels() -> None:
    assert assembly.assemble(PACKAGE, [part("linux/amd64")]).revision == "c0ffee"
    assert assembly.assemble(PACKAGE, [part("linux/amd64", revision="")]).revision == ""


def test_what_is_no_image_is_refused() -> None:
    one = part("linux/amd64")
    config = json.loads(one.root.body)["config"]["digest"]
    with pytest.raises(ManifestError, match="has bytes whose digest is"):
        assembly.assemble(PACKAGE, [assembly.Part(AMD, one.root, {}, {config: b"{}"})])


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"config": null}', b'{"config": {"Labels": ["a"]}}', b"[" * 99999]
)
def test_labels_that_are_none_are_no_labels(content: bytes) -> None:
    assert assembly.read_labels(content) == {}


def test_a_number_that_json_does_not_have_is_refused() -> None:
    strange = with_root(part("linux/amd64", attestations=True), lambda d: d["manifests"][0].update(odd=float("nan")))
    with pytest.raises(ManifestError, match="holds a number that JSON does not have"):
        assembly.assemble(PACKAGE, [strange, part("linux/arm64")])
