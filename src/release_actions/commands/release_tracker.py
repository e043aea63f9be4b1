"""release-tracker: how a release's features stand, what may land after the freeze, and what the calendar says.

Reads milestone, tracking issues, label and pull requests from GitHub. Modes that change something plan first, and only
carry the plan out when they are asked to.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from release_actions.builds.path_check import leads_out
from release_actions.config import FILE as CONFIG
from release_actions.config import Config, load_config
from release_actions.config.schedule import ScheduleForm
from release_actions.config.tracker import TrackerForm
from release_actions.errors import ConfigurationError, ExitCode, InputError, PolicyError
from release_actions.runner import inputs
from release_actions.runner.context import COMMIT, TAG_REF, Context
from release_actions.runner.envelope import Envelope, RunOfWorkflow, Verdict, digest_of, verdict_of
from release_actions.runner.files import write_result_file, write_workspace_file
from release_actions.runner.report import Finding, Output, Report
from release_actions.runner.workflow import Workflow
from release_actions.tracker import summary
from release_actions.tracker.calendar import Texts, judge_calendar
from release_actions.tracker.calendar_run import (
    describe_calendar,
    describe_countdown,
    insist_on_dates,
    read_documents,
    read_releases,
    read_schedule,
    write_calendar_summary,
)
from release_actions.tracker.guard_reading import GuardReader
from release_actions.tracker.guard_run import (
    describe_guard,
    describe_judged,
    find_group_commit,
    find_numbers,
    guard,
    list_guard_findings,
    write_guard_summary,
)
from release_actions.tracker.ics import write_calendar
from release_actions.tracker.model import Item, Milestone
from release_actions.tracker.plan import apply_plan
from release_actions.tracker.plan_run import (
    Plan,
    describe_plan,
    make_digest,
    make_opening,
    make_sync,
    write_plan_summary,
)
from release_actions.tracker.tracking import Subject, Tracked, find_guarded_milestone, read_freeze, track

NAME = "release-tracker"
REPORT, GUARD, CALENDAR, DIGEST, SYNC, OPEN = "report", "guard", "calendar", "digest", "sync", "open"
MODES = (REPORT, GUARD, CALENDAR, DIGEST, SYNC, OPEN)


@dataclass(frozen=True)
class Inputs:
    """What actions/release-tracker/action.yml describes."""

    mode: str = inputs.option(inputs.choice(*MODES), REPORT)
    tag: str = inputs.option(inputs.text, "")
    milestone: str = inputs.option(inputs.text, "")
    issues: tuple[int, ...] = inputs.option(inputs.issue_numbers, ())
    label: str = inputs.option(inputs.text, "")
    pull_request: int = inputs.option(inputs.integer(1), 0)
    status: str = inputs.option(inputs.text, "")
    schedule: str = inputs.option(inputs.text, "")
    apply: bool = inputs.option(inputs.boolean, default=False)
    ics: str = inputs.option(inputs.written_file, "")
    config: str = inputs.option(inputs.text, CONFIG)
    report: str = inputs.option(inputs.written_file, "")
    token: str = inputs.option(inputs.text, "", secret=True)


OUTPUTS = (
    *("verdict", "counts", "features", "differences", "freeze", "pull-requests", "dates", "plan", "chat"),
    "requests",
    *("report", "report-digest"),
)


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Do what the mode says."""
    has_config = context.path(given.config).is_file()
    config = load_config(context.path(given.config), name=given.config, tag=given.tag) if has_config else None
    if given.mode == CALENDAR and not (context.repository and given.token):
        log.info("Without a token and a repository, milestones and tracking issues are not compared.")
        return run_calendar(given, context, config, None, log)
    if not context.repository or not given.token:
        message = (
            "It is not known which repository to ask GitHub about." if not context.repository else "There is no token."
        )
        raise InputError(message, hint="Set the input token, and on a laptop --repository owner/name.")
    reader = GuardReader(context.api_url, context.repository, token=given.token)
    with contextlib.closing(reader):
        return BY_MODE[given.mode](given, context, config, reader, log)


def run_report(given: Inputs, context: Context, config: Config | None, reader: GuardReader, log: Workflow) -> Report:
    """Read the board of a release, and judge it."""
    tracked = track(make_subject(given, context, config), reader)
    log.info(f"Read {len(tracked.rows)} items with {tracked.requests} requests.")
    return write_report(tracked, given, context)


def run_guard(given: Inputs, context: Context, config: Config | None, reader: GuardReader, log: Workflow) -> Report:
    """Say of pull requests whether they may land now."""
    subject = make_subject(given, context, config)
    numbers = find_numbers(given.pull_request, context)
    reader.read_repository()
    milestone = find_guarded_milestone(subject, reader, is_named=bool(given.milestone or given.tag))
    freeze = read_freeze(subject, milestone)
    guarded = guard(reader, subject.form, numbers, freeze, milestone, context)
    if given.status:
        for each in guarded.judged:
            commit = find_group_commit(context)
            reader.set_status(each.pull, each.judgement, given.status, RunOfWorkflow.of(context).url, commit)
    log.info(f"Judged {len(guarded.judged)} pull requests with {guarded.requests} requests.")
    has_begun = freeze is not None and freeze.has_begun(context.now)
    sentence = summary.describe_freeze(freeze, has_begun=has_begun)
    details = describe_guard(guarded)
    made = Result(
        guarded.verdict,
        list_guard_findings(guarded),
        details,
        {
            "freeze": summary.describe_moment(freeze),
            "pull-requests": details["pull-requests"],
            "requests": reader.requests,
        },
    )
    return make_report(
        made,
        given,
        context,
        summary=write_guard_summary(guarded, sentence),
        lines=(sentence, *(describe_judged(each) for each in guarded.judged)),
        # A run over all open ones says it by their statuses, and has done its work.
        exit_code=guarded.exit_code if numbers else ExitCode.PASS,
    )


def run_calendar(
    given: Inputs, context: Context, config: Config | None, reader: GuardReader | None, log: Workflow
) -> Report:
    """Say what the calendar says. Warns, and never fails a release."""
    folder = context.workspace
    schedule = read_given_schedule(given, context, config)
    insist_on_dates(schedule)
    prefix = config.tag_prefix if config else "v"
    releases = read_releases(folder, prefix)
    trackers: tuple[Item, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    if reader:
        reader.read_repository()
        milestones = reader.milestones
        trackers = tuple(reader.read_item(number) for number in given.issues)
    texts = Texts(read_documents(folder, schedule.documents), trackers, milestones)
    judged = judge_calendar(schedule, releases, texts, context.now, prefix)
    if given.ics:
        write_workspace_file(
            context.path(given.ics), given.ics, write_calendar(schedule, context.repository, context.now)
        )
    log.info(f"Compared {len(judged.countdowns)} dates with {len(releases)} releases in git.")
    details = describe_calendar(judged)
    requests = reader.requests if reader else 0
    outputs = {"dates": details["dates"], "requests": requests}
    made = Result(verdict_of(judged.findings), judged.findings, details, outputs)
    lines = tuple(
        f"{each.tag}: {each.name} on {each.planned}, {describe_countdown(each)}." for each in judged.countdowns
    )
    return make_report(made, given, context, summary=write_calendar_summary(judged, ()), lines=lines)


def run_plan(given: Inputs, context: Context, config: Config | None, reader: GuardReader, log: Workflow) -> Report:
    """Plan what a mode changes, and do it where that is asked for."""
    form = config.tracker if config else TrackerForm()
    if given.mode == SYNC and given.apply and not form.sync:
        message = "Items are only moved where the project says so."
        raise PolicyError(message, hint="Set tracker.sync: true in release.yaml.")
    make = plan_opening_of if given.mode == OPEN else plan_tracked
    plan = make(given, context, config, reader)
    if given.apply:
        apply_plan(plan.changes, reader)
    log.info(f"Asked GitHub {reader.requests} times.")
    listed: list[Output] = [change.words for change in plan.changes]
    made = Result(Verdict.PASS, (), {"plan": listed}, {"plan": listed, "chat": plan.chat, "requests": reader.requests})
    text = write_plan_summary(plan, is_applied=given.apply)
    lines = (describe_plan(plan, is_applied=given.apply), *(change.words for change in plan.changes))
    return make_report(made, given, context, summary=text, lines=lines)


def plan_tracked(given: Inputs, context: Context, config: Config | None, reader: GuardReader) -> Plan:
    """The plan of a mode that judges the board first."""
    tracked = track(make_subject(given, context, config), reader)
    has_begun = tracked.freeze is not None and tracked.freeze.has_begun(context.now)
    if given.mode == SYNC:
        milestones = reader.milestones
        return make_sync(tracked.board, tracked.rows, milestones, has_begun=has_begun, repository=context.repository)
    form = config.tracker if config else TrackerForm()
    return make_digest(tracked.board, tracked.rows, form, summary.describe_freeze(tracked.freeze, has_begun=has_begun))


def plan_opening_of(given: Inputs, context: Context, config: Config | None, reader: GuardReader) -> Plan:
    """The plan of the start of a release."""
    subject = make_subject(given, context, config)
    form, title, label = subject.form, subject.title, subject.own_label
    reader.read_repository()
    milestone = next((each for each in reader.milestones if each.title == title), None)
    board = reader.read_board(milestone, label, given.issues)
    template = context.path(form.template) if form.template else None
    if template and leads_out(template, context.workspace):
        message = f"'{form.template}', the template of the tracking issue, leads out of the repository by a link."
        raise ConfigurationError(message, hint="Put what it leads to into the repository.")
    return make_opening(title, label, board, read_given_schedule(given, context, config), template)


def make_subject(given: Inputs, context: Context, config: Config | None) -> Subject:
    """The release that the inputs name, else the one of the run's tag."""
    tag = given.tag or (context.ref if context.ref.startswith(TAG_REF) else "")
    return Subject(tag, given.milestone, given.label, given.issues, config, context.repository, context.now)


def read_given_schedule(given: Inputs, context: Context, config: Config | None) -> ScheduleForm:
    """The schedule of its own file, else of the configuration."""
    if given.schedule:
        return read_schedule(context.path(given.schedule), given.schedule)
    return config.schedule if config else ScheduleForm()


def write_report(tracked: Tracked, given: Inputs, context: Context) -> Report:
    """The board for people, for later steps and for the gate."""
    details = summary.describe_details(
        tracked.board, tracked.rows, tracked.differences, tracked.freeze, tracked.requests
    )
    title = tracked.board.milestone.title if tracked.board.milestone else ""
    has_begun = tracked.freeze is not None and tracked.freeze.has_begun(context.now)
    sentences = (
        summary.describe_board(title, tracked.rows),
        summary.describe_freeze(tracked.freeze, has_begun=has_begun),
    )
    outputs = {name: details[name] for name in ("counts", "features", "differences", "requests")}
    made = Result(
        tracked.verdict, tracked.findings, details, {**outputs, "freeze": summary.describe_moment(tracked.freeze)}
    )
    text = summary.write_summary(tracked.board, tracked.rows, tracked.differences, tracked.findings, sentences)
    return make_report(made, given, context, summary=text, lines=sentences)


@dataclass(frozen=True)
class Result:
    """What a mode found out: `details` for the report's file, `outputs` for later steps."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    details: Mapping[str, Output]
    outputs: Mapping[str, Output]


def make_report(
    made: Result,
    given: Inputs,
    context: Context,
    *,
    summary: str,
    lines: tuple[str, ...],
    exit_code: ExitCode = ExitCode.PASS,
) -> Report:
    """The report of a mode, and its file where one is asked for."""
    file = context.path(given.config)
    envelope = Envelope(
        # A pass of the guard is no pass of the board: each mode's report has a name of its own.
        NAME if given.mode == REPORT else f"{NAME}-{given.mode}",
        made.verdict,
        context.now,
        tag=given.tag.removeprefix(TAG_REF),
        commit=context.sha if COMMIT.fullmatch(context.sha) else "",
        configuration=digest_of(file.read_bytes()) if file.is_file() else "",
        run=RunOfWorkflow.of(context),
        findings=made.findings,
        details=made.details,
    )
    unwritten = write_result_file(context.path(given.report), given.report, envelope.text()) if given.report else ()
    own: dict[str, Output] = {
        **dict.fromkeys(OUTPUTS, ""),
        **made.outputs,
        "verdict": made.verdict.value,
        "report": given.report,
        "report-digest": envelope.digest() if given.report else "",
    }
    return Report(own, summary, lines, (*made.findings, *unwritten), ExitCode.UNKNOWN if unwritten else exit_code)


BY_MODE: Mapping[str, Callable[[Inputs, Context, Config | None, GuardReader, Workflow], Report]] = {
    REPORT: run_report,
    GUARD: run_guard,
    CALENDAR: run_calendar,
    DIGEST: run_plan,
    SYNC: run_plan,
    OPEN: run_plan,
}
"""What each mode does."""
