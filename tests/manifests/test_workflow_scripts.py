"""Scripts of our workflows that stand between a stranger's files and the runner, run as they stand there."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

WORKFLOW = Path(__file__).parents[2] / ".github" / "workflows" / "build-and-publish.yml"
JOBS: Mapping[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
SOURCE, CONTEXT = (
    "See that the other repository stays inside this one",
    "See that what is built is inside the repository",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with folders, and links to inside and outside."""
    made = tmp_path / "checkout"
    (made / "docker").mkdir(parents=True)
    (made / "docker" / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config.json").write_text("{}", encoding="utf-8")
    (made / "inside").symlink_to("docker")
    (made / "outside").symlink_to(tmp_path / "home")
    (made / "above").symlink_to("..")
    (made / "docker" / "deep").symlink_to("../../home")
    return made


def run(job: str, step: str, checkout: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a step in a checkout."""
    (script,) = (one["run"] for one in JOBS[job]["steps"] if one["name"] == step)
    environ = {"PATH": "/usr/bin:/bin", **variables}
    command = ["sh", "-e", "-c", script]
    return subprocess.run(command, cwd=checkout, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("job", ["build", "command"])
@pytest.mark.parametrize("path", [".", "docker", "inside", "docker/../docker", "-", "new"])
def test_a_context_inside_is_built(checkout: Path, job: str, path: str) -> None:
    assert run(job, CONTEXT, checkout, CONTEXT=path, DOCKERFILE="docker/Dockerfile").returncode == 0


@pytest.mark.parametrize("job", ["build", "command"])
@pytest.mark.parametrize("path", ["outside", "above", "docker/deep", "inside/deep", "outside/new"])
def test_a_link_gives_no_build_the_runners_files(checkout: Path, job: str, path: str) -> None:
    by_context = run(job, CONTEXT, checkout, CONTEXT=path, DOCKERFILE="docker/Dockerfile")
    by_dockerfile = run(job, CONTEXT, checkout, CONTEXT=".", DOCKERFILE=f"{path}/config.json")

    for ended in (by_context, by_dockerfile):
        assert ended.returncode == 1
        assert "leads out of the repository by a link" in ended.stdout


@pytest.mark.parametrize("job", ["build", "command"])
@pytest.mark.parametrize(("path", "code"), [("src", 0), ("docker/src", 0), ("inside/src", 0)])
def test_another_repository_is_checked_out_inside(checkout: Path, job: str, path: str, code: int) -> None:
    assert run(job, SOURCE, checkout, SOURCE=path).returncode == code


@pytest.mark.parametrize("job", ["build", "command"])
@pytest.mark.parametrize("path", ["outside", "above", "docker/deep/src", "."])
def test_a_link_in_place_of_another_repository_is_refused(checkout: Path, job: str, path: str) -> None:
    assert run(job, SOURCE, checkout, SOURCE=path).returncode == 1


@pytest.mark.parametrize("job", ["build", "command"])
def test_the_paths_are_checked_when_everything_is_checked_out_and_before_anything_is_built(job: str) -> None:
    names = [step["name"] for step in JOBS[job]["steps"]]

    assert names.index(SOURCE) < names.index("Check out the other repository")
    assert names.index("Patch it") < names.index(CONTEXT) < names.index("Pick the secrets of this build")
