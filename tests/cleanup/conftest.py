"""What tests of the command share: a world with a package in it, served over HTTP, and the command."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.cleanup.command import CUDA, TOKEN, Clean

from release_actions import main
from release_actions.cleanup import apply, store
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator, World
from release_actions.simulator.accounts import TokenKind


@pytest.fixture
def world() -> World:
    world = World()
    world.add_account("llm-d", organization=True)
    world.add_repository("llm-d/llm-d")
    world.add_token(
        TOKEN, TokenKind.ACTIONS, repository="llm-d/llm-d", permissions={"contents": "read", "packages": "write"}
    )
    world.add_package(CUDA, visibility="public", repository="llm-d/llm-d")
    return world


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PAUSE", 0.0)


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "WORKERS", 1)


@pytest.fixture
def clean(simulator: Simulator, tmp_path: Path) -> Clean:
    """Runs the command with inputs given by name; `days` after everything was pushed."""

    def run(days: float = 10, token: str = TOKEN, repository: str = "llm-d/llm-d", **inputs: str) -> Report:
        now = simulator.world.now() + timedelta(days=days)
        environ = {
            **simulator.environment(),
            "GITHUB_REPOSITORY": repository,
            "GITHUB_WORKSPACE": str(tmp_path),
            "RUNNER_TEMP": str(tmp_path / "temp"),
            "RELEASE_ACTIONS_NOW": now.isoformat(),
            "INPUT_TOKEN": token,
            **{f"INPUT_{name.upper()}": value for name, value in {"packages": "llm-d-cuda", **inputs}.items()},
        }
        return main.main_inner(["ghcr-cleanup"], environ, Workflow({}))

    return run
