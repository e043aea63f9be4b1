"""From commits and pull requests to changes, each once."""

from __future__ import annotations

import pytest

from release_actions.notes.model import Author, MergedChange
from release_actions.notes.span import HistoryCommit, MergedPull, changes, numbers, once, pulls_by_message, shared

ADA, BOB = Author("ada"), Author("bob")


def commit(number: int, message: str, *parents: int, author: Author = ADA) -> HistoryCommit:
    return HistoryCommit(f"{number:040x}", message, tuple(f"{parent:040x}" for parent in parents), author)


def change(number: int, title: str, **more: object) -> MergedChange:
    return MergedChange(title, ADA, (f"{number + 100:040x}",), number, **more)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("subject", "found"),
    [("Fix (#1)", (1,)), ("Fix (#1) (#2)", (1, 2)), ("Fix #1", ()), ('Revert "Fix (#1)"', ()), ("(acme/web#3)", (3,))],
)
def test_numbers_at_the_end(subject: str, found: tuple[int, ...]) -> None:
    assert numbers(subject) == found


def test_commits_of_one_pull_request_are_one_change_where_it_was_merged() -> None:
    commits = (commit(1, "Early", 0), commit(2, "Part", 0), commit(3, "Part two", 2), commit(4, "Merge", 1, 3))
    pull = MergedPull(7, "Whole", BOB, merge=commits[3].sha)
    found = changes(commits, {one.sha: pull for one in commits[1:]})
    assert [(one.title, one.number, one.author) for one in found] == [("Early", 0, ADA), ("Whole", 7, BOB)]
    assert found[1].sha == commits[3].sha
    assert set(found[1].commits) == {one.sha for one in commits[1:]}


def test_a_merge_without_a_pull_request_is_no_change() -> None:
    assert changes((commit(3, "Merge branch 'main'", 1, 2),), {}) == ()


def test_pull_requests_by_what_messages_say() -> None:
    commits = (
        commit(1, "Squashed (#11)", 0, author=BOB),
        commit(2, "Part of a branch", 1, author=BOB),
        commit(3, "Another part (#5)", 2, author=BOB),
        commit(4, "Merge pull request #12 from bob/work\n\nA branch", 1, 3),
        commit(5, "Pushed without one", 4),
        commit(6, "[release-0.5] Fix (#10) (#13)", 5),
    )
    found = changes(commits, pulls_by_message(commits))
    assert [(one.number, one.title, one.author) for one in found] == [
        (11, "Squashed", BOB),
        (12, "A branch", BOB),
        (0, "Pushed without one", ADA),
        (13, "[release-0.5] Fix (#10)", ADA),
    ]


@pytest.mark.parametrize(
    "again",
    [
        change(20, "Fix it", sources=(f"{110:040x}",)),
        change(20, "[release-0.5] Fix it (#10)"),
        change(20, "[backport 0.5] Something (#10)"),
        change(20, "Backport #10: Fix it"),
        change(20, "Automated cherry pick of #10: Fix it"),
        change(20, "On the branch", text="Backport of #10"),
        change(20, "On the branch", text="This is an automated cherry-pick of #10\n\nMore."),
        change(20, "Fix it (#10)"),
        change(20, "Fix it better", messages=("Fix it (#10) (#20)",)),
    ],
)
def test_a_cherry_pick_counts_once(again: MergedChange) -> None:
    first = change(10, "Fix it")
    assert once((first, again)) == ((first,), (again,))
    assert shared((again,), (first,)) == (again,)
    assert shared((first,), (again,)) == (first,)


def test_a_branch_was_picked_when_all_of_it_was() -> None:
    merge, one, two = (f"{number:040x}" for number in (1, 2, 3))
    branch = MergedChange("Whole", ADA, (merge, one, two), 10)

    def pick(*shas: str, more: str = "") -> MergedChange:
        messages = tuple(f"Part\n\n(cherry picked from commit {sha})" for sha in shas)
        return MergedChange(
            "Some of it", ADA, (f"{9:040x}",), 20, messages=(*messages, *filter(None, [more])), sources=shas
        )

    assert shared((branch,), (pick(one, two),)) == (branch,)
    assert shared((branch,), (pick(merge),)) == (branch,)
    assert shared((branch,), (pick(one, two, more="Merge pull request #20 from ada/work\n\nPick"),)) == (branch,)
    assert shared((branch,), (pick(one),)) == ()
    assert once((branch, pick(one, two, more="And something of its own"))) == (
        (branch, pick(one, two, more="And something of its own")),
        (),
    )


@pytest.mark.parametrize(
    "other",
    [
        change(20, "Follow up on the review (#10)"),
        change(20, "Fix it"),
        change(20, "Fix it again", text="See #10, which was wrong."),
        change(20, "[router] Fix it"),
    ],
)
def test_what_only_looks_alike_is_another_change(other: MergedChange) -> None:
    first = change(10, "Fix it")
    assert once((first, other)) == ((first, other), ())
    assert shared((first,), (other,)) == ()
