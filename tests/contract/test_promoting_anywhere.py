"""promote does on the reference registry what it does on the embedded GHCR, and believes what the real gh verifies.

The first tests are those of the command, collected here again with another registry: those that need neither GitHub's
API nor a registry that fails.
"""

# ruff: noqa: F401, F811  # pytest collects what is imported, and finds fixtures by their names

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from tests.commands.promoting import APP, CANDIDATE, FINAL, SIGNER, WEB, Stage, make_candidate, set_up
from tests.commands.published import COMMIT, Shop
from tests.commands.test_promote import (
    STAGING,
    lock,
    promote_staged,
    staged,
    test_a_lock_names_the_candidate,
    test_a_post_release_is_promoted_in_the_projects_own_spelling,
    test_attachments_that_differ_are_kept_and_reported,
    test_the_release_is_the_candidate_byte_by_byte,
    test_verify_images_reads_what_was_promoted,
)
from tests.contract.clients import Desk, host_of
from tests.images.signing import Authority

from release_actions.errors import ExitCode
from release_actions.images import provenance
from release_actions.images.provenance import ISSUER, PREDICATE
from release_actions.simulator.image_factory import attachment_tag

pytestmark = pytest.mark.tools("docker-registry")
run_program = provenance.run_program


@pytest.fixture
def stage(url: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """An empty registry: it keeps nothing in memory, so that taking its files away is enough."""
    environ = {"RELEASE_ACTIONS_REGISTRY_URL": url}
    yield set_up(Shop(url, tmp_path, token="", environ=environ), monkeypatch)
    shutil.rmtree(folder / "data", ignore_errors=True)


@pytest.mark.tools("crane", "skopeo")
@pytest.mark.parametrize("docker", [False, True], ids=["OCI", "Docker"])
@pytest.mark.parametrize("package", [APP, WEB], ids=["index", "one platform"])
def test_others_see_the_candidates_own_bytes(stage: Stage, tmp_path: Path, package: str, *, docker: bool) -> None:
    stage.publish(package, make_candidate(package, docker=docker))
    desk, place = Desk(tmp_path / "desk"), f"{host_of(stage.shop.registry_url)}/{package.partition('/')[2]}"
    raw = ("skopeo", "inspect", "--raw", "--tls-verify=false")

    assert stage.promote().exit_code is ExitCode.PASS

    tested = desk.run(*raw, f"docker://{place}:{CANDIDATE}")
    assert desk.run(*raw, f"docker://{place}:{FINAL}") == tested
    digest = f"sha256:{hashlib.sha256(tested.encode()).hexdigest()}"
    assert desk.run("crane", "digest", f"{place}:{FINAL}").strip() == digest
    options = ("--insecure-policy", "copy", "--all", "--src-tls-verify=false")
    desk.run("skopeo", *options, f"docker://{place}:{FINAL}", f"dir:{tmp_path / 'out'}")


@pytest.mark.tools("crane", "skopeo")
def test_other_clients_find_what_was_copied_with_its_signature(staged: Stage, tmp_path: Path) -> None:
    desk, host = Desk(tmp_path / "desk"), host_of(staged.shop.registry_url)

    assert promote_staged(staged).exit_code is ExitCode.PASS

    there, here = (f"{host}/{package.partition('/')[2]}" for package in (STAGING, APP))
    (digest,) = staged.names(FINAL, APP)
    assert desk.run("crane", "digest", f"{there}:{CANDIDATE}").strip() == digest
    for tag in (attachment_tag(digest), attachment_tag(digest, ".sig")):
        assert desk.run("crane", "manifest", f"{here}:{tag}") == desk.run("crane", "manifest", f"{there}:{tag}")
    options = ("--insecure-policy", "copy", "--all", "--src-tls-verify=false")
    desk.run("skopeo", *options, f"docker://{here}:{FINAL}", f"dir:{tmp_path / 'out'}")


@pytest.mark.tools("gh", "openssl")
@pytest.mark.parametrize("ref", [f"refs/tags/{CANDIDATE}", "refs/heads/main"], ids=["candidate", "dev build"])
def test_the_real_gh_decides(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ref: str) -> None:
    authority = Authority.begin(tmp_path / "authority")
    claims = {
        "issuer": ISSUER,
        "buildSignerURI": f"https://github.com/{SIGNER}@refs/tags/v1",
        "buildSignerDigest": "1" * 40,
        "runnerEnvironment": "github-hosted",
        "sourceRepositoryURI": "https://github.com/acme/app",
        "sourceRepositoryDigest": COMMIT,
        "sourceRepositoryRef": ref,
        "sourceRepositoryOwnerURI": "https://github.com/acme",
        "buildTrigger": "push",
    }
    bundles = []
    for package in (APP, WEB):
        name = package.partition("/")[2]
        manifest = stage.shop.registry.get_manifest(name, CANDIDATE)
        assert manifest is not None
        bundles.append(json.dumps(authority.attest(manifest.body, package, claims, PREDICATE)) + "\n")
    (tmp_path / "bundle.jsonl").write_text("".join(bundles), encoding="utf-8")
    (tmp_path / "root.jsonl").write_text(json.dumps(authority.trusted_root) + "\n", encoding="utf-8")

    def run_gh(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        # Nothing is fetched: whoever tries finds a proxy that does not answer.
        closed = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "HOME": str(tmp_path)}
        return run_program(command, {**environ, **closed, "PATH": os.environ["PATH"], "GH_TOKEN": "none"})

    monkeypatch.setattr(provenance, "run_program", run_gh)
    monkeypatch.setattr("release_actions.images.attested.has_attestations", lambda *_, **__: False)
    report = stage.promote(bundle="bundle.jsonl", trusted_root="root.jsonl")

    is_right = ref.endswith(CANDIDATE)
    assert report.exit_code is (ExitCode.PASS if is_right else ExitCode.REFUSED), report.findings
    assert (stage.names(FINAL) == stage.names(CANDIDATE)) is is_right
