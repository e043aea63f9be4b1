"""A world with a benchmark workflow, for the tests of mode dispatch."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from tests.performance.maker import AFTER, serve

from release_actions.simulator import World
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.actions import Workflow
from release_actions.simulator.git import Target

JOB = "ghs_job_of_acme_server"
"""The token of a job of acme/server that may start workflows there."""
READING_JOB = "ghs_reading_job"
ADA = "ghp_ada_who_owns_acme"
EVE = "ghp_eve_who_is_nobody_there"
SCOPELESS = "ghp_ada_without_scopes"
FINE = "github_pat_of_ada"

OWN, OTHER = "acme/server", "acme/benchmarks"


def archive(files: Mapping[str, bytes]) -> bytes:
    """A ZIP archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    return packed.getvalue()


def results(commit: str = AFTER) -> bytes:
    """An artifact with five results."""
    runs = {
        f"candidate/run-{number}.json": json.dumps(
            serve(median_ttft_ms=100.0 + number / 10, commit=commit, date=f"2026080{number}-120000")
        ).encode()
        for number in range(1, 6)
    }
    return archive(runs)


def new_world() -> World:
    """acme with two repositories, each with a workflow benchmark.yml, and tokens."""
    world = World()
    for login in ("ada", "eve"):
        world.add_account(login)
    world.add_account("acme", organization=True, members={"ada": "admin"})
    for name in (OWN, OTHER):
        repository = world.add_repository(name)
        commit = repository.git.commit("First", world.now(), author="ada")
        repository.git.refs["refs/heads/main"] = Target(commit.sha, "commit")
        add_workflow(world, name)
    writes = {"actions": "write", "contents": "read"}
    world.add_token(JOB, TokenKind.ACTIONS, repository=OWN, permissions=writes)
    world.add_token(READING_JOB, TokenKind.ACTIONS, repository=OWN, permissions={"contents": "read"})
    world.add_token(ADA, login="ada", scopes=("repo",))
    world.add_token(EVE, login="eve", scopes=("repo",))
    world.add_token(SCOPELESS, login="ada", scopes=("read:packages",))
    world.add_token(FINE, TokenKind.FINE_GRAINED, login="ada", permissions=writes)
    return world


def add_workflow(world: World, repository: str, **more: Any) -> Workflow:
    """Give a repository the workflow benchmark.yml."""
    number = world.next_id("workflow")
    given = {
        "inputs": ("commit", "branch", "run-key"),
        "run_name": "Benchmark ${{ inputs.run-key }}",
        "artifacts": {"performance-h100": results(), "logs": archive({"log.txt": b"x"})},
        **more,
    }
    workflow = Workflow(number, "benchmark.yml", "Benchmark", world.now(), **given)
    world.repositories[repository].workflows = {number: workflow}
    return workflow
