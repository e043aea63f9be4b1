"""Waivers: who decided to break whom, why, and until when."""

from __future__ import annotations

from datetime import date

import pytest

from release_actions.config.shapes import load
from release_actions.errors import ConfigurationError
from release_actions.surface import waivers
from release_actions.surface.change import Change, Effect, Subject
from release_actions.surface.model import Group
from release_actions.surface.verdict import Outcome
from release_actions.surface.waivers import Waiver, apply_waivers, check_waivers

LAST_DAY = date(2026, 12, 31)
WAIVER = """\
waivers:
  - change: input-removed
    file: "*/action.yml"
    name: "old-*"
    who: octocat
    why: it never worked
    until: "2026-12-31"
"""


def read(text: str) -> tuple[Waiver, ...]:
    return load(text, waivers.SHAPE, file="api-waivers.yaml").waivers


def removed(name: str, file: str = "a/action.yml") -> Change:
    return Change("input-removed", Effect.BREAKING, Subject(file, Group.INPUTS, name), f"{name} is gone.")


def test_a_waiver_covers_what_it_names() -> None:
    changes = [removed("old-mode"), removed("new-mode"), removed("old-mode", "action.yml")]

    judged = apply_waivers(changes, read(WAIVER), LAST_DAY)

    assert [item.stops for item in judged] == [False, True, True]
    assert [item.change.message for item in Outcome("a", "b", judged).breaking] == [
        "new-mode is gone.",
        "old-mode is gone.",
    ]


def test_a_waiver_that_has_ended_covers_nothing_and_is_reported() -> None:
    after = date(2027, 1, 1)
    decided = read(WAIVER)

    judged = apply_waivers([removed("old-mode")], decided, after)
    (finding,) = check_waivers(judged, decided, after)

    assert judged[0].stops
    assert finding.rule == "waiver-expired"
    assert str(finding.problem) == (
        "api-waivers.yaml:2:5: The waiver of input-removed in */action.yml ended on 2026-12-31. Take the change back, "
        "or decide again until when it holds."
    )


def test_a_waiver_that_covers_nothing_is_reported() -> None:
    decided = read(WAIVER)

    assert [finding.rule for finding in check_waivers((), decided, LAST_DAY)] == ["waiver-unused"]
    assert list(check_waivers(apply_waivers([removed("old-x")], decided, LAST_DAY), decided, LAST_DAY)) == []


@pytest.mark.parametrize("line", ["    who: octocat\n", "    why: it never worked\n", '    until: "2026-12-31"\n'])
def test_a_waiver_says_who_why_and_until_when(line: str) -> None:
    with pytest.raises(ConfigurationError, match="needs the key"):
        read(WAIVER.replace(line, ""))
