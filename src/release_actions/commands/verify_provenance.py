"""verify-provenance: whether what a tag names already was built by this workflow from this tag's commit.

A run that repeats uses an image again, signs and promotes it only if an attestation proves where it is from.
Reads the registry and GitHub's attestations, and changes nothing.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from release_actions.errors import ActionError, ExitCode, Problem
from release_actions.github.attestations import has_attestations
from release_actions.http.client import Http
from release_actions.images import image_list, provenance
from release_actions.images.image_list import ListedImage
from release_actions.images.provenance import GhMissing, Level, Source, Trust
from release_actions.images.registry_access import connect
from release_actions.registry.client import Registry
from release_actions.registry.login import Login
from release_actions.runner import inputs, markdown
from release_actions.runner.context import Context
from release_actions.runner.report import Finding, Output, Report, counted
from release_actions.runner.report import Level as Severity
from release_actions.runner.workflow import Workflow

REBUILD, REFUSE = "rebuild", "refuse"
TAG_REF = "refs/tags/"


@dataclass(frozen=True)
class Inputs:
    """What actions/verify-provenance/action.yml describes."""

    image_list: str = inputs.option(inputs.text, "", required=True)
    tag: str = inputs.option(inputs.text, "", required=True)
    commit: str = inputs.option(inputs.text, "", required=True)
    signer: str = inputs.option(inputs.text, "", required=True)
    unproven: str = inputs.option(inputs.choice(REBUILD, REFUSE), REBUILD)
    bundle: str = inputs.option(inputs.text, "")
    trusted_root: str = inputs.option(inputs.text, "")
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)
    registry_user: str = inputs.option(inputs.text, "")


OUTPUTS = ("verified", "levels", "images")


@dataclass(frozen=True)
class ImageProvenance:
    """What is known about who built an image. `digest` is what its tag names; empty without one."""

    image: ListedImage
    digest: str
    level: Level
    words: str = ""


class UnknownProvenanceError(ActionError):
    """Who built an image could not be found out."""

    exit_code = ExitCode.UNKNOWN


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Verify the provenance of what every exact tag names."""
    images = image_list.read(given.image_list)
    source = Source(
        context.repository,
        given.commit,
        TAG_REF + given.tag.removeprefix(TAG_REF),
        given.signer,
        context.server_url.rstrip("/"),
    )
    trust = Trust(
        context.path(given.bundle) if given.bundle else None,
        context.path(given.trusted_root) if given.trusted_root else None,
    )
    with Http(log=log.info, redactor=log.redactor) as http:
        registry = connect(http, images, Login(given.registry_token, given.registry_user), context, log)
        results = tuple(find_provenance(image, given, source, trust, context, http, registry) for image in images)
    return make_report(results, given.unproven)


def find_provenance(  # what it reads, and by what
    image: ListedImage,
    given: Inputs,
    source: Source,
    trust: Trust,
    context: Context,
    http: Http,
    registry: Registry,
) -> ImageProvenance:
    """What is known about one image. Raises `ActionError` when it could not be found out."""
    found = registry.get_manifest(image.name, image.tags[0])
    if found is None:
        return ImageProvenance(image, "", Level.NONE, f"there is no tag {image.tags[0]}")
    run_gh = functools.partial(provenance.run_program, environ=make_environment(given.token, context))
    with tempfile.TemporaryDirectory(prefix="release-actions-") as folder:
        manifest = Path(folder, "manifest.json")
        manifest.write_bytes(found.body)
        try:
            provenance.require_gh(run_gh)
            verification = provenance.verify(manifest, image.package, source, trust, run_gh)
        except GhMissing as error:
            message = f"Who built {image.package}@{found.digest} could not be found out: {error}."
            hint = f"Run the plan where gh {'.'.join(map(str, provenance.LEAST_GH))} or newer is installed."
            raise UnknownProvenanceError(message, hint=hint) from error
    if verification.verified:
        return ImageProvenance(image, found.digest, Level.VERIFIED)
    listed = has_attestations(http, context.api_url, context.repository, found.digest, token=given.token)
    return ImageProvenance(image, found.digest, Level.LISTED if listed else Level.NONE, verification.words)


def make_environment(token: str, context: Context) -> dict[str, str]:
    """The environment of gh: that of the run with the token, and nothing that asks or paints."""
    tokens = {"GH_TOKEN": token} if token else {}
    return {**context.environ, **tokens, "GH_PROMPT_DISABLED": "1", "NO_COLOR": "1", "GH_NO_UPDATE_NOTIFIER": "1"}


def make_report(results: tuple[ImageProvenance, ...], unproven: str) -> Report:
    """The levels for people and for later steps.

    An image that GitHub lists an attestation of and that does not verify refuses the run whatever `unproven` says:
    either somebody else attested it, or the verification could not be finished.
    """
    doubted = [result for result in results if result.level is Level.LISTED]
    missing = [result for result in results if result.level is Level.NONE and result.image.required]
    verified = not doubted and all(result.level is Level.VERIFIED for result in results if result.image.required)
    refused = missing and unproven == REFUSE
    code = ExitCode.UNKNOWN if doubted else ExitCode.REFUSED if refused else ExitCode.PASS
    outputs: dict[str, Output] = {
        "verified": verified,
        "images": [
            {**result.image.entry, "digest": result.digest if result.level is Level.VERIFIED else ""}
            for result in results
        ],
        "levels": {result.image.package: result.level.value for result in results},
    }
    return Report(
        outputs=outputs,
        summary=make_summary(results),
        lines=(*map(describe, results), make_verdict(results, verified=verified, refused=bool(refused or doubted))),
        findings=tuple(make_findings(doubted, missing if refused else [])),
        exit_code=code,
    )


def describe(result: ImageProvenance) -> str:
    """What is known about an image, in a sentence."""
    name = f"{result.image.package}:{result.image.tags[0]}"
    if result.level is Level.VERIFIED:
        return f"{name} names {result.digest}, and an attestation proves that this workflow built it from this tag."
    if not result.digest:
        return f"{name} does not exist."
    if result.level is Level.LISTED:
        return f"{name} names {result.digest}, and its attestation does not prove where it is from: {result.words}."
    return f"{name} names {result.digest}, and nothing proves who built it."


def make_verdict(results: tuple[ImageProvenance, ...], *, verified: bool, refused: bool) -> str:
    """What follows, in a sentence."""
    if verified:
        return f"{counted(len(results), 'image')} of an earlier run can be used again."
    return "Nothing is used again, and nothing is built." if refused else "Everything is built again."


def make_findings(doubted: Iterable[ImageProvenance], missing: Iterable[ImageProvenance]) -> Iterable[Finding]:
    """Why the run is refused."""
    for result in doubted:
        hint = "Find out who pushed and attested it. If verifying could not be finished, run this job again."
        yield Finding(Severity.ERROR, Problem(describe(result), hint), rule="verify-provenance")
    for result in missing:
        hint = "Release under a new tag, delete the tag of the image, or set unproven to rebuild."
        yield Finding(Severity.ERROR, Problem(describe(result), hint), rule="verify-provenance")


def make_summary(results: tuple[ImageProvenance, ...]) -> str:
    """The job summary: a table of every image."""
    rows = [
        [
            markdown.code(f"{result.image.package}:{result.image.tags[0]}"),
            markdown.code(result.digest) if result.digest else "none",
            result.level.value,
            markdown.plain(describe(result)),
        ]
        for result in results
    ]
    return (
        f"## Provenance of published images\n\n{markdown.table(['Image', 'Digest', 'Level', 'What is known'], rows)}\n"
    )
