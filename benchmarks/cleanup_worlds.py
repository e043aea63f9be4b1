"""Clean-ups in which few of many versions go, as they are day by day: requests beside the least possible, and the time.

    bin/python benchmarks/cleanup_worlds.py [--check] [WORLD ...]

The servers answer in this process, each request after 20 ms. The pace of GitHub's API is not kept: it is the same for
whoever deletes as much. *Least* is what a client needs that is safe: the tags and the versions of each package, each
manifest of an image that is not in the cache, and the deletions.
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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import requests

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
    """A world, the rule that runs in it, and the requests that are allowed, without and with the cache."""

    plant: Callable[[World], None]
    settings: CleanupSettings
    paths: tuple[str, ...]
    aims: tuple[int, int]


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
CASES = {
    "candidates-390": Case(plant_candidates(12), RELEASED, SIX, (370, 300)),
    "candidates-1890": Case(plant_candidates(62), RELEASED, SIX, (1900, 370)),
    "indexes-10000": Case(plant_indexes, CleanupSettings(delete_tags=("go-*",)), DEV, (2300, 330)),
    "builds-10000": Case(plant_builds, CleanupSettings(delete_tags=("pr-*",), delete_untagged=True), DEV, (6000, 700)),
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


def run(world: World, case: Case, cache: Cache | None) -> tuple[Counter[str], int, int, float]:
    """One clean-up: requests by kind, versions that were there and that were deleted, and seconds."""
    simulator = InProcess(world)
    before = sum(len(world.packages[path].versions()) for path in case.paths)
    began = time.monotonic()
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
    return kinds, before, deleted, seconds


def _sources(simulator: InProcess) -> Sources:
    with Http() as http:
        return Sources(http, "v", "", simulator.api_url, TOKEN)


def main() -> int:
    """Measure and print. Ends with 1 when an aim is missed and `--check` is given."""
    parser = argparse.ArgumentParser(description="Measure clean-ups in which few of many versions go.")
    parser.add_argument("worlds", nargs="*", choices=[*CASES, []], default=[*CASES], metavar="WORLD")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    print("| world | run | versions | deleted | least | requests | ratio | aim | at 20 ms |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    details, missed = [], []
    for name in given.worlds:
        case = CASES[name]
        with tempfile.TemporaryDirectory() as folder:
            cache = Cache(Path(folder))
            warm = new_world()
            case.plant(warm)
            with open_stores(InProcess(warm), case.paths, cache) as stores, contextlib.redirect_stdout(io.StringIO()):
                for store in stores.values():
                    store.read()
            cold = new_world()
            case.plant(cold)
            for label, world, kept, aim in (("cold", cold, None, case.aims[0]), ("cache", warm, cache, case.aims[1])):
                # What carries a tag, and what no index lists, has to be read.
                there = [version for path in case.paths for version in world.packages[path].versions()]
                listed = {child for version in there for child in version.manifest.children}
                roots = sum(bool(version.tags) or version.digest not in listed for version in there)
                kinds, before, deleted, seconds = run(world, case, kept)
                pages = sum(-(-(before // len(case.paths)) // PER_PAGE) for _ in case.paths)
                least = len(case.paths) + pages + deleted + (roots if kept is None else 0)
                asked = sum(kinds.values())
                print(
                    f"| {name} | {label} | {before} | {deleted} | {least} | {asked} | {asked / least:.2f} | {aim} "
                    f"| {seconds:.1f} s |",
                    flush=True,
                )
                details.append(f"{name} {label}: {dict(sorted(kinds.items()))}")
                if asked > aim:
                    missed.append(f"{name} {label}: {asked} requests, and the aim is {aim}")
    print("", *details, sep="\n")
    for line in missed:
        print(f"missed: {line}")
    return 1 if given.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
