"""The contracts in pyproject.toml: they hold here, and each is broken by one planted line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import floors

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "src/release_actions"

needs_linter = pytest.mark.skipif(sys.version_info < (3, 11), reason="import-linter has no release for Python 3.10")

PLANTS = {
    "a room that imports an upper one": (
        "floors",
        {"versions/planted.py": "from release_actions.commands import validate_tag\n"},
    ),
    "a room that imports its neighbour": (
        "floors",
        {"notes/planted.py": "import release_actions.teardown\n"},
    ),
    "a planned room that imports its neighbour": (
        "floors",
        {"branches/__init__.py": "import release_actions.notes\n"},
    ),
    "a module on no floor": ("floors", {"planted.py": "\n"}),
    "a room on no floor": ("floors", {"planted/__init__.py": "\n"}),
    "two modules of a room that import each other": (
        "circles",
        {
            "config/planted_a.py": "import release_actions.config.planted_b\n",
            "config/planted_b.py": "def late():\n    import release_actions.config.planted_a\n",
        },
    ),
    "a command that imports a command": (
        "commands",
        {"commands/planted.py": "from release_actions.commands import validate_tag\n"},
    ),
    "a check of the rehearsal that imports the core": (
        "judge",
        {"rehearsal/pull.py": "import release_actions.registry.client\n"},
    ),
    "a check of the rehearsal that reaches the core through another module": (
        "judge",
        {"rehearsal/pull.py": "import release_actions.rehearsal.builder\n"},
    ),
    "a pure room that imports requests": ("pure", {"config/planted.py": "import requests\n"}),
    "a room beside http that sends requests": ("one-client", {"github/planted.py": "import requests\n"}),
    "a pure room that imports PyGithub": ("pure", {"versions/planted.py": "from github import Github\n"}),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Hold a copy of the package and its contracts, to plant things in."""
    shutil.copytree(ROOT / PACKAGE, tmp_path / PACKAGE, ignore=shutil.ignore_patterns("__pycache__", "*.graphql"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(root: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    chosen = [f"--contract={contract}" for contract in contracts]
    command = [sys.executable, "-c", "from importlinter import cli; cli.lint_imports_command()", "--no-cache", *chosen]
    environ = {**os.environ, "PYTHONPATH": "src"}
    return subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, check=False)


@needs_linter
@pytest.mark.parametrize(("contract", "files"), PLANTS.values(), ids=PLANTS)
def test_a_contract_is_broken_by(copy: Path, contract: str, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = copy / PACKAGE / name
        file.parent.mkdir(exist_ok=True)
        with file.open("a", encoding="utf-8") as stream:
            stream.write(text)

    linted = lint_imports(copy, contract)

    assert linted.returncode == 1
    # Exit code 1 is also that of contracts that cannot be read.
    assert "0 kept, 1 broken" in linted.stdout or "exhaustive" in linted.stdout + linted.stderr


@needs_linter
def test_the_package_keeps_its_contracts_with_the_planned_rooms(copy: Path) -> None:
    for room in ("branches", "tracker", "promotion", "gate", "adoption", "changes", "drift", "people", "proposals"):
        folder = copy / PACKAGE / room
        folder.mkdir(exist_ok=True)
        (folder / "planted.py").write_text("import release_actions.versions\n", encoding="utf-8")
        (folder / "__init__.py").touch()

    linted = lint_imports(copy)

    assert linted.returncode == 0, linted.stdout


@needs_linter
def test_no_module_imports_its_own_package_in_a_circle() -> None:
    """Among siblings the contract finds circles, but not between a package and what is in it."""
    import grimp

    sys.path.insert(0, str(ROOT / "src"))
    graph = grimp.build_graph("release_actions", cache_dir=None)

    circles = {
        (module, package)
        for module in graph.modules
        for package in _packages_of(module)
        if graph.direct_import_exists(importer=module, imported=package)
        and graph.chain_exists(importer=package, imported=module)
    }

    assert not circles


def _packages_of(module: str) -> Iterator[str]:
    while "." in (module := module.rpartition(".")[0]):
        yield module


@pytest.mark.parametrize(
    "line",
    [
        "import os\n\nTOKEN = os.environ['TOKEN']\n",
        "from os import environ\n\nTOKEN = environ['TOKEN']\n",
        "import time\n\nNOW = time.time()\n",
        "from datetime import datetime, timezone\n\nNOW = datetime.now(timezone.utc)\n",
    ],
)
@pytest.mark.parametrize("file", ["versions/planted.py", "config/planted.py", "builds/planted.py", "errors.py"])
def test_a_pure_room_may_read_neither_the_environment_nor_the_clock(line: str, file: str) -> None:
    assert _banned(line, file)


@pytest.mark.parametrize("file", ["runner/planted.py", "cleanup/planted.py", "commands/planted.py"])
def test_other_rooms_may_read_the_environment(file: str) -> None:
    assert not _banned("import os\n\nTOKEN = os.environ['TOKEN']\n", file)


def _banned(text: str, file: str) -> bool:
    """Whether ruff forbids a module with this text."""
    ruff = shutil.which("ruff", path=f"{sys.prefix}/bin") or "ruff"
    command = [ruff, "check", "--no-cache", "--output-format=concise", "--stdin-filename", f"{PACKAGE}/{file}", "-"]
    checked = subprocess.run(command, input=text, cwd=ROOT, capture_output=True, text=True, check=False)
    return "TID251" in checked.stdout


def test_the_picture_shows_built_rooms_from_the_top_and_names_the_planned_ones() -> None:
    lines = list(floors.draw([["commands"], ["nowhere-yet"], ["versions", "(promised)"]]))

    assert lines[2].startswith("| 3 | `commands` | One module a command")
    assert lines[3].startswith("| 1 | `versions` | What a tag means")
    assert lines[-1] == "Planned rooms, which have their floor already: `nowhere-yet`, `promised`."


def test_the_picture_is_made_from_the_contract() -> None:
    layers = floors.read_layers((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert layers[-1] == ["errors"]
    assert {"versions", "git", "runner"} <= set(layers[-2])
    with pytest.raises(ValueError, match="no contract with layers"):
        floors.read_layers("[project]")


def test_the_picture_in_contributing_is_current() -> None:
    assert floors.main(["--check"]) == 0
