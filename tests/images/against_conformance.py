"""Bundles of Sigstore's conformance suite: none of its faulty ones proves anything here, by gh or by cosign.

No test of the suite: the bundles have no licence that would let them be kept here. The nightly workflow checks them
out: `RELEASE_ACTIONS_CONFORMANCE=FOLDER ./release-actions test tests/images/against_conformance.py`, with a checkout
of sigstore/sigstore-conformance as the folder.
"""

from __future__ import annotations

import base64
import functools
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from tests.images.signing import FULCIO, PROGRAMS

from release_actions.errors import InputError
from release_actions.images import provenance, provenance_cosign
from release_actions.images.provenance import Source, Subject, Trust
from release_actions.registry.names import digest_of

BUNDLES = Path(os.environ["RELEASE_ACTIONS_CONFORMANCE"], "test", "assets", "bundle-verify")
CASES = sorted(folder for folder in BUNDLES.iterdir() if folder.is_dir())
PROVED = {"happy-path-intoto-in-dsse-v3", "rekor2-dsse-happy-path"}
"""The good bundles that are SLSA provenance by the public Sigstore. The others sign a file or use other roots."""

LEAST_FAULTY = 40
"""Faulty bundles that there were at least in August 2026: 49."""

BEACON = "sigstore-conformance/extremely-dangerous-public-oidc-beacon"
WORKFLOW = f"{BEACON}/.github/workflows/extremely-dangerous-oidc-beacon.yml"


@pytest.fixture(scope="module")
def public_root() -> Path:
    """The trusted root of the public Sigstore, of gh's own tests."""
    command = ["go", "mod", "download", "-json", "github.com/cli/cli/v2"]
    gh = Path(__file__).parents[2] / ".ci" / "go" / "gh"
    ended = subprocess.run(command, cwd=gh, capture_output=True, text=True, check=True)
    return Path(json.loads(ended.stdout)["Dir"], "pkg/cmd/attestation/test/data/trusted_root.json")


def read_claim(bundle: Mapping[str, Any], number: int) -> str:
    """A claim of the certificate in the first form; empty without a certificate or the claim."""
    material = bundle.get("verificationMaterial", {})
    try:
        entry = material.get("certificate") or material["x509CertificateChain"]["certificates"][0]
        certificate = x509.load_der_x509_certificate(base64.b64decode(entry["rawBytes"]))
        extension = certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(f"{FULCIO}{number}"))
    except (KeyError, IndexError, ValueError, x509.ExtensionNotFound):
        return ""
    return str(extension.value.value.decode()) if isinstance(extension.value, x509.UnrecognizedExtension) else ""


def read_name(bundle: Mapping[str, Any]) -> str:
    """The name of the first subject of the statement; empty for a bundle without one."""
    try:
        statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        return str(statement["subject"][0]["name"])
    except (KeyError, IndexError, ValueError):
        return ""


def is_proved(program: str, case: Path, public_root: Path, folder: Path) -> bool:
    """Whether a program and we believe a bundle that is asked for exactly what its certificate and statement say."""
    text = (case / "bundle.sigstore.json").read_text(encoding="utf-8")
    try:
        bundle = json.loads(text)
    except ValueError:
        bundle = {}
    artifact = next(file for file in (case / "artifact", BUNDLES / "a.txt") if file.is_file())
    root = next(file for file in (case / "trusted_root.json", public_root) if file.is_file())
    (folder / "artifact").write_bytes(artifact.read_bytes())
    (folder / "root.json").write_text(json.dumps(json.loads(root.read_text(encoding="utf-8"))) + "\n", encoding="utf-8")
    (folder / "bundle.jsonl").write_text(json.dumps(bundle) + "\n" if bundle else text, encoding="utf-8")
    source = Source(BEACON, read_claim(bundle, 3) or "0" * 40, read_claim(bundle, 6) or "refs/heads/main", WORKFLOW)
    subject = Subject(folder / "artifact", read_name(bundle), digest_of(artifact.read_bytes()))
    trust = Trust(folder / "bundle.jsonl", folder / "root.json")
    proxies = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY"), "http://127.0.0.1:9")
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "GH_TOKEN": "none", "NO_COLOR": "1", **proxies}
    run = functools.partial(provenance.run_program, environ=environ)
    if program == "gh":
        return provenance.verify(subject, source, trust, run).verified
    try:
        bundles = provenance_cosign.read_bundles(trust.bundle or folder)
    except InputError:
        return False
    return provenance_cosign.verify(subject, source, bundles, trust, run).verified


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bundle_is_believed_if_it_is_good_provenance(
    program: str, case: Path, public_root: Path, tmp_path: Path
) -> None:
    assert is_proved(program, case, public_root, tmp_path) is (case.name in PROVED)


def test_the_suite_is_there() -> None:
    names = {case.name for case in CASES}

    assert names >= PROVED
    assert sum(name.endswith("_fail") for name in names) >= LEAST_FAULTY
