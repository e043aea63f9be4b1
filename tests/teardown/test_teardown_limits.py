"""A teardown of thirteen images keeps to a job token's hourly requests and to what a job's outputs hold."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from tests.teardown.candidate import REPOSITORY, TOKEN, messages, planted, push

from release_actions import main
from release_actions.errors import ExitCode
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator, World

IMAGES = 13
HOURLY = 1_000
"""Requests an hour of a repository's GITHUB_TOKEN."""

OUTPUTS = 500_000
"""Characters that a job's outputs hold together."""


def thirteen() -> tuple[World, str, tuple[str, ...]]:
    """A candidate in thirteen packages, which hold two releases each; and their configuration."""
    world = planted()
    paths = tuple(f"llm-d/llm-d-{number}" for number in range(IMAGES))
    for path in paths:
        world.add_package(path, visibility="public", repository=REPOSITORY)
        push(world, path, "v0.3.0", "v0.3")
        push(world, path, "v0.4.0", "v0.4", "v0", "latest")
        push(world, path, "v0.5.0-rc.1", "v0.5.0-rc", "v0.5")
    images = "".join(f"  '{number}': {{}}\n" for number in range(IMAGES))
    runners = "{linux/amd64: ubuntu-24.04, linux/arm64: ubuntu-24.04-arm}"
    head = f'repository: {REPOSITORY}\nchannels:\n  release: {{name: "llm-d-{{image}}"}}\n'
    defaults = f"defaults: {{platforms: [linux/amd64, linux/arm64], runners: {runners}}}\n"
    return world, f"{head}{defaults}images:\n{images}", paths


def test_thirteen_images_go_and_come_back_within_every_limit(tmp_path: Path) -> None:
    world, config, paths = thirteen()
    assert world.limits.actions == HOURLY
    (tmp_path / "release.yaml").write_text(config, encoding="utf-8")
    before = {path: world.tags(path) for path in paths}
    with Simulator(world) as simulator:
        environ = {
            **simulator.environment(),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_WORKSPACE": str(tmp_path),
            "RUNNER_TEMP": str(tmp_path),
            "RELEASE_ACTIONS_NOW": (world.now() + timedelta(days=9)).isoformat(),
            "INPUT_TOKEN": TOKEN,
        }
        report = main.main_inner(["rc-teardown"], {**environ, "INPUT_CANDIDATES": "v0.5.0-rc.1"}, Workflow({}))
        assert report.exit_code is ExitCode.PASS, messages(report)
        asked = sum(entry.origin == "api" for entry in simulator.requests.entries)
        assert IMAGES * 3 < asked < HOURLY / 2
        assert sum(len(json.dumps(value)) for value in report.outputs.values()) < OUTPUTS / 2
        assert all("v0.5.0-rc.1" not in world.tags(path) for path in paths)
        again = {**environ, "INPUT_MODE": "restore", "INPUT_UNDO_FILE": str(report.outputs["undo-file"])}
        assert main.main_inner(["rc-teardown"], again, Workflow({})).exit_code is ExitCode.PASS
        both = sum(entry.origin == "api" for entry in simulator.requests.entries)
    assert {path: world.tags(path) for path in paths} == before
    assert both < HOURLY
