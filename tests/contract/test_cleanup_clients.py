"""After a clean-up of the simulator's registry, skopeo and crane copy every tag that is left, with all platforms."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest
from tests.contract.clients import Crane, Desk, Skopeo, host_of
from tests.contract.simulated import PASSWORD, world

from release_actions import main
from release_actions.errors import ExitCode
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator, build_image
from release_actions.simulator.image_factory import attachment, attachment_tag

CUDA = "llm-d/llm-d-cuda"


@pytest.mark.parametrize(
    "kind", [pytest.param(each, marks=pytest.mark.tools(each.__name__.lower())) for each in (Skopeo, Crane)]
)
def test_every_tag_that_a_clean_up_leaves_can_be_copied(kind: type[Skopeo | Crane], tmp_path: Path) -> None:
    planted = world()
    chance = random.Random(7)
    planted.add_package(CUDA, visibility="public")
    for tag in ("v0.4.0", "v0.5.0-rc.1", "v0.5.0-rc.2", "v0.5.0", "sha-1", "sha-2", "v0.6.0-rc.1"):
        made = build_image(
            ("linux/amd64", "linux/arm64"),
            seed=str(chance.randint(1, 3)),
            annotations={"tag": tag},
            attestations=chance.random() < 0.5,
        )
        planted.push(CUDA, made, [tag])
        planted.push(CUDA, attachment(made.root.digest), [attachment_tag(made.root.digest, ".sig")])
        planted.clock.advance(timedelta(days=1))
    # As a promotion leaves it: a candidate and the release on one version.
    planted.tag(CUDA, "v0.5.0", "v0.5.0-rc.3")
    with Simulator(planted) as simulator:
        environ = {
            **simulator.environment(),
            "GITHUB_REPOSITORY": "llm-d/llm-d",
            "RUNNER_TEMP": str(tmp_path),
            "RELEASE_ACTIONS_NOW": (planted.now() + timedelta(days=9)).isoformat(),
            "INPUT_TOKEN": PASSWORD,
            "INPUT_PACKAGES": "llm-d-cuda",
            "INPUT_DELETE_TAGS": "sha-*",
            "INPUT_DELETE_RELEASED_CANDIDATES": "true",
            "INPUT_DELETE_UNTAGGED": "true",
            "INPUT_UNTAG": "true",
        }
        report = main.main_inner(["ghcr-cleanup"], environ, Workflow({}))
        assert report.exit_code is ExitCode.PASS
        host = host_of(simulator.registry_url)
        client = kind(Desk(tmp_path / "desk", {host: PASSWORD}))
        left = planted.tags(CUDA)
        assert {tag for tag in left if not tag.startswith("sha256-")} == {"v0.4.0", "v0.5.0", "v0.6.0-rc.1"}
        assert len(left) == 6
        for tag in left:
            client.copy(f"{host}/{CUDA}:{tag}", f"{host}/llm-d/copies:{tag}")
        assert planted.tags("llm-d/copies") == left
        assert all(not planted.missing("llm-d/copies", tag) for tag in left)
