"""The commands that pages give to people who verify what was released, run by the real gh as they stand there."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.images.signing import Authority
from tests.images.test_provenance_verified import CLAIMS
from tests.manifests.documented import list_blocks

from release_actions.images.provenance import PREDICATE
from release_actions.simulator import Simulator, World, build_image

pytestmark = pytest.mark.tools("gh", "openssl")

VERIFY = "gh attestation verify "
COMMANDS = [(block.page, line) for block in list_blocks() for line in block.commands if line.startswith(VERIFY)]
PACKAGES = {"docs/security.md": ("acme/app", "v1.2.3"), "docs/promote.md": ("llm-d/llm-d-cuda", "v0.6.0")}
RELEASE = "docs/security.md"
TAG = "v1.2.3"


@pytest.fixture(name="world")
def _world() -> World:
    """Public images that people pull."""
    made = World()
    for package, tag in PACKAGES.values():
        made.add_account(package.partition("/")[0], organization=True)
        made.add_package(package).visibility = "public"
        made.push(package, build_image(["linux/amd64", "linux/arm64"], seed=package), [tag])
    return made


def consume(folder: Path, simulator: Simulator, page: str, said: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Attest what a page's command verifies with claims, and run it with the test's own store and root."""
    (command,) = (line for name, line in COMMANDS if name == page)
    command = command.replace("OWNER/REPOSITORY", "acme/app").replace("OWNER/IMAGE:v1.2.3", f"acme/app:{TAG}")
    name, artifact = shlex.split(command)[3], b"a wheel"
    if page in PACKAGES:
        name, artifact = f"ghcr.io/{PACKAGES[page][0]}", simulator.world.version(*PACKAGES[page]).manifest.body
    else:
        (folder / name).write_bytes(artifact)
    authority = Authority.begin(folder / "authority")
    bundle = authority.attest(artifact, name, {**CLAIMS, **said}, PREDICATE)
    (folder / "bundle.jsonl").write_text(json.dumps(bundle) + "\n", encoding="utf-8")
    (folder / "root.jsonl").write_text(json.dumps(authority.trusted_root) + "\n", encoding="utf-8")
    own = ["--bundle", str(folder / "bundle.jsonl"), "--custom-trusted-root", str(folder / "root.jsonl")]
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "GH_TOKEN": "none", "NO_PROXY": "127.0.0.1"}
    environ["HTTPS_PROXY"] = "http://127.0.0.1:9"
    words = shlex.split(command.replace("ghcr.io", simulator.registry_url.removeprefix("http://")))
    return subprocess.run(
        [*words, *own], cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=60
    )


def is_from(repository: str, ref: str) -> dict[str, str]:
    """The claims about a source."""
    return {
        "sourceRepositoryURI": f"https://github.com/{repository}",
        "sourceRepositoryOwnerURI": f"https://github.com/{repository.partition('/')[0]}",
        "sourceRepositoryRef": ref,
    }


RIGHT = {
    RELEASE: is_from("acme/app", f"refs/tags/{TAG}"),
    "docs/promote.md": is_from("llm-d/llm-d", "refs/tags/v0.6.0-rc.2"),
    "docs/releasing.md": {
        **is_from("llm-d/release-actions", "refs/tags/v1.0.0"),
        "buildSignerURI": "https://github.com/llm-d/release-actions/.github/workflows/publish.yml@refs/tags/v1.0.0",
    },
}
"""The claims of what each page verifies."""


def test_every_page_that_tells_how_to_verify_is_tried() -> None:
    assert sorted(page for page, _ in COMMANDS) == sorted(RIGHT)


@pytest.mark.parametrize("page", RIGHT)
def test_what_was_released_passes(tmp_path: Path, simulator: Simulator, page: str) -> None:
    ended = consume(tmp_path, simulator, page, RIGHT[page])

    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("page", RIGHT)
@pytest.mark.parametrize(
    "said",
    [
        {"sourceRepositoryRef": "refs/heads/main"},
        {"buildSignerURI": "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1"},
        {"sourceRepositoryURI": "https://github.com/evil/app", "sourceRepositoryOwnerURI": "https://github.com/evil"},
    ],
    ids=["branch", "workflow", "repository"],
)
def test_what_is_of_anything_else_does_not(
    tmp_path: Path, simulator: Simulator, page: str, said: dict[str, str]
) -> None:
    assert consume(tmp_path, simulator, page, {**RIGHT[page], **said}).returncode != 0


def test_an_image_that_a_runner_of_ones_own_signed_does_not(tmp_path: Path, simulator: Simulator) -> None:
    said = {**RIGHT[RELEASE], "runnerEnvironment": "self-hosted"}

    assert consume(tmp_path, simulator, RELEASE, said).returncode != 0
