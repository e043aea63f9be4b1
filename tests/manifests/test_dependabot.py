"""What is pinned by hash or version is in a file that Dependabot reads, and Dependabot is told of it."""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
UPDATES = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))["updates"]
PROGRAMS = sorted(folder.parent for folder in ROOT.glob(".ci/go/*/go.mod"))


def covers(ecosystem: str, folder: Path) -> bool:
    path = f"/{folder.relative_to(ROOT).as_posix()}".rstrip(".")
    globs = [
        glob
        for update in UPDATES
        if update["package-ecosystem"] == ecosystem
        for glob in [*update.get("directories", []), update.get("directory", "")]
    ]
    return any(fnmatch.fnmatchcase(path, glob) for glob in globs)


@pytest.mark.parametrize(
    ("ecosystem", "glob"),
    [("docker", ".github/*/Dockerfile"), ("gomod", ".ci/go/*/go.mod"), ("npm", ".ci/*/package.json")],
)
def test_dependabot_reads_every_file_that_pins(ecosystem: str, glob: str) -> None:
    files = list(ROOT.glob(glob))

    assert files
    assert [file for file in files if not covers(ecosystem, file.parent)] == []


def test_dependabot_raises_the_actions_of_workflows() -> None:
    assert covers("github-actions", ROOT)


def test_every_update_waits_until_a_release_that_was_taken_over_is_noticed() -> None:
    assert {update["cooldown"]["default-days"] for update in UPDATES} == {7}


@pytest.mark.parametrize("folder", PROGRAMS, ids=lambda folder: folder.name)
def test_a_program_is_the_only_direct_requirement_of_its_module_and_has_hashes(folder: Path) -> None:
    text = (folder / "go.mod").read_text(encoding="utf-8")
    tool = re.findall(r"^tool (\S+)$", text, re.MULTILINE)
    # Dependabot raises no requirement that go.mod calls indirect, and a `tool` line alone makes it one.
    direct = re.findall(r"^(?:require )?\s*(\S+/\S+) (v\S+)$", text, re.MULTILINE)
    sums = (folder / "go.sum").read_text(encoding="utf-8")

    assert [len(tool), len(direct)] == [1, 1]
    assert tool[0].startswith(direct[0][0])
    assert f"{direct[0][0]} {direct[0][1]} h1:" in sums
    assert f'import _ "{tool[0]}"' in (folder / "tools.go").read_text(encoding="utf-8")
