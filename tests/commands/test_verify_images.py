"""verify-images through its command line, over real HTTP to the embedded GHCR: what it proves, and what it finds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.commands.published import APP, BOTH, COMMIT, OTHER, WEB, Shop, built, entry, labels, said, world

from release_actions.errors import ExitCode, InputError
from release_actions.images import inspection, publish
from release_actions.registry.media_types import OCI_INDEX
from release_actions.registry.names import digest_of
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.faults import Fault

NOWHERE = f"sha256:{'0' * 64}"


@pytest.fixture(name="world")
def _world() -> World:
    return world()


@pytest.fixture
def shop(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    for module in (publish, inspection):
        monkeypatch.setattr(module, "PAUSES", (0.0,) * 8)
    return Shop.of(simulator, tmp_path)


@pytest.fixture
def merged(shop: Shop) -> Any:
    """The entry of an image that merge-digests has published, attestations included."""
    for platform in BOTH:
        shop.push(platform, attestations=True)
    found: Any = shop.merge().outputs["images"]
    return found[0]


def publish_index(shop: Shop, change: Callable[[dict[str, Any]], None], tag: str = "v1.0.0") -> str:
    """Put a changed copy of the published index under a tag, past all checks."""
    document = shop.under(tag)
    del document["@"]
    change(document)
    body = json.dumps(document).encode()
    return shop.registry.put_manifest("acme/app", tag, body, OCI_INDEX)


def put(shop: Shop, image: Any, tag: str = "v1.0.0") -> None:
    shop.push("any", image)
    shop.registry.put_manifest("acme/app", tag, image.root.body, image.root.media_type)


def test_what_was_merged_is_right_and_locked(shop: Shop, merged: Any) -> None:
    report = shop.verify(merged, lock_file="out/images.lock.json")
    assert (report.exit_code, said(report)) == (ExitCode.PASS, [])
    index = shop.under("v1.0.0")["manifests"]
    lock = {
        "version": 1,
        "revision": COMMIT,
        "images": {
            APP: {
                "tags": ["v1.0.0"],
                "digest": merged["digest"],
                "platforms": {"linux/amd64": index[0]["digest"], "linux/arm64": index[1]["digest"]},
                "attestations": {index[2]["digest"]: index[0]["digest"], index[3]["digest"]: index[1]["digest"]},
            }
        },
    }
    digest = digest_of((shop.workspace / "out/images.lock.json").read_bytes())
    assert report.outputs == {"verified": True, "lock": lock, "lock-digest": digest, "failed": []}
    assert json.loads((shop.workspace / "out/images.lock.json").read_text()) == lock
    assert report.lines == (f"{APP}: right, 2 platforms, 2 attestations.", "1 image verified.")
    assert f"| `{APP}` | `v1.0.0` | `{merged['digest']}` |" in report.summary


@pytest.mark.parametrize("how", [{}, {"attestations": True}, {"docker": True}], ids=str)
def test_an_image_of_one_platform_is_right(shop: Shop, how: dict[str, Any]) -> None:
    digest = shop.push("linux/amd64", **how)
    listed = entry(platforms=["linux/amd64"])
    shop.merge(listed)
    report = shop.verify(listed)
    assert said(report) == []
    lock: Any = report.outputs["lock"]
    assert lock["images"][APP]["digest"] == digest
    assert list(lock["images"][APP]["platforms"]) == ["linux/amd64"]


def test_without_a_digest_of_the_run_the_tag_is_taken(
    shop: Shop, merged: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    del merged["digest"]
    assert shop.verify(merged).exit_code is ExitCode.PASS
    assert "image-list has no digests of this run: whatever the tags name is verified." in capsys.readouterr().out


def test_an_image_that_was_not_published_is_wrong(shop: Shop) -> None:
    report = shop.verify(entry(digest=""), lock_file="lock.json")
    assert report.exit_code is ExitCode.REFUSED
    assert said(report) == [
        f"error: {APP}: this run did not publish it.",
        f"error: {APP}: there is no tag v1.0.0.",
    ]
    assert report.outputs["verified"] is False
    assert report.outputs["failed"] == [APP]
    assert not (shop.workspace / "lock.json").exists()


def test_a_missing_tag_and_a_tag_of_something_else_are_found(shop: Shop, merged: Any) -> None:
    # Hand-over: merge, verify.
    other = publish_index(shop, lambda d: d.update(annotations={"another": "image"}))
    report = shop.verify({**merged, "tags": ["v1.0.0", "sha-0123456"]})
    assert said(report) == [
        f"error: {APP}: v1.0.0 names {other}, and this run published {merged['digest']}.",
        f"error: {APP}: there is no tag sha-0123456.",
    ]


def test_tags_that_name_different_images_are_found(shop: Shop, merged: Any) -> None:
    shop.merge(entry(tags=["v1.0.0", "other"]))
    other = publish_index(shop, lambda d: d.update(annotations={"another": "image"}), "other")
    named = " and ".join(sorted([merged["digest"], other]))
    assert said(shop.verify(entry(tags=["v1.0.0", "other"]))) == [
        f"error: {APP}: its tags name different images, {named}."
    ]


def test_missing_and_strange_platforms_are_found(shop: Shop, merged: Any) -> None:
    report = shop.verify({**merged, "platforms": ["linux/amd64", "linux/s390x"]})
    assert said(report) == [
        f"error: {APP}: it lacks linux/s390x.",
        f"error: {APP}: it has linux/arm64, for which it is not built.",
    ]


def test_an_image_of_another_platform_is_found(shop: Shop) -> None:
    put(shop, built("linux/arm64"))
    assert said(shop.verify(entry(platforms=["linux/amd64"]))) == [
        f"error: {APP}: it lacks linux/amd64.",
        f"error: {APP}: it has linux/arm64, for which it is not built.",
    ]


def test_a_platform_that_is_listed_twice_is_found(shop: Shop, merged: Any) -> None:
    publish_index(shop, lambda d: d["manifests"].append(d["manifests"][0]))
    assert said(shop.verify(entry())) == [f"error: {APP}: it has linux/amd64 more than once."]


def test_a_child_that_does_not_answer_is_found(shop: Shop, merged: Any) -> None:
    def lose(document: dict[str, Any]) -> None:
        document["manifests"][1]["digest"] = NOWHERE
        document["manifests"][3]["digest"] = f"sha256:{'1' * 64}"
        document["manifests"][3]["annotations"]["vnd.docker.reference.digest"] = NOWHERE

    publish_index(shop, lose)
    assert said(shop.verify(entry())) == [
        f"error: {APP}: the child for linux/arm64, {NOWHERE} does not answer.",
        f"error: {APP}: the attestation sha256:{'1' * 64} does not answer.",
    ]


def test_an_index_that_lies_about_its_children_is_found(shop: Shop, merged: Any) -> None:
    def lie(document: dict[str, Any]) -> None:
        first, second, third, _ = document["manifests"]
        first["platform"], second["platform"] = second["platform"], first["platform"]
        third["size"] += 1
        third["annotations"]["vnd.docker.reference.digest"] = NOWHERE

    publish_index(shop, lie)
    amd, arm, attestation, _ = (one["digest"] for one in shop.under("v1.0.0")["manifests"])
    assert said(shop.verify(entry())) == [
        f"error: {APP}: the attestation {attestation} has another type or size than the index says.",
        f"error: {APP}: the attestation {attestation} is about {NOWHERE}, which the index does not list.",
        f"error: {APP}: the index lists {amd} as linux/arm64, and its configuration says linux/amd64.",
        f"error: {APP}: the index lists {arm} as linux/amd64, and its configuration says linux/arm64.",
    ]


def test_a_child_without_platform_and_an_index_inside_are_found(shop: Shop, merged: Any) -> None:
    def nest(document: dict[str, Any]) -> None:
        del document["manifests"][0]["platform"]
        inside = shop.under(merged["digest"])
        body = shop.registry.get_manifest("acme/app", inside["@"])
        assert body is not None
        document["manifests"].append({"mediaType": OCI_INDEX, "digest": digest_of(body.body), "size": len(body.body)})

    publish_index(shop, nest)
    first = shop.under("v1.0.0")["manifests"][0]["digest"]
    assert said(shop.verify(entry())) == [
        f"error: {APP}: the child {first} has no platform.",
        f"error: {APP}: the index lists another index, {merged['digest']}.",
        f"error: {APP}: it lacks linux/amd64.",
    ]


def test_missing_labels_are_found(shop: Shop) -> None:
    some = {key: text for key, text in labels().items() if not key.endswith(("source", "version"))}
    put(shop, build_image(("linux/amd64",), labels=some))
    listed = entry(platforms=["linux/amd64"])
    prefix = "org.opencontainers.image."
    assert said(shop.verify(listed)) == [f"error: {APP}: linux/amd64 lacks the labels {prefix}source, {prefix}version."]
    assert said(shop.verify(listed, required_labels=f"{prefix}source")) == [
        f"error: {APP}: linux/amd64 lacks the label {prefix}source."
    ]
    assert said(shop.verify(listed, required_labels="none")) == []


def test_another_commit_is_found_even_when_no_label_is_required(shop: Shop, merged: Any) -> None:
    report = shop.verify(merged, revision=OTHER, required_labels="none")
    assert said(report) == [
        f"error: {APP}: {platform} says it was built from {COMMIT}, and the tag is on {OTHER}." for platform in BOTH
    ]


def test_an_image_that_is_not_required_is_a_warning(shop: Shop, merged: Any) -> None:
    report = shop.verify(merged, entry(WEB, required=False, digest=""), lock_file="lock.json")
    assert report.exit_code is ExitCode.PASS
    assert [finding.level.value for finding in report.findings] == ["warning", "warning"]
    assert report.outputs["verified"] is True
    assert report.outputs["failed"] == [WEB]
    assert list(json.loads((shop.workspace / "lock.json").read_text())["images"]) == [APP]
    assert report.lines[-1] == "1 image verified, 1 not."


def test_a_registry_that_fails_is_not_known_and_hides_no_other_image(
    shop: Shop, simulator: Simulator, merged: Any
) -> None:
    simulator.faults.add(Fault(path="/v2/acme/web/*", answer=403, times=1000))
    report = shop.verify(merged, entry(WEB))
    assert report.exit_code is ExitCode.UNKNOWN
    assert report.outputs["failed"] == [WEB]
    lock: Any = report.outputs["lock"]
    assert list(lock["images"]) == [APP]


def test_a_registry_that_shows_the_past_is_waited_for(
    shop: Shop, simulator: Simulator, merged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def published(text: str) -> Any:
        simulator.faults.add(Fault(method="PUT", path="/v2/*/manifests/v1.0.0", lag=3))
        return {**merged, "digest": publish_index(shop, lambda d: d.update(annotations={"another": text}))}

    assert shop.verify(published("first")).exit_code is ExitCode.PASS
    simulator.faults.clear()
    simulator.world.lag("acme/app", 0)
    monkeypatch.setattr(inspection, "PAUSES", (0.0,))
    assert shop.verify(published("second")).exit_code is ExitCode.REFUSED


@pytest.mark.parametrize("given", ["v1.0.0", "0123456", "g" * 40])
def test_a_revision_is_a_whole_commit(shop: Shop, given: str) -> None:
    with pytest.raises(InputError) as error:
        shop.verify(revision=given)
    assert str(error.value) == (
        f"The commit that the images were built from is not known: {given!r} is not a commit. Run in a workflow, or "
        "set revision to 40 digits 0-9a-f."
    )


def test_a_lock_that_cannot_be_written_is_an_error(shop: Shop, merged: Any) -> None:
    (shop.workspace / "file").write_text("")
    with pytest.raises(InputError, match=r"The lock file/lock\.json could not be written: "):
        shop.verify(merged, lock_file="file/lock.json")
