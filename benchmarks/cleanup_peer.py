"""The peer of ghcr-cleanup, dataaxiom/ghcr-cleanup-action, in a world of the embedded servers: requests and time.

    git clone https://github.com/dataaxiom/ghcr-cleanup-action PEER
    bin/python benchmarks/cleanup_worlds.py --peer PEER/dist/index.js [WORLD ...]

It needs Node. Nothing of the peer is kept here. It talks to the servers over HTTP, each answer after 20 ms.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ghcr_cleanup import LATENCY, TOKEN  # type: ignore[import-not-found]  # mypy does not look beside a file
from release_actions.simulator import Simulator, World
from release_actions.simulator.faults import Fault

LONGEST = 1800
"""Seconds after which the peer is stopped."""


@dataclass(frozen=True)
class PeerRun:
    """What the peer asked for and deleted, on the wall and by the processor."""

    requests: int
    deleted: int
    seconds: float
    worked: float


def run_peer(bundle: Path, world: World, paths: Sequence[str], inputs: Mapping[str, str]) -> PeerRun:
    """One clean-up by the peer. `inputs`: of its action, by name. Ends the benchmark when the peer fails."""
    before = count_versions(world, paths)
    with tempfile.TemporaryDirectory() as folder, Simulator(world) as simulator:
        simulator.faults.add(Fault(times=0, latency=LATENCY))
        given = {
            "token": TOKEN,
            "owner": "llm-d",
            "packages": ",".join(path.partition("/")[2] for path in paths),
            "registry-url": f"{simulator.registry_url}/",
            "github-api-url": simulator.api_url,
            **inputs,
        }
        summary = Path(folder) / "summary"
        summary.touch()
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "RUNNER_TEMP": folder,
            "GITHUB_REPOSITORY": "llm-d/llm-d",
            "GITHUB_REPOSITORY_OWNER": "llm-d",
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_API_URL": simulator.api_url,
            **{f"INPUT_{name.upper()}": value for name, value in given.items()},
        }
        spent = sum(os.times()[2:4])
        began = time.monotonic()
        done = subprocess.run(  # the peer that the caller named
            ["node", str(bundle)],  # noqa: S607  # as above
            env=environ,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        seconds = time.monotonic() - began
        asked = len(simulator.requests.entries)
    if done.returncode:
        sys.exit(f"The peer ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    deleted = before - count_versions(world, paths)
    return PeerRun(asked, deleted, seconds, sum(os.times()[2:4]) - spent)


def count_versions(world: World, paths: Sequence[str]) -> int:
    """How many versions the packages hold."""
    return sum(len(world.packages[path].versions()) for path in paths)
