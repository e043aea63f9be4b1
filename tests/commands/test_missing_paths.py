"""Every command that is given a path which is not there names the nearest one."""

from __future__ import annotations

from pathlib import Path

import pytest

from release_actions.errors import ActionError, ExitCode
from release_actions.main import main_inner
from release_actions.runner.workflow import Workflow

FILES = {
    "release.yaml": "repository: acme/app\nversion-file: docker/versions\ndefaults: {platforms: [linux/amd64]}\n"
    'images: {app: {dockerfile: docker/Dockerfile, build-args: {A: "{file.A}"}}}\n',
    "docker/common-versions": "A=1\n",
    "docker/Dockerfile": "FROM scratch\n",
    "components.yaml": "",
    "notes/RELEASE-NOTES.md": "# v1.0.0\n",
    "plans/schedule.yaml": "releases: {}\n",
    "snapshots/before.json": "{}\n",
    ".git/HEAD": "",
}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (("build-matrix", "--config", "relaese.yaml"), "release.yaml"),
        (("build-matrix", "--tag", "v1.0.0"), "docker/common-versions"),
        (("validate-tag", "--tag", "v1.0.0", "--config", "ci/release.yml"), "release.yaml"),
        (("component-matrix", "--tag", "v1.0.0", "--components", "component.yaml"), "components.yaml"),
        (
            ("release-notes", "--mode", "lint", "--tag", "v1.0.0", "--file", "RELEASE-NOTES.md"),
            "notes/RELEASE-NOTES.md",
        ),
        (("release-tracker", "--mode", "calendar", "--schedule", "schedule.yaml"), "plans/schedule.yaml"),
        (("rehearse", "--scenario", "x.yaml", "--config", "relase.yaml"), "release.yaml"),
        (("simulate", "--seed", "before.json"), "snapshots/before.json"),
    ],
)
@pytest.mark.usefixtures("workspace")
def test_a_path_that_is_not_there_names_the_nearest(arguments: tuple[str, ...], nearest: str) -> None:
    environ = {"GITHUB_REPOSITORY": "acme/app", "GITHUB_SHA": "0" * 40}

    with pytest.raises(ActionError) as caught:
        main_inner(arguments, environ, Workflow({}))

    assert caught.value.exit_code == ExitCode.BAD_INPUT
    assert f"Did you mean '{nearest}'?" in str(caught.value)
