"""Who approved, from comments and reviews."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from release_actions.people.approvals import find_unapproved, list_approvals
from release_actions.people.owners import parse_owners
from release_actions.people.remarks import Command, Remark, ReviewState, Verb, list_commands

START = datetime(2026, 3, 1, 9, 0, tzinfo=timezone.utc)


def remark(who: str, text: str = "", minute: int = 0, state: ReviewState | None = None, **more: object) -> Remark:
    at = START + timedelta(minutes=minute)
    return Remark(who, text, at, f"{who}-{minute}", state=state, **more)  # type: ignore[arg-type]  # a few fields


def who_approves(*remarks: Remark, author: str = "ada", verb: Verb = Verb.APPROVE) -> list[str]:
    return [approval.who for approval in list_approvals(remarks, [author]).of(verb)]


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("/lgtm", [Command(Verb.LGTM)]),
        ("Good.\r\n/LGTM \r\n/approve no-issue\r\n", [Command(Verb.LGTM), Command(Verb.APPROVE)]),
        ("/lgtm cancel", [Command(Verb.LGTM, cancels=True)]),
        ("/approve  CANCEL please", [Command(Verb.APPROVE, cancels=True)]),
        ("/remove-lgtm\n/remove-approve", [Command(Verb.LGTM, cancels=True), Command(Verb.APPROVE, cancels=True)]),
        ("I would /lgtm this", []),
        (" /lgtm", []),
        ("> /lgtm", []),
        ("/lgtm but fix the typo", []),
        ("/lgtmx", []),
        ("/approved", []),
        ("```\n/lgtm\n```\n", []),
        ("~~~sh\n/approve\n", []),
        ("<!--\n/lgtm\n-->", []),
        ("<!-- a -->\n/lgtm", [Command(Verb.LGTM)]),
    ],
)
def test_a_command_is_a_line_of_its_own_that_everybody_sees(text: str, commands: list[Command]) -> None:
    assert list(list_commands(text)) == commands


def test_the_last_word_of_a_person_counts() -> None:
    assert who_approves(remark("bob", "/approve", 1), remark("bob", "/approve cancel", 2)) == []
    assert who_approves(remark("bob", "/approve cancel", 1), remark("Bob", "/approve", 2)) == ["Bob"]


def test_of_one_moment_taking_back_counts() -> None:
    assert who_approves(remark("bob", "/approve cancel", 1), remark("bob", "/approve", 1)) == []


def test_a_review_is_both_commands() -> None:
    given_by = [remark("bob", state=ReviewState.APPROVED, commit="c0ffee")]

    (lgtm, approve) = sorted(list_approvals(given_by, ["ada"]).approvals, key=lambda item: item.verb.value)[::-1]

    assert (lgtm.verb, approve.verb, approve.commit) == (Verb.LGTM, Verb.APPROVE, "c0ffee")
    assert list_approvals(given_by, ["ada"], reviews_count=False).approvals == ()


def test_asking_for_changes_takes_an_approval_back_and_is_reported() -> None:
    said = [remark("bob", "/approve", 1), remark("bob", "", 2, ReviewState.CHANGES_REQUESTED)]

    assert list_approvals(said, ["ada"]).approvals == ()
    assert list_approvals(said, ["ada"]).objectors == ("bob",)
    assert list_approvals([*said, remark("bob", "", 3, ReviewState.APPROVED)], ["ada"]).objectors == ()


@pytest.mark.parametrize(
    "said",
    [
        remark("bob", "/approve", 1, ReviewState.DISMISSED),
        remark("bob", "/approve", 1, ReviewState.PENDING),
        remark("bob", "/approve", 1, ReviewState.CHANGES_REQUESTED),
        remark("robot[bot]", "/approve", 1, is_bot=True),
        remark("", "/approve", 1),
        remark("bob", "/approve", 1, is_edited=True, editor="ada"),
        remark("bob", "/approve", 1, is_edited=True, editor=""),
        remark("Ada", "/approve", 1),
        remark("ada", "", 1, ReviewState.APPROVED),
    ],
)
def test_what_nobody_else_said_himself_is_no_approval(said: Remark) -> None:
    assert list_approvals([said], ["ada"]).approvals == ()


def test_own_corrections_of_a_comment_do_not_hurt() -> None:
    assert who_approves(remark("bob", "/approve", 1, is_edited=True, editor="Bob")) == ["bob"]


def test_the_author_can_only_take_a_look_back() -> None:
    said = [remark("bob", "/lgtm\n/approve", 1), remark("ada", "/lgtm cancel\n/approve cancel", 2)]

    assert who_approves(*said, verb=Verb.LGTM) == []
    assert who_approves(*said, verb=Verb.APPROVE) == ["bob"]


def test_lgtm_approves_only_where_prow_is_told_so() -> None:
    said = [remark("bob", "/lgtm", 1)]

    assert list_approvals(said, ["ada"]).of(Verb.APPROVE) == ()
    assert len(list_approvals(said, ["ada"], lgtm_approves=True).of(Verb.APPROVE)) == 1


def test_every_path_needs_an_owner_who_approves() -> None:
    owners = parse_owners({"docs/OWNERS": "approvers: [dora]", "src/OWNERS": "approvers: [sam]"})
    approvals = list_approvals([remark("Dora", "/approve", 1)], ["ada"])

    assert find_unapproved(["docs/a.md", "src/a.py", "LICENSE"], owners, approvals) == ("src/a.py", "LICENSE")


PEOPLE = st.sampled_from(["ada", "Ada", "@ada", "bob", "carl", "", "robot[bot]"])
TEXTS = st.sampled_from(["/approve", "/lgtm", "/approve cancel", "/lgtm cancel", "/remove-approve", "hi", "/approve x"])
REMARKS = st.lists(
    st.builds(
        Remark,
        author=PEOPLE,
        text=TEXTS,
        at=st.integers(0, 5).map(lambda minute: START + timedelta(minutes=minute)),
        id=st.uuids().map(str),
        state=st.none() | st.sampled_from(list(ReviewState)),
        is_edited=st.booleans(),
        editor=PEOPLE,
    ),
    max_size=8,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(remarks=REMARKS, random=st.randoms(use_true_random=False))
def test_no_order_of_remarks_lets_the_author_approve(remarks: list[Remark], random: object) -> None:
    shuffled = list(remarks)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random

    approvals = list_approvals(shuffled, ["ADA"])

    assert not [approval for approval in approvals.approvals if approval.who.lower().removeprefix("@") == "ada"]
    assert approvals == list_approvals(remarks, ["ADA"])


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(remarks=REMARKS)
def test_whoever_takes_back_last_does_not_approve(remarks: list[Remark]) -> None:
    last = Remark("bob", "/approve cancel\n/lgtm cancel", START + timedelta(hours=1), "last")

    assert list_approvals([*remarks, last], ["ada"]).by(["bob"]) == ()
