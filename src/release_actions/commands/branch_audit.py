"""branch-audit: what a release branch has and should not have, what it lacks, and what trunk has taken back since.

Works on a checkout with the whole history, and asks GitHub only for what git cannot tell. It changes nothing but where
that is asked for: in mode propose one pull request from a branch of its own proposes the repairs that apply, and with
issue: true one issue lists the findings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from release_actions.branches import from_checkout
from release_actions.branches.auditing import CHECKS, EVERY_CHECK, PICKS, REVIEWS, Audited, AuditRequest, audit_branch
from release_actions.branches.categories import Criteria
from release_actions.branches.from_github import BranchReader
from release_actions.branches.model import Category
from release_actions.branches.proposing import describe_issue, propose_repairs
from release_actions.branches.report import describe_details
from release_actions.branches.summary import describe_result, write_summary
from release_actions.branches.under_test import PullUnderTest, is_release_branch, read_pull
from release_actions.config import FILE as CONFIG
from release_actions.config import Config, load_config
from release_actions.errors import ExitCode, InputError
from release_actions.git.history import read_records
from release_actions.github.pygithub import open_client
from release_actions.proposals.issues import keep_issue
from release_actions.proposals.model import Outcome
from release_actions.proposals.pulls import propose_pull
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.envelope import Envelope, RunOfWorkflow, Verdict, digest_of, verdict_of
from release_actions.runner.files import write_result_file
from release_actions.runner.report import Output, Report
from release_actions.runner.workflow import Workflow
from release_actions.tags.policy import read_policy
from release_actions.versions.history import Level
from release_actions.versions.version import parse

NAME = "branch-audit"
REPORT, ENFORCE, PROPOSE, LIST = "report", "enforce", "propose", "list"
HEADS = "refs/heads/"


def parse_checks(value: str) -> tuple[str, ...]:
    """Some of the checks. Raises `ValueError` with the end of the sentence."""
    names = inputs.items(value)
    unknown = [name for name in names if name not in EVERY_CHECK]
    if unknown or not names:
        message = f"which is not a list of {', '.join(EVERY_CHECK)}."
        raise ValueError(message)
    return names


@dataclass(frozen=True)
class Inputs:
    """What actions/branch-audit/action.yml describes."""

    branch: str = inputs.option(inputs.text, "")
    tag: str = inputs.option(inputs.text, "")
    trunk: str = inputs.option(inputs.text, "main")
    as_of: str = inputs.option(inputs.text, "")
    since: str = inputs.option(inputs.text, "")
    checks: tuple[str, ...] = inputs.option(parse_checks, CHECKS)
    promised: tuple[int, ...] = inputs.option(inputs.issue_numbers, ())
    milestone: str = inputs.option(inputs.text, "")
    label: str = inputs.option(inputs.text, "")
    mode: str = inputs.option(inputs.choice(REPORT, ENFORCE, PROPOSE, LIST), REPORT)
    issue: bool = inputs.option(inputs.boolean, default=False)
    config: str = inputs.option(inputs.text, CONFIG)
    report: str = inputs.option(inputs.written_file, "")
    token: str = inputs.option(inputs.text, "", secret=True)


OUTPUTS = (
    *("verdict", "picks", "missing", "reverts", "unexplained", "commands", "as-of", "live"),
    *("pull-request", "issue", "report", "report-digest"),
)


@dataclass(frozen=True)
class Proposed:
    """What became of the pull request and the issue; None where none was asked for."""

    pull: Outcome | None = None
    issue: Outcome | None = None

    def sentences(self) -> Iterator[str]:
        """What happened, for people."""
        for what, outcome in (("pull request", self.pull), ("issue", self.issue)):
            if outcome:
                number = f" {outcome.number}: {outcome.url}" if outcome.number else ""
                yield f"The {what} is {outcome.state.value}{number}."
                yield from outcome.notes

    @property
    def is_done(self) -> bool:
        """Whether everything was done that was asked for."""
        return all(outcome.is_done for outcome in (self.pull, self.issue) if outcome)


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Audit a branch against trunk."""
    has_config = context.path(given.config).is_file()
    config = load_config(context.path(given.config), name=given.config, tag=given.tag) if has_config else None
    live = config.branches.live if config else ()
    if given.mode == LIST:
        return report_nothing(f"release.yaml lists {len(live)} live branches.", live)
    pull = read_pull(context.event) if context.event_name.startswith("pull_request") and not given.branch else None
    templates = config.release_branches if config else ()
    if pull and not is_release_branch(pull.base, templates, live, given.trunk):
        return report_nothing(f"Pull request {pull.number} is for {pull.base}, which is no release branch.", live)
    request = make_request(given, context, config, pull, log)
    reader = BranchReader(context.api_url, request.repository, given.token) if given.token else None
    check_token(given, request)
    audited = audit_branch(request, reader, log.info)
    if pull:
        audited = replace(audited, branch=pull.base)
    proposed = propose(audited, given, context, request, is_pull=pull is not None)
    return write_report(audited, proposed, given, context, live)


def check_token(given: Inputs, request: AuditRequest) -> None:
    """Raise `InputError` where GitHub has to be asked and cannot be."""
    asks = [name for name, wanted in (("milestone", given.milestone), ("label", given.label)) if wanted]
    asks += [f"mode: {PROPOSE}"] if given.mode == PROPOSE else []
    asks += ["issue: true"] if given.issue else []
    asks += [f"checks: {REVIEWS}"] if REVIEWS in given.checks else []
    if asks and not given.token:
        message = f"Without a token this cannot be done: {', '.join(asks)}."
        raise InputError(message, hint="Set the input token.")
    if given.token and not request.repository:
        message = "It is not known which repository to ask GitHub about."
        raise InputError(message, hint="Pass --repository OWNER/NAME, or set repository in release.yaml.")


def make_request(
    given: Inputs, context: Context, config: Config | None, pull: PullUnderTest | None, log: Workflow
) -> AuditRequest:
    """What to audit. A pull request is judged by itself: what else the branch lacks is not its fault."""
    return AuditRequest(
        folder=context.workspace,
        branch=pull.head if pull else find_branch(given, context, config, log),
        trunk=given.as_of or given.trunk,
        since=given.since,
        repository=context.repository or (config.repository if config else ""),
        checks=(PICKS,) if pull else given.checks,
        promised=() if pull else given.promised,
        milestone="" if pull else given.milestone,
        label="" if pull else given.label,
        levels={rule: Level(level) for rule, level in config.branches.rules.items()} if config else {},
        criteria=read_criteria(config),
        pull=pull,
    )


def find_branch(given: Inputs, context: Context, config: Config | None, log: Workflow) -> str:
    """The branch of the input, else that of the tag, else the one that the run is on. Raises `InputError`."""
    if given.branch:
        return given.branch
    if given.tag and config:
        names = read_policy(given.config, context, log, given.tag).branches(parse(given.tag, config.tag_prefix))
        if branch := from_checkout.find_branch(context.workspace, names):
            return branch
        if names:
            message = f"The checkout has none of the branches that {given.tag} may be on: {', '.join(names)}."
            raise InputError(message, hint="Run git fetch origin, or set the input branch.")
    on = context.environ.get("GITHUB_BASE_REF", "") or context.ref.removeprefix(HEADS)
    if not on or on.startswith("refs/") or on == given.trunk:
        message = "It is not known which branch to audit."
        hint = "Set the input branch, or tag with versions.release-branch in release.yaml."
        raise InputError(message, hint=hint)
    return on


def read_criteria(config: Config | None) -> Criteria:
    """What the project says about its branches."""
    if config is None:
        return Criteria()
    form = config.branches
    return Criteria(
        labels={label: Category(category) for label, category in form.labels.items()},
        prefixes={prefix: Category(category) for prefix, category in form.prefixes.items()},
        release_only=form.release_only,
        allow_new_models=form.allow_new_models,
    )


def propose(audited: Audited, given: Inputs, context: Context, request: AuditRequest, *, is_pull: bool) -> Proposed:
    """Have one pull request with the repairs, and one issue, as far as they are asked for."""
    wants_pull, wants_issue = given.mode == PROPOSE, given.issue
    if is_pull or not (wants_pull or wants_issue):
        return Proposed()
    key = f"{NAME}/{audited.branch}"
    with open_client(context.api_url, token=given.token) as github:
        pull = issue = None
        if wants_pull:
            picked = [repair.step.commit.sha for repair in audited.repairs]
            records = {sha: read_records(request.folder, f"{sha}^!")[-1] for sha in picked}
            proposal = propose_repairs(audited, request.folder, key, records)
            pull = propose_pull(github, request.repository, proposal)
        if wants_issue:
            issue = keep_issue(github, request.repository, describe_issue(audited, key))
    return Proposed(pull, issue)


def report_nothing(sentence: str, live: tuple[str, ...]) -> Report:
    """An explicit pass, so that the check can be required."""
    empty: Output = []
    lists = dict.fromkeys(("picks", "missing", "reverts", "unexplained", "commands"), empty)
    texts = dict.fromkeys(("as-of", "pull-request", "issue", "report", "report-digest"), "")
    return Report(
        outputs={"verdict": Verdict.PASS.value, **lists, **texts, "live": [*live]},
        summary=f"{sentence}\n",
        lines=(sentence,),
    )


def write_report(
    audited: Audited, proposed: Proposed, given: Inputs, context: Context, live: tuple[str, ...]
) -> Report:
    """The result for people, for later steps and for the gate."""
    annotations = tuple(finding.annotation() for finding in audited.findings)
    details = describe_details(audited)
    configuration = context.path(given.config)
    envelope = Envelope(
        NAME,
        verdict_of(annotations),
        context.now,
        tag=given.tag,
        commit=audited.head,
        configuration=digest_of(configuration.read_bytes()) if configuration.is_file() else "",
        run=RunOfWorkflow.of(context),
        findings=annotations,
        details=details,
    )
    unwritten = write_result_file(context.path(given.report), given.report, envelope.text()) if given.report else ()
    return Report(
        outputs={
            "verdict": envelope.verdict.value,
            **{name: details[name] for name in ("picks", "missing", "reverts", "unexplained", "commands")},
            "as-of": audited.as_of,
            "live": [*live],
            "pull-request": proposed.pull.url if proposed.pull else "",
            "issue": proposed.issue.url if proposed.issue else "",
            "report": given.report,
            "report-digest": envelope.digest() if given.report else "",
        },
        summary=write_summary(audited, proposed.sentences()),
        lines=(describe_result(audited.findings, audited.explained), *audited.unknown, *proposed.sentences()),
        findings=(*annotations, *unwritten),
        exit_code=ExitCode.UNKNOWN if unwritten else choose_exit(audited, proposed, given),
    )


def choose_exit(audited: Audited, proposed: Proposed, given: Inputs) -> ExitCode:
    """3 where something that was asked for was not done, 1 for errors in mode enforce."""
    if not proposed.is_done:
        return ExitCode.UNKNOWN
    errors = any(finding.level is Level.ERROR for finding in audited.findings)
    return ExitCode.REFUSED if errors and given.mode == ENFORCE else ExitCode.PASS
