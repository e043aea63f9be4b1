"""The pin in README.md is a commit of a release, or there is none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import pins

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    names = ("-c", "user.name=ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgSign=false")
    (tmp_path / "README.md").write_text(f"Before.\n{pins.BEGIN}\n\n{pins.NO_RELEASE}\n\n{pins.END}\nAfter.\n")
    commands = (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=x"])
    for command in (*commands, ["tag", "v1.0.0"]):
        subprocess.run(["git", "-C", str(tmp_path), *names, *command], check=True)
    return tmp_path


def test_the_pin_of_the_readme_is_right() -> None:
    assert pins.main(["--check"]) == 0


def test_no_page_recommends_a_commit_that_is_none() -> None:
    pages = [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("actions/*/README.md"),
        *ROOT.glob("examples/**/*.yml"),
    ]

    made_up = ("0" * 40, "0123456789abcdef0123456789abcdef01234567")
    found = [page.name for page in pages for commit in made_up if f"@{commit}" in page.read_text(encoding="utf-8")]

    assert found == []


def test_a_release_is_pinned_and_only_the_block_changes(root: Path) -> None:
    commit = pins.find_commit(root, "v1.0.0")

    assert pins.main(["v1.0.0"], root) == 0

    text = (root / "README.md").read_text(encoding="utf-8")
    assert f"- uses: llm-d/release-actions/validate-tag@{commit} # v1.0.0\n" in text
    assert text.startswith("Before.\n")
    assert text.endswith("\nAfter.\n")
    assert pins.main(["--check"], root) == 0


@pytest.mark.parametrize("tag", ["v9.9.9", "v1", "HEAD"])
def test_what_is_no_release_is_not_pinned(root: Path, tag: str) -> None:
    before = (root / "README.md").read_text(encoding="utf-8")

    assert pins.main([tag], root) == 2
    assert (root / "README.md").read_text(encoding="utf-8") == before


def test_a_pin_that_is_not_the_commit_of_its_tag_is_found(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pins.main(["v1.0.0"], root)
    page = root / "README.md"
    commit = pins.find_commit(root, "v1.0.0")
    page.write_text(page.read_text(encoding="utf-8").replace(commit, "0" * 40), encoding="utf-8")

    assert pins.main(["--check"], root) == 1
    assert f"README.md pins 000000000000 as v1.0.0, which is {commit[:12]}." in capsys.readouterr().err
