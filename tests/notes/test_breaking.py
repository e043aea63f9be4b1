"""Breaking changes and deprecations, by what their authors say of them."""

from __future__ import annotations

import pytest

from release_actions.changes.model import Author, MergedChange
from release_actions.config.notes import NotesForm
from release_actions.notes.breaking import find_breaking, find_deprecated, is_bump_too_small
from release_actions.versions.version import parse

FORM = NotesForm()


def change(title: str = "Change it", text: str = "", *messages: str, labels: tuple[str, ...] = ()) -> MergedChange:
    return MergedChange(title, Author("ada"), ("1" * 40,), 7, labels=labels, text=text, messages=messages)


def block(text: str) -> str:
    return f"What it does.\r\n\r\n```release-note\r\n{text}\r\n```\r\n"


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (change("feat!: Drop the flag"), ""),
        (change("[API] :boom: feat(api)!: Drop the flag (#7)"), ""),
        (change(labels=("Breaking-Change",)), ""),
        (change("Drop it", block("Use the other flag."), labels=("kind/breaking-change",)), "Use the other flag."),
        (change("Drop it", block("ACTION REQUIRED: Set the other flag.")), "Set the other flag."),
        (
            change("Drop it", "", "Drop it\n\nBREAKING CHANGE: Set the\nother flag.\n\nSigned-off-by: A"),
            "Set the other flag.",
        ),
        (change("Flags (#7)", "", "Flags (#7)\n\n* Add one\n\n* feat!: Drop the flag\n\n* Test it"), "Drop the flag"),
        (change("Flags", "", "Flags (#7)\n\n- feat(api)!: Drop the flag"), "Drop the flag"),
        (change("Flags", "", "Flags\n\nSquashed commit of the following:\n\n    refactor!: Drop it"), "Drop it"),
        (
            change("Flags", "", "Add one", "feat!: Drop the flag\n\nText", "Merge pull request #7 from a/b"),
            "Drop the flag",
        ),
        (
            change("Flags", "", "Flags (#7)\n\n* Drop it\n\nBREAKING CHANGE: Set the other.\n\n* Test it"),
            "Set the other.",
        ),
        (change("Flags", "", "Flags (#7)\n\n* BREAKING CHANGE: Set the other.\n* Test it"), "Set the other."),
        (change("Flags", "", "Merge pull request #7 from a/b", "Drop it\n\nBREAKING-CHANGE: Set it."), "Set it."),
        (change("Flags", "**BREAKING CHANGE:** Set the other."), "Set the other."),
        (change("Flags", "", 'Flags\n\n* feat!: A\n* Revert "feat!: A"\n* feat!: Drop the flag'), "Drop the flag"),
    ],
)
def test_a_breaking_change_is_found_with_what_it_says_to_users(one: MergedChange, text: str) -> None:
    assert [(notice.change, notice.text) for notice in find_breaking([one], FORM)] == [(one, text)]


@pytest.mark.parametrize(
    "one",
    [
        change("Stop breaking changes early"),
        change("Wow! It works"),
        change("fix: Say hello!: again"),
        change("Drop it", block("NONE")),
        change("Drop it", block("A note about nothing breaking.")),
        change("Drop it", "The title of the form says BREAKING CHANGE: yes or no."),
        change("Drop it", "BREAKING CHANGE: none"),
        change("Drop it", "<!-- What does it break?\nBREAKING CHANGE: say what -->"),
        change("Drop it", "", "Drop it\n\n* Note!: this is a remark\n* wow!: so"),
        change("Drop it", "", "Drop it\n\nfeat!: is how to mark it"),
        change("Try it", "", 'Try it (#7)\n\n* feat!: Drop the flag\n\n* Revert "feat!: Drop the flag"'),
        change("Try it", "", "feat!: Drop it", 'Revert "feat!: Drop it"', "Merge pull request #7 from a/b"),
    ],
)
def test_what_only_sounds_like_it_is_no_breaking_change(one: MergedChange) -> None:
    assert find_breaking([one], FORM) == ()


@pytest.mark.parametrize(
    ("one", "removal"),
    [
        (change(labels=("deprecation",)), ""),
        (change("Old", block("The flag `--old` is deprecated and will be removed in v0.9.")), "v0.9"),
        (change("Old", "It is going away with release 1.2.0.", labels=("kind/deprecation",)), "1.2.0"),
    ],
)
def test_a_deprecation_names_the_release_that_removes_it(one: MergedChange, removal: str) -> None:
    assert [(notice.change, notice.removal) for notice in find_deprecated([one], FORM)] == [(one, removal)]


@pytest.mark.parametrize(
    ("version", "previous", "too_small"),
    [
        ("v1.2.4", "v1.2.3", True),
        ("v1.3.0", "v1.2.3", True),
        ("v2.0.0", "v1.2.3", False),
        ("v0.2.1", "v0.2.0", True),
        ("v0.3.0", "v0.2.9", False),
        ("v1.0.0", "v0.9.0", False),
    ],
)
def test_a_version_has_room_for_a_breaking_change_by_semver(version: str, previous: str, *, too_small: bool) -> None:
    assert is_bump_too_small(parse(version), parse(previous)) is too_small
