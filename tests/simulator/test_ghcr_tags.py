"""The list of tags: order, pages, and pages over a list that changes."""

from __future__ import annotations

import pytest
from tests.simulator.callers import PACKAGE, VERSIONS, Caller, codes

from release_actions.simulator import World, build_image

PATH = f"/v2/{PACKAGE}/tags/list"


def test_tags_come_in_the_order_of_their_bytes(call: Caller, world: World) -> None:
    for tag in ("v2", "v10", "a"):
        world.push(PACKAGE, build_image(seed=tag), [tag])
    world.push(PACKAGE, build_image(seed="moved"), ["v2"])
    answer = call.registry("GET", PATH)
    assert answer.json() == {"name": PACKAGE, "tags": ["a", "v10", "v2"]}
    assert "Link" not in answer.headers


def test_a_package_without_tags_has_an_empty_list(call: Caller) -> None:
    assert call.registry("GET", PATH).json()["tags"] == []


def test_an_unknown_package_has_no_list(call: Caller) -> None:
    answer = call.registry("GET", "/v2/llm-d/nothing/tags/list")
    assert (answer.status_code, codes(answer)) == (404, ["NAME_UNKNOWN"])


def walk(call: Caller, path: str) -> list[list[str]]:
    pages = []
    while path:
        answer = call.registry("GET", path)
        pages.append(answer.json()["tags"])
        path = answer.links.get("next", {}).get("url", "")
    return pages


def test_a_page_has_a_hundred_tags_unless_the_client_names_a_number(call: Caller, world: World) -> None:
    tags = [f"t{number:03}" for number in range(205)]
    world.push(PACKAGE, build_image(), tags)
    assert walk(call, PATH) == [tags[:100], tags[100:200], tags[200:]]
    assert walk(call, f"{PATH}?n=2")[-1] == ["t204"]
    assert walk(call, f"{PATH}?n=1000") == [tags]


def test_the_last_page_that_is_full_has_no_link(call: Caller, world: World) -> None:
    world.push(PACKAGE, build_image(), ["a", "b"])
    assert walk(call, f"{PATH}?n=2") == [["a", "b"]]


def test_a_page_may_begin_behind_a_tag_that_never_was(call: Caller, world: World) -> None:
    world.push(PACKAGE, build_image(), ["a", "c"])
    assert call.registry("GET", f"{PATH}?last=b").json()["tags"] == ["c"]


def test_a_page_goes_on_behind_a_tag_that_is_gone_by_now(call: Caller, world: World) -> None:
    for tag in ("a", "b", "c"):
        world.push(PACKAGE, build_image(seed=tag), [tag])
    call.rest("DELETE", f"{VERSIONS}/{world.version(PACKAGE, 'b').id}")
    assert call.registry("GET", f"{PATH}?n=2&last=b").json()["tags"] == ["c"]


def test_a_tag_that_comes_back_has_its_old_place(call: Caller, world: World) -> None:
    for tag in ("a", "b"):
        world.push(PACKAGE, build_image(seed=tag), [tag])
    call.rest("DELETE", f"{VERSIONS}/{world.version(PACKAGE, 'a').id}")
    world.push(PACKAGE, build_image(seed="again"), ["a"])
    assert walk(call, PATH) == [["a", "b"]]


@pytest.mark.parametrize("number", ["-1", "x"])
def test_a_number_that_is_none_is_refused(call: Caller, number: str) -> None:
    answer = call.registry("GET", f"{PATH}?n={number}")
    assert (answer.status_code, codes(answer)) == (400, ["PAGINATION_NUMBER_INVALID"])
