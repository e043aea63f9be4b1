"""What the simulator's tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.simulator.callers import Caller, new_world

from release_actions.simulator import InProcess, World


@pytest.fixture
def world() -> World:
    """llm-d with an empty public package, people and tokens."""
    return new_world()


@pytest.fixture
def call(world: World) -> Iterator[Caller]:
    """A client of that world, without sockets."""
    caller = Caller(InProcess(world, sleep=lambda _seconds: None))
    yield caller
    caller.session.close()
