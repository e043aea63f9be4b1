"""After a teardown on the simulator, skopeo and crane copy every tag that is left, with all platforms."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.contract.clients import Crane, Desk, Skopeo, host_of
from tests.contract.simulated import PASSWORD
from tests.teardown.candidate import CONFIG, CPU, CUDA, REPOSITORY, names, planted

from release_actions import main
from release_actions.errors import ExitCode
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator


@pytest.mark.parametrize(
    "kind", [pytest.param(each, marks=pytest.mark.tools(each.__name__.lower())) for each in (Skopeo, Crane)]
)
def test_every_tag_that_a_teardown_leaves_or_brings_back_can_be_copied(
    kind: type[Skopeo | Crane], tmp_path: Path
) -> None:
    world = planted()
    world.add_account("robot")
    account = world.account("llm-d")
    assert account is not None
    account.members["robot"] = "admin"
    world.add_token(PASSWORD, login="robot", scopes=("repo", "write:packages", "delete:packages"))
    (tmp_path / "release.yaml").write_text(CONFIG, encoding="utf-8")
    before = {path: world.tags(path) for path in (CUDA, CPU)}
    with Simulator(world) as simulator:
        environ = {
            **simulator.environment(),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_WORKSPACE": str(tmp_path),
            "RUNNER_TEMP": str(tmp_path),
            "RELEASE_ACTIONS_NOW": (world.now() + timedelta(days=9)).isoformat(),
            "INPUT_TOKEN": PASSWORD,
        }
        host = host_of(simulator.registry_url)
        client = kind(Desk(tmp_path / "desk", {host: PASSWORD}))

        def copied(to: str) -> None:
            for path in (CUDA, CPU):
                target = f"llm-d/{to}-{path.partition('/')[2]}"
                for tag in world.tags(path):
                    client.copy(f"{host}/{path}:{tag}", f"{host}/{target}:{tag}")
                assert world.tags(target) == world.tags(path)
                assert all(not world.missing(target, tag) for tag in world.tags(target))

        report = main.main_inner(["rc-teardown"], {**environ, "INPUT_CANDIDATES": "v0.5.0-rc.1"}, Workflow({}))
        assert report.exit_code is ExitCode.PASS
        assert names(world, CUDA) == names(world, CPU) == {"v0.3.0", "v0.3", "v0.4.0", "v0.4", "v0", "latest"}
        copied("left")
        again = {**environ, "INPUT_MODE": "restore", "INPUT_UNDO_FILE": str(report.outputs["undo-file"])}
        assert main.main_inner(["rc-teardown"], again, Workflow({})).exit_code is ExitCode.PASS
        assert {path: world.tags(path) for path in (CUDA, CPU)} == before
        copied("back")
