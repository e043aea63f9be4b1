"""The judgement about a published image, for what a registry rarely gives."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.images.parts import made

from release_actions.images import manifests
from release_actions.images.image_list import ListedImage
from release_actions.images.inspection import Expectation, Inspection, Reading, judge_image
from release_actions.images.manifests import Platform
from release_actions.simulator.image_factory import attachment, build_image

AMD = Platform("linux", "amd64")
APP = "ghcr.io/acme/app"
EXPECTED = Expectation("c0ffee", ("revision",))
GONE = f"sha256:{'0' * 64}"


def listed(*tags: str, digest: str | None = None) -> ListedImage:
    return ListedImage(APP, tags or ("v1",), (AMD,), digest=digest)


def judged(reading: Reading, image: ListedImage | None = None) -> list[str]:
    return [problem.message for problem in judge_image(image or listed(), reading, EXPECTED).problems]


def test_what_is_right_has_no_problem() -> None:
    image = made("linux/amd64")
    root = manifests.parse(image.root.body, image.root.digest)
    reading = Reading({"v1": root.digest}, root, {}, image.blobs)
    assert judge_image(listed(), reading, EXPECTED) == Inspection(listed(), root.digest, {"linux/amd64": root.digest})


def test_a_tag_whose_manifest_does_not_answer() -> None:
    assert judged(Reading({"v1": GONE}, None)) == [f"{APP}: {GONE} does not answer."]


def test_a_configuration_that_does_not_answer() -> None:
    image = made("linux/amd64")
    root = manifests.parse(image.root.body, image.root.digest)
    assert isinstance(root, manifests.Manifest)
    reading = Reading({"v1": root.digest}, root, {}, {root.config.digest: None})
    assert judged(reading) == [
        f"{APP}: the configuration {root.config.digest} of {root.digest} does not answer.",
        f"{APP}: it lacks linux/amd64.",
    ]


def test_something_that_is_no_image() -> None:
    signature = attachment(GONE)
    root = manifests.parse(signature.root.body, signature.root.digest)
    assert isinstance(root, manifests.Manifest)
    reading = Reading({"v1": root.digest}, root, {}, signature.blobs)
    assert judged(reading) == [
        f"{APP}: Manifest {root.config.digest} is not an image configuration with os and architecture.",
        f"{APP}: it lacks linux/amd64.",
    ]


@pytest.mark.parametrize("tags", [("v1", "v2"), ("v2", "v1")])
def test_all_of_one_reading_is_told(tags: tuple[str, str]) -> None:
    image = build_image(("linux/arm64",))
    root = manifests.parse(image.root.body, image.root.digest)
    reading = Reading({tags[0]: root.digest, tags[1]: ""}, root, {}, image.blobs)
    assert judged(reading, listed(*tags, digest=GONE)) == [
        f"{APP}: {tags[0]} names {root.digest}, and this run published {GONE}.",
        f"{APP}: there is no tag {tags[1]}.",
        f"{APP}: linux/arm64 lacks the label org.opencontainers.image.revision.",
        f"{APP}: it lacks linux/amd64.",
        f"{APP}: it has linux/arm64, for which it is not built.",
    ]


def read(*platforms: str) -> tuple[manifests.AnyManifest, Reading]:
    """An image that is right, and what was read of it without its tags."""
    image = made(*platforms)
    root = manifests.parse(image.root.body, image.root.digest)
    return root, Reading({}, root, {}, image.blobs)


def test_only_the_tag_that_names_something_else_is_wrong() -> None:
    root, reading = read("linux/amd64")
    reading = replace(reading, tags={"v1": root.digest, "v2": GONE})

    assert judged(reading, listed("v1", "v2", digest=root.digest)) == [
        f"{APP}: v2 names {GONE}, and this run published {root.digest}."
    ]


def test_tags_of_two_images_are_wrong_also_where_no_digest_is_known() -> None:
    root, reading = read("linux/amd64")
    reading = replace(reading, tags={"v1": root.digest, "v2": GONE})

    assert judged(reading, listed("v1", "v2")) == [
        f"{APP}: its tags name different images, {' and '.join(sorted((root.digest, GONE)))}."
    ]


def test_an_image_that_the_run_did_not_publish_is_wrong_whatever_its_tags_name() -> None:
    root, reading = read("linux/amd64")

    assert judged(replace(reading, tags={"v1": root.digest}), listed(digest="")) == [
        f"{APP}: this run did not publish it."
    ]


def test_an_image_that_is_nowhere_lacks_its_tags_and_nothing_else() -> None:
    assert judged(Reading({"v1": ""}, None)) == [f"{APP}: there is no tag v1."]


def test_a_missing_tag_is_not_taken_for_another_image() -> None:
    root, reading = read("linux/amd64")

    assert judged(replace(reading, tags={"v1": root.digest, "v2": ""}), listed("v1", "v2")) == [
        f"{APP}: there is no tag v2."
    ]
