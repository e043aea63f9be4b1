"""What a teardown asks for and how long it takes: requests by kind, on the embedded servers.

    bin/python benchmarks/rc_teardown.py [--images N ...] [--releases N] [--check]

Every package holds the releases and their candidates, images of two platforms each. One candidate is planned in a dry
run, torn down and taken back, and asked for once more when nothing is left of it. The servers answer in this process,
each request after 20 ms; the pace is kept on a clock of its own, as in `ghcr_cleanup.py`.
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
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests

from ghcr_cleanup import LATENCY, Clock, Late  # type: ignore[import-not-found]  # mypy does not look beside a file
from release_actions.cleanup.pace import Limits
from release_actions.commands import rc_teardown
from release_actions.config import load_config
from release_actions.errors import ExitCode
from release_actions.github.packages import PER_PAGE
from release_actions.github.refs import GitRefs
from release_actions.github.releases import Releases
from release_actions.http import pace as pacing
from release_actions.http.client import Http
from release_actions.http.pace import Bucket, Pace
from release_actions.registry.client import Registry
from release_actions.runner.context import Context
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import InProcess, World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.git import Target
from release_actions.simulator.repositories import Release

REPOSITORY = "llm-d/llm-d"
TOKEN = "ghs_token_of_the_job"  # noqa: S105  # of the embedded GitHub
PER_IMAGE = 3
AIM = 1.2

KINDS = (
    ("list versions", "GET", r"/versions$"),
    ("look at a version", "GET", r"/versions/[0-9]+$"),
    ("delete a version", "DELETE", r"/versions/[0-9]+$"),
    ("restore a version", "POST", r"/versions/[0-9]+/restore$"),
    ("list tags", "GET", r"/tags/list$"),
    ("read a manifest", "GET", r"/manifests/"),
    ("resolve", "HEAD", r"/manifests/"),
    ("keep the journal", "PUT", r"/manifests/"),
    ("log in", "GET", r"/token$"),
    ("list releases", "GET", r"/releases$"),
    ("list git tags", "GET", r"/(git/matching-refs/.*|tags|git/refs.*)$"),
    ("look at a git tag", "GET", r"/git/(ref|tags|commits)/"),
    ("look at a release", "GET", r"/releases/[0-9]+$"),
    ("change a release", "(DELETE|POST)", r"/releases(/[0-9]+)?$"),
    ("change a git tag", "(DELETE|POST|PATCH)", r"/git/refs"),
)


def planted(images: int, releases: int) -> World:
    """Packages that hold so many releases, each with a candidate, and the candidate of the next one."""
    world = World()
    world.add_account("llm-d", organization=True)
    repository = world.add_repository(REPOSITORY)
    permissions = {"contents": "write", "packages": "write"}
    world.add_token(TOKEN, TokenKind.ACTIONS, repository=REPOSITORY, permissions=permissions)
    world.limits.actions = 0
    tags = [tag for number in range(releases) for tag in (f"v0.{number}.0-rc.1", f"v0.{number}.0")]
    tags.append(f"v0.{releases}.0-rc.1")
    for tag in tags:
        commit = repository.git.commit(tag, world.now())
        repository.git.refs["refs/heads/main"] = Target(commit.sha, "commit")
        repository.git.refs[f"refs/tags/{tag}"] = Target(commit.sha, "commit")
        page = Release(world.next_id("release"), tag, "main", "ada", world.now(), prerelease="-" in tag)
        repository.releases[page.id] = page
        if tag == tags[-1]:
            for cut in (f"v0.{releases}.0-rc", f"v0.{releases}", "v0"):
                repository.git.refs[f"refs/tags/{cut}"] = Target(commit.sha, "commit")
    for number in range(images):
        path = f"llm-d/llm-d-{number}"
        world.add_package(path, visibility="public", repository=REPOSITORY)
        for tag in tags:
            made = build_image(("linux/amd64", "linux/arm64"), seed=f"{path} {tag}")
            floats = ("latest",) if tag == tags[-2] else ()
            world.push(path, made, (tag, *floats))
    return world


@dataclass
class Measured:
    """One run: requests by kind, and seconds on the wall, by the pace and by the processor."""

    kinds: Counter[str]
    wall: float
    paced: float
    worked: float
    report: Report


def run(world: World, folder: Path, **inputs: Any) -> Measured:
    """One run of the command."""
    simulator = InProcess(world)
    clock = Clock()
    points = Bucket(pacing.GITHUB_POINTS, now=clock.now, wait=clock.wait)
    pace = Pace(points, points, write_cost=pacing.GITHUB_WRITE_COST)
    reads = Bucket(pacing.REGISTRY_READS, now=clock.now, wait=clock.wait)
    writes = Bucket(pacing.REGISTRY_WRITES, now=clock.now, wait=clock.wait)
    paces = {simulator.api_url: pace, simulator.registry_url: Pace(reads, writes)}
    session = requests.Session()
    began, started = time.process_time(), time.monotonic()
    with Http(session=session, paces=paces) as http, contextlib.redirect_stdout(io.StringIO()):
        simulator.mount(session)
        for url in (simulator.api_url, simulator.registry_url):
            session.mount(f"{url}/", Late(session.get_adapter(f"{url}/")))
        environ = {"RUNNER_TEMP": str(folder)}
        now = world.now() + timedelta(days=3)
        context = Context(repository=REPOSITORY, api_url=simulator.api_url, workspace=folder, now=now, environ=environ)
        clients = rc_teardown.Clients(
            http,
            Registry(http, simulator.registry_url, token=TOKEN),
            Releases(http, simulator.api_url, REPOSITORY, token=TOKEN),
            GitRefs(http, simulator.api_url, REPOSITORY, token=TOKEN),
        )
        given = rc_teardown.Inputs(token=TOKEN, **inputs)
        if given.mode is rc_teardown.Mode.RESTORE:
            report = rc_teardown.restore(given, context, clients, Workflow({}), Limits(pace=pace))
        else:
            config = load_config(folder / "release.yaml")
            report = rc_teardown.Run(given, context, config, clients, Workflow({}), Limits(pace=pace)).go()
    kinds: Counter[str] = Counter()
    for entry in simulator.requests.entries:
        path = entry.path.partition("?")[0]
        kind = next(
            (n for n, m, p in KINDS if re.fullmatch(m, entry.method) and re.search(p, path)), "look up the account"
        )
        kinds["log in" if entry.status == HTTPStatus.UNAUTHORIZED else kind] += 1
    return Measured(+kinds, time.monotonic() - started, clock.now(), time.process_time() - began, report)


def config_of(images: int) -> str:
    """The configuration of so many images."""
    rows = "".join(f"  '{number}': {{}}\n" for number in range(images))
    head = 'repository: llm-d/llm-d\nchannels:\n  release: {name: "llm-d-{image}"}\n'
    defaults = "defaults: {platforms: [linux/amd64, linux/arm64], runners: {linux/amd64: a, linux/arm64: b}}\n"
    return f"{head}{defaults}images:\n{rows}"


def main() -> int:
    """Measure and print. Ends with 1 when an aim is missed and `--check` is given."""
    parser = argparse.ArgumentParser(description="Measure rc-teardown.")
    parser.add_argument("--images", type=int, nargs="+", default=[1, 13])
    parser.add_argument("--releases", type=int, default=20, help="releases that each package holds")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    missed = []
    print("| images | run | versions | requests | least | ratio | at 20 ms | paced | CPU |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    details = []
    candidate = (f"v0.{given.releases}.0-rc.1",)
    for images in given.images:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "release.yaml").write_text(config_of(images), encoding="utf-8")
            world = planted(images, given.releases)
            roots = 2 * given.releases + 1
            # Each tag is resolved before and after: that production stood still is the point of it.
            resolving = images * (roots + 1)
            reading = images * (-(-roots * PER_IMAGE // PER_PAGE) + roots) + 2 + resolving
            changes = images * PER_IMAGE + 1 + 4
            runs: tuple[tuple[str, int, dict[str, Any]], ...] = (
                ("dry run", reading, {"candidates": candidate, "dry_run": True}),
                ("teardown", reading + resolving + changes, {"candidates": candidate}),
                ("nothing left", images + 2, {"candidates": candidate}),
                (
                    "restore",
                    changes,
                    {"mode": rc_teardown.Mode.RESTORE, "undo_file": str(folder / rc_teardown.UNDO_FILE)},
                ),
            )
            for what, least, inputs in runs:
                found = run(world, folder, **inputs)
                if found.report.exit_code is not ExitCode.PASS:
                    sys.exit(f"{what} ended with {found.report.exit_code}: {found.report.findings}")
                asked = sum(found.kinds.values())
                changed = found.kinds["delete a version"] + found.kinds["restore a version"]
                print(
                    f"| {images} | {what} | {changed} | {asked} | {least} | {asked / least:.2f} | {found.wall:.1f} s "
                    f"| {found.paced / 60:.1f} min | {found.worked:.1f} s |",
                    flush=True,
                )
                details.append(f"{images} {what}: {dict(sorted(found.kinds.items()))}")
                if found.paced > 0 and found.wall > max(found.paced, 60.0):
                    missed.append(f"{images} {what}: {found.wall:.0f} s, and the pace takes {found.paced:.0f} s")
    print("", *details, sep="\n")
    print(f"(each answer after {LATENCY * 1000:.0f} ms)")
    for line in missed:
        print(f"missed: {line}")
    return 1 if given.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
