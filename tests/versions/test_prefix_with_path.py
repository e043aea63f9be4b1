"""Prefixes with a path, as `cli/v`: part of the git tag, and of no tag of an image."""

from __future__ import annotations

import pytest

from release_actions.errors import InputError
from release_actions.versions.grammar import TagRefused, TagScheme, is_floating
from release_actions.versions.version import parse, parse_or_none, read_image_tag


@pytest.mark.parametrize(
    ("tag", "prefix", "image_tag"),
    [
        ("cli/v0.33.1", "cli/v", "v0.33.1"),
        ("refs/tags/cli/v0.33.1", "cli/v", "v0.33.1"),
        ("tools/cli/1.2.3-rc.1", "tools/cli/", "1.2.3-rc.1"),
        ("sdk/go/v1.2.3.post1", "sdk/go/v", "v1.2.3.post1"),
    ],
)
def test_a_path_is_in_the_git_tag_and_not_in_the_image_tag(tag: str, prefix: str, image_tag: str) -> None:
    version = parse(tag, prefix)

    assert (version.tag, version.image_tag) == (tag.removeprefix("refs/tags/"), image_tag)
    assert read_image_tag(image_tag, prefix) == version


def test_a_template_of_image_tags_stands_as_it_is_written() -> None:
    assert parse("cli/v1.2.3", TagScheme("cli/v", image_tag="cli-{version}")).image_tag == "cli-1.2.3"


@pytest.mark.parametrize(
    "tag", ["v0.33.1", "other/v0.33.1", "cli/v0.33", "cli/v/0.33.1", "cli//v0.33.1", "cli/v0.33.1/x"]
)
def test_a_tag_of_another_path_is_no_version(tag: str) -> None:
    assert parse_or_none(tag, "cli/v") is None
    with pytest.raises(TagRefused):
        parse(tag, "cli/v")


@pytest.mark.parametrize("prefix", ["/v", "cli//v", "../v", "-x/v", "a b/v"])
def test_what_cannot_begin_a_git_tag_is_no_prefix(prefix: str) -> None:
    with pytest.raises(InputError):
        parse_or_none("v1.0.0", prefix)


@pytest.mark.parametrize(("tag", "floats"), [("v0.33", True), ("cli/v0", True), ("latest", True), ("v0.33.1", False)])
def test_what_floats_has_a_path_or_none(tag: str, *, floats: bool) -> None:
    assert is_floating(tag, "cli/v") is floats


def test_the_order_of_versions_does_not_depend_on_the_path() -> None:
    assert parse("cli/v1.10.0", "cli/v") > parse("cli/v1.9.0", "cli/v")
