"""component-matrix: the table of what a release consists of, proved against what was published and what exists.

Reads files of the workspace, the releases of the repository, and the places where components are published. Writes one
file, `components.json`, and changes nothing else. A table is only given when every version in it was found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from release_actions.builds.path_check import leads_out
from release_actions.components import assemble, findings, manifest, matrix_report, notes_tables, table
from release_actions.components.document import ComponentsFile, load_components
from release_actions.components.finding import ComponentFinding
from release_actions.components.matrix_report import MatrixResult
from release_actions.components.previous import PreviousRequest, find_previous_release
from release_actions.components.sources import FoundVersion, MissingVersion, VersionSources
from release_actions.components.upstream import Upstream, list_checks
from release_actions.components.version_source import FromGitTag, FromImageTag
from release_actions.config import FILE as CONFIG
from release_actions.config import load_config
from release_actions.config.source import read_text
from release_actions.errors import ConfigurationError, Place
from release_actions.http.client import Http
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.envelope import REPORT_OUTPUTS
from release_actions.runner.files import write_workspace_file
from release_actions.runner.nearest_path import suggest_path
from release_actions.runner.report import Report, counted
from release_actions.runner.workflow import Workflow
from release_actions.tags.requested import find_requested_tag
from release_actions.versions.version import Version, parse

PARALLEL_REQUESTS = 8
"""Questions that are asked at the same time."""


@dataclass(frozen=True)
class Inputs:
    """What actions/component-matrix/action.yml describes."""

    tag: str = inputs.option(inputs.text, "")
    components: str = inputs.option(inputs.text, "components.yaml")
    config: str = inputs.option(inputs.text, "release.yaml")
    previous: str = inputs.option(inputs.text, "")
    previous_file: str = inputs.option(inputs.text, "")
    notes: str = inputs.option(inputs.text, "")
    output_file: str = inputs.option(inputs.text, "components.json")
    check_upstream: bool = inputs.option(inputs.boolean, default=True)
    report: str = inputs.option(inputs.written_file, "")
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)


OUTPUTS = ("table", "changes", "changed", "components-file", "previous-release", "findings", *REPORT_OUTPUTS)


@dataclass(frozen=True)
class MatrixTask:
    """One run: what it is about, and what it works with."""

    given: Inputs
    context: Context
    log: Workflow
    version: Version
    document: ComponentsFile
    upstream: Upstream


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Make the table of a release, and judge it. Raises `TagRefused` for a tag that names no version."""
    tag = find_requested_tag(given.tag, context)
    version = parse(tag, prefix_of(given.config, context, tag))
    document = load_components(context.path(given.components), name=given.components)
    with Http(log=log.info, redactor=log.redactor) as http:
        upstream = Upstream(
            http,
            context.api_url,
            token=given.token,
            registry_token=given.registry_token,
            registry_override=context.registry_url,
        )
        result = build_result(MatrixTask(given, context, log, version, document, upstream))
    if result.release:
        save_manifest(manifest.write(result.release), context.path(given.output_file), given.output_file)
    return matrix_report.make_report(result, given.output_file)


def save_manifest(text: str, path: Path, name: str) -> None:
    """Write `components.json`. Raises `InputError` where it cannot be written."""
    hint = "Name a file in a folder that may be written to with 'output-file'."
    write_workspace_file(path, name, text, hint=hint)


def prefix_of(config: str, context: Context, tag: str) -> str:
    """What release tags begin with: v where the usual file is not there and no other was named."""
    path = context.path(config)
    return "v" if config == CONFIG and not path.exists() else load_config(path, name=config, tag=tag).tag_prefix


def build_result(task: MatrixTask) -> MatrixResult:
    """The rows, the findings and the table of a release."""
    given = task.given
    request = PreviousRequest(given.previous, given.previous_file, task.version, task.document, task.context)
    before = find_previous_release(request, task.upstream, task.log)
    sources = read_versions(task)
    versions = {id_: source for id_, source in sources.items() if isinstance(source, FoundVersion)}
    lines = assemble.build_rows(task.document, versions, before, task.context.server_url)
    release = findings.JudgedRelease(task.version, task.document, sources, lines, before)
    judged = [*findings.judge(release), *check_upstream(lines, task)]
    if len(versions) < len(sources):
        return MatrixResult(task.version, before, None, lines, tuple(judged), "")
    made = assemble.build_manifest(
        lines, task.document, before, release=task.version.tag, repository=task.context.repository
    )
    headings = task.document.headings
    if task.given.notes:
        text = read_text(task.context.path(task.given.notes), name=task.given.notes)
        judged += notes_tables.compare_notes(table.read(text, file=task.given.notes), made, headings, task.given.notes)
    return MatrixResult(task.version, before, made, lines, tuple(judged), table.write(made, *headings))


def read_versions(task: MatrixTask) -> dict[str, FoundVersion | MissingVersion]:
    """What the source of each component gives."""
    sources = VersionSources(
        task.version.tag,
        lambda name: read_optional(name, task.context),
        task.upstream.git_tags,
        task.upstream.image_tags,
        lambda name: suggest_path(name, task.context.workspace),
    )
    asked = [part.version for _, _, part in task.document.parts()]
    remote = sum(isinstance(source, (FromGitTag, FromImageTag)) for source in asked)
    if remote:
        task.log.info(f"The newest version of {counted(remote, 'component')} is looked up.")
    return {id_: sources.find(part.version) for _, id_, part in task.document.parts()}


def read_optional(name: str, context: Context) -> str | None:
    """The text of a file of the workspace; None when there is none. Raises `ConfigurationError` for one outside."""
    path = context.path(name)
    if leads_out(path, context.workspace):
        # What is found in a file of the runner would come back as a version.
        message = f"'{name}' leads out of the repository by a link."
        raise ConfigurationError(message, hint="Put what it leads to into the repository.", place=Place(name))
    return read_text(path, name=name) if path.is_file() else None


def check_upstream(lines: Iterable[assemble.ReleaseRow], task: MatrixTask) -> list[ComponentFinding]:
    """What GitHub and registries say about the versions; nothing when they are not to be asked."""
    if not task.given.check_upstream:
        task.log.info("The versions are not looked up: check-upstream is false.")
        return []
    questions = [question for line in lines for question in list_checks(line, task.upstream)]

    def answered(question: Callable[[], ComponentFinding | None]) -> ComponentFinding | None:
        return question()

    with ThreadPoolExecutor(PARALLEL_REQUESTS, thread_name_prefix="upstream") as pool:
        return [finding for finding in pool.map(answered, questions) if finding]
