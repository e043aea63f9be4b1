"""A contributor's first change, as CONTRIBUTING.md describes it, in a copy of the repository."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

FUNCTION = '''
def _thirteen(version: Version, history: History) -> Objection | None:  # noqa: ARG001  # as every rule
    """The patch number is 13.

    Why would it be?
    """
    message = f"{version} is a thirteenth patch."
    return Objection(message, "Skip the number.") if version.patch == 13 else None

'''
RULE = '    Rule("thirteen", Level.WARN, _thirteen),\n'
EXAMPLE = '    "thirteen": ("v0.5.13", History(parse_known(PAST))),\n'


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files that generated ones are made from, and the generated ones."""
    for path in ROOT.iterdir():
        if path.is_dir() and path.name not in {"tests", "benchmarks", "stubs"} and not path.name.startswith("."):
            shutil.copytree(path, tmp_path / path.name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        elif path.is_file():
            shutil.copy(path, tmp_path / path.name)
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    return tmp_path


def run(copy: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # a script of this repository
        [sys.executable, "-B", f"scripts/{script}.py", *arguments],
        cwd=copy,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )


def insert(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_rule_of_validate_tag_is_added_in_two_files_and_a_test(copy: Path) -> None:
    rules = copy / "src/release_actions/versions/history/sequence.py"
    insert(rules, "\n\nRULES = (\n", f"{FUNCTION}\n\nRULES = (\n{RULE}")

    forgotten = run(copy, "tag_table", "--check")
    insert(copy / "scripts/tag_table.py", '    "gap": (', f'{EXAMPLE}    "gap": (')
    stale = [run(copy, script, "--check") for script in ("manifests", "schema", "tag_table")]
    made = [run(copy, script) for script in ("manifests", "schema", "tag_table")]
    checked = [run(copy, script, "--check") for script in ("manifests", "schema", "tag_table")]

    assert forgotten.returncode != 0
    assert forgotten.stderr == "The rule thirteen has no example: add one to EXAMPLES in scripts/tag_table.py.\n"
    assert [ran.args for ran in stale if ran.returncode and f"python {ran.args[2]}" not in ran.stderr] == []
    assert [ran.args for ran in stale if ran.returncode] != []
    assert [ran.returncode for ran in (*made, *checked)] == [0] * 6
    assert "thirteen" in (copy / "docs/validate-tag.md").read_text(encoding="utf-8")
    assert "thirteen" in (copy / "docs/configuration.md").read_text(encoding="utf-8")
