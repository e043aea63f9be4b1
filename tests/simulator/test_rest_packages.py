"""GitHub Packages: lists and pages, deleting and restoring, and GitHub's refusals in GitHub's words."""

from __future__ import annotations

from typing import Any

import pytest
from tests.simulator.callers import ADA, BOB, EVE, PACKAGE, VERSIONS, Caller, multi

from release_actions.simulator import World, build_image
from release_actions.simulator.packages import LAST, LAST_TAGGED, POPULAR, POPULAR_PACKAGE

ONE = "/orgs/llm-d/packages/container/llm-d-cuda"
DAY = 24 * 3600


def push(world: World, *tags: str, package: str = PACKAGE) -> int:
    return world.push(package, build_image(seed=" ".join(tags)), tags).id


def names(answer: Any) -> list[str]:
    return [item["name"] for item in answer.json()]


# Packages


def test_an_organizations_packages_newest_first_with_what_the_client_may_see(call: Caller, world: World) -> None:
    world.clock.advance(60)
    world.add_package("llm-d/secret", visibility="private")
    path = "/orgs/llm-d/packages?package_type=container"
    assert names(call.rest("GET", path)) == ["secret", "llm-d-cuda"]
    assert names(call.rest("GET", path, EVE)) == ["llm-d-cuda"]
    assert names(call.rest("GET", f"{path}&visibility=private")) == ["secret"]


def test_other_kinds_of_packages_are_a_list_of_none(call: Caller) -> None:
    answer = call.rest("GET", "/orgs/llm-d/packages?package_type=npm")
    assert (answer.status_code, answer.json()) == (200, [])


def test_a_users_packages_are_theirs_and_under_user_their_own(call: Caller, world: World) -> None:
    world.add_package("ada/tool", visibility="private")
    assert names(call.rest("GET", "/user/packages?package_type=container")) == ["tool"]
    assert names(call.rest("GET", "/users/ada/packages?package_type=container")) == ["tool"]
    assert names(call.rest("GET", "/users/ada/packages?package_type=container", EVE)) == []
    assert call.rest("GET", "/user/packages/container/tool").json()["owner"]["login"] == "ada"


@pytest.mark.parametrize("path", ["/users/llm-d/packages/container/llm-d-cuda", "/orgs/ada/packages/container/tool"])
def test_an_organization_is_no_user_and_a_user_no_organization(call: Caller, world: World, path: str) -> None:
    world.add_package("ada/tool", visibility="public")
    assert call.rest("GET", path).status_code == 404


def test_a_package_with_its_repository_and_count(call: Caller, world: World) -> None:
    push(world, "v1")
    found = call.rest("GET", ONE).json()
    assert (found["visibility"], found["version_count"]) == ("public", 1)
    assert found["repository"]["full_name"] == "llm-d/llm-d"
    assert found["url"] == f"{call.simulator.api_url}{ONE}"


def test_a_slash_in_a_name_is_part_of_the_name(call: Caller, world: World) -> None:
    world.add_package("llm-d/nested/gateway", visibility="public")
    number = push(world, "v1", package="llm-d/nested/gateway")
    path = "/orgs/llm-d/packages/container/nested%2Fgateway"
    assert call.rest("GET", path).json()["name"] == "nested/gateway"
    (version,) = call.rest("GET", f"{path}/versions").json()
    assert version["url"] == f"{call.simulator.api_url}{path}/versions/{number}"
    assert call.rest("GET", version["url"]).json()["id"] == number


def test_logins_and_names_are_found_in_any_case(call: Caller) -> None:
    assert call.rest("GET", "/orgs/LLM-D/packages/container/LLM-D-cuda").json()["name"] == "llm-d-cuda"


def test_a_package_goes_with_its_versions_and_comes_back(call: Caller, world: World) -> None:
    push(world, "v1")
    assert call.rest("DELETE", ONE).status_code == 204
    assert call.rest("GET", ONE).status_code == 404
    assert call.registry("GET", f"/v2/{PACKAGE}/manifests/v1").status_code == 404
    world.clock.advance(30 * DAY)
    assert call.rest("POST", f"{ONE}/restore").status_code == 204
    assert call.registry("GET", f"/v2/{PACKAGE}/manifests/v1").status_code == 200


def test_a_package_does_not_come_back_after_thirty_days(call: Caller, world: World) -> None:
    call.rest("DELETE", ONE)
    world.clock.advance(30 * DAY + 1)
    assert call.rest("POST", f"{ONE}/restore").status_code == 404


def test_a_package_does_not_come_back_over_another_of_its_name(call: Caller, world: World) -> None:
    call.rest("DELETE", ONE)
    world.add_package(PACKAGE)
    assert call.rest("POST", f"{ONE}/restore").status_code == 404


def test_a_public_package_with_a_popular_version_stays(call: Caller, world: World) -> None:
    push(world, "v1")
    world.version(PACKAGE, "v1").downloads = 5001
    answer = call.rest("DELETE", ONE)
    assert (answer.status_code, answer.json()["message"]) == (400, POPULAR_PACKAGE)


# Versions


def test_versions_are_listed_newest_first(call: Caller, world: World) -> None:
    for tag in ("v1", "v2", "v3"):
        push(world, tag)
        world.clock.advance(60)
    tags = [version["metadata"]["container"]["tags"] for version in call.versions()]
    assert tags == [["v3"], ["v2"], ["v1"]]


def test_a_version_pushed_in_the_past_stands_where_it_belongs(call: Caller, world: World) -> None:
    start = world.now()
    world.clock.advance(3600)
    push(world, "new")
    world.push(PACKAGE, build_image(seed="old"), ["old"], at=start)
    tags = [version["metadata"]["container"]["tags"] for version in call.versions()]
    assert tags == [["new"], ["old"]]


def test_pages_are_found_by_link(call: Caller, world: World) -> None:
    for number in range(5):
        push(world, f"v{number}")
    answer = call.rest("GET", VERSIONS, params={"per_page": 2})
    assert {rel: link["url"].partition("?")[2] for rel, link in answer.links.items()} == {
        "next": "per_page=2&page=2",
        "last": "per_page=2&page=3",
    }
    seen = answer.json()
    while "next" in answer.links:
        answer = call.rest("GET", answer.links["next"]["url"])
        seen += answer.json()
    assert [version["metadata"]["container"]["tags"][0] for version in seen] == ["v4", "v3", "v2", "v1", "v0"]
    assert set(answer.links) == {"prev", "first"}


def test_a_page_has_thirty_items_and_at_most_a_hundred(call: Caller, world: World) -> None:
    for number in range(101):
        push(world, f"v{number}")
    assert len(call.versions()) == 30
    assert len(call.versions(per_page=100)) == 100
    assert len(call.versions(per_page=1000)) == 100
    assert call.versions(per_page=100, page=3) == []


def test_pages_are_by_offset_so_a_delete_moves_what_follows(call: Caller, world: World) -> None:
    for number in range(4):
        push(world, f"v{number}")
    newest = call.versions(per_page=2)[0]
    call.rest("DELETE", newest["url"])
    second = call.versions(per_page=2, page=2)
    assert [version["metadata"]["container"]["tags"] for version in second] == [["v0"]]


def test_a_deleted_version_is_gone_and_listed_as_deleted(call: Caller, world: World) -> None:
    push(world, "v1")
    number = push(world, "v2")
    assert call.rest("DELETE", f"{VERSIONS}/{number}").status_code == 204
    assert call.rest("GET", f"{VERSIONS}/{number}").status_code == 404
    assert [version["id"] for version in call.versions()] != [number]
    (deleted,) = call.versions(state="deleted")
    assert (deleted["id"], deleted["deleted_at"]) == (number, "2026-02-03T09:00:00Z")


def test_a_repeated_delete_is_not_found(call: Caller, world: World) -> None:
    push(world, "v1")
    number = push(world, "v2")
    call.rest("DELETE", f"{VERSIONS}/{number}")
    answer = call.rest("DELETE", f"{VERSIONS}/{number}")
    assert (answer.status_code, answer.json()["message"]) == (404, "Package version not found.")


@pytest.mark.parametrize("number", ["1", "x", "99999999999999999999"])
def test_an_unknown_version_is_not_found(call: Caller, number: str) -> None:
    assert call.rest("GET", f"{VERSIONS}/{number}").status_code == 404


def test_the_last_tagged_version_stays_whatever_else_there_is(call: Caller, world: World) -> None:
    world.push(PACKAGE, multi("a"), ["v1", "latest"])
    answer = call.rest("DELETE", f"{VERSIONS}/{world.version(PACKAGE, 'v1').id}")
    assert (answer.status_code, answer.json()["message"]) == (400, LAST_TAGGED)
    assert world.missing(PACKAGE, "v1") == []


def test_an_attachments_tag_counts_as_a_tag(call: Caller, world: World) -> None:
    push(world, "v1")
    push(world, "sha256-" + "0" * 64)
    assert call.rest("DELETE", f"{VERSIONS}/{world.version(PACKAGE, 'v1').id}").status_code == 204


def test_untagged_versions_go_while_there_is_another(call: Caller, world: World) -> None:
    first, second = push(world), world.push(PACKAGE, build_image(seed="b")).id
    assert call.rest("DELETE", f"{VERSIONS}/{first}").status_code == 204
    answer = call.rest("DELETE", f"{VERSIONS}/{second}")
    assert (answer.status_code, answer.json()["message"]) == (400, LAST)


def test_a_public_version_of_more_than_5000_downloads_stays(call: Caller, world: World) -> None:
    push(world, "v1")
    number = push(world, "v2")
    world.version(PACKAGE, "v2").downloads = 5001
    answer = call.rest("DELETE", f"{VERSIONS}/{number}")
    assert (answer.status_code, answer.json()["message"]) == (400, POPULAR)
    world.version(PACKAGE, "v2").downloads = 5000
    assert call.rest("DELETE", f"{VERSIONS}/{number}").status_code == 204


def test_a_private_version_goes_however_often_it_was_downloaded(call: Caller, world: World) -> None:
    push(world, "v1")
    number = push(world, "v2")
    package = world.packages[PACKAGE]
    package.visibility = "private"
    world.version(PACKAGE, "v2").downloads = 5001
    assert call.rest("DELETE", f"{VERSIONS}/{number}").status_code == 204


def test_a_version_comes_back_with_the_tags_it_had(call: Caller, world: World) -> None:
    push(world, "v1")
    number = push(world, "v2", "latest")
    digest = world.tags(PACKAGE)["v2"]
    call.rest("DELETE", f"{VERSIONS}/{number}")
    assert call.rest("POST", f"{VERSIONS}/{number}/restore").status_code == 204
    assert call.rest("GET", f"{VERSIONS}/{number}").json()["metadata"]["container"]["tags"] == ["v2", "latest"]
    assert call.registry("GET", f"/v2/{PACKAGE}/manifests/latest").headers["Docker-Content-Digest"] == digest
    assert call.versions(state="deleted") == []


def test_a_tag_that_another_version_took_meanwhile_stays_there(call: Caller, world: World) -> None:
    push(world, "v1")
    number = push(world, "v2", "latest")
    call.rest("DELETE", f"{VERSIONS}/{number}")
    world.tag(PACKAGE, "v1", "latest")
    call.rest("POST", f"{VERSIONS}/{number}/restore")
    assert world.version(PACKAGE, "latest").tags == ["v1", "latest"]
    assert world.version(PACKAGE, "v2").tags == ["v2"]


def test_a_version_comes_back_for_thirty_days(call: Caller, world: World) -> None:
    push(world, "v1")
    first, second = push(world, "v2"), push(world, "v3")
    for number in (first, second):
        call.rest("DELETE", f"{VERSIONS}/{number}")
    world.clock.advance(30 * DAY)
    assert call.rest("POST", f"{VERSIONS}/{first}/restore").status_code == 204
    world.clock.advance(1)
    assert call.versions(state="deleted") == []
    assert call.rest("POST", f"{VERSIONS}/{second}/restore").status_code == 404


def test_a_version_that_is_there_cannot_be_restored(call: Caller, world: World) -> None:
    number = push(world, "v1")
    assert call.rest("POST", f"{VERSIONS}/{number}/restore").status_code == 404


def test_a_version_does_not_come_back_over_the_same_digest(call: Caller, world: World) -> None:
    push(world, "v1")
    number = push(world, "v2")
    call.rest("DELETE", f"{VERSIONS}/{number}")
    again = push(world, "v2")
    assert call.rest("POST", f"{VERSIONS}/{number}/restore").status_code == 404
    assert world.version(PACKAGE, "v2").id == again


def dates(call: Caller, *numbers: int) -> set[tuple[str, str]]:
    versions = [call.rest("GET", f"{VERSIONS}/{number}").json() for number in numbers]
    return {(version["created_at"], version["updated_at"]) for version in versions}


def move_restore_and_push_again(call: Caller, world: World, first: int, second: int) -> None:
    """Move a tag from one version to the other, push its digest again, and bring the second back from deletion."""
    world.clock.advance(60)
    world.tag(PACKAGE, "v2", "latest")
    world.put_manifest(PACKAGE, world.version(PACKAGE, "v1").manifest)
    assert call.rest("DELETE", f"{VERSIONS}/{second}").status_code == 204
    assert call.rest("POST", f"{VERSIONS}/{second}/restore").status_code == 204
    assert world.version(PACKAGE, "v1").id == first


def test_no_date_shows_a_tag_that_moves_or_a_digest_that_is_pushed_again(call: Caller, world: World) -> None:
    first, second = push(world, "v1", "latest"), push(world, "v2")

    move_restore_and_push_again(call, world, first, second)

    assert dates(call, first, second) == {("2026-02-03T09:00:00Z", "2026-02-03T09:00:00Z")}


def test_dates_follow_tags_where_the_world_says_so(call: Caller, world: World) -> None:
    world.behavior.tag_moves_change_dates = True
    first, second = push(world, "v1", "latest"), push(world, "v2")

    move_restore_and_push_again(call, world, first, second)

    assert dates(call, first, second) == {("2026-02-03T09:00:00Z", "2026-02-03T09:01:00Z")}


def test_a_restoration_is_a_change_where_dates_follow_tags(call: Caller, world: World) -> None:
    world.behavior.tag_moves_change_dates = True
    push(world, "v1")
    number = push(world, "v2")
    call.rest("DELETE", f"{VERSIONS}/{number}")
    world.clock.advance(60)

    assert call.rest("POST", f"{VERSIONS}/{number}/restore").status_code == 204

    assert dates(call, number) == {("2026-02-03T09:00:00Z", "2026-02-03T09:01:00Z")}


def test_shuffled_versions_keep_their_order_from_page_to_page(call: Caller, world: World) -> None:
    world.behavior.shuffles_versions = True
    pushed = [push(world, f"v{number}") for number in range(12)]

    pages = [call.versions(per_page="5", page=str(page)) for page in (1, 2, 3)]

    listed = [version["id"] for page in pages for version in page]
    assert sorted(listed) == pushed
    assert listed not in (pushed, pushed[::-1])
    assert listed == [version["id"] for version in call.versions()]


@pytest.mark.parametrize("token", [BOB, EVE])
def test_only_who_administers_a_package_sees_what_was_deleted(call: Caller, token: str) -> None:
    assert call.rest("GET", VERSIONS, token, params={"state": "deleted"}).status_code == 403
    assert call.rest("GET", VERSIONS, ADA, params={"state": "deleted"}).status_code == 200
