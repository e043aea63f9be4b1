"""Completion: bash itself completes commands, flags and the words of a flag."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

import completion
from release_actions.main import ACTIONS, TOOLS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("completion")
    assert completion.main([], folder) == 0
    return folder


def complete(folder: Path, *words: str) -> set[str]:
    """What bash offers for the last of the words."""
    source, quoted = folder / "release-actions.bash", " ".join(map(shlex.quote, words))
    script = f"""
    . {shlex.quote(str(source))}
    COMP_WORDS=({quoted}) COMP_CWORD={len(words) - 1}
    function=$(complete -p release-actions | sed 's/.*-F \\([^ ]*\\).*/\\1/')
    "$function" release-actions {shlex.quote(words[-1])} {shlex.quote(words[-2])}
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd=completion.ROOT)
    return set(ended.stdout.split())


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("release-actions", "vali"), {"validate", "validate-tag"}),
        (("release-actions", "validate-tag", "--mo"), {"--mode"}),
        (("release-actions", "validate-tag", "--mode", ""), {"release", "check"}),
        (("release-actions", "validate-tag", "--config", "pyproj"), {"pyproject.toml"}),
        (("release-actions", "simulate", "--json", "--see"), {"--seed"}),
    ],
)
def test_bash_offers_what_fits(folder: Path, words: tuple[str, ...], offered: set[str]) -> None:
    assert complete(folder, *words) == offered


def test_every_command_but_parts_of_our_workflows_is_offered(folder: Path) -> None:
    offered = complete(folder, "release-actions", "")

    assert set(TOOLS) | {"validate-tag", "ghcr-cleanup", "test"} <= offered
    assert "judge-scan" not in offered
    assert offered <= {*ACTIONS, *TOOLS, "test"}


def test_fish_and_zsh_have_the_same_commands_and_words(folder: Path) -> None:
    fish = (folder / "release-actions.fish").read_text(encoding="utf-8")
    zsh = (folder / "release-actions.zsh").read_text(encoding="utf-8")

    for name in completion.list_commands():
        assert f"-a {name} " in fish
        assert f"    {name}:'" in zsh
    assert '-l mode -xka "release check"' in fish
    assert "]:release|check:(release check)" in zsh


def test_a_stale_file_is_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert completion.main(["--check"], folder) == 0

    (folder / "release-actions.zsh").write_text("old\n", encoding="utf-8")

    assert completion.main(["--check"], folder) == 1
    assert "run python scripts/completion.py" in capsys.readouterr().err
    completion.main([], folder)
