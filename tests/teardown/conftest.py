"""What tests of teardowns share: a world with a candidate in it, served over HTTP, and the command."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.teardown.candidate import CONFIG, REPOSITORY, TOKEN, TearDown, planted

from release_actions import main
from release_actions.cleanup import store
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator, World


@pytest.fixture
def world() -> World:
    """After v0.4.0, with the candidate v0.5.0-rc.1 and its debris in every system."""
    return planted()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PAUSE", 0.0)


@pytest.fixture
def tear_down(simulator: Simulator, tmp_path: Path) -> TearDown:
    """Runs the command with inputs given by name, ten days after everything was pushed."""
    (tmp_path / "release.yaml").write_text(CONFIG, encoding="utf-8")

    def run(candidates: str = "v0.5.0-rc.1", token: str = TOKEN, **inputs: str) -> Report:
        now = simulator.world.now() + timedelta(days=10)
        environ = {
            **simulator.environment(),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_WORKSPACE": str(tmp_path),
            "RUNNER_TEMP": str(tmp_path),
            "RELEASE_ACTIONS_NOW": now.isoformat(),
            "INPUT_TOKEN": token,
            "INPUT_CANDIDATES": candidates,
            **{f"INPUT_{name.upper()}": value for name, value in inputs.items()},
        }
        return main.main_inner(["rc-teardown"], environ, Workflow({}))

    return run
