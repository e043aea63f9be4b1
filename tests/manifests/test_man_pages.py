"""Man pages: every command and flag is there, and no text of ours becomes a request to roff."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import completion
import man_pages
from release_actions.main import load
from release_actions.runner import inputs

MACROS = {"TH", "SH", "TP", "B", "BR", "UR", "UE"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("man")
    assert man_pages.main([], folder) == 0
    return folder


def read(text: str) -> str:
    """A page's text as roff prints it, without macros and fonts."""
    return re.sub(r"\\f[BIR]|\\&", "", text).replace("\\-", "-").replace("\\e", "\\")


def test_every_command_has_a_page_with_every_flag(folder: Path) -> None:
    for name in completion.list_commands():
        page = read((folder / f"release-actions-{name}.1").read_text(encoding="utf-8"))
        assert f".SH NAME\nrelease-actions-{name} - " in page
        assert [spec.name for spec in inputs.specs(load(name).Inputs) if f"--{spec.name}" not in page] == []


def test_the_overview_names_every_command(folder: Path) -> None:
    overview = read((folder / "release-actions.1").read_text(encoding="utf-8"))

    assert [name for name in completion.list_commands() if f".BR release-actions-{name} (1)" not in overview] == []


def test_only_macros_of_man_begin_a_line_with_a_dot(folder: Path) -> None:
    lines = [line for page in folder.glob("*.1") for line in page.read_text(encoding="utf-8").splitlines()]

    assert {line[1:].split()[0] for line in lines if line.startswith(".")} <= MACROS
    assert not [line for line in lines if line.startswith("'")]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [(".hidden", r"\&.hidden"), ("'quoted'", r"\&'quoted'"), (r"a\b", r"a\eb"), ("a-b", r"a\-b"), ("plain", "plain")],
)
def test_text_is_escaped(text: str, escaped: str) -> None:
    assert man_pages.escape(text) == escaped


def test_a_page_that_is_stale_or_of_no_command_is_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert man_pages.main(["--check"], folder) == 0

    (folder / "release-actions-gone.1").write_text("", encoding="utf-8")

    assert man_pages.main(["--check"], folder) == 1
    assert "release-actions-gone.1 is the page of no command: remove it." in capsys.readouterr().err
    (folder / "release-actions-gone.1").unlink()
