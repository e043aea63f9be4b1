"""Clean-ups in which few of many versions go, as they are day by day: requests beside the least possible, and the time.

    bin/python benchmarks/cleanup_worlds.py [--check] [--peer PEER/dist/index.js] [WORLD ...]

The servers answer in this process, each request after 20 ms. The pace of GitHub's API is not kept: it is the same for
whoever deletes as much. *Least* is what a client needs that is safe: the tags and the versions of each package, each
manifest of an image that is not in the cache, and the deletions. `--peer` runs another action in the same worlds, see
cleanup_peer.py.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import requests

from cleanup_peer import run_peer  # type: ignore[import-not-found]  # mypy does not look beside a file
from ghcr_cleanup import KINDS, TOKEN, Late  # type: ignore[import-not-found]  # mypy does not look beside a file
from release_actions.cleanup.cache import Cache
from release_actions.cleanup.pace import Limits
from release_actions.cleanup.package import Sources
from release_actions.cleanup.parallel import carry_out_all, prepare_all
from release_actions.cleanup.result import Task
from release_actions.cleanup.selection import Rule
from release_actions.cleanup.store import Store
from release_actions.config.cleanup_settings import CleanupSettings
from release_actions.github.packages import PER_PAGE, Packages
from release_actions.http import pace as pacing
from release_actions.http.client import Http
from release_actions.http.pace import Bucket, Pace
from release_actions.registry.client import Registry
from release_actions.registry.names import PackagePath
from release_actions.runner.context import Context
from release_actions.runner.workflow import Workflow
from release_actions.simulator import InProcess, World, build_image
from release_actions.simulator.accounts import TokenKind

BOTH = ("linux/amd64", "linux/arm64")


@dataclass(frozen=True)
class Case:
    """A world, the rule that runs in it, and the requests that are allowed, without and with the cache.

    `peer`: the same rule as inputs of the peer.
    """

    plant: Callable[[World], None]
    settings: CleanupSettings
    paths: tuple[str, ...]
    aims: tuple[int, int]
    peer: Mapping[str, str]


def new_world() -> World:
    """A world without packages, in which a person's token may delete."""
    world = World()
    world.limits.personal = 0
    world.add_account("llm-d", organization=True)
    world.add_account("somebody")
    world.accounts["llm-d"].members["somebody"] = "admin"
    scopes = ("read:packages", "write:packages", "delete:packages")
    world.add_token(TOKEN, TokenKind.CLASSIC, login="somebody", scopes=scopes)
    return world


SIX = tuple(f"llm-d/llm-d-{number}" for number in range(6))
DEV = ("llm-d/llm-d-dev",)


def plant_candidates(images: int) -> Callable[[World], None]:
    """Six packages of so many images each, seven of which are candidates of releases that are out."""

    def plant(world: World) -> None:
        for path in SIX:
            world.add_package(path, visibility="public")
            tags = [f"v0.{number}.0" for number in range(images - 7)]
            tags += [f"v0.{number}.0-rc.1" for number in range(images - 7, images)]
            finals = tuple(f"v0.{number}.0" for number in range(images - 7, images))
            for tag in tags:
                world.push(path, build_image(BOTH, seed=f"{path} {tag}", attestations=True), [tag])
            world.push(path, build_image(BOTH, seed=f"{path} final", attestations=True), finals)

    return plant


def plant_indexes(world: World) -> None:
    """2,000 images of two platforms and two attestations, the ten newest of which go."""
    world.add_package(DEV[0], visibility="public")
    for number in range(2000):
        tag = f"go-{number}" if number >= 1990 else f"keep-{number}"  # noqa: PLR2004  # the ten newest
        world.push(DEV[0], build_image(BOTH, seed=str(number), attestations=True), [tag])


def plant_builds(world: World) -> None:
    """10,000 versions of builds: 40 of pull requests and 40 old untagged ones go."""
    world.add_package(DEV[0], visibility="public")
    for number in range(40):
        world.push(DEV[0], build_image(BOTH[:1], seed=f"old {number}"))
    for number in range(1100):
        world.push(DEV[0], build_image(BOTH, seed=str(number), attestations=True), [f"sha-{number}"])
    for number in range(4220):
        world.push(DEV[0], build_image(BOTH[:1], seed=f"one {number}"), [f"one-{number}"])
    for number in range(40):
        world.push(DEV[0], build_image(BOTH, seed=f"pr {number}"), [f"pr-{number}"])


RELEASED = CleanupSettings(delete_released_candidates=True)
RELEASED_BY_PEER = {"delete-tags": "*-rc.*"}
CASES = {
    "candidates-390": Case(plant_candidates(12), RELEASED, SIX, (370, 300), RELEASED_BY_PEER),
    "candidates-1890": Case(plant_candidates(62), RELEASED, SIX, (1900, 390), RELEASED_BY_PEER),
    "indexes-10000": Case(
        plant_indexes, CleanupSettings(delete_tags=("go-*",)), DEV, (2300, 280), {"delete-tags": "go-*"}
    ),
    "builds-10000": Case(
        plant_builds,
        CleanupSettings(delete_tags=("pr-*",), delete_untagged=True),
        DEV,
        (6000, 700),
        {"delete-tags": "pr-*", "delete-untagged": "true"},
    ),
}


@contextlib.contextmanager
def open_stores(
    simulator: InProcess, paths: tuple[str, ...], cache: Cache | None
) -> Iterator[dict[PackagePath, Store]]:
    """The packages as the command sees them."""
    reads, writes = Bucket(pacing.REGISTRY_READS), Bucket(pacing.REGISTRY_WRITES)
    session = requests.Session()
    with Http(session=session, paces={simulator.registry_url: Pace(reads, writes)}) as http:
        simulator.mount(session)
        for url in (simulator.api_url, simulator.registry_url):
            session.mount(f"{url}/", Late(session.get_adapter(f"{url}/")))
        packages = Packages(http, simulator.api_url, "llm-d", token=TOKEN)
        registry = Registry(http, simulator.registry_url, token=TOKEN)
        yield {PackagePath(path): Store(PackagePath(path), packages, registry, cache=cache) for path in paths}


@dataclass(frozen=True)
class Measured:
    """One clean-up: requests by kind, versions that were there and that were deleted, and seconds."""

    kinds: Counter[str]
    before: int
    deleted: int
    seconds: float
    worked: float


def run(world: World, case: Case, cache: Cache | None) -> Measured:
    """One clean-up by this project."""
    simulator = InProcess(world)
    before = sum(len(world.packages[path].versions()) for path in case.paths)
    began, spent = time.monotonic(), time.process_time()
    deleted = 0
    with open_stores(simulator, case.paths, cache) as stores, contextlib.redirect_stdout(io.StringIO()):
        log, context = Workflow({}), Context(now=world.now() + timedelta(days=3))
        tasks = [Task(PackagePath(path), (Rule("rule", case.settings),)) for path in case.paths]
        results = prepare_all(tasks, stores, context, _sources(simulator), log)
        # What the hour's requests and the minute's points cost is the same for every client.
        carry_out_all(results, stores, Limits(), log, context.now)
        for result in results:
            if result.outcome.error:
                raise result.outcome.error
            deleted += len(result.outcome.deleted)
    seconds = time.monotonic() - began
    kinds: Counter[str] = Counter()
    for entry in simulator.requests.entries:
        path = entry.path.partition("?")[0]
        kinds[next((n for n, m, p in KINDS if entry.method == m and re.search(p, path)), "other")] += 1
    return Measured(kinds, before, deleted, seconds, time.process_time() - spent)


def _sources(simulator: InProcess) -> Sources:
    with Http() as http:
        return Sources(http, lambda _: ("v",), "", simulator.api_url, TOKEN)


def count_least(world: World, case: Case, *, cached: bool) -> int:
    """Requests that a safe client needs: what carries a tag, and what no index lists, has to be read."""
    there = [version for path in case.paths for version in world.packages[path].versions()]
    listed = {child for version in there for child in version.manifest.children}
    roots = sum(bool(version.tags) or version.digest not in listed for version in there)
    pages = sum(-(-len(world.packages[path].versions()) // PER_PAGE) for path in case.paths)
    return len(case.paths) + pages + (0 if cached else roots)


def plant(case: Case) -> World:
    """A new world of a case."""
    world = new_world()
    case.plant(world)
    return world


def fill_cache(world: World, case: Case, cache: Cache) -> None:
    """Read all that a plan needs, as an earlier run did."""
    with open_stores(InProcess(world), case.paths, cache) as stores, contextlib.redirect_stdout(io.StringIO()):
        for store in stores.values():
            store.read()


def measure(name: str, case: Case, bundle: Path | None) -> Iterator[tuple[str, str]]:
    """Rows of the table, each with the requests by kind, or the sentence that an aim was missed."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(Path(folder))
        warm = plant(case)
        fill_cache(warm, case, cache)
        for label, world, kept, aim in (
            ("cold", plant(case), None, case.aims[0]),
            ("cache", warm, cache, case.aims[1]),
        ):
            least = count_least(world, case, cached=kept is not None)
            done = run(world, case, kept)
            least += done.deleted
            asked = sum(done.kinds.values())
            missed = f"missed: {asked} requests, and the aim is {aim}. " if asked > aim else ""
            yield (
                f"| {name} | {label} | {done.before} | {done.deleted} | {least} | {asked} | {asked / least:.2f} "
                f"| {aim} | {done.seconds:.1f} s | {done.worked:.1f} s |",
                f"{name} {label}: {missed}{dict(sorted(done.kinds.items()))}",
            )
    if bundle:
        world = plant(case)
        least = count_least(world, case, cached=False)
        peer = run_peer(bundle, world, case.paths, case.peer)
        least += peer.deleted
        yield (
            f"| {name} | peer | | {peer.deleted} | {least} | {peer.requests} | {peer.requests / least:.2f} | "
            f"| {peer.seconds:.1f} s | {peer.worked:.1f} s |",
            "",
        )


def main() -> int:
    """Measure and print. Ends with 1 when an aim is missed and `--check` is given."""
    parser = argparse.ArgumentParser(description="Measure clean-ups in which few of many versions go.")
    # No `choices`: argparse holds the whole default against them, as one world.
    parser.add_argument("worlds", nargs="*", metavar="WORLD", help=f"of {', '.join(CASES)}; all if none is named")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--peer", type=Path, metavar="BUNDLE", help="dist/index.js of dataaxiom/ghcr-cleanup-action")
    given = parser.parse_args()
    if unknown := [name for name in given.worlds if name not in CASES]:
        parser.error(f"{unknown[0]} is not a world: it is one of {', '.join(CASES)}")
    print("| world | run | versions | deleted | least | requests | ratio | aim | at 20 ms | CPU |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    details = []
    for name in given.worlds or CASES:
        for row, detail in measure(name, CASES[name], given.peer):
            print(row, flush=True)
            details += [detail] if detail else []
    print("", *details, sep="\n")
    return 1 if given.check and any(": missed: " in detail for detail in details) else 0


if __name__ == "__main__":
    sys.exit(main())
