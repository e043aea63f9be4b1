"""Inputs are typed once, and every mistake is told at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from release_actions.errors import ExitCode, InputError
from release_actions.runner import inputs


@dataclass(frozen=True)
class Sample:
    """One input of each kind."""

    tag: str = inputs.option(inputs.text, "", required=True)
    dry_run: bool = inputs.option(inputs.boolean, default=False)
    packages: tuple[str, ...] = inputs.option(inputs.items, ())
    patterns: tuple[str, ...] = inputs.option(inputs.lines, ())
    keep_n: int = inputs.option(inputs.integer(1), 3)
    mode: str = inputs.option(inputs.choice("check", "enforce"), "check")
    older_than: timedelta = inputs.option(inputs.duration, timedelta())
    token: str = inputs.option(inputs.text, "", secret=True)
    as_it_is: str = inputs.option(inputs.verbatim, "")


def test_names_and_variables_come_from_the_fields() -> None:
    assert [(spec.name, spec.variable) for spec in inputs.specs(Sample)][:3] == [
        ("tag", "INPUT_TAG"),
        ("dry-run", "INPUT_DRY_RUN"),
        ("packages", "INPUT_PACKAGES"),
    ]


def test_an_empty_text_is_not_given_and_yields_the_default() -> None:
    assert inputs.read(Sample, {"tag": " v1.2.3 ", "keep-n": "", "mode": "  "}) == Sample(tag="v1.2.3")


def test_blanks_are_kept_where_they_are_to_be_judged() -> None:
    assert inputs.read(Sample, {"tag": "v1", "as-it-is": " v1\n"}).as_it_is == " v1\n"


def test_every_kind_is_read() -> None:
    texts = {
        "tag": "v1",
        "dry-run": "TRUE",
        "packages": "a, b # the second\n# nothing here\n  c\n\n",
        "patterns": "^v[0-9]{1,3}$  # with a comma\n.*-rc",
        "keep-n": "1",
        "mode": "enforce",
        "older-than": "1w 2d",
        "token": "secret",
    }
    assert inputs.read(Sample, texts) == Sample(
        tag="v1",
        dry_run=True,
        packages=("a", "b", "c"),
        patterns=("^v[0-9]{1,3}$", ".*-rc"),
        keep_n=1,
        mode="enforce",
        older_than=timedelta(days=9),
        token="secret",
    )


def test_all_mistakes_are_reported_together() -> None:
    with pytest.raises(InputError) as caught:
        inputs.read(Sample, {"dry-run": "yes", "keep-n": "0", "mode": "fix", "older-than": "30"})
    assert str(caught.value).splitlines() == [
        "Input 'tag' is required and was not given. Set 'tag:' under 'with:', or pass --tag on the command line.",
        "Input 'dry-run' is 'yes', which is not a YAML 1.2 boolean. Write true or false.",
        "Input 'keep-n' is '0', which is not a whole number of at least 1.",
        "Input 'mode' is 'fix', which is not one of check, enforce.",
        "Input 'older-than' is '30', which is not a duration. Write for example 30d, 12h, 90m or 1w2d.",
    ]
    assert caught.value.exit_code == ExitCode.BAD_INPUT


@pytest.mark.parametrize(
    ("value", "days"),
    [("15 days", 15), ("1 Day", 1), ("2 weeks", 14), ("1week 1d", 8), ("24 hours", 1), ("1440 minutes", 1)],
)
def test_a_duration_may_be_written_in_words(value: str, days: int) -> None:
    assert inputs.duration(value) == timedelta(days=days)


@pytest.mark.parametrize(
    "value", ["", "d", "3x", "days", "3 dayss", "3 months", "1h2d", "-1d", "1.5d", "\u0663d", "d3", "9999999d"]
)
def test_what_is_no_duration_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        inputs.duration(value)


@pytest.mark.parametrize("value", ["\u0663", "1e3", "1_000", "+1", "9" * 16, "\u00b2"])
def test_numbers_are_ascii_digits_of_a_sane_length(value: str) -> None:
    with pytest.raises(ValueError, match="not a whole number"):
        inputs.integer()(value)


def test_a_secret_that_is_malformed_is_not_shown() -> None:
    @dataclass(frozen=True)
    class Secret:
        pin: int = inputs.option(inputs.integer(), 0, secret=True)

    with pytest.raises(InputError) as caught:
        inputs.read(Secret, {"pin": "hunter2"})
    assert "hunter2" not in str(caught.value)
    assert "'pin' is ***" in str(caught.value)


def test_a_long_value_is_cut_in_its_error() -> None:
    with pytest.raises(InputError) as caught:
        inputs.read(Sample, {"tag": "v1", "mode": "x" * 5000})
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a#b", ("a#b",)),
        ("a #b", ("a",)),
        ("#a", ()),
        ("a,\n,b", ("a", "b")),
        ("a\r\nb", ("a", "b")),
    ],
)
def test_comments_and_separators_of_lists(value: str, expected: tuple[str, ...]) -> None:
    assert inputs.items(value) == expected
