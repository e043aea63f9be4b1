"""version-audit: whether every file names the versions that the coming release has.

Reads the tracked files of the checkout, `release.yaml` and `components.yaml`. Asks the network only for the preflight
and where it is told to. Changes no file: a patch is written, and a person or a later step applies it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from release_actions.components.document import ComponentsFile, load_components
from release_actions.components.sources import FoundVersion, MissingVersion, VersionSources
from release_actions.components.upstream import GHCR as REGISTRY_OF_GITHUB
from release_actions.components.upstream import Upstream
from release_actions.components.version_source import FromGitTag, FromImageTag
from release_actions.config import FILE as CONFIG
from release_actions.config import Config, load_config
from release_actions.config.grammar import fill
from release_actions.config.source import read_text
from release_actions.drift import expectations, own_names, patch, summary, tracked_files
from release_actions.drift.audit import Audit, DriftFinding, Rules, run_audit
from release_actions.drift.catalogue import Catalogue, Kind
from release_actions.drift.classes import ON_RELEASE_BRANCH, ON_TRUNK, Judged, VersionClass
from release_actions.drift.exceptions import Exemption
from release_actions.drift.reference import Reference
from release_actions.drift.scan import Scan, scan_repository
from release_actions.drift.strangers import Stray
from release_actions.errors import ActionError, ExitCode, InputError, Place
from release_actions.http.client import Http
from release_actions.images.registry_access import connect_to
from release_actions.registry.client import Registry
from release_actions.registry.login import Login
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.envelope import Envelope, RunOfWorkflow, digest_of, verdict_of
from release_actions.runner.files import write_workspace_file
from release_actions.runner.report import Finding, Output, Report, counted
from release_actions.runner.report import Level as AnnotationLevel
from release_actions.runner.workflow import Workflow
from release_actions.tags.preflight import find_uses
from release_actions.tags.requested import find_requested_tag
from release_actions.versions.history import Level
from release_actions.versions.version import Version, parse

NAME = "version-audit"
REPORT, ENFORCE, PATCH = "report", "enforce", "patch"
AUTO, RELEASE, TRUNK = "auto", "release", "trunk"
NONE = "none"
HEADS = "refs/heads/"
PARALLEL_QUESTIONS = 8

ANNOTATIONS = {
    Level.ERROR: AnnotationLevel.ERROR,
    Level.WARN: AnnotationLevel.WARNING,
    Level.INFO: AnnotationLevel.NOTICE,
}


@dataclass(frozen=True)
class Inputs:
    """What actions/version-audit/action.yml describes."""

    tag: str = inputs.option(inputs.text, "")
    mode: str = inputs.option(inputs.choice(REPORT, ENFORCE, PATCH), REPORT)
    config: str = inputs.option(inputs.text, CONFIG)
    components: str = inputs.option(inputs.text, "components.yaml")
    dependencies: str = inputs.option(inputs.text, expectations.FILE)
    scan: tuple[str, ...] = inputs.option(inputs.lines, ())
    exclude: tuple[str, ...] = inputs.option(inputs.lines, ())
    levels: str = inputs.option(inputs.choice(AUTO, RELEASE, TRUNK), AUTO)
    trunk: str = inputs.option(inputs.text, "main")
    preflight: bool = inputs.option(inputs.boolean, default=True)
    check_exists: bool = inputs.option(inputs.boolean, default=False)
    patch_file: str = inputs.option(inputs.text, "version-audit.patch")
    report: str = inputs.option(inputs.text, "")
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)
    registry_user: str = inputs.option(inputs.text, "")
    login_host: str = inputs.option(inputs.text, "")


OUTPUTS = ("verdict", "findings", "errors", "patched", "patch-file", "report", "report-digest")


@dataclass(frozen=True)
class Project:
    """What the files of the project say about it. `config` and `document` are None where there is no such file."""

    version: Version
    config: Config | None
    document: ComponentsFile | None
    catalogue: Catalogue
    on_trunk: bool


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Audit the checkout for the release of a tag."""
    with Http(log=log.info, redactor=log.redactor) as http:
        config = load_config(context.path(given.config), name=given.config) if has_config(given, context) else None
        upstream = Upstream(
            http,
            context.api_url,
            token=given.token,
            registry_token=given.registry_token,
            registry_override=context.registry_url,
            registries=connect_to_releases(config, given, context, http, log),
        )
        project = read_project(config, given, context, upstream)
        uses = find_earlier_uses(given, project, upstream)
        scanned = scan_files(given, context, project, log)
        strays = (*find_strays(given, context, project), *uses)
        audit = run_audit(scanned, project.catalogue, read_rules(project, context), strays)
        if given.check_exists:
            audit = ask_existence(audit, scanned, project, upstream, context, strays)
    return write_report(audit, scanned, project, given, context)


def has_config(given: Inputs, context: Context) -> bool:
    """Whether the project has a configuration."""
    return context.path(given.config).is_file()


def connect_to_releases(
    config: Config | None, given: Inputs, context: Context, http: Http, log: Workflow
) -> dict[str, Registry]:
    """The registry of the release channel, with the login that is for it, where that is not GHCR."""
    hosts = {package.registry for package in config.packages("release")} if config else set()
    login = Login(given.registry_token, given.registry_user, given.login_host)
    # One login cannot be for several registries, so several are asked without one.
    login = login if len(hosts) == 1 else Login("")
    return {
        host: connect_to(http, host, login, context, log, for_github=given.token)
        for host in sorted(hosts - {REGISTRY_OF_GITHUB})
    }


def read_project(config: Config | None, given: Inputs, context: Context, upstream: Upstream) -> Project:
    """The names and the wanted versions. Raises `ActionError` with every mistake of the files."""
    version = parse(find_requested_tag(given.tag, context), config.tag_prefix if config else "v")
    has_components = context.path(given.components).is_file()
    document = load_components(context.path(given.components), name=given.components) if has_components else None
    if config is None and document is None and not _expectations_file(given, context):
        message = f"There is no {given.config}, no {given.components} and no {given.dependencies}."
        hint = "Describe what the project publishes in release.yaml, or check out the repository first."
        raise InputError(message, hint=hint)
    versions = find_versions(version, document, given, context, upstream) if document else {}
    repository = context.repository or (config.repository if config else "")
    catalogue = own_names.make_catalogue(
        config,
        document,
        versions,
        tag=version.tag,
        branch=_release_branch(config, version),
        trunk=given.trunk,
        repository=repository,
    )
    return Project(version, config, document, catalogue, is_on_trunk(given, context))


def is_on_trunk(given: Inputs, context: Context) -> bool:
    """Whether the files are trunk's: by the input, else by the branch of the run or the target of its pull request."""
    if given.levels != AUTO:
        return given.levels == TRUNK
    base = context.environ.get("GITHUB_BASE_REF", "")
    return (base or context.ref.removeprefix(HEADS)) == given.trunk


def _release_branch(config: Config | None, version: Version) -> str:
    """The release branch of a version by the configuration; empty when there is none."""
    numbers = {"major": str(version.major), "minor": str(version.minor), "patch": str(version.patch)}
    templates = config.release_branches if config else ()
    return fill(templates[0], numbers) if templates else ""


def find_versions(
    version: Version, document: ComponentsFile, given: Inputs, context: Context, upstream: Upstream
) -> Mapping[str, FoundVersion | MissingVersion]:
    """The version of each component at the release. Those that only a server knows are asked for with check-exists."""
    sources = VersionSources(
        version.tag,
        lambda name: _text_of(context.path(name), name),
        upstream.git_tags,
        upstream.image_tags,
    )
    return {
        id_: sources.find(part.version)
        for _, id_, part in document.parts()
        if given.check_exists or not isinstance(part.version, FromGitTag | FromImageTag)
    }


def _text_of(path: Path, name: str) -> str | None:
    return read_text(path, name=name) if path.is_file() else None


def find_earlier_uses(given: Inputs, project: Project, upstream: Upstream) -> tuple[Stray, ...]:
    """Where the tag exists already. Raises `ActionError` when one place cannot be read."""
    if not given.preflight:
        return ()
    repository = project.catalogue.repository
    packages = project.config.packages("release") if project.config else ()
    place = Place(given.config, 1, 1) if project.config else Place(given.components, 1, 1)
    hint = "Release another version, or remove what is there if it was never published."
    return tuple(
        Stray("tag-exists", f"{use} already.", hint, place)
        for use in find_uses(upstream, repository, project.version.tag, packages)
    )


def scan_files(given: Inputs, context: Context, project: Project, log: Workflow) -> Scan:
    """Everything that the tracked files name."""
    configured = project.config.drift.exclude if project.config else ()
    own_files = (given.config, given.components, given.dependencies)
    selection = tracked_files.Selection(given.scan, (*configured, *given.exclude, *own_files))
    paths = tracked_files.list_files(context.workspace, selection)
    log.info(f"Reading {counted(len(paths), 'file')}.")
    return scan_repository(lambda words: tracked_files.read_files(context.workspace, paths, words), project.catalogue)


def find_strays(given: Inputs, context: Context, project: Project) -> Iterator[Stray]:
    """Differences between the lists of components and builds, and what a dependencies file expects."""
    if project.config and project.document:
        for name, rule in own_names.find_unbuilt(project.config, project.document):
            has_build = rule == "build-without-component"
            other = given.components if has_build else given.config
            message = f"{name} is built and is no component." if has_build else f"The component {name} is not built."
            file = given.config if has_build else given.components
            yield Stray(rule, message, f"Add it to {other}, or remove it here.", Place(file, 1, 1))
    file = _expectations_file(given, context)
    if file:
        expected = expectations.read_expectations(read_text(context.path(file), name=file), file)
        yield from expectations.check_expectations(expected, lambda name: _text_of(context.path(name), name))


def _expectations_file(given: Inputs, context: Context) -> str:
    """The dependencies file; empty when there is none. One that was named and is missing is an error when read."""
    if given.dependencies == NONE:
        return ""
    is_default = given.dependencies == expectations.FILE
    return "" if is_default and not context.path(given.dependencies).is_file() else given.dependencies


def read_rules(project: Project, context: Context) -> Rules:
    """Levels by branch and configuration, and the exceptions."""
    levels = {name.value: level for name, level in (ON_TRUNK if project.on_trunk else ON_RELEASE_BRANCH).items()}
    form = project.config.drift if project.config else None
    levels |= {rule: Level(level) for rule, level in form.rules.items()} if form else {}
    exemptions = tuple(
        Exemption(item.paths, item.reason, item.origin.place, item.rules, item.until)
        for item in (form.exceptions if form else ())
    )
    return Rules(levels, exemptions, context.now.date())


def ask_existence(
    audit: Audit, scanned: Scan, project: Project, upstream: Upstream, context: Context, strays: tuple[Stray, ...]
) -> Audit:
    """The audit again, with what does not exist as `missing`. Raises `ActionError` for what cannot be found out."""
    questions = {_make_question(item.reference): item.reference for item in audit.judged if _is_asked(item)}
    with ThreadPoolExecutor(PARALLEL_QUESTIONS, thread_name_prefix="exists") as pool:
        answers = dict(
            zip(questions, pool.map(lambda one: _check_exists(one, upstream), questions.values()), strict=True)
        )
    errors = [problem for answer in answers.values() if isinstance(answer, ActionError) for problem in answer.problems]
    if errors:
        raise ActionError(problems=errors)
    absent = {question for question, answer in answers.items() if answer is False}
    return run_audit(
        scanned,
        project.catalogue,
        read_rules(project, context),
        strays,
        is_missing=lambda reference: _make_question(reference) in absent,
    )


def _make_question(reference: Reference) -> tuple[str, str]:
    return reference.name.text, reference.token


def _is_asked(item: Judged) -> bool:
    """Whether a reference names something that a server can confirm: no template, no branch, no missing tag."""
    reference = item.reference
    return bool(reference.token) and item.verdict not in {VersionClass.UNKNOWN, VersionClass.BRANCH}


def _check_exists(reference: Reference, upstream: Upstream) -> bool | ActionError:
    try:
        if reference.name.kind is Kind.REPOSITORY:
            return upstream.has_git_tag(reference.name.text, reference.token)
        # Tags have no +, so Helm writes _ for it (helm/helm#10166).
        return upstream.has_image(reference.name.text, reference.token.replace("+", "_"))
    except ActionError as error:
        return error


def write_report(audit: Audit, scanned: Scan, project: Project, given: Inputs, context: Context) -> Report:
    """The result for people, for later steps and for the gate; in mode `patch` the patch too."""
    findings = tuple(_annotate(finding) for finding in audit.reported)
    content = patch.write_patch(scanned.files, audit.replacements) if given.mode == PATCH else b""
    if given.mode == PATCH:
        write_workspace_file(context.path(given.patch_file), given.patch_file, content)
    envelope = Envelope(
        NAME,
        verdict_of(findings),
        context.now,
        tag=project.version.tag,
        commit=context.sha,
        configuration=digest_of(context.path(given.config).read_bytes()) if project.config else "",
        run=RunOfWorkflow.of(context),
        findings=findings,
        details={"checked": len(audit.judged), "excepted": len(audit.findings) - len(audit.reported)},
    )
    if given.report:
        write_workspace_file(context.path(given.report), given.report, envelope.text().encode())
    patched: list[Output] = [*sorted({change.path for change in audit.replacements})] if content else []
    sentence = summary.describe_result(audit)
    written = f"{given.patch_file} changes {counted(len(patched), 'file')}." if content else ""
    return Report(
        outputs={
            "verdict": envelope.verdict.value,
            "findings": envelope.document()["findings"],
            "errors": len(audit.errors),
            "patched": patched,
            "patch-file": given.patch_file if content else "",
            "report": given.report,
            "report-digest": envelope.digest() if given.report else "",
        },
        summary=summary.write_summary(audit, project.catalogue),
        lines=tuple(filter(None, (written, sentence))),
        findings=findings,
        exit_code=ExitCode.REFUSED if audit.errors and given.mode == ENFORCE else ExitCode.PASS,
    )


def _annotate(finding: DriftFinding) -> Finding:
    return Finding.of(
        ANNOTATIONS[finding.level], finding.message, hint=finding.hint, place=finding.place, rule=finding.rule
    )
