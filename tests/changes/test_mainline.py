"""From commits and pull requests to changes, each once."""

from __future__ import annotations

import time

import pytest

from release_actions.changes.mainline import group_changes, pulls_by_message
from release_actions.changes.model import Author, HistoryCommit, MergedChange, MergedPull
from release_actions.changes.picks import find_shared, remove_picked_again
from release_actions.changes.titles import trailing_numbers

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
    assert trailing_numbers(subject) == found


def test_commits_of_one_pull_request_are_one_change_where_it_was_merged() -> None:
    commits = (commit(1, "Early", 0), commit(2, "Part", 0), commit(3, "Part two", 2), commit(4, "Merge", 1, 3))
    pull = MergedPull(7, "Whole", BOB, merge=commits[3].sha)
    found = group_changes(commits, {one.sha: pull for one in commits[1:]})
    assert [(one.title, one.number, one.author) for one in found] == [("Early", 0, ADA), ("Whole", 7, BOB)]
    assert found[1].sha == commits[3].sha
    assert set(found[1].commits) == {one.sha for one in commits[1:]}


def test_a_merge_without_a_pull_request_is_no_change() -> None:
    assert group_changes((commit(3, "Merge branch 'main'", 1, 2),), {}) == ()


def test_pull_requests_by_what_messages_say() -> None:
    commits = (
        commit(1, "Squashed (#11)", 0, author=BOB),
        commit(2, "Part of a branch", 1, author=BOB),
        commit(3, "Another part (#5)", 2, author=BOB),
        commit(4, "Merge pull request #12 from bob/work\n\nA branch", 1, 3),
        commit(5, "Pushed without one", 4),
        commit(6, "[release-0.5] Fix (#10) (#13)", 5),
    )
    found = group_changes(commits, pulls_by_message(commits))
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
    assert remove_picked_again((first, again)) == ((first,), (again,))
    assert find_shared((again,), (first,)) == (again,)
    assert find_shared((first,), (again,)) == (first,)


def test_a_branch_was_picked_when_all_of_it_was() -> None:
    merge, one, two = (f"{number:040x}" for number in (1, 2, 3))
    branch = MergedChange("Whole", ADA, (merge, one, two), 10)

    def pick(*shas: str, more: str = "") -> MergedChange:
        messages = tuple(f"Part\n\n(cherry picked from commit {sha})" for sha in shas)
        return MergedChange(
            "Some of it", ADA, (f"{9:040x}",), 20, messages=(*messages, *filter(None, [more])), sources=shas
        )

    assert find_shared((branch,), (pick(one, two),)) == (branch,)
    assert find_shared((branch,), (pick(merge),)) == (branch,)
    assert find_shared((branch,), (pick(one, two, more="Merge pull request #20 from ada/work\n\nPick"),)) == (branch,)
    assert find_shared((branch,), (pick(one),)) == ()
    assert remove_picked_again((branch, pick(one, two, more="And something of its own"))) == (
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
    assert remove_picked_again((first, other)) == ((first, other), ())
    assert find_shared((first,), (other,)) == ()


def titles(commits: tuple[HistoryCommit, ...], repository: str = "acme/web") -> list[tuple[int, str, str]]:
    changes = group_changes(commits, pulls_by_message(commits, repository))
    return [(one.number, one.title, one.author.login) for one in changes]


EVE = Author("eve")


def test_numbers_that_a_fork_gave_its_merges_are_not_this_repositorys() -> None:
    commits = (
        commit(2, "Faster", 1, author=BOB),
        commit(3, "Merge pull request #10 from bob/faster\n\nFaster", 1, 2),
        commit(4, "Work of the fork", 1, author=EVE),
        commit(5, "Merge pull request #1 from acme/main\n\nUpdate the fork", 4, 3, author=Author("last")),
        commit(6, "Merge pull request #11 from eve/fork\n\nThe fork", 3, 5),
    )

    assert titles(commits) == [(10, "Faster", "bob"), (11, "The fork", "eve")]


def test_a_branch_that_was_brought_up_to_date_is_its_authors() -> None:
    commits = (
        commit(2, "On main (#8)", 1, author=EVE),
        commit(3, "One", 1, author=BOB),
        commit(4, "Merge branch 'main' into work", 3, 2, author=ADA),
        commit(5, "Two", 4, author=BOB),
        commit(6, "Merge branch 'main' into work", 5, 2, author=ADA),
        commit(7, "Merge pull request #9 from acme/work\n\nWork", 2, 6, author=ADA),
    )

    assert titles(commits) == [(8, "On main", "eve"), (9, "Work", "bob")]


def test_a_main_branch_that_was_pulled_and_pushed_keeps_its_pull_requests() -> None:
    """git pull makes the pushed line the first parent, and main the second."""
    commits = (
        commit(2, "Fix (#8)", 1, author=EVE),
        commit(3, "Part", 2, author=BOB),
        commit(4, "Merge pull request #9 from bob/work\n\nWork", 2, 3),
        commit(5, "Pushed without one", 1),
        commit(6, "Merge branch 'main' of github.com:acme/web", 5, 4),
    )

    assert sorted(titles(commits)) == [(0, "Pushed without one", "ada"), (8, "Fix", "eve"), (9, "Work", "bob")]


def test_a_merge_of_another_repository_brings_none_of_its_numbers() -> None:
    commits = (
        commit(2, "Theirs (#77)", 1, author=EVE),
        commit(3, "Ours (#8)", 1, author=BOB),
        commit(4, "Merge remote-tracking branch 'upstream/main'", 3, 2),
        commit(5, "More of theirs (#78)", 2, author=EVE),
        commit(6, "Merge branch 'main' of https://github.com/other/web", 4, 5),
    )

    assert [number for number, _, _ in titles(commits)] == [0, 8, 0]


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("Add it (#12)", "Add it"),
        ("Merge pull request #12 from bob/work\n\nAdd it", "Add it"),
        ("Merge PR #12 from bob/work\n\nAdd it", "Add it"),
        ("Auto merge of #12 - bob:work, r=ada\n\nAdd it", "Add it"),
    ],
)
def test_a_merge_names_its_pull_request_in_several_forms(message: str, title: str) -> None:
    commits = (commit(2, "Part (#3)", 1, author=BOB), commit(3, message, 1, 2))

    assert titles(commits) == [(12, title, "bob")]


def test_a_number_of_another_repository_at_the_end_is_not_taken() -> None:
    commits = (commit(2, "Copied (other/web#7)", 1), commit(3, "Our own (acme/web#8)", 2))

    assert [number for number, _, _ in titles(commits)] == [0, 8]


def test_a_long_history_of_merges_is_read_in_linear_time() -> None:
    """Twice the history takes about twice the time, not four times."""
    seconds = []
    for merges in (2_000, 4_000):
        commits = [commit(1, "Start")]
        for merge in range(merges):
            number = 3 * merge + 2
            commits.append(commit(number, "One", number - 1))
            commits.append(commit(number + 1, "Two", number))
            commits.append(
                commit(number + 2, f"Merge pull request #{merge + 1} from bob/w\n\nW", number - 1, number + 1)
            )
        began = time.process_time()
        assert len(titles(tuple(commits))) == merges + 1
        seconds.append(time.process_time() - began)
    assert seconds[1] < 3 * seconds[0] + 0.2


def test_a_merge_belongs_to_the_owner_of_its_branch_if_he_wrote_some_of_it() -> None:
    commits = (
        commit(1, "Begin", 0, author=ADA),
        commit(2, "More", 1, author=ADA),
        commit(3, "The last part", 2, author=BOB),
        commit(4, "Merge pull request #12 from bob/ada-helped\n\nA branch", 0, 3),
    )

    assert {pull.author for pull in pulls_by_message(commits).values()} == {BOB}


def test_a_merge_whose_text_is_only_for_programs_has_the_title_of_its_only_commit() -> None:
    message = "Merge pull request #7 from bob:work\n\nPiperOrigin-RevId: 123456789\n"
    commits = (commit(1, "Start", 0), commit(2, "Fix it", 1, author=BOB), commit(3, message, 1, 2))

    found = group_changes(commits, pulls_by_message(commits, "acme/web"))

    assert [(one.number, one.title, one.author) for one in found] == [(0, "Start", ADA), (7, "Fix it", BOB)]


@pytest.mark.parametrize(
    "said",
    [
        "Imported from GitHub PR https://github.com/acme/web/pull/7",
        "COPYBARA_INTEGRATE_REVIEW=https://github.com/acme/web/pull/7 x",
    ],
)
def test_what_copybara_imported_is_its_pull_request(said: str) -> None:
    text = f"PR #7: Fix it\n\n{said}\n\n--\n{2:040x} by Bob B <1+bob@users.noreply.github.com>:\n\nFix it\n"
    commits = (commit(1, text, 0),)

    pull = pulls_by_message(commits, "acme/web")[commits[0].sha]

    assert (pull.number, pull.title, pull.author) == (7, "Fix it", Author("bob", "Bob B"))
    assert pulls_by_message(commits, "acme/other") == {}


def test_programs_that_tidy_a_branch_up_are_not_its_author() -> None:
    robot = Author("pre-commit-ci[bot]", bot=True)
    tidied = (commit(3, "Tidy", 2, author=robot), commit(4, "Tidy again", 3, author=robot))
    merge = commit(5, "Merge pull request #7 from acme/work\n\nFix it", 1, 4)
    commits = (commit(1, "Start", 0), commit(2, "Fix it", 1, author=BOB), *tidied, merge)

    assert pulls_by_message(commits, "acme/web")[merge.sha].author == BOB
