"""Who is credited for what a program picked, and who wrote it too."""

from __future__ import annotations

import pytest

from release_actions.changes.credit import Originals, add_co_authors, credit_originals, find_picked_by_programs
from release_actions.changes.model import Author, MergedChange, MergedPull
from release_actions.changes.programs import is_program, mark_programs

SHA = "a" * 40
BOB = Author("bob", "Bob")
ORIGINAL = MergedPull(11, "Fix the cache (#11)", BOB, SHA, ("kind/bug",))
KNOWN = Originals({11: ORIGINAL}, {SHA: ORIGINAL})


def picked(title: str, by: str, text: str = "", message: str = "", sources: tuple[str, ...] = ()) -> MergedChange:
    one = MergedChange(title, Author(by), ("b" * 40,), 12, text=text, messages=(message or title,), sources=sources)
    return mark_programs([one], ["acme-backporter"])[0]


@pytest.mark.parametrize("by", ["mergify[bot]", "github-actions[bot]", "k8s-infra-cherrypick-robot", "acme-backporter"])
@pytest.mark.parametrize(
    ("title", "text", "message", "sources"),
    [
        ("Fix the cache (backport #11)", "", "", ()),
        ("[release-1.0] Fix the cache (#11)", "", "", ()),
        ("On the branch", "This is an automated cherry-pick of #11", "", ()),
        ("Fix the cache", "", f"Fix the cache\n\n(cherry picked from commit {SHA})", (SHA,)),
    ],
)
def test_a_pick_by_a_program_is_its_authors(
    by: str, title: str, text: str, message: str, sources: tuple[str, ...]
) -> None:
    one = picked(title, by, text, message, sources)

    (credited,) = credit_originals([one], KNOWN)

    assert (credited.title, credited.author, credited.number) == ("Fix the cache", BOB, 11)
    assert credited.labels == ("kind/bug",)


def test_a_pick_by_a_person_is_left_as_it_is() -> None:
    one = picked("Fix the cache (backport #11)", "ada")

    assert find_picked_by_programs([one]) == ()
    assert credit_originals([one], KNOWN) == (one,)


def test_what_a_program_wrote_stays_its_own() -> None:
    bump = picked("Bump a from 1 to 2 (backport #13)", "mergify[bot]")
    by_program = MergedPull(13, "Bump a from 1 to 2", Author("dependabot[bot]", bot=True))

    assert credit_originals([bump], Originals({13: by_program})) == (bump,)


def test_a_pick_whose_original_is_not_known_is_its_co_authors() -> None:
    message = "Fix the cache (backport #99)\n\nCo-authored-by: Bob <1+bob@users.noreply.github.com>"

    (credited,) = credit_originals([picked("Fix the cache (backport #99)", "mergify[bot]", "", message)], Originals())

    assert credited.author == BOB


def test_several_picks_in_one_credit_everybody() -> None:
    two = MergedPull(14, "Fix the queue", Author("eve"))
    one = picked("Backport #11 and #14", "mergify[bot]")

    (credited,) = credit_originals([one], Originals({11: ORIGINAL, 14: two}))

    assert (credited.number, credited.author, credited.others) == (12, BOB, (Author("eve"),))


def test_co_authors_are_people_and_each_once() -> None:
    message = (
        "Fix (#1)\n\nCo-authored-by: Bob <1+bob@users.noreply.github.com>\n"
        "Co-authored-by: Bob <1+bob@users.noreply.github.com>\n"
        "Co-authored-by: Ada <1+ada@users.noreply.github.com>\n"
        "Co-authored-by: Copilot <198982749+Copilot@users.noreply.github.com>\n"
        "Co-authored-by: Eve Example <eve@example.com>\n"
    )
    one = MergedChange("Fix", Author("ada", "Ada"), ("1" * 40,), 1, messages=(message,))

    (credited,) = add_co_authors([one], ())

    assert credited.others == (BOB, Author("", "Eve Example"))


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ("dependabot", True),
        ("Renovate[bot]", True),
        ("app/mergify", True),
        ("ada", False),
        ("", False),
        ("acme-bot", True),
    ],
)
def test_programs_are_known_by_one_list(login: str, *, expected: bool) -> None:
    assert is_program(login, ["acme-bot"]) is expected
