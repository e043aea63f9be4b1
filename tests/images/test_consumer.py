"""The command that docs/security.md gives to people who pull an image, run by the real gh as it stands there."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.images.signing import Authority
from tests.images.test_provenance_verified import CLAIMS

from release_actions.images.provenance import PREDICATE
from release_actions.simulator import Simulator, World, build_image

pytestmark = pytest.mark.tools("gh", "openssl")

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
TAG = "v1.2.3"


@pytest.fixture(name="world")
def _world() -> World:
    """acme with a public image that people pull."""
    made = World()
    made.add_account("acme", organization=True)
    made.add_package("acme/app").visibility = "public"
    made.push("acme/app", build_image(["linux/amd64", "linux/arm64"], seed="app"), [TAG])
    return made


def consume(folder: Path, simulator: Simulator, said: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Attest the image with claims, and run the page's command with the test's own store and root."""
    block = re.search(r"## What a consumer runs\n\n```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert block
    registry = simulator.registry_url.removeprefix("http://")
    text = block[1].replace("ghcr.io/OWNER/IMAGE", f"{registry}/acme/app").replace("OWNER/REPOSITORY", "acme/app")
    manifest = simulator.world.version("acme/app", TAG).manifest.body
    authority = Authority.begin(folder / "authority")
    bundle = authority.attest(manifest, "ghcr.io/acme/app", {**CLAIMS, **said}, PREDICATE)
    (folder / "bundle.jsonl").write_text(json.dumps(bundle) + "\n", encoding="utf-8")
    (folder / "root.jsonl").write_text(json.dumps(authority.trusted_root) + "\n", encoding="utf-8")
    own = ["--bundle", str(folder / "bundle.jsonl"), "--custom-trusted-root", str(folder / "root.jsonl")]
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "GH_TOKEN": "none", "NO_PROXY": "127.0.0.1"}
    environ["HTTPS_PROXY"] = "http://127.0.0.1:9"
    command = [*shlex.split(text.replace("\\\n", " ")), *own]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)


def test_an_image_of_the_release_passes(tmp_path: Path, simulator: Simulator) -> None:
    ended = consume(tmp_path, simulator, {"sourceRepositoryRef": f"refs/tags/{TAG}"})

    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    "said",
    [
        {"sourceRepositoryRef": "refs/heads/main"},
        {"buildSignerURI": "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1"},
        {"sourceRepositoryURI": "https://github.com/evil/app", "sourceRepositoryOwnerURI": "https://github.com/evil"},
        {"runnerEnvironment": "self-hosted"},
    ],
    ids=["branch", "workflow", "repository", "runner"],
)
def test_an_image_of_anything_else_does_not(tmp_path: Path, simulator: Simulator, said: dict[str, str]) -> None:
    ended = consume(tmp_path, simulator, {"sourceRepositoryRef": f"refs/tags/{TAG}", **said})

    assert ended.returncode != 0
