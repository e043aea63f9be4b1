"""perf-gate: is the candidate slower than the release before? Reads results, compares, and writes the next baseline.

Changes nothing on GitHub but in mode `dispatch`, which starts a benchmark workflow and fetches what it made. A doubt is
no pass: what cannot be decided is inconclusive, with the runs that would decide it.
"""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta

from release_actions.config import FILE, load_config
from release_actions.config.performance import parse_percent
from release_actions.errors import ExitCode, InputError, Problem
from release_actions.github.workflow_runs import Workflows
from release_actions.http.client import Http
from release_actions.performance import document, measuring, plot, reading, suggesting, summary
from release_actions.performance.baseline import Publications, Published
from release_actions.performance.comparing import Outcome, compare
from release_actions.performance.configured import rules_of
from release_actions.performance.looks import Look, look_after, read_earlier
from release_actions.performance.model import canonical
from release_actions.performance.reading import Results
from release_actions.performance.rules import Rules
from release_actions.runner import envelope, inputs, markdown
from release_actions.runner.context import TAG_REF, Context
from release_actions.runner.envelope import Envelope, RunOfWorkflow, Verdict
from release_actions.runner.files import check_workspace_file, write_workspace_file
from release_actions.runner.report import Finding, Level, Output, Report, counted
from release_actions.runner.workflow import Workflow
from release_actions.tags.requested import find_release_event_tag
from release_actions.versions.version import Version, parse

NAME = "perf-gate"
ENFORCE, REPORT, SUGGEST, DISPATCH = "enforce", "report", "suggest", "dispatch"
MODES = (ENFORCE, REPORT, SUGGEST, DISPATCH)
RELEASE = "release"
"""What `baseline` says for the file that a release published; `release:TAG` names the release."""

ASSET = "performance.json"
HEADS = "refs/heads/"
SHOWN_FILES = 3


def parse_probability(value: str) -> float:
    """An alpha as `5%` or `0.05`."""
    try:
        alpha = parse_percent().parse(value) if value.endswith("%") else float(value)
    except ValueError:
        alpha = 0.0
    most = 0.5
    if not 0 < alpha < most:
        message = "which is not a probability below one half. Write for example 5% or 0.05."
        raise ValueError(message)
    return alpha


@dataclass(frozen=True)
class Inputs:
    """What actions/perf-gate/action.yml describes."""

    baseline: tuple[str, ...] = inputs.option(inputs.lines, (RELEASE,))
    candidate: tuple[str, ...] = inputs.option(inputs.lines, ())
    mode: str = inputs.option(inputs.choice(*MODES), ENFORCE)
    tag: str = inputs.option(inputs.text, "")
    commit: str = inputs.option(inputs.text, "")
    config: str = inputs.option(inputs.text, FILE)
    match: tuple[str, ...] = inputs.option(inputs.items, ())
    min_runs: int = inputs.option(inputs.integer(2), 0)
    alpha: float = inputs.option(parse_probability, 0.0)
    looks: int = inputs.option(inputs.integer(1), 0)
    asset: str = inputs.option(inputs.text, ASSET)
    report: str = inputs.option(inputs.written_file, ASSET)
    plot: str = inputs.option(inputs.written_file, "")
    workflow: str = inputs.option(inputs.text, "")
    workflow_repository: str = inputs.option(inputs.text, "")
    workflow_ref: str = inputs.option(inputs.text, "")
    workflow_inputs: tuple[str, ...] = inputs.option(inputs.lines, ("commit={commit}",))
    id_input: str = inputs.option(inputs.text, "run-key")
    artifacts: tuple[str, ...] = inputs.option(inputs.items, ("*",))
    results: str = inputs.option(inputs.text, "benchmark-results")
    time_limit: timedelta = inputs.option(inputs.duration, timedelta(hours=6))
    token: str = inputs.option(inputs.text, "", secret=True)


OUTPUTS = (
    *("verdict", "comparisons", "failed", "inconclusive", "more-runs", "baseline-tag"),
    *("report", "report-digest", "run-url"),
)


@dataclass(frozen=True)
class Setting:
    """What a comparison is about and held to. `tag`, `commit` and `branch` are empty, `version` None when not known."""

    rules: Rules
    tag: str
    version: Version | None
    commit: str
    branch: str
    configuration: str


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Compare, suggest, or let a workflow measure."""
    setting = read_setting(given, context, log)
    if given.mode == DISPATCH:
        return dispatch(given, setting, context, log)
    published = read_baseline(given, setting, context, log)
    if given.mode == SUGGEST:
        return suggest(published, setting.rules)
    if not given.candidate:
        message = "Input 'candidate' is required and was not given."
        raise InputError(message, hint="Name the folder, files or globs of the candidate's results.")
    candidate = read_side("candidate", given.candidate, context)
    refuse_overwriting(given, (*published.results.digests.values(), *candidate.digests.values()), context)
    look = look_at(published.results, candidate, given, context)
    setting = replace(setting, rules=replace(setting.rules, look=look))
    outcome = compare(
        published.results,
        candidate,
        setting.rules,
        commit=setting.commit,
        today=context.now.date(),
        missing=published.missing,
    )
    log.info(
        f"Read {counted(len(published.results.runs), 'run')} of the baseline, {len(candidate.runs)} of the candidate."
    )
    made = envelope_of(outcome, candidate, setting, context)
    write_files(given, outcome, made, context)
    return report_of(outcome, published, made, given)


def read_setting(given: Inputs, context: Context, log: Workflow) -> Setting:
    """Rules, tag and commit of this run. Raises `ConfigurationError`, `InputError` and `TagRefused`."""
    path = context.path(given.config)
    tag = given.tag or (context.ref if context.ref.startswith(TAG_REF) else find_release_event_tag(context))
    rules, prefix, configuration = Rules(), None, ""
    if given.config == FILE and not path.exists():
        log.info(f"There is no {FILE}: the default metrics and tolerances hold.")
    else:
        config = load_config(path, name=given.config, tag=tag)
        rules, prefix = rules_of(config.performance), config.tag_prefix
        configuration = envelope.digest_of(path.read_bytes())
    rules = replace(
        rules,
        match=tuple(dict.fromkeys((*rules.match, *(canonical(name) for name in given.match)))),
        min_runs=given.min_runs or rules.min_runs,
        alpha=given.alpha or rules.alpha,
        looks=given.looks or rules.looks,
    )
    version = parse(tag, "v" if prefix is None else prefix) if tag else None
    branch = context.ref.removeprefix(HEADS) if context.ref.startswith(HEADS) else ""
    commit = given.commit or context.sha
    return Setting(rules, version.tag if version else "", version, commit, branch, configuration)


def read_baseline(given: Inputs, setting: Setting, context: Context, log: Workflow) -> Published:
    """The results of the baseline: the files that were named, or what a release published."""
    names = [name for name in given.baseline if name == RELEASE or name.startswith(f"{RELEASE}:")]
    if not names:
        return Published(results=read_side("baseline", given.baseline, context))
    if len(given.baseline) > 1:
        message = "Input 'baseline' names a release and something else."
        raise InputError(message, hint=f"Write either {RELEASE}, {RELEASE}:TAG, or paths.")
    if not context.repository:
        message = "The baseline comes from a release, but the repository is not known."
        raise InputError(message, hint="Set GITHUB_REPOSITORY or --repository, or name files as baseline.")
    with Http(log=log.info, redactor=log.redactor) as http:
        publications = Publications(http, context.api_url, context.repository, given.token)
        tag = names[0].partition(":")[2]
        published = publications.find(setting.version, tag=tag, file=given.asset)
    log.info(published.missing or f"The baseline is {given.asset} of {published.tag}.")
    return published


def read_side(name: str, paths: tuple[str, ...], context: Context) -> Results:
    """The results that an input names. Raises `InputError` when there is none, not even a broken one."""
    results = reading.read_results(paths, context.workspace)
    if results.runs or results.unreadable:
        return results
    message = f"Input '{name}' names no result of a benchmark: {', '.join(paths)}."
    ignored = [f"{unused.file}: {unused.reason}" for unused in results.ignored[:SHOWN_FILES]]
    hint = f"What is there is something else. {'; '.join(ignored)}." if ignored else "Check the path; no file is there."
    raise InputError(message, hint=hint)


def look_at(baseline: Results, candidate: Results, given: Inputs, context: Context) -> Look:
    """Which look at these runs this is, by the report that is there from an earlier one."""
    path = context.path(given.report)
    text = ""
    with contextlib.suppress(OSError):
        # Whatever else is wrong with the path is said when the report is written.
        text = path.read_bytes().decode(errors="replace") if path.is_file() else ""
    return look_after(read_earlier(text), baseline.runs, candidate.runs)


def refuse_overwriting(given: Inputs, results: tuple[str, ...], context: Context) -> None:
    """Raise `InputError` when a file that is to be written is a result that was read, or the other file."""
    read = {context.path(name).resolve(): name for name in results}
    written = {"report": given.report, "plot": given.plot}
    problems = [
        Problem(f"Input '{name}' names {path}, which is a result that was read.", "Name a file that is not one.")
        for name, path in written.items()
        if path and context.path(path).resolve() in read
    ]
    if given.plot and context.path(given.plot).resolve() == context.path(given.report).resolve():
        problems.append(Problem(f"Inputs 'report' and 'plot' both name {given.plot}.", "Name two files."))
    if problems:
        raise InputError(problems=problems)


def envelope_of(outcome: Outcome, candidate: Results, setting: Setting, context: Context) -> Envelope:
    """The report as every check writes it."""
    return Envelope(
        NAME,
        outcome.verdict,
        context.now,
        tag=setting.tag,
        commit=setting.commit,
        configuration=setting.configuration,
        run=RunOfWorkflow.of(context),
        findings=outcome.findings,
        details=document.details(outcome, candidate.runs, setting.rules),
    )


def write_files(given: Inputs, outcome: Outcome, made: Envelope, context: Context) -> None:
    """Write the report, and the picture when one is wanted."""
    files = {given.report: made.text()}
    if given.plot:
        files[given.plot] = plot.svg(outcome.gated, title=title_of(made))
    for name, text in files.items():
        write_workspace_file(context.path(name), name, text)


def title_of(made: Envelope) -> str:
    """What the summary and the picture are called."""
    return f"Performance of {made.tag or made.commit[:12] or 'the candidate'}"


def report_of(outcome: Outcome, published: Published, made: Envelope, given: Inputs) -> Report:
    """Outputs, summary and exit code. In mode `report` nothing stops, and errors become warnings."""
    is_enforced = given.mode == ENFORCE
    stops = is_enforced and outcome.verdict in {Verdict.FAIL, Verdict.INCONCLUSIVE}
    shown = outcome.findings if is_enforced else tuple(soften(finding) for finding in outcome.findings)
    more = [item.comparison.more_runs for item in outcome.gated if item.verdict is Verdict.INCONCLUSIVE]
    against = f" against {published.tag}" if published.tag else ""
    outputs: dict[str, Output] = {
        "verdict": outcome.verdict.value,
        "comparisons": len(outcome.gated),
        "failed": sum(item.verdict is Verdict.FAIL for item in outcome.gated),
        "inconclusive": sum(item.verdict is Verdict.INCONCLUSIVE for item in outcome.gated),
        "more-runs": max((runs for runs in more if runs), default=0),
        "baseline-tag": published.tag,
        "report": given.report,
        "report-digest": made.digest(),
        "run-url": "",
    }
    return Report(
        outputs=outputs,
        summary=summary.summary(outcome, title=f"{title_of(made)}{against}"),
        lines=(f"{outcome.verdict.value}: {summary.HEADLINES[outcome.verdict]}",),
        findings=shown,
        exit_code=ExitCode.REFUSED if stops else ExitCode.PASS,
    )


def soften(finding: Finding) -> Finding:
    """An error as a warning."""
    return replace(finding, level=Level.WARNING) if finding.level is Level.ERROR else finding


def suggest(published: Published, rules: Rules) -> Report:
    """What the baseline alone can resolve. Raises `InputError` when there is none."""
    if published.missing or not published.results.runs:
        message = published.missing or "The baseline has no run."
        raise InputError(message, hint="Name results of the baseline: at least three runs of each benchmark.")
    suggestions = suggesting.suggest(published.results.runs, rules)
    lines = [
        f"{item.rule.name} in {item.group.title}: "
        + (
            "too few runs to say anything."
            if item.spread is None
            else f"spread {100 * item.spread:.1f} %; "
            + ", ".join(f"{count} runs resolve {100 * part:.1f} %" for count, part in item.tolerances)
            + "."
        )
        for item in suggestions
    ]
    outputs: dict[str, Output] = dict.fromkeys(OUTPUTS, "")
    outputs |= {"comparisons": len(suggestions), "baseline-tag": published.tag}
    return Report(outputs=outputs, summary=summary.suggestions(suggestions), lines=tuple(lines))


def dispatch(given: Inputs, setting: Setting, context: Context, log: Workflow) -> Report:
    """Let a workflow measure the candidate, and fetch what it made into the folder `results`."""
    repository = given.workflow_repository or context.repository
    missing = [
        name
        for name, value in (("workflow", given.workflow), ("workflow-repository", repository), ("token", given.token))
        if not value
    ]
    if missing:
        raise InputError(
            problems=[Problem(f"Mode dispatch needs the input '{name}'.", "See docs/perf-gate.md.") for name in missing]
        )
    measuring.require_empty(context.path(given.results), given.results)
    check_workspace_file(context.path(given.results) / "results", given.results)
    # A branch of this run says nothing about the branches of another repository.
    is_own = repository.lower() == context.repository.lower()
    measurement = measuring.Measurement(
        file=given.workflow,
        ref=given.workflow_ref or (setting.branch if is_own else "") or "main",
        inputs=measuring.fill_inputs(
            given.workflow_inputs, {"commit": setting.commit, "tag": setting.tag, "branch": setting.branch}
        ),
        key_input=given.id_input,
        key=f"perf-gate-{uuid.uuid4().hex[:12]}",
        time_limit=given.time_limit,
        own=context.repository,
    )
    with Http(log=log.info, redactor=log.redactor) as http:
        workflows = Workflows(http, context.api_url, repository, token=given.token)
        measuring.check_rights(workflows, measurement, given.token, log.info)
        measured = measuring.measure(workflows, measurement, log.info)
        names = measuring.fetch_results(workflows, measured, given.artifacts, context.path(given.results))
    sentence = f"The benchmark succeeded, and {counted(len(names), 'artifact')} are in {given.results}: {measured.url}"
    outputs: dict[str, Output] = dict.fromkeys(OUTPUTS, "")
    outputs["run-url"] = measured.url
    return Report(outputs=outputs, summary=f"{markdown.plain(sentence)}\n", lines=(sentence,))
