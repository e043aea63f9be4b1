"""simulate: an embedded GitHub and GHCR on loopback, until it is interrupted. No action: for the terminal only.

Nothing real is reached or changed. The addresses are printed, with commands that look at what is there.
"""

from __future__ import annotations

import contextlib
import json
import signal
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.files import write_workspace_file
from release_actions.runner.report import Output, Report
from release_actions.runner.workflow import Workflow

if TYPE_CHECKING:
    from release_actions.simulator import Simulator, World

TOKEN = "ghp_simulator"  # noqa: S105  # made up: it works on the simulator and nowhere else
SCOPES = ("repo", "workflow", "write:packages", "delete:packages", "admin:org")
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "simulator" / "seed.yaml"


@dataclass(frozen=True)
class Inputs:
    """What `release-actions simulate --help` describes."""

    seed: str = inputs.option(
        inputs.text, "", about="YAML or JSON file with the world to start with; without it examples/simulator/seed.yaml"
    )
    faults: str = inputs.option(
        inputs.text,
        "",
        about="what goes wrong: latency, flaky, rate-limited, read-lag, storm, or a YAML or JSON file with faults",
    )
    api_port: int = inputs.option(inputs.integer(), 0, about="port of the REST API; 0 for any free one")
    registry_port: int = inputs.option(inputs.integer(), 0, about="port of the registry; 0 for any free one")
    env_file: str = inputs.option(
        inputs.text, "", about="file that gets the addresses and a token as lines to source: . FILE"
    )
    ready_file: str = inputs.option(
        inputs.text, "", about="file that gets the addresses as JSON once they answer, for scripts"
    )


OUTPUTS = ("api-url", "registry-url", "requests")


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Serve until SIGINT or SIGTERM. The outputs are the addresses and the requests by kind."""
    from release_actions.simulator import Simulator  # needs a library that the actions do not install
    from release_actions.simulator.fault_file import faults_named
    from release_actions.simulator.seed import world_from_file

    world = world_from_file(context.path(given.seed) if given.seed else EXAMPLE)
    faults = faults_named(given.faults, folder=context.workspace) if given.faults else ()
    with Simulator(world, faults=faults, api_port=given.api_port, registry_port=given.registry_port) as simulator:
        token = add_token(simulator.world)
        variables = {**simulator.environment(), "GITHUB_TOKEN": token}
        for line in describe_simulator(simulator, variables):
            log.info(line)
        if given.env_file:
            write_workspace_file(context.path(given.env_file), given.env_file, "".join(format_exports(variables)))
            log.info(f"Take them over in another terminal: . ./{given.env_file}")
        if given.ready_file:
            addresses = {"api-url": simulator.api_url, "registry-url": simulator.registry_url}
            context.path(given.ready_file).write_text(json.dumps(addresses) + "\n", encoding="utf-8")
        with catch_interrupts() as interrupted:
            interrupted.wait()
        return report(simulator)


def add_token(world: World) -> str:
    """A token that works for everything: of somebody who owns every organization. Made up, so it may be shown."""
    organizations = [account for account in world.accounts.values() if account.organization]
    owners = [login for account in organizations for login, role in account.members.items() if role == "admin"]
    login = next(iter(owners), next((account.login for account in world.accounts.values()), ""))
    for account in organizations:
        account.members[login] = "admin"
    world.add_token(TOKEN, login=login, scopes=SCOPES)
    return TOKEN


def format_exports(variables: Mapping[str, str]) -> Iterator[str]:
    """Lines that a shell sources."""
    return (f"export {name}={value}\n" for name, value in variables.items())


def describe_simulator(simulator: Simulator, variables: Mapping[str, str]) -> list[str]:
    """The addresses, and commands to try on what is there."""
    world = simulator.world
    host = simulator.registry_url.removeprefix("http://")
    lines = [
        f"GitHub REST API  {simulator.api_url}",
        f"Registry         {simulator.registry_url}",
        "",
        "Let any program talk to it:",
        *(f"  {line.strip()}" for line in format_exports(variables)),
        "",
        "Look at it:",
        f"  curl {simulator.api_url}/_simulator/state",
        f"  curl {simulator.api_url}/_simulator/requests",
    ]
    token = variables["GITHUB_TOKEN"]
    for path, package in sorted(world.packages.items())[:1]:
        owner = world.accounts[package.owner.lower()]
        space = "orgs" if owner.organization else "users"
        versions = f"{space}/{owner.login}/packages/container/{quote(package.name, safe='')}/versions"
        lines += [
            f"  crane ls {host}/{path}",
            f"  crane manifest {host}/{path}:{next(iter(package.tags), 'latest')}",
            f"  curl -H 'Authorization: Bearer {token}' {simulator.api_url}/{versions}",
        ]
    return [*lines, "", "Ctrl-C ends it."]


@contextlib.contextmanager
def catch_interrupts() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set. The handlers there were are put back."""
    event = threading.Event()

    def stop(_number: int, _frame: Any) -> None:
        event.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def report(simulator: Simulator) -> Report:
    """What was asked, once it is over."""
    kinds = simulator.requests.kinds()
    rows: list[Output] = [
        {"origin": origin, "method": method, "route": route, "status": status, "count": count}
        for (origin, method, route, status), count in kinds.items()
    ]
    outputs: dict[str, Output] = {
        "api-url": simulator.api_url,
        "registry-url": simulator.registry_url,
        "requests": rows,
    }
    return Report(outputs=outputs, lines=("", f"Stopped after {sum(kinds.values())} requests."))
