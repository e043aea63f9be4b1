"""What of a candidate goes, decided over made-up worlds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from release_actions.errors import InputError
from release_actions.github.releases import Asset, Release
from release_actions.teardown.model import Git, Names, Plan, World
from release_actions.teardown.plan import (
    LONGEST_TEXT,
    choose,
    choose_tags_to_resolve,
    explain_loss,
    list_cuts,
    list_stumps,
    plan,
)
from release_actions.versions.version import Version, parse, parse_known

CUDA, CPU = "llm-d/llm-d-cuda", "llm-d/llm-d-cpu"


def world(
    git: dict[str, str],
    images: dict[str, dict[str, str]] | None = None,
    releases: Iterable[Release] = (),
    names: Names | None = None,
) -> World:
    """Git tags are on the commits that their values name, and are objects of their own."""
    objects = {tag: f"object of {commit}" for tag, commit in git.items()}
    return World(names or Names(), Git(objects, git), images or {}, tuple(releases))


def torn(*tags: str) -> tuple[Version, ...]:
    return tuple(parse(tag) for tag in tags)


def changes(found: Plan) -> dict[str, str]:
    """Git tag -> commit that it is moved to, empty for a deletion."""
    return {change.tag: change.after.removeprefix("object of ") for change in found.refs}


@pytest.mark.parametrize(
    ("tag", "made", "stump"),
    [
        ("v0.5.0-rc.1", ("v0.5.0-rc", "v0.5", "v0"), {"v0.5.0-rc"}),
        ("v0.5.0rc1", ("v0.5", "v0"), set()),
        ("v0.3.0-rc.4-test", ("v0.3.0-rc", "v0.3", "v0"), {"v0.3.0-rc"}),
        ("v1.0.0-alpha.1", ("v1.0.0-alpha", "v1.0", "v1"), set()),
    ],
)
def test_names_that_are_cut_from_a_tag(tag: str, made: tuple[str, ...], stump: set[str]) -> None:
    assert list_cuts(tag) == made
    assert list_stumps(parse(tag)) == stump


def test_candidates_that_are_asked_for() -> None:
    git = dict.fromkeys(("v0.4.0-rc.1", "v0.4.0-rc.2", "v0.4.0", "v0.5.0-rc.1", "v0.4.0-rc", "v0.3.0-rc.4-test"), "a")
    images = {CUDA: dict.fromkeys(("v0.4.0-rc.1", "v0.4.0"), "d"), CPU: {"v0.4.0-rc.2": "d"}}
    found, kept = choose(["released"], world(git, images))
    assert found == torn("v0.4.0-rc.1")
    assert kept == (
        f"v0.4.0-rc.2 is kept: {CPU} holds no v0.4.0 yet. Name it to remove it anyway.",
        "v0.5.0-rc.1 is kept: v0.5.0 is not released yet. Name it to remove it anyway.",
    )
    found, kept = choose(["released", "v0.5.0-rc.1", "v0.3.0-rc.4-test"], world(git, images))
    assert found == torn("v0.3.0-rc.4-test", "v0.4.0-rc.1", "v0.5.0-rc.1")
    assert len(kept) == 1


def test_released_knows_candidates_that_only_one_system_has() -> None:
    only_image = world({"v0.4.0": "a"}, {CUDA: {"v0.4.0-rc.1": "d", "v0.4.0": "e"}})
    only_release = world({"v0.4.0": "a"}, releases=[Release(1, "v0.4.0-rc.2", prerelease=True)])
    assert choose(["released"], only_image)[0] == torn("v0.4.0-rc.1")
    assert choose(["released"], only_release)[0] == torn("v0.4.0-rc.2")


def test_every_tag_that_is_no_candidate_is_refused_at_once() -> None:
    with pytest.raises(InputError) as caught:
        choose(["v0.4.0", "v0.5", "v0.5.0-rc.1", "v0.4.0.post1"], world({}))
    assert [problem.message.split()[0] for problem in caught.value.problems] == ["v0.4.0", "Tag", "v0.4.0.post1"]


def test_git_tags_whose_commits_are_needed() -> None:
    git = ["v0.3.0", "v0.4.0", "v0.5.0-rc.1", "v0.5.0-rc.2", "v0.5.0-rc", "v0.5", "v0", "v0.4.0-rc.1", "push"]
    assert choose_tags_to_resolve(torn("v0.5.0-rc.1"), Names(), git) == set(git) - {"v0.4.0-rc.1", "push"}


class TestGit:
    """Git tags."""

    def test_floating_tags_go_back_to_the_newest_release_of_their_range(self) -> None:
        git = {"v0.3.0": "three", "v0.4.0": "four", "v0.5.0-rc.1": "rc", "v0.5.0-rc": "rc", "v0.5": "rc", "v0": "rc"}
        found = plan(torn("v0.5.0-rc.1"), world(git))
        assert changes(found) == {"v0.5.0-rc.1": "", "v0.5.0-rc": "", "v0.5": "", "v0": "four"}
        assert [change.tag for change in found.refs][-1] == "v0.5.0-rc.1"

    def test_a_skipped_release_is_not_gone_back_to(self) -> None:
        git = {"v0.3.0": "three", "v0.4.0": "four", "v0.5.0-rc.1": "rc", "v0": "rc"}
        found = plan(torn("v0.5.0-rc.1"), world(git, names=Names(skip=("v0.4.0",))))
        assert changes(found)["v0"] == "three"

    def test_floating_tags_that_name_something_else_are_left(self) -> None:
        git = {"v0.4.0": "four", "v0.5.0-rc.1": "rc", "v0.5": "other", "v0": "four"}
        assert changes(plan(torn("v0.5.0-rc.1"), world(git))) == {"v0.5.0-rc.1": ""}

    def test_a_floating_tag_that_may_be_of_a_candidate_whose_git_tag_went_is_told(self) -> None:
        git = {"v0.4.0": "four", "v0.5": "gone", "v0": "four"}
        found = plan(torn("v0.5.0-rc.1"), world(git))
        assert changes(found) == {}
        assert found.notes == (
            "The git tag v0.5 is kept: it is not a version, and git has no v0.5.0-rc.1 to compare it with.",
        )
        there = plan(torn("v0.5.0-rc.1"), world({**git, "v0.5.0-rc.1": "rc"}))
        assert there.notes == ()

    def test_a_final_on_the_commit_of_its_candidate_keeps_its_floating_tags(self) -> None:
        git = {"v0.5.0": "same", "v0.5.0-rc.1": "same", "v0.5.0-rc": "same", "v0.5": "same", "v0": "same"}
        assert changes(plan(torn("v0.5.0-rc.1"), world(git))) == {"v0.5.0-rc.1": "", "v0.5.0-rc": ""}

    def test_a_stump_of_a_candidate_that_stays_is_left(self) -> None:
        git = {"v0.5.0-rc.1": "one", "v0.5.0-rc.2": "two", "v0.5.0-rc": "two", "v0.5": "two"}
        assert changes(plan(torn("v0.5.0-rc.1"), world(git))) == {"v0.5.0-rc.1": ""}
        assert changes(plan(torn("v0.5.0-rc.2"), world(git))) == {"v0.5.0-rc.2": "", "v0.5.0-rc": "", "v0.5": ""}

    def test_a_stump_without_any_candidate_goes(self) -> None:
        assert changes(plan(torn("v0.5.0-rc.1"), world({"v0.5.0-rc": "gone"}))) == {"v0.5.0-rc": ""}

    def test_a_version_is_never_taken_for_a_name_that_was_made(self) -> None:
        git = {"v1.0.0-alpha.1": "one", "v1.0.0-alpha": "one", "v1.0.0": "one"}
        assert changes(plan(torn("v1.0.0-alpha.1"), world(git))) == {"v1.0.0-alpha.1": ""}

    @pytest.mark.parametrize("made", ["v0.5.0-rc", "v0.5"])
    def test_a_release_of_a_name_that_was_made_has_to_be_named_too(self, made: str) -> None:
        git = {"v0.5.0-rc.1": "rc", made: "rc"}
        kept = Release(1, made, prerelease=True, assets=(Asset(1, "notes.pdf"),))
        found = plan(torn("v0.5.0-rc.1"), world(git, releases=[kept]))
        assert found.is_empty
        [refusal] = found.refusals
        assert refusal.message == (
            f"The GitHub release of {made}, which was made from it, has 1 file, notes.pdf, which would be lost."
        )
        assert refusal.hint == f"To delete it for good, name it: allow-irreversible: {made}"
        assert plan(torn("v0.5.0-rc.1"), world(git, releases=[kept]), [made]).releases == (kept,)
        empty = replace(kept, assets=())
        found = plan(torn("v0.5.0-rc.1"), world(git, releases=[empty]))
        assert changes(found) == {"v0.5.0-rc.1": "", made: ""}
        assert found.releases == (empty,)


class TestReleases:
    """GitHub releases."""

    @pytest.mark.parametrize(
        ("release", "why"),
        [
            (Release(1, "v0.5.0-rc.1", prerelease=True), ""),
            (Release(1, "v0.5.0-rc.1", draft=True), ""),
            (Release(1, "v0.5.0-rc.1"), "is published as a release and not as a pre-release"),
            (
                Release(1, "v0.5.0-rc.1", prerelease=True, immutable=True),
                "is immutable: once it is deleted, GitHub never lets its tag be used again",
            ),
            (
                Release(1, "v0.5.0-rc.1", prerelease=True, assets=(Asset(1, "a.tgz"), Asset(2, "b.tgz"))),
                "has 2 files, a.tgz first, which would be lost",
            ),
            (
                Release(1, "v0.5.0-rc.1", prerelease=True, body="x" * (LONGEST_TEXT + 1)),
                "has a text of 50001 characters, too long for the undo file",
            ),
        ],
    )
    def test_what_cannot_be_taken_back_has_to_be_named(self, release: Release, why: str) -> None:
        assert explain_loss(release) == why
        here = world({"v0.5.0-rc.1": "rc"}, {CUDA: {"v0.5.0-rc.1": "d"}}, [release])
        found = plan(torn("v0.5.0-rc.1"), here)
        assert found.is_empty == bool(why)
        assert [refusal.message for refusal in found.refusals] == (
            [f"The GitHub release of v0.5.0-rc.1 {why}."] if why else []
        )
        assert plan(torn("v0.5.0-rc.1"), here, ["v0.5.0-rc.1"]).releases == (release,)

    def test_releases_of_other_tags_are_left(self) -> None:
        others = [Release(1, "v0.5.0"), Release(2, "v0.5.0-rc.2", prerelease=True)]
        assert plan(torn("v0.5.0-rc.1"), world({"v0.5.0-rc.1": "rc"}, releases=others)).releases == ()


class TestImages:
    """Tags of images."""

    def test_debris_goes_with_its_candidate(self) -> None:
        tags = dict.fromkeys(("v0.5.0-rc.1", "v0.5.0-rc", "v0.5.0", "v0.5", "0.5"), "rc") | {"v0.4.0": "four"}
        found = plan(torn("v0.5.0-rc.1"), world({"v0.4.0": "a"}, {CUDA: tags}))
        assert set(found.images[CUDA]) == {"v0.5.0-rc.1", "v0.5.0-rc", "v0.5.0", "v0.5", "0.5"}

    def test_a_floating_tag_that_no_template_makes_has_to_be_moved_by_hand(self) -> None:
        tags = {"v0.5.0-rc.1": "rc", "v0": "rc", "v0.4.0": "four"}
        found = plan(torn("v0.5.0-rc.1"), world({"v0.4.0": "a"}, {CUDA: tags}, names=Names(templates=("latest",))))
        assert found.is_empty
        assert found.refusals[0].hint == (
            "Put v0 on v0.4.0 by hand, or add it to floating-tags and run protect-latest first."
        )

    def test_a_candidate_is_removed_everywhere_or_nowhere(self) -> None:
        images = {CUDA: {"v0.5.0-rc.1": "rc", "demo": "rc"}, CPU: {"v0.5.0-rc.1": "rc"}}
        git = {"v0.5.0-rc.1": "rc", "v0.5.0-rc": "rc"}
        found = plan(torn("v0.5.0-rc.1"), world(git, images, [Release(1, "v0.5.0-rc.1", prerelease=True)]))
        assert found.is_empty
        assert found.candidates == ()
        assert [refusal.candidate for refusal in found.refusals] == ["v0.5.0-rc.1"]

    def test_two_candidates_on_one_image_go_together(self) -> None:
        images = {CUDA: {"v0.5.0-rc.1": "rc", "v0.5.0-rc.2": "rc"}}
        alone = plan(torn("v0.5.0-rc.1"), world({}, images))
        assert alone.is_empty
        assert alone.refusals[0].message == (
            f"{CUDA}:v0.5.0-rc.2 names the image of v0.5.0-rc.1, and v0.5.0-rc.2 was not named."
        )
        assert alone.refusals[0].hint == "To delete it, name v0.5.0-rc.2 too."
        together = plan(torn("v0.5.0-rc.1", "v0.5.0-rc.2"), world({}, images))
        assert set(together.images[CUDA]) == {"v0.5.0-rc.1", "v0.5.0-rc.2"}

    def test_a_refused_candidate_takes_those_along_that_share_its_image(self) -> None:
        images = {CUDA: {"v0.5.0-rc.1": "rc", "v0.5.0-rc.2": "rc"}}
        final = Release(1, "v0.5.0-rc.1")
        found = plan(torn("v0.5.0-rc.1", "v0.5.0-rc.2"), world({}, images, [final]))
        assert found.is_empty
        assert {refusal.candidate for refusal in found.refusals} == {"v0.5.0-rc.1", "v0.5.0-rc.2"}

    def test_attachments_and_journals_are_no_tags_that_somebody_put(self) -> None:
        tags = dict.fromkeys(("v0.5.0-rc.1", f"sha256-{'a' * 64}.sig", "ghcr-cleanup-journal"), "rc")
        assert set(plan(torn("v0.5.0-rc.1"), world({}, {CUDA: tags})).images[CUDA]) == {"v0.5.0-rc.1"}

    def test_an_image_with_a_foreign_tag_that_only_debris_names_stays_with_a_note(self) -> None:
        images = {CUDA: {"v0.5.0-rc.1": "new", "v0.5.0-rc": "old", "demo": "old"}}
        found = plan(torn("v0.5.0-rc.1"), world({}, images))
        assert set(found.images[CUDA]) == {"v0.5.0-rc.1"}
        assert found.notes == (
            f"{CUDA}: demo, v0.5.0-rc are kept. {CUDA}:demo names the image of v0.5.0-rc.1, but demo was not made "
            "from a candidate's tag.",
        )


TAGS = (
    "v0.4.0", "v0.4.1", "v0.5.0", "v0.5.0.post1", "v0.4.1-rc.1", "v0.5.0-rc.1", "v0.5.0-rc.2", "v0.5.0rc3",
    "v0.5.1-rc.1", "v0.5.0-rc", "v0.4.1-rc", "v0", "v0.4", "v0.5", "0.5", "latest", "main", "demo", "nightly",
)  # fmt: skip
PLACES = st.sampled_from(("a", "b", "c", "d", "e"))
CANDIDATES = tuple(version.tag for version in parse_known(TAGS) if version.is_candidate)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Any tags on any of five commits and digests, in git and two packages, with any releases."""

    def names() -> dict[str, str]:
        return draw(st.dictionaries(st.sampled_from(TAGS), PLACES))

    releases = [
        Release(number, tag, draft=draw(st.booleans()), prerelease=draw(st.booleans()))
        for number, tag in enumerate(draw(st.lists(st.sampled_from(TAGS), max_size=3, unique=True)))
    ]
    templates = draw(st.sampled_from((Names().templates, ("latest",), ())))
    return world(names(), {CUDA: names(), CPU: names()}, releases, Names(templates=templates))


def applied(here: World, found: Plan) -> World:
    """The world once a plan has been carried out whole."""
    images = {
        package: {tag: digest for tag, digest in tags.items() if tag not in found.images.get(package, ())}
        for package, tags in here.images.items()
    }
    git = dict(here.git.commits)
    for change in found.refs:
        if change.after:
            git[change.tag] = change.after.removeprefix("object of ")
        else:
            del git[change.tag]
    releases = [release for release in here.releases if release not in found.releases]
    return world(git, images, releases, here.names)


ASKED = st.lists(st.sampled_from(CANDIDATES), min_size=1, unique=True)


@settings(max_examples=200, deadline=None)
@given(worlds(), ASKED)
def test_no_plan_touches_what_lives(here: World, asked: list[str]) -> None:
    found = plan(torn(*asked), here)
    going = {version.tag for version in found.candidates}
    assert going <= set(asked)
    stable = {version.tag for version in parse_known(here.git.tags) if version.is_stable}
    for package, tags in here.images.items():
        selected = set(found.images.get(package, ()))
        assert not selected & (stable | {"demo", "main", "nightly"} | set(CANDIDATES) - going)
        places = {tags[tag] for tag in selected}
        # An image goes with all its tags or not at all, and none of a release goes.
        assert {tag for tag in tags if tags[tag] in places} == selected
        held = [version for version in parse_known(tags) if version.tag in stable]
        if held and "latest" in here.names.templates:
            assert "latest" not in selected
    for change in found.refs:
        assert change.tag not in stable | (set(CANDIDATES) - going)
        assert not change.after or change.after in {here.git.tags[tag] for tag in stable}
    assert all(release.prerelease or release.draft for release in found.releases)
    assert {release.tag for release in found.releases} <= going | {"v0.5.0-rc", "v0.4.1-rc", "v0", "v0.4", "v0.5"}


@settings(max_examples=200, deadline=None)
@given(worlds(), ASKED)
def test_nothing_is_left_of_a_candidate_and_a_second_plan_is_empty(here: World, asked: list[str]) -> None:
    found = plan(torn(*asked), here)
    after = applied(here, found)
    for version in found.candidates:
        assert version.tag not in after.git.tags
        assert version.tag not in {release.tag for release in after.releases}
        for package, tags in after.images.items():
            if version.tag in tags:
                assert version.tag in found.shared
                assert any(note.startswith(f"{package}: ") and f" {version}" in note for note in found.notes)
    assert plan(found.candidates, after).is_empty


@settings(max_examples=100, deadline=None)
@given(worlds(), ASKED, st.randoms(use_true_random=False))
def test_the_order_of_what_is_read_does_not_matter(here: World, asked: list[str], random: Random) -> None:
    def shuffled(items: dict[str, str]) -> dict[str, str]:
        pairs = list(items.items())
        random.shuffle(pairs)
        return dict(pairs)

    images = {package: shuffled(dict(tags)) for package, tags in sorted(here.images.items(), reverse=True)}
    other = World(here.names, Git(shuffled(dict(here.git.tags)), here.git.commits), images, here.releases)
    assert plan(torn(*asked), here) == plan(torn(*asked), other)
