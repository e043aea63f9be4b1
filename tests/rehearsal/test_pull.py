"""The judge's own client sees what a plain client would, wherever the rehearsal runs."""

from __future__ import annotations

import pytest

from release_actions.rehearsal.pull import Client
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.accounts import TokenKind

TOKEN = "ghp_reader0000000000000000000000000000"
PLATFORMS = ("linux/amd64", "linux/arm64")


def test_a_proxy_of_the_environment_does_not_stand_between_the_judge_and_loopback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    world = World()
    world.add_account("reader")
    world.add_account("acme", organization=True, members={"reader": "admin"})
    world.add_token(TOKEN, TokenKind.CLASSIC, login="reader", scopes={"read:packages"})
    world.add_package("acme/app", visibility="public")
    world.push("acme/app", build_image(PLATFORMS, seed="one"), ["v1.0.0"])
    with Simulator(world) as simulator:
        seen = Client(simulator.registry_url, TOKEN).take_snapshot(["acme/app", "acme/none"])
    assert {package: list(tags) for package, tags in seen.packages.items()} == {"acme/app": ["v1.0.0"]}
    assert seen.packages["acme/app"]["v1.0.0"].platforms == PLATFORMS
