"""version-audit: whether every file names the versions that the coming release has.

Reads the tracked files of the checkout, `release.yaml` and `components.yaml`. Asks the network only for the preflight
and where it is told to. Changes no file: a patch is written, and a person or a later step applies it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from release_actions.components.upstream import GHCR, Upstream
from release_actions.config import FILE as CONFIG
from release_actions.config import Config
from release_actions.drift import existence, expectations, patch, summary, tracked_files
from release_actions.drift.audit import Audit, DriftFinding, run_audit
from release_actions.drift.project import (
    Project,
    ProjectFiles,
    ReleaseRequest,
    find_differences,
    make_rules,
    read_project,
)
from release_actions.drift.rules import ABOUT_RULES
from release_actions.drift.scan import Scan, scan_repository
from release_actions.drift.strangers import Stray
from release_actions.errors import ExitCode, InputError, Place, PolicyError
from release_actions.git.checkout import run_git
from release_actions.github import repository as github_repository
from release_actions.github.pygithub import open_client
from release_actions.http.client import Http
from release_actions.images.registry_access import connect, list_package_hosts
from release_actions.proposals.model import FileChange, Outcome, ProposedCommit, PullProposal, State
from release_actions.proposals.pulls import propose_pull
from release_actions.registry.client import Registry
from release_actions.registry.login import Login
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.envelope import Envelope, RunOfWorkflow, digest_of, verdict_of
from release_actions.runner.files import write_result_file, write_workspace_file
from release_actions.runner.report import Finding, Output, Report, counted
from release_actions.runner.report import Level as AnnotationLevel
from release_actions.runner.sarif import write_findings
from release_actions.runner.workflow import Workflow
from release_actions.tags.preflight import find_uses
from release_actions.tags.requested import find_requested_tag
from release_actions.versions.history import Level

NAME = "version-audit"
REPORT, ENFORCE, PATCH, PROPOSE = "report", "enforce", "patch", "propose"
AUTO, RELEASE, TRUNK = "auto", "release", "trunk"
HEADS = "refs/heads/"

ANNOTATIONS = {
    Level.ERROR: AnnotationLevel.ERROR,
    Level.WARN: AnnotationLevel.WARNING,
    Level.INFO: AnnotationLevel.NOTICE,
}


@dataclass(frozen=True)
class Inputs:
    """What actions/version-audit/action.yml describes."""

    tag: str = inputs.option(inputs.text, "")
    mode: str = inputs.option(inputs.choice(REPORT, ENFORCE, PATCH, PROPOSE), REPORT)
    config: str = inputs.option(inputs.text, CONFIG)
    components: str = inputs.option(inputs.text, "components.yaml")
    dependencies: str = inputs.option(inputs.text, expectations.FILE)
    scan: tuple[str, ...] = inputs.option(inputs.lines, ())
    exclude: tuple[str, ...] = inputs.option(inputs.lines, ())
    levels: str = inputs.option(inputs.choice(AUTO, RELEASE, TRUNK), AUTO)
    trunk: str = inputs.option(inputs.text, "main")
    preflight: bool = inputs.option(inputs.boolean, default=True)
    check_exists: bool = inputs.option(inputs.boolean, default=False)
    patch_file: str = inputs.option(inputs.written_file, "version-audit.patch")
    report: str = inputs.option(inputs.written_file, "")
    sarif_file: str = inputs.option(inputs.written_file, "")
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)
    registry_user: str = inputs.option(inputs.text, "")
    login_host: str = inputs.option(inputs.text, "")


PROPOSALS = {
    State.OPENED: "A draft pull request was opened:",
    State.UPDATED: "The draft pull request was updated:",
    State.UNCHANGED: "The draft pull request says this already:",
    State.CLOSED: "Nothing is left to change, so the pull request was closed:",
    State.NOTHING: "There is nothing to propose.",
    State.DECLINED: "The same change was declined before, so it is not proposed again.",
    State.KEPT: "Somebody changed the pull request's branch, so it was not changed:",
    State.REFUSED: "GitHub refused the pull request.",
}
"""What became of a proposal, before its address."""

OUTPUTS = (
    "verdict",
    "findings",
    "errors",
    "patched",
    "patch-file",
    "proposal",
    "pull-request",
    "sarif-file",
    "report",
    "report-digest",
)


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Audit the checkout for the release of a tag."""
    files = ProjectFiles(given.config, given.components, given.dependencies, context.path)
    config = files.load_config()
    with Http(log=log.info, redactor=log.redactor) as http:
        upstream = Upstream(
            http,
            context.api_url,
            token=given.token,
            registry_token=given.registry_token,
            registry_override=context.registry_url,
            registries=connect_to_releases(config, given, context, http, log),
        )
        project = read_project(config, files, make_request(given, context), upstream)
        uses = find_earlier_uses(given, project, upstream)
        scanned = scan_files(given, context, project, log)
        judge = functools.partial(
            run_audit,
            scanned,
            project.catalogue,
            make_rules(project, context.now.date()),
            (*find_differences(files, project), *uses),
        )
        audit = judge()
        if given.check_exists:
            missing = existence.find_missing(audit, upstream)
            audit = judge(is_missing=lambda reference: existence.make_question(reference) in missing)
        proposed = propose(audit, scanned, project, given, context, http) if given.mode == PROPOSE else None
    return write_report(audit, scanned, project, given, context, proposed)


def make_request(given: Inputs, context: Context) -> ReleaseRequest:
    """The release that is audited for, and whether the files are trunk's.

    They are by the input, else by the branch of the run or the target of its pull request.
    """
    base = context.environ.get("GITHUB_BASE_REF", "") or context.ref.removeprefix(HEADS)
    return ReleaseRequest(
        find_requested_tag(given.tag, context),
        context.repository,
        given.trunk,
        on_trunk=given.levels == TRUNK if given.levels != AUTO else base == given.trunk,
        asks_servers=given.check_exists,
    )


def connect_to_releases(
    config: Config | None, given: Inputs, context: Context, http: Http, log: Workflow
) -> dict[str, Registry]:
    """The registry of the release channel, with the login that is for it, where that is not GHCR."""
    hosts = {each.host: each for each in list_package_hosts(config.packages("release"))} if config else {}
    login = Login(given.registry_token, given.registry_user, given.login_host)
    # One login cannot be for several registries, so several are asked without one.
    login = login if len(hosts) == 1 else Login("")
    elsewhere = [each for host, each in sorted(hosts.items()) if host != GHCR]
    registries = connect(http, elsewhere, login, context, log, for_github=given.token)
    return {each.host: registries.of(each.host) for each in elsewhere}


def find_earlier_uses(given: Inputs, project: Project, upstream: Upstream) -> tuple[Stray, ...]:
    """Where the tag exists already. Raises `ActionError` when one place cannot be read."""
    if not given.preflight:
        return ()
    repository = project.catalogue.repository
    packages = project.config.packages("release") if project.config else ()
    prefix = project.config.tag_prefix if project.config else "v"
    place = Place(given.config, 1, 1) if project.config else Place(given.components, 1, 1)
    hint = "Release another version, or remove what is there if it was never published."
    return tuple(
        Stray("tag-exists", f"{use} already.", hint, place)
        for use in find_uses(upstream, repository, project.version.tag, packages, prefix)
    )


def scan_files(given: Inputs, context: Context, project: Project, log: Workflow) -> Scan:
    """Everything that the tracked files name."""
    configured = project.config.drift.exclude if project.config else ()
    own_files = (given.config, given.components, given.dependencies)
    selection = tracked_files.Selection(given.scan, (*configured, *given.exclude, *own_files))
    paths = tracked_files.list_files(context.workspace, selection)
    log.info(f"Reading {counted(len(paths), 'file')}.")
    return scan_repository(lambda words: tracked_files.read_files(context.workspace, paths, words), project.catalogue)


def propose(audit: Audit, scanned: Scan, project: Project, given: Inputs, context: Context, http: Http) -> Outcome:
    """Have one draft pull request with the patch into the release branch, or none when there is nothing to patch.

    Raises `InputError` for a checkout that is not the branch as it is on GitHub: its other changes would be proposed.
    """
    repository, tag = project.catalogue.repository, project.version.tag
    base = project.catalogue.branch or (context.ref.removeprefix(HEADS) if context.ref.startswith(HEADS) else "")
    base = base or given.trunk
    tip = github_repository.commit_of_ref(http, context.api_url, repository, f"heads/{base}", token=given.token)
    if not tip:
        message = f"{repository} has no branch {base}, or it is not visible to the token."
        raise PolicyError(message, hint="Cut the release branch first, or correct versions.release-branch.")
    require_clean_checkout(context, base, tip)
    modes = tracked_files.read_modes(context.workspace)
    changes = tuple(
        FileChange(path, content, modes[path])
        for path, content in patch.write_files(scanned.files, audit.replacements).items()
    )
    unnamed = [tracked_files.show_name(change.path) for change in changes if not is_text(change.path)]
    if unnamed:
        message = f"The name of {unnamed[0]} is no text, so GitHub's API cannot be given it."
        raise InputError(message, hint="Rename the file, or use mode: patch.")
    title = f"Bump to {tag}"
    commits = (ProposedCommit(title, changes),) if changes else ()
    body = summary.write_proposal(audit, project.catalogue, tag)
    proposal = PullProposal(f"{NAME}/{tag}", base, tip, title, body, commits)
    with open_client(context.api_url, token=given.token) as github:
        return propose_pull(github, repository, proposal)


def is_text(name: str) -> bool:
    """Whether a name is UTF-8."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def require_clean_checkout(context: Context, base: str, tip: str) -> None:
    """Raise `InputError` unless the files are those of a commit."""
    head = run_git(context.workspace, "rev-parse", "HEAD", asked="commit of the checkout").strip()
    if head != tip:
        message = f"The checkout is at {head[:12]}, and the branch {base} at {tip[:12]}."
        raise InputError(message, hint=f"Check out {base}, for example with ref: {base} of actions/checkout.")
    changed = run_git(context.workspace, "status", "--porcelain", "--untracked-files=no", asked="state of the checkout")
    if changed.strip():
        message = f"The checkout has changes that are not committed: {changed.strip().splitlines()[0].strip()[:200]}."
        raise InputError(message, hint="Audit a fresh checkout: only versions are to be proposed.")


def write_report(
    audit: Audit,
    scanned: Scan,
    project: Project,
    given: Inputs,
    context: Context,
    proposed: Outcome | None,
) -> Report:
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
    unwritten: tuple[Finding, ...] = ()
    if given.sarif_file:
        texts = {path: text.content for path, text in scanned.files.items()}
        sarif = write_findings(NAME, ABOUT_RULES, findings, texts)
        unwritten += write_result_file(
            context.path(given.sarif_file), given.sarif_file, sarif.encode("utf-8", "replace")
        )
    if given.report:
        unwritten += write_result_file(context.path(given.report), given.report, envelope.text().encode())
    is_changed = bool(content) or (proposed is not None and proposed.is_done)
    patched: list[Output] = [*sorted({change.path for change in audit.replacements})] if is_changed else []
    sentence = summary.describe_result(audit)
    written = f"{given.patch_file} changes {counted(len(patched), 'file')}." if content else ""
    return Report(
        outputs={
            "verdict": envelope.verdict.value,
            "findings": envelope.document()["findings"],
            "errors": len(audit.errors),
            "patched": patched,
            "patch-file": given.patch_file if content else "",
            "proposal": proposed.state.value if proposed else "",
            "pull-request": proposed.url if proposed else "",
            "sarif-file": given.sarif_file,
            "report": given.report,
            "report-digest": envelope.digest() if given.report else "",
        },
        summary=summary.write_summary(audit, project.catalogue),
        lines=tuple(filter(None, (written, *(describe_proposal(proposed) if proposed else ()), sentence))),
        findings=(*findings, *list_refusals(proposed), *unwritten),
        exit_code=ExitCode.UNKNOWN if unwritten else find_exit_code(audit, given.mode, proposed),
    )


def describe_proposal(proposed: Outcome) -> tuple[str, ...]:
    """What became of the pull request."""
    where = f" {proposed.url}" if proposed.url else ""
    return (f"{PROPOSALS[proposed.state]}{where}", *proposed.notes)


def list_refusals(proposed: Outcome | None) -> tuple[Finding, ...]:
    """Why there is no pull request as it should be."""
    if proposed is None or proposed.state not in {State.REFUSED, State.KEPT}:
        return ()
    level = AnnotationLevel.ERROR if proposed.state is State.REFUSED else AnnotationLevel.WARNING
    hint = " ".join(proposed.notes)
    return (Finding.of(level, PROPOSALS[proposed.state].rstrip(":"), hint=hint, rule="proposal"),)


def find_exit_code(audit: Audit, mode: str, proposed: Outcome | None) -> ExitCode:
    """3 for a proposal that GitHub refused, 1 for errors where they stop a run."""
    if proposed and not proposed.is_done:
        return ExitCode.UNKNOWN
    return ExitCode.REFUSED if audit.errors and mode == ENFORCE else ExitCode.PASS


def _annotate(finding: DriftFinding) -> Finding:
    return Finding.of(
        ANNOTATIONS[finding.level], finding.message, hint=finding.hint, place=finding.place, rule=finding.rule
    )
