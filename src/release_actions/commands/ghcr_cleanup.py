"""ghcr-cleanup: plan what of each package goes, delete it, prove that the rest still pulls, and say all of it.

Every package is read and planned before the first deletion, so that the limits judge the whole run. A package that
cannot be read completely is left alone, and the others go on. This module decides what a run covers and how it is
told; what goes is decided in `retention`, and how it is done in `cleanup`.
"""

from __future__ import annotations

import fnmatch
import hashlib
import itertools
import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta, timezone
from pathlib import Path

from release_actions import github_api, inputs, markdown, retention, selection, shapes
from release_actions.cleanup import cache, journal, undo
from release_actions.cleanup.apply import apply
from release_actions.cleanup.pace import OUT_OF_TIME, POINTS, REGISTRY_POINTS, Limits, Pace, paced
from release_actions.cleanup.store import Check, Contents, NotDeleted, Outcome, Store
from release_actions.cleanup.undo import Entry
from release_actions.config import CHANNELS, CleanupRule, Config, Package, load_config
from release_actions.context import Context
from release_actions.errors import ActionError, ConfigurationError, ExitCode, InputError, Problem
from release_actions.http import Http
from release_actions.inputs import option
from release_actions.packages import Packages
from release_actions.registry import Registry, registry_url
from release_actions.report import Finding, Level, Output, Report
from release_actions.retention import CleanupPlan
from release_actions.selection import Facts, Rule, Version
from release_actions.workflow import Workflow

OUTPUTS = ("plan", "plan-digest", "deleted", "left", "freed-bytes", "refused", "undo", "undo-file", "restored")

INPUT_RULE = "inputs"
"""Name of the rule that the inputs make."""

MOST = 20_000
"""Deletions of one run at most: their ids have to fit into the output `undo`, and no job lasts long enough for more."""

PLAN_LENGTH = 200_000
"""Characters of the output `plan` before reasons, and then the list itself, are left out. All outputs of a job together
may have about 500,000."""

ROWS = 200
"""Rows of one table of the summary."""

HOST = "ghcr.io"

UNDO_FILE = "ghcr-cleanup-undo.json"
"""Name of the undo file, in the runner's temporary folder or the current one, unless the caller names another."""

LONG_AGO = datetime(1970, 1, 1, tzinfo=timezone.utc)
"""The time of a version whose times nobody asks for."""

LOOK = "Look at the plan. If it is right, "


def percentage(value: str) -> int:
    """A share in whole percent: `25%`."""
    if not re.fullmatch(r"(100|[0-9]{1,2})%", value):
        message = "which is not a percentage. Write for example 25%."
        raise ValueError(message)
    return int(value[:-1])


@dataclass(frozen=True)
class Inputs:
    """What a caller may set."""

    packages: tuple[str, ...] = option(inputs.items, ())
    config: str = option(inputs.text, "release.yaml")
    channel: str = option(inputs.text, "")
    rule: tuple[str, ...] = option(inputs.items, ())
    delete_tags: tuple[str, ...] = option(inputs.items, ())
    exclude_tags: tuple[str, ...] = option(inputs.items, ())
    keep_n: int | None = option(inputs.integer(0), None)
    older_than: timedelta | None = option(inputs.duration, None)
    keep_n_per_line: int | None = option(inputs.integer(0), None)
    use_regex: bool = option(inputs.boolean, default=False)
    delete_released_candidates: bool = option(inputs.boolean, default=False)
    delete_closed_pull_requests: bool = option(inputs.boolean, default=False)
    delete_ghost_images: bool = option(inputs.boolean, default=False)
    delete_partial_images: bool = option(inputs.boolean, default=False)
    delete_orphaned_attachments: bool = option(inputs.boolean, default=False)
    delete_untagged: bool = option(inputs.boolean, default=False)
    untagged_older_than: timedelta | None = option(inputs.duration, None)
    dry_run: bool = option(inputs.boolean, default=False)
    max_deletions: int | None = option(inputs.integer(0), None)
    max_share: int | None = option(percentage, None)
    time_budget: timedelta | None = option(inputs.duration, None)
    mode: str = option(inputs.choice("clean", "restore"), "clean")
    undo_file: str = option(inputs.text, "")
    manifest_cache: str = option(inputs.text, "")
    owner: str = option(inputs.text, "")
    token: str = option(inputs.text, "", secret=True)


@dataclass(frozen=True)
class Task:
    """One package and the rules that hold for it."""

    path: str
    rules: tuple[Rule, ...]

    @property
    def owner(self) -> str:
        """The account that the package belongs to."""
        return self.path.partition("/")[0]


@dataclass
class Result:
    """One package's way through the run: the plan, unless it could not be made, and what came of it."""

    task: Task
    store: Store
    contents: Contents | None = None
    plan: CleanupPlan | None = None
    outcome: Outcome = field(default_factory=Outcome)
    idle: str = ""
    """Why nothing had to be read; empty when it was read."""
    unrestored: tuple[NotDeleted, ...] = ()
    done: bool = False
    """Whether nothing more was to be done about it."""

    @property
    def planned(self) -> int:
        """How many versions the plan deletes."""
        return len(self.plan.deletions) if self.plan else 0


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Clean up the packages that the inputs name, or bring back what an undo file names."""
    began = time.monotonic()
    config = configuration(given, context)
    owner = given.owner or (config.namespace.partition("/")[0] if config else context.owner)
    entries: Mapping[str, Sequence[Entry]] = {}
    if given.mode == "restore":
        entries = undo_entries(given, owner, config)
        tasks = tuple(Task(path, ()) for path in entries)
    else:
        tasks = tasks_of(given, owner, config)
    if not given.token:
        message = "ghcr-cleanup needs a token to list package versions, also for a dry run."
        raise InputError(
            message,
            hint="Pass 'token: ${{ github.token }}' and give the job the permission 'packages: write'; the package has "
            'to give the repository the Admin role under "Manage Actions access". By hand, set GITHUB_TOKEN.',
        )
    address = registry_url(config.registry if config else HOST, context.registry_url)
    kept = cache.opened(given.manifest_cache)
    pace = Pace(POINTS)
    with Http(log=log.info, session=paced({context.api_url: pace, address: Pace(REGISTRY_POINTS, write=1)})) as http:
        registry = Registry(http, address, token=given.token)
        accounts = {
            owner: Packages(http, context.api_url, owner, token=given.token) for owner in {task.owner for task in tasks}
        }
        results = [Result(task, Store(task.path, accounts[task.owner], registry, log.info, kept)) for task in tasks]
        if given.mode == "restore":
            return bring_back(results, entries, given, log)
        repository = config.repository if config else context.repository
        sources = Sources(config.tag_prefix if config else "v", repository, context.api_url, given.token)
        deadline = began + given.time_budget.total_seconds() if given.time_budget is not None else None
        limits = Limits(deadline, pace, lambda: http.budget(context.api_url))
        path = Path(given.undo_file or Path(context.environ.get("RUNNER_TEMP") or ".") / UNDO_FILE)
        return clean(results, given, context, sources, Undo(path), limits, log)


@dataclass
class Undo:
    """The undo file of this run, with what earlier runs wrote into it."""

    path: Path
    before: dict[str, list[Entry]] = field(default_factory=dict)
    written: bool = False

    def plan(self, results: Iterable[Result]) -> None:
        """Write down all that may be deleted. Raises `InputError`."""
        planned = {r.plan.package: [entry(d.version) for d in r.plan.deletions] for r in results if r.plan}
        if any(planned.values()):
            self.before = undo.read(self.path) if self.path.exists() else {}
            undo.write(self.path, undo.joined(self.before, planned))
            self.written = True

    def end(self, results: Iterable[Result]) -> None:
        """Write down what was deleted and is not back. Raises `InputError`."""
        if self.written:
            gone = {r.task.path: [entry(v) for v in (*r.outcome.deleted, *r.outcome.unsure)] for r in results}
            back = {version.id for r in results for version in r.outcome.restored}
            left = {path: [e for e in entries if e.id not in back] for path, entries in gone.items()}
            undo.write(self.path, undo.joined(self.before, {path: found for path, found in left.items() if found}))


def entry(version: Version) -> Entry:
    """A version as the undo file has it."""
    return Entry(version.id, version.digest, version.tags)


def clean(
    results: Sequence[Result],
    given: Inputs,
    context: Context,
    sources: Sources,
    undo_file: Undo,
    limits: Limits,
    log: Workflow,
) -> Report:
    """Plan all, then carry out all, unless this is a dry run or the plan is too large."""
    findings: list[Finding] = []
    try:
        for result in results:
            prepare(result, context, sources, log)
        findings = too_large(given, results)
        if not findings and not given.dry_run:
            undo_file.plan(results)
            for result in results:
                carry_out(result, limits, log)
    except KeyboardInterrupt:
        for result in results:
            result.outcome.interrupted = result.outcome.interrupted or not result.done
    undo_file.end(results)
    return report(given, results, findings, undo_file=str(undo_file.path) if undo_file.written else "")


# What a run covers


def tasks_of(given: Inputs, owner: str, config: Config | None) -> tuple[Task, ...]:
    """Packages and rules, from the inputs and the configuration where they name it.

    `owner` is that of packages named without one. Raises `InputError` with every mistake.
    """
    problems = list(mistakes(given))
    own = rule_of(INPUT_RULE, given)
    named: list[CleanupRule] = []
    for name in dict.fromkeys(given.rule):
        rule = next((rule for rule in config.cleanup if rule.name == name), None) if config else None
        if rule:
            named.append(rule)
        else:
            known = [rule.name for rule in config.cleanup] if config else []
            problems.append(Problem(f"{given.config} has no clean-up rule {name!r}.", shapes.nearest(name, known)))
    chosen = covered(given, owner, config, problems)
    tasks: dict[str, list[Rule]] = {path: [own] for path in chosen} if not own.selects_nothing else {}
    for rule in named:
        for path in rule.packages:
            if not chosen or path in chosen:
                tasks.setdefault(path, [own]).append(rule_of(rule.name, rule))
    if not tasks and not problems:
        hint = "Name packages that the rules are about, or leave packages and channel empty."
        problems.append(Problem("The rules are about none of the packages that are named.", hint))
    if problems:
        raise InputError(problems=problems)
    return tuple(Task(path, tuple(rules)) for path, rules in tasks.items())


def undo_entries(given: Inputs, owner: str, config: Config | None) -> Mapping[str, Sequence[Entry]]:
    """What the undo file names, of the packages that the inputs name. Raises `InputError`."""
    if not given.undo_file:
        message = "Nothing says what to restore."
        raise InputError(message, hint="Set undo-file to the file that a clean-up wrote.")
    problems: list[Problem] = []
    if given.rule or not rule_of(INPUT_RULE, given).selects_nothing:
        problems.append(Problem("mode is restore, and the inputs select what to delete.", "Leave out one of them."))
    found = undo.read(Path(given.undo_file))
    wanted = covered(given, owner, config, problems)
    words = f"The undo file {given.undo_file} has nothing of"
    problems += [Problem(f"{words} {path}.", shapes.nearest(path, found)) for path in wanted if path not in found]
    if problems:
        raise InputError(problems=problems)
    return {path: entries for path, entries in found.items() if not wanted or path in wanted}


def mistakes(given: Inputs) -> Iterable[Problem]:
    """What is wrong with the inputs by themselves."""
    own = rule_of(INPUT_RULE, given)
    selects = not own.selects_nothing
    if not selects and not given.rule:
        hint = "Set delete-tags, another input that begins with delete-, or rule. An empty selector never means all."
        yield Problem("Nothing is selected, so there is nothing to clean up.", hint)
    spares = {"keep-n": given.keep_n, "keep-n-per-line": given.keep_n_per_line, "older-than": given.older_than}
    for name, value in spares.items():
        if value is not None and not own.selects_tags:
            message = f"Input '{name}' spares some of the tags that are selected, and no tag is."
            hint = "Set delete-tags, delete-released-candidates or delete-closed-pull-requests too, or write it into "
            yield Problem(message, f"{hint}the rule of the configuration.")
    for pattern in (*given.delete_tags, *given.exclude_tags):
        if given.use_regex and (wrong := selection.malformed(pattern)):
            yield Problem(f"{pattern!r} is not a regular expression: {wrong}.", "One that matches whole tags is meant.")
        elif pattern.startswith("!") and not given.use_regex:
            yield Problem(
                f"The glob {pattern!r} begins with '!', which no tag does.", "List exceptions in exclude-tags."
            )
    if selects and not given.packages and not given.channel:
        yield Problem("No package is named.", "Set packages to names or globs, or channel to one of the configuration.")


def covered(given: Inputs, owner: str, config: Config | None, problems: list[Problem]) -> tuple[str, ...]:
    """Full names of the packages that the inputs name; empty when they leave it to the rules."""
    published: tuple[Package, ...] = config.published if config else ()
    if given.channel:
        published = tuple(package for package in published if package.channel == given.channel)
        if not published:
            message = f"{given.config} publishes nothing in a channel {given.channel!r}."
            problems.append(Problem(message, shapes.nearest(given.channel, CHANNELS)))
    if not given.packages:
        return tuple(package.name for package in published) if given.channel else ()
    found: list[str] = []
    for name in given.packages:
        if any(sign in name for sign in "*?["):
            matching = [
                package.name
                for package in published
                if fnmatch.fnmatchcase(package.name, name) or fnmatch.fnmatchcase(package.package, name)
            ]
            found += matching
            if not matching:
                problems.append(Problem(f"{name!r} matches no package of {given.config}.", "Globs choose among these."))
        elif given.owner and not name.startswith(f"{given.owner}/"):
            found.append(f"{given.owner}/{name}".lower())
        elif "/" in name:
            found.append(name.lower())
        elif owner:
            found.append(f"{owner}/{name}".lower())
        else:
            problems.append(Problem(f"Nobody is known to own the package {name!r}.", "Set owner, or write OWNER/NAME."))
    return tuple(dict.fromkeys(found))


def rule_of(name: str, written: Inputs | CleanupRule) -> Rule:
    """The rule that inputs or the configuration write down: both name everything as the rule does."""
    texts = {part.name: getattr(written, part.name) for part in fields(Rule) if part.name != "name"}
    return Rule(name, **texts)


def configuration(given: Inputs, context: Context) -> Config | None:
    """The configuration, where an input refers to it; else None, and the file need not be there."""
    if not (given.rule or given.channel or any(sign in name for name in given.packages for sign in "*?[")):
        return None
    config = load_config(context.path(given.config), name=given.config)
    if config.registry != HOST and not config.registry.startswith("containers."):
        message = f"{config.registry} is not GitHub's registry."
        hint = f"ghcr-cleanup deletes package versions on {HOST}, or on containers.HOST of an Enterprise Server."
        raise ConfigurationError(message, hint=hint, place=config.at("registry"))
    return config


# Reading and doing


def prepare(result: Result, context: Context, sources: Sources, log: Workflow) -> None:
    """Read one package and plan. What prevents it is kept with the result."""
    path, rules = result.task.path, result.task.rules
    try:
        with log.group(f"Plan {path}"):
            if not any(rule.needs_everything for rule in rules):
                tags = result.store.tags()
                # A journal, or nothing but attachments, is what an earlier run left.
                left = journal.TAG in tags or not any(selection.is_name(tag) for tag in tags)
                facts = Facts(context.now, sources.prefix, closed=sources.closed(rules, tags))
                if not left and not any(selection.chosen_tags(rule, tags, facts) for rule in rules):
                    result.idle = f"None of its {len(tags)} tags is selected."
                    result.store.say(f"{path}: {result.idle}")
                    return
            contents = result.contents = result.store.read()
            needs_missing = any(rule.needs_missing for rule in rules)
            facts = Facts(
                context.now,
                sources.prefix,
                result.store.missing(contents) if needs_missing else frozenset(),
                sources.closed(rules, contents.tags),
            )
            plan = retention.plan(path, contents.versions, contents.graph, rules, facts=facts)
            result.plan = result.store.sized(plan, result.contents)
            count = f"{len(plan.deletions)} of {len(plan.decisions)} versions go"
            result.store.say(f"{path}: {count}, {freed(result.plan)}")
    except ActionError as error:
        result.outcome.error = error


@dataclass
class Sources:
    """What is known beyond the packages: how release tags begin, and which pull requests of `repository` are closed."""

    prefix: str
    repository: str
    api_url: str
    token: str
    states: dict[int, str] = field(default_factory=dict)

    def closed(self, rules: Iterable[Rule], tags: Iterable[str]) -> frozenset[int]:
        """Those of the pull requests that tags are named after. Raises `ActionError`."""
        if not any(rule.delete_closed_pull_requests for rule in rules):
            return frozenset()
        numbers = {number for tag in tags if (number := selection.pull_request_of(tag)) is not None}
        unknown = numbers - self.states.keys()
        if unknown:
            found = github_api.pull_states(self.api_url, self.repository, unknown, token=self.token)
            self.states |= dict.fromkeys(unknown, "") | found
        return frozenset(number for number in numbers if self.states[number] == "closed")


def too_large(given: Inputs, results: Sequence[Result]) -> list[Finding]:
    """Why the plan is too large to be carried out; nothing of it is then."""
    found = []
    for result in results:
        there = len(result.plan.decisions) if result.plan else 0
        if given.max_share is not None and result.planned * 100 > given.max_share * there:
            share = f"{result.planned} of {there} versions, more than the {given.max_share}% that are allowed"
            message = f"The plan of {result.task.path} deletes {share}. Nothing was deleted."
            found.append(Finding.of(Level.ERROR, message, hint=LOOK + "raise max-share.", rule="max-share"))
    planned = sum(result.planned for result in results)
    most = MOST if given.max_deletions is None else min(MOST, given.max_deletions)
    if planned <= most:
        return found
    message = f"The plan deletes {planned} versions, more than the {most} that are allowed. Nothing was deleted."
    hint = f"{LOOK}raise max-deletions" + (
        "." if most < MOST else f", up to {MOST} a run, or narrow the rules and run it several times."
    )
    return [*found, Finding.of(Level.ERROR, message, hint=hint, rule="max-deletions")]


def carry_out(result: Result, limits: Limits, log: Workflow) -> None:
    """Delete what is planned, look at what is left, and restore if that broke."""
    plan, contents, outcome, store = result.plan, result.contents, result.outcome, result.store
    if plan and contents and plan.deletions:
        with log.group(f"Clean up {plan.package}"):
            apply(store, plan, contents, outcome, limits)
            if outcome.interrupted:
                raise KeyboardInterrupt
            if outcome.deleted or outcome.unsure or outcome.journal:
                prove(result, plan, contents)
    result.done = True


def prove(result: Result, plan: CleanupPlan, contents: Contents) -> None:
    """Resolve every tag that is left, and bring all back if one broke."""
    outcome, store = result.outcome, result.store
    try:
        if outcome.deleted or outcome.unsure:
            store.say(f"{plan.package}: resolving every tag that is left, down to its children")
            outcome.check = store.check(plan, contents, outcome)
            if outcome.check.broken:
                store.say(f"{plan.package}: {outcome.check.broken[0]} Restoring what was deleted.")
                result.unrestored = store.restore(outcome)
        if outcome.journal and not outcome.error:
            store.end_journal(outcome)
    except ActionError as error:
        outcome.error = outcome.error or error


# What is said


def bring_back(
    results: Sequence[Result], entries: Mapping[str, Sequence[Entry]], given: Inputs, log: Workflow
) -> Report:
    """Restore what an undo file names, parts first, and resolve every tag that it had."""
    findings: list[Finding] = []
    lines: list[str] = []
    rows: list[list[str]] = []
    unknown = failed = False
    total = 0
    for result in results:
        store, outcome, path = result.store, result.outcome, result.task.path
        found = entries[path]
        versions = [Version(e.id, e.digest, e.tags, LONG_AGO, LONG_AGO) for e in found]
        with log.group(f"Restore {path}"):
            missing = store.bring_back(versions, outcome)
            total += len(outcome.restored)
            wanted = {tag: e.digest for e in found for tag in e.tags}
            lost: list[str] = []
            try:
                lost = store.unresolved(wanted)
            except ActionError as error:
                unknown = True
                findings += [Finding(Level.ERROR, problem, "restore") for problem in error.problems]
        for item in missing:
            message = f"{path}: {title(item.version)} could not be restored. {item.message}"
            findings.append(Finding.of(Level.ERROR, message, hint=item.hint, rule="restore"))
        findings += [Finding.of(Level.ERROR, f"{path}: {sentence}", rule="restore") for sentence in lost]
        failed = failed or bool(missing or lost)
        lines.append(f"{path}: {len(outcome.restored)} of {len(found)} versions are there again.")
        rows.append([markdown.code(path), str(len(found)), str(len(outcome.restored)), str(len(wanted) - len(lost))])
    return Report(
        outputs={"restored": total, "undo-file": given.undo_file},
        summary="## GHCR clean-up: restore\n\n"
        + markdown.table(["Package", "In the undo file", "There again", "Tags that resolve"], rows),
        lines=tuple(lines),
        findings=tuple(findings),
        exit_code=ExitCode.UNKNOWN if unknown else ExitCode.REFUSED if failed else ExitCode.PASS,
    )


def report(given: Inputs, results: Sequence[Result], findings: list[Finding], *, undo_file: str) -> Report:
    """Outputs, summary and findings of the whole run."""
    found = [*findings, *itertools.chain.from_iterable(findings_of(result) for result in results)]
    plans = [result.plan for result in results if result.plan]
    return Report(
        outputs={
            "plan": plan_output(plans),
            "plan-digest": digest_of(plans),
            "deleted": sum(len(result.outcome.deleted) for result in results),
            "left": sum(len(result.outcome.waiting) + len(result.outcome.unsure) for result in results),
            "freed-bytes": sum(freed_of(result) for result in results),
            "refused": [
                {"package": result.task.path, **row(item.version), "message": item.message}
                for result in results
                for item in result.outcome.refused
            ],
            "undo": {result.task.path: list(result.outcome.undo) for result in results if result.outcome.undo},
            "undo-file": undo_file,
            "restored": sum(len(result.outcome.restored) for result in results),
        },
        summary=summary(given, results, findings),
        lines=(*itertools.chain.from_iterable(lines_of(result, given) for result in results), *total(results, given)),
        findings=tuple(found),
        exit_code=exit_code(results, findings),
    )


def exit_code(results: Sequence[Result], findings: Sequence[Finding]) -> ExitCode:
    """The worst of what happened."""
    outcomes = [result.outcome for result in results]
    if any(outcome.interrupted for outcome in outcomes):
        return ExitCode.INTERRUPTED
    if any(outcome.stopped not in {"", OUT_OF_TIME} for outcome in outcomes):
        return ExitCode.UNKNOWN
    if any(outcome.error or (outcome.check and outcome.check.broken) for outcome in outcomes):
        return ExitCode.UNKNOWN
    if findings or any(outcome.refused for outcome in outcomes):
        return ExitCode.REFUSED
    return ExitCode.PASS


def findings_of(result: Result) -> list[Finding]:
    """What a person should see of one package."""
    path, outcome = result.task.path, result.outcome
    found = []
    if outcome.error:
        left = "Nothing of this package was deleted." if not outcome.deleted else "The output 'undo' names what was."
        for problem in outcome.error.problems:
            words = f"{path}: {problem.message} {left}"
            found.append(Finding(Level.ERROR, Problem(words, problem.hint, problem.place), "ghcr-cleanup"))
    for item in outcome.refused:
        message = f"{path}: {title(item.version)} was not deleted. {item.message}"
        found.append(Finding.of(Level.ERROR, message, hint=item.hint, rule="refused"))
    for version in outcome.healed:
        message = f"{path}: {title(version)} was restored: something needs it that was pushed since."
        hint = "A clean-up that was stopped had deleted it. Run one at a time, and not while images are built."
        found.append(Finding.of(Level.WARNING, message, hint=hint, rule="healed"))
    for item in outcome.moved:
        message = f"{path}: {title(item.version)} was left. {item.message}"
        found.append(Finding.of(Level.WARNING, message, rule="moved"))
    if outcome.check:
        found += broken_findings(result, outcome.check)
    if outcome.stopped:
        message = f"{path}: stopped after {len(outcome.deleted)} of {result.planned} deletions. {outcome.stopped}"
        hint = "Run it again with the same inputs: it goes on where this run stopped."
        own = outcome.stopped == OUT_OF_TIME
        found.append(Finding.of(Level.WARNING if own else Level.ERROR, message, hint=hint, rule="stopped"))
    if outcome.interrupted:
        deleted = len(outcome.deleted)
        message = f"{path}: stopped by a signal after {deleted} of {result.planned} deletions."
        hint = "Run it again to finish. What is left was not checked; the output 'undo' names what was deleted."
        found.append(Finding.of(Level.ERROR, message, hint=hint, rule="stopped"))
    if result.plan:
        found += [
            Finding.of(
                Level.NOTICE,
                f"{path}: the tag {blocked.tag} is selected but stays. {blocked.because}",
                rule=blocked.rule,
            )
            for blocked in result.plan.blocked
        ]
    return found


def broken_findings(result: Result, check: Check) -> list[Finding]:
    """What the look after the deletions showed."""
    path, outcome = result.task.path, result.outcome
    found = []
    if check.broken:
        restored = len(outcome.restored)
        lost = "".join(f" {title(item.version)} could not be restored: {item.message}" for item in result.unrestored)
        message = f"{path}: {' '.join(check.broken[:3])} All {restored} deleted versions were restored.{lost}"
        hint = "Something was pushed while this ran. Run it again when nothing is, and keep one clean-up a package."
        found.append(Finding.of(Level.ERROR, message, hint=hint, rule="broken"))
    found += [
        Finding.of(Level.WARNING, f"{path}: {sentence}", hint="Push it again.", rule="incomplete")
        for sentence in check.incomplete
    ]
    return found


def lines_of(result: Result, given: Inputs) -> list[str]:
    """One package in plain sentences."""
    path, plan, outcome = result.task.path, result.plan, result.outcome
    if result.idle:
        return [f"{path}: nothing to do. {result.idle}"]
    if plan is None:
        return [f"{path}: not cleaned up."]
    if not plan.deletions:
        return [f"{path}: nothing to do. None of its {len(plan.decisions)} versions has to go."]
    if given.dry_run:
        lines = [f"{path}: {title(d.version)} would go. {reason_of(plan, d.version)}" for d in plan.deletions]
        return [*lines, f"{path}: {result.planned} of {len(plan.decisions)} versions would go, {freed(plan)}."]
    said = f"{path}: {len(outcome.deleted)} of {result.planned} planned deletions done"
    if outcome.restored:
        return [f"{said}, {len(outcome.restored)} restored."]
    if outcome.check:
        said += f", {len(outcome.check.tags)} tags left and resolved, {freed(plan)}"
    return [f"{said}."]


def total(results: Sequence[Result], given: Inputs) -> Iterable[str]:
    """The whole run in one line; none for a single package, whose own line says it."""
    if len(results) <= 1:
        return
    planned = sum(result.planned for result in results)
    failed = sum(1 for result in results if result.outcome.error)
    if given.dry_run:
        line = f"{len(results)} packages: {planned} versions would go"
    else:
        done = sum(len(result.outcome.deleted) for result in results)
        left = sum(len(result.outcome.check.tags) for result in results if result.outcome.check)
        line = f"{len(results)} packages: {done} of {planned} planned deletions done"
        line += f", {left} tags left and resolved" if done else ""
    yield line + (f", {failed} packages could not be finished." if failed else ".")


def plan_output(plans: Sequence[CleanupPlan]) -> Output:
    """The plans as JSON: deletions and what blocks others. Shortened when it would not pass between steps."""
    found: list[Output] = []
    for detail in (2, 1, 0):
        found = [plan_of(plan, detail) for plan in plans]
        if len(json.dumps(found)) <= PLAN_LENGTH:
            break
    return found


def plan_of(plan: CleanupPlan, detail: int) -> dict[str, Output]:
    """One plan as JSON. `detail`: 2 with reasons, 1 without, 0 without the deletions themselves."""
    deletions: list[Output] = []
    for deletion in plan.deletions if detail else ():
        item = row(deletion.version)
        if detail > 1:
            decision = plan.by_digest[deletion.version.digest]
            item |= {"rule": decision.rule, "reason": decision.reason}
        deletions.append(item)
    blocked: list[Output] = [
        {**row(item.version), "tag": item.tag, "rule": item.rule, "because": item.because} for item in plan.blocked
    ]
    return {
        "package": plan.package,
        "digest": plan.digest,
        "versions": len(plan.decisions),
        "deletions": deletions,
        "deletions-count": len(plan.deletions),
        "blocked": blocked if detail else [],
        "freed-bytes": plan.freed_bytes,
        "freed-bytes-is-a-lower-bound": plan.unsized > 0,
        "shortened": detail < 2,  # noqa: PLR2004  # the level above
    }


def row(version: Version) -> dict[str, Output]:
    """A version as JSON."""
    return {"id": version.id, "digest": version.digest, "tags": list(version.tags)}


def digest_of(plans: Sequence[CleanupPlan]) -> str:
    """One digest of all plans; empty when there is none."""
    if not plans:
        return ""
    text = "\n".join(sorted(f"{plan.package} {plan.digest}" for plan in plans))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def freed_of(result: Result) -> int:
    """Bytes that the deletions of one package freed: all of the plan's, or an unknown amount counted as none."""
    whole = result.plan and len(result.outcome.deleted) == result.planned and not result.outcome.restored
    return result.plan.freed_bytes if whole and result.plan else 0


def freed(plan: CleanupPlan) -> str:
    """How much a plan frees, for a person."""
    amount = float(plan.freed_bytes)
    unit = "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if amount < 1024:  # noqa: PLR2004  # of the unit before
            break
        amount, unit = amount / 1024, larger
    size = f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
    more = f", {plan.unsized} versions not measured" if plan.unsized else ""
    return f"{size} freed{more}"


def title(version: Version) -> str:
    """A version for a person."""
    return f"{', '.join(version.tags) or 'untagged'} ({version.digest[:19]}, version {version.id})"


def reason_of(plan: CleanupPlan, version: Version) -> str:
    """Why a version goes or stays."""
    return plan.by_digest[version.digest].reason


# The summary


def summary(given: Inputs, results: Sequence[Result], findings: Sequence[Finding]) -> str:
    """The job summary: for each package what went and why, and its tags before and after."""
    head = "## GHCR clean-up" + (" (dry run: nothing was deleted)" if given.dry_run else "") + "\n\n"
    rows = [
        [
            markdown.code(result.task.path),
            str(len(result.plan.decisions)) if result.plan else "?",
            str(result.planned),
            str(len(result.outcome.deleted)),
            markdown.plain(freed(result.plan)) if result.plan else "",
            markdown.plain(state_of(result, given)),
        ]
        for result in results
    ]
    overview = markdown.table(["Package", "Versions", "Planned", "Deleted", "Freed", "State"], rows)
    limits_text = "".join(f"**Refused.** {markdown.plain(str(finding.problem))}\n\n" for finding in findings)
    return head + limits_text + overview + "".join(section(result, given) for result in results)


def state_of(result: Result, given: Inputs) -> str:
    """One package in a few words."""
    outcome = result.outcome
    if outcome.error:
        return f"Stopped: {outcome.error.problems[0].message}"
    if result.idle:
        return f"Nothing to do. {result.idle}"
    if outcome.interrupted or outcome.stopped:
        return f"{outcome.stopped or 'Stopped by a signal.'} {len(outcome.waiting)} deletions are left."
    if outcome.restored:
        return "Restored: a tag that stays had lost a part."
    if given.dry_run:
        return "Planned."
    parts = [
        (len(outcome.refused), "refused"),
        (len(outcome.moved), "changed meanwhile"),
        (len(outcome.waiting), "left"),
    ]
    words = ", ".join(f"{count} {what}" for count, what in parts if count)
    return f"Done; {words}." if words else "Done."


def section(result: Result, given: Inputs) -> str:
    """The tables of one package; empty when nothing of it was planned or held up."""
    plan, outcome, contents = result.plan, result.outcome, result.contents
    if plan is None or contents is None or not (plan.deletions or plan.blocked):
        return ""
    text = f"\n### {markdown.plain(plan.package)}\n\n"
    deleted = {version.id for version in (*outcome.deleted, *outcome.gone)} - {v.id for v in outcome.restored}
    kept = {item.version.id: item.message for item in (*outcome.refused, *outcome.moved, *outcome.waiting)}
    rows = []
    for deletion in plan.deletions:
        version = deletion.version
        decision = plan.by_digest[version.digest]
        state = "planned" if given.dry_run else "deleted" if version.id in deleted else "still there"
        reason = decision.reason + (f" {kept[version.id]}" if version.id in kept else "")
        rows.append([tags_of(version), digest_cell(version.digest), state, markdown.plain(reason), decision.rule])
    text += table(["Tags", "Digest", "State", "Why", "Rule"], rows)
    before = contents.tags
    after = after_of(result, before)
    changed = [tag for tag in sorted({*before, *after}) if before.get(tag) != after.get(tag)]
    text += "\n" + table(
        ["Tag", "Before", "After" if not given.dry_run else "After (planned)"],
        [[markdown.code(tag), digest_cell(before.get(tag, "")), digest_cell(after.get(tag, ""))] for tag in changed],
    )
    same = [tag for tag in sorted(before) if before[tag] == after.get(tag)]
    body = table(["Tag", "Digest", "Why it stays"], [unchanged_row(plan, tag, before[tag]) for tag in same])
    return text + "\n" + markdown.details(f"{len(same)} tags that did not change", body)


def after_of(result: Result, before: Mapping[str, str]) -> Mapping[str, str]:
    """Tag -> digest after the run: as resolved, else as far as it is known or planned."""
    outcome = result.outcome
    if outcome.check and not outcome.restored:
        return outcome.check.tags
    if outcome.check:
        return before
    plan = result.plan
    planned = plan.deletions if plan else ()
    ids = {version.id for version in (*outcome.deleted, *outcome.gone)} or {d.version.id for d in planned}
    lost = {tag for deletion in planned if deletion.version.id in ids for tag in deletion.version.tags}
    return {tag: digest for tag, digest in before.items() if tag not in lost}


def unchanged_row(plan: CleanupPlan, tag: str, digest: str) -> list[str]:
    """A tag that stays."""
    decision = plan.by_digest.get(digest)
    return [markdown.code(tag), digest_cell(digest), markdown.plain(decision.reason) if decision else ""]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with a note about the rows that did not fit."""
    if not rows:
        return ""
    text = markdown.table(head, rows[:ROWS])
    return text + (f"\nand {len(rows) - ROWS} more\n" if len(rows) > ROWS else "")


def tags_of(version: Version) -> str:
    """The tags of a version as a cell."""
    return markdown.codes(version.tags, none="untagged")


def digest_cell(digest: str) -> str:
    """A digest as a cell, twelve digits of it."""
    return markdown.code(digest.removeprefix("sha256:")[:12]) if digest else "none"
