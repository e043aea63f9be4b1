"""build-matrix: from release.yaml and the event to build jobs. Reads one file; never the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from release_actions import inputs, markdown, matrix
from release_actions.commands.validate_tag import release_tag
from release_actions.config import Config, load_config
from release_actions.context import Context
from release_actions.git_tags import TAG_REF
from release_actions.matrix import Build, Matrix
from release_actions.report import Output, Report, counted
from release_actions.versions import parse
from release_actions.workflow import Workflow


@dataclass(frozen=True)
class Inputs:
    """What actions/build-matrix/action.yml describes."""

    tag: str = inputs.option(inputs.text, "")
    config: str = inputs.option(inputs.text, "release.yaml")
    images: tuple[str, ...] = inputs.option(inputs.items, ("all",))


OUTPUTS = ("channel", "matrix", "merge-matrix", "images", "any", "built")


def run(given: Inputs, context: Context, log: Workflow) -> Report:  # noqa: ARG001  # every command is called alike
    """Plan the builds of one run."""
    config = load_config(context.path(given.config), name=given.config)
    build = build_of(given.tag, context, config)
    planned = matrix.plan(config, build, given.images, context.now)
    return report(planned, build)


def build_of(tag: str, context: Context, config: Config) -> Build:
    """What the run builds: the tag given, the event's tag, or the commit of any other event."""
    name = tag or (context.ref if context.ref.startswith(TAG_REF) else release_tag(context))
    if name:
        return Build(version=parse(name, config.tag_prefix), sha=context.sha)
    pull = context.event.get("pull_request")
    if isinstance(pull, dict):
        return Build(sha=str(pull["head"]["sha"]), pull=int(pull["number"]))
    # The payload of a schedule has no repository: it always runs on the default branch (events that trigger workflows).
    nightly = context.event_name == "schedule"
    return Build(sha=context.sha, nightly=nightly, trunk=nightly or on_trunk(context.event, context.ref))


def on_trunk(event: Mapping[str, Any], ref: str) -> bool:
    """Whether a run builds the default branch. A payload that does not say so is a no."""
    repository = event.get("repository")
    branch = repository.get("default_branch") if isinstance(repository, dict) else None
    return bool(branch) and ref == f"refs/heads/{branch}"


def outputs_of(planned: Matrix) -> dict[str, Output]:
    """The outputs of a plan."""
    return {
        "channel": planned.channel,
        "matrix": matrix.include(job.entry() for job in planned.jobs),
        "merge-matrix": matrix.include(publication.entry() for publication in planned.publications),
        "images": [publication.entry() for publication in planned.publications],
        "any": bool(planned.jobs),
        "built": dict(planned.built),
    }


def report(planned: Matrix, build: Build) -> Report:
    """The plan for people and for later jobs."""
    lines = tuple(
        f"{publication.package.reference}:{','.join(publication.tags)} on {', '.join(publication.package.platforms)}"
        for publication in planned.publications
    )
    skipped = tuple(f"{key} is not built: {why}." for key, why in planned.skipped.items())
    images, jobs = counted(len(planned.publications), "image"), counted(len(planned.jobs), "build job")
    verdict = f"{images} of the channel {planned.channel} in {jobs}."
    return Report(outputs_of(planned), summary(planned, build), (*lines, *skipped, verdict))


def summary(planned: Matrix, build: Build) -> str:
    """The job summary: what is built and why, and what is not."""
    why = f"of the tag {markdown.code(build.version.tag)}" if build.version else f"of commit {markdown.code(build.sha)}"
    rows = (
        [
            markdown.code(publication.package.reference),
            markdown.codes(publication.tags),
            markdown.codes(
                f"{platform} on {publication.package.runners[platform]}" for platform in publication.package.platforms
            ),
        ]
        for publication in planned.publications
    )
    parts = [
        f"## {counted(len(planned.publications), 'image')} {why}\n",
        markdown.table(["Package", "Tags", "Platforms"], rows),
        *(f"- {markdown.code(key)} is not built: {markdown.plain(why)}." for key, why in planned.skipped.items()),
    ]
    return "\n".join(parts) + "\n"
