"""The state itself: what it takes, what it tells, and its dump."""

from __future__ import annotations

import json
import threading

import pytest
from tests.simulator.callers import PACKAGE, multi

from release_actions.simulator import World, build_image
from release_actions.simulator.accounts import Role
from release_actions.simulator.image_factory import attachment, attachment_tag


def test_a_push_makes_package_versions_and_tags_at_a_time(world: World) -> None:
    start = world.now()
    world.clock.advance(60)
    image = multi("a")
    version = world.push("llm-d/New", image, ["v1"], at=start)
    assert (version.digest, version.created) == (image.root.digest, start)
    assert world.tags("llm-d/new") == {"v1": image.root.digest}
    assert world.missing("llm-d/new", "v1") == []


def test_a_tag_is_put_on_what_another_tag_or_digest_names(world: World) -> None:
    image = multi("a")
    world.push(PACKAGE, image, ["v1"])
    world.tag(PACKAGE, "v1", "latest")
    world.tag(PACKAGE, image.root.children[0], "child")
    assert world.tags(PACKAGE) == {
        "child": image.root.children[0],
        "latest": image.root.digest,
        "v1": image.root.digest,
    }
    with pytest.raises(LookupError, match="has no v9"):
        world.tag(PACKAGE, "v9", "latest")


def test_what_is_missing_of_an_image_is_told_down_to_its_blobs(world: World) -> None:
    image = multi("a")
    world.push(PACKAGE, image, ["v1"])
    blob = image.manifests[0].blobs[0]
    world.links[PACKAGE].discard(blob)
    gone = world.version(PACKAGE, image.root.children[1])
    world.packages[PACKAGE].drop(gone, world.now())
    assert world.missing(PACKAGE, "v1") == [blob, gone.digest]
    assert world.missing(PACKAGE, "v2") == ["v2"]
    assert world.missing("llm-d/nothing", "v1") == ["v1"]


def test_names_are_taken_once_and_need_an_owner(world: World) -> None:
    for add, name, message in (
        (world.add_account, "ADA", "account ADA exists"),
        (world.add_repository, "llm-d/LLM-D", "exists"),
        (world.add_repository, "nobody/x", "account nobody does not exist"),
        (world.add_package, "LLM-D/llm-d-cuda", "exists"),
        (world.add_package, "nobody/x", "account nobody does not exist"),
    ):
        with pytest.raises(ValueError, match=message):
            add(name)


def test_a_linked_repository_administers_a_package_unless_told_otherwise(world: World) -> None:
    assert world.packages[PACKAGE].roles == {"llm-d/llm-d": Role.ADMIN}
    world.add_package("llm-d/x", repository="llm-d/llm-d", roles={"LLM-D/llm-d": Role.WRITE})
    assert world.packages["llm-d/x"].roles == {"llm-d/llm-d": Role.WRITE}


def test_two_worlds_from_the_same_steps_are_the_same() -> None:
    def made() -> World:
        world = World()
        world.add_account("llm-d", organization=True, members={"b": "member", "a": "admin"})
        world.add_package("llm-d/x")
        world.push("llm-d/x", multi("a"), ["v2", "v1"])
        return world

    assert json.dumps(made().dump()) == json.dumps(made().dump())


def test_the_dump_shows_versions_tags_platforms_and_what_dangles(world: World) -> None:
    image = multi("a")
    world.push(PACKAGE, image, ["v1"])
    signature = attachment(image.root.digest)
    world.push(PACKAGE, signature, [attachment_tag(image.root.digest, ".sig")])
    gone = world.version(PACKAGE, image.root.children[0])
    world.packages[PACKAGE].drop(gone, world.now())
    package = world.dump()["packages"][PACKAGE]
    assert package["tags"]["v1"] == image.root.digest
    (index,) = (version for version in package["versions"] if "platforms" in version)
    assert (index["platforms"], index["missing"]) == (["linux/amd64", "linux/arm64"], [gone.digest])
    assert [version["digest"] for version in package["deleted-versions"]] == [gone.digest]
    assert json.loads(json.dumps(package)) == package


def test_the_dump_holds_no_secret(world: World) -> None:
    text = json.dumps(world.dump())
    assert "actions llm-d/llm-d" in text
    assert not [secret for secret in world.tokens if secret in text]
    assert not [secret for secret in world.tokens if secret in repr(world.tokens[secret])]


def test_a_snapshot_is_not_touched_by_what_comes_after(world: World) -> None:
    world.push(PACKAGE, build_image(seed="a"), ["v1"])
    package = world.packages[PACKAGE]
    before = package.snapshot()
    world.push(PACKAGE, build_image(seed="b"), ["v1", "v2"])
    package.drop(world.version(PACKAGE, "v2"), world.now())
    assert [version.tags for version in before.versions()] == [["v1"]]
    assert list(before.tags) == ["v1"]


def test_many_threads_push_at_once(world: World) -> None:
    def push(number: int) -> None:
        for step in range(20):
            world.push(PACKAGE, build_image(seed=f"{number} {step}"), [f"t{number}-{step}", "latest"])

    threads = [threading.Thread(target=push, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    versions = world.packages[PACKAGE].versions()
    assert len({version.id for version in versions}) == 160
    assert len(world.tags(PACKAGE)) == 161
    assert sum("latest" in version.tags for version in versions) == 1
