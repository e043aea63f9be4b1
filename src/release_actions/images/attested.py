"""How much is known about who built an image: what is verified, and what GitHub lists where nothing is."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import dataclass
from pathlib import Path

from release_actions.errors import ActionError, ExitCode
from release_actions.github.attestations import has_attestations, read_bundles
from release_actions.http.client import Http
from release_actions.images import provenance, provenance_cosign
from release_actions.images.provenance import Level, Source, Subject, Trust, Verification, VerifierMissing
from release_actions.runner.context import Context

GH, COSIGN = "gh", "cosign"
"""Programs that verify attestations."""


class UnknownProvenanceError(ActionError):
    """Who built an image could not be found out."""

    exit_code = ExitCode.UNKNOWN


@dataclass(frozen=True)
class Attestations:
    """The attestations of one repository. `token` is for GitHub's API, `verifier` is `GH` or `COSIGN`."""

    http: Http
    context: Context
    trust: Trust
    token: str = ""
    verifier: str = GH

    def find_level(self, body: bytes, digest: str, package: str, source: Source) -> tuple[Level, str]:
        """What is known about a manifest of a package, and why it is not more; "" for one that is proved.

        Raises `ActionError` when it could not be found out.
        """
        with tempfile.TemporaryDirectory(prefix="release-actions-") as folder:
            manifest = Path(folder, "manifest.json")
            manifest.write_bytes(body)
            try:
                verification = self.verify(Subject(manifest, package, digest), source)
            except VerifierMissing as error:
                message = f"Who built {package}@{digest} could not be found out: {error}."
                gh, cosign = provenance.LEAST_GH, provenance_cosign.LEAST_COSIGN
                least = ".".join(map(str, gh if self.verifier == GH else cosign))
                hint = f"Install {self.verifier} {least} or newer where this runs."
                raise UnknownProvenanceError(message, hint=hint) from error
        if verification.verified:
            return Level.VERIFIED, ""
        context = self.context
        listed = has_attestations(self.http, context.api_url, context.repository, digest, token=self.token)
        return Level.LISTED if listed else Level.NONE, verification.words

    def verify(self, subject: Subject, source: Source) -> Verification:
        """Let the program verify an image. Raises `VerifierMissing`, and `ActionError` when bundles cannot be read."""
        run = functools.partial(provenance.run_program, environ=make_environment(self.token, self.context))
        if self.verifier == GH:
            provenance.require_gh(run)
            return provenance.verify(subject, source, self.trust, run)
        provenance_cosign.require_cosign(run)
        context = self.context
        bundles = (
            provenance_cosign.read_bundles(self.trust.bundle)
            if self.trust.bundle
            else read_bundles(self.http, context.api_url, context.repository, subject.digest, token=self.token)
        )
        return provenance_cosign.verify(subject, source, bundles, self.trust, run)


def make_trust(bundle: str, trusted_root: str, context: Context) -> Trust:
    """The files to verify by, from the inputs of an action; empty ones leave GitHub's services."""
    return Trust(
        context.path(bundle) if bundle else None,
        context.path(trusted_root) if trusted_root else None,
    )


def make_environment(token: str, context: Context) -> dict[str, str]:
    """The environment of gh or cosign: that of the run with the token, and nothing that asks or paints."""
    tokens = {"GH_TOKEN": token} if token else {}
    return {**context.environ, **tokens, "GH_PROMPT_DISABLED": "1", "NO_COLOR": "1", "GH_NO_UPDATE_NOTIFIER": "1"}
