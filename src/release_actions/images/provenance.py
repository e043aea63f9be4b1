"""Was this image built by this workflow from this commit? Only a verified attestation says so; a label is a claim.

The signature is verified by `gh attestation verify`, as a program: certificates, logs and timestamps are its business.
What the certificate has to say is checked here again, since a flag that an old gh does not know would verify less, and
since gh compares digests and never the name of the package. Without the branch or tag in the certificate, a dev build
of the same commit would pass for a release.
"""

from __future__ import annotations

import enum
import json
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREDICATE = "https://slsa.dev/provenance/v1"
"""Type of the attestation that actions/attest makes (SLSA 1.0, provenance)."""

ISSUER = "https://token.actions.githubusercontent.com"
"""Who vouches for the identity of a run on github.com. An Enterprise Server's own issuer ends with its path."""

LEAST_GH = (2, 68, 0)
"""The first gh that knows --source-ref and --source-digest. Some older ones exit with 0 when nothing matched."""

SECONDS = 120


class Level(enum.Enum):
    """How much is known about who built an image, from the most to the least."""

    VERIFIED = "verified"
    LISTED = "listed"
    """GitHub lists an attestation of the digest, which does not prove what is asked. Any job that may attest can have
    stored it."""
    OTHER = "other"
    """An attestation proves who built the digest, and its bytes say that it is another image than the list means."""
    NONE = "none"
    """GitHub has no attestation of the digest. It may also have been deleted."""


@dataclass(frozen=True)
class Subject:
    """What an attestation has to be about: a package and the digest of its manifest, whose exact bytes a file has."""

    manifest: Path
    package: str
    digest: str


@dataclass(frozen=True)
class Source:
    """What an attestation has to say. `signer`: the workflow that signs, as `owner/name/.github/workflows/file`."""

    repository: str
    commit: str
    ref: str
    signer: str
    server: str = "https://github.com"


@dataclass(frozen=True)
class Trust:
    """Files to verify by in place of GitHub's services: a bundle of attestations, and a trusted root."""

    bundle: Path | None = None
    root: Path | None = None


@dataclass(frozen=True)
class Verification:
    """The answer: whether an attestation proves it, and gh's or our own words where none does."""

    verified: bool
    words: str = ""


Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


class VerifierMissing(Exception):  # noqa: N818  # not an error that users see: the command says what follows from it
    """There is no gh or cosign, or it is too old to verify all that is asked."""


def run_program(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program to its end. Raises `OSError` without it and `subprocess.TimeoutExpired` when it hangs."""
    return subprocess.run(  # noqa: S603  # gh, with arguments that are no options: a path and texts of a checked form
        command,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def require_gh(run: Run) -> None:
    """Raise `VerifierMissing` unless there is a gh that verifies what is asked."""
    try:
        ended = run(["gh", "--version"])
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"gh does not run here: {error}"
        raise VerifierMissing(message) from error
    match = re.search(r"gh version (\d+)\.(\d+)\.(\d+)", ended.stdout)
    if match is None or tuple(map(int, match.groups())) < LEAST_GH:
        message = f"gh is {ended.stdout.partition(chr(10))[0] or 'of an unknown version'}"
        raise VerifierMissing(message)


def verify(subject: Subject, source: Source, trust: Trust, run: Run) -> Verification:
    """Whether an attestation proves that a manifest is a package's and from a source.

    Raises `VerifierMissing` when gh does not run to its end.
    """
    try:
        ended = run(make_command(subject.manifest, source, trust))
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VerifierMissing(str(error)) from error
    if ended.returncode:
        return Verification(verified=False, words=shorten(ended.stderr or ended.stdout))
    try:
        answers = json.loads(ended.stdout)
        reasons = [find_mismatch(answer["verificationResult"], subject, source) for answer in answers]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return Verification(verified=False, words="gh printed something else than its results")
    if "" in reasons:
        return Verification(verified=True)
    return Verification(verified=False, words=reasons[0] if reasons else "gh printed no attestation")


def make_command(manifest: Path, source: Source, trust: Trust) -> list[str]:
    """The call of gh that verifies a file."""
    command = ["gh", "attestation", "verify", str(manifest), "--format", "json", "--repo", source.repository]
    command += ["--signer-workflow", source.signer, "--predicate-type", PREDICATE]
    command += ["--source-ref", source.ref, "--source-digest", source.commit]
    if trust.bundle:
        command += ["--bundle", str(trust.bundle)]
    if trust.root:
        command += ["--custom-trusted-root", str(trust.root)]
    return command


def find_mismatch(result: Mapping[str, Any], subject: Subject, source: Source) -> str:
    """What an attestation, whose signature was verified, says that was not asked for; empty if nothing."""
    certificate = result["signature"]["certificate"]
    signer = f"{source.server}/{source.signer}@"
    expected: tuple[tuple[str, bool], ...] = (
        (f"its issuer is {certificate['issuer']}", certificate["issuer"] == ISSUER),
        (
            f"it is signed by {certificate['buildSignerURI']}",
            str(certificate["buildSignerURI"]).startswith(signer)
            and certificate["subjectAlternativeName"] == certificate["buildSignerURI"],
        ),
        (
            f"it is from {certificate['sourceRepositoryURI']}",
            str(certificate["sourceRepositoryURI"]).lower() == f"{source.server}/{source.repository}".lower(),
        ),
        (
            f"it is from commit {certificate['sourceRepositoryDigest']}",
            certificate["sourceRepositoryDigest"] == source.commit,
        ),
        (f"it is from {certificate['sourceRepositoryRef']}", certificate["sourceRepositoryRef"] == source.ref),
    )
    words = next((words for words, is_right in expected if not is_right), "")
    return words or find_statement_mismatch(result["statement"], subject)


def find_statement_mismatch(statement: Mapping[str, Any], subject: Subject) -> str:
    """What a statement, whose signature was verified, says that was not asked for; empty if nothing.

    The package and the digest have to be one subject's: of a statement about several, gh and cosign take any digest.
    """
    if statement["predicateType"] != PREDICATE:
        return f"it is of {statement['predicateType']}"
    named = {(str(one.get("name")), str(one.get("digest", {}).get("sha256"))) for one in statement["subject"]}
    if (subject.package, subject.digest.removeprefix("sha256:")) not in named:
        return f"it is about {', '.join(sorted(name for name, _ in named))}"
    return ""


def shorten(words: str) -> str:
    """The last line of what a program said that is not empty."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "gh said nothing"
