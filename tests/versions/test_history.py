from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.versions.release_tags import histories, unhurried, versions

from release_actions.versions.grammar import Kind, TagScheme
from release_actions.versions.history import (
    DEFAULTS,
    RULES,
    Branch,
    Evidence,
    History,
    Level,
    Push,
    TagObject,
    Violation,
    find_following,
    judge,
    next_candidate,
    previous_candidate,
    previous_stable,
)
from release_actions.versions.version import Version, parse, parse_known, read_misspelt_candidates

PAST = "v0.3.0 v0.4.0 v0.4.2 v0.5.0-rc.1 v0.5.0 v0.5.1 v0.6.0-rc.1 v0.6.0-rc.2"


def judge_with_misspelt(tag: str, tags: str) -> list[str]:
    """The violations of a tag in a repository that also has candidates whose spelling is refused."""
    names = tags.split()
    history = History(parse_known(names), misspelt=read_misspelt_candidates(names))
    return [line(violation) for violation in judge(parse(tag), history)]


def judged(tag: str, past: str = PAST, published: str = "", levels: Mapping[str, Level] = DEFAULTS) -> list[str]:
    """The violations, one line each."""
    history = History(parse_known(past.split()), parse_known(published.split()))
    return [line(violation) for violation in judge(parse(tag), history, levels)]


def line(violation: Violation) -> str:
    return f"{violation.level.value} {violation.rule}: {violation.message} {violation.hint}".rstrip()


@pytest.mark.parametrize(
    "tag", ["v0.5.2", "v0.6.0", "v0.6.0-rc.3", "v0.5.1.post1", "v0.5.2-rc.1", "v0.7.0-dev", "v1.0.0", "v0.6.1-x"]
)
def test_what_comes_next_is_fine(tag: str) -> None:
    assert judged(tag) == []


@pytest.mark.parametrize("tag", ["v0.1.0", "v0.1.0-rc.1", "v3.2.1", "v0.1.0-dev"])
def test_a_project_may_begin_with_any_number(tag: str) -> None:
    assert judged(tag, "") == []


TOLD = {
    "v0.4.3": ["info backport: v0.4.3 is a backport: 0.4 is below 0.5, released as v0.5.1."],
    "v0.5.1": ["error already-released: v0.5.1 exists already. A published version never changes. Push v0.5.2."],
    "v0.6.0rc2": [
        "error other-spelling: v0.6.0rc2 is the same version as v0.6.0-rc.2, which exists already. Push v0.6.0-rc.3."
    ],
    "v0.6.0rc3": [
        "error candidate-spelling: v0.6.0rc3 is spelled differently from the earlier candidates of 0.6."
        " Push v0.6.0-rc.3."
    ],
    "v0.4.1": [
        "error below-line-highest: v0.4.1 is below v0.4.2, the highest release of 0.4."
        " The next release of 0.4 is v0.4.3.",
    ],
    "v0.4.1-rc.1": [
        "error below-line-highest: v0.4.1-rc.1 is below v0.4.2, the highest release of 0.4."
        " The next release of 0.4 is v0.4.3.",
    ],
    "v0.5.0.post1": [
        "error below-line-highest: v0.5.0.post1 is below v0.5.1, the highest release of 0.5."
        " The next release of 0.5 is v0.5.2."
    ],
    "v0.2.1": [
        "error opens-line-below: v0.2.1 opens line 0.2, below 0.5, which is released as v0.5.1."
        " Check the number. Patches of a released line and new minors of a major are allowed. If v0.5.1 has a"
        " wrong number, list it under versions.skip."
    ],
    "v0.2.0-rc.1": [
        "error opens-line-below: v0.2.0-rc.1 opens line 0.2, below 0.5, which is released as v0.5.1."
        " Check the number. Patches of a released line and new minors of a major are allowed. If v0.5.1 has a"
        " wrong number, list it under versions.skip."
    ],
    "v0.5.0-rc.2": [
        "error candidate-after-final: v0.5.0-rc.2 is a candidate of v0.5.0, which is released already."
        " The next candidate of 0.5 is v0.5.2-rc.1."
    ],
    "v0.6.0-rc.4": [
        "error candidate-number: v0.6.0-rc.4 is not the next candidate of v0.6.0: the highest so far is v0.6.0-rc.2."
        " Push v0.6.0-rc.3."
    ],
    "v0.5.2-rc.2": [
        "error candidate-number: v0.5.2-rc.2 is not the next candidate of v0.5.2: there is none so far."
        " Push v0.5.2-rc.1."
    ],
    "v0.5.2-rc.0": [],
    "v0.6.0.post1": [
        "error post-without-final: v0.6.0.post1 follows v0.6.0, which has not been released. Release v0.6.0 first."
    ],
    "v0.5.1.post2": [
        "error post-number: v0.5.1.post2 is not the next post release of v0.5.1: there is none so far."
        " Push v0.5.1.post1."
    ],
    "v0.5.0-dev.3": [
        "error prerelease-after-final: v0.5.0-dev.3 comes before v0.5.0, which is released already."
        " The next version of the line is v0.5.2-dev.3."
    ],
    "v0.3.0-rc.4-test": [
        "error prerelease-after-final: v0.3.0-rc.4-test comes before v0.3.0, which is released already."
        " The next version of the line is v0.3.1-rc.4-test.",
    ],
    "v0.5.3": ["warn gap: v0.5.3 skips v0.5.2, which would be next. Check that you skipped v0.5.2 on purpose."],
    "v0.7.0": ["warn gap: v0.7.0 skips v0.6.0, which would be next. Check that you skipped v0.6.0 on purpose."],
    "v0.6.1": ["warn gap: v0.6.1 skips v0.6.0, which would be next. Check that you skipped v0.6.0 on purpose."],
    "v2.0.0": ["warn gap: v2.0.0 skips v1.0.0, which would be next. Check that you skipped v1.0.0 on purpose."],
    "v0.7.0-rc.1": [
        "warn gap: v0.7.0-rc.1 skips v0.6.0, which would be next. Check that you skipped v0.6.0 on purpose."
    ],
}


@pytest.mark.parametrize("tag", TOLD)
def test_a_release_leader_reads_what_is_wrong_and_what_to_push(tag: str) -> None:
    assert judged(tag) == TOLD[tag]


def test_a_candidate_of_the_newest_final_breaks_one_rule() -> None:
    (violation,) = judged("v0.5.1-rc.7")

    assert violation.startswith("error candidate-after-final: ")


def test_every_rule_is_shown_at_its_default_level() -> None:
    told = {violation.split(":", 1)[0] for violations in TOLD.values() for violation in violations}
    told |= {violation.split(":", 1)[0] for _, violation in ABOUT.values()}
    told |= {judged("v0.6.0-rc.3", published="v0.6.0-rc.4")[0].split(":", 1)[0]}
    told |= {
        line(judge(parse("v0.5.1.post1", TagScheme("v", ".")), History(parse_known(["v0.5.1"])))[0]).split(":", 1)[0]
    }
    assert told == {f"{rule.level.value} {rule.name}" for rule in RULES if rule.level is not Level.OFF}


def test_every_rule_says_in_a_sentence_what_it_is_about() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.about.endswith(".") and rule.why.endswith(".") for rule in RULES)
    assert {rule.name for rule in RULES} == set(DEFAULTS)


def test_candidates_that_git_has_lost_count_where_the_registry_has_them() -> None:
    assert judged("v0.6.0-rc.3", published="v0.6.0-rc.4") == [
        "error deleted-candidate: v0.6.0-rc.3 is not the next candidate of v0.6.0: the highest so far is v0.6.0-rc.4,"
        " whose git tag is gone and whose image is still published. Push v0.6.0-rc.5."
    ]
    assert judged("v0.6.0-rc.5", published="v0.6.0-rc.4") == []
    assert judged("v0.9.0rc1", "v0.8.0", published="v0.9.0-rc.1")[0].startswith("error other-spelling")
    off = {"deleted-candidate": Level.OFF}
    assert judged("v0.6.0-rc.3", published="v0.6.0-rc.4", levels=off) == []
    assert judged("v0.6.0-rc.7", published="v0.6.0-rc.2", levels=off)[0].startswith("error candidate-number")


GONE = "(a GitHub release whose git tag is gone)"
RESTORE = "Only releases with a git tag can have floating tags. To keep them on v0.7.0, restore its git tag first."
WITHOUT_TAG = {
    "v0.5.2": [
        f"error below-line-highest: v0.5.2 is below v0.5.3 {GONE}, the highest release of 0.5."
        " The next release of 0.5 is v0.5.4.",
    ],
    "v0.5.4": [f"info backport: v0.5.4 is a backport: 0.5 is below 0.7, released as v0.7.0 {GONE}. {RESTORE}"],
    "v0.5.3rc1": [
        f"error candidate-after-final: v0.5.3rc1 is a candidate of v0.5.3, which is released already as v0.5.3"
        f" {GONE}. The next candidate of 0.5 is v0.5.4rc1.",
    ],
    "v0.7.0-dev": [
        f"error prerelease-after-final: v0.7.0-dev comes before v0.7.0, which is released already as v0.7.0"
        f" {GONE}. The next version of the line is v0.7.1-dev."
    ],
    "v0.6.0": [
        f"error opens-line-below: v0.6.0 opens line 0.6, below 0.7, which is released as v0.7.0 {GONE}."
        " Check the number. Patches of a released line and new minors of a major are allowed. If v0.7.0 has a"
        " wrong number, list it under versions.skip."
    ],
    "v0.9.0": ["warn gap: v0.9.0 skips v0.8.0, which would be next. Check that you skipped v0.8.0 on purpose."],
    "v0.8.0rc1": [
        f"error other-spelling: v0.8.0rc1 is the same version as v0.8.0-rc.1 {GONE}, which exists already. Push "
        "v0.8.0-rc.2."
    ],
    "v0.8.0-rc.3": [
        f"error candidate-number: v0.8.0-rc.3 is not the next candidate of v0.8.0: the highest so far is"
        f" v0.8.0-rc.1 {GONE}. Push v0.8.0-rc.2."
    ],
    "v0.5.4-rc.1": [f"info backport: v0.5.4-rc.1 is a backport: 0.5 is below 0.7, released as v0.7.0 {GONE}."],
    "v0.7.0.post1": [],
    "v0.7.1": [],
    # Of itself release-exists tells, from what is known of the tag.
    "v0.7.0": ["warn gap: v0.7.0 skips v0.6.0, which would be next. Check that you skipped v0.6.0 on purpose."],
}


@pytest.mark.parametrize("tag", WITHOUT_TAG)
def test_a_release_counts_also_when_its_tag_is_gone(tag: str) -> None:
    history = History(parse_known(["v0.4.0", "v0.5.0"]), released=parse_known(["v0.5.3", "v0.7.0", "v0.8.0-rc.1"]))
    assert [line(violation) for violation in judge(parse(tag), history)] == WITHOUT_TAG[tag]


def test_the_candidate_that_a_refusal_names_is_free() -> None:
    past = "v0.5.0 v0.5.1rc1 v0.5.1rc2"
    (only,) = judged("v0.5.0-rc.7", past)
    assert only.endswith("The next candidate of 0.5 is v0.5.1rc3.")
    assert judged("v0.5.1-rc.7", past)[0].endswith("earlier candidates of 0.5. Push v0.5.1rc3.")
    assert judged("v0.5.1rc3", past) == []
    assert judged("v0.5.0-rc.7", "v0.5.0", published="v0.5.1rc1")[0].endswith("is v0.5.1rc2.")


@pytest.mark.parametrize(
    ("taken", "free"),
    [("v0.5.1.post1", "v0.5.1.post2"), ("v0.5.2", "v0.5.3"), ("v0.6.0-rc.1", "v0.6.0-rc.2"), ("v0.6.0-dev", "")],
)
def test_what_follows_a_tag_that_git_has_lost(taken: str, free: str) -> None:
    assert find_following(parse(taken), History(parse_known(["v0.5.0", "v0.5.1"]))) == free


@unhurried
@given(histories(), st.data())
def test_what_to_push_in_place_of_a_tag_that_is_taken_is_accepted(tags: list[Version], data: st.DataObject) -> None:
    taken = [version for version in tags if find_following(version, History(tuple(tags)))]
    if not taken:
        return
    version = data.draw(st.sampled_from(taken))
    offered = parse(find_following(version, History(tuple(tags))), version.prefix)
    assert offered.tag not in [other.tag for other in tags]
    assert offered.kind is version.kind
    broken = {violation.rule for violation in judge(offered, History(tuple(tags))) if violation.level is Level.ERROR}
    # A line that has candidates only was opened below another, and a post release of an older patch has no place.
    assert broken <= {"opens-line-below", "below-line-highest", "post-without-final"}
    if version.kind is Kind.STABLE:
        assert not broken


@unhurried
@given(histories(), versions(), st.data())
def test_tags_and_releases_are_one_history(tags: list[Version], version: Version, data: st.DataObject) -> None:
    others = [other for other in tags if other.tag != version.tag]
    gone = data.draw(st.sets(st.sampled_from(others))) if others else set()
    history = History(tuple(other for other in others if other not in gone), released=tuple(gone))
    rules = [violation.rule for violation in judge(version, history)]
    assert rules == [violation.rule for violation in judge(version, History(tuple(others)))]
    assert next_candidate(version, history) == next_candidate(version, History(tuple(others)))


def test_published_candidates_set_the_spelling_too() -> None:
    assert judged("v0.7.0-rc.2", "v0.6.0", published="v0.7.0rc1") == [
        "error candidate-spelling: v0.7.0-rc.2 is spelled differently from the earlier candidates of 0.7."
        " Push v0.7.0rc2."
    ]


def test_a_post_release_below_another_of_its_final_is_refused_for_its_number() -> None:
    assert judged("v0.5.1.post1", "v0.5.1 v0.5.1.post2") == [
        "error post-number: v0.5.1.post1 is not the next post release of v0.5.1: the highest so far is v0.5.1.post2."
        " Push v0.5.1.post3."
    ]


def test_what_only_looks_like_a_candidate_does_not_count_as_one() -> None:
    assert judged("v0.3.0-rc.1", "v0.2.0 v0.3.0-rc.4-test v0.3.0-rc.9.9") == []


def test_lines_may_write_their_candidates_differently() -> None:
    assert judged("v0.7.0rc1", f"{PAST} v0.6.0") == []
    assert judged("v0.6.0-rc3", "v0.5.0 v0.6.0-rc.1 v0.6.0-rc2") == []


def test_the_first_post_release_of_a_lost_final_is_refused() -> None:
    assert [violation.split(":")[0] for violation in judged("v0.5.1.post2", "v0.5.0 v0.5.1.post1")] == [
        "error post-without-final"
    ]


def test_a_final_below_its_own_post_release_is_refused() -> None:
    assert [violation.split(":")[0] for violation in judged("v0.5.1", "v0.5.0 v0.5.1.post1")] == [
        "error below-line-highest"
    ]


def test_another_components_tags_do_not_count() -> None:
    history = History((parse("router-v9.0.0", "router-v"), parse("v0.5.0")))
    assert judge(parse("v0.5.1"), history) == ()
    assert judge(parse("router-v9.0.1", "router-v"), history) == ()


def test_levels_are_the_projects() -> None:
    assert judged("v0.5.3", levels={"gap": Level.OFF}) == []
    assert judged("v0.5.3", levels={"gap": Level.ERROR})[0].startswith("error gap: ")
    past = "v0.4.0 v0.5.0"
    mixed = judged("v0.4.0-rc.7", past, levels={"candidate-after-final": Level.WARN, "backport": Level.ERROR})
    assert [violation.split(":")[0] for violation in mixed] == ["error backport", "warn candidate-after-final"]


HERE, THERE = "a" * 40, "b" * 40
RELEASED = parse_known(["v0.5.0", "v0.5.1"])
IMAGE, OTHER = "ghcr.io/llm-d/llm-d-cuda", "ghcr.io/llm-d/llm-d-cpu"

ABOUT = {
    "the tag is on another commit": (
        Evidence(pushed=False, commit=HERE, names=THERE),
        "error already-released: v0.5.1 exists already, on commit bbbbbbbbbbbb."
        " A published version never changes. Push v0.5.2.",
    ),
    "the tag is only asked about, and there": (
        Evidence(pushed=False, commit=HERE, names=HERE),
        "error already-released: v0.5.1 exists already. A published version never changes. Push v0.5.2.",
    ),
    "the run is not of the tag": (
        Evidence(names=THERE),
        "error already-released: v0.5.1 exists already, on commit bbbbbbbbbbbb."
        " A published version never changes. Push v0.5.2.",
    ),
    "an image from another commit": (
        Evidence(commit=HERE, names=HERE, images={IMAGE: THERE}),
        "error already-published: ghcr.io/llm-d/llm-d-cuda:v0.5.1 is already published, built from bbbbbbbbbbbb,"
        " and this is aaaaaaaaaaaa. A published version never changes. Push v0.5.2.",
    ),
    "one image of two from another commit": (
        Evidence(commit=HERE, names=HERE, images={OTHER: HERE, IMAGE: THERE}),
        "error already-published: ghcr.io/llm-d/llm-d-cuda:v0.5.1 is already published, built from bbbbbbbbbbbb,"
        " and this is aaaaaaaaaaaa. A published version never changes. Push v0.5.2.",
    ),
    "images from another commit": (
        Evidence(commit=HERE, names=HERE, images={IMAGE: THERE, OTHER: ""}),
        "error already-published: ghcr.io/llm-d/llm-d-cuda:v0.5.1 is already published (and so is 1 more), built from"
        " bbbbbbbbbbbb, and this is aaaaaaaaaaaa. A published version never changes. Push v0.5.2.",
    ),
    "an image that does not say": (
        Evidence(commit=HERE, names=HERE, images={IMAGE: ""}),
        "error already-published: ghcr.io/llm-d/llm-d-cuda:v0.5.1 is already published, and its image does not name"
        " its commit. A published version never changes. Push v0.5.2.",
    ),
    "the push was forced": (
        Evidence(commit=HERE, names=HERE, push=Push(created=False, forced=True, before=THERE)),
        "error moved-tag: v0.5.1 existed before, and this push moved it from bbbbbbbbbbbb to aaaaaaaaaaaa."
        " Put it back where it was, and push v0.5.2.",
    ),
    "the push did not create the tag": (
        Evidence(commit=HERE, names=HERE, push=Push(created=False)),
        "error moved-tag: v0.5.1 existed before, and this push moved it to aaaaaaaaaaaa."
        " Put it back where it was, and push v0.5.2.",
    ),
    "the tag was moved since": (
        Evidence(commit=HERE, names=THERE, push=Push()),
        "error moved-tag: v0.5.1 was moved since its push: it now names bbbbbbbbbbbb, but this run is for aaaaaaaaaaaa."
        " Put it back where it was, and push v0.5.2.",
    ),
    "a release before the tag": (
        Evidence(commit=HERE, names=HERE, released="2026-03-05T10:00:00Z"),
        "error release-exists: v0.5.1 has a GitHub release already, published on 2026-03-05, before this tag."
        " A published version never changes. Push v0.5.2.",
    ),
    "no such branch": (
        Evidence(commit=HERE, names=HERE, branch=Branch("release-0.5")),
        "error release-branch: v0.5.1 has to be on the branch release-0.5, which does not exist."
        " Make release-0.5 with cut-branch or by hand, then push the tag.",
    ),
    "no such branch, but others like it": (
        Evidence(commit=HERE, names=HERE, branch=Branch("release-0.5", near=("release-0.5.1", "release-0.50"))),
        "error release-branch: v0.5.1 has to be on the branch release-0.5, which does not exist."
        " There is release-0.5.1, release-0.50."
        " Make release-0.5 with cut-branch or by hand, then push the tag.",
    ),
    "not on its branch": (
        Evidence(commit=HERE, names=HERE, branch=Branch("release-0.5", THERE, holds=False)),
        "error release-branch: v0.5.1 is on commit aaaaaaaaaaaa, which is not on the branch release-0.5."
        " Merge the commit into release-0.5, or tag one that is on it.",
    ),
    "a local tag too many": (
        Evidence(commit=HERE, names=HERE, unpushed=("v0.5.1", "v0.5.0-rc.9")),
        "warn unpushed-tags: The checkout has 1 other tag that GitHub does not have: v0.5.0-rc.9."
        " Push only this tag: git push origin refs/tags/v0.5.1.",
    ),
    "many local tags too many": (
        Evidence(commit=HERE, names=HERE, unpushed=("a\x1b", "b", "c", "d")),
        "warn unpushed-tags: The checkout has 4 other tags that GitHub does not have: a\\x1b, b, c and 1 more."
        " If one push contains more than three tags, GitHub starts no workflow."
        " Push only this tag: git push origin refs/tags/v0.5.1.",
    ),
}


@pytest.mark.parametrize("case", ABOUT)
def test_a_release_leader_reads_what_is_wrong_with_the_tag_itself(case: str) -> None:
    about, told = ABOUT[case]
    assert [line(violation) for violation in judge(parse("v0.5.1"), History(RELEASED, about=about))] == [told]


ASKED_FOR = {
    "annotated-tag": (
        TagObject(annotated=False),
        "error annotated-tag: v0.5.1 is a lightweight tag, and release tags here are annotated."
        " Push the next version's tag, made with git tag --annotate.",
    ),
    "signed-tag": (
        TagObject(annotated=True, verified=False, why="unknown_key"),
        "error signed-tag: v0.5.1 has no signature that GitHub has verified (unknown_key), and release tags here are"
        " signed. Push the next version's tag, made with git tag --sign by a key that GitHub knows.",
    ),
}


@pytest.mark.parametrize("rule", ASKED_FOR)
def test_how_a_tag_was_made_matters_where_a_project_asks_for_it(rule: str) -> None:
    tag_object, told = ASKED_FOR[rule]
    history = History(RELEASED, about=Evidence(commit=HERE, names=HERE, tag_object=tag_object))
    assert judge(parse("v0.5.1"), history) == ()
    assert [line(each) for each in judge(parse("v0.5.1"), history, {rule: Level.ERROR})] == [told]


@pytest.mark.parametrize(
    "about",
    [
        Evidence(commit=HERE, names=HERE),
        Evidence(commit=HERE, names=HERE, push=Push(created=True)),
        Evidence(commit=HERE, names=HERE, branch=Branch("release-0.5", HERE, holds=True)),
        Evidence(commit=HERE, names=HERE, branch=Branch("release-0.5", HERE)),
        Evidence(commit=HERE, names=HERE, tag_object=TagObject(annotated=True, verified=True)),
        Evidence(commit=HERE, names=HERE, unpushed=("v0.5.1",)),
        Evidence(commit=HERE, names=HERE, images={}),
        Evidence(commit=HERE, images={IMAGE: HERE}),
    ],
)
def test_a_tag_that_keeps_every_rule(about: Evidence) -> None:
    every = dict.fromkeys(DEFAULTS, Level.ERROR)
    assert judge(parse("v0.5.1"), History(RELEASED, about=about), every) == ()


def test_a_tag_that_is_only_asked_about_may_be_published_already() -> None:
    about = Evidence(pushed=False, images={IMAGE: THERE})
    (violation,) = judge(parse("v0.5.2"), History(RELEASED, about=about))
    assert violation.message == f"{IMAGE}:v0.5.2 is already published, built from bbbbbbbbbbbb."
    about = Evidence(pushed=False, commit=HERE, images={IMAGE: HERE})
    assert judge(parse("v0.5.1"), History(RELEASED, about=about))[0].rule == "already-released"


def test_a_release_whose_tag_is_there_is_told_once() -> None:
    about = Evidence(pushed=False, released="2026-03-05T10:00:00Z")
    assert [each.rule for each in judge(parse("v0.5.1"), History(RELEASED, about=about))] == ["already-released"]
    assert [each.rule for each in judge(parse("v0.5.2"), History(RELEASED, about=about))] == ["release-exists"]


def test_a_run_repeated_on_the_same_commit_is_fine_even_when_later_versions_exist() -> None:
    tags = parse_known(["v0.6.0-rc.1", "v0.6.0-rc.2", "v0.6.0"])
    about = Evidence(commit=HERE, names=HERE, images={IMAGE: HERE, OTHER: HERE})
    assert judge(parse("v0.6.0-rc.1"), History(tags, tags, about)) == ()
    first = History(tags, about=Evidence(commit=HERE, names=HERE))
    assert [violation.rule for violation in judge(parse("v0.6.0-rc.1"), first)] == ["candidate-after-final"]
    half = History(tags, about=Evidence(commit=HERE, names=HERE, images={IMAGE: HERE, OTHER: THERE}))
    assert "already-published" in [violation.rule for violation in judge(parse("v0.6.0-rc.1"), half)]


def test_what_was_before() -> None:
    past = parse_known(PAST.split())
    assert previous_stable(parse("v0.6.0"), past) == parse("v0.5.1")
    assert previous_stable(parse("v0.4.3"), past) == parse("v0.4.2")
    assert previous_stable(parse("v0.5.1"), past) == parse("v0.5.0")
    assert previous_stable(parse("v0.1.0"), past) is None
    assert previous_candidate(parse("v0.6.0"), past) == parse("v0.6.0-rc.2")
    assert previous_candidate(parse("v0.6.0-rc.2"), past) == parse("v0.6.0-rc.1")
    assert previous_candidate(parse("v0.6.1"), past) is None


@pytest.mark.parametrize(
    ("tag", "following"),
    [
        ("v0.6.0-rc.3", "v0.6.0-rc.4"),
        ("v0.6.0-rc.1", "v0.6.0-rc.3"),
        ("v0.6.0rc3", "v0.6.0-rc.4"),
        ("v0.7.0rc1", "v0.7.0rc2"),
        ("v0.7.0-dev", "v0.7.0-rc.1"),
        ("v0.6.0", ""),
        ("v0.5.0-rc.2", ""),
    ],
)
def test_the_candidate_to_push_next(tag: str, following: str) -> None:
    assert next_candidate(parse(tag), History(parse_known(PAST.split()))) == following


def test_the_next_candidate_counts_published_ones() -> None:
    assert next_candidate(parse("v0.6.0-rc.3"), History((), parse_known(["v0.6.0-rc.7"]))) == "v0.6.0-rc.8"


@unhurried
@given(versions(), histories(), histories(), st.sampled_from([*Level, None]))
def test_any_history_can_be_judged(
    version: Version, tags: list[Version], published: list[Version], level: Level | None
) -> None:
    levels = {rule.name: level for rule in RULES} if level else DEFAULTS
    history = History(tuple(tags), tuple(published))
    found = judge(version, history, levels)
    assert len({violation.rule for violation in found}) == len(found)
    assert found == judge(version, History(tuple(reversed(tags)), tuple(reversed(published))), levels)
    for violation in found:
        assert violation.level is (level or violation.level) is not Level.OFF
        assert violation.message.startswith(version.tag)
        assert violation.message.endswith(".")
        assert violation.hint.endswith(".") or not violation.hint
    if version in tags and level is not Level.OFF:
        assert "already-released" in {violation.rule for violation in found}


@unhurried
@given(histories(), versions())
def test_the_candidate_that_comes_next_is_accepted(tags: list[Version], version: Version) -> None:
    history = History((*tags, version))
    following = next_candidate(version, history)
    if not following:
        assert any(other.is_stable and other.numbers == version.numbers for other in (*tags, version))
        return
    refused = {violation.rule for violation in judge(parse(following), history)}
    assert refused <= {"opens-line-below", "below-line-highest", "gap", "backport"}


@unhurried
@given(histories("stable", "post"), versions("stable"))
def test_what_is_accepted_as_a_release_is_the_highest_of_its_line(tags: list[Version], version: Version) -> None:
    found = judge(version, History(tuple(tags)))
    accepted = not any(violation.level is Level.ERROR for violation in found)
    line = [other for other in tags if other.line == version.line]
    major = [other for other in tags if other.major == version.major]
    if line or major:
        assert accepted == (version > max(line or major))
    else:
        assert accepted == all(other < version for other in tags)


@pytest.mark.parametrize("tag", ["v0.6.0-rc.0", "v0.6.0-rc.1"])
def test_the_first_candidate_may_be_number_0_or_1(tag: str) -> None:
    assert judged(tag, "v0.5.0") == []


@pytest.mark.parametrize(("first", "tag", "offer"), [(0, "v0.6.0-rc.1", "rc.0"), (1, "v0.6.0-rc.0", "rc.1")])
def test_a_project_may_pin_the_number_of_its_first_candidate(first: int, tag: str, offer: str) -> None:
    history = History(parse_known(["v0.5.0"]), first_candidate=first)

    assert [line(violation) for violation in judge(parse(tag), history)] == [
        f"error candidate-number: {tag} is not the next candidate of v0.6.0: there is none so far. Push v0.6.0-{offer}."
    ]
    assert judge(parse(f"v0.6.0-{offer}"), history) == ()


def test_candidates_count_on_from_number_0() -> None:
    assert judged("v0.6.0-rc.1", "v0.5.0 v0.6.0-rc.0") == []
    assert judged("v0.6.0-rc.2", "v0.5.0 v0.6.0-rc.0")[0].endswith(
        "the highest so far is v0.6.0-rc.0. Push v0.6.0-rc.1."
    )
    assert judged("v0.6.0-rc.0", "v0.5.0 v0.6.0-rc.1")[0].endswith(
        "the highest so far is v0.6.0-rc.1. Push v0.6.0-rc.2."
    )


@pytest.mark.parametrize(
    ("past", "offer"),
    [
        ("v0.5.0-rc.0 v0.5.0", "v0.6.0-rc.0"),
        ("v0.4.0-rc.0 v0.5.0-rc.1 v0.5.0", "v0.6.0-rc.1"),
        ("v0.5.0", "v0.6.0-rc.1"),
    ],
)
def test_the_offered_first_candidate_has_the_number_that_the_newest_base_began_with(past: str, offer: str) -> None:
    assert judged("v0.6.0-rc.7", past)[0].endswith(f"there is none so far. Push {offer}.")


def test_candidates_in_spellings_that_are_refused_count() -> None:
    past = "v0.1.0 v0.2.0-RC1"

    assert judge_with_misspelt("v0.2.0-rc.2", past) == []
    assert judge_with_misspelt("v0.2.0-rc.1", past) == [
        "error other-spelling: v0.2.0-rc.1 is the same version as v0.2.0-RC1, which exists already. Push v0.2.0-rc.2."
    ]
    assert judge_with_misspelt("v0.2.0-rc.4", past) == [
        "error candidate-number: v0.2.0-rc.4 is not the next candidate of v0.2.0: the highest so far is v0.2.0-RC1."
        " Push v0.2.0-rc.2."
    ]


def test_a_refused_spelling_is_no_example_for_the_line() -> None:
    assert judge_with_misspelt("v0.5.0rc2", "v0.4.0 v0.5.0-rc-1") == []


@pytest.mark.parametrize("tag", ["v1.10.0", "v1.10.0-rc.1"])
def test_a_new_minor_of_an_older_major_is_a_backport_and_reported(tag: str) -> None:
    assert judged(tag, "v1.8.0 v1.9.3 v2.0.0") == [
        f"info backport: {tag} is a backport: 1.10, a new line of major version 1, is below 2.0, released as v2.0.0."
    ]


@pytest.mark.parametrize(
    ("tag", "past", "highest"),
    [
        ("v1.7.0", "v1.8.0 v2.0.0", "1.8, which is released as v1.8.0"),
        ("v1.0.0", "v0.9.0 v2.0.0", "2.0, which is released as v2.0.0"),
    ],
)
def test_a_line_below_its_own_major_or_a_skipped_major_is_refused(tag: str, past: str, highest: str) -> None:
    (only,) = judged(tag, past)

    assert only.startswith(f"error opens-line-below: {tag} opens line {tag[1:4]}, below {highest}.")


def test_post_releases_keep_the_spelling_that_the_project_chose() -> None:
    scheme = TagScheme("v", ".")
    history = History(parse_known(["v0.9.0", "v0.9.0.1"], scheme))

    assert judge(parse("v0.9.0.2", scheme), history) == ()
    assert [line(violation) for violation in judge(parse("v0.9.0.post2", scheme), history)] == [
        "error post-spelling: v0.9.0.post2 is not spelled as versions.post-spelling in release.yaml requires."
        " Push v0.9.0.2."
    ]
    assert [line(violation) for violation in judge(parse("v0.9.0.4", scheme), history)] == [
        "error post-number: v0.9.0.4 is not the next post release of v0.9.0: the highest so far is v0.9.0.1."
        " Push v0.9.0.2."
    ]


def test_nothing_is_offered_where_no_tag_would_be_accepted() -> None:
    only, _backport = judged("v0.5.0-rc.7", "v0.5.0 v0.9.0", levels={"backport": Level.ERROR})

    assert only == ("error candidate-after-final: v0.5.0-rc.7 is a candidate of v0.5.0, which is released already.")


LEVELS = st.dictionaries(st.sampled_from([rule.name for rule in RULES]), st.sampled_from(list(Level)), max_size=6)
MISSPELT = st.builds(
    "v{}.{}.{}{}{}".format,
    *[st.integers(0, 3)] * 3,
    st.sampled_from(["-RC", "-rc-", ".rc", "RC", "-rc_", "-rc.0"]),
    st.integers(0, 4),
)


@unhurried
@given(
    histories(),
    histories("candidate", "stable"),
    histories(),
    st.lists(MISSPELT, max_size=4),
    versions(),
    LEVELS,
    st.sampled_from([None, 0, 1]),
    histories(),
)
@example(list(parse_known(["v0.0.0", "v1.0.1.post0"])), [], [], [], parse("v1.0.1.post0"), {}, None, [])
@example(list(parse_known(["v0.1.0"])), [], [], [], parse("v0.1.7"), {}, None, list(parse_known(["v0.1.1"])))
def test_what_is_offered_is_accepted_by_the_next_run(
    tags: list[Version],
    published: list[Version],
    released: list[Version],
    misspelt: list[str],
    version: Version,
    levels: dict[str, Level],
    first: int | None,
    unread: list[Version],
) -> None:
    # What a run reads of the registry before it judges is less than what decides about the tag that it offers.
    with_image = tuple(dict.fromkeys((*published, *unread)))
    before = History(
        tuple(tags),
        tuple(published),
        released=tuple(other for other in released if other not in tags),
        misspelt=read_misspelt_candidates(misspelt),
        first_candidate=first,
        with_image=with_image,
    )

    offers = [violation.offer for violation in judge(version, before, levels) if violation.offer]

    # A tag that was refused is deleted before another one is pushed, unless it was there before.
    stays = version in tags and levels.get("already-released") is not Level.OFF
    after = before if stays else before.others(version)
    for offer in offers:
        reads_numbers = parse(offer).is_candidate and levels.get("deleted-candidate") is not Level.OFF
        images = {"package": ""} if any(other.tag == offer for other in with_image) else {}
        next_run = replace(
            after,
            published=with_image if reads_numbers else (),
            about=Evidence(pushed=False, images=images),
        )
        refused = [each for each in judge(parse(offer), next_run, levels) if each.level is Level.ERROR]
        assert refused == []
        assert offer not in {other.tag for other in (*after.tags, *after.released)}


def test_a_release_with_a_mistyped_number_does_not_block_the_numbers_below_it() -> None:
    past = parse_known(["1.2.4", "1.15.0"], "")
    (only,) = judge(parse("1.3.0", ""), History(past))
    assert only.rule == "opens-line-below"
    assert only.hint.endswith("If 1.15.0 has a wrong number, list it under versions.skip.")

    found = judge(parse("1.3.0", ""), History(past, skipped=frozenset({"1.15.0"})))

    assert [violation.rule for violation in found if violation.level is Level.ERROR] == []
