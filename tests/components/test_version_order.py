"""Which of two versions is newer, in the styles that components really use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_actions.components.version_order import compare, is_moving, is_restart, is_unfinished


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("v0.9.0", "v0.10.0"),
        ("0.9", "0.10"),
        ("0.23", "0.23.1"),
        ("v0.6.8", "v0.6.8.1"),
        ("v0.6.8.1", "v0.6.9"),
        ("v0.10.1.1", "v0.10.1.2"),
        ("v0.11.0rc3", "v0.11.0"),
        ("v0.11.0rc3", "v0.11.0-rc.10"),
        ("1.3.0rc23", "1.3.0rc28"),
        ("v0.5.13", "v0.5.13.post1"),
        ("v0.6.4.post1", "v0.6.5"),
        ("v1.0.0-alpha.1", "v1.0.0-beta"),
        ("v1.0.0-dev", "v1.0.0-rc.1"),
        ("llm-d-modelservice-v0.3.8", "llm-d-modelservice-v0.4.5"),
        ("vllm-v0.19.1", "vllm-v0.23.0"),
        ("v1.2", "1.3.0"),
    ],
)
def test_the_newer_of_two_is_above(older: str, newer: str) -> None:
    assert (compare(older, newer), compare(newer, older)) == (-1, 1)


@pytest.mark.parametrize(("one", "other"), [("0.5", "v0.5.0"), ("v1.2.3rc1", "v1.2.3-rc.1"), ("1.2.3", "v1.2.3.0")])
def test_spellings_of_one_version_are_equal(one: str, other: str) -> None:
    assert compare(one, other) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("v0.9.0", "vllm-v0.10.0"),
        ("v0.9.0", "899f8517faad2b6ff7a1b8ba4e3f0f1b0f5c6f0a"),
        ("v1.8.1 / v0.7.0", "v1.8.1"),
        ("v0.11.2 + additional cherry-picks", "v0.12.0"),
        ("1.28-alpha.89f30b26ba71bf5e538083a4720d0bc2d8c06401x y", "1.28.1"),
        ("2025.03.1", "2025.04.1"),
        ("0.16.1rc1.dev268+g899f851", "0.16.1"),
        ("latest", "v1.0.0"),
        ("v1", "v2"),
        ("1.2.3.4.5", "1.2.3.4.6"),
        ("", "v1.0.0"),
    ],
)
def test_what_cannot_be_read_is_not_ordered(one: str, other: str) -> None:
    assert compare(one, other) is None
    assert compare(other, one) is None


VERSIONS = st.builds(
    lambda numbers, suffix: "v" + ".".join(map(str, numbers)) + suffix,
    st.lists(st.integers(0, 20), min_size=2, max_size=4),
    st.sampled_from(["", "-rc.1", "rc2", ".post1", "-alpha.1", "a1", ".dev3"]),
)


@given(VERSIONS, VERSIONS, VERSIONS)
def test_the_order_is_one(one: str, two: str, three: str) -> None:
    def at_most(left: str, right: str) -> bool:
        order = compare(left, right)
        assert order is not None
        assert compare(right, left) == -order
        return order <= 0

    assert at_most(one, one)
    if at_most(one, two) and at_most(two, three):
        assert at_most(one, three)


@pytest.mark.parametrize(
    "version",
    [
        "v0.10.0-rc.1",
        "v0.4.0-rc1",
        "0.18.0rc2",
        "v1.0.0-alpha.1",
        "1.0b2",
        "v0.5.0-dev",
        "v0.5.0.dev3",
        "router-v1.2.0-rc.3",
        "0.16.1rc1.dev268+g899f851",
        "1.28-alpha.89f30b26ba71bf5e538083a4720d0bc2d8c06401",
        "v1.2.3-rc.1+build",
        "release-2026-preview",
        "v1.0.0-canary.2",
        "v1.0.0-next.1",
    ],
)
def test_what_is_not_final(version: str) -> None:
    assert is_unfinished(version)


@pytest.mark.parametrize(
    "version",
    ["v0.10.0", "0.23", "v0.6.8.1", "v0.5.13.post1", "router-v1.2.0", "899f8517faad", "v1.2.3+build", "arch-1"],
)
def test_what_is_final_or_says_nothing_about_it(version: str) -> None:
    assert not is_unfinished(version)


@pytest.mark.parametrize(
    "version",
    [
        "v1.5.2-alpine",
        "3.20-alpine",
        "v1.4.0-distroless",
        "12.9.1-devel-ubi9",
        "v1.2.3-eksbuild.1",
        "v0.3.2-with-sidecar-fix",
    ],
)
def test_a_flavour_is_as_final_as_its_version(version: str) -> None:
    assert not is_unfinished(version)


@pytest.mark.parametrize("version", ["latest", "main", "nightly", "nightly-2026-02-03", "pr-12", "sha-899f851", "edge"])
def test_names_that_move(version: str) -> None:
    assert is_moving(version)


@pytest.mark.parametrize("version", ["v1.2.3", "0.23", "899f851", "mainline-1.2.3", "v1.0.0-dev"])
def test_names_that_stay(version: str) -> None:
    assert not is_moving(version)


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        ("v0.1.0", "v0.9.0", True),
        ("v1.0.0", "v3.2.0", True),
        ("v0.3.0", "v0.9.0", True),
        ("v0.8.9", "v0.9.0", False),
        ("v2.1.0", "v2.2.0", False),
        ("main", "v0.9.0", False),
    ],
)
def test_numbers_that_begin_again_are_told_from_those_that_go_back(new: str, old: str, *, expected: bool) -> None:
    assert is_restart(new, old) is expected
