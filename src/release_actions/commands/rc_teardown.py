"""rc-teardown: plan what a candidate left in the registry, on GitHub and in git, take it back, and prove the rest.

Everything is read and planned before the first deletion. This module decides what a run reads and in which order it
goes; what goes is decided in `teardown.plan`, how it is done in `teardown.work`, and how it is told in
`teardown.report`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from release_actions import github_api, inputs, retention
from release_actions.cleanup import journal
from release_actions.cleanup.store import Store
from release_actions.config import Config, load_config
from release_actions.context import Context
from release_actions.errors import ActionError, ConfigurationError, InputError
from release_actions.git_refs import GitRefs
from release_actions.github_api import GitTag
from release_actions.http import Http
from release_actions.images import subject_of_tag
from release_actions.inputs import option
from release_actions.packages import Packages
from release_actions.registry import Registry, registry_url
from release_actions.releases import Releases
from release_actions.report import Report
from release_actions.selection import Facts, Rule
from release_actions.teardown import plan as planning
from release_actions.teardown import report as telling
from release_actions.teardown import work
from release_actions.teardown.plan import Git, Names, Plan, World
from release_actions.teardown.work import Done, Image
from release_actions.versions import Version
from release_actions.workflow import Workflow

OUTPUTS = ("plan", "plan-digest", "removed", "refused", "undo", "local-commands")

RULE = "rc-teardown"
"""Name of the rule that the plan of a package names."""

HOST = "ghcr.io"


@dataclass(frozen=True)
class Inputs:
    """What a caller may set."""

    candidates: tuple[str, ...] = option(inputs.items, (), required=True)
    config: str = option(inputs.text, "release.yaml")
    dry_run: bool = option(inputs.boolean, default=False)
    expected_plan: str = option(inputs.text, "")
    max_deletions: int | None = option(inputs.integer(0), None)
    allow_irreversible: tuple[str, ...] = option(inputs.items, ())
    token: str = option(inputs.text, "", secret=True)


@dataclass(frozen=True)
class Clients:
    """What a run talks to."""

    http: Http
    registry: Registry
    releases: Releases
    refs: GitRefs


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Tear down the candidates that the inputs name."""
    config = configuration(given, context)
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
    with Http(log=log.info) as http:
        clients = Clients(
            http,
            Registry(http, registry_url(config.registry, context.registry_url), token=given.token),
            Releases(http, context.api_url, context.repository, token=given.token),
            GitRefs(http, context.api_url, context.repository, token=given.token),
        )
        return Run(given, context, config, clients, log).go()


def configuration(given: Inputs, context: Context) -> Config:
    """The configuration. Raises `ConfigurationError` when its registry is not GitHub's."""
    config = load_config(context.path(given.config), name=given.config)
    if config.registry != HOST and not config.registry.startswith("containers."):
        message = f"{config.registry} is not GitHub's registry."
        hint = f"rc-teardown deletes package versions on {HOST}, or on containers.HOST of an Enterprise Server."
        raise ConfigurationError(message, hint=hint, place=config.at("registry"))
    return config


@dataclass(frozen=True)
class Run:
    """One run of the command."""

    given: Inputs
    context: Context
    config: Config
    clients: Clients
    log: Workflow

    def go(self) -> Report:
        """Read, plan, and unless this is a dry run or the plan may not be carried out, carry it out and prove it."""
        names = Names(self.config.tag_prefix, self.config.floating_tags, tuple(self.config.skip))
        with self.log.group("Read tags, releases and packages"):
            tags = self.tags()
            images = self.images()
            releases = self.clients.releases.all()
            listed = {image.path: dict.fromkeys(image.store.tags(), "") for image in images}
        first = World(names, Git({tag.name: tag.sha for tag in tags}), listed, releases)
        candidates, kept = planning.choose(self.given.candidates, first)
        with self.log.group("Plan"):
            for image in images:
                self.read(image, candidates, frozenset(listed[image.path]))
            wanted = planning.to_resolve(candidates, names, first.git.tags)
            git = Git(first.git.tags, {tag.name: self.commit(tag) for tag in tags if tag.name in wanted})
            known = {image.path: image.contents.tags for image in images if image.contents}
            plan = planning.plan(candidates, World(names, git, known, releases), self.given.allow_irreversible)
            for image in images:
                self.plan_image(image, plan)
        story = telling.Story(plan, tuple(images), kept, telling.strangers(candidates, plan, first), Done())
        stop = telling.limits(story, self.given.max_deletions, self.given.expected_plan)
        if not self.given.dry_run and not stop and not any(image.outcome.error for image in images):
            self.carry_out(plan, images, first.git.tags, story.done)
        return telling.report(story, stop, dry_run=self.given.dry_run, repository=self.context.repository)

    def tags(self) -> tuple[GitTag, ...]:
        """Every git tag."""
        context = self.context
        return github_api.tags(self.clients.http, context.api_url, context.repository, token=self.given.token)

    def commit(self, tag: GitTag) -> str:
        """The commit of a git tag."""
        context = self.context
        return github_api.commit_of(self.clients.http, context.api_url, context.repository, tag, token=self.given.token)

    def images(self) -> list[Image]:
        """The packages of the release channel that exist."""
        paths = dict.fromkeys(package.name for package in self.config.packages("release"))
        accounts: dict[str, Packages] = {}
        found = []
        for path in paths:
            if self.clients.registry.tags(path) is None:
                self.log.info(f"{path} is not published yet.")
                continue
            owner = path.partition("/")[0]
            if owner not in accounts:
                accounts[owner] = Packages(self.clients.http, self.context.api_url, owner, token=self.given.token)
            found.append(Image(path, Store(path, accounts[owner], self.clients.registry, self.log.info)))
        return found

    @staticmethod
    def read(image: Image, candidates: Iterable[Version], tags: frozenset[str]) -> None:
        """Read a package that holds something of the candidates, or what a run that was stopped left there."""
        touched = {journal.TAG} | {tag for version in candidates for tag in (version.tag, *planning.stumps(version))}
        # Where nothing but attachments has a tag, a run that was stopped may have left its journal without one.
        if touched & tags or not any(not subject_of_tag(tag) for tag in tags):
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
                    work.delete_images(image, self.clients.registry)
            held_back = frozenset[str]().union(*(image.held_back for image in images))
            with self.log.group("Delete releases and git tags"):
                work.delete_releases(plan, self.clients.releases, held_back, done, say)
                work.change_refs(plan, self.clients.refs, held_back, done, say)
            work.prove(images, before, lambda: {tag.name: tag.sha for tag in self.tags()}, done)
        except ActionError as error:
            done.error = error
        except KeyboardInterrupt:
            done.interrupted = True
