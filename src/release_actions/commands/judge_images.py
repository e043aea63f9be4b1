"""judge-images: which images of a run may get their floating tags, and one table of what became of each.

Takes the outputs of the jobs before it as they are, those of jobs that did not run too. Reads no registry and changes
nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from release_actions.builds import entry_list
from release_actions.errors import ExitCode, InputError, Problem
from release_actions.images import image_list, release_state
from release_actions.images.image_list import ListedImage
from release_actions.images.release_state import Evidence, ImageState
from release_actions.images.scan_verdicts import read_verdicts
from release_actions.runner import inputs, markdown
from release_actions.runner.context import Context
from release_actions.runner.report import Finding, Level, Report, counted
from release_actions.runner.workflow import Workflow


@dataclass(frozen=True)
class Inputs:
    """What actions/judge-images/action.yml describes."""

    mode: str = inputs.option(inputs.choice("decide", "report"), "decide")
    image_list: str = inputs.option(inputs.text, "", required=True)
    published: str = inputs.option(inputs.text, "")
    lock: str = inputs.option(inputs.text, "")
    scans: str = inputs.option(inputs.text, "")
    scan: bool = inputs.option(inputs.boolean, default=True)
    sign: bool = inputs.option(inputs.boolean, default=True)
    signed: str = inputs.option(inputs.text, "")
    moved: str = inputs.option(inputs.text, "")


OUTPUTS = ("ready", "images", "entries", "failed", "failed-keys", "built")


def run(given: Inputs, context: Context, log: Workflow) -> Report:  # noqa: ARG001  # every command is called alike
    """Judge every image of the plan."""
    planned = image_list.read(given.image_list)
    evidence = Evidence(
        published=read_published(given.published),
        locked=read_locked(given.lock),
        scans=read_verdicts(given.scans, planned, context.attempt),
        scanning=given.scan,
        signing=given.sign,
        signed=given.signed,
    )
    return report(release_state.judge(planned, evidence), read_moved(given.moved), given.mode)


def read_published(text: str) -> dict[str, str]:
    """Label of an image -> digest, from merge-digests' output images; empty where that did not run."""
    return {image.label: image.digest or "" for image in image_list.read(text)} if text else {}


def read_locked(text: str) -> dict[str, str]:
    """Label of an image -> digest, from verify-images' lock; empty where that did not run. Raises `InputError`."""
    if not text:
        return {}
    try:
        return {package: str(entry["digest"]) for package, entry in json.loads(text)["images"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = "Input 'lock' is not a lock."
        raise InputError(message, hint="Pass verify-images' output lock as it is.") from error


def read_moved(text: str) -> dict[str, list[str]]:
    """Package -> floating tags that were moved, from protect-latest's output of that name. Raises `InputError`."""
    digests: dict[str, list[str]] = {}
    try:
        for entry in json.loads(text) if text else []:
            digests.setdefault(image_list.label_of(entry), []).append(str(entry["tag"]))
    except (ValueError, KeyError, TypeError) as error:
        message = "Input 'moved' is not a list of tags that were moved."
        raise InputError(message, hint="Pass protect-latest's output moved as it is.") from error
    return digests


def report(images: tuple[ImageState, ...], moves: Mapping[str, list[str]], mode: str) -> Report:
    """The judgement for people and for later steps. With mode report, what is wrong fails the step."""
    ready = release_state.is_ready(images)
    # With the digest that was published and verified: what is merged again has to come to it.
    entries = [{**image.planned.entry, "digest": image.digest} for image in images if image.ready]
    failed = [image for image in images if not image.ready]
    lines = tuple(f"{image.planned.label}: {describe_state(image, moves)}" for image in images)
    verdict = f"{counted(len(images) - len(failed), 'image')} ready" + (f", {len(failed)} not." if failed else ".")
    is_report = mode == "report"
    return Report(
        outputs={
            "ready": ready,
            "images": entry_list.shorten(entries, entry_list.LIST_LIMIT),
            "entries": [*entries],
            "failed": [image.planned.label for image in failed],
            "failed-keys": list(release_state.list_failed_keys(images)),
            "built": dict(release_state.summarize_built(images)),
        },
        summary=write_summary(images, moves, verdict) if is_report else "",
        lines=(*lines, verdict),
        findings=tuple(list_findings(failed)) if is_report else (),
        exit_code=ExitCode.REFUSED if is_report and not ready else ExitCode.PASS,
    )


def list_findings(failed: list[ImageState]) -> Iterator[Finding]:
    """One annotation for each image that is not ready."""
    for image in failed:
        level = Level.ERROR if image.planned.required else Level.WARNING
        yield Finding(level, Problem(f"{image.planned.label}: {image.problem}"), rule="judge-images")


def describe_state(image: ImageState, moves: Mapping[str, list[str]]) -> str:
    """What became of an image."""
    floats = moves.get(image.planned.label, [])
    said = image.problem or (f"Ready; {', '.join(floats)} moved to it." if floats else "Ready.")
    optional = "" if image.ready or image.planned.required else "It is not required."
    return " ".join(filter(None, (said, *image.notes, optional)))


def write_summary(images: tuple[ImageState, ...], moves: Mapping[str, list[str]], verdict: str) -> str:
    """The job summary: a table of every image."""
    rows = [make_row(image.planned, image, moves) for image in images]
    head = ["Image", "Tags", "Digest", "Platforms", "Result"]
    return f"## Images of this run\n\n{verdict}\n\n{markdown.table(head, rows)}\n"


def make_row(planned: ListedImage, image: ImageState, moves: Mapping[str, list[str]]) -> list[str]:
    """The line of an image in the table."""
    return [
        markdown.code(planned.label),
        markdown.codes((*planned.tags, *moves.get(planned.label, []))),
        markdown.code(image.digest) if image.digest else "none",
        markdown.codes(str(platform) for platform in planned.platforms),
        markdown.plain(describe_state(image, moves)),
    ]
