"""release-gate: go or no-go, from the reports of all checks, and the log that keeps them.

Reads JSON and asks GitHub only for reports that other workflows made. Changes nothing but in mode `log`, which adds
lines to a file on a branch and never rewrites one.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

from release_actions.config import FILE as CONFIG
from release_actions.config import Config, load_config
from release_actions.errors import ActionError, ExitCode, InputError
from release_actions.gate import log as logs
from release_actions.gate.deciding import Decision
from release_actions.gate.judging import Evidence, Judged, judge_release
from release_actions.gate.log import Entry, Log
from release_actions.gate.page import write_page
from release_actions.gate.summary import describe_decision, list_findings, write_log_summary, write_summary
from release_actions.gate.view import build_view
from release_actions.git.append import Branch, Remote
from release_actions.github.assets import Assets
from release_actions.github.numbered_assets import NumberedAssets
from release_actions.github.releases import Releases
from release_actions.github.workflow_runs import Workflows
from release_actions.http.client import Http
from release_actions.runner import inputs
from release_actions.runner.context import COMMIT, TAG_REF, Context
from release_actions.runner.envelope import Envelope, RunOfWorkflow, digest_of, verdict_of
from release_actions.runner.files import write_workspace_file
from release_actions.runner.report import Output, Report, counted
from release_actions.runner.workflow import Workflow
from release_actions.tags.requested import find_release_event_tag
from release_actions.versions.version import Version, parse

NAME = "release-gate"
ENFORCE, REPORT, LOG, VERIFY = "enforce", "report", "log", "verify"
MODES = (ENFORCE, REPORT, LOG, VERIFY)
BRANCH_STORE, ASSETS_STORE = "branch", "assets"
BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_-]+)*")


def branch_name(value: str) -> str:
    """The name of a branch. Raises `ValueError` with the end of the sentence."""
    if not BRANCH.fullmatch(value):
        message = "which is not the name of a branch."
        raise ValueError(message)
    return value


def line_digest(value: str) -> str:
    """The digest of a line of a log. Raises `ValueError` with the end of the sentence."""
    if not re.fullmatch("[0-9a-f]{64}", value):
        message = "which is not the digest of a line: 64 hexadecimal digits."
        raise ValueError(message)
    return value


@dataclass(frozen=True)
class Inputs:
    """What actions/release-gate/action.yml describes."""

    mode: str = inputs.option(inputs.choice(*MODES), ENFORCE)
    tag: str = inputs.option(inputs.text, "")
    commit: str = inputs.option(inputs.text, "")
    reports: tuple[str, ...] = inputs.option(inputs.lines, ())
    config: str = inputs.option(inputs.text, CONFIG)
    report: str = inputs.option(inputs.written_file, "")
    page: str = inputs.option(inputs.written_file, "")
    log_store: str = inputs.option(inputs.choice(BRANCH_STORE, ASSETS_STORE), BRANCH_STORE)
    log_branch: str = inputs.option(branch_name, "release-log")
    log_head: str = inputs.option(line_digest, "")
    remote: str = inputs.option(inputs.text, "")
    token: str = inputs.option(inputs.text, "", secret=True)


OUTPUTS = ("go", "verdict", "against", "report", "report-digest", "page", "log-head")


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Decide, or keep the log."""
    tag = find_tag(given, context)
    config = load_config(context.path(given.config), name=given.config, tag=tag)
    version, commit = find_subject(given, context, config)
    if given.mode == VERIFY:
        return verify(given, version, context, log)
    if not config.gate.required and not config.gate.approvals:
        message = f"{given.config} requires no report and no approval, so that the gate would let everything through."
        raise InputError(message, hint="List the reports under gate.required.")
    judged = judge(given, config, version, commit, context, log)
    made = make_envelope(judged, given, context)
    if given.report:
        write_workspace_file(context.path(given.report), given.report, made.text())
    kept = append_to_log(judged, made, given, context, log) if given.mode == LOG else Log()
    if given.page:
        view = build_view(context.repository or config.repository, judged.decision, judged.reports, kept)
        write_workspace_file(context.path(given.page), given.page, write_page(view))
    head = kept.head if given.mode == LOG else ""
    return make_report(judged.decision, made, given, head)


def find_tag(given: Inputs, context: Context) -> str:
    """The tag of the input, of the run, or of a release event; empty without one."""
    return given.tag or (context.ref if context.ref.startswith(TAG_REF) else find_release_event_tag(context))


def find_subject(given: Inputs, context: Context, config: Config) -> tuple[Version, str]:
    """The version and the commit that are judged. Raises `InputError` and `TagRefused`."""
    tag = find_tag(given, context)
    if not tag:
        message = "It is not known which tag is to be released."
        raise InputError(message, hint="Set the input tag.")
    version = parse(tag, config.tag_prefix)
    # The commit of the run is that of the tag only where the run is on the tag.
    is_on_tag = context.ref == TAG_REF + version.tag
    commit = given.commit or (context.sha if is_on_tag else "")
    if given.mode != VERIFY and not COMMIT.fullmatch(commit):
        message = f"The commit of {version.tag} is not known." if not commit else f"{commit!r} is no whole commit id."
        raise InputError(message, hint="Set the input commit to all 40 digits, for example ${{ github.sha }}.")
    return version, commit


def judge(given: Inputs, config: Config, version: Version, commit: str, context: Context, log: Workflow) -> Judged:
    """Read every report and decide."""
    own = RunOfWorkflow.of(context)
    asks = any(item.workflow for item in config.gate.required)
    if asks and not context.repository:
        message = "Reports come from other workflows, but the repository is not known."
        raise InputError(message, hint="Set GITHUB_REPOSITORY or --repository.")
    with Http(log=log.info, redactor=log.redactor) as http:
        workflows = Workflows(http, context.api_url, context.repository, token=given.token) if asks else None
        evidence = Evidence(given.reports, context.workspace, own, workflows)
        judged = judge_release(config.gate, version, commit, evidence, context.now)
    log.info(f"Read {counted(len(judged.reports), 'report')}, {judged.unreadable} more could not be read.")
    return judged


def make_envelope(judged: Judged, given: Inputs, context: Context) -> Envelope:
    """The decision as every check writes it."""
    decision = judged.decision
    findings = list_findings(decision)
    return Envelope(
        NAME,
        verdict_of(findings),
        context.now,
        tag=decision.subject.tag,
        commit=decision.subject.commit,
        configuration=digest_of(context.path(given.config).read_bytes()),
        run=RunOfWorkflow.of(context),
        findings=findings,
        details={
            "go": decision.is_go,
            "reports": [
                {
                    "report": row.required.report,
                    "state": row.state.value,
                    "why": row.why,
                    "waived-by": row.waiver.who if row.waiver else "",
                    "digest": row.report.digest if row.report else "",
                    "source": row.report.source if row.report else "",
                }
                for row in decision.reports
            ],
            "approved": [
                {"role": row.required.role, "needed": row.required.count, "people": [*row.people]}
                for row in decision.approvals
            ],
        },
    )


def append_to_log(judged: Judged, made: Envelope, given: Inputs, context: Context, log: Workflow) -> Log:
    """Add what was read, waived and decided to the release's log. Raises `BrokenLogError` before it writes."""
    actor = context.environ.get("GITHUB_ACTOR", "")
    run_of = {key: value for key, value in asdict(RunOfWorkflow.of(context)).items() if value}
    decision = judged.decision
    name = f"{decision.subject.tag}.jsonl"
    waived = [row.waiver for row in decision.reports if row.waiver]
    verdict = "go" if decision.is_go else "no-go"
    entries: list[Entry] = [
        *(logs.of_report(report, actor) for report in judged.reports),
        *(logs.of_waiver(waiver, decision.subject.commit, actor) for waiver in waived),
        Entry(
            logs.DECISION,
            decision.subject.tag,
            decision.subject.commit,
            actor,
            run_of,
            made.digest(),
            verdict,
        ),
    ]

    def edit(content: bytes) -> bytes:
        before = logs.read_log(content, name, repository=context.repository)
        first = () if before.lines else (logs.begin(context.repository, made.configuration, run_of, actor),)
        return before.append((*first, *entries), context.now).content()

    if given.log_store == ASSETS_STORE:
        with Http() as http:
            content = open_assets(http, given, context, decision.subject.tag).change(name, edit)
    else:
        with Branch(find_remote(given, context), given.log_branch) as branch:
            content = branch.change(name, edit, f"Log {verdict} for {decision.subject.tag}").content
    written = logs.read_log(content, name)
    log.info(f"{name} {describe_store(given)} has {counted(len(written.lines), 'line')}.")
    return written


def open_assets(http: Http, given: Inputs, context: Context, tag: str) -> NumberedAssets:
    """The log among the files of its release. Raises `InputError`."""
    if not context.repository:
        message = "It is not known which repository keeps the log."
        raise InputError(message, hint="Set GITHUB_REPOSITORY or --repository.")
    releases = Releases(http, context.api_url, context.repository, token=given.token)
    return NumberedAssets(releases, Assets(http, context.api_url, context.repository, token=given.token), tag)


def describe_store(given: Inputs) -> str:
    """Where the log is kept, after its name."""
    return "among the files of the release" if given.log_store == ASSETS_STORE else f"on the branch {given.log_branch}"


def verify(given: Inputs, version: Version, context: Context, log: Workflow) -> Report:
    """Check the chain of a release's log, up to a line whose digest is known."""
    name = f"{version.tag}.jsonl"
    if given.log_store == ASSETS_STORE:
        with Http() as http:
            content = open_assets(http, given, context, version.tag).read(name)
    else:
        with Branch(find_remote(given, context), given.log_branch) as branch:
            content = branch.read(name).content
    if not content:
        message = f"There is no {name} {describe_store(given)}."
        raise ActionError(message, hint="A log is begun by mode log.")
    read = logs.read_log(content, name, repository=context.repository)
    if given.log_head and given.log_head not in {logs.hash_line(line) for line in read.lines}:
        message = f"No line of {name} has the digest {given.log_head}: the log has been rewritten since."
        raise logs.BrokenLogError(message, hint="Compare it with an older commit of its branch.")
    sentence = f"All {counted(len(read.lines), 'line')} of {name} follow each other, the last is {read.head}."
    log.info("Whether lines at the end are missing, the log cannot say: keep that digest elsewhere.")
    outputs: dict[str, Output] = dict.fromkeys(OUTPUTS, "")
    return Report(outputs={**outputs, "log-head": read.head}, summary=write_log_summary(read, name), lines=(sentence,))


def find_remote(given: Inputs, context: Context) -> Remote:
    """Where the log is kept. Raises `InputError`."""
    if given.remote:
        # A job's token is for its own server: another host must not learn it.
        is_own = given.remote.startswith(f"{context.server_url}/")
        return Remote(given.remote, given.token if is_own else "")
    if not context.repository:
        message = "It is not known which repository keeps the log."
        raise InputError(message, hint="Set GITHUB_REPOSITORY or --repository.")
    return Remote(f"{context.server_url}/{context.repository}", given.token)


def make_report(decision: Decision, made: Envelope, given: Inputs, head: str) -> Report:
    """Outputs, summary and exit code."""
    stops = given.mode == ENFORCE and not decision.is_go
    return Report(
        outputs={
            "go": decision.is_go,
            "verdict": made.verdict.value,
            "against": [*decision.against],
            "report": given.report,
            "report-digest": made.digest() if given.report else "",
            "page": given.page,
            "log-head": head,
        },
        summary=write_summary(decision),
        lines=(describe_decision(decision),),
        findings=made.findings,
        exit_code=ExitCode.REFUSED if stops else ExitCode.PASS,
    )
