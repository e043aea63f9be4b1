"""verify-provenance: whether what a tag names already was built by this workflow from this tag's commit.

A run that repeats uses an image again, signs and promotes it only if an attestation proves where it is from, and if
its bytes, which the attestation binds, say that they are this image: one package may hold several of one tag.
Reads the registry and GitHub's attestations, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from release_actions.builds import entry_list
from release_actions.errors import ExitCode, Problem
from release_actions.http.client import Http
from release_actions.images import image_list, inspection
from release_actions.images.attested import COSIGN, GH, Attestations, make_trust
from release_actions.images.image_list import ListedImage
from release_actions.images.inspection import Expectation
from release_actions.images.provenance import Level, Source
from release_actions.images.registry_access import connect, list_hosts
from release_actions.registry.client import Registry
from release_actions.registry.login import read_login
from release_actions.runner import inputs, markdown
from release_actions.runner.context import TAG_REF, Context
from release_actions.runner.report import Finding, Output, Report, counted
from release_actions.runner.report import Level as Severity
from release_actions.runner.workflow import Workflow

REBUILD, REFUSE = "rebuild", "refuse"

DOUBTED = (Level.LISTED, Level.OTHER)
"""Levels that refuse the run: somebody has attested the image, or moved its tag."""


@dataclass(frozen=True)
class Inputs:
    """What actions/verify-provenance/action.yml describes."""

    image_list: str = inputs.option(inputs.text, "", required=True)
    tag: str = inputs.option(inputs.text, "", required=True)
    commit: str = inputs.option(inputs.text, "", required=True)
    signer: str = inputs.option(inputs.text, "", required=True)
    unproven: str = inputs.option(inputs.choice(REBUILD, REFUSE), REBUILD)
    verifier: str = inputs.option(inputs.choice(GH, COSIGN), GH)
    bundle: str = inputs.option(inputs.text, "")
    trusted_root: str = inputs.option(inputs.text, "")
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)
    registry_user: str = inputs.option(inputs.text, "")
    registry_credentials: str = inputs.option(inputs.text, "", secret=True)


OUTPUTS = ("verified", "levels", "images")


@dataclass(frozen=True)
class ImageProvenance:
    """What is known about who built an image. `digest` is what its tag names; empty without one."""

    image: ListedImage
    digest: str
    level: Level
    words: str = ""


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
    with Http(log=log.info, redactor=log.redactor) as http:
        login = read_login(given.registry_token, given.registry_user, "", given.registry_credentials)
        registries = connect(http, list_hosts(images), login, context, log)
        trust = make_trust(given.bundle, given.trusted_root, context)
        attestations = Attestations(http, context, trust, given.token, given.verifier)
        results = [find_provenance(image, source, registries.of(image.registry), attestations) for image in images]
    return make_report(tuple(compare_copies(results)), given.unproven)


def find_provenance(
    image: ListedImage, source: Source, registry: Registry, attestations: Attestations
) -> ImageProvenance:
    """What is known about one image. Raises `ActionError` when it could not be found out."""
    body = registry.get_manifest(image.name, image.tags[0])
    if body is None:
        return ImageProvenance(image, "", Level.NONE, f"there is no tag {image.tags[0]}")
    level, words = attestations.find_level(body.body, body.digest, image.package, source)
    if level is Level.VERIFIED:
        words = find_difference(replace(image, digest=body.digest), source, registry)
        level = Level.OTHER if words else level
    return ImageProvenance(image, body.digest, level, words)


def find_difference(image: ListedImage, source: Source, registry: Registry) -> str:
    """What an image that this workflow built says that the plan does not; empty for the image that is meant.

    Every image of a tag has an attestation of the same repository, commit and ref. So the flavours of a package, and
    its platforms, are told apart by what the digest binds.
    """
    if not image.built_as:
        return "the list does not say what it was built as"
    reading = inspection.read_image(registry, image)
    problems = inspection.judge_image(image, reading, Expectation(source.commit, ("revision",))).problems
    return " ".join(problem.message.removeprefix(f"{image.label}: ") for problem in problems).removesuffix(".")


def compare_copies(results: Iterable[ImageProvenance]) -> Iterator[ImageProvenance]:
    """The results, where a copy that is not its original's bytes is another image."""
    results = tuple(results)
    digests = {result.image.label: result.digest for result in results if result.level is Level.VERIFIED}
    for result in results:
        original = digests.get(result.image.copy_of)
        if result.level is Level.VERIFIED and original and original != result.digest:
            words = f"it is a copy of {result.image.copy_of}, which is {original}"
            yield replace(result, level=Level.OTHER, words=words)
        else:
            yield result


def make_report(results: tuple[ImageProvenance, ...], unproven: str) -> Report:
    """The levels for people and for later steps.

    An image that GitHub lists an attestation of and that does not verify refuses the run whatever `unproven` says:
    either somebody else attested it, or the verification could not be finished. So does another image of this workflow:
    somebody has moved the tag.
    """
    doubted = [result for result in results if result.level in DOUBTED]
    unknown = any(result.level is Level.LISTED for result in results)
    missing = [result for result in results if result.level is Level.NONE and result.image.required]
    verified = not doubted and all(result.level is Level.VERIFIED for result in results if result.image.required)
    refused = missing and unproven == REFUSE
    code = ExitCode.UNKNOWN if unknown else ExitCode.REFUSED if refused or doubted else ExitCode.PASS
    outputs: dict[str, Output] = {
        "verified": verified,
        "images": entry_list.shorten(
            (
                {**result.image.entry, "digest": result.digest if result.level is Level.VERIFIED else ""}
                for result in results
            ),
            entry_list.LIST_LIMIT,
        ),
        "levels": {result.image.label: result.level.value for result in results},
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
    if result.level is Level.OTHER:
        return f"{name} names {result.digest}, which this workflow built as another image: {result.words}."
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
        if result.level is Level.OTHER:
            hint = "Find out who moved the tag. Delete it there, and run this again: the image is built again."
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
