"""Provenance that GitHub's runs really published, verified offline by the real gh and by the real cosign.

The bundles are those that gh's own tests have, from the Go module of the version that is installed: one is signed by a
reusable workflow of another repository, as ours are, one by an issuer of another company.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.images.signing import PROGRAMS, Authority

from release_actions.images import provenance, provenance_cosign
from release_actions.images.provenance import Source, Subject, Trust, Verification
from release_actions.registry.names import digest_of

pytestmark = pytest.mark.tools("go", "openssl")

ROOT = Path(__file__).parents[2]
NAME = "github_provenance_demo-0.0.0-py3-none-any.whl"
SOURCE = Source(
    "malancas/attest-demo",
    "95baf27389e83e6a5c48f42e190d48d7abcea19e",
    "refs/heads/main",
    "github/artifact-attestations-workflows/.github/workflows/attest.yml",
)
CUSTOM = Source(
    "too-legit/attest",
    "283bf967fa3c591925dd25e6a6e8e781542117bf",
    "refs/heads/main",
    "too-legit/attest/.github/workflows/integration.yml",
)
Verify = Callable[..., Verification]


@pytest.fixture(scope="module")
def published() -> Path:
    """The folder with what gh's own tests verify."""
    command = ["go", "mod", "download", "-json", "github.com/cli/cli/v2"]
    ended = subprocess.run(command, cwd=ROOT / ".ci" / "go" / "gh", capture_output=True, text=True, check=True)
    return Path(json.loads(ended.stdout)["Dir"], "pkg", "cmd", "attestation", "test", "data")


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> str:
    """The program that verifies."""
    return str(request.param)


@pytest.fixture
def verify(program: str, tmp_path: Path, published: Path) -> Verify:
    """Verify a published artifact without a way to the network."""
    proxies = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), "http://127.0.0.1:9")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GH_TOKEN": "none", "NO_COLOR": "1", **proxies}
    run = functools.partial(provenance.run_program, environ=environ)

    def verified(
        source: Source = SOURCE,
        *,
        name: str = NAME,
        artifact: str = "reusable-workflow-artifact",
        bundle: Mapping[str, Any] | None = None,
        root: Path | None = None,
    ) -> Verification:
        shutil.copyfile(published / artifact, tmp_path / "artifact")
        line = json.dumps(bundle or read(published / "reusable-workflow-attestation.sigstore.json"))
        (tmp_path / "bundles.jsonl").write_text(line + "\n", encoding="utf-8")
        trusted = json.dumps(read(root or published / "trusted_root.json"))
        (tmp_path / "root.json").write_text(trusted + "\n", encoding="utf-8")
        trust = Trust(tmp_path / "bundles.jsonl", tmp_path / "root.json")
        subject = Subject(tmp_path / "artifact", name, digest_of((tmp_path / "artifact").read_bytes()))
        if program == "gh":
            provenance.require_gh(run)
            return provenance.verify(subject, source, trust, run)
        provenance_cosign.require_cosign(run)
        bundles = provenance_cosign.read_bundles(tmp_path / "bundles.jsonl")
        return provenance_cosign.verify(subject, source, bundles, trust, run)

    return verified


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_what_a_reusable_workflow_attested_is_proved(verify: Verify) -> None:
    assert verify() == Verification(verified=True)


@pytest.mark.parametrize(
    "asked",
    [
        {"repository": "malancas/other"},
        {"commit": "f" * 40},
        {"ref": "refs/tags/v0.6.0"},
        {"signer": "malancas/attest-demo/.github/workflows/shared.yml"},
        {"signer": "github/artifact-attestations-workflows/.github/workflows/attest"},
    ],
    ids="-".join,
)
def test_what_is_asked_otherwise_is_not_proved(verify: Verify, asked: dict[str, str]) -> None:
    assert not verify(replace(SOURCE, **asked)).verified


def test_another_artifact_and_another_name_are_not_proved(verify: Verify) -> None:
    assert not verify(artifact="custom-issuer-artifact").verified
    assert verify(name="another.whl").words == f"it is about {NAME}"


def test_what_another_issuer_vouches_for_is_not_proved(verify: Verify, published: Path) -> None:
    bundle = read(published / "custom-issuer.sigstore.json")

    assert not verify(CUSTOM, name="artifact", artifact="custom-issuer-artifact", bundle=bundle).verified


def test_a_published_bundle_is_not_believed_under_a_root_of_our_own(verify: Verify, tmp_path: Path) -> None:
    authority = Authority.begin(tmp_path / "authority")
    (tmp_path / "own.json").write_text(json.dumps(authority.trusted_root), encoding="utf-8")

    assert not verify(root=tmp_path / "own.json").verified


def test_a_bundle_whose_log_entry_or_payload_was_changed_is_not_believed(verify: Verify, published: Path) -> None:
    bundle = read(published / "reusable-workflow-attestation.sigstore.json")
    other = read(published / "custom-issuer.sigstore.json")

    assert not verify(bundle={**bundle, "dsseEnvelope": other["dsseEnvelope"]}).verified
    material = {**bundle["verificationMaterial"], "tlogEntries": other["verificationMaterial"]["tlogEntries"]}
    assert not verify(bundle={**bundle, "verificationMaterial": material}).verified
