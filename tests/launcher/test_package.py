"""The installable package: its dependencies are those of the locks, and its version stands in one place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import package
import release_actions

ROOT = Path(__file__).resolve().parents[2]
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def asked_for(*names: str) -> list[str]:
    lines = [line for name in names for line in (ROOT / "requirements" / f"{name}.in").read_text().splitlines()]
    return [line for line in lines if line and not line.startswith(("#", "-"))]


def listed(key: str) -> list[str]:
    block = re.search(rf"^{key} = \[(.*?)\]", PROJECT, re.DOTALL | re.MULTILINE)
    assert block
    return re.findall(r'"([^"]+)"', block[1])


def test_the_command_installs_what_the_simulator_is_locked_for() -> None:
    assert listed("dependencies") == asked_for("actions", "simulator", "page")


def test_what_builds_the_package_is_locked() -> None:
    assert listed("requires") == asked_for("build")


def test_the_version_is_the_one_that_the_command_prints() -> None:
    text = package.VERSION_FILE.read_text(encoding="utf-8")

    assert package.read_version(text) == release_actions.__version__
    assert 'dynamic = ["version"]' in PROJECT


def test_a_module_without_a_version_is_an_error() -> None:
    with pytest.raises(ValueError, match="sets no __version__"):
        package.read_version("VERSION = '1'\n")


def test_a_tag_of_another_version_is_refused_with_the_file_to_change(capsys: pytest.CaptureFixture[str]) -> None:
    assert package.main(["version", "99.0.0"]) == 1
    assert "src/release_actions/__init__.py" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("heading", "version", "code"),
    [
        ("## [1.0.0] - 2026-12-15", "1.0.0", 0),
        ("## [1.0.0]", "1.0.0", 1),
        ("## [Unreleased]", "1.0.0", 1),
        ("## [1.0.01] - 2026-12-15", "1.0.0", 1),
        ("## [Unreleased]", "1.0.0-rc.1", 0),
    ],
)
def test_a_release_has_a_heading_in_the_changelog(
    heading: str, version: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n{heading}\n\n* All.\n", encoding="utf-8")
    (tmp_path / "__init__.py").write_text(f'__version__ = "{version}"\n', encoding="utf-8")
    monkeypatch.setattr(package, "CHANGELOG", tmp_path / "CHANGELOG.md")
    monkeypatch.setattr(package, "VERSION_FILE", tmp_path / "__init__.py")

    assert package.main(["version", version]) == code


@pytest.mark.parametrize("way", ["pip install .", "uvx --from .", "uvx --from WHEEL", "pipx run --spec WHEEL"])
def test_ci_installs_the_command_as_people_do(way: str) -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    section = script.partition("\npackage() {")[2].partition("\n}\n")[0]

    assert f'expect_version "{way}" ' in section
    assert '"$cache/installed/bin/release-actions" rehearse ' in section
