"""One repository, the ways in which a runner lays it out: the manifests' own run step must work in all of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from release_actions.rehearsal.composite import Job, run_action

ROOT = Path(__file__).parents[2]
NAMES = sorted(file.parent.name for file in ROOT.glob("actions/*/action.yml"))
FOLDERS = [".", *(f"actions/{name}" for name in NAMES), *NAMES]

LAUNCHER = """\
echo "$1 from $(cd -P "$(dirname "$0")" && pwd)"
echo "called in $GITHUB_ACTION_PATH"
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The manifests of this repository with a launcher that only says where it is."""
    root = tmp_path / "a repository"
    for name in NAMES:
        for folder in (root / "actions" / name, root / name):
            folder.mkdir(parents=True)
            shutil.copy(ROOT / "actions" / name / "action.yml", folder)
    shutil.copy(ROOT / "action.yml", root)
    (root / "release-actions").write_text(LAUNCHER, encoding="utf-8")
    return root


def as_it_is(root: Path, job: Job) -> Path:
    return root


def linked_cache(root: Path, job: Job) -> Path:
    """`_actions/owner/repo/ref` is a link to a folder that jobs share."""
    link = job.runner_temp.parent / "_actions" / "owner" / "repo" / "v1"
    link.parent.mkdir(parents=True)
    link.symlink_to(root, target_is_directory=True)
    return link


def workspace_checkout(root: Path, job: Job) -> Path:
    """`uses: ./validate-tag` after a checkout of the repository itself."""
    shutil.copytree(root, job.workspace, dirs_exist_ok=True)
    shutil.rmtree(root)
    return job.workspace


def linked_folders(root: Path, job: Job) -> Path:
    """A fork that made links of the copies: `..` then leads into `actions`."""
    for name in NAMES:
        shutil.rmtree(root / name)
        (root / name).symlink_to(f"actions/{name}", target_is_directory=True)
    return root


@pytest.mark.parametrize("layout", [as_it_is, linked_cache, workspace_checkout, linked_folders])
@pytest.mark.parametrize("folder", FOLDERS)
def test_the_launcher_is_found(repository: Path, job: Job, layout: Callable[[Path, Job], Path], folder: str) -> None:
    root = layout(repository, job)
    run = run_action(root / folder, {}, job)
    command = "release-plan" if folder == "." else Path(folder).name
    assert run.log == (f"{command} from {root.resolve()}", f"called in {root / folder}")
    assert run.outcome == "success"


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_of_the_launchers_name_is_not_taken_for_it(repository: Path, job: Job, folder: str) -> None:
    # A checkout of this repository often lies in a folder with its name.
    (repository / "actions" / "release-actions").mkdir()
    assert run_action(repository / folder, {}, job).outcome == "success"


@pytest.mark.parametrize("folder", FOLDERS[1:])
def test_a_folder_copied_out_of_its_repository_says_so(repository: Path, job: Job, folder: str) -> None:
    (repository / "release-actions").unlink()
    run = run_action(repository / folder, {}, job)
    assert run.exit_code == 3
    assert "The launcher of release-actions is missing." in run.annotations[0].message


def test_there_are_actions() -> None:
    assert NAMES
