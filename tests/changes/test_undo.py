"""Reverts and re-lands, in the ways that people and tools write them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from release_actions.changes.model import Author, MergedChange
from release_actions.changes.undo import collapse, resolve_undos
from release_actions.changes.undo_grammar import UndoKind, read_undo


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
    undo = read_undo(revert)
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


def test_a_text_that_is_nothing_but_a_revert_is_one_whatever_its_title() -> None:
    only = change(2, "Fix the cache", f"This reverts commit {1:040x}.\n\nSigned-off-by: Ada <ada@example.com>")

    assert shown(TRY, LATER, only) == [9]


def test_a_change_that_reverts_another_and_does_something_of_its_own_is_listed_alone() -> None:
    better = change(2, "Fix the cache", "Keep it small instead.\n\nReverts #1")

    assert shown(TRY, LATER, better) == [9, 2]


def test_a_text_about_reverting_is_no_revert() -> None:
    assert read_undo(change(2, "Fix the cache", "We may want to revert #1 later, or not.")) is None


@pytest.mark.parametrize(
    "revert",
    [
        change(2, '[CI] Revert "feat(cache): Try it"'),
        change(2, "Revert the trial of it #1"),
        change(2, "[Revert][Core] Bring the old cache back (reverts #1)"),
        change(2, '[Bugfix][Core] Revert "feat(cache): Try it (#1)"'),
        change(2, 'fix: revert "feat(cache): Try it"'),
        change(2, ':bug: Revert "feat(cache): Try it"'),
        change(2, '\N{BUG} Revert "feat(cache): Try it"'),
        change(2, "Use the old cache (reverts #1)"),
        change(2, "Use the old cache (revert of acme/web#1)"),
        change(2, "Revert: feat(cache): Try it (#1)"),
        change(2, "Revert: feat(cache): Try it (#1) (#2)"),
        change(2, "[release-1.0] Revert #1"),
        change(2, "Automated cherry pick of #77: Revert #1"),
        change(2, "Roll back #1"),
        change(2, "Rollback: feat(cache): Try it"),
        change(2, "Manually revert #1"),
        change(2, "Revert the cache", "Reverts https://github.com/acme/web/pull/1"),
        change(2, "Revert the cache", "This reverts PR #1 because it was slow"),
        change(2, 'Revert "feat(cache): Try\u2026', "\u2026 it (#1)"),
        change(2, 'Revert "feat(cache): Try it (#1\u2026'),
        change(2, 'Revert "[Core] feat(cache): Try it"'),
        change(2, 'BUGS-12: Revert "feat(cache): Try it"'),
        change(2, 'Bug 1234567: Revert "feat(cache): Try it"'),
        change(2, 'BUGS-12,BUGS-13: Revert "feat(cache): Try it"'),
        change(2, 'NO-ISSUE: Revert #1 "feat(cache): Try it"'),
        change(2, '*: Revert "feat(cache): Try it (#1)"'),
        change(2, 'DOC,CI: Revert "feat(cache): Try it"'),
        change(2, 'net/cache: revert "feat(cache): Try it"'),
        change(2, "rust-cache: Revert #1"),
        change(2, 'cli `cache`: revert "feat(cache): Try it"'),
        change(2, 'REV: "feat(cache): Try it"'),
        change(2, "REV: Revert gh-1 - it hangs"),
        change(2, "Revert GH-1"),
        change(2, "Revert PR#1 for now"),
        change(2, "Revert PR1"),
        change(2, "Revert !1"),
        change(2, "Revert web#1"),
        change(2, "Revert [#1](https://github.com/acme/web/pull/1)"),
        change(2, 'Revert "Merge pull request #1 from ada/cache"'),
        change(2, "Revert Merge pull request #1 from ada/cache"),
        change(2, "This reverts #1, it was slow"),
        change(2, f"This reverts commit {1:040x}, reversing"),
        change(2, f"Automated rollback of commit {1:040x}"),
        change(2, f"Revert https://github.com/acme/web/commit/{1:040x}"),
        change(2, f"Revert acme/web@{1:040x}"),
        change(2, "Undo #1"),
        change(2, 'Undo "feat(cache): Try it"'),
        change(2, "chore: undo PR #1"),
        change(2, "Revert - #1"),
        change(2, "Revert \u2013 \u201cfeat(cache): Try it\u201d"),
        change(2, "Revert the cache", f"Reverts https://github.com/acme/web/commit/{1:040x}"),
        change(2, "Revert the cache", f"This commit backs out commit {1:040x}"),
        change(2, "Revert the cache", "Reverts [#1](https://github.com/acme/web/pull/1)"),
        change(2, "Revert the cache", "This PR fully reverts #1."),
        change(2, "Revert the cache", "Backs out #1"),
        change(2, "Revert the cache", "Automatic revert of #1"),
        change(2, "Revert the cache", "Reverts gh-1"),
    ],
)
def test_a_revert_is_read_in_whatever_form(revert: MergedChange) -> None:
    assert shown(TRY, LATER, revert) == [9]


@pytest.mark.parametrize(
    "revert",
    [
        change(4, "Revert #1 and #2"),
        change(4, "Revert #1, #2"),
        change(4, "[CI] Revert PRs 1 and 2"),
        change(4, "Revert pull requests #1 & #2: too slow"),
        change(4, 'Revert "feat(cache): Try it" and "Add a queue"'),
        change(4, 'Revert "feat(cache): Try it (#1)", "Add a queue (#2)"'),
        change(4, "Revert two changes", "Reverts #1\nReverts #2"),
        change(4, "Revert two changes", "Reverts acme/web#1, acme/web#2"),
        change(4, "Revert two changes", "Reverts:\n- #1\n- #2\n"),
        change(4, "Revert two changes", f"This reverts commits {1:040x} and {2:040x}."),
        change(4, "Revert two changes", f"This reverts commit {1:040x}.\nThis reverts commit {2:040x}."),
    ],
)
def test_several_are_reverted_by_one(revert: MergedChange) -> None:
    assert shown(TRY, change(2, "Add a queue"), LATER, revert) == [9]


def test_a_revert_of_this_and_an_older_release_is_listed_without_what_it_reverts_here() -> None:
    assert shown(TRY, LATER, change(4, "Revert #1 and #777")) == [9, 4]


def test_a_title_that_looks_like_several_is_one_first() -> None:
    flags = change(1, 'Add "fast" and "slow" flags')

    assert shown(flags, change(2, 'Revert "Add "fast" and "slow" flags"')) == []


def test_a_part_of_a_change_is_reverted_and_both_are_listed() -> None:
    for title in ("Partial revert of #1", "Partially revert #1", "Revert part of #1", "Revert parts of PR #1"):
        assert shown(TRY, change(2, title)) == [1, 2], title


@pytest.mark.parametrize(
    "title",
    ["Revert other/place#1", "Revert https://github.com/other/place/pull/1", 'Revert "Something else (other/place#1)"'],
)
def test_a_number_of_another_repository_is_never_matched(title: str) -> None:
    left = collapse((TRY, change(2, title)), "acme/web")

    assert [one.number for one in left.shown] == [1, 2]


def test_a_number_that_was_cut_in_two_names_nothing() -> None:
    # The whole number was 123.
    assert shown(change(12, "Something else"), change(20, 'Revert "Some very long title of a change (#12\u2026')) == [
        12,
        20,
    ]


def test_a_beginning_that_two_titles_share_names_neither() -> None:
    one, two = change(1, "Support the long name"), change(2, "Support the long game")

    assert shown(one, two, change(3, 'Revert "Support the long\u2026"')) == [1, 2, 3]


def test_the_same_title_with_another_number_is_another_change() -> None:
    again = change(5, "feat(cache): Try it")

    assert shown(again, change(6, 'Revert "feat(cache): Try it (#1)"')) == [5, 6]


def test_a_change_that_lands_again_under_its_own_title_is_listed() -> None:
    revert, again = change(2, 'Revert "feat(cache): Try it" (#1)'), change(3, "feat(cache): Try it")

    assert shown(TRY, revert, again) == [3]


def test_a_branch_that_reverted_something_on_its_way_reverts_nothing() -> None:
    """The message of a squash lists the commits of the branch, and this one took its revert back."""
    message = (
        "Ask before deleting (#2)\n\n"
        f'* Revert "feat(cache): Try it (#1)"\n\nThis reverts commit {1:040x}.\n\n'
        "* Ask before deleting\n\n"
        f'* Revert "Revert "feat(cache): Try it (#1)""\n\nThis reverts commit {7:040x}.\n'
    )

    assert shown(TRY, change(2, "Ask before deleting", "", message)) == [1, 2]


def test_a_number_that_something_is_reverted_from_is_reverted_in_part() -> None:
    assert shown(TRY, change(2, "Revert the limits from #1")) == [1, 2]
    assert shown(TRY, change(2, "fix: revert accidental changes of PR #1")) == [1, 2]


def test_one_commit_of_several_is_not_the_whole_pull_request() -> None:
    merge = "Merge pull request #1 from ada/work\n\nTry it"
    branch = MergedChange("Try it", Author("ada"), ("a" * 40, "b" * 40, "c" * 40), 1, messages=("One", "Two", merge))

    assert shown(branch, change(2, "Revert one", "", f'Revert "One"\n\nThis reverts commit {"b" * 40}.')) == [1, 2]
    assert shown(branch, change(2, "Revert it", "", f"Revert it\n\nThis reverts commit {'a' * 40}.")) == []


def test_a_title_that_mentions_its_revert_beside_something_else_is_listed() -> None:
    text = f"Document it, revert #1\n\nThis reverts commit {1:040x}."

    assert shown(TRY, LATER, change(2, "Document it, revert #1", "", text)) == [9, 2]


def test_what_lands_again_by_reverting_its_revert_is_listed_once() -> None:
    revert = change(2, 'Temporarily revert "feat(cache): Try it" (#1)')

    assert shown(TRY, revert, change(3, "feat(cache): Try it", "This reverts #2, it works now.\n")) == [3]


@pytest.mark.parametrize(
    "reland",
    [
        change(3, "[ToolParser] Re-land: feat(cache): Try it"),
        change(3, "feat(cache): Try it (reland)"),
        change(3, "feat(cache): Try it [re-land]"),
        change(3, "[Reland][CI] feat(cache): Try it"),
        change(3, 'Reapply "feat(cache): Try it"', f"This reverts commit {2:040x}."),
        change(3, "Try the cache again (relands #1)"),
    ],
)
def test_a_reland_is_read_in_whatever_form(reland: MergedChange) -> None:
    revert = change(2, 'Revert "feat(cache): Try it"')

    assert shown(TRY, revert, LATER, reland) == [9, 3]


@pytest.mark.parametrize(
    ("trailer", "name"),
    [
        ("Differential Revision: D7654321", "D7654321"),
        ("Differential Revision: https://reviews.example/D7654321", "D7654321: feat(cache): Try it"),
        ("PiperOrigin-RevId: 987654321", "changelist 987654321"),
        ("PiperOrigin-RevId: 987654321", "cl/987654321"),
    ],
)
def test_a_revert_by_the_name_of_another_system_is_read(trailer: str, name: str) -> None:
    landed = change(1, "feat(cache): Try it", "", f"feat(cache): Try it\n\n{trailer}\n")

    assert shown(landed, LATER, change(2, f"Revert {name}")) == [9]
    assert shown(landed, LATER, change(2, f"[CI] Back out {name}")) == [9]
    assert shown(landed, LATER, change(2, "Revert the cache", f"This diff reverts {name.partition(':')[0]}")) == [9]


def test_a_part_of_a_change_is_reverted_however_that_is_said() -> None:
    for text in ("Reverts most of #1", "Mostly reverts #1", "Partial revert of #1", "This reverts a part of #1"):
        assert shown(TRY, change(2, "Revert the cache", text)) == [1, 2], text


@pytest.mark.parametrize(
    "reland",
    [
        change(3, "[reland2] feat(cache): Try it"),
        change(3, "[Take 2] feat(cache): Try it"),
        change(3, "[second attempt] feat(cache): Try it"),
        change(3, 'Roll forward "feat(cache): Try it"'),
        change(3, 'BUGS-14: Reland "feat(cache): Try it"'),
        change(3, "Un-revert #1"),
        change(3, "Resubmit #1"),
        change(3, "[Take 2] Keep a cache", f"Reverts {2:040x}"),
        change(3, "Reland the cache with a fix", f"This reverts commit {2:040x}."),
    ],
)
def test_a_second_try_is_listed_in_place_of_the_first(reland: MergedChange) -> None:
    revert = change(2, 'Revert "feat(cache): Try it"')

    assert shown(TRY, revert, LATER, reland) == [9, 3]


@pytest.mark.parametrize(
    "title",
    [
        "Undo the selection on escape",
        "url: revert the removal of trailing dots",
        "op: undo: rename to revert",
        "Document `revert`: what it does",
        "Add a changelist 123456 reader",
        "Redo the layout",
        "Reintroduce the theme",
        "copr: revert to version 2",
        "rev: bump to 3",
        "Undo/redo for the editor: keep 3 steps",
    ],
)
def test_words_that_name_nothing_revert_nothing(title: str) -> None:
    assert shown(TRY, LATER, change(2, title)) == [1, 9, 2]


def test_several_numbers_with_slashes_are_reverted() -> None:
    second = change(1002, "Add a queue")

    assert shown(change(1001, "Try it"), second, LATER, change(1004, "copr: revert 1001/1002")) == [9]


def test_a_title_that_is_cut_within_code_is_the_beginning_of_one() -> None:
    long = change(1, "perf: speed up with `~3x 0.19.13/ ~2x numpy`")

    assert shown(long, change(2, 'Revert "perf: speed up with `~3x 0\u2026')) == []


def test_what_is_resolved_names_its_targets() -> None:
    revert = change(2, "Revert #1 and #777")

    (resolved,) = resolve_undos((TRY, LATER, revert), "acme/web")

    assert (resolved.change, resolved.targets, resolved.complete) == (revert, (TRY,), False)


def sha_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:40]


def test_a_commit_is_named_by_its_beginning_unless_several_begin_so() -> None:
    one = MergedChange("One", Author("ada"), ("abcdef1" + "0" * 33,), 1)
    two = MergedChange("Two", Author("ada"), ("abcdef1" + "1" * 33,), 2)

    assert shown(one, two, change(3, "Revert abcdef10")) == [2]
    assert shown(one, two, change(3, "Revert commit abcdef1")) == [1, 2, 3]


def test_a_revert_of_a_revert_is_about_the_number_outside_the_quotes() -> None:
    ada = Author("ada")
    first = MergedChange("Add a queue", ada, (sha_of(1),), 1)
    second = MergedChange('Revert "Add a queue (#1)"', ada, (sha_of(2),), 2)
    third = MergedChange('Revert: Revert "Add a queue (#1)" (#2)', ada, (sha_of(3),), 3)

    left = collapse([first, second, third], "acme/web")

    assert [change.number for change in left.shown] == [1]


TITLES = st.sampled_from(
    [
        "Add a queue",
        "feat(cache): Keep it warm",
        "[Bugfix][Core] Do not wait",
        'Say "yes" and "no"',
        ":sparkles: Shine",
        "Fix #1234 for good",
        "Bump a from 1.0 to 2.0 (part 2)",
        "\u201cQuoted\u201d and more",
        "Follow up on the review (#4321)",
    ]
)
Form = Callable[[MergedChange], tuple[str, str]]
FORMS: tuple[Form, ...] = (
    lambda one: (f'Revert "{one.title}"', f"Reverts acme/web#{one.number}"),
    lambda one: (f'Revert "{one.title} (#{one.number})"', ""),
    lambda one: (f'[CI] Revert "{one.title}"', f"This reverts commit {one.sha}."),
    lambda one: (f'fix: revert "{one.title}"', f"This reverts commit {one.sha[:10]}."),
    lambda one: (f"Revert: {one.title} (#{one.number})", ""),
    lambda one: (f":bug: Revert #{one.number}", ""),
    lambda one: (f"Go back (reverts #{one.number})", ""),
    lambda one: ("Go back", f"This reverts commit {one.sha}."),
    lambda one: (f'BUGS-1: Revert "{one.title}"', f"This PR reverts [#{one.number}](address)"),
    lambda one: (f'web,ci: Revert "{one.title} (#{one.number})"', ""),
    lambda one: (f'REV: "{one.title}"', f"Reverts gh-{one.number}"),
    lambda one: (f'Revert "Merge pull request #{one.number} from ada/work"', ""),
    lambda one: (f"*: undo web#{one.number}", ""),
    lambda one: (f"Automated rollback of commit {one.sha}", ""),
    lambda one: ("Go back", f"Backs out https://github.com/acme/web/commit/{one.sha}"),
    lambda one: (f'Revert "{one.title[:6]}\u2026', f'\u2026{one.title[6:]}"\n\nReverts acme/web#{one.number}'),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(TITLES, st.integers(0, 30), st.sampled_from(FORMS), st.booleans()), max_size=14))
def test_of_random_histories_what_is_in_effect_is_listed(
    steps: list[tuple[str, int, Callable[[MergedChange], tuple[str, str]], bool]],
) -> None:
    """Each step lands a change, or reverts an earlier one; a model keeps what is in effect."""
    changes: list[MergedChange] = []
    reverts: dict[int, int] = {}
    effective: list[bool] = []

    def switch(place: int, *, on: bool) -> None:
        effective[place] = on
        if place in reverts:
            switch(reverts[place], on=not on)

    for number, (title, aim, form, is_revert) in enumerate(steps, 5_000):
        candidates = [place for place, on in enumerate(effective) if on]
        if is_revert and candidates:
            target = candidates[aim % len(candidates)]
            said, text = form(changes[target])
            reverts[len(changes)] = target
            switch(target, on=False)
            changes.append(MergedChange(said, Author("eve"), (sha_of(number),), number, text=text))
        else:
            changes.append(MergedChange(title, Author("ada"), (sha_of(number),), number))
        effective.append(True)

    left = collapse(changes, "acme/web")

    expected = [one.number for place, one in enumerate(changes) if effective[place] and place not in reverts]
    assert [one.number for one in left.shown] == expected


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text(max_size=120), st.text(max_size=300))
def test_any_text_is_read_without_a_fault(title: str, text: str) -> None:
    one = MergedChange(title, Author("ada"), ("1" * 40,), 7, text=text, messages=(f"{title}\n\n{text}",))

    undo = read_undo(one)

    assert undo is None or all(reference.number != 7 for reference in undo.numbers)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz ABC:[]()#123\"'-", max_size=80))
def test_a_title_without_a_word_for_it_reverts_nothing(title: str) -> None:
    words = ("revert", "back", "roll", "land", "appl", "merge")
    if not any(word in title.casefold() for word in words):
        assert read_undo(change(2, title)) is None
