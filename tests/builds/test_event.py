"""Tags of a build: found by what it was built from, never to be taken for a release."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from release_actions.builds.event import Build, choose_tags, explain_branch_tag, is_trunk, make_branch_tag
from release_actions.config import grammar, load_text
from release_actions.config.channel_tags import ChannelTagsForm
from release_actions.config.grammar import is_tag
from release_actions.errors import PolicyError
from release_actions.versions.version import parse, parse_or_none

NOW = datetime(2026, 2, 3, 23, 0, tzinfo=timezone.utc)
SHA = "0123456789abcdef0123456789abcdef01234567"
CONFIG = load_text("repository: o/r\nimages: {a: {platforms: [linux/amd64]}}\n")


def test_a_build_with_overrides_has_a_tag_of_its_own_and_no_other() -> None:
    one = choose_tags(Build(sha=SHA, overrides={"A": "1"}, trunk=True, nightly=True, branch="main"), NOW)
    (tag,) = one
    assert tag.startswith("override-0123456-")
    assert grammar.is_tag(tag)
    assert parse_or_none(tag) is None
    assert choose_tags(Build(sha=SHA, overrides={"A": "1"}, pull=3), NOW) == one
    assert choose_tags(Build(sha=SHA, overrides={"A": "2"}), NOW) != one


def test_overrides_do_not_depend_on_their_order() -> None:
    one, other = ({"A": "1", "B": "2"}, {"B": "2", "A": "1"})
    assert choose_tags(Build(sha=SHA, overrides=one), NOW) == choose_tags(Build(sha=SHA, overrides=other), NOW)


def test_a_release_with_overrides_is_refused() -> None:
    with pytest.raises(PolicyError) as caught:
        choose_tags(Build(version=parse("v1.0.0"), sha=SHA, overrides={"A": "1"}), NOW)
    assert str(caught.value) == (
        "The release v1.0.0 cannot be built with overrides: A. "
        "Change the version file and tag that, or build without a release tag."
    )


def test_a_pull_request_never_moves_latest() -> None:
    assert choose_tags(Build(sha=SHA, pull=5, trunk=True, nightly=True, branch="main"), NOW) == ("sha-0123456", "pr-5")


@pytest.mark.parametrize(
    ("branch", "tag"),
    [
        ("main", "main"),
        ("feature/new-thing", "feature-new-thing-f97b9477"),
        ("feature-new-thing", "feature-new-thing"),
        ("release-1.2", "release-1.2"),
        ("latest", ""),
        ("v1", ""),
        ("v1.2", ""),
        ("v1.2.0", ""),
        ("v1.2.0-rc.1", ""),
        ("sha-0123456", ""),
        ("pr-5", ""),
        ("nightly/20260101", ""),
        ("override-x", ""),
        ("-x", "x-a4209624"),
        ("grün", "gr-n-fe263064"),
        ("feature/#12-fix", "feature--12-fix-1ab1b383"),
        ("feat+exp@2", "feat-exp-2-1930f953"),
        (".hidden", "hidden-2419006a"),
        ("#", "branch-334359b9"),
        ("x" * 128, "x" * 128),
        ("x" * 129, "x" * 100 + "-0ec9eb33"),
        ("build-20260203", "build-20260203"),
        ("feature-a-951d42dc", "feature-a-951d42dc-7d3e14d5"),
    ],
)
def test_a_branch_gives_a_tag_that_nothing_else_has(branch: str, tag: str) -> None:
    assert make_branch_tag(branch, CONFIG) == tag


BRANCHES = st.text(st.characters(exclude_characters="\x00 ~^:?*[\\", exclude_categories=("Cs", "Cc")), min_size=1)


@given(BRANCHES, BRANCHES)
@example("feature/a", "feature-a")
@example("a+b", "a@b")
@example("feature/a", "feature-a-951d42dc")
@example("#", "branch-334359b9")
@example("x" * 129, "x" * 100 + "-0ec9eb33")
def test_branches_never_share_a_tag_and_every_tag_is_legal(branch: str, other: str) -> None:
    tags = [tag for name in {branch, other} if (tag := make_branch_tag(name, CONFIG))]

    assert len(set(tags)) == len(tags)
    assert all(is_tag(tag) for tag in tags)


def test_a_tag_that_is_not_the_branchs_name_is_explained() -> None:
    assert explain_branch_tag("main", "main") == ""
    assert explain_branch_tag("feature/a", "feature-a-951d42dc") == (
        "The branch 'feature/a' cannot be a tag as it is written. Its tag is feature-a-951d42dc."
    )
    assert explain_branch_tag("a-951d42dc", "a-951d42dc-2c7a5c1e") == (
        "The branch 'a-951d42dc' could share its tag with another. Its tag is a-951d42dc-2c7a5c1e."
    )
    assert explain_branch_tag("v1.2", "") == (
        "The branch 'v1.2' gets no tag of its own: a release or another kind of build could have that name."
    )


@pytest.mark.parametrize("length", [118, 119, 120, 125, 128])
@pytest.mark.parametrize("template", ["build-of-{branch}", "{branch}-of-{branch}", "x" * 119 + "{branch}"])
def test_a_template_with_a_long_branch_gives_a_legal_tag_of_its_own(length: int, template: str) -> None:
    forms = ChannelTagsForm(branch=(template,))
    names = ["a" * length, "a" * (length - 1) + "b"]

    tags = [choose_tags(Build(sha=SHA, branch=make_branch_tag(name, CONFIG)), NOW, forms) for name in names]

    assert [len(each) for each in tags] == [1, 1]
    assert all(is_tag(tag) for (tag,) in tags)
    assert tags[0] != tags[1]


def test_a_branch_is_cut_only_where_its_tag_would_be_too_long() -> None:
    forms = ChannelTagsForm(branch=("build-of-{branch}",))

    assert choose_tags(Build(sha=SHA, branch="a" * 119), NOW, forms) == ("build-of-" + "a" * 119,)
    (cut,) = choose_tags(Build(sha=SHA, branch="a" * 120), NOW, forms)
    assert cut.startswith("build-of-" + "a" * 110 + "-")
    assert len(cut) == 128


def test_a_commit_that_begins_with_digits_only_gives_a_tag_that_is_no_number() -> None:
    assert choose_tags(Build(sha="1234567" + "a" * 33), NOW) == ("sha-1234567",)


MAIN = {"repository": {"default_branch": "main"}}


@pytest.mark.parametrize(
    ("event", "ref", "nightly", "trunk"),
    [
        (MAIN, "refs/heads/main", False, True),
        (MAIN, "refs/heads/other", False, False),
        (MAIN, "refs/tags/main", False, False),
        ({"repository": {"default_branch": ""}}, "refs/heads/", False, False),
        ({"repository": {}}, "refs/heads/None", False, False),
        ({"repository": "main"}, "refs/heads/main", False, False),
        ({}, "refs/heads/main", False, False),
        ({}, "", True, True),
    ],
)
def test_only_the_default_branch_of_the_payload_is_trunk(
    event: dict[str, Any], ref: str, *, nightly: bool, trunk: bool
) -> None:
    assert is_trunk(event, ref, nightly=nightly) is trunk


def test_a_day_can_be_written_in_two_ways_and_no_branch_takes_either() -> None:
    tags = 'dev: {name: "{image}-dev", tags: {every: ["{date}", "{iso-date}"], branch: ["{branch}"]}}'
    config = load_text(f"repository: o/r\nchannels:\n  {tags}\nimages: {{a: {{platforms: [linux/amd64]}}}}\n")

    assert choose_tags(Build(sha=SHA), NOW, config.tags_of("dev")) == ("20260203", "2026-02-03")
    assert make_branch_tag("2026-02-04", config) == ""
    assert make_branch_tag("main", config) == "main"
