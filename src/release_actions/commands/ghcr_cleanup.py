"""ghcr-cleanup: plan what of each package goes, delete it, prove that the rest still pulls, and say all of it.

Every package is read and planned before the first deletion, so that the limits judge the whole run. A package that
cannot be read completely is left alone, and the others go on. This module decides only in which order a run does what;
what goes is decided in `retention`, and how it is done and told in `cleanup`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

from release_actions.cleanup import cache
from release_actions.cleanup.bounds import find_excess
from release_actions.cleanup.events import Stopped
from release_actions.cleanup.gone import GoneRefs
from release_actions.cleanup.inputs import Inputs, Mode
from release_actions.cleanup.outcome import Outcome
from release_actions.cleanup.pace import Limits, find_longest_wait
from release_actions.cleanup.package import MEASURED, Sources, prepare
from release_actions.cleanup.package_names import Lookup
from release_actions.cleanup.parallel import AT_ONCE, carry_out_all, prepare_all
from release_actions.cleanup.report import report
from release_actions.cleanup.restoring import bring_back
from release_actions.cleanup.result import Result, Task, interrupt
from release_actions.cleanup.rights import explain_refusal
from release_actions.cleanup.scope import make_tasks, read_configuration, read_undo_entries
from release_actions.cleanup.store import Store
from release_actions.cleanup.undo import Entry
from release_actions.cleanup.undo_record import UndoRecord
from release_actions.config import Config, load_whole
from release_actions.errors import ActionError, ExitCode, InputError, RemoteError
from release_actions.github.packages import Packages
from release_actions.http.client import Http
from release_actions.http.pace import make_github_pace, make_registry_pace
from release_actions.images.registry_access import connect_to_package
from release_actions.registry.client import Registry, registry_url
from release_actions.registry.names import PackagePath
from release_actions.runner.context import Context
from release_actions.runner.report import Finding, Level, Report
from release_actions.runner.workflow import Workflow

T = TypeVar("T")

OUTPUTS = (
    "plan",
    "plan-digest",
    "deleted",
    "untagged",
    "left",
    "freed-bytes",
    "refused",
    "undo",
    "undo-file",
    "restored",
)

MEASURED_DRY = 200
"""As `MEASURED`, of a dry run: a person reads it, and it deletes nothing."""

UNDO_FILE = "ghcr-cleanup-undo.json"
"""Name of the undo file, in the runner's temporary folder or the current one, unless the caller names another."""


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Clean up the packages that the inputs name, or bring back what an undo file names."""
    began = time.monotonic()
    config = read_configuration(given, context)
    owner = given.owner or (config.namespace.partition("/")[0] if config else context.owner)
    entries: Mapping[str, Sequence[Entry]] = {}
    if given.mode is Mode.RESTORE:
        entries = read_undo_entries(given, owner, config)
        tasks = tuple(Task(PackagePath(path), ()) for path in entries)
    else:
        tasks = make_tasks(given, owner, config, lookup_of(given, context, log))
        for line in list_uncleaned(config, {rule.name for task in tasks for rule in task.rules}):
            log.info(line)
    insist_on_token(given)
    address = registry_url(connect_to_package(context, config, "ghcr-cleanup"), context.registry_url)
    kept = cache.open_cache(given.manifest_cache)
    pace = make_github_pace()
    with Http(
        log=log.info,
        redactor=log.redactor,
        paces={context.api_url: pace, address: make_registry_pace()},
        max_wait=find_longest_wait(given.time_budget),
    ) as http:
        registry = Registry(http, address, token=given.token)
        accounts = {
            owner: Packages(http, context.api_url, owner, token=given.token) for owner in {task.owner for task in tasks}
        }
        stores = {task.path: Store(task.path, accounts[task.owner], registry, log.info, kept) for task in tasks}
        repository = config.repository if config else context.repository
        sources = Sources(
            http,
            read_tag_schemes(given, context, config),
            repository,
            context.api_url,
            given.token,
            assumed=config is None,
            refs=GoneRefs(http, context.api_url, repository, given.token, config) if config else None,
        )
        deadline = began + given.time_budget.total_seconds() if given.time_budget is not None else None
        settle = given.settle_time.total_seconds() if given.settle_time is not None else None
        limits = Limits(deadline, pace, lambda: http.budget(context.api_url), settle_time=settle)
        if given.mode is Mode.RESTORE:
            return bring_back(stores, entries, given.undo_file, limits, log, dry_run=given.dry_run)
        path = Path(given.undo_file or Path(context.environ.get("RUNNER_TEMP") or ".") / UNDO_FILE)
        try:
            return clean(Run(tasks, stores, context, log), given, sources, UndoRecord(path), limits)
        finally:
            if kept:
                kept.prune()


def list_uncleaned(config: Config | None, rules: Collection[str]) -> Iterator[str]:
    """Sentences about packages of the rules' channels that are in other registries."""
    channels = {rule.channel for rule in config.cleanup if rule.name in rules} if config else set()
    for package in config.list_packages_elsewhere() if config else ():
        if package.channel in channels:
            yield f"{package.reference} is not cleaned: only packages on GitHub's registry are."


def read_tag_schemes(given: Inputs, context: Context, config: Config | None) -> Callable[[str], tuple[str, ...]]:
    """How the exact tags of a package are written, by the configuration, whether or not an input refers to it.

    Read only for rules that rank releases: other runs have no need of the file.
    """
    ranks = given.keep_n or given.keep_n_per_line or given.delete_released_candidates
    if config is None and ranks and context.path(given.config).exists():
        config = load_whole(context.path(given.config), name=given.config)
    return config.schemes_of if config else lambda _: ()


def insist_on_token(given: Inputs) -> None:
    """Raise `InputError` without a token: GitHub lists packages, public ones too, to nobody who does not log in."""
    if not given.token:
        message = "ghcr-cleanup needs a token to list package versions, also for a dry run."
        raise InputError(
            message,
            hint="Pass 'token: ${{ github.token }}' and give the job the permission 'packages: write'; the package has "
            'to give the repository the Admin role under "Manage Actions access". By hand, set GITHUB_TOKEN.',
        )


def lookup_of(given: Inputs, context: Context, log: Workflow) -> Lookup:
    """What the names of packages are compared with on GitHub. Its functions raise `ActionError`."""

    def ask(owner: str, question: Callable[[Packages], T]) -> T:
        insist_on_token(given)
        with Http(log=log.info, redactor=log.redactor) as http:
            return question(Packages(http, context.api_url, owner, token=given.token))

    def list_packages(owner: str) -> tuple[str, ...]:
        packages = ask(owner, Packages.packages)
        return tuple(f"{owner}/{package.name}".lower() for package in packages)

    def has_package(path: str) -> bool:
        owner, _, name = path.partition("/")
        try:
            ask(owner, lambda packages: packages.repository(name))
        except RemoteError as error:
            # The account may not exist either. What the token may not see cannot be cleaned up with it.
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    return Lookup(list_packages, has_package)


@dataclass(frozen=True)
class Run:
    """The packages of a run, by full name, and where it takes place."""

    tasks: Sequence[Task]
    stores: Mapping[PackagePath, Store]
    context: Context
    log: Workflow

    def plan(self, tasks: Sequence[Task], sources: Sources, stop: str, *, dry_run: bool) -> list[Result]:
        """Plan some packages; none of them if `stop` says why not."""
        if stop:
            return [Result(task, outcome=Outcome([Stopped(stop)])) for task in tasks]
        measured = MEASURED_DRY if dry_run else MEASURED
        if len(tasks) == 1:
            return [prepare(tasks[0], self.stores[tasks[0].path], self.context, sources, self.log, measured)]
        return prepare_all(tasks, self.stores, self.context, sources, self.log, measured)


def clean(
    run: Run,
    given: Inputs,
    sources: Sources,
    undo_file: UndoRecord,
    limits: Limits,
) -> Report:
    """Plan all, then carry out all, unless this is a dry run or the plan is too large."""
    results: list[Result] = []
    findings: list[Finding] = []
    try:
        while len(results) < len(run.tasks):
            planned = sum(earlier.planned for earlier in results)
            # The deletions that are planned already may take all that is left of the hour's requests.
            stop = limits.taken_by(planned) if planned and not given.dry_run else ""
            # One after another where time or requests may not suffice for all: what is planned is to be deleted, too.
            many = bool(results) and limits.has_plenty()
            tasks = run.tasks[len(results) :][: AT_ONCE if many else 1]
            results += run.plan(tasks, sources, stop, dry_run=given.dry_run)
        findings = find_excess(results, given.max_deletions, given.max_share)
        if not findings and not given.dry_run:
            undo_file.plan(results)
            carry_out_all(results, run.stores, limits, run.log, run.context.now)
    except KeyboardInterrupt:
        results += [Result(task) for task in run.tasks[len(results) :]]
        for result in results:
            if not result.outcome.is_finished:
                interrupt(result)
    return finish_run(results, findings, given, undo_file)


def explain_errors(result: Result, token: str) -> Outcome:
    """What came of a package, with the right that each refused request lacks."""
    return result.outcome.with_errors(lambda error: explain_refusal(error, token, result.task.path))


def finish_run(results: Sequence[Result], findings: list[Finding], given: Inputs, undo_file: UndoRecord) -> Report:
    """Write down in the undo file what was deleted, and report all of it."""
    results = [replace(result, outcome=explain_errors(result, given.token)) for result in results]
    name = str(undo_file.path) if undo_file.written else ""
    try:
        undo_file.end(results)
    except ActionError as error:
        # What was done has to be reported all the same, and all that was planned is in the file.
        done = report(results, findings, dry_run=given.dry_run, undo_file=name)
        lost = [Finding(Level.ERROR, problem, "undo-file") for problem in error.problems]
        return replace(done, findings=(*done.findings, *lost), exit_code=max(done.exit_code, ExitCode.UNKNOWN))
    return report(results, findings, dry_run=given.dry_run, undo_file=name)
