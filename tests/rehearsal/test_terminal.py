"""Lines fit the terminal, colour obeys the usual variables, and silence never lasts."""

from __future__ import annotations

import time

import pytest

from release_actions.rehearsal.terminal import Terminal, fit, wants_color
from release_actions.rehearsal.timeline import Line, Style
from release_actions.runner.workflow import Workflow


@pytest.mark.parametrize(
    ("environ", "is_terminal", "colored"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, True, False),
    ],
)
def test_color_follows_the_variables_and_then_the_terminal(
    environ: dict[str, str],
    is_terminal: bool,  # noqa: FBT001  # a table's column
    colored: bool,  # noqa: FBT001  # a table's columns
) -> None:
    assert wants_color(environ, is_terminal=is_terminal) is colored


def test_a_verdict_is_green_where_color_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(Workflow({}), {"FORCE_COLOR": "1"}).show(Line("PASS", Style.GOOD))
    Terminal(Workflow({}), {}).show(Line("PASS", Style.GOOD))
    assert capsys.readouterr().out == "\x1b[32mPASS\x1b[0m\nPASS\n"


def test_a_runners_log_has_no_color(capsys: pytest.CaptureFixture[str]) -> None:
    environ = {"GITHUB_ACTIONS": "true", "FORCE_COLOR": "1"}
    Terminal(Workflow(environ), environ).show(Line("PASS", Style.GOOD))
    assert capsys.readouterr().out == "PASS\n"


def test_text_from_outside_is_no_command_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    log = Workflow({})
    log.mask("ghp_secret")
    Terminal(log, {}).show(Line("a\x1b[2Jb ghp_secret\n::error::c"))
    assert capsys.readouterr().out == "a\ufffd[2Jb ***\n: :error::c\n"


@pytest.mark.parametrize("columns", [80, 120])
def test_long_lines_are_wrapped_to_the_right_and_rows_are_cut(columns: int) -> None:
    text = "    validate-tag  " + "word " * 60

    lines = fit(text, columns)

    assert max(map(len, lines)) <= columns
    assert lines[1].startswith("      word")
    assert " ".join(" ".join(lines).split()) == " ".join(text.split())
    assert [len(line) for line in fit("x" * 200, columns, table=True)] == [columns]


def test_lines_fit_the_columns_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    Terminal(Workflow({}), {}).show(Line("  " + "word " * 60))
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_something_new_is_shown_at_least_every_two_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(Workflow({}), {})
    with terminal.kept_alive():
        terminal.show(Line("begin"))
        terminal.progress("protect-latest", "##[group]reading 36 tags")
        time.sleep(3.6)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "begin"
    assert [line.partition(" (")[0] for line in lines[1:]] == ["      ... protect-latest: reading 36 tags"] * 2


def test_no_line_is_added_where_others_come(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(Workflow({}), {})
    with terminal.kept_alive():
        for number in range(5):
            terminal.show(Line(str(number)))
            time.sleep(0.2)
    assert capsys.readouterr().out.splitlines() == ["0", "1", "2", "3", "4"]
