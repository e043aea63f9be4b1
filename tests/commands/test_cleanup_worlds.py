"""Random packages, random rules, and somebody who pushes and retags at any step: what is left always pulls."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from release_actions import retention
from release_actions.cleanup import journal
from release_actions.cleanup import store as store_module
from release_actions.cleanup.store import Outcome, Store
from release_actions.http import Http
from release_actions.packages import Packages
from release_actions.registry import Registry
from release_actions.selection import Facts, Rule
from release_actions.simulator import InProcess, World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.faults import Fault
from release_actions.simulator.image_factory import attachment, attachment_tag

TOKEN = "ghs_token_of_the_job"
CUDA = "llm-d/llm-d-cuda"
TAGS = ("v1", "v2", "v1-rc.1", "v1-rc.2", "v2-rc.1", "sha-1", "sha-2", "sha-3", "latest", "keep-1")
GLOBS = ("*-rc.*", "sha-*", "v1*", "*")
EXCLUSIONS = ("keep-*", "latest", "v1")


class Somebody:
    """Pushes images that share content, signs them, and moves tags."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def push(self, world: World, _path: str = "") -> None:
        platforms = self.chance.choice((("linux/amd64",), ("linux/amd64", "linux/arm64")))
        made = build_image(
            platforms,
            seed=str(self.chance.randint(1, 4)),
            annotations={"build": str(self.chance.randint(1, 3))},
            attestations=self.chance.random() < 0.3,
            index=True,
        )
        world.push(CUDA, made, self.chance.sample(TAGS, self.chance.randint(0, 2)))
        if self.chance.random() < 0.3:
            world.push(CUDA, attachment(made.root.digest), [attachment_tag(made.root.digest, ".sig")])

    def retag(self, world: World, _path: str = "") -> None:
        names = [tag for tag in world.tags(CUDA) if not tag.startswith("sha256-")]
        if names:
            world.tag(CUDA, self.chance.choice(names), self.chance.choice(TAGS))


@pytest.mark.parametrize("seed", range(60))
def test_every_tag_that_is_left_pulls(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "PAUSE", 0.0)
    chance = random.Random(seed)
    somebody = Somebody(chance)
    world = World()
    world.add_account("llm-d", organization=True)
    world.add_repository("llm-d/llm-d")
    world.add_token(
        TOKEN, TokenKind.ACTIONS, repository="llm-d/llm-d", permissions={"contents": "read", "packages": "write"}
    )
    world.add_package(CUDA, visibility="public", repository="llm-d/llm-d")
    for _ in range(chance.randint(3, 9)):
        somebody.push(world)
        world.clock.advance(timedelta(days=chance.choice([0, 0.3, 1, 5])))
    rule = Rule(
        "random",
        delete_tags=tuple(chance.sample(GLOBS, chance.randint(0, 2))),
        exclude_tags=tuple(chance.sample(EXCLUSIONS, chance.randint(0, 2))),
        keep_n=chance.choice([None, 1]),
        delete_untagged=chance.random() < 0.5,
    )
    meddling = [
        Fault(
            method=chance.choice(["DELETE", "GET", "HEAD"]),
            nth=chance.randint(1, 12),
            steps=(chance.choice([somebody.push, somebody.retag]),),
        )
        for _ in range(seed % 3)
    ]
    simulator = InProcess(world, faults=meddling)
    with Http(sleep=lambda _: None) as http:
        simulator.mount(http._session)
        packages = Packages(http, simulator.api_url, "llm-d", token=TOKEN)
        store = Store(CUDA, packages, Registry(http, simulator.registry_url, token=TOKEN))
        contents = store.read()
        plan = retention.plan(
            CUDA, contents.versions, contents.graph, [rule], facts=Facts(world.now() + timedelta(days=1))
        )
        outcome = Outcome()
        store.apply(plan, contents, outcome)
        outcome.check = check = store.check(plan, contents, outcome)
        if check.broken:
            assert store.restore(outcome) == ()
            assert outcome.undo == ()
    for tag in world.tags(CUDA):
        assert world.missing(CUDA, tag) == [], (tag, check)
    package = world.package(CUDA)
    assert package is not None
    if not check.broken and outcome.journal:
        store.end_journal(outcome)
    journals = {version.id for version in package.versions(deleted=True) if journal.MARK in str(version.manifest.body)}
    gone = {version.id for version in package.versions(deleted=True)} - journals
    assert set(outcome.undo) <= gone
    if not meddling:
        assert set(outcome.undo) == gone
        assert check.broken == ()
        left = {deletion.version.id for deletion in plan.deletions} - gone
        refused = {item.version.id for item in (*outcome.refused, *outcome.waiting)}
        assert left == refused
