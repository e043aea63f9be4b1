"""Random candidates with random debris, somebody who meddles, and runs that are killed: production always stands."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cleanup.worlds import around
from release_actions.cleanup import journal, store
from release_actions.cleanup.pace import Limits
from release_actions.commands import rc_teardown
from release_actions.config import load_config
from release_actions.context import Context
from release_actions.errors import ExitCode
from release_actions.git_refs import GitRefs
from release_actions.http import Http
from release_actions.registry import Registry
from release_actions.releases import Releases
from release_actions.report import Report
from release_actions.simulator import InProcess, World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.faults import FLAKY, READ_LAG, Fault
from release_actions.simulator.git import Target
from release_actions.simulator.image_factory import Image, attachment, attachment_tag
from release_actions.simulator.repositories import Release, Repository
from release_actions.workflow import Workflow
from worlds import FIRST, TEARDOWNS, Ran

TOKEN = "ghs_token_of_the_job"
REPOSITORY = "llm-d/llm-d"
CUDA, CPU = "llm-d/llm-d-cuda", "llm-d/llm-d-cpu"
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


class KilledError(BaseException):
    """The process is gone: nothing after this runs."""


@dataclass
class Made:
    """A world made by chance, and the chance that is left."""

    world: World
    chance: random.Random
    flying: dict[str, set[str]] = field(default_factory=dict)

    @property
    def repository(self) -> Repository:
        found = self.world.repository(REPOSITORY)
        assert found is not None
        return found

    @property
    def git(self) -> dict[str, str]:
        refs = self.repository.git.refs
        return {name.removeprefix("refs/tags/"): one.sha for name, one in refs.items() if "/tags/" in name}

    def push(self, path: str, *tags: str) -> None:
        chance = self.chance
        platforms = chance.choice((("linux/amd64",), ("linux/amd64", "linux/arm64")))
        content = chance.choice((f"{path} {tags[0]}", f"shared {chance.randint(1, 3)}"))
        made = build_image(
            platforms, seed=content, annotations={"for": tags[0]}, attestations=chance.random() < 0.3, index=True
        )
        made = around(made) if chance.random() < 0.2 else made
        self.world.push(path, made, tags)
        if chance.random() < 0.4:
            self.world.push(path, attachment(made.root.digest), [attachment_tag(made.root.digest, ".sig")])

    def commit(self, name: str) -> str:
        git = self.repository.git
        parents = (git.refs["refs/heads/main"].sha,) if "refs/heads/main" in git.refs else ()
        made = git.commit(name, self.world.now(), parents=parents)
        git.refs["refs/heads/main"] = Target(made.sha, "commit")
        return made.sha

    def put(self, tag: str, sha: str) -> None:
        self.repository.git.refs[f"refs/tags/{tag}"] = Target(sha, "commit")

    def meddle(self, world: World, _path: str = "") -> None:
        """Somebody pushes, retags, promotes, deletes, builds, or moves a git tag."""
        path = self.chance.choice((CUDA, CPU))
        match self.chance.randint(0, 5):
            case 0:
                self.push(path, self.chance.choice((*CANDIDATES, *DEBRIS)))
            case 1:
                names = [tag for tag in world.tags(path) if not tag.startswith("sha256-")]
                world.tag(path, self.chance.choice(names), self.chance.choice((*CANDIDATES, *DEBRIS)))
            case 2:
                # A candidate becomes its release; of one that is out already nobody makes another.
                there = [tag for tag in CANDIDATES if tag in world.tags(path) and tag.partition("-")[0] not in FINALS]
                if there:
                    world.tag(path, there[0], there[0].partition("-")[0])
            case 3:
                package = world.package(path)
                assert package is not None
                found = [one for one in package.versions() if not {*one.tags} & {*FINALS, journal.TAG}]
                alone = [one for one in found if not any(one.digest in v.manifest.children for v in package.versions())]
                if alone and len(package.versions()) > len(FINALS):
                    version = self.chance.choice(alone)
                    package.drop(version, world.now())
                    for parts in self.flying.values():
                        parts.discard(version.digest)
            case 4:
                # Platforms arrive by digest; their index has not come yet.
                made = build_image(("linux/amd64", "linux/arm64"), seed=f"flying {self.chance.random()}", index=True)
                world.push(path, Image(made.blobs, made.manifests[:-1]))
                self.flying[path] = {one.digest for one in made.manifests[:-1]}
            case _:
                self.put(self.chance.choice(DEBRIS), self.chance.choice(sorted(self.git.values())))

    def state(self) -> dict[str, Any]:
        """What a person can see of the world: tags, versions without journals, git tags, releases."""
        found: dict[str, Any] = {"git": self.git, "releases": {one.tag for one in self.repository.releases.values()}}
        for path in (CUDA, CPU):
            package = self.world.package(path)
            assert package is not None
            versions = {one.digest for one in package.versions() if journal.MARK.encode() not in one.manifest.body}
            found[path] = (self.world.tags(path), versions)
        return found


def make(seed: int) -> Made:
    """A world with finals, candidates and debris, the same for the same seed."""
    chance = random.Random(seed)
    world = World()
    world.add_account("llm-d", organization=True)
    repository = world.add_repository(REPOSITORY)
    permissions = {"contents": "write", "packages": "write"}
    world.add_token(TOKEN, TokenKind.ACTIONS, repository=REPOSITORY, permissions=permissions)
    made = Made(world, chance)
    for path in (CUDA, CPU):
        world.add_package(path, visibility="public", repository=REPOSITORY)
    for tag in (*FINALS, *CANDIDATES):
        sha = made.commit(tag)
        if tag in FINALS or chance.random() < 0.8:
            made.put(tag, sha)
            for debris in chance.sample(DEBRIS[:6], chance.randint(0, 2)):
                if debris not in {"v0.5.0", "0.5"}:
                    made.put(debris, sha)
        for path in (CUDA, CPU):
            floats = ("v0", "latest") if tag == "v0.4.0" else ()
            with_debris = tag in CANDIDATES and chance.random() < 0.5
            extra = chance.sample(DEBRIS, chance.randint(0, 2)) if with_debris else []
            if tag in FINALS or chance.random() < 0.8:
                made.push(path, tag, *floats, *extra)
        if tag in CANDIDATES and chance.random() < 0.5:
            release = Release(world.next_id("release"), tag, "main", "ada", world.now())
            # GitHub makes a draft of a release whose tag is gone.
            release.draft = tag not in made.git
            release.prerelease = chance.random() < 0.8
            repository.releases[release.id] = release
        world.clock.advance(timedelta(days=chance.choice([0, 0.3, 5])))
    return made


def weather(chance: random.Random, seed: int) -> tuple[Fault, ...]:
    """Servers that fail and lists that lag, in some worlds."""
    if chance.random() < 0.7:
        return ()
    return tuple(replace(fault, seed=str(seed)) for fault in (*FLAKY, *READ_LAG))


Tear = Callable[..., Report]


@pytest.fixture
def tear_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tear:
    monkeypatch.setattr(store, "PAUSE", 0.0)
    (tmp_path / "release.yaml").write_text(CONFIG, encoding="utf-8")

    def run(
        made: Made, candidates: tuple[str, ...], faults: tuple[Fault, ...] = (), kill: int = 0, **inputs: Any
    ) -> Report:
        simulator = InProcess(made.world, faults=list(faults))
        now = made.world.now() + timedelta(days=1)
        environ = {"RUNNER_TEMP": str(tmp_path)}
        context = Context(
            repository=REPOSITORY, api_url=simulator.api_url, workspace=tmp_path, now=now, environ=environ
        )
        writes = iter(range(1, 10_000))
        with Http(sleep=lambda _: None) as http, monkeypatch.context() as patch:
            real = Http.request

            def request(self: Http, method: str, *args: Any, **named: Any) -> Any:
                number = next(writes) if method not in {"GET", "HEAD"} else 0
                if kill and number == kill:
                    raise KilledError
                found = real(self, method, *args, **named)
                if kill and number == kill - 1 and number:
                    raise KilledError
                return found

            patch.setattr(Http, "request", request)
            simulator.mount(http._session)
            registry = Registry(http, simulator.registry_url, token=TOKEN)
            releases = Releases(http, simulator.api_url, REPOSITORY, token=TOKEN)
            refs = GitRefs(http, simulator.api_url, REPOSITORY, token=TOKEN)
            clients = rc_teardown.Clients(http, registry, releases, refs)
            given = rc_teardown.Inputs(candidates=candidates, token=TOKEN, **inputs)
            if given.mode == "restore":
                return rc_teardown.restore(given, context, clients, Workflow({}))
            config = load_config(tmp_path / "release.yaml")
            return rc_teardown.Run(given, context, config, clients, Workflow({}), Limits()).go()

    return run


def restored(tear_down: Tear, made: Made, file: Path) -> Report:
    """Mode restore, by what all runs wrote down."""
    return tear_down(made, (), mode="restore", undo_file=str(file))


def asked(seed: int) -> tuple[str, ...]:
    chance = random.Random(seed + 1000)
    return tuple(chance.sample(CANDIDATES, chance.randint(1, 3)))


def stands(made: Made, before: dict[str, Any]) -> None:
    """Finals are where they were, in git and in the registry, and every tag pulls whole."""
    after = made.state()
    for path in (CUDA, CPU):
        for tag in FINALS:
            assert after[path][0][tag] == before[path][0][tag]
        for tag in after[path][0]:
            assert made.world.missing(path, tag) == [], (path, tag)
    assert {tag: after["git"][tag] for tag in FINALS} == {tag: before["git"][tag] for tag in FINALS}


@pytest.mark.parametrize("seed", range(FIRST, FIRST + TEARDOWNS))
def test_nothing_is_left_nothing_else_goes_and_a_second_run_is_empty(seed: int, tear_down: Tear, ran: Ran) -> None:
    made = make(seed)
    before = made.state()
    report = tear_down(made, asked(seed))
    assert report.exit_code in {ExitCode.PASS, ExitCode.REFUSED}
    stands(made, before)
    after = made.state()
    removed: Any = report.outputs["removed"]
    assert set(removed) <= set(asked(seed))
    for tag in removed:
        assert tag not in after["git"]
        assert tag not in after["releases"]
        for path in (CUDA, CPU):
            assert tag not in after[path][0]
    for path in (CUDA, CPU):
        others = set(CANDIDATES) - set(removed)
        assert others & set(before[path][0]) == others & set(after[path][0])
        # What stays is what it was: this command moves no tag of an image.
        assert after[path][0].items() <= before[path][0].items()
        assert not [tag for tag in ("demo", "latest", "v0") if tag in before[path][0] and tag not in after[path][0]]
    second = tear_down(made, asked(seed))
    assert made.state() == after
    assert second.outputs["removed"] == []
    assert second.exit_code is report.exit_code
    ran("teardown")


@pytest.mark.parametrize("seed", range(FIRST, FIRST + TEARDOWNS))
def test_a_killed_run_is_finished_by_the_next_one_and_taken_back_whole(
    seed: int, tear_down: Tear, tmp_path: Path, ran: Ran
) -> None:
    undo = tmp_path / rc_teardown.UNDO_FILE
    whole, made = make(seed), make(seed)
    before = made.state()
    assert whole.state() == before
    tear_down(whole, asked(seed))
    undo.unlink(missing_ok=True)
    for kill in (1 + seed % 11, 1 + seed % 7):
        with contextlib.suppress(KilledError):
            tear_down(made, asked(seed), kill=kill)
        stands(made, before)
    tear_down(made, asked(seed))
    assert made.state() == whole.state()
    if undo.exists():
        report = restored(tear_down, made, undo)
        assert report.exit_code is ExitCode.PASS, report.findings
    assert made.state() == before
    ran("killed teardown")


@pytest.mark.parametrize("seed", range(FIRST, FIRST + TEARDOWNS))
def test_somebody_who_meddles_never_breaks_production(seed: int, tear_down: Tear, ran: Ran) -> None:
    made = make(seed)
    before = made.state()
    chance = random.Random(seed)
    faults = tuple(
        Fault(method=method, nth=chance.randint(1, last), steps=(made.meddle,))
        for method, last in chance.sample([("DELETE", 20), ("GET", 40), ("*", 120), ("PATCH|PUT", 2)], 2)
    )
    faults += weather(chance, seed)
    kill = chance.choice((0, 0, chance.randint(1, 30)))
    with contextlib.suppress(KilledError):
        tear_down(made, asked(seed), faults, kill=kill)
    if kill:
        tear_down(made, asked(seed))
    after = made.state()
    for path in (CUDA, CPU):
        for tag in FINALS:
            assert after[path][0][tag] == before[path][0][tag]
        for tag in after[path][0]:
            assert made.world.missing(path, tag) == [], (path, tag)
        assert made.flying.get(path, set()) <= after[path][1]
    assert {tag: after["git"][tag] for tag in FINALS} == {tag: before["git"][tag] for tag in FINALS}
    ran("teardown in company")
