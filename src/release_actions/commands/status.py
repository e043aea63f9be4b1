"""status: what is known of a release on one page, go or no-go first.

Reads the reports that release-gate reads, in the same way, and the log of the release. Changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from release_actions.config import FILE as CONFIG
from release_actions.config import load_config
from release_actions.errors import InputError
from release_actions.gate.judging import Evidence, judge_release
from release_actions.gate.log import Log, read_log
from release_actions.gate.page import write_page
from release_actions.gate.summary import describe_decision
from release_actions.gate.view import build_view
from release_actions.github.workflow_runs import Workflows
from release_actions.http.client import Http
from release_actions.runner import inputs
from release_actions.runner.context import COMMIT, Context
from release_actions.runner.envelope import RunOfWorkflow
from release_actions.runner.files import write_workspace_file
from release_actions.runner.report import Report, counted
from release_actions.runner.workflow import Workflow
from release_actions.versions.version import parse

PAGE = "index.html"


@dataclass(frozen=True)
class Inputs:
    """The flags of `./release-actions status`."""

    tag: str = inputs.option(inputs.text, "", required=True, about="Release tag. May be given without the flag.")
    commit: str = inputs.option(
        inputs.text, "", about="Commit to be released, all digits. Default: the commit of the run."
    )
    reports: tuple[str, ...] = inputs.option(
        inputs.lines, (), about="Reports of checks, one a line: paths, each with @ and its digest if a job gave one."
    )
    trust_files: bool = inputs.option(
        inputs.boolean, default=False, about="Count files without a digest as written by their checks."
    )
    config: str = inputs.option(inputs.text, CONFIG, about="Path of the configuration. Default: release.yaml.")
    log: str = inputs.option(inputs.text, "", about="Path of the release's log, a file .jsonl of its branch.")
    html: str = inputs.option(inputs.text, "release-status", about="Folder for the page. Default: release-status.")
    token: str = inputs.option(
        inputs.text, "", secret=True, about="Token that reads runs of other workflows. Default: GITHUB_TOKEN."
    )


OUTPUTS = ("go", "against", "page")


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Write the page. A no-go is no error here: the gate is what stops a release."""
    config = load_config(context.path(given.config), name=given.config, tag=given.tag)
    version = parse(given.tag, config.tag_prefix)
    repository = context.repository or config.repository
    kept = read_kept_log(given, context, repository)
    with Http(log=log.info, redactor=log.redactor) as http:
        workflows = Workflows(http, context.api_url, repository, token=given.token) if given.token else None
        evidence = Evidence(
            given.reports, context.workspace, RunOfWorkflow.of(context), workflows, trusts_files=given.trust_files
        )
        commit = given.commit or context.sha
        if not COMMIT.fullmatch(commit):
            message = f"The commit of {version.tag} is not known."
            raise InputError(message, hint="Pass --commit with all 40 digits, for example $(git rev-parse HEAD).")
        judged = judge_release(config.gate, version, commit, evidence, context.now)
    page = f"{given.html.rstrip('/')}/{PAGE}"
    view = build_view(repository, judged.decision, judged.reports, kept)
    write_workspace_file(context.path(page), page, write_page(view))
    log.info(f"Read {counted(len(judged.reports), 'report')}, {judged.unreadable} more could not be read.")
    return Report(
        outputs={"go": judged.decision.is_go, "against": [*judged.decision.against], "page": page},
        lines=(describe_decision(judged.decision) if view.is_go is not None else view.headline, f"Page: {page}"),
    )


def read_kept_log(given: Inputs, context: Context, repository: str) -> Log:
    """The log of the release; an empty one where none was named. Raises `InputError` and `BrokenLogError`."""
    if not given.log:
        return Log()
    try:
        content = context.path(given.log).read_bytes()
    except OSError as error:
        message = f"The log {given.log} could not be read: {error.strerror or error}."
        raise InputError(message, hint="Take it from its branch: git show origin/release-log:TAG.jsonl") from error
    return read_log(content, given.log, repository=repository)
