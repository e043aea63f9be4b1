"""A world with the candidate v0.5.0-rc.1 and what it left in every system, and ways to look at it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from release_actions.runner.report import Report
from release_actions.simulator import World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.git import Target
from release_actions.simulator.image_factory import attachment, attachment_tag
from release_actions.simulator.repositories import Release, Repository

TOKEN = "ghs_token_of_the_job"
REPOSITORY = "llm-d/llm-d"
CUDA, CPU = "llm-d/llm-d-cuda", "llm-d/llm-d-cpu"
BOTH = ("linux/amd64", "linux/arm64")
MANIFEST = Path(__file__).parents[2] / "actions" / "rc-teardown" / "action.yml"

CONFIG = """\
repository: llm-d/llm-d
registry: ghcr.io
channels:
  release: {name: "llm-d-{image}"}
  dev: {name: "llm-d-{image}-dev"}
defaults:
  platforms: [linux/amd64, linux/arm64]
  runners: {linux/amd64: ubuntu-24.04, linux/arm64: ubuntu-24.04-arm}
images:
  cuda: {dockerfile: Dockerfile.cuda}
  cpu: {dockerfile: Dockerfile.cpu}
"""


TearDown = Callable[..., Report]


def planted() -> World:
    """A world after v0.4.0, with the candidate v0.5.0-rc.1 and its debris in every system."""
    world = World()
    world.add_account("llm-d", organization=True)
    repository = world.add_repository(REPOSITORY)
    permissions = {"contents": "write", "packages": "write"}
    world.add_token(TOKEN, TokenKind.ACTIONS, repository=REPOSITORY, permissions=permissions)
    commit(repository, "main")
    for tag in ("v0.3.0", "v0.4.0", "v0.5.0-rc.1"):
        put(repository, tag, commit(repository, tag))
    for tag in ("v0.5.0-rc", "v0.5", "v0"):
        put(repository, tag, repository.git.refs["refs/tags/v0.5.0-rc.1"].sha)
    put(repository, "v0.4", repository.git.refs["refs/tags/v0.4.0"].sha)
    for path in (CUDA, CPU):
        world.add_package(path, visibility="public", repository=REPOSITORY)
        push(world, path, "v0.3.0", "v0.3")
        push(world, path, "v0.4.0", "v0.4", "v0", "latest")
        push(world, path, "v0.5.0-rc.1", "v0.5.0-rc", "v0.5", "v0.5.0")
    release(world, "v0.4.0", prerelease=False)
    release(world, "v0.5.0-rc.1", name="First try", body="Known to be slow.")
    return world


def commit(repository: Repository, message: str) -> str:
    git = repository.git
    branch = "refs/heads/main"
    parents = (git.refs[branch].sha,) if branch in git.refs else ()
    made = git.commit(message, repository.created, parents=parents)
    git.refs[branch] = Target(made.sha, "commit")
    return made.sha


def put(repository: Repository, tag: str, sha: str) -> None:
    repository.git.refs[f"refs/tags/{tag}"] = Target(sha, "commit")


def push(world: World, path: str, *tags: str, seed: str = "") -> str:
    image = build_image(BOTH, seed=seed or f"{path} {tags[0]}", attestations=True)
    digest = world.push(path, image, tags).digest
    world.push(path, attachment(digest), [attachment_tag(digest, ".sig")])
    return digest


def release(world: World, tag: str, *, prerelease: bool = True, name: str = "", body: str = "") -> Release:
    repository = the_repository(world)
    now = world.now()
    made = Release(world.next_id("release"), tag, "main", "ada", now, name, body, prerelease=prerelease, published=now)
    repository.releases[made.id] = made
    return made


def the_repository(world: World) -> Repository:
    found = world.repository(REPOSITORY)
    assert found is not None
    return found


def git_tags(world: World) -> dict[str, str]:
    refs = the_repository(world).git.refs
    return {name.removeprefix("refs/tags/"): one.sha for name, one in refs.items() if name.startswith("refs/tags/")}


def releases(world: World) -> set[str]:
    return {one.tag for one in the_repository(world).releases.values()}


def state(world: World) -> dict[str, Any]:
    """The whole world, without what reading alone changes."""
    found = world.dump()
    for package in found["packages"].values():
        for version in package["versions"]:
            del version["downloads"]
    return found


def names(world: World, path: str) -> set[str]:
    return {tag for tag in world.tags(path) if not tag.startswith("sha256-")}


def whole(world: World) -> bool:
    return whole_package(world, CUDA) and whole_package(world, CPU)


def whole_package(world: World, path: str) -> bool:
    return all(not world.missing(path, tag) for tag in world.tags(path))


def messages(report: Report) -> list[str]:
    return [str(finding.problem) for finding in report.findings]


def output(report: Report, name: str) -> Any:
    return json.loads(json.dumps(report.outputs[name]))
