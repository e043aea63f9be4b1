"""Provenance verified by the real gh and by the real cosign, offline, under a trusted root of the test's own.

gh believes an authority that has a timestamp and no log, as GitHub's own for private repositories is. cosign wants a
certificate and a signature that a log has, and gets logs of the test's own.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.images.signing import PROGRAMS, Authority
from tests.images.transparency import Log

from release_actions.images import provenance, provenance_cosign
from release_actions.images.provenance import ISSUER, PREDICATE, Source, Subject, Trust, Verification
from release_actions.registry.names import digest_of

pytestmark = pytest.mark.tools("openssl")

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


Verify = Callable[..., Verification]


@pytest.fixture(scope="module", params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> str:
    """The program that verifies."""
    return str(request.param)


@pytest.fixture(scope="module")
def authority(program: str, tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return begin(program, tmp_path_factory.mktemp("sigstore") / "authority")


def begin(program: str, folder: Path) -> Authority:
    """An authority that a program can believe."""
    return Authority.begin(folder, logged=program == "cosign")


def ask(program: str, authority: Authority, folder: Path, *bundles: Mapping[str, Any]) -> Verification:
    """Whether bundles prove to a program that the manifest is the package's and from the source."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "GH_TOKEN": "none", "NO_COLOR": "1"}
    # Nothing is fetched: whoever tries finds a proxy that does not answer.
    environ |= {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    run = functools.partial(provenance.run_program, environ=environ)
    trust = Trust(folder / "bundle.jsonl", folder / "root.jsonl")
    subject = Subject(folder / "manifest.json", APP, digest_of(MANIFEST))
    subject.manifest.write_bytes(MANIFEST)
    (folder / "bundle.jsonl").write_text("".join(json.dumps(one) + "\n" for one in bundles), encoding="utf-8")
    (folder / "root.jsonl").write_text(json.dumps(authority.trusted_root) + "\n", encoding="utf-8")
    if program == "gh":
        provenance.require_gh(run)
        return provenance.verify(subject, SOURCE, trust, run)
    provenance_cosign.require_cosign(run)
    read = provenance_cosign.read_bundles(folder / "bundle.jsonl")
    return provenance_cosign.verify(subject, SOURCE, read, trust, run)


@pytest.fixture
def verify(program: str, authority: Authority, tmp_path: Path) -> Verify:
    """Ask the program under the trusted root of the authority."""
    return functools.partial(ask, program, authority, tmp_path)


def attest(authority: Authority, said: Mapping[str, str] = CLAIMS, *, subject: bytes = MANIFEST) -> dict[str, Any]:
    """The bundle of an attestation. `said`: claims that differ, and `predicate` and `package`."""
    claims = {**CLAIMS, **said}
    predicate, package = claims.pop("predicate", PREDICATE), claims.pop("package", APP)
    return authority.attest(subject, package, claims, predicate)


def test_what_this_workflow_built_from_this_tag_is_proved(verify: Verify, authority: Authority) -> None:
    assert verify(attest(authority)) == Verification(verified=True)


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
def test_what_was_built_otherwise_is_not(verify: Verify, authority: Authority, said: dict[str, str]) -> None:
    assert not verify(attest(authority, said)).verified


def test_an_attestation_of_another_image_proves_nothing(verify: Verify, authority: Authority) -> None:
    assert not verify(attest(authority, subject=b"another image")).verified


def test_what_a_stranger_vouches_for_is_not_believed(program: str, verify: Verify, tmp_path: Path) -> None:
    stranger = begin(program, tmp_path / "stranger")

    assert not verify(attest(stranger)).verified


def test_a_bundle_that_was_changed_is_not_believed(verify: Verify, authority: Authority) -> None:
    bundle = attest(authority)
    other = attest(authority, {"sourceRepositoryRef": "refs/heads/main"})
    material = {**other["verificationMaterial"], "certificate": bundle["verificationMaterial"]["certificate"]}

    assert verify(bundle).verified
    assert not verify({**other, "verificationMaterial": material}).verified


def test_one_of_several_attestations_is_enough(verify: Verify, authority: Authority) -> None:
    other = attest(authority, {"sourceRepositoryRef": "refs/heads/main"})

    assert verify(other, attest(authority)).verified


@pytest.mark.tools("cosign")
@pytest.mark.parametrize("log", [Log(), None], ids=["another", "none"])
@pytest.mark.parametrize("of", ["certificates", "entries"])
def test_what_the_logs_do_not_have_is_not_believed_by_cosign(tmp_path: Path, log: Log | None, of: str) -> None:
    authority = begin("cosign", tmp_path / "authority")
    of_certificates = dataclasses.replace(authority, certificate_log=log)
    stranger = of_certificates if of == "certificates" else dataclasses.replace(authority, entry_log=log)

    assert ask("cosign", authority, tmp_path, attest(authority)).verified
    assert not ask("cosign", authority, tmp_path, attest(stranger)).verified
