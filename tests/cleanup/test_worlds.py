"""Random packages, rules, faults, company and kills: what is left always pulls, and the next run finishes the job.

`RELEASE_ACTIONS_WORLDS` says how many worlds are made; without it 300, some 15 seconds of one core. A failure shows
the seed of its world as the argument of `judge`.
"""

from __future__ import annotations

import functools
import json
import os
import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from requests import PreparedRequest, Response

from release_actions.cleanup import apply, journal, store
from release_actions.cleanup.pace import Limits
from release_actions.cleanup.package import Result, Sources, carry_out, prepare
from release_actions.cleanup.scope import Task
from release_actions.cleanup.store import Store
from release_actions.context import Context
from release_actions.http import Http
from release_actions.packages import Packages
from release_actions.registry import Registry
from release_actions.selection import Rule, matches
from release_actions.simulator import InProcess, World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.faults import FLAKY, READ_LAG, Fault, Step
from release_actions.simulator.image_factory import Image, attachment, attachment_tag
from release_actions.simulator.oci import OCI_INDEX, parse
from release_actions.simulator.transport import API_URL, REGISTRY_URL, Adapter
from release_actions.workflow import Workflow

TOKEN = "ghs_token_of_the_job"
CUDA = "llm-d/llm-d-cuda"
TAGS = ("v0.5.0", "v0.5.1", "v0.6.0-rc.1", "v0.5.0-rc.1", "v0.5.0-rc.2", "sha-1", "sha-2", "latest", "keep-1", "pr-7")
GLOBS = ("*-rc.*", "sha-*", "v0.5*", "pr-*", "*")
EXCLUSIONS = ("keep-*", "latest", "v0.5.0", "sha-1")
WORLDS = int(os.environ.get("RELEASE_ACTIONS_WORLDS", "300"))
PARTS = 10


class Killed(BaseException):
    """The end of a process."""


@dataclass
class Company:
    """Somebody who pushes and retags, signs, nests and loses things. `lost`: digests that it deleted itself."""

    chance: random.Random
    lost: set[str] = field(default_factory=set)
    touched: bool = False

    def push(self, world: World, _path: str = "") -> None:
        self.touched = True
        chance = self.chance
        made = build_image(
            chance.choice((("linux/amd64",), ("linux/amd64", "linux/arm64"))),
            seed=str(chance.randint(1, 4)),
            annotations={"build": str(chance.randint(1, 3))},
            attestations=chance.random() < 0.3,
            index=True,
        )
        if chance.random() < 0.15:
            made = around(made)
        world.push(CUDA, made, chance.sample(TAGS, chance.choice((0, 1, 1, 1, 2))))
        for manifest in (made.root, made.manifests[0]):
            if chance.random() < 0.2:
                suffix = chance.choice((".sig", ".att", ""))
                world.push(CUDA, attachment(manifest.digest), [attachment_tag(manifest.digest, suffix)])
        if chance.random() < 0.1:
            # By digest alone, as a build does whose index comes later.
            world.push(CUDA, build_image(("linux/amd64",), seed=str(chance.randint(1, 4)), index=True))

    def retag(self, world: World, _path: str = "") -> None:
        self.touched = True
        names = [tag for tag in world.tags(CUDA) if not tag.startswith("sha256-") and tag != journal.TAG]
        if names:
            world.tag(CUDA, self.chance.choice(names), self.chance.choice(TAGS))

    def lose(self, world: World, _path: str = "") -> None:
        self.touched = True
        package = world.package(CUDA)
        found = package.versions() if package else ()
        candidates = [v for v in found if journal.TAG not in v.tags]
        if package and len(candidates) > 1:
            version = self.chance.choice(candidates)
            self.lost.add(version.digest)
            package.drop(version, world.now())


def around(inner: Image) -> Image:
    child = {"mediaType": OCI_INDEX, "digest": inner.root.digest, "size": len(inner.root.body)}
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child]}).encode()
    return Image(inner.blobs, (*inner.manifests, parse(body, OCI_INDEX)))


def planted(chance: random.Random) -> tuple[World, Company]:
    """A world with a package that has been used for some days."""
    world = World()
    world.add_account("llm-d", organization=True)
    world.add_repository("llm-d/llm-d")
    world.add_token(
        TOKEN, TokenKind.ACTIONS, repository="llm-d/llm-d", permissions={"contents": "read", "packages": "write"}
    )
    world.add_package(CUDA, visibility="public", repository="llm-d/llm-d")
    company = Company(chance)
    for _ in range(chance.randint(3, 8)):
        chance.choices((company.push, company.retag, company.lose), (8, 2, 1))[0](world)
        world.clock.advance(timedelta(days=chance.choice([0, 0.3, 1, 5])))
    company.touched = False
    return world, company


def drawn(chance: random.Random) -> Rule:
    def maybe(probability: float) -> bool:
        return chance.random() < probability

    rule = Rule(
        "random",
        delete_tags=tuple(chance.sample(GLOBS, chance.randint(0, 2))),
        exclude_tags=tuple(chance.sample(EXCLUSIONS, chance.randint(0, 2))),
        keep_n=chance.choice([None, None, 1]),
        keep_n_per_line=chance.choice([None, None, 1]),
        older_than=chance.choice([None, None, timedelta(days=2)]),
        delete_untagged=maybe(0.4),
        delete_released_candidates=maybe(0.3),
        delete_ghost_images=maybe(0.2),
        delete_partial_images=maybe(0.2),
        delete_orphaned_attachments=maybe(0.2),
    )
    return rule if not rule.selects_nothing else Rule("random", delete_tags=("*-rc.*",))


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


def clean(world: World, rule: Rule, now: datetime, faults: Iterable[Fault] = (), life: Life | None = None) -> Result:
    """One run of the command on the package. Raises `Killed`."""
    simulator = simulated(world, faults)
    with Http(sleep=lambda _: None) as http:
        session = simulator.mount(http._session)
        for url in (API_URL, REGISTRY_URL):
            adapter = session.get_adapter(f"{url}/")
            assert isinstance(adapter, Adapter)
            session.mount(f"{url}/", Mortal(adapter, life or Life()))
        packages = Packages(http, simulator.api_url, "llm-d", token=TOKEN)
        registry = Registry(http, simulator.registry_url, token=TOKEN)
        result = Result(Task(CUDA, (rule,)), Store(CUDA, packages, registry))
        log = Workflow({})
        prepare(result, Context(now=now), Sources("v", "llm-d/llm-d", simulator.api_url, TOKEN), log)
        carry_out(result, Limits(), log)
    return result


def held(world: World) -> dict[str, tuple[str, ...]]:
    package = world.package(CUDA)
    assert package is not None
    return {version.digest: tuple(sorted(version.tags)) for version in package.versions()}


def unpullable(world: World, lost: set[str]) -> list[str]:
    """Tags that lack something that the company did not lose itself."""
    return [tag for tag in world.tags(CUDA) if set(world.missing(CUDA, tag)) - lost]


def weather(chance: random.Random, company: Company, seed: int) -> tuple[Fault, ...]:
    """Company and faults of one run. Half of the worlds have none."""
    found: list[Fault] = []
    if chance.random() < 0.3:
        steps: tuple[Step, ...] = (company.push, company.retag, company.retag, company.lose)
        for _ in range(chance.randint(1, 2)):
            method = chance.choice(["DELETE", "GET", "HEAD", "PUT"])
            found.append(Fault(method=method, nth=chance.randint(1, 12), steps=(chance.choice(steps),)))
    if chance.random() < 0.2:
        found += [Fault(**{**fault.__dict__, "seed": str(seed)}) for fault in (*FLAKY, *READ_LAG)]
    return tuple(found)


def judge(seed: int) -> None:
    """One world."""
    chance = random.Random(seed)
    world, company = planted(chance)
    rule = drawn(chance)
    now = world.now() + timedelta(days=chance.choice([0.5, 1, 3]))
    before = world.tags(CUDA)
    whole = [tag for tag in before if not world.missing(CUDA, tag)]
    faults = weather(chance, company, seed)
    life = Life(chance.randint(1, 90)) if chance.random() < 0.5 else None
    killed = False
    try:
        first = clean(world, rule, now, faults, life)
        assert first.outcome.error is None or faults, first.outcome.error
    except Killed:
        killed = True
        assert unpullable(world, company.lost) == [] or company.touched
    company_came = company.touched
    clean(world, rule, now)
    for tag in before:
        if any(matches(pattern, tag) for pattern in rule.exclude_tags) and not company_came:
            assert world.tags(CUDA).get(tag) == before[tag], tag
            assert tag not in whole or not world.missing(CUDA, tag), tag
    assert unpullable(world, company.lost) == []
    last = clean(world, rule, now)
    assert last.outcome.error is None
    refused = {item.version.id for item in (*last.outcome.refused, *last.outcome.waiting)}
    assert last.plan is None or {deletion.version.id for deletion in last.plan.deletions} == refused
    assert journal.TAG not in world.tags(CUDA) or refused
    if killed and not faults:
        twin, _ = planted(random.Random(seed))
        # Of tags that are all doomed GitHub keeps the last one, which is another one in another order.
        if not clean(twin, rule, now).outcome.refused:
            assert held(world) == held(twin)


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_left_pulls_and_the_next_run_finishes(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PAUSE", 0.0)
    monkeypatch.setattr(store, "READERS", 2)
    monkeypatch.setattr(apply, "WORKERS", 3)
    for seed in range(part, WORLDS, PARTS):
        judge(seed)
