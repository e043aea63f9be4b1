"""rc-teardown: plan what a candidate left in the registry, on GitHub and in git, take it back, and prove the rest.

Everything is read and planned before the first deletion. This module decides what a run reads, and in which order;
`teardown.plan` decides what is deleted, `teardown.work` deletes it, `teardown.report` reports it, and
`teardown.restoring` brings it back.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from release_actions.cleanup import events as cleanup_events
from release_actions.cleanup import journal, retention
from release_actions.cleanup.pace import Limits, find_longest_wait
from release_actions.cleanup.parallel import map_at_once
from release_actions.cleanup.selection import Facts, Rule
from release_actions.cleanup.store import Store
from release_actions.config import Config, load_config, load_whole
from release_actions.config.cleanup_settings import CleanupSettings
from release_actions.errors import ActionError, InputError, Problem, RemoteError
from release_actions.github import repository
from release_actions.github.assets import Assets
from release_actions.github.packages import Packages
from release_actions.github.refs import GitRefs
from release_actions.github.releases import Releases
from release_actions.github.repository import GitTag
from release_actions.http.client import Http
from release_actions.http.pace import make_github_pace, make_registry_pace
from release_actions.images.graph import subject_of_tag
from release_actions.images.registry_access import connect_to_package
from release_actions.registry.client import GITHUB_TOKENS, Registry, registry_url
from release_actions.registry.names import PackagePath
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.inputs import option
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.teardown import plan as planning
from release_actions.teardown import report as reporting
from release_actions.teardown import restoring, undo, work
from release_actions.teardown.events import Done, Failed, Interrupted
from release_actions.teardown.model import Git, Names, Plan, World
from release_actions.teardown.package import PackageTeardown
from release_actions.teardown.release_files import save_files
from release_actions.teardown.result import TeardownResult, find_strangers
from release_actions.teardown.undo import Record
from release_actions.versions.grammar import image_tag_of
from release_actions.versions.version import Version

OUTPUTS = ("plan", "plan-digest", "removed", "refused", "undo", "undo-file", "restored", "local-commands")

RULE = "rc-teardown"
"""Name of the rule that the plan of a package names."""

UNDO_FILE = "rc-teardown-undo.json"
"""Name of the undo file, in the runner's temporary folder or the current one, unless the caller names another."""


class Mode(enum.Enum):
    """What a run does: take candidates back, or bring back what an undo file names."""

    TEARDOWN = "teardown"
    RESTORE = "restore"


@dataclass(frozen=True)
class Inputs:
    """What a caller may set."""

    candidates: tuple[str, ...] = option(inputs.items, ())
    config: str = option(inputs.text, "release.yaml")
    component: str = option(inputs.text, "")
    dry_run: bool = option(inputs.boolean, default=False)
    expected_plan: str = option(inputs.text, "")
    max_deletions: int | None = option(inputs.integer(0), None)
    allow_irreversible: tuple[str, ...] = option(inputs.items, ())
    time_budget: timedelta | None = option(inputs.duration, None)
    mode: Mode = option(inputs.member(Mode), Mode.TEARDOWN)
    undo_file: str = option(inputs.text, "")
    token: str = option(inputs.text, "", secret=True)


@dataclass(frozen=True)
class Clients:
    """What a run talks to."""

    http: Http
    registry: Registry
    releases: Releases
    refs: GitRefs
    accounts: dict[str, Packages] = dataclasses.field(default_factory=dict)


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Tear down the candidates that the inputs name, or bring back what an undo file names."""
    began = time.monotonic()
    config = read_configuration(given, context)
    problems = list(find_mistakes(given))
    if problems:
        raise InputError(problems=problems)
    if not context.repository:
        message = "The repository that holds the tags and releases is not known."
        raise InputError(message, hint="Set GITHUB_REPOSITORY or pass --repository OWNER/NAME.")
    if not given.token:
        message = "rc-teardown needs a token to read packages and releases, also for a dry run."
        hint = (
            "Pass 'token: ${{ github.token }}' and give the job the permissions 'contents: write' and "
            "'packages: write'; "
            'each package has to give the repository the Admin role under "Manage Actions access". By hand, set '
            "GITHUB_TOKEN."
        )
        raise InputError(message, hint=hint)
    address = registry_url(config.registry, context.registry_url)
    pace = make_github_pace()
    paces = {context.api_url: pace, address: make_registry_pace()}
    # Who gives a run little time wants to hear that a limit is used up, and not to wait for it.
    wait = find_longest_wait(given.time_budget)
    with Http(log=log.info, redactor=log.redactor, paces=paces, max_wait=wait) as http:
        clients = Clients(
            http,
            Registry(http, address, token=given.token),
            Releases(http, context.api_url, context.repository, token=given.token),
            GitRefs(http, context.api_url, context.repository, token=given.token),
        )
        deadline = began + given.time_budget.total_seconds() if given.time_budget is not None else None
        limits = Limits(deadline, pace, lambda: http.budget(context.api_url))
        if given.mode is Mode.RESTORE:
            return restore(given, context, clients, log, limits)
        return Run(given, context, config, clients, log, limits).go()


def find_mistakes(given: Inputs) -> Iterable[Problem]:
    """What is wrong with the inputs by themselves."""
    if given.mode is Mode.TEARDOWN:
        if not given.candidates:
            message = "Input 'candidates' is required and was not given."
            hint = "Name candidates such as v0.5.0-rc.1, or write released. An empty list never means all."
            yield Problem(message, hint)
        return
    if not given.undo_file:
        yield Problem("Nothing says what to restore.", "Set undo-file to the file that a teardown wrote.")
    chosen = {
        "candidates": given.candidates,
        "expected-plan": given.expected_plan,
        "allow-irreversible": given.allow_irreversible,
    }
    for name, value in chosen.items():
        if value:
            hint = "Everything in the undo file is restored. Remove this input."
            yield Problem(f"mode is restore, and input '{name}' says what to tear down.", hint)


def restore(given: Inputs, context: Context, clients: Clients, log: Workflow, limits: Limits) -> Report:
    """Bring back what the undo file names, unless this is a dry run."""
    record = undo.read(Path(given.undo_file), context.repository)
    stores = {PackagePath(path): open_store(path, given, context, clients, log) for path in record.packages}
    assets = assets_of(given, context, clients)
    restorer = restoring.Restorer(record, stores, clients.refs, clients.releases, assets, log, limits)
    back = restorer.back if given.dry_run else restorer.run()
    address = f"{context.server_url.rstrip('/')}/{context.repository}"
    return restoring.report(record, back, given.undo_file, address, dry_run=given.dry_run)


def assets_of(given: Inputs, context: Context, clients: Clients) -> Assets:
    """The files of the repository's releases."""
    return Assets(clients.http, context.api_url, context.repository, token=given.token)


def open_store(path: str, given: Inputs, context: Context, clients: Clients, log: Workflow) -> Store:
    """A package "owner/name" on both its sides."""
    owner = path.partition("/")[0]
    # One for all packages of an account: what kind of account it is has to be asked once.
    packages = clients.accounts.setdefault(owner, Packages(clients.http, context.api_url, owner, token=given.token))
    return Store(PackagePath(path), packages, clients.registry, log.info)


def read_configuration(given: Inputs, context: Context) -> Config:
    """The configuration. Raises `ConfigurationError` when its registry is not GitHub's.

    Of a file with components, that of the first candidate: what is of another one names no version there.
    """
    path = context.path(given.config)
    if given.mode is Mode.RESTORE or not given.candidates:
        config = load_whole(path, name=given.config)
    else:
        config = load_config(path, name=given.config, component=given.component, tag=given.candidates[0])
    connect_to_package(context, config, "rc-teardown")
    return config


@dataclass(frozen=True)
class Run:
    """One run of the command."""

    given: Inputs
    context: Context
    config: Config
    clients: Clients
    log: Workflow
    limits: Limits
    stores: dict[PackagePath, Store] = dataclasses.field(default_factory=dict)

    def go(self) -> Report:
        """Read, plan, and unless this is a dry run or the plan may not be carried out, carry it out and prove it."""
        names = self.names
        with self.log.group("Read tags, releases and packages"):
            tags = self.tags()
            listed = self.list_packages()
            releases = self.clients.releases.all()
        nothing_resolved: dict[str, Mapping[str, str]] = {
            package.path: dict.fromkeys(package.listed, "") for package in listed
        }
        retired = frozenset(package.name for package in self.config.retired)
        first = World(names, Git({tag.name: tag.sha for tag in tags}), nothing_resolved, releases, retired)
        candidates, kept = planning.choose(self.given.candidates, first)
        with self.log.group("Plan"):
            read = list(map_at_once(lambda package: self.read(package, candidates), listed))
            wanted = planning.choose_tags_to_resolve(candidates, names, first.git.tags)
            git = Git(first.git.tags, {tag.name: self.commit(tag) for tag in tags if tag.name in wanted})
            resolved: dict[str, Mapping[str, str]] = {
                package.path: package.contents.tags for package in read if package.contents
            }
            plan = planning.plan(
                candidates, World(names, git, resolved, releases, retired), self.given.allow_irreversible
            )
            packages = tuple(map_at_once(lambda package: self.plan_package(package, plan), read))
        strangers = find_strangers(candidates, plan, first)
        unread = sum(package.outcome.error is not None for package in packages)
        strays = (*self.find_strays(packages, candidates), *self.list_elsewhere(candidates))
        result = TeardownResult(plan, packages, kept, strangers, Done(), self.address, unread, strays=strays)
        stop = reporting.check_limits(result, self.given.max_deletions, self.given.expected_plan)
        if not self.given.dry_run and not stop and not unread and (plan.releases or plan.refs):
            stop = reporting.report_forbidden(self.clients.refs.forbidden())
        if not self.given.dry_run and not stop and not unread:
            undo_file = self.carry_out_recorded(result, first.git.tags)
            result = dataclasses.replace(result, undo_file=undo_file, kinds=self.kinds(packages))
        return reporting.report(result, stop, dry_run=self.given.dry_run, repository=self.context.repository)

    @property
    def names(self) -> Names:
        """How the project names things."""
        config = self.config
        paths = {package.name for package in config.packages() if package.scheme is not None}
        flavours = {path: config.schemes_of(path) for path in paths}
        return Names(config.tag_prefix, config.all_floating_tags, tuple(config.skip), flavours)

    def carry_out_recorded(self, result: TeardownResult, before: Mapping[str, str]) -> str:
        """Carry the plan out with an undo file beside it. Gives its path; empty when there was nothing to do."""
        folder = self.context.environ.get("RUNNER_TEMP") or "."
        record = Record(Path(self.given.undo_file or Path(folder) / UNDO_FILE), self.context.repository)
        files = save_files(result.plan.releases, assets_of(self.given, self.context, self.clients))
        record.plan(result.images, result.plan.releases, result.plan.refs, files)
        self.carry_out(result, before)
        try:
            record.end(result.images, result.done)
        except ActionError as error:
            # What was done has to be reported all the same, and all that was planned is in the file.
            result.done.add(Failed(error))
        return str(record.path) if record.written else ""

    def open_store(self, path: PackagePath) -> Store:
        """A package on both its sides. The same for the whole run, so that what it learned is not asked again."""
        if path not in self.stores:
            self.stores[path] = open_store(path, self.given, self.context, self.clients, self.log)
        return self.stores[path]

    def kinds(self, packages: Iterable[PackageTeardown]) -> dict[str, str]:
        """Account -> kind, of the packages of which something may be gone."""
        touched = [package.path for package in packages if package.outcome.undo]
        return {path.partition("/")[0]: self.open_store(path).packages.kind for path in touched}

    @property
    def address(self) -> str:
        """Where clones find the repository."""
        return f"{self.context.server_url.rstrip('/')}/{self.context.repository}"

    def tags(self) -> tuple[GitTag, ...]:
        """Every git tag."""
        context = self.context
        return repository.list_tags(self.clients.http, context.api_url, context.repository, token=self.given.token)

    def git_tags(self) -> dict[str, str]:
        """Every git tag -> its object, as of now."""
        return {tag.name: tag.sha for tag in self.tags()}

    def commit(self, tag: GitTag) -> str:
        """The commit of a git tag."""
        context = self.context
        return repository.commit_of(self.clients.http, context.api_url, context.repository, tag, token=self.given.token)

    def list_packages(self) -> list[PackageTeardown]:
        """The packages of the release channel that exist, and those that releases are not published in any more.

        Raises `RemoteError` when there is none of the first kind: then the namespace is wrong, or the token sees none.
        """
        current = [package.name for package in self.config.list_home_packages("release")]
        listed = []
        paths = tuple(dict.fromkeys((*current, *(package.name for package in self.config.retired))))
        with contextlib.suppress(ActionError):  # what is wrong is reported for the package that it is about
            self.clients.registry.log_in(paths, map_at_once, path=GITHUB_TOKENS)
        for path, tags in zip(paths, map_at_once(self.clients.registry.tags, paths), strict=True):
            if tags is None:
                self.log.info(f"{path} is not published yet." if path in current else f"{path} is not there any more.")
                continue
            listed.append(PackageTeardown(PackagePath(path), frozenset(tags)))
        if current and not any(package.path in current for package in listed):
            message = f"The registry has none of the packages of {self.given.config}, {current[0]} first."
            hint = "Check the namespace and the names in the file, and whether the token may read the packages."
            raise RemoteError(message, hint=f"{hint} Nothing was changed.")
        return listed

    def list_elsewhere(self, candidates: Iterable[Version]) -> tuple[str, ...]:
        """Sentences about images in registries where nothing is deleted: they are not asked, so they may be gone."""
        return tuple(
            f"{package.reference}:{image_tag_of(version.tag, package.scheme or self.config.tag_prefix)} is not on "
            f"{self.config.registry}, so it is kept if it is there. Delete the tag with the registry's own means."
            for package in self.config.list_packages_elsewhere()
            if package.channel == "release"
            for version in candidates
        )

    def find_strays(self, listed: Iterable[PackageTeardown], candidates: Iterable[Version]) -> tuple[str, ...]:
        """Sentences about packages of the repository that the file does not name and that hold a candidate.

        None where the token may not list the account's packages: a job's own token never may.
        """
        known = {package.path for package in listed} | {package.name for package in self.config.list_home_packages()}
        tags = {tag for scheme in self.config.schemes for tag in (image_tag_of(v.tag, scheme) for v in candidates)}
        owner = self.config.namespace.partition("/")[0]
        packages = Packages(self.clients.http, self.context.api_url, owner, token=self.given.token)
        try:
            repository = self.config.repository.lower()
            ours = [package for package in packages.packages() if package.repository.lower() == repository]
            paths = sorted({f"{owner}/{package.name}".lower() for package in ours} - known)
            tags_by_path = {path: tags & {*(self.clients.registry.tags(path) or ())} for path in paths}
        except ActionError:
            return ()
        return tuple(
            f"{path} holds {', '.join(sorted(strays))} and is not in {self.given.config}, so nothing of it is changed. "
            "Add it to 'retired' if it is not published any more, or to 'images'."
            for path, strays in tags_by_path.items()
            if strays
        )

    def read(self, package: PackageTeardown, candidates: Iterable[Version]) -> PackageTeardown:
        """The package with its contents, if it holds something of the candidates, or what a stopped run left there."""
        exact = self.names.list_image_tags(package.path, (version.tag for version in candidates))
        made = {tag for version in candidates for tag in planning.list_image_stumps(version)}
        touched = {journal.TAG} | exact | made
        # Where nothing but attachments has a tag, a run that was stopped may have left its journal without one.
        if not touched & package.listed and any(not subject_of_tag(tag) for tag in package.listed):
            return package
        try:
            return dataclasses.replace(package, contents=self.open_store(package.path).read())
        except ActionError as error:
            package.outcome.add(cleanup_events.Failed(error))
            return package

    def plan_package(self, package: PackageTeardown, plan: Plan) -> PackageTeardown:
        """The package with the plan of its versions, and what its tags that are kept resolve to."""
        contents = package.contents
        if contents is None:
            return package
        owners = plan.images.get(package.path, {})
        rule = Rule(RULE, CleanupSettings(delete_tags=tuple(sorted(owners))))
        facts = Facts(self.context.now, self.names.schemes(package.path))
        exact = self.names.list_image_tags(package.path, (version.tag for version in plan.candidates))
        package = dataclasses.replace(package, owners=owners, exact=exact & owners.keys())
        try:
            planned = retention.plan(package.path, contents.versions, contents.graph, [rule], facts=facts)
            package = dataclasses.replace(package, plan=self.open_store(package.path).sized(planned, contents))
            if planned.deletions:
                before = work.resolve_baseline(self.clients.registry, package.path, planned)
                package = dataclasses.replace(package, before=before)
        except ActionError as error:
            package.outcome.add(cleanup_events.Failed(error))
        return package

    def carry_out(self, result: TeardownResult, before: Mapping[str, str]) -> None:
        """Registry, releases, git, proof. What happens is in the packages' outcomes and in `result.done`."""
        say, plan, done = self.log.info, result.plan, result.done
        try:
            with self.log.group("Delete images"):
                self.delete_images(result.images, before)
            held_back = frozenset[str]().union(*(package.held_back for package in result.images))
            with self.log.group("Delete releases and git tags"):
                work.delete_releases(plan, self.clients.releases, held_back, done, say, self.limits)
                work.change_refs(plan, self.clients.refs, held_back, done, say, self.limits)
            work.prove(result.images, before, self.git_tags, done)
        except ActionError as error:
            done.add(Failed(error))
        except KeyboardInterrupt:
            done.add(Interrupted())

    def delete_images(self, packages: Iterable[PackageTeardown], before: Mapping[str, str]) -> None:
        """The images of all packages. Raises `ActionError` when git's releases changed since the plan."""
        began, packages = self.limits.now(), tuple(packages)
        try:
            for package in packages:
                if package.planned:
                    work.check_still_planned(before, self.git_tags(), self.config.tag_prefix)
                    work.delete_images(package, self.open_store(package.path), self.limits)
        except ActionError:
            work.end_packages(packages, self.open_store, self.limits, began)
            raise
        work.end_packages(packages, self.open_store, self.limits, began)
