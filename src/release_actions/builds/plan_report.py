"""A plan for people and for later jobs: outputs within the platform's limits, lines for the log, the job summary."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping

from release_actions.builds import entry_list, matrix
from release_actions.builds.entry_list import VARIABLE_LIMIT
from release_actions.builds.event import Build
from release_actions.builds.matrix import Matrix
from release_actions.builds.recipe import join_assignments
from release_actions.builds.request import RunPlan
from release_actions.errors import ExitCode, PolicyError
from release_actions.runner import markdown
from release_actions.runner.columns import COLUMNS, format_columns
from release_actions.runner.report import Level, Output, Report, counted
from release_actions.runner.workflow import OUTPUT_LIMIT, as_text, describe_size, measure_outputs

DIGEST_SHAPE = f"sha256:{'0' * 64}"

FEWER = "Select fewer images with the input images, in several runs."

OUTPUTS = (
    "channel",
    "commit",
    "matrix",
    "command-matrix",
    "merge-matrix",
    "images",
    "built-elsewhere",
    "labels",
    "source-date-epoch",
    "any",
    "built",
    "push",
    "moving-tags",
)


def make_outputs(planned: Matrix, build: Build) -> dict[str, Output]:
    """The outputs of a plan. Raises `PolicyError` when they are more than the platform passes on."""
    seconds = build.metadata.seconds
    outputs: dict[str, Output] = {
        "channel": planned.channel,
        "commit": build.sha,
        "matrix": matrix.make_strategy_matrix(job.entry() for job in planned.jobs if not job.is_command),
        "command-matrix": matrix.make_strategy_matrix(job.entry() for job in planned.jobs if job.is_command),
        "merge-matrix": matrix.make_strategy_matrix(publication.entry() for publication in planned.publications),
        "images": entry_list.shorten(
            (publication.entry() for publication in planned.publications),
            entry_list.LIST_LIMIT - entry_list.DIGEST_ROOM * len(planned.publications),
        ),
        "built-elsewhere": [publication.entry() for publication in planned.elsewhere],
        "labels": join_assignments(planned.common_labels),
        "source-date-epoch": "" if seconds is None else str(seconds),
        "any": bool(planned.jobs),
        "built": dict(planned.built),
        "push": planned.is_published,
        "moving-tags": list(planned.moving_tags),
    }
    if measure_outputs(outputs) > OUTPUT_LIMIT:
        # It says in full what 'images' says: a large plan has that only.
        outputs["merge-matrix"] = ""
    check_size(planned, outputs)
    return outputs


def check_size(planned: Matrix, outputs: Mapping[str, Output]) -> None:
    """Raise `PolicyError` for outputs that the platform does not pass on, or that no later step could be given.

    What jobs hand on in slots needs no check: 256 values, with names of at most 255 characters, stay below what one
    input can have.
    """
    jobs = counted(len(planned.jobs), "build job")
    if measure_outputs(outputs) > OUTPUT_LIMIT:
        message = (
            f"{describe_size(outputs)}, for {jobs}, and GitHub passes about {OUTPUT_LIMIT} from one job to others."
        )
        raise PolicyError(message, hint=FEWER)
    images = counted(len(planned.publications), "image")
    room = entry_list.DIGEST_ROOM * len(planned.publications)
    sizes = {
        f"The output 'images' with {images} comes to {{}} bytes with their digests": len(
            as_text(outputs["images"]).encode()
        )
        + room,
        f"The lock of {images} will come to {{}} bytes": len(as_text(forecast_lock(planned)).encode()),
    }
    for words, size in sizes.items():
        if size > entry_list.LIST_LIMIT:
            message = f"{words.format(size)}, and a step on Linux gets at most {VARIABLE_LIMIT} in one input."
            raise PolicyError(message, hint=FEWER)


def forecast_lock(planned: Matrix) -> dict[str, Output]:
    """A lock as verify-images writes it, as long as that of the plan will be: each platform with its attestation."""
    return {
        "version": 1,
        "revision": "0" * 40,
        "images": {
            publication.package.label: {
                "tags": list(publication.tags),
                "digest": DIGEST_SHAPE,
                "platforms": dict.fromkeys(publication.package.platforms, DIGEST_SHAPE),
                "attestations": {
                    f"sha256:{number:064}": DIGEST_SHAPE for number, _ in enumerate(publication.package.platforms)
                },
            }
            for publication in planned.publications
        },
    }


def make_report(plan: RunPlan, *, strict: bool) -> Report:
    """The plan for people and for later jobs. With `strict`, a warning refuses it."""
    planned, build = plan.matrix, plan.build
    images, jobs = counted(len(planned.publications), "image"), counted(len(planned.jobs), "build job")
    verdict = f"{images} of the channel {planned.channel} in {jobs}."
    warnings = [finding.problem for finding in planned.findings if finding.level is not Level.NOTICE]
    if strict and warnings:
        raise PolicyError(problems=warnings)
    return Report(
        outputs=make_outputs(planned, build),
        summary=make_summary(planned, build),
        lines=(*list_skipped(planned), *draw_table(planned), verdict),
        findings=planned.findings,
        exit_code=ExitCode.PASS,
    )


def list_skipped(planned: Matrix) -> Iterator[str]:
    """Lines for what is not built, and why."""
    for key, why in planned.skipped.items():
        yield from textwrap.wrap(f"{key} is not built: {why}.", COLUMNS, break_on_hyphens=False)


def draw_table(planned: Matrix) -> Iterator[str]:
    """The plan as a table of text. What all packages or all reasons begin with or are is said once, outside of it."""
    published = planned.publications
    if not published:
        return
    reasons = {publication.reason for publication in published}
    places = {publication.package.reference.rpartition("/")[0] for publication in published}
    head = ["Package", "Tags", "Platform", "Runner", *(["Why"] if len(reasons) > 1 else [])]
    rows = [head, *(list_cells(publication, places)[: len(head)] for publication in published)]
    yield ""
    if len(places) == 1:
        yield f"In {next(iter(places))}:"
        yield ""
    yield from format_columns(rows)
    yield ""
    if len(reasons) == 1:
        yield from textwrap.wrap(f"Why: {published[0].reason}.", COLUMNS, break_on_hyphens=False)


def list_cells(publication: matrix.Publication, places: Collection[str]) -> list[str]:
    """The row of a package: its platforms and their runners one a line."""
    package = publication.package
    name = package.label.rpartition("/")[2] if len(places) == 1 else package.label
    runners = "\n".join(package.runners[platform] for platform in package.platforms)
    if package.copy_of:
        runners = "copied"
    return [
        name,
        "\n".join(publication.tags) or "not pushed",
        "\n".join(package.platforms),
        runners,
        publication.reason,
    ]


def make_summary(planned: Matrix, build: Build) -> str:
    """The job summary: what is built and why, and what is not."""
    why = f"of the tag {markdown.code(build.version.tag)}" if build.version else f"of commit {markdown.code(build.sha)}"
    rows = [
        [
            markdown.code(publication.package.label),
            markdown.codes(publication.tags, none="not pushed"),
            markdown.codes(describe_runners(publication)),
            markdown.plain(publication.reason),
        ]
        for publication in planned.publications
    ]
    overrides = [f"{name}={value}" for name, value in build.overrides.items()]
    parts = [
        f"## {counted(len(planned.publications), 'image')} {why}\n",
        *([f"Built with {markdown.codes(overrides)} in place of what the commit says.\n"] if overrides else []),
        *([markdown.table(["Package", "Tags", "Platforms", "Why"], rows)] if rows else []),
        *(f"- {markdown.code(key)} is not built: {markdown.plain(why)}." for key, why in planned.skipped.items()),
    ]
    return "\n".join(parts) + "\n"


def describe_runners(publication: matrix.Publication) -> Iterable[str]:
    """Each platform with the runner that builds it."""
    package = publication.package
    if package.copy_of:
        return (f"{platform} from {package.copy_of}" for platform in package.platforms)
    return (f"{platform} on {package.runners[platform]}" for platform in package.platforms)
