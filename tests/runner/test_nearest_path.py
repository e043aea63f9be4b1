"""A path that is not there names the one that is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from release_actions.runner.nearest_path import find_nearest_path, suggest_path

FILES = (
    "release.yaml",
    "docker/common-versions",
    "docker/Dockerfile.cuda",
    "docker/Dockerfile.cpu",
    "web/Dockerfile",
    "deep/in/a/folder/schedule.yaml",
    "node_modules/x/notes.md",
)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("docker/comon-versions", "docker/common-versions"),
        ("common-versions", "docker/common-versions"),
        ("build/comon-versions", "docker/common-versions"),
        ("release.yml", "release.yaml"),
        ("./release.yml", "release.yaml"),
        ("docker/Dockerfile.cdua", "docker/Dockerfile.cuda"),
        ("docker/Dockerfile", "web/Dockerfile"),
        ("schedule.yml", "deep/in/a/folder/schedule.yaml"),
        ("notes.md", ""),
        ("something-else.txt", ""),
    ],
)
def test_the_nearest_file_is_named(workspace: Path, path: str, nearest: str) -> None:
    assert find_nearest_path(path, workspace) == nearest


def test_a_folder_names_a_folder(workspace: Path) -> None:
    assert suggest_path("dokcer", workspace, is_folder=True) == "Did you mean 'docker'?"


def test_a_link_is_never_followed(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret-name.yaml").write_text("")
    (workspace / "link").symlink_to(outside)

    assert find_nearest_path("secret-name.yml", workspace) == ""


def test_an_empty_or_missing_workspace_has_nothing_near(tmp_path: Path) -> None:
    assert suggest_path("release.yaml", tmp_path) == suggest_path("release.yaml", tmp_path / "gone") == ""
