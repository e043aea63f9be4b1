"""A release whose images go to GHCR under two names and to a registry of another kind, played by our workflows."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contract.distribution import running
from tests.e2e.pipeline import Pipeline
from tests.e2e.reference_registry import crane, digests
from tests.e2e.test_ci_release import CALLER, CUDA, tags

pytestmark = pytest.mark.tools("act", "git", "buildah", "crane", "jq", "docker-registry")

CONFIG = """\
repository: llm-d/llm-d
channels:
  release:
    name: "{{image}}"
    destinations:
      mirror: {{name: "copy-of-{{image}}"}}
      hub: {{registry: "{host}", namespace: hub, name: "{{image}}-server"}}
credentials:
  "{host}": {{username: QUAY_USER, password: QUAY_TOKEN}}
images:
  llm-d-cuda:
    platforms: [linux/amd64, linux/arm64]
    dockerfile: docker/Dockerfile.cuda
    scan: {{critical: gate}}
"""
CREDENTIALS = """\
      registry-credentials: |
        QUAY_USER=${{ secrets.QUAY_USER }}
        QUAY_TOKEN=${{ secrets.QUAY_TOKEN }}
"""
MIRROR = "llm-d/copy-of-llm-d-cuda"


def test_a_release_is_published_signed_and_floats_in_every_destination(pipeline: Pipeline, tmp_path: Path) -> None:
    caller = tmp_path / "ci-release.yml"
    caller.write_text(CALLER.read_text(encoding="utf-8") + CREDENTIALS, encoding="utf-8")
    with running(tmp_path / "registry") as registry:
        host = registry.removeprefix("http://")
        hub = f"{host}/hub/llm-d-cuda-server"
        pipeline.configure(CONFIG.format(host=host))

        ran = pipeline.run(caller, pipeline.push_tag("v0.5.0"))

        assert ran.code == 0, ran.errors
        released = tags(pipeline, CUDA)
        assert {released[tag] for tag in ("latest", "v0", "v0.5")} == {released["v0.5.0"]}
        wanted = dict.fromkeys(("latest", "v0", "v0.5", "v0.5.0"), released["v0.5.0"])
        mirrored = pipeline.llm_d.setting.world.tags(MIRROR)
        assert {tag: digest for tag, digest in mirrored.items() if tag[0] != "s"} == digests(hub) == wanted
        crane("validate", "--remote", f"{hub}:latest")
        assert len(pipeline.recorded("build")) == len(("linux/amd64", "linux/arm64"))
        signature = wanted["latest"].replace(":", "-")
        assert signature in crane("ls", hub).split()
        assert signature in mirrored
        assert {said["name"] for said in pipeline.recorded("attest")} == {f"ghcr.io/{CUDA}", f"ghcr.io/{MIRROR}", hub}

    ran = pipeline.run(caller, pipeline.push_tag("v0.5.1"))

    assert ran.code != 0
    assert (tags(pipeline, CUDA), pipeline.llm_d.setting.world.tags(MIRROR)) == (released, mirrored)
