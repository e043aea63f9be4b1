"""Makes random candidates with random debris, company, faults and kills, and runs the teardown in them.

Everything follows from the seed of a world. Nothing here says what is right: `judging` does.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cleanup.worlds import Life, Mortal, around, referrer, simulated

from release_actions.cleanup import apply, journal, store
from release_actions.cleanup.pace import Limits
from release_actions.commands import rc_teardown
from release_actions.config import load_config
from release_actions.github.refs import GitRefs
from release_actions.github.releases import Releases
from release_actions.http.client import Http
from release_actions.registry.client import Registry
from release_actions.runner.context import Context
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.faults import FLAKY, READ_LAG, Fault
from release_actions.simulator.git import Target
from release_actions.simulator.image_factory import Image, attachment, attachment_tag
from release_actions.simulator.packages import Version
from release_actions.simulator.repositories import Asset, Release, Repository
from release_actions.simulator.rules import TagRules
from release_actions.simulator.transport import API_URL, REGISTRY_URL, Adapter
from release_actions.teardown.undo import Record

TOKEN = "ghs_token_of_the_job"
REPOSITORY = "llm-d/llm-d"
CUDA, CPU = "llm-d/llm-d-cuda", "llm-d/llm-d-cpu"
PATHS = (CUDA, CPU)
CONFIG = """\
repository: llm-d/llm-d
channels:
  release: {name: "llm-d-{image}"}
images:
  cuda: {platforms: [linux/amd64], runners: {linux/amd64: ubuntu-24.04}}
  cpu: {platforms: [linux/amd64], runners: {linux/amd64: ubuntu-24.04}}
"""
CANDIDATES = ("v0.5.0-rc.1", "v0.5.0-rc.2", "v0.4.0-rc.1")
DEBRIS = ("v0.5.0-rc", "v0.4.0-rc", "v0.5.0", "v0.5", "v0", "0.5", "latest", "demo")
FINALS = ("v0.3.0", "v0.4.0")
NEXT = "v0.5.0"


@dataclass
class Made:
    """A world made by chance, and the chance that is left.

    `flying`: package -> digests of a build whose index has not come. `lost`: digests that the company deleted itself.
    `promoted`: package -> digest that the company made the next release in it.
    """

    world: World
    chance: random.Random
    flying: dict[str, set[str]] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    promoted: dict[str, str] = field(default_factory=dict)
    pages: set[int] = field(default_factory=set)
    """Ids of releases that the company published."""

    @property
    def repository(self) -> Repository:
        found = self.world.repository(REPOSITORY)
        assert found is not None
        return found

    @property
    def git(self) -> dict[str, str]:
        refs = self.repository.git.refs
        return {name.removeprefix("refs/tags/"): one.sha for name, one in refs.items() if "/tags/" in name}

    def versions(self, path: str) -> tuple[Version, ...]:
        package = self.world.package(path)
        assert package is not None
        return tuple(one for one in package.versions() if journal.MARK.encode() not in one.manifest.body)

    def push(self, path: str, *tags: str) -> None:
        chance = self.chance
        platforms = chance.choice((("linux/amd64",), ("linux/amd64", "linux/arm64")))
        content = chance.choice((f"{path} {tags[0]}", f"shared {chance.randint(1, 3)}"))
        made = build_image(
            platforms, seed=content, annotations={"for": tags[0]}, attestations=chance.random() < 0.3, index=True
        )
        made = around(made, chance.randint(1, 2)) if chance.random() < 0.2 else made
        self.world.push(path, made, tags)
        if chance.random() < 0.4:
            self.world.push(path, attachment(made.root.digest), [attachment_tag(made.root.digest, ".sig")])
        if chance.random() < 0.1:
            self.world.push(path, referrer(chance.choice(made.manifests)))

    def commit(self, name: str) -> str:
        git = self.repository.git
        parents = (git.refs["refs/heads/main"].sha,) if "refs/heads/main" in git.refs else ()
        made = git.commit(name, self.world.now(), parents=parents)
        git.refs["refs/heads/main"] = Target(made.sha, "commit")
        return made.sha

    def put(self, tag: str, sha: str) -> None:
        """Put a tag on a commit, sometimes with an object of its own."""
        git = self.repository.git
        target = git.find(sha)
        assert target is not None
        if self.chance.random() < 0.3:
            target = Target(git.annotate(tag, target, f"Release {tag}", self.world.now()).sha, "tag")
        git.refs[f"refs/tags/{tag}"] = target

    # The company

    def meddle(self, world: World, _path: str = "") -> None:
        """Somebody pushes, retags, promotes, deletes, builds, moves a git tag, or edits a release."""
        path = self.chance.choice(PATHS)
        does = (self.rebuild, self.retag, self.promote, self.promote, self.lose, self.begin, self.move, self.edit)
        self.chance.choice(does)(world, path)

    def rebuild(self, _world: World, path: str) -> None:
        self.push(path, self.chance.choice((*CANDIDATES, *DEBRIS)))

    def retag(self, world: World, path: str) -> None:
        names = [tag for tag in world.tags(path) if not tag.startswith("sha256-") and tag != journal.TAG]
        world.tag(path, self.chance.choice(names), self.chance.choice((*CANDIDATES, *DEBRIS)))

    def promote(self, world: World, path: str) -> None:
        """A candidate becomes its release, on its page, in git and in one package; nobody makes one a second time."""
        there = [tag for tag in CANDIDATES if tag in world.tags(path) and tag.partition("-")[0] not in FINALS]
        if not there or NEXT in self.git:
            return
        new = world.tags(path).get(NEXT) != world.tags(path)[there[0]]
        self.put(NEXT, self.git.get(there[0]) or self.repository.git.refs["refs/heads/main"].sha)
        digest = world.tag(path, there[0], NEXT).digest
        if new:
            self.promoted[path] = digest
        for page in self.repository.releases.values():
            if page.tag == there[0] and self.chance.random() < 0.7:
                page.tag, page.prerelease, page.draft = NEXT, False, False
                self.pages.add(page.id)

    def lose(self, world: World, path: str) -> None:
        package = world.package(path)
        assert package is not None
        found = [one for one in package.versions() if not {*one.tags} & {*FINALS, journal.TAG}]
        alone = [one for one in found if not any(one.digest in v.manifest.children for v in package.versions())]
        if alone and len(package.versions()) > len(FINALS):
            version = self.chance.choice(alone)
            package.drop(version, world.now())
            self.lost.add(version.digest)
            if self.promoted.get(path) == version.digest:
                del self.promoted[path]
            for parts in self.flying.values():
                parts.discard(version.digest)

    def begin(self, world: World, path: str) -> None:
        """Platforms arrive by digest; their index has not come yet."""
        made = build_image(("linux/amd64", "linux/arm64"), seed=f"flying {self.chance.random()}", index=True)
        world.push(path, Image(made.blobs, made.manifests[:-1]))
        self.flying[path] = {one.digest for one in made.manifests[:-1]}

    def move(self, _world: World, _path: str) -> None:
        self.put(self.chance.choice(DEBRIS[:2] + DEBRIS[3:]), self.chance.choice(sorted(self.git.values())))

    def edit(self, _world: World, _path: str) -> None:
        """Somebody changes a candidate's page, or publishes it as the release."""
        pages = [page for page in self.repository.releases.values() if page.tag in CANDIDATES[:2]]
        if not pages:
            return
        page = self.chance.choice(pages)
        page.body = "Try it."
        if NEXT not in self.git and self.chance.random() < 0.5:
            self.put(NEXT, self.repository.git.refs["refs/heads/main"].sha)
            page.tag, page.prerelease, page.draft = NEXT, False, False
            self.pages.add(page.id)

    def state(self) -> dict[str, Any]:
        """What a person can see of the world: tags, versions without journals, git tags, releases."""
        pages = self.repository.releases.values()
        found: dict[str, Any] = {
            "git": self.git,
            "releases": sorted((one.tag, one.name, one.body, one.draft, one.prerelease) for one in pages),
        }
        for path in PATHS:
            found[path] = (self.world.tags(path), {one.digest for one in self.versions(path)})
        return found


def make(seed: int) -> Made:
    """A world with finals, candidates and debris, the same for the same seed."""
    chance = random.Random(seed)
    world = World()
    world.add_account("llm-d", organization=True)
    world.add_repository(REPOSITORY)
    permissions = {"contents": "write", "packages": "write"}
    world.add_token(TOKEN, TokenKind.ACTIONS, repository=REPOSITORY, permissions=permissions)
    made = Made(world, chance)
    for path in PATHS:
        world.add_package(path, visibility="public", repository=REPOSITORY)
    for tag in (*FINALS, *CANDIDATES):
        sha = made.commit(tag)
        if tag in FINALS or chance.random() < 0.8:
            made.put(tag, sha)
            for debris in chance.sample(DEBRIS[:6], chance.randint(0, 2)):
                if debris not in {NEXT, "0.5"}:
                    made.put(debris, sha)
        for path in PATHS:
            floats = ("v0", "latest") if tag == "v0.4.0" else ()
            with_debris = tag in CANDIDATES and chance.random() < 0.5
            extra = chance.sample(DEBRIS, chance.randint(0, 2)) if with_debris else []
            if tag in FINALS or chance.random() < 0.8:
                made.push(path, tag, *floats, *extra)
        if tag in CANDIDATES and chance.random() < 0.6:
            publish(made, tag)
        world.clock.advance(timedelta(days=chance.choice([0, 0.3, 5])))
    if chance.random() < 0.15:
        made.promote(world, chance.choice(PATHS))
    return made


def publish(made: Made, tag: str) -> None:
    """A release of a candidate, now and then one that nobody can bring back."""
    chance, world = made.chance, made.world
    release = Release(world.next_id("release"), tag, "main", "ada", world.now(), f"Try {tag}", "Slow.")
    # GitHub makes a draft of a release whose tag is gone.
    release.draft = tag not in made.git
    release.prerelease = chance.random() < 0.8
    if chance.random() < 0.1:
        release.assets[1] = Asset(1, "chart.tgz", "sha256:" + "0" * 64, 3, "ada", world.now())
    made.repository.releases[release.id] = release


def held_by_github(made: Made) -> None:
    """What GitHub holds in some worlds: tags by a ruleset, a popular image."""
    chance = made.chance
    if chance.random() < 0.3:
        tags = tuple(chance.sample(("v0", "v0.5", "v*-rc", "v*-rc.*", "v*"), 2))
        made.repository.tag_rules = (TagRules(tags, ("deletion", "update")),)
    if chance.random() < 0.2:
        # Who pulls a platform pulls its index: that is never the less popular one.
        roots = [one for one in made.versions(chance.choice(PATHS)) if set(one.tags) & {*CANDIDATES, *DEBRIS}]
        chance.choice(roots).downloads = 6_000


def asked(seed: int) -> tuple[str, ...]:
    chance = random.Random(seed + 1000)
    return tuple(chance.sample(CANDIDATES, chance.randint(1, 3)))


def allowed(seed: int) -> tuple[str, ...]:
    chance = random.Random(seed + 2000)
    return CANDIDATES if chance.random() < 0.3 else ()


def weather(chance: random.Random, seed: int) -> tuple[Fault, ...]:
    """Servers that fail and lists that lag, in some worlds."""
    if chance.random() < 0.7:
        return ()
    return tuple(replace(fault, seed=str(seed)) for fault in (*FLAKY, *READ_LAG))


@dataclass
class Process:
    """Runs of the command in a folder of its own. `life`: that of the run under way; `steps`: half steps it took."""

    folder: Path
    life: Life = field(default_factory=Life)
    steps: int = 0

    @property
    def undo_file(self) -> Path:
        return self.folder / rc_teardown.UNDO_FILE

    def run(
        self,
        made: Made,
        candidates: tuple[str, ...],
        faults: Iterable[Fault] = (),
        life: Life | None = None,
        allow: tuple[str, ...] = (),
        mode: str = "teardown",
    ) -> Report:
        """One run. Raises `Killed`."""
        simulator = simulated(made.world, faults)
        self.life = life or Life()
        (self.folder / "release.yaml").write_text(CONFIG, encoding="utf-8")
        now = made.world.now() + timedelta(days=1)
        environ = {"RUNNER_TEMP": str(self.folder)}
        context = Context(
            repository=REPOSITORY, api_url=simulator.api_url, workspace=self.folder, now=now, environ=environ
        )
        with Http(sleep=lambda _: None) as http:
            session = simulator.mount(http._exchange._session)
            for url in (API_URL, REGISTRY_URL):
                adapter = session.get_adapter(f"{url}/")
                assert isinstance(adapter, Adapter)
                session.mount(f"{url}/", Mortal(adapter, self.life))
            registry = Registry(http, simulator.registry_url, token=TOKEN)
            releases = Releases(http, simulator.api_url, REPOSITORY, token=TOKEN)
            refs = GitRefs(http, simulator.api_url, REPOSITORY, token=TOKEN)
            clients = rc_teardown.Clients(http, registry, releases, refs)
            undo_file = str(self.undo_file) if mode == "restore" else ""
            given = rc_teardown.Inputs(
                candidates=candidates,
                allow_irreversible=allow,
                mode=rc_teardown.Mode(mode),
                undo_file=undo_file,
                token=TOKEN,
            )
            if mode == "restore":
                return rc_teardown.restore(given, context, clients, Workflow({}), Limits())
            config = load_config(self.folder / "release.yaml")
            report = rc_teardown.Run(given, context, config, clients, Workflow({}), Limits()).go()
        self.steps = 2 * len(simulator.requests.entries)
        return report

    def restore(self, made: Made) -> Report:
        """Mode restore, by what all runs wrote down."""
        return self.run(made, (), mode="restore")


def process(folder: Path, patch: pytest.MonkeyPatch) -> Process:
    """Runs in a folder: without pauses, with few threads, and writing nothing any more once they were killed."""
    found = Process(folder)
    patch.setattr(store, "PAUSE", 0.0)
    patch.setattr(store, "READERS", 2)
    patch.setattr(apply, "WORKERS", 3)
    real = Record.end

    def end(self: Record, *args: Any) -> None:
        if found.life.left != 0:
            real(self, *args)

    patch.setattr(Record, "end", end)
    return found
