from __future__ import annotations

import pytest

from release_actions.rehearsal.workflow_commands import Command, parse


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("::debug::x", Command("debug", {}, "x")),
        ("  \t::debug::x", Command("debug", {}, "x")),
        ("::DEBUG::x", Command("debug", {}, "x")),
        ("::debug::", Command("debug", {}, "")),
        ("::debug::a::b", Command("debug", {}, "a::b")),
        ("::error file=a.py,line=3,title=Bad%3A one%2C two::m%0An %25", None),
        ("##[debug]x", Command("debug", {}, "x")),
        ("before ##[debug]x", Command("debug", {}, "x")),
        ("##[error a=1;b=2]x%3By%5Dz", Command("error", {"a": "1", "b": "2"}, "x;y]z")),
        ("::unknown::x ##[debug]y", Command("debug", {}, "y")),
        ("::error a=,=b,c::x", Command("error", {}, "x")),
    ],
)
def test_command(line: str, command: Command | None) -> None:
    expected = command or Command("error", {"file": "a.py", "line": "3", "title": "Bad: one, two"}, "m\nn %")
    assert parse(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "",
        "plain",
        "before ::debug::x",
        "::debug",
        "::unknown::x",
        "##[unknown]x",
        "##[debug",
        "##[group",
        ":: debug::x",
    ],
)
def test_a_line_that_is_no_command(line: str) -> None:
    assert parse(line) is None


def test_an_escaped_percent_sign_begins_no_escape() -> None:
    assert parse("::debug::%250A %0A") == Command("debug", {}, "%0A \n")


def test_names_known_at_this_moment() -> None:
    assert parse("::token::", {"token"}) == Command("token", {}, "")
