"""git's own floating tags for random repositories: forward only, to stable releases only, and never a version's tag."""

from __future__ import annotations

from collections.abc import Collection

from hypothesis import given
from hypothesis import strategies as st
from tests.versions.release_tags import histories, unhurried

from release_actions.floating.git_tags import GitFloatingPlan, plan_git_tags
from release_actions.floating.rules import FloatingRules
from release_actions.github.repository import GitTag
from release_actions.versions.version import Version, parse_known, parse_or_none

TEMPLATES = ("v{major}.{minor}", "v{major}", "latest")
NAMES = ("v0", "v1", "v0.1", "v0.2", "v1.0", "latest", "v0.1.0-rc", "v7")

Refs = dict[str, str]


def range_of(name: str) -> tuple[int, ...]:
    return tuple(int(number) for number in name.removeprefix("v").split("."))


@st.composite
def repositories(draw: st.DrawFn) -> Refs:
    """Tag -> commit. Releases are on few commits, so that some share one, and floating tags are anywhere."""
    refs = {version.tag: f"commit {draw(st.integers(0, 12))}" for version in draw(histories())}
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        refs[name] = draw(st.sampled_from([*refs.values(), "commit without a version"]))
    return refs


def planned(refs: Refs, skip: Collection[str] = (), held_back: Collection[str] = ()) -> GitFloatingPlan:
    tags = [GitTag(name, commit) for name, commit in sorted(refs.items())]
    return plan_git_tags(tags, lambda tag: tag.sha, FloatingRules(TEMPLATES, tuple(skip), "v"), held_back)


def inside(version: Version, name: str) -> bool:
    numbers = range_of(name)
    return version.numbers[: len(numbers)] == numbers


@unhurried
@given(repositories(), st.data())
def test_every_move_is_forward_to_the_highest_release_that_counts(refs: Refs, data: st.DataObject) -> None:
    stable = [version for version in parse_known(refs) if version.is_stable]
    some = st.lists(st.sampled_from([version.tag for version in stable]), max_size=2) if stable else st.just([])
    skip, held_back = data.draw(some), data.draw(some)
    counting = [version for version in stable if version.tag not in {*skip, *held_back}]
    found = planned(refs, skip, held_back)
    for move in found.moves:
        assert parse_or_none(move.tag) is None
        assert move.version == max(version for version in counting if inside(version, move.tag))
        assert move.after == refs[move.version.tag]
        assert move.before == refs.get(move.tag, "")
        # What it names by now is a version of its range, and lower.
        there = [
            version for version in parse_known(refs) if refs[version.tag] == move.before and inside(version, move.tag)
        ]
        assert not move.before or max(there) < move.version
    for name in {name for version in counting for name in (f"v{version.major}", f"v{version.line}")}:
        told = (
            {tag for tag, _ in found.kept} | {move.tag for move in found.moves} | {left.tag for left in found.unmoved}
        )
        assert name in told


@unhurried
@given(repositories())
def test_after_the_moves_there_is_none(refs: Refs) -> None:
    found = planned(refs)
    after = {**refs, **{move.tag: move.after for move in found.moves}}
    again = planned(after)
    assert again.moves == ()
    assert [left.tag for left in again.unmoved] == [left.tag for left in found.unmoved]
    assert {name for name in after if after[name] != refs.get(name)} == {move.tag for move in found.moves}
