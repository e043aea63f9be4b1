"""How much is known about who built an image: what gh verifies, and what GitHub lists where gh verifies nothing."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import dataclass
from pathlib import Path

from release_actions.errors import ActionError, ExitCode
from release_actions.github.attestations import has_attestations
from release_actions.http.client import Http
from release_actions.images import provenance
from release_actions.images.provenance import GhMissing, Level, Source, Trust
from release_actions.runner.context import Context


class UnknownProvenanceError(ActionError):
    """Who built an image could not be found out."""

    exit_code = ExitCode.UNKNOWN


@dataclass(frozen=True)
class Attestations:
    """The attestations of one repository. `token` is for GitHub's API."""

    http: Http
    context: Context
    trust: Trust
    token: str = ""

    def find_level(self, body: bytes, digest: str, package: str, source: Source) -> tuple[Level, str]:
        """What is known about a manifest of a package, and why it is not more; "" for one that is proved.

        Raises `ActionError` when it could not be found out.
        """
        run_gh = functools.partial(provenance.run_program, environ=make_environment(self.token, self.context))
        with tempfile.TemporaryDirectory(prefix="release-actions-") as folder:
            manifest = Path(folder, "manifest.json")
            manifest.write_bytes(body)
            try:
                provenance.require_gh(run_gh)
                verification = provenance.verify(manifest, package, source, self.trust, run_gh)
            except GhMissing as error:
                message = f"Who built {package}@{digest} could not be found out: {error}."
                hint = f"Install gh {'.'.join(map(str, provenance.LEAST_GH))} or newer where this runs."
                raise UnknownProvenanceError(message, hint=hint) from error
        if verification.verified:
            return Level.VERIFIED, ""
        context = self.context
        listed = has_attestations(self.http, context.api_url, context.repository, digest, token=self.token)
        return Level.LISTED if listed else Level.NONE, verification.words


def make_trust(bundle: str, trusted_root: str, context: Context) -> Trust:
    """The files to verify by, from the inputs of an action; empty ones leave GitHub's services."""
    return Trust(
        context.path(bundle) if bundle else None,
        context.path(trusted_root) if trusted_root else None,
    )


def make_environment(token: str, context: Context) -> dict[str, str]:
    """The environment of gh: that of the run with the token, and nothing that asks or paints."""
    tokens = {"GH_TOKEN": token} if token else {}
    return {**context.environ, **tokens, "GH_PROMPT_DISABLED": "1", "NO_COLOR": "1", "GH_NO_UPDATE_NOTIFIER": "1"}
