"""build-matrix: from release.yaml and the event to build jobs.

Reads the workspace and its git. The network is only asked for what is not there: commits to compare, what a moving ref
of a source names, and in a scheduled run what GitHub says of the repository.
"""

from __future__ import annotations

from dataclasses import dataclass

from release_actions.builds import plan_report
from release_actions.builds.image_metadata import RepositoryFacts
from release_actions.builds.plan_report import make_report
from release_actions.builds.request import PlanRequest, plan_run
from release_actions.github.facts import read_repository
from release_actions.github.source_commits import make_resolver
from release_actions.http.client import Http
from release_actions.runner import inputs
from release_actions.runner.context import TAG_REF, Context
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.tags.requested import find_release_event_tag


@dataclass(frozen=True)
class Inputs:
    """What actions/build-matrix/action.yml describes."""

    tag: str = inputs.option(inputs.text, "")
    config: str = inputs.option(inputs.text, "release.yaml")
    images: tuple[str, ...] = inputs.option(inputs.items, ("all",))
    changed_files: tuple[str, ...] = inputs.option(inputs.lines, ())
    fetch: bool = inputs.option(inputs.boolean, default=True)
    overrides: tuple[str, ...] = inputs.option(inputs.lines, ())
    pull_request: int = inputs.option(inputs.integer(1), 0)
    build_commit: str = inputs.option(inputs.text, "")
    strict: bool = inputs.option(inputs.boolean, default=False)
    token: str = inputs.option(inputs.text, "", secret=True)


OUTPUTS = plan_report.OUTPUTS


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Plan the builds of one run: of the tag given, of the event's tag, or of the commit of any other event."""
    request = PlanRequest(
        tag=given.tag or (context.ref if context.ref.startswith(TAG_REF) else find_release_event_tag(context)),
        config=given.config,
        images=given.images,
        changed_files=given.changed_files,
        fetch=given.fetch,
        overrides=given.overrides,
        pull_request=given.pull_request,
        build_commit=given.build_commit,
        facts=find_facts(given, context, log),
    )
    return make_report(plan_run(request, context, log, make_resolver(context, log, given.token)), strict=given.strict)


def find_facts(given: Inputs, context: Context, log: Workflow) -> RepositoryFacts | None:
    """What GitHub says of the repository, where the event does not: a schedule's payload has no repository.

    Otherwise the images of a night would have fewer labels than those of a push of the same commit.
    """
    if context.event_name != "schedule" or isinstance(context.event.get("repository"), dict) or not given.token:
        return None
    with Http(log=log.info, redactor=log.redactor) as http:
        return RepositoryFacts.of(read_repository(http, context.api_url, context.repository, token=given.token))
