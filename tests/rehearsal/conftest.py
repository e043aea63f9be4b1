"""A job in a folder with a blank in its name, and tiny composite actions to run in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from release_actions.rehearsal.composite import ActionRun, Job, run_action

Play = Callable[..., ActionRun]


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(
        workspace=tmp_path / "work space",
        runner_temp=tmp_path / "temp folder",
        repository="llm-d/llm-d",
        token="ghs_0123456789",
        machine={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )


@pytest.fixture
def play(tmp_path: Path, job: Job) -> Play:
    """Run steps as a composite action. A step is a script, or a mapping with more than one."""

    def run(
        *steps: str | dict[str, Any],
        inputs: dict[str, Any] | None = None,
        outputs: dict[str, str] | None = None,
        given: dict[str, str] | None = None,
        **options: Any,
    ) -> ActionRun:
        folder = tmp_path / "an action"
        folder.mkdir(exist_ok=True)
        named = [{"run": step} if isinstance(step, str) else step for step in steps]
        action = {
            "name": "Tiny",
            "description": "For a test",
            "inputs": inputs or {},
            "outputs": {name: {"description": "For a test", "value": value} for name, value in (outputs or {}).items()},
            "runs": {"using": "composite", "steps": [{"shell": "bash", **step} for step in named]},
        }
        (folder / "action.yml").write_text(yaml.safe_dump(action, sort_keys=False), encoding="utf-8")
        return run_action(folder, given or {}, job, **options)

    return run
