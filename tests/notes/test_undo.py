"""Reverts and re-lands, in the ways that people and tools write them."""

from __future__ import annotations

import pytest

from release_actions.notes.model import Author, MergedChange
from release_actions.notes.undo import UndoKind, collapse, read


def change(number: int, title: str, text: str = "", *messages: str) -> MergedChange:
    return MergedChange(title, Author("ada"), (f"{number:040x}",), number, text=text, messages=messages)


def shown(*changes: MergedChange) -> list[int]:
    """The numbers of the changes that are listed, after a look at the others."""
    left = collapse(changes)
    assert sorted(one.number for one in (*left.shown, *left.collapsed)) == sorted(one.number for one in changes)
    return [one.number for one in left.shown]


TRY = change(1, "feat(cache): Try it")
LATER = change(9, "Fix something else")


@pytest.mark.parametrize(
    "revert",
    [
        change(2, 'Revert "feat(cache): Try it"'),
        change(2, 'Revert "feat(cache): Try it" (#2)'),
        change(2, "Revert \u201cfeat(cache): Try it\u201d"),
        change(2, "revert: feat(cache): Try it"),
        change(2, "revert(cache): Try it"),
        change(2, "Revert feat(cache): Try it (#1)"),
        change(2, 'Back out "feat(cache): Try it"'),
        change(2, "[revert] feat(cache): Try it"),
        change(2, 'Revert "feat(cache): T\u2026"'),
        change(2, "Reverts #1"),
        change(2, "Revert PR #1: it was slow"),
        change(2, "Revert acme/web#1"),
        change(2, "Revert the cache", "Reverts acme/web#1"),
        change(2, "Revert the cache", "This reverts #1."),
        change(2, "Revert the cache", "", f"Revert the cache\n\nThis reverts commit {1:040x}."),
    ],
)
def test_a_revert_takes_back_and_neither_is_listed(revert: MergedChange) -> None:
    undo = read(revert)
    assert undo is not None
    assert undo.kind is UndoKind.REVERT
    assert shown(TRY, LATER, revert) == [9]


@pytest.mark.parametrize(
    "reland",
    [
        change(3, 'Reland "feat(cache): Try it"'),
        change(3, "Re-land: feat(cache): Try it"),
        change(3, "Relands feat(cache): Try it (#3)"),
        change(3, 'Reapply "feat(cache): Try it"'),
        change(3, "[reland] feat(cache): Try it"),
        change(3, "Re-land #1"),
        change(3, "Reland the cache", "Relands #1"),
        change(3, "Reland the cache", "Re-land of acme/web#1"),
    ],
)
def test_a_reland_is_listed_in_place_of_what_it_brings_back(reland: MergedChange) -> None:
    revert = change(2, 'Revert "feat(cache): Try it"')
    assert shown(TRY, revert, LATER, reland) == [9, 3]
    assert shown(TRY, revert, reland, change(4, f'Revert "{reland.title}"')) == []


def test_a_reland_of_something_older_ends_the_revert() -> None:
    assert shown(change(2, 'Revert "Old"'), change(3, 'Reland "Old"')) == [3]


def test_a_revert_of_a_revert_leaves_the_first_change() -> None:
    one, two = change(1, "Try it"), change(2, 'Revert "Try it"')
    three = change(3, 'Revert "Revert "Try it""', "Reverts acme/web#2")
    four = change(4, 'Revert "Revert "Revert "Try it"""', "Reverts acme/web#3")
    assert shown(one, two, three) == [1]
    assert shown(one, two, three, four) == []
    # What is taken back is older than the release: only whether it is in the end counts.
    assert shown(two) == [2]
    assert shown(two, three) == []
    assert shown(two, three, four) == [2]


def test_of_two_changes_of_one_title_the_newest_is_taken_back() -> None:
    assert shown(change(1, "Bump"), change(2, "Bump"), change(3, 'Revert "Bump"')) == [1]


@pytest.mark.parametrize(
    "title",
    [
        "Revert to the old scheduler",
        "Revertible migrations",
        "Reapply the theme on start",
        "Add a revert button",
        'Revert "Something older"',
        "Reverse proxy",
    ],
)
def test_what_takes_nothing_of_the_release_back_is_listed(title: str) -> None:
    assert shown(TRY, change(2, title)) == [1, 2]


def test_a_text_about_reverting_is_no_revert() -> None:
    assert read(change(2, "Fix the cache", "This reverts commit 0000000000000000000000000000000000000001.")) is None
