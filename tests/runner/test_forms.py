"""Forms of tags: the answers that an expression gives, in a time that does not grow with the ways to match."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from release_actions.runner.forms import DIGITS, HEXADECIMAL, NUMBER, Run, has_form

RUNS = [NUMBER, Run(DIGITS, 2, 2), Run(HEXADECIMAL, 1, 3), Run(HEXADECIMAL, 2), Run(None, 0), Run(None, 1, 4)]
FORMS = st.lists(st.one_of(st.sampled_from(["", "a", "1", "-", "a1"]), st.sampled_from(RUNS)), max_size=5)


def express(form: Sequence[str | Run]) -> str:
    """A form as an expression."""
    texts = []
    for part in form:
        if isinstance(part, str):
            texts.append(re.escape(part))
        else:
            letters = f"[{''.join(sorted(part.characters))}]" if part.characters else "."
            texts.append(f"{letters}{{{part.least},{'' if part.most is None else part.most}}}")
    return "".join(texts)


@settings(max_examples=150, deadline=None)
@given(FORMS, st.text("a1-0", max_size=9))
def test_a_form_fits_what_its_expression_matches(form: list[str | Run], text: str) -> None:
    assert has_form(text, form) == bool(re.fullmatch(express(form), text))


@settings(max_examples=50, deadline=None)
@given(FORMS, st.data())
def test_what_is_made_of_a_form_has_it(form: list[str | Run], data: st.DataObject) -> None:
    text = data.draw(st.from_regex(express(form), fullmatch=True, alphabet="a1-0"))

    assert has_form(text, form)


@pytest.mark.parametrize("run", RUNS)
def test_many_parts_that_could_share_a_text_in_every_way_take_no_time(run: Run) -> None:
    form: list[str | Run] = [run, "1"] * 40

    assert not has_form("1" * 4000, [*form, "x"])
