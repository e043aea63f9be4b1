"""Secrets that come as lines: what is read, and that no value is ever in an error."""

from __future__ import annotations

import pytest

from release_actions.errors import InputError
from release_actions.runner.secret_lines import parse, pick


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("A=1", {"A": "1"}),
        ("A=1\r\nB=x=y \n\n# about C\n", {"A": "1", "B": "x=y "}),
        ("A=", {}),
        (
            "KEY<<END\n-----BEGIN-----\nA=1\n-----END-----\nEND\nB=2",
            {"KEY": "-----BEGIN-----\nA=1\n-----END-----", "B": "2"},
        ),
        ("KEY<<END\nEND", {}),
    ],
)
def test_names_and_values(text: str, found: dict[str, str]) -> None:
    assert parse(text, "Input 'x'") == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A=1\nhunter2", "Line 2 of Input 'x' is not a secret."),
        ("A=1\nA=hunter2", "Input 'x' has A twice."),
        ("A<<END\nhunter2\n", "Line 1 of Input 'x' begins a value that nothing ends."),
    ],
)
def test_a_mistake_is_told_without_the_value(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, "Input 'x'")
    assert [problem.message for problem in caught.value.problems] == [message]
    assert "hunter2" not in str(caught.value)


def test_what_is_wanted_is_handed_on_by_its_id() -> None:
    assert pick({"NAME": "value", "OTHER": "another"}, {"id": "NAME"}, "x") == {"id": "value"}


def test_every_secret_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        pick({"A": "1"}, {"a": "A", "b": "B", "c": "C", "d": "B"}, "Input 'x'")
    assert [problem.message for problem in caught.value.problems] == [
        "Input 'x' has no B, which release.yaml asks for.",
        "Input 'x' has no C, which release.yaml asks for.",
    ]
    assert "B=${{ secrets.B }}" in caught.value.hint
