from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.floating.shipped import apply_moves, is_right
from tests.versions.release_tags import histories, unhurried, versions

from release_actions.errors import ActionError, ExitCode
from release_actions.floating.plan import FloatingPlan, Keep, Move, Orphan, PackageContents
from release_actions.floating.plan import plan_package as plan_of
from release_actions.floating.release_findings import ReleaseFinding
from release_actions.floating.rules import FloatingRules
from release_actions.versions.floating import (
    DEFAULT_TEMPLATES,
    Effect,
    choose_targets,
    explain_effects,
    find_floating,
    is_newest,
    list_effects,
)
from release_actions.versions.version import Version, parse, parse_known

CUSTOM = ("{major}.{minor}", "{major}", "stable", "v{major}-latest")
TEMPLATES = st.sampled_from([DEFAULT_TEMPLATES, CUSTOM, ("latest",), ()])


def plan(
    current: dict[str, str],
    releases: dict[Version, str],
    git: Iterable[Version],
    templates: Iterable[str] = DEFAULT_TEMPLATES,
    skip: Iterable[str] = (),
    *,
    announced: Iterable[Version] = (),
    **more: Any,
) -> FloatingPlan:
    rules = FloatingRules(tuple(templates), tuple(skip), held_by_doubt=more.pop("held_by_doubt", True))
    return plan_of(PackageContents(current, releases, **more), git, rules, announced)


def names(state: dict[str, Version]) -> dict[str, str]:
    return {tag: version.tag for tag, version in state.items()}


def digest(version: Version) -> str:
    return f"sha256:{version.tag}"


def holding(*tags: str) -> dict[Version, str]:
    return {version: digest(version) for version in parse_known(tags)}


def test_each_floating_tag_names_the_highest_stable_release_of_its_range() -> None:
    history = parse_known(
        ["v0.4.0", "v0.4.3", "v0.5.0", "v0.5.1", "v0.5.1.post1", "v0.6.0-rc.1", "v1.0.0-dev", "v0.7.0-x"]
    )
    assert names(choose_targets(history)) == {
        "latest": "v0.5.1.post1",
        "v0": "v0.5.1.post1",
        "v0.4": "v0.4.3",
        "v0.5": "v0.5.1.post1",
    }
    assert names(choose_targets(history, CUSTOM)) == {
        "stable": "v0.5.1.post1",
        "0": "v0.5.1.post1",
        "v0-latest": "v0.5.1.post1",
        "0.4": "v0.4.3",
        "0.5": "v0.5.1.post1",
    }


def test_numbers_are_compared_as_numbers() -> None:
    assert names(choose_targets(parse_known(["v0.9.9", "v0.9.10", "v0.10.0"]))) == {
        "latest": "v0.10.0",
        "v0": "v0.10.0",
        "v0.9": "v0.9.10",
        "v0.10": "v0.10.0",
    }


def test_a_skipped_release_is_named_by_nothing() -> None:
    history = parse_known(["v0.4.0", "v0.4.1", "v0.5.0"])
    assert names(choose_targets(history, skip={"v0.5.0"})) == {"latest": "v0.4.1", "v0": "v0.4.1", "v0.4": "v0.4.1"}


def test_without_a_stable_release_there_is_no_floating_tag() -> None:
    assert choose_targets(parse_known(["v0.5.0-rc.1", "v0.5.0.dev1", "v0.5.0-beta.1"])) == {}


@unhurried
@given(histories(), TEMPLATES, st.randoms())
def test_the_state_does_not_depend_on_the_order_of_releases(
    history: list[Version], templates: tuple[str, ...], chance: random.Random
) -> None:
    shuffled = chance.sample(history, len(history))
    assert choose_targets(shuffled, templates) == choose_targets(history, templates)


@unhurried
@given(histories(), TEMPLATES)
def test_every_target_is_stable_in_range_and_the_highest(history: list[Version], templates: tuple[str, ...]) -> None:
    state = choose_targets(history, templates)
    for tag, version in state.items():
        assert version in history
        assert version.is_stable
        depth = len(re.findall(r"[0-9]+", tag))
        inside = [other for other in history if other.is_stable and other.numbers[:depth] == version.numbers[:depth]]
        assert version == max(inside)
    if templates and any(version.is_stable for version in history):
        assert state


@unhurried
@given(histories(), versions("candidate", "dev", "prerelease"), TEMPLATES)
def test_what_is_not_stable_changes_nothing(history: list[Version], new: Version, templates: tuple[str, ...]) -> None:
    assert choose_targets([*history, new], templates) == choose_targets(history, templates)
    assert not any(effect.moves for effect in list_effects(new, history, templates))
    assert not is_newest(new, history)


@unhurried
@given(histories(), versions("stable", "post"))
def test_a_floating_tag_only_ever_moves_up(history: list[Version], new: Version) -> None:
    before, after = choose_targets(history), choose_targets([*history, new])
    for tag, version in before.items():
        assert after[tag] >= version
        assert after[tag] in {version, new}


@unhurried
@given(histories("stable", "post", "candidate"), versions("stable", "post"))
def test_a_backport_never_moves_latest(history: list[Version], new: Version) -> None:
    higher = [other for other in history if other.is_stable and other > new]
    before, after = choose_targets(history), choose_targets([*history, new])
    assert is_newest(new, history) == (not higher)
    if higher:
        assert after["latest"] == before["latest"]
    if any(other.major == new.major for other in higher):
        assert after[f"v{new.major}"] == before[f"v{new.major}"]


@unhurried
@given(histories(), versions(), TEMPLATES)
def test_the_effects_are_the_difference_that_the_version_makes(
    history: list[Version], new: Version, templates: tuple[str, ...]
) -> None:
    others = [version for version in history if version.tag != new.tag]
    before, after = choose_targets(others, templates), choose_targets([*others, new], templates)
    effects = list_effects(new, history, templates)
    assert {effect.tag for effect in effects if effect.moves} == {tag for tag in after if before.get(tag) != after[tag]}
    assert all(effect.before == before.get(effect.tag) for effect in effects)


def test_effects_come_with_what_stays() -> None:
    history = parse_known(["v0.4.2", "v0.5.1"])
    assert list_effects(parse("v0.4.3"), history, ["latest", "v{major}", "v{major}.{minor}"]) == (
        Effect("v0.4", parse("v0.4.2"), moves=True),
        Effect("v0", parse("v0.5.1"), moves=False),
        Effect("latest", parse("v0.5.1"), moves=False),
    )


def test_a_version_that_exists_is_not_its_own_predecessor() -> None:
    history = parse_known(["v0.5.0", "v0.5.1"])
    effects = list_effects(parse("v0.5.1"), history, ["v{major}.{minor}", "v{major}.{minor}"])
    assert effects == (Effect("v0.5", parse("v0.5.0"), moves=True),)


HISTORY = ("v0.3.0", "v0.4.0", "v0.4.2", "v0.5.0", "v0.5.1", "v0.6.0-rc.1")

SENTENCES = {
    "v0.4.3": "a backport: it moves v0.4 and leaves v0 and latest on v0.5.1.",
    "v0.5.2": "the newest release: it moves v0.5, v0 and latest.",
    "v0.5.1": "the newest release: it moves v0.5, v0 and latest.",
    "v0.6.0": "the newest release: it creates v0.6 and moves v0 and latest.",
    "v1.0.0": "the newest release: it creates v1.0 and v1 and moves latest.",
    "v0.6.0-rc.2": "a release candidate: it moves no floating tag and leaves v0 and latest on v0.5.1.",
    "v0.7.0-dev": "a dev version: it moves no floating tag and leaves v0 and latest on v0.5.1.",
    "v0.5.1.post1": "a post release: it moves v0.5, v0 and latest.",
    "v0.4.2.post1": "a post release of an older line: it moves v0.4 and leaves v0 and latest on v0.5.1.",
    "v0.4.1": (
        "below v0.4.2 of its own line: it moves no floating tag and leaves v0.4 on v0.4.2, and v0 and latest on v0.5.1."
    ),
    "v0.3.2-with-sidecar-fix": (
        "a pre-release: it moves no floating tag and leaves v0.3 on v0.3.0, and v0 and latest on v0.5.1."
    ),
    "v0.5.9": "listed under versions.skip: it moves no floating tag and leaves v0.5, v0 and latest on v0.5.1.",
}


@pytest.mark.parametrize("tag", SENTENCES)
def test_a_release_leader_reads_what_a_tag_does(tag: str) -> None:
    assert explain_effects(parse(tag), parse_known(HISTORY), skip={"v0.5.9"}) == f"{tag} is {SENTENCES[tag]}"


def test_the_first_release_creates_its_floating_tags() -> None:
    assert explain_effects(parse("v0.1.0"), ()) == "v0.1.0 is the newest release: it creates v0.1, v0 and latest."
    assert explain_effects(parse("v0.1.0-rc.1"), ()) == "v0.1.0-rc.1 is a release candidate: it moves no floating tag."


def test_floating_tags_are_told_from_exact_ones_by_the_templates() -> None:
    tags = ["v0", "v0.5", "v0.5.0", "latest", "0.5", "v0x5", "v00", "xv0", "v0\n", "stable"]
    assert find_floating(tags, DEFAULT_TEMPLATES) == ("latest", "v0", "v0.5")
    assert find_floating(tags, ["{major}.{minor}", "stable"]) == ("0.5", "stable")
    assert find_floating(tags, []) == ()


def test_a_plan_says_what_moves_and_why() -> None:
    candidate = "sha256:candidate"
    current = {
        "v0.4.0": "sha256:v0.4.0",
        "v0.5.0": "sha256:v0.5.0",
        "v0.5.1": "sha256:v0.5.1",
        "v0.6.0-rc.1": candidate,
        "latest": "sha256:v0.4.0",
        "v0": "sha256:v0.5.1",
        "v0.5": candidate,
        "v0.6": candidate,
        "main": "sha256:nightly",
    }
    found = plan(
        current, holding("v0.4.0", "v0.5.0", "v0.5.1"), parse_known(["v0.4.0", "v0.5.0", "v0.5.1", "v0.6.0-rc.1"])
    )
    assert found.floats == (
        Move(
            "latest",
            "sha256:v0.4.0",
            "sha256:v0.5.1",
            parse("v0.5.1"),
            "latest names v0.4.0, and v0.5.1 is the highest release in its range.",
        ),
        Keep("v0", "sha256:v0.5.1", parse("v0.5.1")),
        Move(
            "v0.4",
            "",
            "sha256:v0.4.0",
            parse("v0.4.0"),
            "v0.4 does not exist yet, and v0.4.0 is the highest release in its range.",
        ),
        Move(
            "v0.5",
            candidate,
            "sha256:v0.5.1",
            parse("v0.5.1"),
            "v0.5 names v0.6.0-rc.1, a release candidate, and v0.5.1 is the highest release in its range.",
        ),
        Orphan(
            "v0.6",
            candidate,
            "v0.6 names v0.6.0-rc.1, a release candidate, and there is no release in its range that it could name.",
            "It was not changed. Publish a release of its range, or delete the tag if it is not needed.",
        ),
    )
    assert [move.tag for move in found.moves] == ["v0.4", "v0.5", "latest"]
    assert found.findings == ()
    assert not is_right(found)
    assert apply_moves(found, current) == current | {
        "latest": "sha256:v0.5.1",
        "v0.4": "sha256:v0.4.0",
        "v0.5": "sha256:v0.5.1",
    }


HOLDERS: dict[str, tuple[str, dict[str, Any]]] = {
    "no-version": ("sha256:0123456789ab, an image without a version tag", {}),
    "skipped": ("v0.5.2, which versions.skip in release.yaml lists", {"skip": ["v0.5.2"]}),
    "untagged": ("v0.5.2, which has no tag in git", {"git": parse_known(["v0.5.1"])}),
    "incomplete": ("v0.5.2, which is not complete", {"releases": holding("v0.5.1")}),
}


@pytest.mark.parametrize("case", HOLDERS)
def test_a_reason_names_what_is_wrong_with_the_present_target(case: str) -> None:
    words, changed = HOLDERS[case]
    wrong = "sha256:0123456789abcdef" if case == "no-version" else "sha256:v0.5.2"
    current = {"latest": wrong, "v0.5.1": "sha256:v0.5.1", "v0.5.2": "sha256:v0.5.2"}
    known_to_git = parse_known(["v0.5.1"] if case == "no-version" else ["v0.5.1", "v0.5.2"])
    releases = holding("v0.5.1") if case == "no-version" else holding("v0.5.1", "v0.5.2")
    found = plan(current, **({"releases": releases, "git": known_to_git, "templates": ["latest"]} | changed))
    (move,) = found.moves
    assert move.reason == f"latest names {words}, and v0.5.1 is the highest release in its range."
    assert move.after == "sha256:v0.5.1"


def test_the_other_tags_of_a_wrong_image_are_told() -> None:
    current = dict.fromkeys(["latest", "v0.5.0", "v0.5.0-rc.2", "v0.5.0-rc.1"], "sha256:candidate") | {
        "v0.4.0": "sha256:4"
    }
    found = plan(current, {parse("v0.4.0"): "sha256:4", parse("v0.5.0"): "sha256:candidate"}, parse_known(["v0.4.0"]))
    reasons = [move.reason for move in found.moves if move.tag == "latest"]
    assert reasons == [
        "latest names v0.5.0 (also tagged v0.5.0-rc.1 and v0.5.0-rc.2), which has no tag in git, and v0.4.0 is the "
        "highest release in its range."
    ]


def test_a_release_of_another_range_is_told_as_such() -> None:
    current = {"v0.4": "sha256:v0.5.0", "v0.5.0": "sha256:v0.5.0", "v0.4.0": "sha256:v0.4.0"}
    found = plan(current, holding("v0.4.0", "v0.5.0"), parse_known(["v0.4.0", "v0.5.0"]), ["v{major}.{minor}"])
    (move, _) = found.moves
    assert (
        move.reason == "v0.4 names v0.5.0, which is not in its range, and v0.4.0 is the highest release in its range."
    )


def test_a_release_that_the_package_lacks_is_found_and_the_floating_tags_stay() -> None:
    current = {"latest": "sha256:v0.5.0", "v0.5.0": "sha256:v0.5.0"}
    git = parse_known(["v0.3.0", "v0.5.0", "v0.5.1", "v0.5.2"])
    found = plan(current, holding("v0.5.0"), git, ["latest"])
    assert found.floats == (Keep("latest", "sha256:v0.5.0", parse("v0.5.0")),)
    message = "Release {} is in git, but its image is missing or incomplete in the package.{}"
    hint = "Build {} again, or list it under skip with the reason."
    assert found.findings == (
        ReleaseFinding("missing-release", "v0.5.1", (), message.format("v0.5.1", ""), hint.format("v0.5.1")),
        ReleaseFinding(
            "missing-release",
            "v0.5.2",
            ("latest",),
            message.format("v0.5.2", " Until then, latest must name v0.5.0."),
            hint.format("v0.5.2"),
        ),
    )
    assert not is_right(found)
    assert is_right(plan(current, holding("v0.5.0"), git, ["latest"], skip=["v0.5.1", "v0.5.2"]))


def test_a_package_without_any_release_is_told_the_newest_only() -> None:
    found = plan({"latest": "sha256:x"}, {}, parse_known(["v0.4.0", "v0.5.0"]), ["latest"])
    assert [finding.version for finding in found.findings] == ["v0.5.0"]
    assert [orphan.tag for orphan in found.orphans] == ["latest"]
    assert found.moves == ()


def test_a_release_without_a_git_tag_does_not_count_and_is_found() -> None:
    found = plan({"latest": "sha256:v0.5.1"}, holding("v0.5.0", "v0.5.1"), parse_known(["v0.5.0"]), ["latest"])
    assert [(move.tag, move.after) for move in found.moves] == [("latest", "sha256:v0.5.0")]
    assert found.findings == (
        ReleaseFinding(
            "untagged-release",
            "v0.5.1",
            ("latest",),
            "The package holds v0.5.1, which has no tag in git: no floating tag may name it.",
            "Restore the git tag if it was lost, or list v0.5.1 under skip with the reason.",
        ),
    )


def test_a_list_of_git_tags_without_a_release_moves_nothing() -> None:
    with pytest.raises(ActionError, match="no release tag, while the package holds 2") as caught:
        plan({"latest": "sha256:v0.5.0"}, holding("v0.5.0", "v0.5.1"), parse_known(["v0.6.0-rc.1"]))
    assert caught.value.exit_code is ExitCode.UNKNOWN
    assert "shallow checkout" in caught.value.hint


def test_a_mistyped_skip_is_found() -> None:
    found = plan({"latest": "sha256:v0.5.0"}, holding("v0.5.0"), parse_known(["v0.5.0"]), ["latest"], skip=["0.5.0"])
    assert [(finding.name, finding.version, finding.message) for finding in found.findings] == [
        ("unknown-skip", "0.5.0", "The list of releases to skip names '0.5.0', which is not a release here.")
    ]


def test_the_digest_of_a_plan_is_of_what_it_does() -> None:
    def of(current: dict[str, str], *tags: str) -> FloatingPlan:
        return plan(current, holding(*tags), parse_known(tags), ["latest"])

    one, same = of({"latest": "sha256:x"}, "v0.5.0"), of({"latest": "sha256:x", "v0.6.0-rc.1": "sha256:x"}, "v0.5.0")
    assert one.moves[0].reason != same.moves[0].reason
    assert one.digest == same.digest
    text = (
        '{"findings":[],"keep":{},"move":[{"from":"sha256:x","tag":"latest","to":"sha256:v0.5.0","version":"v0.5.0"}],'
        '"orphan":{}}'
    )
    assert one.digest == "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    others = [of({"latest": "sha256:y"}, "v0.5.0"), of({"latest": "sha256:x"}, "v0.5.0", "v0.5.1"), of({}, "v0.5.0")]
    assert len({one.digest, *(other.digest for other in others)}) == 4


@st.composite
def packages(draw: st.DrawFn) -> tuple[dict[str, str], dict[Version, str], list[Version]]:
    """What a package's tags name now, the releases it holds complete, and git's versions."""
    git = draw(histories())
    built = [*git, *draw(histories("stable", "post"))]
    releases = {version: digest(version) for version in built if version.is_stable and draw(st.booleans())}
    current = {version.tag: digest(version) for version in built if draw(st.booleans())}
    digests = st.sampled_from([*current.values(), "sha256:nightly"])
    for tag in choose_targets(built):
        if draw(st.booleans()):
            current[tag] = draw(digests)
    return current, releases, git


@unhurried
@given(packages(), TEMPLATES)
def test_applying_a_plan_leaves_nothing_to_do(
    package: tuple[dict[str, str], dict[Version, str], list[Version]], templates: tuple[str, ...]
) -> None:
    current, releases, git = package
    if releases and not any(version.is_stable for version in git):
        with pytest.raises(ActionError):
            plan(current, releases, git, templates)
        return
    found = plan(current, releases, git, templates)
    after = apply_moves(found, current)
    again = plan(after, releases, git, templates)
    assert again.moves == ()
    assert again.orphans == found.orphans
    assert again.findings == found.findings
    counted = choose_targets([version for version in releases if version in git], templates)
    assert {tag: after[tag] for tag in counted} == {tag: digest(version) for tag, version in counted.items()}
    touched = {tag for tag in after if after[tag] != current.get(tag)}
    assert touched == {move.tag for move in found.moves} <= set(counted)


@unhurried
@given(packages(), st.randoms())
def test_equal_worlds_have_equal_plans(
    package: tuple[dict[str, str], dict[Version, str], list[Version]], chance: random.Random
) -> None:
    current, releases, git = package
    if any(version.is_stable for version in git):
        shuffled = dict(chance.sample(list(releases.items()), len(releases)))
        again = plan(dict(reversed(current.items())), shuffled, chance.sample(git, len(git)), DEFAULT_TEMPLATES[::-1])
        assert again == plan(current, releases, git)
        assert again.digest == plan(current, releases, git).digest


@unhurried
@given(packages(), versions("candidate", "dev", "prerelease"))
def test_a_candidate_changes_no_plan(
    package: tuple[dict[str, str], dict[Version, str], list[Version]], new: Version
) -> None:
    current, releases, git = package
    if any(version.is_stable for version in git):
        found = plan(current, releases, git)
        assert plan(current, {**releases, new: "sha256:new"}, [*git, new]) == found


class TestStuck:
    """A floating tag on its own release that broke."""

    def test_it_stays_and_is_told(self) -> None:
        old, new = parse_known(["v0.4.0", "v0.5.0"])
        current = {"v0.4.0": digest(old), "v0.5.0": digest(new), "latest": digest(new), "v0": digest(old)}
        found = plan(current, {old: digest(old)}, [old, new], ["latest", "v{major}"], broken={new: digest(new)})
        (item,) = found.stuck
        assert (item.tag, item.version, item.digest) == ("latest", new, digest(new))
        assert item.message == "latest names v0.5.0, which is not complete."
        assert item.hint == "It was not changed. Publish v0.5.0 whole, or list it under skip to move latest back."
        assert found.moves == ()
        assert not is_right(found)
        assert found.document()["stuck"] == {"latest": digest(new)}

    @pytest.mark.parametrize(
        ("tags", "skip"),
        [
            (["v0.4.0"], ()),
            (["v0.4.0", "v0.5.0"], ("v0.5.0",)),
        ],
    )
    def test_a_release_that_does_not_count_holds_no_tag(self, tags: list[str], skip: tuple[str, ...]) -> None:
        old, new = parse_known(["v0.4.0", "v0.5.0"])
        current = {"v0.4.0": digest(old), "v0.5.0": digest(new), "latest": digest(new)}
        found = plan(current, {old: digest(old)}, parse_known(tags), ["latest"], skip, broken={new: digest(new)})
        assert [(move.tag, move.version) for move in found.moves] == [("latest", old)]

    def test_a_lower_release_that_broke_holds_no_tag(self) -> None:
        old, new = parse_known(["v0.4.0", "v0.5.0"])
        current = {"v0.4.0": digest(old), "v0.5.0": digest(new), "latest": digest(old)}
        found = plan(current, {new: digest(new)}, [old, new], ["latest"], broken={old: digest(old)})
        assert [(move.tag, move.version) for move in found.moves] == [("latest", new)]

    def test_without_another_release_it_stays_too(self) -> None:
        (only,) = parse_known(["v0.5.0"])
        current = {"v0.5.0": digest(only), "latest": digest(only)}
        found = plan(current, {}, [only], ["latest"], broken={only: digest(only)})
        assert [item.tag for item in found.stuck] == ["latest"]
        assert found.orphans == ()


class TestAnnounced:
    """What GitHub's list of releases adds to git's tags."""

    def found(self, *announced: str, held: tuple[str, ...] = ("v0.5.0",), **more: Any) -> list[tuple[str, str, str]]:
        git = parse_known(["v0.5.0"])
        current = {"latest": "sha256:v0.5.0", "v0.5.0": "sha256:v0.5.0"}
        made = plan(current, holding(*held), git, ["latest"], announced=parse_known(announced), **more)
        assert made.moves == ()
        return [(finding.name, finding.version, finding.message) for finding in made.findings]

    def test_a_release_without_a_git_tag_is_found_and_moves_nothing(self) -> None:
        message = "GitHub has a release v0.6.0, but it has no tag in git, and no floating tag may name it."
        assert self.found("v0.5.0", "v0.6.0", "v0.7.0-rc.1") == [("missing-release", "v0.6.0", message)]

    def test_one_that_the_package_holds_is_told_once(self) -> None:
        message = (
            "GitHub has a release and the package holds v0.6.0, which has no tag in git: no floating tag may name it."
        )
        assert self.found("v0.6.0", held=("v0.5.0", "v0.6.0")) == [("untagged-release", "v0.6.0", message)]

    def test_older_ones_and_skipped_ones_are_not_told(self) -> None:
        assert self.found("v0.4.0", "v0.6.0", skip=["v0.6.0"]) == []


class TestDoubted:
    """A release whose image was built from another commit than its git tag's."""

    SAID = "was built from abc, while the git tag is on def"

    def of(self, named: str, **more: Any) -> FloatingPlan:
        old, new = parse_known(["v0.4.0", "v0.5.0"])
        current = {"v0.4.0": digest(old), "v0.5.0": digest(new)} | ({"latest": f"sha256:{named}"} if named else {})
        return plan(
            current, {old: digest(old), new: digest(new)}, [old, new], ["latest"], doubts={new: self.SAID}, **more
        )

    @pytest.mark.parametrize(
        ("named", "verb"), [("v0.4.0", "has to name"), ("", "has to name"), ("v0.5.0", "names"), ("x", "has to name")]
    )
    def test_the_floating_tag_stays_where_it_is(self, named: str, verb: str) -> None:
        found = self.of(named)
        (item,) = found.stuck
        assert (item.tag, item.digest) == ("latest", f"sha256:{named}" if named else "")
        assert item.message == f"latest {verb} v0.5.0, whose image {self.SAID}."
        assert item.hint == "It was not changed. Publish v0.5.0 again from its git tag, or list it under skip."
        assert (found.moves, found.findings) == ((), ())

    def test_where_doubts_hold_nothing_they_are_told(self) -> None:
        found = self.of("v0.4.0", held_by_doubt=False)
        assert [(move.tag, move.version.tag) for move in found.moves] == [("latest", "v0.5.0")]
        assert [(finding.name, finding.message) for finding in found.findings] == [
            ("other-commit", f"The image of v0.5.0 {self.SAID}.")
        ]

    def test_a_release_that_no_floating_tag_names_is_told(self) -> None:
        old, new = parse_known(["v0.4.0", "v0.5.0"])
        current = {"v0.4.0": digest(old), "v0.5.0": digest(new), "latest": digest(new)}
        found = plan(current, {old: digest(old), new: digest(new)}, [old, new], ["latest"], doubts={old: self.SAID})
        assert found.stuck == ()
        assert [(finding.name, finding.version) for finding in found.findings] == [("other-commit", "v0.4.0")]
