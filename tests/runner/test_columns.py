"""Tables of text: what is in them stays, and they are no wider than asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_actions.runner.columns import COLUMNS, format_columns

WORD = st.text(alphabet="ab-/.: ", max_size=120).map(str.strip)


@given(st.integers(1, 5).flatmap(lambda count: st.lists(st.lists(WORD, min_size=count, max_size=count), min_size=1)))
def test_no_line_is_wider_than_a_terminal_and_no_character_is_lost(rows: list[list[str]]) -> None:
    lines = list(format_columns(rows))

    assert all(len(line) <= COLUMNS for line in lines)
    for letter in "ab-/.:":
        assert sum(line.count(letter) for line in lines) == sum(cell.count(letter) for row in rows for cell in row)


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (80, ["Name   Why", "one    first of two", "three  x"]),
        (17, ["Name   Why", "one    first of", "       two", "three  x"]),
    ],
)
def test_a_long_cell_goes_on_below_itself(width: int, expected: list[str]) -> None:
    assert list(format_columns([["Name", "Why"], ["one", "first of two"], ["three", "x"]], width)) == expected
