"""What GitHub says of one tag."""

from __future__ import annotations

import pytest

from release_actions.github.repository import GitTag
from release_actions.http.client import Http
from release_actions.simulator import Simulator, World
from release_actions.simulator.git import Target
from release_actions.tags.github_refs import GitHubRefs


@pytest.fixture(name="world")
def _world() -> World:
    made = World()
    made.add_account("acme", organization=True)
    made.add_repository("acme/app")
    return made


def test_a_tag_is_read_by_its_whole_name(simulator: Simulator, world: World, http: Http) -> None:
    repository = world.repository("acme/app")
    assert repository is not None
    commit = repository.git.commit("Work", world.now())
    repository.git.refs["refs/tags/v1.0.0"] = Target(commit.sha, "commit")
    repository.git.refs["refs/tags/v1.0.0-rc.1"] = Target(commit.sha, "commit")
    refs = GitHubRefs(http, simulator.api_url, "acme/app")

    assert refs.read_tag("v1.0.0") == GitTag("v1.0.0", commit.sha, annotated=False)
    assert refs.read_tag("v1.0") is None
