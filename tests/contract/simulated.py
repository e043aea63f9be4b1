"""The simulator as the contract tests use it: one organization, one robot that may push there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from release_actions.simulator import Simulator, World

PASSWORD = "ghp_robot"


def world() -> World:
    """llm-d without packages, and a classic token of one of its owners."""
    found = World()
    found.add_account("robot")
    found.add_account("llm-d", organization=True, members={"robot": "admin"})
    found.add_token(PASSWORD, login="robot", scopes=("repo", "write:packages", "delete:packages"))
    return found


@contextlib.contextmanager
def registry_alone() -> Iterator[str]:
    """The address of an empty registry."""
    with Simulator(world()) as simulator:
        yield simulator.registry_url
