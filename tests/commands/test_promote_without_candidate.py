"""promote where no candidate is on the release's commit, and the project wants such a release built."""

from __future__ import annotations

import pytest
from tests.commands.promoting import CANDIDATE, FINAL, Stage
from tests.commands.published import TOKEN
from tests.commands.published import world as make_world
from tests.commands.test_promote import stage, tag_in_git, writes

from release_actions.errors import ActionError, ExitCode, PolicyError
from release_actions.simulator import Simulator, World
from release_actions.simulator.faults import Fault

__all__ = ["stage"]

REBUILD = "versions: {final: promote, without-candidate: rebuild}\n"


@pytest.fixture
def world() -> World:
    return make_world()


def test_a_final_without_a_candidate_is_left_to_a_build_where_that_is_configured(
    stage: Stage, world: World, simulator: Simulator
) -> None:
    config = stage.shop.workspace / "release.yaml"
    config.write_text(config.read_text() + REBUILD, encoding="utf-8")
    tag_in_git(world, FINAL)
    tag_in_git(world, CANDIDATE)
    before = writes(simulator)

    report = stage.promote(**{"from": ""}, revision="", token=TOKEN)

    assert (report.exit_code, report.outputs["promoted"], report.outputs["rebuild"]) == (ExitCode.PASS, False, True)
    assert writes(simulator) == before


def test_a_released_image_is_not_built_again_because_its_candidate_is_gone(stage: Stage, world: World) -> None:
    config = stage.shop.workspace / "release.yaml"
    config.write_text(config.read_text() + REBUILD, encoding="utf-8")
    stage.promote()
    tag_in_git(world, FINAL)

    with pytest.raises(PolicyError, match="has that tag already"):
        stage.promote(**{"from": ""}, revision="", token=TOKEN)


def test_what_could_not_be_read_is_not_left_to_a_build(stage: Stage, world: World, simulator: Simulator) -> None:
    config = stage.shop.workspace / "release.yaml"
    config.write_text(config.read_text() + REBUILD, encoding="utf-8")
    tag_in_git(world, FINAL)
    simulator.faults.add(Fault(method="GET", path="/repos/acme/app/git/matching-refs*", times=0, answer=403))
    simulator.faults.add(Fault(method="GET", path="/repos/acme/app/tags*", times=0, answer=403))

    with pytest.raises(ActionError) as raised:
        stage.promote(**{"from": ""}, revision="", token=TOKEN)

    assert raised.value.exit_code is ExitCode.UNKNOWN
