"""Provenance verified by the real gh, offline, with certificates and timestamps of the test's own."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.images.signing import Authority

from release_actions.images import provenance
from release_actions.images.provenance import ISSUER, PREDICATE, Source, Subject, Trust, Verification
from release_actions.registry.names import digest_of

pytestmark = pytest.mark.tools("gh", "openssl")

APP, WEB = "ghcr.io/acme/app", "ghcr.io/acme/web"
COMMIT, OTHER = "0" * 40, "f" * 40
SIGNER = "llm-d/release-actions/.github/workflows/build-and-publish.yml"
SOURCE = Source("acme/app", COMMIT, "refs/tags/v0.6.0", SIGNER)
MANIFEST = b'{"schemaVersion": 2}'
CLAIMS = {
    "issuer": ISSUER,
    "buildSignerURI": f"https://github.com/{SIGNER}@refs/tags/v1",
    "buildSignerDigest": "1" * 40,
    "runnerEnvironment": "github-hosted",
    "sourceRepositoryURI": "https://github.com/acme/app",
    "sourceRepositoryDigest": COMMIT,
    "sourceRepositoryRef": "refs/tags/v0.6.0",
    "sourceRepositoryOwnerURI": "https://github.com/acme",
    "buildConfigURI": "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v0.6.0",
    "buildTrigger": "push",
    "runInvocationURI": "https://github.com/acme/app/actions/runs/1/attempts/1",
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.begin(tmp_path_factory.mktemp("sigstore") / "authority")


def verify(
    folder: Path,
    authority: Authority,
    said: Mapping[str, str] = CLAIMS,
    *,
    by: Authority | None = None,
    subject: bytes = MANIFEST,
) -> Verification:
    """Attest the manifest with claims, and ask whether it proves what is asked. `by`: who vouched for it."""
    claims = {**CLAIMS, **said}
    predicate, package = claims.pop("predicate", PREDICATE), claims.pop("package", APP)
    bundle = (by or authority).attest(subject, package, claims, predicate)
    (folder / "bundle.jsonl").write_text(json.dumps(bundle) + "\n", encoding="utf-8")
    (folder / "root.jsonl").write_text(json.dumps(authority.trusted_root) + "\n", encoding="utf-8")
    (folder / "manifest.json").write_bytes(MANIFEST)
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "GH_TOKEN": "none", "NO_COLOR": "1"}
    # Nothing is fetched: whoever tries finds a proxy that does not answer.
    environ |= {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    run = functools.partial(provenance.run_program, environ=environ)
    provenance.require_gh(run)
    trust = Trust(folder / "bundle.jsonl", folder / "root.jsonl")
    return provenance.verify(Subject(folder / "manifest.json", APP, digest_of(MANIFEST)), SOURCE, trust, run)


def test_what_this_workflow_built_from_this_tag_is_proved(tmp_path: Path, authority: Authority) -> None:
    verification = verify(tmp_path, authority)

    assert verification == Verification(verified=True)


@pytest.mark.parametrize(
    "said",
    [
        {"sourceRepositoryRef": "refs/heads/main"},
        {"sourceRepositoryDigest": OTHER},
        {"sourceRepositoryURI": "https://github.com/evil/app", "sourceRepositoryOwnerURI": "https://github.com/evil"},
        {"buildSignerURI": "https://github.com/acme/app/.github/workflows/other.yml@refs/heads/main"},
        {"issuer": "https://evil.example"},
        {"predicate": "https://spdx.dev/Document"},
        {"package": WEB},
    ],
    ids=["branch", "commit", "repository", "workflow", "issuer", "predicate", "package"],
)
def test_what_was_built_otherwise_is_not(tmp_path: Path, authority: Authority, said: dict[str, str]) -> None:
    assert not verify(tmp_path, authority, said).verified


def test_an_attestation_of_another_image_proves_nothing(tmp_path: Path, authority: Authority) -> None:
    assert not verify(tmp_path, authority, subject=b"another image").verified


def test_what_a_stranger_vouches_for_is_not_believed(tmp_path: Path, authority: Authority) -> None:
    stranger = Authority.begin(tmp_path / "stranger")

    assert not verify(tmp_path, authority, by=stranger).verified


def test_a_bundle_that_was_changed_is_not_believed(tmp_path: Path, authority: Authority) -> None:
    assert verify(tmp_path, authority).verified
    bundle = json.loads((tmp_path / "bundle.jsonl").read_text(encoding="utf-8"))
    other = authority.attest(MANIFEST, APP, {**CLAIMS, "sourceRepositoryRef": "refs/heads/main"}, PREDICATE)
    bundle["verificationMaterial"]["certificate"] = other["verificationMaterial"]["certificate"]
    (tmp_path / "bundle.jsonl").write_text(json.dumps(bundle) + "\n", encoding="utf-8")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GH_TOKEN": "none"}
    run = functools.partial(provenance.run_program, environ=environ)

    trust = Trust(tmp_path / "bundle.jsonl", tmp_path / "root.jsonl")
    assert not provenance.verify(
        Subject(tmp_path / "manifest.json", APP, digest_of(MANIFEST)), SOURCE, trust, run
    ).verified
