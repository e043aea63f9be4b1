"""A release on the registry that the distribution project makes, played by the same workflow as on the simulator's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.contract.distribution import running
from tests.e2e.pipeline import Pipeline
from tests.e2e.reference_registry import crane, digests
from tests.e2e.test_ci_release import ALL, CALLER, CPU, CUDA, SMALL

pytestmark = pytest.mark.tools("act", "git", "buildah", "crane", "jq", "docker-registry")

FLOATS = {"latest", "v0", "v0.5"}


def test_a_candidate_its_release_and_a_broken_one_leave_the_same_as_on_ghcr(pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline.configure(SMALL)
    before = pipeline.llm_d.look()
    with running(tmp_path / "registry") as registry:
        host = registry.removeprefix("http://")

        ran = pipeline.run(CALLER, pipeline.push_tag("v0.5.0-rc.1"), RELEASE_ACTIONS_REGISTRY_URL=registry)
        assert ran.code == 0, ran.errors
        assert {name: set(digests(f"{host}/{name}")) for name in ALL} == {name: {"v0.5.0-rc.1"} for name in ALL}

        ran = pipeline.run(CALLER, pipeline.push_tag("v0.5.0"), RELEASE_ACTIONS_REGISTRY_URL=registry)
        assert ran.code == 0, ran.errors
        released = {name: digests(f"{host}/{name}") for name in ALL}
        for name, held in released.items():
            assert set(held) == {"v0.5.0-rc.1", "v0.5.0", *FLOATS}
            assert {held[tag] for tag in FLOATS} == {held["v0.5.0"]}
            # Every blob of every platform is there and is what its digest says.
            crane("validate", "--remote", f"{host}/{name}:latest")
        index = json.loads(crane("manifest", f"{host}/{CUDA}:latest"))
        assert [one["platform"]["architecture"] for one in index["manifests"]] == ["amd64", "arm64"]

        broken = "ghcr.io/llm-d/llm-d-cuda@linux/arm64"
        ran = pipeline.run(CALLER, pipeline.push_tag("v0.5.1"), RELEASE_ACTIONS_REGISTRY_URL=registry, BROKEN=broken)
        assert ran.code != 0
        now = {name: digests(f"{host}/{name}") for name in ALL}
        assert now[CUDA] == released[CUDA]
        assert now[CPU] == {**released[CPU], "v0.5.1": now[CPU]["v0.5.1"]}
    assert pipeline.llm_d.look() == before, "GHCR holds nothing of it"
