"""What a clean-up asks for and how long it takes: requests by kind beside the least possible, on the embedded servers.

    bin/python benchmarks/ghcr_cleanup.py [--versions N ...] [--check]

The package holds images of two platforms; three in four are deleted. The servers answer in this process, each request
after 20 ms. The pace is kept on a clock of its own that moves when the clean-up waits, so an hour of waiting costs
nothing here; the two times stand beside each other, and the larger one is what bounds a run.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from release_actions.cleanup import retention  # noqa: E402  # the path above comes first
from release_actions.cleanup.cache import Cache  # noqa: E402  # as above
from release_actions.cleanup.pace import Limits  # noqa: E402  # as above
from release_actions.cleanup.package import Sources, prepare  # noqa: E402  # as above
from release_actions.cleanup.parallel import carry_out_all  # noqa: E402  # as above
from release_actions.cleanup.result import Task  # noqa: E402  # as above
from release_actions.cleanup.selection import Facts, Rule, Version  # noqa: E402  # as above
from release_actions.cleanup.store import Store  # noqa: E402  # as above
from release_actions.config.cleanup_settings import CleanupSettings  # noqa: E402  # as above
from release_actions.github.packages import PER_PAGE, Packages  # noqa: E402  # as above
from release_actions.http import pace as pacing  # noqa: E402  # as above
from release_actions.http.client import Http  # noqa: E402  # as above
from release_actions.http.pace import Bucket, Pace  # noqa: E402  # as above
from release_actions.images import manifests  # noqa: E402  # as above
from release_actions.images.graph import Graph  # noqa: E402  # as above
from release_actions.registry.client import Registry  # noqa: E402  # as above
from release_actions.registry.names import Digest, PackagePath  # noqa: E402  # as above
from release_actions.runner.context import Context  # noqa: E402  # as above
from release_actions.runner.workflow import Workflow  # noqa: E402  # as above
from release_actions.simulator import InProcess, World, build_image  # noqa: E402  # as above
from release_actions.simulator.accounts import TokenKind  # noqa: E402  # as above
from release_actions.simulator.clock import START  # noqa: E402  # as above

CUDA = "llm-d/llm-d-cuda"
TOKEN = "ghp_token_of_a_person"  # noqa: S105  # of the embedded GitHub
LATENCY = 0.02
PER_IMAGE = 3
DELETED = 4
"""Of so many images one stays."""

AIM = 1.2
KINDS = (
    ("list versions", "GET", r"/versions$"),
    ("look at a version", "GET", r"/versions/[0-9]+$"),
    ("delete", "DELETE", r"/versions/[0-9]+$"),
    ("list tags", "GET", r"/tags/list$"),
    ("read a manifest", "GET", r"/manifests/"),
    ("resolve", "HEAD", r"/manifests/"),
    ("keep the journal", "PUT", r"/manifests/"),
    ("log in", "GET", r"/token$"),
)


class Clock:
    """Seconds that pass when somebody waits for the pace."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.seconds = 0.0

    def now(self) -> float:
        """The time."""
        with self._lock:
            return self.seconds

    def wait(self, _condition: threading.Condition, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self.seconds += max(seconds, 0.0)


def planted(versions: int) -> World:
    """A package of so many versions."""
    world = World()
    world.limits.personal = 0
    world.add_account("llm-d", organization=True)
    world.add_account("somebody")
    scopes = ("read:packages", "write:packages", "delete:packages")
    world.accounts["llm-d"].members["somebody"] = "admin"
    world.add_token(TOKEN, TokenKind.CLASSIC, login="somebody", scopes=scopes)
    world.add_package(CUDA, visibility="public")
    for number in range(versions // PER_IMAGE):
        prefix = "sha" if number % DELETED else "keep"
        made = build_image(("linux/amd64", "linux/arm64"), seed=str(number))
        world.push(CUDA, made, [f"{prefix}-{number}"])
    return world


@dataclass
class Measured:
    """One run: requests by kind, the least possible, and seconds on the wall, by the pace and by the processor."""

    kinds: Counter[str]
    least: int
    wall: float
    paced: float
    worked: float
    deleted: int


class Late(BaseAdapter):
    """A line on which every answer takes a while."""

    def __init__(self, adapter: BaseAdapter) -> None:
        super().__init__()
        self._adapter = adapter

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        """As the adapter below, later."""
        time.sleep(LATENCY)
        return self._adapter.send(request, *args, **options)

    def close(self) -> None:
        """Close the adapter below."""
        self._adapter.close()


@contextlib.contextmanager
def stores(simulator: InProcess, clock: Clock, cache: Cache | None) -> Iterator[tuple[Store, Limits, Http]]:
    """The package as the command sees it, at the pace of the clock."""
    points = Bucket(pacing.GITHUB_POINTS, now=clock.now, wait=clock.wait)
    pace = Pace(points, points, write_cost=pacing.GITHUB_WRITE_COST)
    reads = Bucket(pacing.REGISTRY_READS, now=clock.now, wait=clock.wait)
    writes = Bucket(pacing.REGISTRY_WRITES, now=clock.now, wait=clock.wait)
    paces = {simulator.api_url: pace, simulator.registry_url: Pace(reads, writes)}
    session = requests.Session()
    with Http(session=session, paces=paces) as http:
        simulator.mount(session)
        for url in (simulator.api_url, simulator.registry_url):
            adapter = session.get_adapter(f"{url}/")
            session.mount(f"{url}/", Late(adapter))
        packages = Packages(http, simulator.api_url, "llm-d", token=TOKEN)
        registry = Registry(http, simulator.registry_url, token=TOKEN)
        yield Store(PackagePath(CUDA), packages, registry, cache=cache), Limits(pace=pace), http


def clean(world: World, cache: Cache | None) -> Measured:
    """Clean up once."""
    simulator = InProcess(world)
    clock = Clock()
    began, started = time.process_time(), time.monotonic()
    with stores(simulator, clock, cache) as (store, limits, http), contextlib.redirect_stdout(io.StringIO()):
        before = len(world.packages[CUDA].versions())
        context = Context(now=world.now() + timedelta(days=3))
        task = Task(PackagePath(CUDA), (Rule("sha", CleanupSettings(delete_tags=("sha-*",))),))
        result = prepare(task, store, context, Sources(http, lambda _: ("v",), "", "", ""), Workflow({}))
        carry_out_all([result], {store.path: store}, limits, Workflow({}), context.now)
    if result.outcome.error:
        raise result.outcome.error
    kinds: Counter[str] = Counter()
    for entry in simulator.requests.entries:
        path = entry.path.partition("?")[0]
        kind = next((n for n, m, p in KINDS if entry.method == m and re.search(p, path)), "look up the account")
        if entry.status == HTTPStatus.UNAUTHORIZED:
            kind = "log in"
        if kind == "list versions" and "state=deleted" in entry.path:
            kind = "list what was deleted"
        kinds[kind] += 1
    deleted = len(result.outcome.deleted)
    roots = 0 if cache or result.idle else before // PER_IMAGE
    pages = 0 if result.idle else -(-before // PER_PAGE)
    kinds["keep the journal"] += kinds["delete"] - deleted
    kinds["delete"] = deleted
    kinds["measure what is freed"] = kinds["read a manifest"] - roots
    kinds["read a manifest"] = roots
    # Every image is looked up right before it is deleted.
    least = max(1, pages + roots + deleted + deleted // PER_IMAGE)
    wall = time.monotonic() - started
    return Measured(+kinds, least, wall, clock.now(), time.process_time() - began, deleted)


def memory(versions: int) -> int:
    """Megabytes that this process had at most after planning a package of so many versions, without any server."""
    now = START
    listed = []
    read = []
    for number in range(versions // PER_IMAGE):
        made = build_image(("linux/amd64", "linux/arm64"), seed=str(number))
        read.append(manifests.parse(made.root.body, made.root.digest, made.root.media_type))
        for place, manifest in enumerate(made.manifests):
            tags = (f"sha-{number}",) if manifest is made.root else ()
            listed.append(Version(number * PER_IMAGE + place, Digest(manifest.digest), tags, now, now))
    graph = Graph.of(read)
    facts = Facts(now + timedelta(days=3))
    plan = retention.plan(
        CUDA, listed, graph, [Rule("sha", CleanupSettings(delete_tags=("sha-*",), keep_n=100))], facts=facts
    )
    if len(plan.deletions) != (versions // PER_IMAGE - 100) * PER_IMAGE:
        sys.exit("the plan is not what it should be")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> int:
    """Measure and print. Ends with 1 when an aim is missed and `--check` is given."""
    parser = argparse.ArgumentParser(description="Measure ghcr-cleanup.")
    parser.add_argument("--versions", type=int, nargs="+", default=[400, 2000, 10000])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--memory", type=int, metavar="N", help="only plan a package of N versions, in memory")
    given = parser.parse_args()
    if given.memory:
        print(f"{memory(given.memory)} MB for {given.memory} versions")
        return 0
    missed = []
    titles = ("versions", "run", "deleted", "least", "requests", "ratio", "at 20 ms", "paced", "CPU")
    print(f"| {' | '.join(titles)} |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    details = []
    for versions in given.versions:
        with tempfile.TemporaryDirectory() as folder:
            cache = Cache(Path(folder))
            clean_world = planted(versions)
            with (
                contextlib.redirect_stdout(io.StringIO()),
                stores(InProcess(clean_world), Clock(), cache) as (store, _, _),
            ):
                store.read()
            runs = (("cold", planted(versions), None), ("cache", clean_world, cache), ("again", clean_world, None))
            for name, world, kept in runs:
                found = clean(world, kept)
                asked = sum(found.kinds.values())
                ratio = asked / found.least
                print(
                    f"| {versions} | {name} | {found.deleted} | {found.least} | {asked} | {ratio:.2f} "
                    f"| {found.wall:.1f} s | {found.paced / 60:.1f} min | {found.worked:.1f} s |",
                    flush=True,
                )
                details.append(f"{versions} {name}: {dict(sorted(found.kinds.items()))}")
                if found.deleted and ratio > AIM:
                    missed.append(f"{versions} {name}: {ratio:.2f} times the least")
                if found.wall > max(found.paced, 60.0):
                    missed.append(f"{versions} {name}: {found.wall:.0f} s, and the pace takes {found.paced:.0f} s")
                if not found.deleted and asked - found.kinds["log in"] > 1:
                    missed.append(f"{versions} {name}: {asked} requests for nothing")
    print("", *details, sep="\n")
    for line in missed:
        print(f"missed: {line}")
    return 1 if given.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
