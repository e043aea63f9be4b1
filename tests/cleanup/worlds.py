"""Makes random packages with random rules, company, faults and kills, and runs the clean-up in them.

Everything follows from the seed of a world. Nothing here says what is right: `judging` does.
"""

from __future__ import annotations

import functools
import json
import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from requests import PreparedRequest, Response
from tests.cleanup import variety
from tests.cleanup.rules import make_rule
from tests.killed import Killed

from release_actions.cleanup import journal
from release_actions.cleanup.cache import Cache
from release_actions.cleanup.gone import GoneRefs
from release_actions.cleanup.pace import Limits
from release_actions.cleanup.package import Sources, prepare
from release_actions.cleanup.parallel import carry_out_all
from release_actions.cleanup.result import Result, Task
from release_actions.cleanup.selection import Rule
from release_actions.cleanup.store import Store
from release_actions.github.packages import Packages
from release_actions.http.client import Http
from release_actions.registry.client import Registry
from release_actions.registry.names import PackagePath
from release_actions.runner.context import Context
from release_actions.runner.workflow import Workflow
from release_actions.simulator import InProcess, World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.behavior import RegistryBehavior
from release_actions.simulator.faults import FLAKY, READ_LAG, Fault, Step
from release_actions.simulator.image_factory import Image, attachment, attachment_tag
from release_actions.simulator.oci import OCI_INDEX, Manifest, parse
from release_actions.simulator.repositories import Pull
from release_actions.simulator.transport import API_URL, REGISTRY_URL, Adapter

TOKEN = "ghs_token_of_the_job"
CUDA = "llm-d/llm-d-cuda"
RELEASES = ("v0.6.0", "v0.6.0-rc.1", "v0.5.1", "v0.5.0", "v0.5.0-rc.2", "v0.5.0-rc.1")
"""The highest first."""

PULLS = {7: "closed", 8: "open"}
TAGS = (*RELEASES, "sha-1", "sha-2", "latest", "keep-1", "pr-7", "pr-8")
GLOBS = ("*-rc.*", "sha-*", "v0.5*", "pr-*", "*")
PERMISSIONS = {"contents": "read", "packages": "write", "pull_requests": "read"}
EXCLUSIONS = ("keep-*", "latest", "v0.5.0", "sha-1")


@dataclass
class Company:
    """Somebody who builds, pushes, promotes and retags, signs, nests, loses and deletes.

    `lost`: digests that it deleted itself. `names`: tags that it touched since the beginning of the runs, `put` those
    that it did not delete again. `begun`: builds whose images are there by digest and whose index is not, with the new
    digests among them.
    """

    chance: random.Random
    lost: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    put: set[str] = field(default_factory=set)
    begun: list[tuple[Image, frozenset[str]]] = field(default_factory=list)
    touched: bool = False

    def made(self, seed: str = "") -> Image:
        chance = self.chance
        made = build_image(
            chance.choice((("linux/amd64",), ("linux/amd64", "linux/arm64"))),
            seed=seed or str(chance.randint(1, 4)),
            annotations={"build": str(chance.randint(1, 3))},
            docker=chance.random() < 0.2,
            attestations=chance.random() < 0.3,
            index=True,
        )
        return around(made, chance.randint(1, 2)) if chance.random() < 0.15 else made

    def push(self, world: World, _path: str = "") -> None:
        self.touched = True
        chance = self.chance
        made = self.made()
        tags = chance.sample(TAGS, chance.choice((0, 1, 1, 1, 2)))
        self.touch(world, *tags)
        world.push(CUDA, made, tags)
        for manifest in (made.root, made.manifests[0]):
            if chance.random() < 0.2:
                suffix = chance.choice((".sig", ".att", ""))
                world.push(CUDA, attachment(manifest.digest), [attachment_tag(manifest.digest, suffix)])
            elif chance.random() < 0.1:
                world.push(CUDA, referrer(manifest))
        if chance.random() < 0.1:
            # By digest alone, as a build does whose index comes later.
            world.push(CUDA, build_image(("linux/amd64",), seed=str(chance.randint(1, 4)), index=True))

    def begin(self, world: World, _path: str = "") -> None:
        """The platforms of a build arrive by digest; some are new, some are as they were."""
        self.touched = True
        seed = self.chance.choice(("", f"build {self.chance.random()}"))
        made = self.made(seed)
        # What others push too may be finished by them, and deleted by its tag.
        new = frozenset(one.digest for one in made.manifests[:-1] if seed)
        world.push(CUDA, Image(made.blobs, made.manifests[:-1]))
        self.begun.append((made, new))

    def finish(self, world: World, _path: str = "") -> None:
        """The index of a build arrives; where the registry has not all of its images, the build is done again."""
        if not self.begun:
            return
        self.touched = True
        made, _ = self.begun.pop(self.chance.randrange(len(self.begun)))
        tags = self.chance.sample(TAGS, self.chance.choice((1, 1, 2)))
        self.touch(world, *tags)
        package = world.package(CUDA)
        assert package is not None
        if all(package.find(one.digest) for one in made.manifests[:-1]):
            for tag in tags:
                world.put_manifest(CUDA, made.root, tag)
        else:
            world.push(CUDA, made, tags)

    def finish_unseen(self, world: World, _path: str = "") -> None:
        """The index of a build arrives whether or not its images are still there: the build saw them before."""
        if not self.begun:
            return
        self.touched = True
        # The chance of the world is not touched, so that what else happens there does not depend on this.
        made, _ = self.begun.pop()
        self.touch(world, "nightly")
        world.put_manifest(CUDA, made.root, "nightly")

    def claim(self, world: World, path: str) -> None:
        """A tag is put on the very version that a request is about to delete."""
        package = world.package(CUDA)
        number = path.rpartition("/")[2]
        version = next((one for one in package.versions() if str(one.id) == number), None) if package else None
        if version and journal.MARK.encode() not in version.manifest.body:
            self.touched = True
            self.touch(world, "nightly")
            world.tag(CUDA, version.digest, "nightly")

    def retag(self, world: World, _path: str = "") -> None:
        names = [tag for tag in world.tags(CUDA) if not tag.startswith("sha256-") and tag != journal.TAG]
        if names:
            self.move(world, self.chance.choice(names), self.chance.choice(TAGS))

    def promote(self, world: World, _path: str = "") -> None:
        """A candidate becomes the release, and the newest image."""
        names = [tag for tag in world.tags(CUDA) if "-rc." in tag]
        if names:
            candidate = self.chance.choice(names)
            self.move(world, candidate, candidate.partition("-")[0])
            self.move(world, candidate, "latest")

    def move(self, world: World, name: str, tag: str) -> None:
        self.touched = True
        self.touch(world, tag)
        world.tag(CUDA, name, tag)

    def touch(self, world: World, *tags: str) -> None:
        """Before tags are written: readers may see for a while what they named before."""
        for tag in tags if world.behavior.stale_tag_reads else ():
            world.lag_tag(CUDA, tag, world.behavior.stale_tag_reads)
        self.names.update(tags)
        self.put.update(tags)

    def lose(self, world: World, _path: str = "") -> None:
        package = world.package(CUDA)
        found = package.versions() if package else ()
        candidates = [v for v in found if journal.MARK.encode() not in v.manifest.body]
        if package and len(candidates) > 1:
            self.touched = True
            version = self.chance.choice(candidates)
            self.lost.add(version.digest)
            self.names.update(version.tags)
            self.put.difference_update(version.tags)
            package.drop(version, world.now())


def around(inner: Image, times: int = 1) -> Image:
    """An index that lists nothing but the root of another image; several times over."""
    child = {"mediaType": inner.root.media_type, "digest": inner.root.digest, "size": len(inner.root.body)}
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child]}).encode()
    made = Image(inner.blobs, (*inner.manifests, parse(body, OCI_INDEX)))
    return around(made, times - 1) if times > 1 else made


def referrer(subject: Manifest) -> Image:
    """An attachment without a tag, which names what it is about by `subject`."""
    made = attachment(subject.digest)
    known = {"mediaType": subject.media_type, "digest": subject.digest, "size": len(subject.body)}
    body = json.dumps({**json.loads(made.root.body), "subject": known}).encode()
    return Image(made.blobs, (parse(body, made.root.media_type),))


def planted(chance: random.Random, behavior: RegistryBehavior | None = None) -> tuple[World, Company]:
    """A world with a package that has been used for some days, and the time of its clean-up."""
    world = World()
    world.behavior = behavior or world.behavior
    world.add_account("llm-d", organization=True)
    repository = world.add_repository("llm-d/llm-d")
    variety.add_refs(world)
    for number, state in PULLS.items():
        at = world.now()
        repository.pulls[number] = Pull(number, number, "t", "a", "main", "0", "topic", "1", at, at, state=state)
    world.add_token(TOKEN, TokenKind.ACTIONS, repository="llm-d/llm-d", permissions=PERMISSIONS)
    world.add_package(CUDA, visibility="public", repository="llm-d/llm-d")
    company = Company(chance)
    for _ in range(chance.randint(3, 8)):
        does = (company.push, company.retag, company.promote, company.lose)
        chance.choices(does, (8, 1, 1, 1))[0](world)
        world.clock.advance(timedelta(days=chance.choice([0, 0.3, 1, 5])))
    if chance.random() < 0.3:
        company.begin(world)
    world.clock.advance(timedelta(days=chance.choice([0.1, 0.5, 1, 3])))
    # What was pushed long ago is read as it is.
    world.stale_tags.clear()
    company.touched = False
    company.names.clear()
    company.put.clear()
    return world, company


def drawn(chance: random.Random, world: World) -> tuple[Rule, ...]:
    """The rules of one run: mostly one, sometimes two that are judged together."""
    package = world.package(CUDA)
    assert package is not None
    rules = [draw_rule(chance) for _ in range(chance.choice((1, 1, 1, 2)))]
    digests = [version.digest for version in package.versions()]
    if digests and chance.random() < 0.1:
        settings = rules[0].settings
        more = replace(settings, exclude_tags=(*settings.exclude_tags, chance.choice(digests)))
        rules[0] = replace(rules[0], settings=more)
    return tuple(rules)


def draw_rule(chance: random.Random) -> Rule:
    def maybe(probability: float) -> bool:
        return chance.random() < probability

    rule = make_rule(
        "random",
        delete_tags=tuple(chance.sample(GLOBS, chance.randint(0, 2))),
        exclude_tags=tuple(chance.sample(EXCLUSIONS, chance.randint(0, 2))),
        keep_n=chance.choice([None, None, 1]),
        keep_n_per_line=chance.choice([None, None, 1]),
        older_than=chance.choice([None, None, timedelta(days=2)]),
        delete_untagged=maybe(0.4),
        untagged_older_than=chance.choice([None, None, None, timedelta(hours=8), timedelta(days=2)]),
        delete_released_candidates=maybe(0.3),
        delete_closed_pull_requests=maybe(0.2),
        delete_ghost_images=maybe(0.2),
        delete_partial_images=maybe(0.2),
        delete_orphaned_attachments=maybe(0.2),
        untag=maybe(0.4),
    )
    return rule if not rule.settings.selects_nothing else make_rule("random", delete_tags=("*-rc.*",))


class Mortal(Adapter):
    """A line that goes dead at the n-th request, before the server does it or after."""

    def __init__(self, adapter: Adapter, life: Life) -> None:
        super().__init__(adapter._origin)
        self._life = life

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        self._life.spend(after=False)
        answer = super().send(request, *args, **options)
        self._life.spend(after=True)
        return answer


@dataclass
class Life:
    """How many half steps a process has left; None: it lives on."""

    left: int | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def spend(self, *, after: bool) -> None:
        with self.lock:
            if self.left is None:
                return
            if self.left <= 0:
                raise Killed(after)
            self.left -= 1


@functools.cache
def machine() -> InProcess:
    """One simulator for all worlds: making its table of routes takes longer than a run."""
    return InProcess(World(), sleep=lambda _: None)


def simulated(world: World, faults: Iterable[Fault]) -> InProcess:
    simulator = machine()
    service = simulator._service
    service.world = service.api.world = service.registry.world = world
    service.requests.clear()
    service.faults.clear()
    for fault in faults:
        service.faults.add(fault)
    return simulator


@dataclass(frozen=True)
class Around:
    """What happens around one run. `settling`: what somebody does between its proof and its last look."""

    faults: tuple[Fault, ...] = ()
    life: Life | None = None
    settling: Step | None = None


def clean(
    world: World,
    rules: tuple[Rule, ...],
    now: datetime,
    at: Around = Around(),
    cache: Cache | None = None,
) -> Result:
    """One run of the command on the package. Raises `Killed`."""
    faults, life = at.faults, at.life
    simulator = simulated(world, faults)
    with Http(sleep=lambda _: None) as http:
        session = simulator.mount(http._exchange._session)
        for url in (API_URL, REGISTRY_URL):
            adapter = session.get_adapter(f"{url}/")
            assert isinstance(adapter, Adapter)
            session.mount(f"{url}/", Mortal(adapter, life or Life()))
        packages = Packages(http, simulator.api_url, "llm-d", token=TOKEN)
        registry = Registry(http, simulator.registry_url, token=TOKEN)
        store = Store(PackagePath(CUDA), packages, registry, cache=cache)
        log = Workflow({})
        refs = GoneRefs(http, simulator.api_url, variety.REPOSITORY, TOKEN, variety.load())
        sources = Sources(http, lambda _: ("v",), variety.REPOSITORY, simulator.api_url, TOKEN, refs=refs)
        limits = Limits(settle_time=1.0, sleep=lambda _: at.settling(world, "") if at.settling else None)
        result = prepare(Task(PackagePath(CUDA), rules), store, Context(now=now), sources, log)
        carry_out_all([result], {store.path: store}, limits, log, now)
    return result


def weather(chance: random.Random, company: Company, seed: int) -> tuple[Fault, ...]:
    """Company and faults of one run. Half of the worlds have none."""
    found: list[Fault] = []
    if chance.random() < 0.3:
        steps: tuple[Step, ...] = (
            *(company.push, company.retag, company.promote, company.lose),
            *(company.begin, company.finish),
        )
        for _ in range(chance.randint(1, 3)):
            method, last = chance.choice([("DELETE", 12), ("PUT", 1), ("*", 60), ("*", 60)])
            found.append(Fault(method=method, nth=chance.randint(1, last), steps=(chance.choice(steps),)))
    if chance.random() < 0.2:
        found += [Fault(**{**fault.__dict__, "seed": str(seed)}) for fault in (*FLAKY, *READ_LAG)]
    race = random.Random(f"race {seed}")
    if company.begun and not found and race.random() < 0.7:
        # Right before the proof lists what is there, or a list of tags before it.
        found.append(Fault(path=f"/v2/{CUDA}/tags/list", nth=race.randint(2, 4), steps=(company.finish_unseen,)))
    elif not found and race.random() < 0.1:
        found.append(Fault(method="DELETE", nth=race.randint(1, 6), steps=(company.claim,)))
    return tuple(found)


def settle(company: Company, seed: int) -> Step | None:
    """What somebody does between the proof of a run and its last look; mostly nothing."""
    chance = random.Random(f"settling {seed}")
    if company.begun and chance.random() < 0.4:
        return company.finish_unseen
    return chance.choice((company.push, company.begin, company.promote)) if chance.random() < 0.05 else None
