"""What reaches the runner is within its limits, and no text from outside is a command."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_actions.errors import ActionError, Place
from release_actions.runner.report import Finding, Level
from release_actions.runner.workflow import ANNOTATION_LENGTH, Workflow, as_text, make_harmless

RUNNER = {"GITHUB_ACTIONS": "true"}
BIDI_MARKS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""Marks of direction, as Unicode's own data classes them."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("::set-output name=x::y", ": :set-output name=x::y"),
        ("   ::error::boo", "   : :error::boo"),
        ("title ##[error]x", "title # #[error]x"),
        ("a\r::add-mask::v1", "a\n: :add-mask::v1"),
        ("a\u2028::stop-commands::x", "a\n: :stop-commands::x"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("\x9b31mred", "\ufffd31mred"),
        ("v1\u202e0.5.0-cr", "v1\ufffd0.5.0-cr"),
        ("a\u2066b\u2069\u200fc\u061cd", "a\ufffdb\ufffd\ufffdc\ufffdd"),
        ("half \ud800 a pair", "half \ufffd a pair"),
        ("a\x85::error::x", "a\n: :error::x"),
        ("tab\tstays, caf\u00e9 \U0001f680 too", "tab\tstays, caf\u00e9 \U0001f680 too"),
        ("std::vector", "std::vector"),
        ("plain\n\nlines", "plain\n\nlines"),
    ],
)
def test_commands_in_text_are_defused(text: str, expected: str) -> None:
    assert make_harmless(text) == expected


@given(st.text(alphabet=":#[]\n\r\t\x0b\x85 ab", max_size=40))
def test_no_text_is_ever_a_command(text: str) -> None:
    for line in make_harmless(text).split("\n"):
        assert not line.strip().startswith("::")
        assert "##[" not in line


@given(st.text(max_size=60))
def test_no_line_of_the_log_moves_the_cursor_or_turns_text_around(text: str) -> None:
    shown = make_harmless(text)

    for character in shown:
        assert character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}
        assert unicodedata.bidirectional(character) not in BIDI_MARKS
    assert make_harmless(shown) == shown


def test_an_annotation_does_not_turn_text_around(capsys: pytest.CaptureFixture[str]) -> None:
    Workflow(RUNNER).annotate(Finding.of(Level.ERROR, "tag v1\u202e\x9b2J"))

    assert capsys.readouterr().out == "::error::tag v1\ufffd\ufffd2J\n"


def test_a_mask_is_announced_to_a_runner_only(capsys: pytest.CaptureFixture[str]) -> None:
    Workflow(RUNNER).mask("s3cret-token")
    assert capsys.readouterr().out == "::add-mask::s3cret-token\n"
    log = Workflow({})
    log.mask("s3cret-token")
    log.info("the s3cret-token is here")
    assert capsys.readouterr().out == "the *** is here\n"


def test_a_short_text_is_never_masked(capsys: pytest.CaptureFixture[str]) -> None:
    log = Workflow(RUNNER)
    log.mask("v1")
    log.info("v1")
    assert capsys.readouterr().out == "v1\n"


def test_annotations_stop_before_the_platform_drops_them(capsys: pytest.CaptureFixture[str]) -> None:
    log = Workflow(RUNNER)
    for number in range(11):
        log.annotate(Finding.of(Level.WARNING, f"finding {number}"))
    log.annotate(Finding.of(Level.ERROR, "an error"))
    log.close()
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("::warning")] == [
        *(f"::warning::finding {number}" for number in range(8)),
        "::warning::3 more warnings are in the log of this step.",
    ]
    assert "warning: finding 10" in [" ".join(line.split()) for line in lines]
    assert "::error::an error" in lines


def test_an_annotation_names_file_and_line(capsys: pytest.CaptureFixture[str]) -> None:
    place = Place("release.yaml", 3, 7)
    Workflow(RUNNER).annotate(Finding.of(Level.ERROR, "Bad: key.", hint="Write\nit.", place=place, rule="config"))
    out = capsys.readouterr().out
    assert out == (
        "::error title=config,file=release.yaml,line=3,endLine=3,col=7,endColumn=7::Bad: key.%0AWrite%0Ait.\n"
    )


def test_a_long_annotation_is_shortened(capsys: pytest.CaptureFixture[str]) -> None:
    Workflow(RUNNER).annotate(Finding.of(Level.NOTICE, "x" * 10_000))
    out = capsys.readouterr().out
    assert len(out) == ANNOTATION_LENGTH + len("::notice::\n")


def test_outputs_reach_the_file_and_may_hold_lines(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.touch()
    Workflow({"GITHUB_OUTPUT": str(file)}).outputs({"a": "1\n2", "yes": True, "list": ["x"], "none": None})
    lines = file.read_text().splitlines()
    names = [line.partition("<<")[0] for line in lines if "<<ghadelimiter_" in line]
    assert names == ["a", "yes", "list", "none"]
    assert lines[1:3] == ["1", "2"]
    assert "true" in lines
    assert '["x"]' in lines


def test_outputs_beyond_the_platform_are_an_error_that_names_the_largest(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.touch()

    with pytest.raises(ActionError, match="The outputs have 600010 characters, 600006 of them in 'matrix', and GitHub"):
        Workflow({"GITHUB_OUTPUT": str(file)}).outputs({"matrix": "x" * 600_000, "any": "x"})

    assert file.read_text() == ""


def test_a_summary_is_appended_and_cut_to_the_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    file.write_text("x" * 1_000_000 + "\n")
    Workflow({"GITHUB_STEP_SUMMARY": str(file)}).summary("row\n" * 50_000)
    assert file.stat().st_size <= 1024 * 1024
    assert file.read_text().endswith("The log has the rest.\n")


def test_groups_fold_on_a_runner_only(capsys: pytest.CaptureFixture[str]) -> None:
    for environ in (RUNNER, {}):
        with Workflow(environ).group("title\n::x"):
            pass
    assert capsys.readouterr().out == "::group::title : :x\n::endgroup::\ntitle : :x\n"


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (True, "true"), (3, "3"), (None, ""), ({"é": [1]}, '{"é":[1]}')]
)
def test_outputs_as_text(value: object, text: str) -> None:
    assert as_text(value) == text  # type: ignore[arg-type]  # every kind of output in one list


def run_python(code: str) -> str:
    src = Path(__file__).resolve().parents[2] / "src"
    start = f"import sys; sys.path.insert(0, {str(src)!r}); "
    return subprocess.run([sys.executable, "-I", "-c", start + code], capture_output=True, text=True, check=True).stdout


def test_the_log_does_not_import_requests() -> None:
    assert run_python("import release_actions.runner.workflow; print('urllib3' in sys.modules)") == "False\n"


def test_what_was_postponed_loads_at_its_first_use() -> None:
    code = (
        "from release_actions.runner import lazy, workflow; from actions_toolkit import oidc_utils; "
        "print('requests' in sys.modules, oidc_utils.requests.get.__name__, 'requests' in sys.modules)"
    )
    assert run_python(code) == "False get True\n"
