"""The judge of a rehearsal sees each kind of damage, and only that."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from release_actions.rehearsal import invariants, pull
from release_actions.rehearsal.invariants import Build, Invariant, Ledger
from release_actions.rehearsal.pull import Pulled, RegistrySnapshot

CUDA = "llm-d/llm-d-cuda"
FLOATING = ("latest", "v{major}", "v{major}.{minor}")


def pulled(name: str, *children: str, missing: tuple[str, ...] = ()) -> Pulled:
    return Pulled(name, frozenset({name, *children}), ("linux/amd64",), missing)


def shot(**tags: Pulled) -> RegistrySnapshot:
    """A registry with one package; `v0_4_0` stands for v0.4.0."""
    return RegistrySnapshot({CUDA: {tag.replace("__", "-").replace("_", "."): image for tag, image in tags.items()}})


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(
        FLOATING,
        [
            Build(CUDA, "v0.3.0", "three"),
            Build(CUDA, "v0.4.0", "four"),
            Build(CUDA, "v0.5.0-rc.1", "candidate"),
        ],
    )


GOOD = shot(
    v0_3_0=pulled("three"),
    v0_4_0=pulled("four"),
    latest=pulled("four"),
    v0=pulled("four"),
    v0_3=pulled("three"),
    v0_4=pulled("four"),
)


GIT = {
    "v0": "four",
    "v0.3.0": "three",
    "v0.4.0": "four",
    "v0.5": "candidate",
    "v0.5.0-rc": "candidate",
    "v0.5.0-rc.1": "candidate",
    "push": "other",
}


def torn(before: dict[str, str], after: dict[str, str], *releases: str) -> list[str]:
    found = invariants.git_after_teardown("llm-d/llm-d", before, after, releases, "v0.5.0-rc.1")
    return [str(violation) for violation in found]


def test_a_right_teardown_breaks_nothing_in_git() -> None:
    after = {"v0": "four", "v0.3.0": "three", "v0.4.0": "four", "push": "other"}
    assert torn(GIT, after) == []
    assert torn({**GIT, "v0": "candidate"}, after) == []


@pytest.mark.parametrize(
    ("tag", "now", "how"),
    [
        ("v0.5.0-rc.1", "candidate", "leftover-kept: llm-d/llm-d git tag v0.5.0-rc.1: named candidate before the "
         "teardown and candidate after it, not nothing"),
        ("v0.5", "candidate", "leftover-kept: llm-d/llm-d git tag v0.5: named candidate before the teardown and "
         "candidate after it, not nothing"),
        ("v0.4.0", "", "needed-deleted: llm-d/llm-d git tag v0.4.0: named four before the teardown and nothing after "
         "it, not four"),
        ("v0", "three", "needed-deleted: llm-d/llm-d git tag v0: named four before the teardown and three after it, "
         "not four"),
    ],
)  # fmt: skip
def test_a_wrong_teardown_is_seen_in_git(tag: str, now: str, how: str) -> None:
    after = {"v0": "four", "v0.3.0": "three", "v0.4.0": "four", "push": "other", tag: now}
    assert torn(GIT, {name: commit for name, commit in after.items() if commit}) == [how]


def test_a_final_on_the_commit_of_its_candidate_stays() -> None:
    before = {"v0.5.0": "same", "v0.5.0-rc.1": "same", "v0.5": "same"}
    assert torn(before, {"v0.5.0": "same", "v0.5": "same"}) == []


def test_a_release_that_is_left_is_seen() -> None:
    after = {"v0": "four", "v0.3.0": "three", "v0.4.0": "four", "push": "other"}
    assert torn(GIT, after, "v0.4.0", "v0.5.0-rc.1") == [
        "leftover-kept: llm-d/llm-d release v0.5.0-rc.1: is still there"
    ]


def with_tags(base: RegistrySnapshot, **tags: Pulled) -> RegistrySnapshot:
    return RegistrySnapshot({CUDA: {**base.packages[CUDA], **shot(**tags).packages[CUDA]}})


def without(base: RegistrySnapshot, *tags: str) -> RegistrySnapshot:
    return RegistrySnapshot({CUDA: {tag: image for tag, image in base.packages[CUDA].items() if tag not in tags}})


def test_a_clean_candidate_breaks_nothing(ledger: Ledger) -> None:
    after = with_tags(GOOD, v0_5_0__rc_1=pulled("candidate"))
    assert "v0.5.0-rc.1" in after.packages[CUDA]
    assert invariants.candidate_moved_production(ledger, GOOD, after, [CUDA], "v0.5.0-rc.1") == []
    assert invariants.floating_tag_wrong(ledger, after, [CUDA]) == []


@pytest.mark.parametrize("tag", ["latest", "v0", "v0_4", "v0_4_0"])
def test_a_production_tag_on_a_candidate_is_seen_at_any_time(ledger: Ledger, tag: str) -> None:
    after = with_tags(GOOD, **{tag: pulled("candidate")})
    found = invariants.candidate_moved_production(ledger, after, after, [CUDA])
    assert [(item.invariant, item.subject) for item in found] == [
        (Invariant.CANDIDATE_MOVED_PRODUCTION, tag.replace("_", "."))
    ]


def test_a_candidate_that_creates_a_second_tag_is_seen(ledger: Ledger) -> None:
    after = with_tags(GOOD, v0_5_0__rc_1=pulled("candidate"), v0_5=pulled("candidate"))
    found = invariants.candidate_moved_production(ledger, GOOD, after, [CUDA], "v0.5.0-rc.1")
    assert [str(item) for item in found] == [
        "candidate-moved-production: llm-d/llm-d-cuda v0.5: was nothing, became candidate "
        "when v0.5.0-rc.1 was published"
    ]


@pytest.mark.parametrize(
    ("tag", "digest", "candidate", "found"),
    [
        ("latest", "candidate", "v0.5.0-rc.1", Invariant.CANDIDATE_MOVED_PRODUCTION),
        ("latest", "candidate", "", Invariant.CANDIDATE_MOVED_PRODUCTION),
        ("latest", "three", "", Invariant.FLOATING_TAG_WRONG),
        ("v0.4.0", "candidate", "", Invariant.CANDIDATE_MOVED_PRODUCTION),
        ("v0.5", "candidate", "v0.5.0-rc.1", Invariant.CANDIDATE_MOVED_PRODUCTION),
    ],
)
def test_what_a_push_broke_and_a_later_one_mended_is_seen(
    ledger: Ledger, tag: str, digest: str, candidate: str, found: Invariant
) -> None:
    seen = list(invariants.wrong_for_a_while(ledger, {CUDA: [(tag, digest)]}, GOOD, [CUDA], candidate))
    assert [(item.invariant, item.subject) for item in seen] == [(found, tag)]
    assert "for a while" in seen[0].message


def test_moves_to_where_a_tag_still_is_and_of_foreign_images_are_no_damage(ledger: Ledger) -> None:
    after = with_tags(GOOD, v0_5_0__rc_1=pulled("candidate"))
    moves = {CUDA: [("v0.5.0-rc.1", "candidate"), ("latest", "foreign"), ("latest", "four")]}
    assert list(invariants.wrong_for_a_while(ledger, moves, after, [CUDA], "v0.5.0-rc.1")) == []


def test_a_candidate_promoted_with_its_own_bytes_is_no_candidate_any_more(ledger: Ledger) -> None:
    ledger.builds.append(Build(CUDA, "v0.5.0", "candidate"))
    after = with_tags(GOOD, latest=pulled("candidate"), v0=pulled("candidate"), v0_5_0=pulled("candidate"))
    assert invariants.candidate_moved_production(ledger, GOOD, after, [CUDA]) == []


@pytest.mark.parametrize(
    ("tag", "image", "message"),
    [
        ("latest", "three", "names three, not v0.4.0 (four)"),
        ("v0", "three", "names three, not v0.4.0 (four)"),
        ("v0_3", "four", "names four, not v0.3.0 (three)"),
    ],
)
def test_a_floating_tag_on_the_wrong_release_is_seen(ledger: Ledger, tag: str, image: str, message: str) -> None:
    found = invariants.floating_tag_wrong(ledger, with_tags(GOOD, **{tag: pulled(image)}), [CUDA])
    assert [(item.subject, item.message) for item in found] == [(tag.replace("_", "."), message)]


def test_a_missing_floating_tag_is_seen(ledger: Ledger) -> None:
    found = invariants.floating_tag_wrong(ledger, without(GOOD, "v0.4"), [CUDA])
    assert [(item.subject, item.message) for item in found] == [("v0.4", "names nothing, not v0.4.0 (four)")]


def test_a_backport_leaves_latest(ledger: Ledger) -> None:
    ledger.builds += [Build(CUDA, "v0.3.10", "backport"), Build(CUDA, "v0.3.9", "older")]
    held = with_tags(GOOD, v0_3_10=pulled("backport"), v0_3_9=pulled("older"), v0_3=pulled("backport"))
    assert invariants.floating_tag_wrong(ledger, held, [CUDA]) == []
    stolen = with_tags(held, latest=pulled("backport"))
    assert [item.subject for item in invariants.floating_tag_wrong(ledger, stolen, [CUDA])] == ["latest"]


def test_a_post_release_is_newer_than_its_final() -> None:
    assert (
        invariants.parse_numbers("v0.4.0.post2")
        > invariants.parse_numbers("v0.4.0.post1")
        > invariants.parse_numbers("v0.4.0")
    )
    assert invariants.parse_numbers("v0.4.1") > invariants.parse_numbers("v0.4.0.post9")


def test_a_tag_with_a_missing_child_is_seen() -> None:
    found = invariants.tag_unresolvable(with_tags(GOOD, v0_4_0=pulled("four", missing=("manifest sha256:ab (arm64)",))))
    assert [str(item) for item in found] == [
        "tag-unresolvable: llm-d/llm-d-cuda v0.4.0: cannot be pulled: no manifest sha256:ab (arm64)"
    ]


CLEAN_BEFORE = with_tags(
    GOOD, v0_4_0=pulled("four", "child", "shared"), v0_5_0__rc_1=pulled("candidate", "shared", "own")
)
SELECTED = {CUDA: {"v0.5.0-rc.1"}}


def test_a_right_clean_up_breaks_nothing() -> None:
    after = without(CLEAN_BEFORE, "v0.5.0-rc.1")
    active = {CUDA: {"three", "four", "child", "shared"}}
    assert invariants.needed_deleted(CLEAN_BEFORE, after, active, SELECTED) == []
    assert invariants.leftover_kept(CLEAN_BEFORE, after, active, SELECTED) == []


def test_a_deleted_child_of_a_survivor_is_seen() -> None:
    active = {CUDA: {"three", "four", "child"}}
    found = invariants.needed_deleted(CLEAN_BEFORE, without(CLEAN_BEFORE, "v0.5.0-rc.1"), active, SELECTED)
    assert [(item.subject, item.message) for item in found] == [("v0.4.0", "needs shared, which was deleted")]


def test_a_deleted_and_a_moved_survivor_are_seen() -> None:
    after = with_tags(without(CLEAN_BEFORE, "v0.5.0-rc.1", "v0"), latest=pulled("three"))
    active = {CUDA: {"three", "four", "child", "shared"}}
    found = invariants.needed_deleted(CLEAN_BEFORE, after, active, SELECTED)
    assert [item.subject for item in found] == ["latest", "v0"]


def test_what_was_to_go_and_stayed_is_seen() -> None:
    active = {CUDA: {"three", "four", "child", "shared", "own"}}
    found = invariants.leftover_kept(CLEAN_BEFORE, CLEAN_BEFORE, active, SELECTED)
    assert [(item.subject, item.message) for item in found] == [
        ("v0.5.0-rc.1", "is still there"),
        ("v0.5.0-rc.1", "left own behind, which nothing needs"),
    ]


def test_debris_is_whatever_names_a_candidate_and_no_final(ledger: Ledger) -> None:
    held = with_tags(GOOD, v0_5=pulled("candidate"), v0_5_0__rc=pulled("candidate"))
    assert invariants.find_debris(ledger, held, "v0.5.0-rc.1", [CUDA]) == {CUDA: {"v0.5", "v0.5.0-rc"}}
    ledger.builds.append(Build(CUDA, "v0.5.0", "candidate"))
    assert invariants.find_debris(ledger, held, "v0.5.0-rc.1", [CUDA]) == {CUDA: set()}


@pytest.mark.parametrize("module", [invariants, pull])
def test_the_judge_shares_no_code_with_the_accused(module: object) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text())  # type: ignore[attr-defined]  # a module has a file
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {name for name in imported if name and name.startswith("release_actions")} <= {
        "release_actions.rehearsal.pull"
    }
