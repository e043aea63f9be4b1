"""branch-audit: what a release branch has and should not have, what it lacks, and what trunk has taken back since.

Works on a checkout with the whole history and asks no server. Changes nothing: it prints the git commands that a person
or a later step may run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from release_actions.branches import from_checkout
from release_actions.branches.categories import Criteria
from release_actions.branches.findings import BranchFinding, judge_branch
from release_actions.branches.missing import MissingPick, Promise, find_missing_picks
from release_actions.branches.model import BranchHistory, Category, Explained
from release_actions.branches.origins import explain_branch
from release_actions.branches.reverts import RevertState, TrunkRevert, find_trunk_reverts
from release_actions.branches.summary import describe_result, write_summary
from release_actions.branches.trunk import number_of
from release_actions.config import FILE as CONFIG
from release_actions.config import Config, load_config
from release_actions.errors import ExitCode, InputError
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.envelope import Envelope, RunOfWorkflow, digest_of, verdict_of
from release_actions.runner.files import write_workspace_file
from release_actions.runner.report import Output, Report
from release_actions.runner.workflow import Workflow
from release_actions.tags.policy import read_policy
from release_actions.versions.history import Level
from release_actions.versions.version import parse

NAME = "branch-audit"
REPORT, ENFORCE = "report", "enforce"
PICKS, MISSING, REVERTS = "picks", "missing", "reverts"
CHECKS = (PICKS, MISSING, REVERTS)
HEADS = "refs/heads/"
NUMBER = re.compile(r"#?([0-9]{1,9})")


def parse_checks(value: str) -> tuple[str, ...]:
    """Some of the checks. Raises `ValueError` with the end of the sentence."""
    names = inputs.items(value)
    unknown = [name for name in names if name not in CHECKS]
    if unknown or not names:
        message = f"which is not a list of {', '.join(CHECKS)}."
        raise ValueError(message)
    return names


def parse_numbers(value: str) -> tuple[int, ...]:
    """Numbers of pull requests, one a line or separated by commas. Raises `ValueError`."""
    matches = [NUMBER.fullmatch(item) for item in re.split(r"[\s,]+", value.strip())]
    if not all(matches):
        message = "which is not a list of numbers such as #12, #34."
        raise ValueError(message)
    return tuple(int(match[1]) for match in matches if match)


@dataclass(frozen=True)
class Inputs:
    """What actions/branch-audit/action.yml describes."""

    branch: str = inputs.option(inputs.text, "")
    tag: str = inputs.option(inputs.text, "")
    trunk: str = inputs.option(inputs.text, "main")
    as_of: str = inputs.option(inputs.text, "")
    since: str = inputs.option(inputs.text, "")
    checks: tuple[str, ...] = inputs.option(parse_checks, CHECKS)
    promised: tuple[int, ...] = inputs.option(parse_numbers, ())
    mode: str = inputs.option(inputs.choice(REPORT, ENFORCE), REPORT)
    config: str = inputs.option(inputs.text, CONFIG)
    report: str = inputs.option(inputs.text, "")


OUTPUTS = ("verdict", "picks", "missing", "reverts", "unexplained", "commands", "as-of", "report", "report-digest")


@dataclass(frozen=True)
class Audited:
    """All that the audit found. `as_of` is the commit of trunk that was looked at."""

    branch: str
    head: str
    as_of: str
    history: BranchHistory
    explained: tuple[Explained, ...]
    missing: tuple[MissingPick, ...]
    reverts: tuple[TrunkRevert, ...]
    findings: tuple[BranchFinding, ...]


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Audit a branch against trunk."""
    has_config = context.path(given.config).is_file()
    config = load_config(context.path(given.config), name=given.config) if has_config else None
    branch = find_branch(given, context, config, log)
    audited = audit(given, context, config, branch, log)
    return write_report(audited, given, context, has_config=has_config)


def find_branch(given: Inputs, context: Context, config: Config | None, log: Workflow) -> str:
    """The branch of the input, else that of the tag, else the one that the run is on. Raises `InputError`."""
    if given.branch:
        return given.branch
    if given.tag and config:
        branches = read_policy(given.config, context, log).branches(parse(given.tag, config.tag_prefix))
        if branches:
            return branches[0]
    on = context.environ.get("GITHUB_BASE_REF", "") or context.ref.removeprefix(HEADS)
    if not on or on.startswith("refs/") or on == given.trunk:
        message = "It is not known which branch to audit."
        hint = "Set the input branch, or tag with versions.release-branch in release.yaml."
        raise InputError(message, hint=hint)
    return on


def audit(given: Inputs, context: Context, config: Config | None, branch: str, log: Workflow) -> Audited:
    """Read both lines and judge the branch."""
    folder = context.workspace
    repository = context.repository or (config.repository if config else "")
    trunk = given.as_of or given.trunk
    history = from_checkout.read_branch(folder, branch, trunk, since=given.since, repository=repository)
    log.info(f"{branch} has {len(history.branch)} commits since {history.base[:12]}, trunk has {len(history.trunk)}.")
    criteria = read_criteria(config)
    explained = explain_branch(history, criteria, lambda commits: from_checkout.read_patch_ids(folder, commits))
    reverts = find_trunk_reverts(history, explained) if REVERTS in given.checks else ()
    promises = tuple(find_promises(given.promised, history))
    missing = find_missing_picks(promises, history, explained, reverts) if MISSING in given.checks else ()
    if MISSING in given.checks and not given.promised:
        log.info("Nothing is known to be promised: pass the numbers of pull requests with promised.")
    judged = explained if PICKS in given.checks else ()
    levels = {rule: Level(level) for rule, level in config.branches.rules.items()} if config else {}
    findings = judge_branch(judged, missing, reverts, criteria, levels)
    head = history.branch[-1].sha if history.branch else history.base
    as_of = history.trunk[-1].sha if history.trunk else history.base
    return Audited(branch, head, as_of, history, explained, missing, reverts, findings)


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


def find_promises(promised: tuple[int, ...], history: BranchHistory) -> Iterator[Promise]:
    """The promised pull requests with the commits that they became on trunk, as messages say."""
    by_number: dict[int, tuple[str, str]] = {}
    for commit in (*history.before, *history.trunk):
        number = number_of(commit, history.repository)
        if number:
            by_number[number] = commit.sha, commit.subject
    for number in promised:
        merge, subject = by_number.get(number, ("", "not on trunk"))
        yield Promise(number, subject, merge)


def write_report(audited: Audited, given: Inputs, context: Context, *, has_config: bool) -> Report:
    """The result for people, for later steps and for the gate."""
    annotations = tuple(finding.annotation() for finding in audited.findings)
    details = describe_details(audited)
    envelope = Envelope(
        NAME,
        verdict_of(annotations),
        context.now,
        tag=given.tag,
        commit=audited.head,
        configuration=digest_of(context.path(given.config).read_bytes()) if has_config else "",
        run=RunOfWorkflow.of(context),
        findings=annotations,
        details=details,
    )
    if given.report:
        write_workspace_file(context.path(given.report), given.report, envelope.text())
    errors = any(finding.level is Level.ERROR for finding in audited.findings)
    return Report(
        outputs={
            "verdict": envelope.verdict.value,
            "picks": details["picks"],
            "missing": details["missing"],
            "reverts": details["reverts"],
            "unexplained": details["unexplained"],
            "commands": details["commands"],
            "as-of": audited.as_of,
            "report": given.report,
            "report-digest": envelope.digest() if given.report else "",
        },
        summary=write_summary(
            audited.branch, audited.history, audited.explained, audited.missing, audited.reverts, audited.findings
        ),
        lines=(describe_result(audited.findings, audited.explained),),
        findings=annotations,
        exit_code=ExitCode.REFUSED if errors and given.mode == ENFORCE else ExitCode.PASS,
    )


def describe_details(audited: Audited) -> Mapping[str, Output]:
    """What only this report says, as JSON values."""
    reverts = [item for item in audited.reverts if item.state is not RevertState.NOT_NEEDED]
    picks = [item.command for item in audited.missing if item.command]
    undos = [item.command for item in audited.reverts if item.command]
    return {
        "branch": audited.branch,
        "trunk-commit": audited.as_of,
        "picks": [describe_pick(item) for item in audited.explained],
        "missing": [
            {"number": item.promise.number, "title": item.promise.title, "command": item.command}
            for item in audited.missing
        ],
        "reverts": [
            {
                "state": item.state.value,
                "revert": item.revert.sha,
                "target": item.target.sha if item.target else "",
                "pick": item.pick,
                "again": item.again,
                "command": item.command,
            }
            for item in reverts
        ],
        "unexplained": [item.commit.sha for item in audited.explained if item.origin.value == "unknown"],
        "commands": [*dict.fromkeys((*picks, *undos))],
    }


def describe_pick(item: Explained) -> dict[str, Output]:
    """A commit of the branch as JSON values."""
    return {
        "commit": item.commit.sha,
        "subject": item.commit.subject,
        "origin": item.origin.value,
        "trunk": [*item.counterparts],
        "evidence": [f"{evidence.kind.value}: {evidence.words}" for evidence in item.evidence],
        "category": item.category.value,
        "why": item.why,
    }
