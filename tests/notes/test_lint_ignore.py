"""Comments that keep a rule silent, and what is wrong with them."""

from __future__ import annotations

import pytest

from release_actions.notes.evidence import NotesEvidence, Unreadable
from release_actions.notes.lint import lint

SAY = "<!-- release-notes-lint: {} -->"


def rules(text: str, evidence: NotesEvidence | None = None) -> list[tuple[str, int]]:
    found = lint(text, "notes.md", evidence or NotesEvidence())
    return [(one.rule, one.place.line if one.place else 0) for one in found]


@pytest.mark.parametrize(
    "text",
    [
        f"{SAY.format('ignore placeholder it is a title')}\nTODO: the story of a list\n",
        f"{SAY.format('ignore placeholder it is a title')}\n\n\nTODO: the story of a list\n",
        f"TODO: the story of a list {SAY.format('ignore placeholder it is a title')}\n",
        f"TODO: the story {SAY.format('ignore placeholder: it is a title')} of a list\n",
        "<!--release-notes-lint: ignore placeholder - it is a title-->\nTODO: the story of a list\n",
    ],
)
def test_a_comment_with_a_reason_silences_its_rule_in_its_line(text: str) -> None:
    assert rules(text) == []


def test_it_silences_neither_another_line_nor_another_rule() -> None:
    comment = SAY.format("ignore placeholder it is a title")
    assert rules(f"{comment}\nTODO: one\n\nTODO: two\n") == [("placeholder", 4)]
    assert rules(f"TODO: one\n{comment}\n\nText.\n") == [("placeholder", 1), ("ignore-comment", 2)]
    assert ("task-open", 2) in rules(f"{comment}\n* [ ] TODO: one\n")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("ignore placeholder", "does not say why"),
        ("ignore placeholder -", "does not say why"),
        ("ignore plaseholder a typo", "not a rule"),
        ("disable placeholder it is a title", "not a command of this check"),
        ("ignore", "not a rule"),
    ],
)
def test_a_comment_that_is_wrong_silences_nothing(said: str, words: str) -> None:
    found = lint(f"{SAY.format(said)}\nTODO: the story\n", "notes.md", NotesEvidence())
    assert [one.rule for one in found] == ["ignore-comment", "placeholder"]
    assert words in found[0].message


def test_a_comment_about_a_rule_that_did_not_run_is_left_alone() -> None:
    assert rules(f"{SAY.format('ignore contributor-announced she came back')}\nText.\n") == []


def test_a_comment_in_a_block_of_code_is_code() -> None:
    assert rules(f"TODO: one\n\n```\n{SAY.format('ignore placeholder it is a title')}\n```\n") == [("placeholder", 1)]


def test_what_could_not_be_read_can_be_silenced_where_it_has_a_line() -> None:
    name = "registry.k8s.io/pause:3.10"
    evidence = NotesEvidence(images={name: Unreadable("Could not read it.", "Log in.")})
    assert rules(f"See `{name}`.\n", evidence) == [("upstream-unknown", 1)]
    assert rules(f"See `{name}`. {SAY.format('ignore upstream-unknown it needs a login')}\n", evidence) == []
    broken = NotesEvidence(tags=Unreadable("Could not list the tags."))
    assert rules(f"Text. {SAY.format('ignore upstream-unknown it needs a login')}\n", broken)[0] == (
        "upstream-unknown",
        0,
    )
