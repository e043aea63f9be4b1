"""check-attachments: whether the signature and the attestation of an image are there by name, after they were made.

That signing succeeded does not say that what it wrote is still there: on GHCR everything attached to a digest shares
one index. Reads the registry and GitHub's store, verifies nothing, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from release_actions.errors import ActionError, ExitCode, Problem
from release_actions.github.attestations import PROVENANCE, has_attestations
from release_actions.http.client import Http
from release_actions.images import attachments, image_list
from release_actions.images.attachments import Level as SignatureLevel
from release_actions.images.attachments import Signature
from release_actions.images.image_list import ListedImage
from release_actions.images.registry_access import connect, list_hosts
from release_actions.registry.login import Login
from release_actions.runner import inputs, stopping
from release_actions.runner.context import Context
from release_actions.runner.report import Finding, Level, Output, Report
from release_actions.runner.workflow import Workflow

REPORT, REFUSE = "report", "refuse"

VERIFIED_BY = "Nothing is verified here: that is done by cosign verify and gh attestation verify."

READS = 4
"""Times that what is absent is looked for: GHCR and the store may answer for seconds as before a write."""

SECONDS_BETWEEN_READS = 2


@dataclass(frozen=True)
class Inputs:
    """What actions/check-attachments/action.yml describes."""

    entry: str = inputs.option(inputs.text, "", required=True)
    absent: str = inputs.option(inputs.choice(REPORT, REFUSE), REFUSE)
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)
    registry_user: str = inputs.option(inputs.text, "")


OUTPUTS = ("signed", "signatures", "attested")


class MissingImageError(ActionError):
    """The image itself is not there, so nothing can be attached to it."""

    exit_code = ExitCode.UNKNOWN


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Look for both."""
    (image,) = image_list.read(given.entry)
    digest = image.digest or ""
    with Http(log=log.info, redactor=log.redactor) as http:
        login = Login(given.registry_token, given.registry_user)
        registry = connect(http, list_hosts([image]), login, context, log).of(image.registry)
        try:
            digests = attachments.list_signed_digests(registry, image.name, digest)
        except LookupError as error:
            message = f"{image.package}@{digest} is not there."
            raise MissingImageError(message, hint="Publish the image before it is signed.") from error
        signatures: dict[str, Signature] = {}

        def is_listed(wanted: str) -> bool:
            signatures[wanted] = attachments.find_signature(registry, image.name, wanted)
            return signatures[wanted].level is SignatureLevel.LISTED

        find_absent(digests, is_listed)
        unattested = find_absent(
            [digest],
            lambda one: has_attestations(
                http, context.api_url, context.repository, one, token=given.token, predicate=PROVENANCE
            ),
        )
    return make_report(image, tuple(signatures.values()), unattested, refuse=given.absent == REFUSE)


def find_absent(
    digests: list[str], is_there: Callable[[str], bool], sleep: Callable[[float], object] | None = None
) -> list[str]:
    """The digests that lack something, after the last of `READS` looks."""
    absent = [digest for digest in digests if not is_there(digest)]
    for _ in range(READS - 1):
        if not absent:
            break
        (sleep or stopping.sleep)(SECONDS_BETWEEN_READS)
        absent = [digest for digest in absent if not is_there(digest)]
    return absent


def make_report(
    image: ListedImage, signatures: tuple[Signature, ...], unattested: list[str], *, refuse: bool
) -> Report:
    """What is there, for people and for the next step."""
    unlisted = [signature for signature in signatures if signature.level is not SignatureLevel.LISTED]
    outputs: dict[str, Output] = {
        "signed": not unlisted,
        "signatures": {signature.digest: signature.level.value for signature in signatures},
        "attested": not unattested,
    }
    lines = tuple(describe_signature(signature) for signature in signatures)
    absent = [f"a signature of {signature.digest}" for signature in unlisted]
    absent += [f"a provenance attestation of {digest}" for digest in unattested]
    if not absent:
        line = f"{image.package}@{image.digest} has its attestation in GitHub's store. {VERIFIED_BY}"
        return Report(outputs=outputs, lines=(*lines, line))
    message = f"{image.package}: {' and '.join(absent)} was not found, though the steps that make it succeeded."
    hint = "Another writer may have dropped it. Run this job again while no other tool attaches anything to the image."
    if any(signature.level is SignatureLevel.TAGGED for signature in unlisted):
        hint = f"A tag that ends in .sig may name anything, so it is no signature of cosign 3. {hint}"
    level = Level.ERROR if refuse else Level.WARNING
    return Report(
        outputs=outputs,
        lines=lines,
        findings=(Finding(level, Problem(message, hint), rule="check-attachments"),),
        exit_code=ExitCode.REFUSED if refuse else ExitCode.PASS,
    )


def describe_signature(signature: Signature) -> str:
    """What was found of a signature and where it was looked for, in a sentence."""
    if signature.level is SignatureLevel.LISTED:
        return f"{signature.digest}: the bundle {signature.place} is listed as cosign's signature of it."
    if signature.level is SignatureLevel.TAGGED:
        return f"{signature.digest}: only the tag {signature.place} is there, and what it names is not known."
    tag = signature.digest.replace(":", "-")
    return f"{signature.digest}: no signature was found, by the tags {tag} and {tag}.sig and the registry's referrers."
