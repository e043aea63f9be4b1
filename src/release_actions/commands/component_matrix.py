"""component-matrix: the table of what a release consists of, proved against what was published and what exists.

Reads files of the workspace, the releases of the repository, and the places where components are published. Writes one
file, `components.json`, and changes nothing else. A table is only given when every version in it was found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from release_actions.components import assemble, findings, manifest, table
from release_actions.components.assemble import ComponentChange, ComponentChangeKind, PreviousRelease
from release_actions.components.document import ComponentsFile, FromGitTag, FromImageTag, load_components
from release_actions.components.findings import Certainty, ComponentFinding
from release_actions.components.manifest import ComponentManifest
from release_actions.components.sources import FoundVersion, MissingVersion, VersionSources
from release_actions.components.upstream import Upstream, checks, full_releases
from release_actions.config import FILE as CONFIG
from release_actions.config import load_config
from release_actions.config.source import read_text
from release_actions.errors import ConfigurationError, ExitCode, InputError
from release_actions.http.client import Http
from release_actions.runner import inputs, markdown
from release_actions.runner.context import Context
from release_actions.runner.report import Level, Output, Report, counted
from release_actions.runner.workflow import Workflow
from release_actions.tags.requested import find_requested_tag
from release_actions.versions.history import previous_stable
from release_actions.versions.version import Version, known, parse

NONE = "none"
"""What the input `previous` says for a first release, since an empty input means "not given"."""

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
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)


OUTPUTS = ("table", "changes", "changed", "components-file", "previous-release", "findings")


@dataclass(frozen=True)
class Task:
    """One run: what it is about, and what it works with."""

    given: Inputs
    context: Context
    log: Workflow
    version: Version
    document: ComponentsFile
    upstream: Upstream


@dataclass(frozen=True)
class Result:
    """The end of a run. `release` is None when a version was not found; then there is no table."""

    version: Version
    before: PreviousRelease | None
    release: ComponentManifest | None
    lines: tuple[assemble.ReleaseRow, ...]
    found: tuple[ComponentFinding, ...]
    table: str

    @property
    def changes(self) -> tuple[ComponentChange, ...]:
        """What changed since the previous release."""
        return tuple(assemble.changes(self.lines, self.release)) if self.release else ()


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Make the table of a release, and judge it. Raises `TagRefused` for a tag that names no version."""
    version = parse(find_requested_tag(given.tag, context), prefix_of(given.config, context))
    document = load_components(context.path(given.components), name=given.components)
    with Http(log=log.info, redactor=log.redactor) as http:
        upstream = Upstream(
            http,
            context.api_url,
            token=given.token,
            registry_token=given.registry_token,
            registry_override=context.registry_url,
        )
        result = result_of(Task(given, context, log, version, document, upstream))
    if result.release:
        save(manifest.write(result.release), context.path(given.output_file), given.output_file)
    return report(result, given)


def save(text: str, path: Path, name: str) -> None:
    """Write `components.json`. Raises `InputError` where it cannot be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{name} cannot be written: {error.strerror or error}."
        raise InputError(message, hint="Name a file in a folder that exists with 'output-file'.") from error


def prefix_of(config: str, context: Context) -> str:
    """What release tags begin with: v where the usual file is not there and no other was named."""
    path = context.path(config)
    return "v" if config == CONFIG and not path.exists() else load_config(path, name=config).tag_prefix


def result_of(task: Task) -> Result:
    """The rows, the findings and the table of a release."""
    before = previous_release(task)
    sources = versions_of(task)
    found = {id_: source for id_, source in sources.items() if isinstance(source, FoundVersion)}
    lines = assemble.lines(task.document, found, before, task.context.server_url)
    release = findings.JudgedRelease(task.version, task.document, sources, lines, before)
    judged = [*findings.judge(release), *ask(lines, task)]
    if len(found) < len(sources):
        return Result(task.version, before, None, lines, tuple(judged), "")
    made = assemble.manifest(lines, task.document, before, release=task.version.tag, repository=task.context.repository)
    headings = task.document.headings
    if task.given.notes:
        text = read_text(task.context.path(task.given.notes), name=task.given.notes)
        judged += findings.in_notes(table.read(text, file=task.given.notes), made, headings, task.given.notes)
    return Result(task.version, before, made, lines, tuple(judged), table.write(made, *headings))


def versions_of(task: Task) -> dict[str, FoundVersion | MissingVersion]:
    """What the source of each component gives."""
    sources = VersionSources(
        task.version.tag,
        lambda name: text_of(task.context.path(name), name),
        task.upstream.git_tags,
        task.upstream.image_tags,
    )
    asked = [part.version for _, _, part in task.document.parts()]
    remote = sum(isinstance(source, (FromGitTag, FromImageTag)) for source in asked)
    if remote:
        task.log.info(f"The newest version is asked for {counted(remote, 'component')}.")
    return {id_: sources.find(part.version) for _, id_, part in task.document.parts()}


def text_of(path: Path, name: str) -> str | None:
    """The text of a file of the workspace; None when there is none."""
    return read_text(path, name=name) if path.is_file() else None


def previous_release(task: Task) -> PreviousRelease | None:
    """What the previous full release published; None for a first one.

    Raises `ConfigurationError` when it cannot be read: without it every previous version would be a guess.
    """
    given, context = task.given, task.context
    if given.previous_file and given.previous == NONE:
        message = "Input 'previous' says that there is no previous release, and 'previous-file' names one."
        raise InputError(message, hint="Keep one of them.")
    if given.previous_file:
        text = read_text(context.path(given.previous_file), name=given.previous_file)
        return before_of(text, given.previous_file, given.previous, task.document)
    if given.previous == NONE:
        return None
    if not context.repository:
        message = "The previous release is not known: neither a repository nor a file was given."
        hint = "Set GITHUB_REPOSITORY or --repository, or pass previous-file, or previous: none for a first release."
        raise InputError(message, hint=hint)
    releases = {release.tag: release for release in full_releases(task.upstream.releases(context.repository))}
    tag = given.previous
    if not tag:
        newest = previous_stable(task.version, known(releases, task.version.prefix))
        if newest is None:
            task.log.info(f"{context.repository} has no full release below {task.version}.")
            return None
        tag = newest.tag
    if tag not in releases:
        message = f"{context.repository} has no full release {tag}."
        raise InputError(message, hint="Correct 'previous', or leave it empty for the newest release below the tag.")
    release = releases[tag]
    task.log.info(f"The previous full release of {context.repository} is {tag}.")
    if manifest.FILE in release.files:
        text = task.upstream.asset(context.repository, release, manifest.FILE)
        return before_of(text, f"{manifest.FILE} of {tag}", tag, task.document)
    return before_of(release.body, f"notes of {tag}", tag, task.document)


def before_of(text: str, file: str, tag: str, document: ComponentsFile) -> PreviousRelease:
    """What a `components.json` or the notes of a release say that it published. Raises `ConfigurationError`.

    `tag` may be empty for a `components.json`, which names its release itself.
    """
    if text.lstrip().startswith("{"):
        made = manifest.read(text, file=file)
        if tag and made.release != tag:
            message = f"{file} is of the release {made.release}, and {tag} was asked for."
            raise ConfigurationError(message, hint="Pass the file of that release.", place=made.origin.at("release"))
        return PreviousRelease.of_manifest(made)
    if not tag:
        message = f"{file} does not say which release it is of."
        raise InputError(message, hint="Pass the release's tag with 'previous', or its components.json.")
    before = PreviousRelease.of_tables(tag, table.read(text, file=file), document.headings)
    if before is None:
        message = f"{file}: there is no table below '{document.heading}' or another heading with Component Summary."
        hint = "Pass components.json or other notes with previous-file, or previous: none for a first release."
        raise ConfigurationError(message, hint=hint)
    return before


def ask(lines: Iterable[assemble.ReleaseRow], task: Task) -> list[ComponentFinding]:
    """What GitHub and registries say about the versions; nothing when they are not to be asked."""
    if not task.given.check_upstream:
        task.log.info("Nothing is asked about the versions: check-upstream is false.")
        return []
    questions = [question for line in lines for question in checks(line, task.upstream)]

    def answered(question: Callable[[], ComponentFinding | None]) -> ComponentFinding | None:
        return question()

    with ThreadPoolExecutor(PARALLEL_REQUESTS, thread_name_prefix="upstream") as pool:
        return [finding for finding in pool.map(answered, questions) if finding]


def report(result: Result, given: Inputs) -> Report:
    """The table and the findings for people and for later steps."""
    outputs: dict[str, Output] = {
        "table": result.table,
        "changes": [entry_of(changed) for changed in result.changes],
        "changed": any(changed.change is not ComponentChangeKind.UNCHANGED for changed in result.changes),
        "components-file": given.output_file if result.release else "",
        "previous-release": result.before.tag if result.before else "",
        "findings": [finding_of(finding) for finding in result.found],
    }
    return Report(
        outputs=outputs,
        summary=summary(result),
        lines=(*log_lines(result), verdict(result)),
        findings=tuple(finding.annotation() for finding in result.found),
        exit_code=exit_code(result.found),
    )


def exit_code(found: Iterable[ComponentFinding]) -> ExitCode:
    """Whether the release is right, wrong, or not known to be either."""
    rules = {finding.rule: finding for finding in found}
    if findings.UNKNOWN in rules:
        return ExitCode.UNKNOWN
    certain = any(finding.certainty is Certainty.CERTAIN for finding in found)
    return ExitCode.REFUSED if certain else ExitCode.PASS


def entry_of(changed: ComponentChange) -> Output:
    """A change as JSON."""
    return {
        "id": changed.id,
        "name": changed.title,
        "change": changed.change.value,
        "version": changed.version,
        "previous": changed.previous,
        "note": changed.note,
    }


def finding_of(finding: ComponentFinding) -> Output:
    """A finding as JSON. `other` is the second place, empty where there is none."""
    place = finding.place
    return {
        "rule": finding.rule,
        "certainty": finding.certainty.value,
        "level": finding.level.value,
        "message": finding.message,
        "hint": finding.hint,
        "file": place.file if place else "",
        "line": place.line if place else 0,
        "column": place.column if place else 0,
        "other": str(finding.other or ""),
    }


def verdict(result: Result) -> str:
    """The whole in one sentence."""
    certain = sum(finding.certainty is Certainty.CERTAIN for finding in result.found)
    rest = sum(finding.level is Level.WARNING for finding in result.found)
    unknown = sum(finding.rule == findings.UNKNOWN for finding in result.found)
    about = f"{result.version} has {counted(len(result.lines), 'component')}"
    since = f" since {result.before.tag}" if result.before else ", and no release before it"
    moved = sum(changed.change is not ComponentChangeKind.UNCHANGED for changed in result.changes)
    what = f", {moved} changed{since}" if result.before else since
    if not result.release:
        what = ", and no table: not every version was found"
    judged = f"{counted(certain, 'finding')} certain, {rest} suspicious, {unknown} could not be asked"
    return f"{about}{what}. {judged}."


def log_lines(result: Result) -> tuple[str, ...]:
    """What changed, a line each."""
    return tuple(sentence(changed) for changed in result.changes if changed.change is not ComponentChangeKind.UNCHANGED)


def sentence(changed: ComponentChange) -> str:
    """One change in plain words."""
    match changed.change:
        case ComponentChangeKind.ADDED:
            return f"{changed.title} {changed.version} is added."
        case ComponentChangeKind.REMOVED:
            return f"{changed.title} is removed: {changed.note}"
        case ComponentChangeKind.CHANGED:
            return f"{changed.title} {changed.previous} -> {changed.version}"
        case ComponentChangeKind.UNCHANGED:
            return f"{changed.title} {changed.version} is unchanged."


def summary(result: Result) -> str:
    """The job summary: verdict, findings, table, what changed."""
    parts = [f"## Components of {markdown.plain(result.version.tag)}\n", f"{markdown.plain(verdict(result))}\n"]
    rows = (
        [
            finding.certainty.value,
            markdown.code(finding.rule),
            markdown.code(str(finding.place)) if finding.place else "",
            markdown.plain(f"{finding.message} {finding.hint}".strip()),
        ]
        for finding in result.found
    )
    if result.found:
        parts.append(markdown.table(["How sure", "Rule", "Place", "What"], rows))
    if result.table:
        parts.append(result.table)
    changed = [f"- {markdown.plain(line)}" for line in log_lines(result)]
    if changed:
        parts.append(
            "\n".join([f"## What changed since {markdown.plain(result.before.tag)}\n", *changed])
            if result.before
            else ""
        )
    return "\n".join(parts) + "\n"
