"""verify-images: is what the registry holds what the run was to publish? Proves it image by image, and locks it.

Changes nothing in the registry. Everything that is wrong is reported, of every image.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from release_actions.config.grammar import OCI_LABELS
from release_actions.errors import ActionError, ExitCode, InputError, Problem
from release_actions.http.client import Http
from release_actions.images import image_list, inspection
from release_actions.images.image_list import ListedImage
from release_actions.images.inspection import Expectation, Inspection
from release_actions.images.registry_access import connect, list_hosts
from release_actions.registry.client import Registry
from release_actions.registry.login import read_login
from release_actions.runner import inputs, markdown
from release_actions.runner.context import COMMIT, Context
from release_actions.runner.envelope import REPORT_OUTPUTS, digest_of
from release_actions.runner.files import write_workspace_file
from release_actions.runner.report import Finding, Level, Output, Report, counted
from release_actions.runner.workflow import Workflow

AT_ONCE = 8
"""Images that are worked on at the same time."""

LOCK_VERSION = 1


@dataclass(frozen=True)
class Inputs:
    """What actions/verify-images/action.yml describes."""

    image_list: str = inputs.option(inputs.text, "", required=True)
    revision: str = inputs.option(inputs.text, "")
    required_labels: tuple[str, ...] = inputs.option(inputs.items, ("revision", "source", "version"))
    lock_file: str = inputs.option(inputs.text, "")
    report: str = inputs.option(inputs.written_file, "")
    registry_token: str = inputs.option(inputs.text, "", secret=True)
    registry_user: str = inputs.option(inputs.text, "")
    registry_credentials: str = inputs.option(inputs.text, "", secret=True)
    login_host: str = inputs.option(inputs.text, "")


OUTPUTS = ("verified", "lock", "lock-digest", "failed", *REPORT_OUTPUTS)


@dataclass(frozen=True)
class VerifyResult:
    """What came of one image: the judgement, or the error."""

    image: ListedImage
    inspected: Inspection | None = None
    error: ActionError | None = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong, or not known."""
        if self.error:
            return self.error.problems
        return self.inspected.problems if self.inspected else ()


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Verify the images of the list."""
    wanted = image_list.read(given.image_list)
    expected = Expectation(require_revision(given.revision, context), parse_labels(given.required_labels))
    if any(image.digest is None for image in wanted):
        log.info("image-list has no digests of this run: whatever the tags name is verified.")
    with Http(log=log.info, redactor=log.redactor) as http:
        login = read_login(given.registry_token, given.registry_user, given.login_host, given.registry_credentials)
        registries = connect(http, list_hosts(wanted), login, context, log)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="image") as pool:
            results = tuple(
                pool.map(lambda image: verify_image(registries.of(image.registry), image, expected), wanted)
            )
    lock = make_lock(results, expected)
    ended = make_report(results, lock)
    is_kept = bool(given.lock_file) and ended.exit_code is ExitCode.PASS
    digest = write_lock(context.path(given.lock_file), given.lock_file, lock) if is_kept else ""
    return replace(ended, outputs={**ended.outputs, "lock-digest": digest})


def require_revision(given: str, context: Context) -> str:
    """The commit that images have to be built from. Raises `InputError` when it is not known."""
    revision = given or context.sha
    if not COMMIT.fullmatch(revision):
        message = f"The commit that the images were built from is not known: {revision[:80]!r} is not a commit."
        raise InputError(message, hint="Run in a workflow, or set revision to 40 digits 0-9a-f.")
    return revision


def parse_labels(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of labels, without what they all begin with."""
    return () if names == ("none",) else tuple(name.removeprefix(OCI_LABELS) for name in names)


def verify_image(registry: Registry, image: ListedImage, expected: Expectation) -> VerifyResult:
    """One image. An error is its own: the others go on."""
    if image.built_by:
        # Which labels another tool gives is not in the plan. A commit that it names has to be the right one.
        expected = replace(expected, labels=())
    try:
        return VerifyResult(image, inspection.judge_image(image, inspection.read_image(registry, image), expected))
    except ActionError as error:
        return VerifyResult(image, error=error)


def make_lock(results: tuple[VerifyResult, ...], expected: Expectation) -> dict[str, Output]:
    """Every image that is right, by package, down to the digests of its children."""
    locked = {
        result.image.label: result.inspected.lock for result in results if result.inspected and not result.problems
    }
    return {"version": LOCK_VERSION, "revision": expected.revision, "images": dict(sorted(locked.items()))}


def write_lock(path: Path, name: str, lock: Mapping[str, Output]) -> str:
    """Write the lock. Returns its digest. Raises `InputError` when the file cannot be written."""
    text = json.dumps(lock, indent=2) + "\n"
    write_workspace_file(path, f"The lock {name}", text, hint="Set lock-file to a path in the workspace.")
    return digest_of(text.encode())


def make_report(results: tuple[VerifyResult, ...], lock: dict[str, Output]) -> Report:
    """The results for people and for later steps."""
    code = exit_code(results)
    lines = tuple(f"{result.image.label}: {describe(result)}" for result in results)
    return Report(
        outputs={
            "verified": code is ExitCode.PASS,
            "lock": lock,
            "failed": [result.image.label for result in results if result.problems],
        },
        summary=make_summary(results),
        lines=(*lines, describe_all(results)),
        findings=tuple(finding for result in results for finding in make_findings(result)),
        exit_code=code,
    )


def exit_code(results: tuple[VerifyResult, ...]) -> ExitCode:
    """3 if a required image could not be read, 1 if one is not right, else 0."""
    required = [result for result in results if result.image.required]
    codes = [result.error.exit_code for result in required if result.error]
    codes += [ExitCode.REFUSED for result in required if result.problems and not result.error]
    return max(codes, default=ExitCode.PASS)


def make_findings(result: VerifyResult) -> Iterator[Finding]:
    """What is wrong with an image."""
    level = Level.ERROR if result.image.required else Level.WARNING
    for problem in result.problems:
        yield Finding(level, problem, rule="verify-images")


def describe(result: VerifyResult) -> str:
    """What came of an image, in a few words."""
    if result.error:
        return "could not be verified."
    if result.problems:
        return f"{counted(len(result.problems), 'problem')}."
    seen = result.inspected
    parts = (
        f"{counted(len(seen.platforms), 'platform')}, {counted(len(seen.attestations), 'attestation')}" if seen else ""
    )
    return f"right, {parts}."


def describe_all(results: tuple[VerifyResult, ...]) -> str:
    """The run in one sentence."""
    wrong = sum(1 for result in results if result.problems)
    right = f"{counted(len(results) - wrong, 'image')} verified"
    return f"{right}, {wrong} not." if wrong else f"{right}."


def make_summary(results: tuple[VerifyResult, ...]) -> str:
    """The job summary: a table of every image."""
    rows = []
    for result in results:
        digest = result.inspected.digest if result.inspected else ""
        said = " ".join(str(problem) for problem in result.problems) or describe(result)
        rows.append(
            [
                markdown.code(result.image.label),
                markdown.codes(result.image.tags),
                markdown.code(digest) if digest else "none",
                markdown.codes(str(platform) for platform in result.image.platforms),
                markdown.plain(said),
            ]
        )
    head = ["Image", "Tags", "Digest", "Platforms", "Result"]
    return f"## Verified images\n\n{describe_all(results)}\n\n{markdown.table(head, rows)}\n"
