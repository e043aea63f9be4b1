"""rc-teardown: plan what a candidate left in the registry, on GitHub and in git, take it back, and prove the rest.

Everything is read and planned before the first deletion. This module decides what a run reads and in which order it
goes; what goes is decided in `teardown.plan`, how it is done in `teardown.work`, how it is told in `teardown.report`,
and how it is taken back in `teardown.restoring`.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from release_actions.cleanup import journal, retention
from release_actions.cleanup.pace import LONGEST_PAUSE, POINTS, REGISTRY_POINTS, Limits, Pace, paced
from release_actions.cleanup.selection import Facts, Rule
from release_actions.cleanup.store import Store
from release_actions.config import Config, load_config
from release_actions.errors import ActionError, InputError, Problem
from release_actions.github import repository
from release_actions.github.packages import Packages
from release_actions.github.refs import GitRefs
from release_actions.github.releases import Releases
from release_actions.github.repository import GitTag
from release_actions.http.client import Http
from release_actions.images.manifests import subject_of_tag
from release_actions.images.registry_access import package_registry
from release_actions.registry.client import Registry, registry_url
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.inputs import option
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.teardown import plan as planning
from release_actions.teardown import report as telling
from release_actions.teardown import restoring, undo, work
from release_actions.teardown.plan import Git, Names, Plan, World
from release_actions.teardown.story import Story
from release_actions.teardown.story import strangers as strangers_of
from release_actions.teardown.undo import Record
from release_actions.teardown.work import Done, Image
from release_actions.versions.version import Version

OUTPUTS = ("plan", "plan-digest", "removed", "refused", "undo", "undo-file", "restored", "local-commands")

RULE = "rc-teardown"
"""Name of the rule that the plan of a package names."""

UNDO_FILE = "rc-teardown-undo.json"
"""Name of the undo file, in the runner's temporary folder or the current one, unless the caller names another."""


@dataclass(frozen=True)
class Inputs:
    """What a caller may set."""

    candidates: tuple[str, ...] = option(inputs.items, ())
    config: str = option(inputs.text, "release.yaml")
    dry_run: bool = option(inputs.boolean, default=False)
    expected_plan: str = option(inputs.text, "")
    max_deletions: int | None = option(inputs.integer(0), None)
    allow_irreversible: tuple[str, ...] = option(inputs.items, ())
    time_budget: timedelta | None = option(inputs.duration, None)
    mode: str = option(inputs.choice("teardown", "restore"), "teardown")
    undo_file: str = option(inputs.text, "")
    token: str = option(inputs.text, "", secret=True)


@dataclass(frozen=True)
class Clients:
    """What a run talks to."""

    http: Http
    registry: Registry
    releases: Releases
    refs: GitRefs


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Tear down the candidates that the inputs name, or bring back what an undo file names."""
    began = time.monotonic()
    config = configuration(given, context)
    problems = list(mistakes(given))
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
    pace = Pace(POINTS)
    session = paced({context.api_url: pace, address: Pace(REGISTRY_POINTS, write=1)})
    # Who gives a run little time wants to hear that a limit is used up, and not to wait for it.
    wait = LONGEST_PAUSE if given.time_budget is None else min(LONGEST_PAUSE, given.time_budget.total_seconds())
    with Http(log=log.info, redactor=log.redactor, session=session, max_wait=wait) as http:
        clients = Clients(
            http,
            Registry(http, address, token=given.token),
            Releases(http, context.api_url, context.repository, token=given.token),
            GitRefs(http, context.api_url, context.repository, token=given.token),
        )
        deadline = began + given.time_budget.total_seconds() if given.time_budget is not None else None
        limits = Limits(deadline, pace, lambda: http.budget(context.api_url))
        if given.mode == "restore":
            return restore(given, context, clients, log, limits)
        return Run(given, context, config, clients, log, limits).go()


def mistakes(given: Inputs) -> Iterable[Problem]:
    """What is wrong with the inputs by themselves."""
    if given.mode == "teardown":
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
            hint = "All that the undo file names is brought back. Leave it out."
            yield Problem(f"mode is restore, and input '{name}' says what to tear down.", hint)


def restore(given: Inputs, context: Context, clients: Clients, log: Workflow, limits: Limits) -> Report:
    """Bring back what the undo file names, unless this is a dry run."""
    found = undo.read(Path(given.undo_file), context.repository)
    stores = {path: store_of(path, given, context, clients, log) for path in found.packages}
    restorer = restoring.Restorer(found, stores, clients.refs, clients.releases, log, limits)
    back = restorer.back if given.dry_run else restorer.run()
    address = f"{context.server_url.rstrip('/')}/{context.repository}"
    return restoring.report(found, back, given.undo_file, address, dry_run=given.dry_run)


def store_of(path: str, given: Inputs, context: Context, clients: Clients, log: Workflow) -> Store:
    """A package "owner/name" on both its sides."""
    packages = Packages(clients.http, context.api_url, path.partition("/")[0], token=given.token)
    return Store(path, packages, clients.registry, log.info)


def configuration(given: Inputs, context: Context) -> Config:
    """The configuration. Raises `ConfigurationError` when its registry is not GitHub's."""
    config = load_config(context.path(given.config), name=given.config)
    package_registry(context, config, "rc-teardown")
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

    def go(self) -> Report:
        """Read, plan, and unless this is a dry run or the plan may not be carried out, carry it out and prove it."""
        names = Names(self.config.tag_prefix, self.config.floating_tags, tuple(self.config.skip))
        with self.log.group("Read tags, releases and packages"):
            tags = self.tags()
            images = self.images()
            releases = self.clients.releases.all()
            listed = {image.path: dict.fromkeys(image.listed, "") for image in images}
        first = World(names, Git({tag.name: tag.sha for tag in tags}), listed, releases)
        candidates, kept = planning.choose(self.given.candidates, first)
        with self.log.group("Plan"):
            for image in images:
                self.read(image, candidates)
            wanted = planning.to_resolve(candidates, names, first.git.tags)
            git = Git(first.git.tags, {tag.name: self.commit(tag) for tag in tags if tag.name in wanted})
            known = {image.path: image.contents.tags for image in images if image.contents}
            plan = planning.plan(candidates, World(names, git, known, releases), self.given.allow_irreversible)
            for image in images:
                self.plan_image(image, plan)
        strangers = strangers_of(candidates, plan, first)
        unread = sum(image.outcome.error is not None for image in images)
        story = Story(plan, tuple(images), kept, strangers, Done(), self.address, unread)
        stop = telling.limits(story, self.given.max_deletions, self.given.expected_plan)
        if not self.given.dry_run and not stop and not unread and (plan.releases or plan.refs):
            stop = telling.forbidden(self.clients.refs.forbidden())
        if not self.given.dry_run and not stop and not unread:
            story = dataclasses.replace(story, undo_file=self.recorded(plan, images, first.git.tags, story.done))
        return telling.report(story, stop, dry_run=self.given.dry_run, repository=self.context.repository)

    def recorded(self, plan: Plan, images: list[Image], before: Mapping[str, str], done: Done) -> str:
        """Carry the plan out with an undo file beside it. Gives its path; empty when there was nothing to do."""
        folder = self.context.environ.get("RUNNER_TEMP") or "."
        record = Record(Path(self.given.undo_file or Path(folder) / UNDO_FILE), self.context.repository)
        record.plan(images, plan.releases, plan.refs)
        try:
            self.carry_out(plan, images, before, done)
        finally:
            record.end(images, done)
        return str(record.path) if record.written else ""

    @property
    def address(self) -> str:
        """Where clones find the repository."""
        return f"{self.context.server_url.rstrip('/')}/{self.context.repository}"

    def tags(self) -> tuple[GitTag, ...]:
        """Every git tag."""
        context = self.context
        return repository.tags(self.clients.http, context.api_url, context.repository, token=self.given.token)

    def git_tags(self) -> dict[str, str]:
        """Every git tag -> its object, as of now."""
        return {tag.name: tag.sha for tag in self.tags()}

    def commit(self, tag: GitTag) -> str:
        """The commit of a git tag."""
        context = self.context
        return repository.commit_of(self.clients.http, context.api_url, context.repository, tag, token=self.given.token)

    def images(self) -> list[Image]:
        """The packages of the release channel that exist."""
        paths = dict.fromkeys(package.name for package in self.config.packages("release"))
        found = []
        for path in paths:
            tags = self.clients.registry.tags(path)
            if tags is None:
                self.log.info(f"{path} is not published yet.")
                continue
            store = store_of(path, self.given, self.context, self.clients, self.log)
            found.append(Image(path, store, frozenset(tags)))
        return found

    @staticmethod
    def read(image: Image, candidates: Iterable[Version]) -> None:
        """Read a package that holds something of the candidates, or what a run that was stopped left there."""
        touched = {journal.TAG} | {tag for version in candidates for tag in (version.tag, *planning.stumps(version))}
        # Where nothing but attachments has a tag, a run that was stopped may have left its journal without one.
        if touched & image.listed or not any(not subject_of_tag(tag) for tag in image.listed):
            try:
                image.contents = image.store.read()
            except ActionError as error:
                image.outcome.error = error

    def plan_image(self, image: Image, plan: Plan) -> None:
        """Plan the versions of one package, and resolve what stays there."""
        if image.contents is None:
            return
        image.owners = plan.images.get(image.path, {})
        rule = Rule(RULE, delete_tags=tuple(sorted(image.owners)))
        try:
            contents = image.contents
            facts = Facts(self.context.now, self.config.tag_prefix)
            found = retention.plan(image.path, contents.versions, contents.graph, [rule], facts=facts)
            image.plan = image.store.sized(found, contents)
            if found.deletions:
                work.baseline(self.clients.registry, image)
        except ActionError as error:
            image.outcome.error = error

    def carry_out(self, plan: Plan, images: list[Image], before: Mapping[str, str], done: Done) -> None:
        """Registry, releases, git, proof. What happens is written into the images and `done`."""
        say = self.log.info
        try:
            with self.log.group("Delete images"):
                for image in images:
                    if image.planned:
                        work.still_planned(before, self.git_tags(), self.config.tag_prefix)
                        work.delete_images(image, self.clients.registry, self.limits)
            held_back = frozenset[str]().union(*(image.held_back for image in images))
            with self.log.group("Delete releases and git tags"):
                work.delete_releases(plan, self.clients.releases, held_back, done, say, self.limits)
                work.change_refs(plan, self.clients.refs, held_back, done, say, self.limits)
            work.prove(images, before, self.git_tags, done)
        except ActionError as error:
            done.error = error
        except KeyboardInterrupt:
            done.interrupted = True
