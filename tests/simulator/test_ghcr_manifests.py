"""Manifests on the registry: pushing, tags that move, reading by what the client takes, and what is refused."""

from __future__ import annotations

import json

import pytest
from tests.simulator.callers import PACKAGE, VERSIONS, Caller, codes, multi

from release_actions.simulator import Image, World, build_image
from release_actions.simulator.image_factory import attachment, attachment_tag
from release_actions.simulator.oci import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    digest_of,
)

PATH = f"/v2/{PACKAGE}/manifests"


def test_a_pushed_image_is_read_back_byte_for_byte(call: Caller) -> None:
    image = multi("a", attestations=True)
    call.push(image, "v1")
    for reference in ("v1", image.root.digest):
        answer = call.registry("GET", f"{PATH}/{reference}")
        assert answer.content == image.root.body
        assert answer.headers["Docker-Content-Digest"] == image.root.digest
        assert answer.headers["Content-Type"] == OCI_INDEX


def test_a_put_answers_with_digest_and_location(call: Caller) -> None:
    image = build_image(seed="a")
    call.push(image)
    answer = call.put("v1", image.root)
    assert answer.status_code == 201
    assert answer.headers["Docker-Content-Digest"] == image.root.digest
    assert answer.headers["Location"] == f"{PATH}/{image.root.digest}"


def test_a_head_has_the_headers_of_a_get_and_no_body(call: Caller) -> None:
    image = multi("a")
    call.push(image, "v1")
    head = call.registry("HEAD", f"{PATH}/v1")
    assert head.content == b""
    assert head.headers["Docker-Content-Digest"] == image.root.digest
    assert head.headers["Content-Length"] == str(len(image.root.body))


def test_a_put_of_a_tag_moves_it_and_leaves_the_old_version_untagged(call: Caller, world: World) -> None:
    old, new = multi("old"), multi("new")
    call.push(old, "latest")
    call.push(new, "latest")
    assert world.tags(PACKAGE) == {"latest": new.root.digest}
    tags = {version["name"]: version["metadata"]["container"]["tags"] for version in call.versions()}
    assert tags[old.root.digest] == []
    assert tags[new.root.digest] == ["latest"]


def test_the_same_digest_is_the_same_version_and_tags_add_up(call: Caller) -> None:
    image = build_image(seed="a")
    call.push(image, "v1.0.0", "v1", "latest")
    (version,) = call.versions()
    assert version["metadata"]["container"]["tags"] == ["v1.0.0", "v1", "latest"]


def test_every_manifest_is_a_version_children_too(call: Caller) -> None:
    image = multi("a", attestations=True)
    call.push(image, "v1")
    assert {version["name"] for version in call.versions()} == {one.digest for one in image.manifests}
    assert len(image.manifests) == 5


def test_a_put_by_digest_makes_an_untagged_version(call: Caller, world: World) -> None:
    call.push(build_image(seed="a"))
    assert world.tags(PACKAGE) == {}
    assert len(call.versions()) == 1


def test_a_put_by_another_digest_is_refused(call: Caller) -> None:
    image = build_image(seed="a")
    call.push(image)
    answer = call.put(digest_of(b"other"), image.root)
    assert (answer.status_code, codes(answer)) == (400, ["DIGEST_INVALID"])


def test_tags_in_the_query_of_a_put_by_digest_are_not_known(call: Caller, world: World) -> None:
    image = build_image(seed="a")
    call.push(image)
    answer = call.put(f"{image.root.digest}?tag=v1", image.root)
    assert answer.status_code == 201
    assert "OCI-Tag" not in answer.headers
    assert world.tags(PACKAGE) == {}


@pytest.mark.parametrize("tag", ["-v1", "v1+build", "a" * 129])
def test_a_malformed_tag_is_refused(call: Caller, tag: str) -> None:
    image = build_image(seed="a")
    call.push(image)
    answer = call.put(tag, image.root)
    assert (answer.status_code, codes(answer)) == (400, ["TAG_INVALID"])


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (OCI_MANIFEST, b"{"),
        (OCI_MANIFEST, b"[]"),
        (OCI_MANIFEST, b'{"schemaVersion": 1}'),
        (OCI_MANIFEST, b'{"schemaVersion": 2, "layers": []}'),
        (OCI_INDEX, b'{"schemaVersion": 2, "manifests": {}}'),
        (OCI_INDEX, b'{"schemaVersion": 2, "manifests": [{"digest": "sha512:1"}]}'),
        ("application/json", b'{"schemaVersion": 2, "manifests": []}'),
        ("", b'{"schemaVersion": 2, "manifests": []}'),
    ],
)
def test_what_is_no_manifest_is_refused(call: Caller, content_type: str, body: bytes) -> None:
    answer = call.registry("PUT", f"{PATH}/v1", headers={"Content-Type": content_type}, data=body)
    assert (answer.status_code, codes(answer)) == (400, ["MANIFEST_INVALID"])


def test_the_content_type_must_be_that_of_the_body(call: Caller) -> None:
    image = multi("a")
    call.push(image)
    answer = call.registry("PUT", f"{PATH}/v1", headers={"Content-Type": DOCKER_LIST}, data=image.root.body)
    assert (answer.status_code, codes(answer)) == (400, ["MANIFEST_INVALID"])


def test_a_manifest_without_a_media_type_of_its_own_is_taken_by_its_content_type(call: Caller) -> None:
    body = json.dumps({"schemaVersion": 2, "manifests": []}).encode()
    answer = call.registry("PUT", f"{PATH}/v1", headers={"Content-Type": OCI_INDEX}, data=body)
    assert answer.status_code == 201
    assert call.registry("GET", f"{PATH}/v1").headers["Content-Type"] == OCI_INDEX


def test_a_manifest_larger_than_four_mebibytes_is_refused(call: Caller) -> None:
    body = b'{"schemaVersion": 2, "manifests": []}'.ljust(4 * 1024 * 1024 + 1)
    answer = call.registry("PUT", f"{PATH}/v1", headers={"Content-Type": OCI_INDEX}, data=body)
    assert answer.status_code == 413


def test_a_manifest_whose_blobs_are_not_there_is_refused_with_each_of_them(call: Caller) -> None:
    image = build_image(seed="a")
    answer = call.put("v1", image.root)
    assert answer.status_code == 400
    assert {(error["code"], error["detail"]) for error in answer.json()["errors"]} == {
        ("MANIFEST_BLOB_UNKNOWN", digest) for digest in image.blobs
    }


def test_an_index_is_taken_without_its_children(call: Caller, world: World) -> None:
    image = multi("a")
    assert call.put("v1", image.root).status_code == 201
    assert world.missing(PACKAGE, "v1") == list(image.root.children)


def test_an_index_without_its_children_is_refused_where_the_world_checks_them(call: Caller, world: World) -> None:
    world.behavior.checks_children = True
    image = multi("a")
    answer = call.put("v1", image.root)
    assert (answer.status_code, codes(answer)) == (400, ["MANIFEST_BLOB_UNKNOWN"] * 2)
    call.push(image, "v1")
    assert world.missing(PACKAGE, "v1") == []


def reads(call: Caller, reference: str, count: int) -> list[str]:
    """What some reads of a tag or digest see: the digest, or the status that is no answer."""
    answers = [call.registry("HEAD", f"/v2/{PACKAGE}/manifests/{reference}") for _ in range(count)]
    return [answer.headers.get("Docker-Content-Digest", str(answer.status_code)) for answer in answers]


def test_a_written_tag_reads_stale_for_a_while_where_the_world_says_so(call: Caller, world: World) -> None:
    old, new = multi("old"), multi("new")
    for image in (old, new):
        call.push(image)
    call.put("v1", old.root).raise_for_status()
    world.behavior.stale_tag_reads = 2

    call.put("v1", new.root).raise_for_status()
    call.put("v2", new.root).raise_for_status()

    assert reads(call, "v1", 3) == [old.root.digest, old.root.digest, new.root.digest]
    assert reads(call, "v2", 3) == ["404", "404", new.root.digest]
    assert reads(call, new.root.digest, 1) == [new.root.digest]


def test_a_stale_tag_of_a_deleted_version_reads_as_missing(call: Caller, world: World) -> None:
    call.push(multi("other"), "v0")
    call.push(multi("old"), "v1")
    number = world.version(PACKAGE, "v1").id
    new = multi("new")
    call.push(new)
    world.behavior.stale_tag_reads = 1
    call.put("v1", new.root).raise_for_status()
    call.rest("DELETE", f"{VERSIONS}/{number}").raise_for_status()

    assert reads(call, "v1", 2) == ["404", new.root.digest]


def test_the_registry_cuts_no_tags(call: Caller, world: World) -> None:
    call.push(multi("a"), "v0.5.0-rc.1")
    assert set(world.tags(PACKAGE)) == {"v0.5.0-rc.1"}


def test_a_registry_that_cuts_tags_moves_what_the_pushed_version_begins_with(call: Caller, world: World) -> None:
    world.behavior.cuts_tags = True
    final, candidate = multi("final"), multi("candidate")

    call.push(final, "v0.4.0")
    call.push(candidate, "v0.5.0-rc.1")
    call.push(multi("other"), "pr-5")

    cut = dict.fromkeys(["latest", "v0", "v0.5", "v0.5.0", "v0.5.0-rc", "v0.5.0-rc.1"], candidate.root.digest)
    assert {tag: digest for tag, digest in world.tags(PACKAGE).items() if tag != "pr-5"} == {
        **cut,
        "v0.4": final.root.digest,
        "v0.4.0": final.root.digest,
    }


@pytest.mark.parametrize(
    ("image", "accept", "message"),
    [
        (multi("a"), OCI_MANIFEST, "OCI index found, but Accept header does not support OCI indexes"),
        (multi("a"), "*/*", "OCI index found, but Accept header does not support OCI indexes"),
        (
            build_image(seed="a"),
            DOCKER_MANIFEST,
            "OCI manifest found, but Accept header does not support OCI manifests",
        ),
        (multi("a", docker=True), OCI_INDEX, "manifest list found, but Accept header does not support manifest lists"),
    ],
    ids=["index", "anything", "manifest", "list"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_type_the_client_does_not_take_is_not_found(
    call: Caller, world: World, image: Image, accept: str, message: str, method: str
) -> None:
    world.push(PACKAGE, image, ["v1"])
    answer = call.registry(method, f"{PATH}/v1", headers={"Accept": accept})
    assert answer.status_code == 404
    if method == "GET":
        assert answer.json()["errors"] == [{"code": "MANIFEST_UNKNOWN", "message": message}]


def test_a_type_may_stand_anywhere_in_accept(call: Caller, world: World) -> None:
    world.push(PACKAGE, multi("a"), ["v1"])
    accept = f"text/html, {OCI_INDEX}; q=0.5"
    assert call.registry("GET", f"{PATH}/v1", headers={"Accept": accept}).status_code == 200


def test_a_client_of_dockers_plain_manifest_gets_the_amd64_child_of_a_docker_list(call: Caller, world: World) -> None:
    image = build_image(["linux/arm64", "linux/amd64"], docker=True)
    world.push(PACKAGE, image, ["v1"])
    answer = call.registry("GET", f"{PATH}/v1", headers={"Accept": DOCKER_MANIFEST})
    assert answer.headers["Docker-Content-Digest"] == image.manifests[1].digest
    assert answer.headers["Content-Type"] == DOCKER_MANIFEST


def test_dockers_plain_manifest_is_served_whatever_the_client_takes(call: Caller, world: World) -> None:
    world.push(PACKAGE, build_image(docker=True), ["v1"])
    assert call.registry("GET", f"{PATH}/v1", headers={"Accept": "*/*"}).status_code == 200


def test_an_unknown_tag_or_digest_is_not_found(call: Caller, world: World) -> None:
    world.push(PACKAGE, multi("a"), ["v1"])
    for reference in ("v2", digest_of(b"nothing")):
        answer = call.registry("GET", f"{PATH}/{reference}")
        assert (answer.status_code, codes(answer)) == (404, ["MANIFEST_UNKNOWN"])


def test_nothing_is_sent_again_to_who_has_it(call: Caller, world: World) -> None:
    image = multi("a")
    world.push(PACKAGE, image, ["v1"])
    answer = call.registry("GET", f"{PATH}/v1", headers={"If-None-Match": f'"{image.root.digest}"'})
    assert (answer.status_code, answer.content) == (304, b"")


def test_the_registry_deletes_nothing(call: Caller, world: World) -> None:
    image = multi("a")
    world.push(PACKAGE, image, ["v1"])
    blob = next(iter(image.blobs))
    for path in (f"{PATH}/v1", f"{PATH}/{image.root.digest}", f"/v2/{PACKAGE}/blobs/{blob}"):
        answer = call.registry("DELETE", path)
        assert (answer.status_code, codes(answer)) == (405, ["UNSUPPORTED"])
    assert world.missing(PACKAGE, "v1") == []


def test_there_is_no_referrers_api_and_attachments_live_under_tags(call: Caller, world: World) -> None:
    image = multi("a")
    world.push(PACKAGE, image, ["v1"])
    assert call.registry("GET", f"/v2/{PACKAGE}/referrers/{image.root.digest}").status_code == 404
    signature = attachment(image.root.digest)
    tag = attachment_tag(image.root.digest, ".sig")
    call.push(signature, tag)
    assert call.registry("GET", f"{PATH}/{tag}").content == signature.root.body
    assert tag in call.registry("GET", f"/v2/{PACKAGE}/tags/list").json()["tags"]
    tagged = [version for version in call.versions() if version["metadata"]["container"]["tags"] == [tag]]
    assert [version["name"] for version in tagged] == [signature.root.digest]


def test_a_get_is_a_download_of_that_version_and_a_head_is_none(call: Caller, world: World) -> None:
    image = multi("a")
    world.push(PACKAGE, image, ["v1"])
    call.registry("GET", f"{PATH}/v1")
    call.registry("GET", f"{PATH}/{image.root.digest}")
    call.registry("HEAD", f"{PATH}/v1")
    assert world.version(PACKAGE, "v1").downloads == 2
    assert [world.version(PACKAGE, child).downloads for child in image.root.children] == [0, 0]


def test_a_head_is_a_download_where_the_world_counts_it(call: Caller, world: World) -> None:
    world.behavior.head_counts_as_download = True
    world.push(PACKAGE, multi("a"), ["v1"])
    call.registry("HEAD", f"{PATH}/v1")
    assert world.version(PACKAGE, "v1").downloads == 1


def test_deleting_a_version_unmakes_its_manifest_and_tags_and_leaves_its_children(call: Caller, world: World) -> None:
    image, other = multi("a"), multi("b")
    world.push(PACKAGE, image, ["v1", "v1.0"])
    world.push(PACKAGE, other, ["v2"])
    number = world.version(PACKAGE, "v1").id
    assert call.rest("DELETE", f"{VERSIONS}/{number}").status_code == 204
    for reference in ("v1", "v1.0", image.root.digest):
        assert call.registry("GET", f"{PATH}/{reference}").status_code == 404
    for child in image.root.children:
        assert call.registry("GET", f"{PATH}/{child}").status_code == 200
    for blob in image.blobs:
        assert call.registry("HEAD", f"/v2/{PACKAGE}/blobs/{blob}").status_code == 200


def test_deleting_a_child_leaves_an_index_that_dangles(call: Caller, world: World) -> None:
    image = multi("a")
    world.push(PACKAGE, image, ["v1"])
    child = world.version(PACKAGE, image.root.children[0])
    assert call.rest("DELETE", f"{VERSIONS}/{child.id}").status_code == 204
    assert call.registry("GET", f"{PATH}/v1").status_code == 200
    assert call.registry("GET", f"{PATH}/{child.digest}").status_code == 404
    assert world.missing(PACKAGE, "v1") == [child.digest]


def test_a_digest_pushed_again_after_its_deletion_is_a_new_version(call: Caller, world: World) -> None:
    image = build_image(seed="a")
    world.push(PACKAGE, build_image(seed="b"), ["keep"])
    first = world.push(PACKAGE, image, ["v1"]).id
    call.rest("DELETE", f"{VERSIONS}/{first}")
    call.push(image, "v1")
    assert world.version(PACKAGE, "v1").id > first
