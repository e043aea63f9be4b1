from __future__ import annotations

import itertools
import subprocess
import sys

import pytest
import semver
from hypothesis import example, given
from hypothesis import strategies as st
from tests.versions.release_tags import histories, tags, unhurried, versions

from release_actions.errors import ExitCode, InputError
from release_actions.versions.grammar import LARGEST, Kind, TagRefused, TagScheme, is_floating
from release_actions.versions.version import Version, parse, parse_known, parse_or_none

READ = {
    "v0.5.0": (Kind.STABLE, None, "", ""),
    "v10.20.30": (Kind.STABLE, None, "", ""),
    f"v{LARGEST}.0.0": (Kind.STABLE, None, "", ""),
    "v0.5.0-rc.1": (Kind.CANDIDATE, 1, "-rc.", "-rc.1"),
    "v0.5.0-rc.0": (Kind.CANDIDATE, 0, "-rc.", "-rc.0"),
    "v0.11.0-rc1": (Kind.CANDIDATE, 1, "-rc", "-rc1"),
    "v0.11.0rc3": (Kind.CANDIDATE, 3, "rc", "rc3"),
    "v0.6.4.post1": (Kind.POST, 1, ".post", ".post1"),
    "v0.5.0.dev4": (Kind.DEV, 4, ".dev", ".dev4"),
    "v0.5.0-dev": (Kind.DEV, None, "-dev", "-dev"),
    "v0.5.0-dev.5": (Kind.DEV, 5, "-dev.", "-dev.5"),
    "v0.5.0-dev5": (Kind.DEV, 5, "-dev", "-dev5"),
    "v0.5.0a1": (Kind.PRERELEASE, 1, "a", "a1"),
    "v0.5.0b2": (Kind.PRERELEASE, 2, "b", "b2"),
    "v0.5.0-beta.1": (Kind.PRERELEASE, None, "", "-beta.1"),
    "v0.5.0-0.3.7": (Kind.PRERELEASE, None, "", "-0.3.7"),
    "v0.3.2-with-sidecar-fix": (Kind.PRERELEASE, None, "", "-with-sidecar-fix"),
    "v0.3.0-rc.4-test": (Kind.PRERELEASE, None, "", "-rc.4-test"),
    "v0.3.0-rc.4.1": (Kind.PRERELEASE, None, "", "-rc.4.1"),
    "v0.5.0-search": (Kind.PRERELEASE, None, "", "-search"),
    "v0.5.0-march": (Kind.PRERELEASE, None, "", "-march"),
}


@pytest.mark.parametrize("tag", READ)
def test_each_form_is_read_into_its_class_and_parts(tag: str) -> None:
    version = parse(tag)
    assert (version.kind, version.number, version.spelling, version.suffix) == READ[tag]
    assert version.tag == tag == str(version)
    assert version.prefix + version.text == tag
    assert version.is_stable == (version.kind in {Kind.STABLE, Kind.POST})
    assert version.is_candidate == (version.kind is Kind.CANDIDATE)


def test_what_a_version_belongs_to() -> None:
    version = parse("router-v0.6.4-rc.2", "router-v")
    assert (version.major, version.minor, version.patch) == version.numbers == (0, 6, 4)
    assert (version.base, version.line, version.text) == ("0.6.4", "0.6", "0.6.4-rc.2")
    assert version.release == "router-v0.6.4"
    assert version.candidate(3) == "router-v0.6.4-rc.3"
    assert version.candidate(3, "rc") == "router-v0.6.4rc3"
    assert version.post(1) == "router-v0.6.4.post1"


@pytest.mark.parametrize(
    ("tag", "prefix"), [("v1.2.3", "v"), ("1.2.3", ""), ("router-v1.2.3", "router-v"), ("x_1.2.3", "x_")]
)
def test_the_prefix_is_the_projects(tag: str, prefix: str) -> None:
    assert parse(tag, prefix) == parse(f"refs/tags/{tag}", prefix)
    assert parse(tag, prefix).release == tag
    assert parse_or_none(tag, "other-") is None


@pytest.mark.parametrize("prefix", ["v1", "-v", "a//b", "v.", "v ", "ü", "v\n"])
def test_a_prefix_that_cannot_begin_a_tag_is_the_users_mistake(prefix: str) -> None:
    with pytest.raises(InputError, match="cannot be the prefix of release tags"):
        parse("v1.2.3", prefix)
    with pytest.raises(InputError, match="cannot be the prefix of release tags"):
        parse_known([], prefix)


LADDER = """
    v0.4.9.post9
    v0.5.0-dev v0.5.0.dev0 v0.5.0-dev.2 v0.5.0.dev10
    v0.5.0-0.1 v0.5.0-alpha v0.5.0-alpha.2 v0.5.0a10 v0.5.0-alpha.x v0.5.0b1 v0.5.0-rc.1-test v0.5.0-zeta
    v0.5.0-rc.1 v0.5.0rc2 v0.5.0-rc10
    v0.5.0 v0.5.0.post1 v0.5.0.post2 v0.5.0.post10
    v0.5.1-dev v0.5.1 v0.5.10 v0.6.0-rc.1 v0.6.0 v0.10.0 v1.0.0-dev v1.0.0
""".split()  # noqa: SIM905 - a ladder reads better by its rungs


FOUR_NUMBERS, PATCH = TagScheme("v", "."), TagScheme("v", ".patch")


@pytest.mark.parametrize(
    ("tag", "scheme", "spelling"), [("v0.9.0.1", FOUR_NUMBERS, "."), ("v0.9.0.patch1", PATCH, ".patch")]
)
def test_post_releases_are_read_as_the_project_writes_them(tag: str, scheme: TagScheme, spelling: str) -> None:
    version = parse(tag, scheme)

    assert (version.kind, version.number, version.spelling) == (Kind.POST, 1, spelling)
    assert version.is_stable
    assert parse("v0.9.0", scheme) < version < parse("v0.9.1", scheme)
    assert version.same_version(parse("v0.9.0.post1", scheme))
    assert version.post(2) == parse(version.post(2), scheme).tag == f"v0.9.0{spelling}2"
    assert parse_or_none(tag) is None


def test_a_project_that_changes_its_post_spelling_keeps_its_history() -> None:
    tags = ["v0.9.0.1", "v0.9.0.post2", "v0.9.0.patch3"]

    assert [version.tag for version in parse_known(tags, FOUR_NUMBERS)] == ["v0.9.0.1", "v0.9.0.post2"]
    assert [version.tag for version in parse_known(tags, PATCH)] == ["v0.9.0.post2", "v0.9.0.patch3"]
    assert [version.tag for version in parse_known(tags)] == ["v0.9.0.post2"]


@pytest.mark.parametrize("tag", ["v0.9.0.01", "v0.9.0.1.2", "v0.9.0.1rc1", "v0.9.0.", "v0.9.0.x"])
def test_what_is_no_fourth_number_is_refused_where_post_releases_have_one(tag: str) -> None:
    assert parse_or_none(tag, FOUR_NUMBERS) is None


def test_one_order_over_all_classes() -> None:
    ladder = [parse(tag) for tag in LADDER]
    for low, high in itertools.combinations(ladder, 2):
        assert low < high
        assert high > low
        assert low <= high
        assert high >= low
        assert not high < low
        assert not high <= low
        assert not low.same_version(high)
    assert [version.tag for version in parse_known(reversed(LADDER))] == LADDER


def test_spellings_of_one_version_are_different_tags_in_one_place_of_the_order() -> None:
    for one, other in (
        ("v0.5.0-rc.1", "v0.5.0rc1"),
        ("v0.5.0-rc1", "v0.5.0rc1"),
        ("v0.5.0.dev1", "v0.5.0-dev.1"),
        ("v1.0.0a2", "v1.0.0-alpha.2"),
    ):
        a, b = parse(one), parse(other)
        assert a.same_version(b)
        assert a <= b <= a
        assert not a < b
        assert not a > b
        assert a != b
        assert len({a, b}) == 2
    assert not parse("v0.5.0").same_version(parse("v0.5.0.post0"))


@unhurried
@given(versions(), versions(), versions())
def test_the_order_is_total(a: Version, b: Version, c: Version) -> None:
    assert (a < b) + (b < a) + a.same_version(b) == 1
    assert (a <= b) == (a < b or a.same_version(b))
    assert (a >= b) == (b <= a)
    assert (a > b) == (b < a)
    if a <= b <= c:
        assert a <= c


@unhurried
@given(versions("stable"), st.data())
def test_within_one_base_the_class_decides_before_the_number(base: Version, data: st.DataObject) -> None:
    number = st.integers(0, 10**6)
    suffixes = (".dev{}", "-alpha.{}", "-rc.{}", "", ".post{}")
    ladder = [parse(base.tag + suffix.format(data.draw(number))) for suffix in suffixes]
    assert sorted(ladder, key=lambda version: version.order) == ladder
    low, high = sorted(data.draw(st.lists(number, min_size=2, max_size=2, unique=True)))
    for spelling in (".dev", "-rc.", "-rc", "rc", ".post"):
        assert parse(f"{base}{spelling}{low}") < parse(f"{base}{spelling}{high}")


@unhurried
@given(tags(), st.sampled_from(["v", "", "router-v"]))
def test_a_version_gives_back_its_tag(tag: str, prefix: str) -> None:
    text = tag[1:]
    version = parse(prefix + text, prefix)
    assert version.tag == prefix + text
    assert version.text == text
    assert parse(version.tag, prefix) == version == parse(f"refs/tags/{version.tag}", prefix)
    if version.number is not None:
        assert f"{version.release}{version.spelling}{version.number}" == version.tag


IDENTIFIERS = st.one_of(
    st.integers(0, 10**20).map(str),
    st.from_regex(r"[a-zA-Z-][0-9a-zA-Z-]{0,5}", fullmatch=True),
    st.sampled_from(["rc", "1", "0a"]),
)
PRERELEASES = st.lists(IDENTIFIERS, min_size=1, max_size=4).map(".".join)


@unhurried
@given(PRERELEASES, PRERELEASES)
@example("rc.1-test", "rc.1.2")
@example("alpha.1", "alpha.beta")
def test_prereleases_are_ordered_as_semver_orders_them(a: str, b: str) -> None:
    one, other = parse_or_none(f"v1.0.0-{a}"), parse_or_none(f"v1.0.0-{b}")
    if one and other and one.kind is other.kind is Kind.PRERELEASE:
        assert (one < other) == (semver.Version.parse(one.text) < semver.Version.parse(other.text))
        assert one.same_version(other) == (a == b)


CANONICAL = st.builds(
    lambda numbers, suffix: "v" + ".".join(map(str, numbers)) + suffix,
    st.tuples(*[st.integers(0, 12)] * 3),
    st.one_of(st.just(""), st.builds("-{}.{}".format, st.sampled_from(["alpha", "beta", "rc"]), st.integers(0, 12))),
)


@unhurried
@given(CANONICAL, CANONICAL)
def test_canonical_tags_are_ordered_as_semver_orders_them(a: str, b: str) -> None:
    one, other = parse(a), parse(b)
    assert (one < other) == (semver.Version.parse(one.text) < semver.Version.parse(other.text))


def test_a_list_of_tags_keeps_its_versions_only() -> None:
    real = ["0", "0.0", "0.0.10", "push", "v0", "v0.1", "v0.1.0-rc", "v0.3.0-rc.4-test", "v0.2.0-RC1", "v0.2.0-rc.2"]
    real += ["gaie-1.5-sync", "v0.2.0", "v0.2.0"]
    assert [version.tag for version in parse_known(real)] == ["v0.2.0-rc.2", "v0.2.0", "v0.3.0-rc.4-test"]
    assert [version.tag for version in parse_known(real, "")] == ["0.0.10"]


@unhurried
@given(histories())
def test_a_list_of_tags_does_not_depend_on_its_order(versions: list[Version]) -> None:
    names = [version.tag for version in versions]
    assert parse_known(names) == parse_known(sorted(names)) == parse_known([*names, *names, "v0.5", "latest"])


@pytest.mark.parametrize("tag", ["v0", "v0.5", "0", "0.5", "latest", "stable", "nightly", "refs/tags/v0.5", "v00.5"])
def test_floating_tags_are_known_by_their_form(tag: str) -> None:
    assert is_floating(tag)
    assert parse_or_none(tag) is None


@pytest.mark.parametrize(
    "tag", ["v0.5.0", "v0.5.0-rc", "v0.5.", "v", "", "vlatest", "router-v0.5", "v0.\u0665", "v0.5\n"]
)
def test_other_tags_are_not_floating(tag: str) -> None:
    assert not is_floating(tag)


def test_the_floating_tags_of_a_component_carry_its_prefix() -> None:
    assert is_floating("router-v0.5", "router-v")
    assert not is_floating("v0.5", "router-v")


def test_a_refusal_is_an_answer_of_the_release_policy() -> None:
    with pytest.raises(TagRefused) as caught:
        parse("v0.5.0-rc")
    assert caught.value.exit_code is ExitCode.REFUSED
    assert caught.value.tag == "v0.5.0-rc"


def test_finals_and_candidates_are_read_without_importing_semver() -> None:
    script = (
        "import sys; from release_actions.versions.version import parse; parse('v1.2.3'); parse('v1.2.3-rc.1');"
        " print(sorted({'semver', 'release_actions.versions.refusals', 'requests', 'github'} & set(sys.modules)))"
    )
    path = next(entry for entry in sys.path if entry.endswith("src"))
    done = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
