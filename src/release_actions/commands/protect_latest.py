"""protect-latest: floating tags as desired state. Reports what differs, or moves it; records a state, or puts it back.

The event that started the run has no say in where a tag goes. This module decides what a run covers; the room
`floating` does the rest.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from release_actions.builds.matrix import select_images
from release_actions.config import Config, Package, load_config
from release_actions.config.model import RetiredFloats
from release_actions.config.source import read_text
from release_actions.errors import ActionError, InputError, Problem
from release_actions.floating import report, snapshot
from release_actions.floating.enforcement import reconcile
from release_actions.floating.git_versions import GitVersions
from release_actions.floating.reconcile import Reconciler
from release_actions.floating.releases import GitReleases
from release_actions.floating.restoring import restore, take_snapshot
from release_actions.floating.rules import FloatingRules, Retirement
from release_actions.floating.run import Mode, OtherCommit, ProtectRun, pause
from release_actions.floating.snapshot import Snapshot
from release_actions.http.client import Http
from release_actions.http.exchange import CONNECTIONS
from release_actions.images.registry_access import connect, list_package_hosts, require_logins
from release_actions.registry.client import GITHUB_TOKENS
from release_actions.registry.login import read_login
from release_actions.registry.registries import Registries
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.envelope import REPORT_OUTPUTS
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.versions.version import parse

OUTPUTS = (*report.OUTPUTS, *REPORT_OUTPUTS)

REQUESTS_AT_ONCE = CONNECTIONS
"""Requests of all packages together that need not wait for each other: as many as connections are kept open."""

ALL_IMAGES = ("all",)


@dataclass(frozen=True)
class Inputs:
    """What actions/protect-latest/action.yml describes."""

    mode: Mode = inputs.option(inputs.member(Mode), Mode.CHECK)
    config: str = inputs.option(inputs.text, "release.yaml")
    component: str = inputs.option(inputs.text, "")
    report: str = inputs.option(inputs.written_file, "")
    images: tuple[str, ...] = inputs.option(inputs.items, ALL_IMAGES)
    exclude_images: tuple[str, ...] = inputs.option(inputs.items, ())
    lock: str = inputs.option(inputs.text, "")
    existing_tags: tuple[str, ...] = inputs.option(inputs.items, (), empty_flag="none")
    together: bool = inputs.option(inputs.boolean, default=False)
    git_tags: bool = inputs.option(inputs.boolean, default=False)
    snapshot: str = inputs.option(inputs.text, "floating-tags.json")
    snapshot_digest: str = inputs.option(inputs.text, "")
    force: bool = inputs.option(inputs.boolean, default=False)
    thorough: bool = inputs.option(inputs.boolean, default=False)
    other_commit: OtherCommit = inputs.option(inputs.member(OtherCommit), OtherCommit.ERROR)
    settle_time: timedelta = inputs.option(inputs.duration, timedelta(seconds=2))
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)
    registry_user: str = inputs.option(inputs.text, "")
    registry_credentials: str = inputs.option(inputs.text, "", secret=True)
    login_host: str = inputs.option(inputs.text, "")


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Check, enforce, record or restore the floating tags of the images that the inputs name."""
    config = load_config(context.path(given.config), name=given.config, component=given.component)
    packages, recorded = prepare(given, context, config)
    with (
        Http(log=log.info, redactor=log.redactor) as http,
        ThreadPoolExecutor(REQUESTS_AT_ONCE, thread_name_prefix="request") as pool,
    ):
        registries = connect_registries(given, packages, context, http, log)
        git = GitVersions(())
        with log_in_meanwhile(registries, packages, pool, context):
            # A forced restore puts back everything, whatever was released.
            if not given.force:
                source = GitReleases(http, context, log, prefix=config.tag_prefix, token=given.token)
                compare = given.mode in {Mode.CHECK, Mode.ENFORCE} and given.other_commit is not OtherCommit.OFF
                git = source.versions(given.existing_tags, pool, compare=compare)
        rules = FloatingRules(
            config.floating_tags,
            config.skip,
            config.tag_prefix,
            held_by_doubt=given.other_commit is OtherCommit.ERROR,
            retired=list_retirements(config),
            verified=read_verified(given.lock) if given.lock else None,
        )
        stop = threading.Event()
        reconciler = Reconciler(
            registries,
            rules,
            git,
            thorough=given.thorough,
            settle=given.settle_time.total_seconds(),
            pool=pool,
            sleep=partial(pause, stop),
        )
        this_run = ProtectRun(
            given.mode,
            config,
            packages,
            context,
            log,
            http,
            reconciler,
            rules,
            stop,
            token=given.token,
            together=given.together,
            git_tags=given.git_tags,
        )
        if given.mode is Mode.SNAPSHOT:
            return take_snapshot(this_run, given.snapshot, git)
        if recorded is not None:
            return restore(this_run, recorded, git, force=given.force)
        return reconcile(this_run)


def prepare(given: Inputs, context: Context, config: Config) -> tuple[tuple[Package, ...], Snapshot | None]:
    """The packages that a run covers, and for restore the snapshot.

    Everything is checked before anything is asked, and every mistake is reported: the inputs among themselves, the
    images that they name, the snapshot. Raises `ActionError`.
    """
    problems = list(find_contradictions(given, context))
    selected: frozenset[str] = frozenset()
    recorded = None
    try:
        selected = select_images(config, "release", given.images)
        excluded = select_images(config, "release", given.exclude_images) if given.exclude_images else frozenset()
        problems += find_excluded_mistakes(given, config, selected, excluded)
        selected -= excluded
    except InputError as error:
        problems += error.problems
    try:
        recorded = read_snapshot(given, context, config) if given.mode is Mode.RESTORE else None
    except ActionError as error:
        if not problems:
            raise
        problems += error.problems
    if problems:
        raise InputError(problems=problems)
    retired = list_retired_packages(config) if given.images == ALL_IMAGES else ()
    return (*(package for package in config.packages("release") if package.image in selected), *retired), recorded


def read_verified(lock: str) -> dict[tuple[str, str], str]:
    """Package and exact tag -> digest, from verify-images' lock. Raises `InputError`."""
    try:
        images = json.loads(lock)["images"]
        return {
            (label.partition(" ")[0], str(tag)): str(image["digest"])  # a flavour stands behind its package
            for label, image in images.items()
            for tag in image["tags"]
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = "Input 'lock' is not a lock."
        raise InputError(message, hint="Pass verify-images' output lock as it is.") from error


def list_retirements(config: Config) -> dict[str, Retirement]:
    """Name of a retired package whose floating tags are not frozen -> its retirement."""
    return {
        package.name: Retirement(
            parse(package.since, config.tag_prefix), removes=package.floating_tags is RetiredFloats.REMOVED
        )
        for package in config.retired
        if package.floating_tags is not RetiredFloats.FROZEN
    }


def list_retired_packages(config: Config) -> tuple[Package, ...]:
    """The retired packages whose floating tags are judged: on whichever platforms their releases have."""
    return tuple(
        Package(
            image=package.name.rpartition("/")[2],
            variant="",
            channel="release",
            registry=config.registry,
            name=package.name,
            platforms=(),
            runners={},
            context="",
            dockerfile="",
            target="",
            build_args={},
            labels={},
            required=False,
            place=package.place,
        )
        for package in config.retired
        if package.floating_tags is not RetiredFloats.FROZEN
    )


def find_contradictions(given: Inputs, context: Context) -> Iterator[Problem]:
    """Inputs that do not go together."""
    if given.together and given.images != ALL_IMAGES:
        message = "Input 'together' promotes a release in all required images, and 'images' names only some."
        yield Problem(message, "Leave images at all, or together at false.")
    if given.git_tags and not context.repository:
        message = "Input 'git-tags' is true, and the repository is not known."
        yield Problem(message, "Set GITHUB_REPOSITORY or --repository.")
    if given.git_tags and given.component:
        message = "Input 'git-tags' moves tags of the whole repository, and 'component' names one product of it."
        yield Problem(message, "Set git-tags to false.")
    if given.force and given.mode is not Mode.RESTORE:
        yield Problem("Input 'force' is only for mode restore.", "Remove it, or set mode to restore.")


def find_excluded_mistakes(
    given: Inputs, config: Config, selected: frozenset[str], excluded: frozenset[str]
) -> Iterator[Problem]:
    """What cannot be excluded: images that `together` waits for, and all of them."""
    required = {package.image for package in config.packages("release") if package.required}
    awaited = sorted(required & excluded)
    if given.together and awaited:
        images = ", ".join(awaited)
        message = f"Input 'together' waits for every required image, but 'exclude-images' excludes {images}."
        yield Problem(message, "Run this when these images are published, or remove them from exclude-images.")
    if excluded and excluded >= selected:
        yield Problem("Input 'exclude-images' excludes every image.", "Remove an image from it, or skip this step.")


def read_snapshot(given: Inputs, context: Context, config: Config) -> Snapshot:
    """The snapshot to restore. Raises `ActionError` when it is not a whole one, or of other packages."""
    path = context.path(given.snapshot)
    hint = "Name the file that the snapshot run wrote as input 'snapshot'."
    recorded = snapshot.read(
        read_text(path, name=given.snapshot, hint=hint), file=given.snapshot, digest=given.snapshot_digest
    )
    every = (*config.packages("release"), *list_retired_packages(config))
    published = {recorded.key_of(package) for package in every}
    strange = sorted(set(recorded.packages) - published)
    is_elsewhere = recorded.registry != config.release_registry
    if is_elsewhere or strange:
        what = f"the registry {recorded.registry}" if is_elsewhere else strange[0]
        message = f"The snapshot {given.snapshot} is about {what}, which {given.config} does not publish to."
        raise InputError(message, hint="Use the configuration that the snapshot was taken with.")
    return recorded


def connect_registries(
    given: Inputs, packages: Iterable[Package], context: Context, http: Http, log: Workflow
) -> Registries:
    """A client for each registry of the packages. Raises `InputError` where nothing logs in to one that is written."""
    login = read_login(given.registry_token, given.registry_user, given.login_host, given.registry_credentials)
    hosts = tuple(list_package_hosts(packages))
    if given.mode in {Mode.ENFORCE, Mode.RESTORE}:
        require_logins(hosts, login, context)
    return connect(http, hosts, login, context, log, for_github=given.token)


@contextlib.contextmanager
def log_in_meanwhile(
    registries: Registries, packages: Iterable[Package], pool: Executor, context: Context
) -> Iterator[None]:
    """Log in to the packages while git's tags are read."""
    names: dict[str, list[str]] = {}
    for package in packages:
        names.setdefault(package.registry, []).append(package.name)

    def log_in(host: str) -> None:
        # What is wrong is reported for each package when that is read.
        with contextlib.suppress(ActionError):
            path = GITHUB_TOKENS if context.is_github_registry(host) else ""
            registries.of(host).log_in(names[host], pool.map, path=path)

    futures = [pool.submit(log_in, host) for host in names]
    yield
    for future in futures:
        future.result()
