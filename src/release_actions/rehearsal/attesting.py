"""What stands in for GitHub's attestations: a note of each, and a `gh` on the path of every job that prints them."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

from release_actions.rehearsal.job import Job

SIGNER = "https://github.com/llm-d/release-actions/.github/workflows/build-and-publish.yml@refs/tags/v1"
ISSUER = "https://token.actions.githubusercontent.com"
PREDICATE = "https://slsa.dev/provenance/v1"
PROGRAM = Path(__file__).with_name("gh_stand_in.py")


class AttestationStore:
    """The attestations of a rehearsal in a folder, one file for each digest. `programs` has the stand-in of gh."""

    def __init__(self, folder: Path) -> None:
        self._notes = folder / "attestations"
        self.programs = folder / "programs"
        self._notes.mkdir(parents=True)
        self.programs.mkdir()
        command = " ".join(shlex.quote(str(word)) for word in (sys.executable, "-I", "-S", PROGRAM, self._notes))
        gh = self.programs / "gh"
        gh.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        gh.chmod(0o755)

    def add(self, package: str, digest: str, job: Job) -> None:
        """Note that a job attested an image of a package."""
        file = self._notes / f"{digest.removeprefix('sha256:')}.json"
        known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
        file.write_text(json.dumps([*known, make_result(package, digest, job)]), encoding="utf-8")


def make_result(package: str, digest: str, job: Job) -> dict[str, Any]:
    """An attestation as `gh attestation verify --format json` prints it."""
    certificate = {
        "issuer": ISSUER,
        "buildSignerURI": SIGNER,
        "subjectAlternativeName": SIGNER,
        "sourceRepositoryURI": f"{job.server_url}/{job.repository}",
        "sourceRepositoryDigest": job.sha,
        "sourceRepositoryRef": job.ref,
    }
    subject = {"name": package, "digest": {"sha256": digest.removeprefix("sha256:")}}
    statement = {"predicateType": PREDICATE, "subject": [subject]}
    return {"verificationResult": {"signature": {"certificate": certificate}, "statement": statement}}
