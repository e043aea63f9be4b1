from __future__ import annotations

import base64

import pytest

from release_actions.rehearsal.masks import Masks

SECRET = 'ghs_"secret"/äöü'


@pytest.fixture
def masks() -> Masks:
    made = Masks()
    made.add(SECRET)
    return made


def test_a_secret_is_hidden_wherever_it_stands(masks: Masks) -> None:
    assert masks.hide(f"a {SECRET} b {SECRET}{SECRET}") == "a *** b ***"
    assert masks.hide("nothing here") == "nothing here"


@pytest.mark.parametrize(
    "shown",
    [
        'ghs_\\"secret\\"/\\u00e4\\u00f6\\u00fc',
        "ghs_%22secret%22%2F%C3%A4%C3%B6%C3%BC",
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(SECRET.encode()[1:]).decode(),
        base64.b64encode(SECRET.encode()[2:]).decode(),
    ],
)
def test_so_are_its_encodings(masks: Masks, shown: str) -> None:
    assert masks.hide(f"<{shown}>") == "<***>"


def test_each_line_of_a_secret_is_hidden() -> None:
    masks = Masks()
    masks.add("first line\r\nsecond line")
    assert masks.hide("second line, first line") == "***, ***"


def test_overlapping_secrets_leave_no_rest() -> None:
    masks = Masks()
    masks.add("abcd")
    masks.add("cdef")
    assert masks.hide("xabcdefx") == "x***x"
    assert masks.hide("abcd-cdef") == "***-***"


def test_blanks_are_no_secret() -> None:
    masks = Masks()
    masks.add("")
    masks.add(" \n")
    assert (masks.hide("a b"), masks.values) == ("a b", [])
