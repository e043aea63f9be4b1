"""Exceptions after the freeze: who may give one, and what takes it back."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from release_actions.people.remarks import Remark
from release_actions.people.roles import Roles
from release_actions.tracker.exceptions import Approved, ItemException, judge_exception
from release_actions.tracker.model import Act, ActKind

LABEL = "release/exception"
START = datetime(2026, 3, 15, 9, 0, tzinfo=timezone.utc)
NOW = START + timedelta(days=5)
ROLES = Roles({"release-leader": ("lea", "ada"), "maintainer": ("maya", "ada")})
NEEDED = ("release-leader", "maintainer")


def act(who: str, minute: int = 0, kind: ActKind = ActKind.LABELED, name: str = LABEL, **more: bool) -> Act:
    return Act(kind, who, START + timedelta(minutes=minute), name, **more)


def remark(who: str, text: str = "/exception", minute: int = 0, **more: Any) -> Remark:
    return Remark(who, text, START + timedelta(minutes=minute), f"{who}-{minute}-{text}", **more)


def judge(*said: Act | Remark, author: str = "zoe", roles: Roles = ROLES) -> ItemException:
    acts = [each for each in said if isinstance(each, Act)]
    remarks = [each for each in said if isinstance(each, Remark)]
    return judge_exception(LABEL, NEEDED, roles, [author], acts, remarks, NOW)


def test_a_label_and_a_command_of_both_roles_are_an_exception() -> None:
    exception = judge(act("Lea"), remark("maya", "/exception users wait until 2026-04-01"))

    assert exception.approved is Approved.YES
    assert exception.roles == (("release-leader", "Lea"), ("maintainer", "maya"))
    assert (exception.why, f"{exception.until}") == ("users wait", "2026-04-01")


def test_one_person_with_both_roles_fills_both() -> None:
    assert judge(act("ada")).approved is Approved.YES


@pytest.mark.parametrize(
    "said",
    [
        [act("lea")],
        [act("lea"), act("stranger")],
        [act("lea"), act("robot[bot]", is_bot=True)],
        [act("lea"), act("")],
        [act("lea"), remark("maya", is_edited=True)],
        [act("lea"), remark("maya", "```\n/exception\n```")],
        [act("lea"), remark("maya", "/exception", is_bot=True)],
        [act("lea"), remark("maya", "/exception until 2026-03-16")],
        [act("lea"), remark("maya", "/exception until 2026-02-30")],
        [act("lea"), remark("maya"), remark("maya", "/exception cancel", 1)],
        [act("lea"), remark("maya"), remark("maya", "/remove-exception", 1)],
        [act("lea"), remark("maya"), act("anybody", 1, ActKind.UNLABELED)],
        [act("lea", name="release/exceptional"), act("maya")],
    ],
)
def test_less_than_both_roles_is_none(said: list[Act | Remark]) -> None:
    assert judge(*said).approved is Approved.NO


def test_the_author_fills_no_role() -> None:
    exception = judge(act("ADA"), remark("ada"), author="ada")

    assert (exception.approved, exception.ignored) == (Approved.NO, ("ada",))


def test_a_bot_that_sets_the_label_passes_on_the_word_of_who_asked() -> None:
    said: list[Act | Remark] = [
        act("robot[bot]", 1, is_bot=True),
        remark("lea", f"/label {LABEL}"),
        remark("maya", f"/label {LABEL}"),
    ]

    assert judge(*said).approved is Approved.YES


def test_a_role_that_nobody_knows_cannot_be_told() -> None:
    roles = Roles({"release-leader": ("lea",), "maintainer": ("owners:approvers",)})

    assert judge(act("lea"), act("maya", 1), roles=roles).approved is Approved.UNKNOWN


PEOPLE = st.sampled_from(["lea", "maya", "ada", "zoe", "ZOE", "robot[bot]", ""])
MINUTES = st.integers(0, 5)
ACTS = st.builds(
    lambda who, minute, kind: act(who, minute, kind, is_bot=who.endswith("[bot]")),
    PEOPLE,
    MINUTES,
    st.sampled_from([ActKind.LABELED, ActKind.UNLABELED]),
)
TEXTS = st.sampled_from(["/exception", "/exception cancel", f"/label {LABEL}", f"/remove-label {LABEL}", "hello"])
REMARKS = st.builds(remark, PEOPLE, TEXTS, MINUTES)
EVERY_ROLE = Roles({"release-leader": ("lea", "zoe"), "maintainer": ("maya", "zoe")})


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(said=st.lists(ACTS | REMARKS, max_size=8), random=st.randoms(use_true_random=False))
def test_no_order_of_events_lets_the_author_give_one(said: list[Act | Remark], random: object) -> None:
    others = {"lea", "maya"} & {(each.actor if isinstance(each, Act) else each.author) for each in said}
    shuffled = list(said)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random

    exception = judge(*shuffled, author="zoe", roles=EVERY_ROLE)

    assert "zoe" not in {who.lower() for _, who in exception.roles}
    assert exception.approved is not Approved.YES or others == {"lea", "maya"}
    assert exception.approved is judge(*said, author="zoe", roles=EVERY_ROLE).approved


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(said=st.lists(ACTS | REMARKS, max_size=8), who=PEOPLE)
def test_a_label_that_was_removed_last_does_not_count(said: list[Act | Remark], who: str) -> None:
    exception = judge(*said, act(who, 60, ActKind.UNLABELED), roles=EVERY_ROLE)

    assert (exception.approved, exception.votes) == (Approved.NO, ())
