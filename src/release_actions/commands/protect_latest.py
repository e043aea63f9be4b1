"""protect-latest: floating tags as desired state. Reports what differs, or moves it; records a state, or puts it back.

Every image is judged on its own and all are tried: a broken one never keeps another's `latest` wrong. Only a release
that is promoted as one step (`together`) waits for all of its images. The event that started the run has no say in
where a tag goes. This module decides what a run covers and in which order; how it is told is in `floating_report`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from release_actions.builds.matrix import select_images
from release_actions.config import Config, Package, load_config
from release_actions.config.source import read_text
from release_actions.errors import ActionError, InputError, RemoteError
from release_actions.floating import promotion, report, snapshot, snapshot_report
from release_actions.floating.git_tags import GitFloats
from release_actions.floating.package_state import GitVersions
from release_actions.floating.plan import Rules
from release_actions.floating.reconcile import Journal, Reconciler
from release_actions.floating.releases import GitReleases
from release_actions.floating.report import OUTPUTS, Git, Result, Returned
from release_actions.floating.snapshot import Restorer, Snapshot
from release_actions.http.client import Http
from release_actions.http.exchange import CONNECTIONS
from release_actions.images.registry_access import connect_to
from release_actions.registry.client import GITHUB_TOKENS, Manifest, Registry
from release_actions.registry.login import Login
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow

__all__ = ["OUTPUTS", "Inputs", "run"]

MODES = ("check", "enforce", "snapshot", "restore")
LEVELS = ("error", "warn", "off")

PACKAGES = 64
"""Packages that are worked on at the same time."""

REQUESTS = CONNECTIONS
"""Requests of all packages together that need not wait for each other: as many as connections are kept open."""


@dataclass(frozen=True)
class Inputs:
    """What actions/protect-latest/action.yml describes."""

    mode: str = inputs.option(inputs.choice(*MODES), "check")
    config: str = inputs.option(inputs.text, "release.yaml")
    images: tuple[str, ...] = inputs.option(inputs.items, ("all",))
    leave: tuple[str, ...] = inputs.option(inputs.items, ())
    existing_tags: tuple[str, ...] = inputs.option(inputs.items, ())
    together: bool = inputs.option(inputs.boolean, default=False)
    git_tags: bool = inputs.option(inputs.boolean, default=False)
    snapshot: str = inputs.option(inputs.text, "floating-tags.json")
    snapshot_digest: str = inputs.option(inputs.text, "")
    thorough: bool = inputs.option(inputs.boolean, default=False)
    other_commit: str = inputs.option(inputs.choice(*LEVELS), "error")
    settle: timedelta = inputs.option(inputs.duration, timedelta(seconds=2))
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)
    registry_user: str = inputs.option(inputs.text, "")
    login_host: str = inputs.option(inputs.text, "")


@dataclass
class Task:
    """One run: what it covers, and what it works with."""

    given: Inputs
    context: Context
    log: Workflow
    config: Config
    packages: tuple[Package, ...]
    http: Http
    reconciler: Reconciler
    rules: Rules
    stop: threading.Event
    done: int = field(default=0)
    journals: dict[str, Journal] = field(default_factory=dict)

    def each(self, function: Callable[[Package], Result], packages: Iterable[Package]) -> tuple[Result, ...]:
        """Every package, all at once, in the order of the configuration. An error is its package's own."""
        with ThreadPoolExecutor(PACKAGES, thread_name_prefix="package") as pool:
            try:
                return tuple(pool.map(partial(guarded, function), packages))
            except KeyboardInterrupt:
                self.stop.set()
                pool.shutdown(cancel_futures=True)
                for name, journal in sorted(self.journals.items()):
                    for change in journal.last.values():
                        self.log.info(
                            f"Until then {self.config.registry}/{name}:{change.tag} was put on {change.after}."
                        )
                raise

    def journal(self, package: Package, *, olds: bool = False) -> Journal:
        """A new journal of a package, which is told even if the run is stopped."""
        journal = self.journals[package.name] = Journal(olds={} if olds else None)
        return journal

    def say(self, results: Iterable[Result]) -> None:
        """One line for each package that has ended."""
        for result in results:
            self.done += 1
            sentence = report.sentence(result)
            self.log.info(f"[{self.done}/{len(self.packages)}] {result.package.reference}: {sentence}")
            for note in result.journal.notes:
                self.log.info(f"  {note}")


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Check, enforce, record or restore the floating tags of the images that the inputs name."""
    config = load_config(context.path(given.config), name=given.config)
    selected = select_images(config, "release", given.images) - left(given, config)
    packages = tuple(package for package in config.packages("release") if package.image in selected)
    recorded = prepared(given, context, config)
    with (
        Http(log=log.info, redactor=log.redactor) as http,
        ThreadPoolExecutor(REQUESTS, thread_name_prefix="request") as pool,
    ):
        registry = registry_of(given, config, context, http, log)
        git = GitVersions(())
        with logging_in(registry, packages, pool, github=context.is_github_registry(config.registry)):
            if given.mode in {"check", "enforce"}:
                source = GitReleases(http, context, log, prefix=config.tag_prefix, token=given.token)
                git = source.versions(given.existing_tags, pool, compare=given.other_commit != "off")
        rules = Rules(config.floating_tags, config.skip, config.tag_prefix, held_by_doubt=given.other_commit == "error")
        stop = threading.Event()
        reconciler = Reconciler(
            registry,
            rules,
            git,
            thorough=given.thorough,
            settle=given.settle.total_seconds(),
            pool=pool,
            sleep=partial(pause, stop),
        )
        task = Task(given, context, log, config, packages, http, reconciler, rules, stop)
        if given.mode == "snapshot":
            return take(task)
        if recorded is not None:
            return restore(task, recorded)
        return reconcile(task)


def left(given: Inputs, config: Config) -> frozenset[str]:
    """The keys of images that are left alone. Raises `InputError`: what `together` waits for cannot be left out."""
    if not given.leave:
        return frozenset()
    keys = select_images(config, "release", given.leave)
    required = sorted({one.image for one in config.packages("release") if one.image in keys and one.required})
    if given.together and required:
        message = f"Input 'together' waits for every required image, and 'leave' leaves out {', '.join(required)}."
        raise InputError(message, hint="Run it once they are right.")
    if keys >= select_images(config, "release", given.images):
        message = "Input 'leave' leaves no image over."
        raise InputError(message, hint="Do not run it at all.")
    return keys


def pause(stop: threading.Event, seconds: float) -> None:
    """Wait, unless the run is stopped. Raises `RemoteError` then: what was written is not known to stay."""
    if stop.wait(seconds):
        message = "Stopped by a signal before the tags were seen to stay."
        raise RemoteError(message, hint="Run this again: it goes on where this ended.")


def prepared(given: Inputs, context: Context, config: Config) -> Snapshot | None:
    """What must be right before anything is asked: the inputs among themselves, and for restore the snapshot."""
    if given.together and given.images != ("all",):
        message = "Input 'together' promotes a release in all required images, and 'images' names only some."
        raise InputError(message, hint="Leave images at all, or together at false.")
    if given.git_tags and not context.repository:
        message = "Input 'git-tags' is true, and the repository is not known."
        raise InputError(message, hint="Set GITHUB_REPOSITORY or --repository.")
    if given.mode != "restore":
        return None
    path = context.path(given.snapshot)
    text = read_text(path, name=given.snapshot, hint="Say with 'snapshot' where the snapshot run wrote it.")
    recorded = snapshot.read(text, file=given.snapshot, digest=given.snapshot_digest)
    published = {package.name for package in config.packages("release")}
    strange = sorted(set(recorded.packages) - published)
    if recorded.registry != config.registry or strange:
        what = f"the registry {recorded.registry}" if recorded.registry != config.registry else strange[0]
        message = f"The snapshot {given.snapshot} is about {what}, which {given.config} does not publish to."
        raise InputError(message, hint="Use the configuration that the snapshot was taken with.")
    return recorded


def registry_of(given: Inputs, config: Config, context: Context, http: Http, log: Workflow) -> Registry:
    """The client of the registry."""
    login = Login(given.registry_token, given.registry_user, given.login_host)
    return connect_to(http, config.registry, login, context, log, for_github=given.token)


@contextlib.contextmanager
def logging_in(registry: Registry, packages: Iterable[Package], pool: Executor, *, github: bool) -> Iterator[None]:
    """Log in to the packages while git's tags are read."""

    def log_in() -> None:
        # What is wrong is told for each package when that is read.
        with contextlib.suppress(ActionError):
            registry.log_in([package.name for package in packages], pool.map, path=GITHUB_TOKENS if github else "")

    future = pool.submit(log_in)
    yield
    future.result()


def guarded(function: Callable[[Package], Result], package: Package) -> Result:
    """What a function makes of a package, or its error."""
    try:
        return function(package)
    except ActionError as error:
        return Result(package, error=error)


# check and enforce


def reconcile(task: Task) -> Report:
    """Compare every package with what its floating tags must name and, to enforce, move them."""
    results = task.each(partial(judge, task), task.packages)
    gate = promotion.Gate((), ())
    if task.given.mode == "enforce":
        if task.given.together:
            gate = promotion.gate(results)
        if gate.open:
            results = enforce(task, results)
    task.say(results)
    git = git_floats(task, results, closed=not gate.open) if task.given.git_tags else Git()
    return report.report(results, task.given.mode, gate, git)


def judge(task: Task, package: Package) -> Result:
    """One package as it is."""
    judged = task.reconciler.judge(package)
    return Result(package, judged, absent=judged is None)


def enforce(task: Task, results: tuple[Result, ...]) -> tuple[Result, ...]:
    """Move the floating tags of all packages; with `together`, take all back if a required one fails."""
    found = {result.package.name: result for result in results}
    moves = sum(len(result.plan.moves) for result in results)
    if moves:
        task.log.info(f"Moving {report.count(moves, 'floating tag')}, and looking until they stay.")
    results = task.each(lambda package: move(task, found[package.name]), task.packages)
    if not task.given.together or not any(result.error and result.package.required for result in results):
        return results
    task.log.info("A required image failed: what was moved is put back.")
    after = {result.package.name: result for result in results}
    return task.each(lambda package: put_back(task, after[package.name]), task.packages)


def move(task: Task, result: Result) -> Result:
    """Move one package's floating tags. What was done is told even if it fails half-way."""
    if result.judged is None:
        return result
    journal = task.journal(result.package, olds=task.given.together)
    try:
        task.reconciler.enforce(result.package, result.judged, journal)
    except ActionError as error:
        return replace(result, journal=journal, error=error)
    return replace(result, journal=journal)


def put_back(task: Task, result: Result) -> Result:
    """Put one package's floating tags back on what they named before this run."""
    if not result.journal.done:
        return result
    try:
        back, left = task.reconciler.put_back(result.package, result.journal)
    except ActionError as error:
        tags = ", ".join(result.journal.last)
        left = [f"{result.package.reference}: {tags} may not be back where they were. {error}"]
        return replace(result, returned=Returned((), tuple(left)))
    return replace(result, returned=Returned(tuple(back), tuple(left)))


def git_floats(task: Task, results: Iterable[Result], *, closed: bool) -> Git:
    """The floating tags in git, behind the images: they follow to a release that every required image holds."""
    required = [result for result in results if result.package.required]
    unsure = [result.package.reference for result in required if result.error or result.absent]
    held_back = {tag for result in required for tag in promotion.lacking(result.plan)}
    given, context = task.given, task.context
    floats = GitFloats(
        task.http,
        context.api_url,
        context.repository,
        token=given.token,
        rules=task.rules,
        pause=task.reconciler.pause,
    )
    try:
        plan = floats.judge(held_back)
        if given.mode == "check" or not plan.moves:
            return Git(plan)
        if unsure or closed:
            return Git(plan, waiting=unsure[0] if unsure else "a required image")
        return Git(plan, moved=floats.enforce(plan, held_back))
    except ActionError as error:
        return Git(error=error)


# snapshot and restore


def take(task: Task) -> Report:
    """Record what the release tags and floating tags of every package name. Writes nothing unless all were read."""
    found: dict[str, Mapping[str, Manifest]] = {}

    def read(package: Package) -> Result:
        tags = task.reconciler.tags(package)
        found[package.name] = task.reconciler.read(package, tags or ())
        return Result(package, absent=tags is None)

    results = task.each(read, task.packages)
    failed = any(result.error for result in results)
    recorded = None
    if not failed:
        recorded = Snapshot(task.config.registry, task.context.now.isoformat(timespec="seconds"), found)
        path = task.context.path(task.given.snapshot)
        try:
            path.write_text(recorded.text(), encoding="utf-8")
        except OSError as error:
            message = f"The snapshot {task.given.snapshot} could not be written: {error.strerror}."
            raise InputError(message, hint="Say with 'snapshot' where it may be written.") from error
    return snapshot_report.snapshot_report(results, recorded, task.given.snapshot)


def restore(task: Task, recorded: Snapshot) -> Report:
    """Put back what a snapshot recorded of every package."""
    restorer = Restorer(task.reconciler, recorded)

    def one(package: Package) -> Result:
        first = restorer.compare(package)
        journal = task.journal(package)
        result = Result(package, difference=first, journal=journal)
        try:
            restorer.restore(package, first, journal)
        except ActionError as error:
            return replace(result, error=error)
        return result

    known_to_it = [package for package in task.packages if package.name in recorded.packages]
    results = task.each(one, known_to_it)
    without = [package.reference for package in task.packages if package.name not in recorded.packages]
    return snapshot_report.restore_report(results, recorded, without)
