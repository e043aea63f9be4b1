"""Blobs on the registry: every way to upload, mounting, ranges, and the redirect to storage."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from tests.simulator.callers import ADA, EVE, PACKAGE, Caller, codes

from release_actions.simulator import World, build_image
from release_actions.simulator.oci import digest_of

BLOB = b"0123456789"
DIGEST = digest_of(BLOB)
UPLOADS = f"/v2/{PACKAGE}/blobs/uploads/"
PATH = f"/v2/{PACKAGE}/blobs/{DIGEST}"


def start(call: Caller) -> str:
    answer = call.registry("POST", UPLOADS)
    assert answer.status_code == 202
    assert answer.headers["Range"] == "0-0"
    return answer.headers["Location"]


def test_an_upload_begins_at_a_relative_address(call: Caller) -> None:
    place = start(call)
    assert place.startswith(f"/v2/{PACKAGE}/blobs/upload/")
    assert start(call) != place


def test_a_blob_in_one_put(call: Caller, world: World) -> None:
    answer = call.registry("PUT", f"{start(call)}?digest={DIGEST}", data=BLOB)
    assert answer.status_code == 201
    assert answer.headers["Docker-Content-Digest"] == DIGEST
    assert answer.headers["Location"] == PATH
    assert world.has_blob(PACKAGE, DIGEST)


def test_a_blob_in_one_post(call: Caller, world: World) -> None:
    assert call.registry("POST", f"{UPLOADS}?digest={DIGEST}", data=BLOB).status_code == 201
    assert world.has_blob(PACKAGE, DIGEST)


def test_a_blob_in_chunks_with_ranges(call: Caller) -> None:
    place = start(call)
    first = call.registry("PATCH", place, headers={"Content-Range": "0-3"}, data=BLOB[:4])
    assert (first.status_code, first.headers["Range"]) == (202, "0-3")
    second = call.registry("PATCH", first.headers["Location"], headers={"Content-Range": "4-9"}, data=BLOB[4:])
    assert second.headers["Range"] == "0-9"
    assert call.registry("PUT", f"{place}?digest={DIGEST}").status_code == 201


def test_a_blob_as_a_stream_without_ranges(call: Caller) -> None:
    place = start(call)
    assert call.registry("PATCH", place, data=iter([BLOB[:5], BLOB[5:]])).headers["Range"] == "0-9"
    assert call.registry("PUT", f"{place}?digest={DIGEST}").status_code == 201


def test_the_last_chunk_may_come_with_the_end(call: Caller) -> None:
    place = start(call)
    call.registry("PATCH", place, data=BLOB[:4])
    assert call.registry("PUT", f"{place}?digest={DIGEST}", data=BLOB[4:]).status_code == 201


@pytest.mark.parametrize("span", ["4-9", "0-5", "nonsense"])
def test_a_chunk_that_does_not_follow_is_refused_with_what_arrived(call: Caller, span: str) -> None:
    place = start(call)
    call.registry("PATCH", place, headers={"Content-Range": "0-1"}, data=BLOB[:2])
    answer = call.registry("PATCH", place, headers={"Content-Range": span}, data=BLOB[2:8])
    assert (answer.status_code, codes(answer)) == (416, ["BLOB_UPLOAD_INVALID"])
    assert answer.headers["Range"] == "0-1"


def test_an_upload_tells_how_much_arrived(call: Caller) -> None:
    place = start(call)
    call.registry("PATCH", place, data=BLOB[:4])
    answer = call.registry("GET", place)
    assert (answer.status_code, answer.headers["Range"]) == (204, "0-3")


def test_another_digest_is_refused_and_ends_the_upload(call: Caller, world: World) -> None:
    place = start(call)
    answer = call.registry("PUT", f"{place}?digest={digest_of(b'other')}", data=BLOB)
    assert (answer.status_code, codes(answer)) == (400, ["DIGEST_INVALID"])
    assert codes(call.registry("PUT", f"{place}?digest={DIGEST}", data=BLOB)) == ["BLOB_UPLOAD_UNKNOWN"]
    assert not world.has_blob(PACKAGE, DIGEST)


@pytest.mark.parametrize("digest", ["", "sha512:0", "nonsense"])
def test_what_is_no_digest_is_refused_and_leaves_the_upload(call: Caller, digest: str) -> None:
    place = start(call)
    answer = call.registry("PUT", f"{place}?digest={digest}", data=BLOB)
    assert (answer.status_code, codes(answer)) == (400, ["DIGEST_INVALID"])
    assert call.registry("PUT", f"{place}?digest={DIGEST}", data=BLOB).status_code == 201


def test_an_upload_given_up_is_unknown(call: Caller) -> None:
    place = start(call)
    assert call.registry("DELETE", place).status_code == 204
    for method in ("GET", "PATCH", "DELETE"):
        answer = call.registry(method, place)
        assert (answer.status_code, codes(answer)) == (404, ["BLOB_UPLOAD_UNKNOWN"])


def test_an_upload_belongs_to_its_repository(call: Caller) -> None:
    place = start(call).replace(PACKAGE, "llm-d/second")
    assert codes(call.registry("PUT", f"{place}?digest={DIGEST}", data=BLOB)) == ["BLOB_UPLOAD_UNKNOWN"]


def test_a_blob_is_mounted_from_a_package_the_client_may_read(call: Caller, world: World) -> None:
    world.add_blob(PACKAGE, BLOB)
    answer = call.registry("POST", f"/v2/llm-d/second/blobs/uploads/?mount={DIGEST}&from={PACKAGE}")
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v2/llm-d/second/blobs/{DIGEST}"
    assert world.has_blob("llm-d/second", DIGEST)


@pytest.mark.parametrize("source", ["llm-d/nothing", "eve/private", "llm-d/second", ""])
def test_a_mount_that_cannot_be_becomes_an_upload(call: Caller, world: World, source: str) -> None:
    world.add_package("eve/private", visibility="private")
    world.add_blob("eve/private", BLOB)
    answer = call.registry("POST", f"/v2/llm-d/second/blobs/uploads/?mount={DIGEST}&from={source}")
    assert answer.status_code == 202
    assert not world.has_blob("llm-d/second", DIGEST)
    place = answer.headers["Location"]
    assert call.registry("PUT", f"{place}?digest={DIGEST}", data=BLOB).status_code == 201


def test_a_blob_is_unknown_in_a_repository_it_was_not_pushed_to(call: Caller, world: World) -> None:
    world.add_blob("llm-d/second", BLOB)
    answer = call.registry("GET", PATH)
    assert (answer.status_code, codes(answer)) == (404, ["BLOB_UNKNOWN"])


def test_a_blob_of_a_private_package_is_not_for_everybody(call: Caller, world: World) -> None:
    world.add_package("llm-d/private", visibility="private")
    world.add_blob("llm-d/private", BLOB)
    assert call.registry("GET", f"/v2/llm-d/private/blobs/{DIGEST}", EVE).status_code == 403


def test_a_head_of_a_blob_tells_its_size(call: Caller, world: World) -> None:
    world.add_blob(PACKAGE, BLOB)
    answer = call.registry("HEAD", PATH)
    assert (answer.status_code, answer.headers["Content-Length"]) == (200, "10")
    assert answer.headers["Docker-Content-Digest"] == DIGEST


def test_a_blob_is_fetched_from_storage_on_another_host(call: Caller, world: World) -> None:
    world.add_blob(PACKAGE, BLOB)
    answer = call.registry("GET", PATH, allow_redirects=False)
    assert answer.status_code == 307
    storage, registry = urlsplit(answer.headers["Location"]), urlsplit(call.simulator.registry_url)
    assert storage.path == f"/_storage/blobs/{DIGEST}"
    assert (storage.hostname, registry.hostname) == ("localhost", "127.0.0.1")
    assert call.session.get(answer.headers["Location"], timeout=10).content == BLOB


def test_storage_refuses_who_sends_the_token_along(call: Caller, world: World) -> None:
    world.add_blob(PACKAGE, BLOB)
    place = call.registry("GET", PATH, allow_redirects=False).headers["Location"]
    headers = {"Authorization": f"Bearer {ADA}"}
    assert call.session.get(place, headers=headers, timeout=10).status_code == 400


def test_a_storage_address_is_signed_and_dies(call: Caller, world: World) -> None:
    world.add_blob(PACKAGE, BLOB)
    other = world.add_blob(PACKAGE, b"other")
    place = call.registry("GET", PATH, allow_redirects=False).headers["Location"]
    assert call.session.get(place.replace(DIGEST, other), timeout=10).status_code == 403
    assert call.session.get(place.partition("?")[0], timeout=10).status_code == 403
    world.clock.advance(601)
    assert call.session.get(place, timeout=10).status_code == 403


def test_a_blob_is_served_at_once_where_the_world_does_not_redirect(call: Caller, world: World) -> None:
    world.behavior.redirects_blobs = False
    world.add_blob(PACKAGE, BLOB)
    answer = call.registry("GET", PATH, allow_redirects=False)
    assert (answer.status_code, answer.content) == (200, BLOB)


@pytest.mark.parametrize("redirects", [True, False])
@pytest.mark.parametrize(
    ("span", "status", "content", "told"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=20-", 416, b"", "bytes */10"),
    ],
)
def test_a_part_of_a_blob(
    call: Caller, world: World, *, redirects: bool, span: str, status: int, content: bytes, told: str
) -> None:
    world.behavior.redirects_blobs = redirects
    world.add_blob(PACKAGE, BLOB)
    answer = call.registry("GET", PATH, headers={"Range": span})
    assert (answer.status_code, answer.content, answer.headers["Content-Range"]) == (status, content, told)


def test_blobs_of_a_deleted_version_stay(call: Caller, world: World) -> None:
    image = build_image(seed="a")
    world.push(PACKAGE, build_image(seed="b"), ["keep"])
    version = world.push(PACKAGE, image, ["v1"])
    call.rest("DELETE", f"/orgs/llm-d/packages/container/llm-d-cuda/versions/{version.id}")
    for digest, content in image.blobs.items():
        assert call.registry("GET", f"/v2/{PACKAGE}/blobs/{digest}").content == content
