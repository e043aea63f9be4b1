"""The same question as in `provenance`, answered by `cosign verify-blob-attestation` where there is no gh.

cosign looks nothing up: it verifies one bundle at a time, which is given to it. It compares issuer, signer, repository,
commit and ref with the certificate, and the digest with the statement. It does not print the statement, and does not
compare the name of the package, so the statement is read here, from the very bundle that was verified.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from release_actions.errors import InputError
from release_actions.images.provenance import (
    ISSUER,
    PREDICATE,
    Run,
    Source,
    Subject,
    Trust,
    Verification,
    VerifierMissing,
    find_statement_mismatch,
    shorten,
)

LEAST_COSIGN = (3, 1, 3)
"""The first cosign whose answers about bundles can be relied on: older ones miss signatures that are there."""


def require_cosign(run: Run) -> None:
    """Raise `VerifierMissing` unless there is a cosign that verifies what is asked."""
    try:
        ended = run(["cosign", "version", "--json"])
        version = str(json.loads(ended.stdout)["gitVersion"])
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"cosign does not run here: {error}"
        raise VerifierMissing(message) from error
    except (ValueError, KeyError, TypeError) as error:
        message = "cosign is of an unknown version"
        raise VerifierMissing(message) from error
    match = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)", version)
    if match is None or tuple(map(int, match.groups())) < LEAST_COSIGN:
        message = f"cosign is {version}"
        raise VerifierMissing(message)


def verify(
    subject: Subject, source: Source, bundles: Iterable[Mapping[str, Any]], trust: Trust, run: Run
) -> Verification:
    """Whether one of some bundles proves that a manifest is a package's and from a source.

    Raises `VerifierMissing` when cosign does not run to its end.
    """
    words = "there is no attestation"
    for bundle in bundles:
        file = subject.manifest.with_name("bundle.json")
        file.write_text(json.dumps(bundle), encoding="utf-8")
        try:
            ended = run(make_command(subject.manifest, file, source, trust))
        except (OSError, subprocess.TimeoutExpired) as error:
            raise VerifierMissing(str(error)) from error
        words = shorten(ended.stderr or ended.stdout) if ended.returncode else find_mismatch(bundle, subject)
        if not words:
            return Verification(verified=True)
    return Verification(verified=False, words=words)


def read_bundles(file: Path) -> list[Mapping[str, Any]]:
    """The bundles of a file, one a line or a single one. Raises `InputError`."""
    text = file.read_text(encoding="utf-8")
    try:
        return [json.loads(text)]
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        message = f"{file.name} holds no bundles, one a line."
        raise InputError(message, hint="Pass what `gh attestation download` writes.") from error


def make_command(manifest: Path, bundle: Path, source: Source, trust: Trust) -> list[str]:
    """The call of cosign that verifies a file by a bundle."""
    signer = f"^{re.escape(f'{source.server}/{source.signer}')}@.+$"
    command = ["cosign", "verify-blob-attestation", "--bundle", str(bundle), "--type", PREDICATE]
    command += ["--certificate-oidc-issuer", ISSUER, "--certificate-identity-regexp", signer]
    command += ["--certificate-github-workflow-repository", source.repository]
    command += ["--certificate-github-workflow-sha", source.commit, "--certificate-github-workflow-ref", source.ref]
    if trust.root:
        command += ["--trusted-root", str(trust.root)]
    return [*command, str(manifest)]


def find_mismatch(bundle: Mapping[str, Any], subject: Subject) -> str:
    """What the statement of a verified bundle says that was not asked for; empty if nothing."""
    try:
        statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        return find_statement_mismatch(statement, subject)
    except (ValueError, KeyError, TypeError, AttributeError):
        return "its statement cannot be read"
