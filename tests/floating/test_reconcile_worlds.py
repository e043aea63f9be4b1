"""Random histories of a project, and runs that meet, are killed or are repeated: the end is what version order says."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.floating.shipped import (
    BOTH,
    CUDA,
    REVISION,
    TEMPLATES,
    Project,
    commit_of,
    faults,
    floats,
    floats_of,
    only_floats,
    quick,
    stable,
)
from tests.killed import Killed

from release_actions.errors import ActionError
from release_actions.floating.git_versions import GitVersions
from release_actions.floating.journal import Journal
from release_actions.floating.rules import FloatingRules
from release_actions.floating.snapshot import Snapshot, SnapshotRestorer, read
from release_actions.simulator import build_image
from release_actions.simulator.faults import Fault
from release_actions.versions.version import parse_known

calm = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

VERSIONS = ("v0.1.0", "v0.1.1", "v0.1.1.post1", "v0.2.0", "v0.2.0.post1", "v0.9.0", "v0.10.0", "v1.0.0", "v1.0.1")
CANDIDATES = ("v0.2.0-rc.1", "v0.10.0-rc.2", "v0.11.0-rc.1", "v2.0.0rc1")
OTHERS = ("v0.3.0.dev1", "v0.2.0-debug", "v0.5.0-rc", "pr-7", "main")
FLOATS = ("latest", "v0", "v1", "v0.1", "v0.2", "v0.9", "v0.11", "v7")
TAGS = (*VERSIONS, *CANDIDATES, *OTHERS)

releases = st.sampled_from(VERSIONS)
tags = st.sampled_from(TAGS)
events = st.one_of(
    st.tuples(st.just("ship"), tags),
    st.tuples(st.just("ship"), releases),
    st.tuples(st.just("ship an image of one platform"), releases),
    st.tuples(st.just("ship the same image as"), releases, tags),
    st.tuples(st.just("tag in git only"), releases),
    st.tuples(st.just("push without a git tag"), tags),
    st.tuples(st.just("push again"), tags),
    st.tuples(st.just("push again from another commit"), releases),
    st.tuples(st.just("lose a child"), tags),
    st.tuples(st.just("break what floating tags name"), releases),
    st.tuples(st.just("delete"), tags),
    st.tuples(st.just("delete the git tag"), tags),
    st.tuples(st.just("skip"), releases),
    st.tuples(st.just("float"), st.sampled_from(FLOATS), tags),
    st.tuples(st.just("float to an image of its own"), st.sampled_from(FLOATS)),
)


def happen(  # noqa: C901, PLR0912  # a table of events
    project: Project, number: int, what: str, tag: str, other: str = ""
) -> None:
    """One event of a project's past."""
    held = project.world.package(CUDA)
    assert held is not None
    match what:
        case "ship" | "push again":
            project.ship(tag, f"{tag} {number}", attestations=number % 3 == 0 and len(project.platforms) > 1)
        case "ship an image of one platform":
            project.ship(tag, f"{tag} {number}", ["linux/amd64"], index=len(project.platforms) > 1)
        case "ship the same image as":
            if held.find(other):
                project.git.add(tag)
                project.world.tag(CUDA, other, tag)
                if project.commits is not None:
                    project.commits[tag] = project.commits.get(other) or commit_of(other)
        case "tag in git only":
            project.git.add(tag)
        case "push without a git tag":
            project.push(tag, f"{tag} {number}")
        case "push again from another commit":
            project.push(tag, f"{tag} {number}", labels={REVISION: commit_of("another")})
        case "lose a child":
            project.lose_a_child(tag)
        case "break what floating tags name":
            project.ship(tag, f"{tag} {number}")
            for name in ("latest", "v1"):
                project.world.tag(CUDA, tag, name)
            project.lose_a_child(tag)
        case "delete":
            version = held.find(tag)
            if version:
                held.drop(version, project.world.now())
        case "delete the git tag":
            project.git.discard(tag)
        case "skip":
            project.skip[tag] = "broken"
        case "float":
            if held.find(other):
                project.world.tag(CUDA, other, tag)
        case "float to an image of its own":
            project.world.push(CUDA, build_image(project.platforms, seed=str(number)), [tag])
        case _:
            raise AssertionError(what)


@st.composite
def projects(draw: st.DrawFn) -> Project:
    """A project with a past. git has a release wherever the package has: nothing is decided otherwise."""
    project = Project(
        platforms=draw(st.sampled_from([BOTH, ("linux/amd64",)])), commits=draw(st.sampled_from([None, {}]))
    )
    for number, event in enumerate(draw(st.lists(events, min_size=1, max_size=14))):
        happen(project, number, *event)
    if not any(stable(tag) for tag in project.git):
        project.ship("v0.1.0", "the first")
    return project


def run(project: Project, wrap: Callable[[Any], object] = lambda _session: None, **how: Any) -> None:
    """One run of enforce."""
    with quick() as http:
        reconciler = project.reconciler(http, wrap=wrap, **how)
        judged = reconciler.judge(project.package)
        if judged is not None:
            reconciler.enforce(project.package, judged, Journal())


@calm
@given(project=projects(), thorough=st.booleans(), threads=st.sampled_from([0, 4]))
def test_the_end_is_the_one_state_that_version_order_defines(project: Project, threads: int, *, thorough: bool) -> None:
    before = project.tags()
    wanted = project.right(before)
    with ThreadPoolExecutor(threads or 1) as pool:
        run(project, thorough=thorough, pool=pool if threads else None)
    assert only_floats(project.tags()) == wanted
    assert {tag: digest for tag, digest in project.tags().items() if not floats(tag)} == {
        tag: digest for tag, digest in before.items() if not floats(tag)
    }


@calm
@given(projects())
def test_a_second_run_writes_nothing_and_waits_for_nothing(project: Project) -> None:
    run(project)
    before = project.puts()
    waits: list[float] = []
    with quick() as http:
        reconciler = project.reconciler(http, sleep=waits.append)
        judged = reconciler.judge(project.package)
        assert judged is not None
        assert judged.plan.moves == ()
        reconciler.enforce(project.package, judged, Journal())
    assert project.puts() == before
    assert waits == []


@calm
@given(project=projects(), lag=st.integers(1, 40))
def test_reads_that_lag_behind_writes_change_no_end(project: Project, lag: int) -> None:
    wanted = project.right(project.tags())
    faults(project, Fault(method="PUT", path=f"/v2/{CUDA}/manifests/*", times=0, lag=lag))
    run(project)
    assert only_floats(project.tags()) == wanted


class Killer:
    """Ends a run at its nth request, before or after the request has been served."""

    def __init__(self, nth: int, *, after: bool) -> None:
        self.left, self.after = nth, after

    def __call__(self, session: Any) -> None:
        send = session.send

        def deadly(request: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not self.after:
                raise Killed
            answer = send(request, **options)
            if self.left == 0:
                answer.close()
                raise Killed
            return answer

        session.send = deadly


@calm
@given(project=projects(), nth=st.integers(1, 60), after=st.booleans())
def test_a_run_that_was_killed_anywhere_is_finished_by_the_next(project: Project, nth: int, *, after: bool) -> None:
    wanted = project.right(project.tags())
    killer = Killer(nth, after=after)
    try:
        run(project, killer)
    except Killed:
        assert killer.left == 0
    run(project)
    assert only_floats(project.tags()) == wanted


class Turns:
    """Lets several threads send one request at a time, in an order drawn by chance."""

    def __init__(self, players: int, chance: random.Random) -> None:
        self._chance = chance
        self._cond = threading.Condition()
        self._alive = set(range(players))
        self._waiting: set[int] = set()
        self._turn: int | None = None

    def wrap(self, who: int) -> Callable[[Any], None]:
        def wrapper(session: Any) -> None:
            send = session.send

            def in_turn(request: Any, **options: Any) -> Any:
                self.wait(who)
                return send(request, **options)

            session.send = in_turn

        return wrapper

    def wait(self, who: int) -> None:
        with self._cond:
            self._waiting.add(who)
            self._draw()
            assert self._cond.wait_for(lambda: self._turn == who, timeout=60)
            self._turn = None
            self._waiting.discard(who)

    def leave(self, who: int) -> None:
        with self._cond:
            self._alive.discard(who)
            self._draw()

    def _draw(self) -> None:
        if self._turn is None and self._waiting and self._waiting == self._alive:
            self._turn = self._chance.choice(sorted(self._waiting))
            self._cond.notify_all()


def meet(project: Project, seed: int, *players: Callable[[], None]) -> list[BaseException]:
    """Runs that meet: each does something first, all in an order drawn from a seed. Their errors."""
    turns = Turns(len(players), random.Random(seed))
    errors: list[BaseException] = []

    def play(who: int) -> None:
        try:
            turns.wait(who)
            players[who]()
            run(project, turns.wrap(who))
        except BaseException as error:  # noqa: BLE001  # handed to the test
            errors.append(error)
        finally:
            turns.leave(who)

    threads = [threading.Thread(target=play, args=(who,)) for who in range(len(players))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@calm
@given(projects(), st.integers(0, 10**6))
def test_two_runs_that_meet_end_in_the_same_state(project: Project, seed: int) -> None:
    wanted = project.right(project.tags())
    assert meet(project, seed, lambda: None, lambda: None) == []
    assert only_floats(project.tags()) == wanted


@calm
@given(
    st.lists(st.sampled_from(TAGS), min_size=2, max_size=3, unique=True),
    st.integers(0, 10**6),
)
def test_releases_that_are_published_at_the_same_time_end_in_the_same_state(new: list[str], seed: int) -> None:
    project = Project()
    project.ship("v0.0.1")
    players = [lambda tag=tag: project.ship(tag) for tag in new]
    assert meet(project, seed, *players) == []
    assert only_floats(project.tags()) == project.right(project.tags())
    assert only_floats(project.tags())["latest"]


@calm
@given(projects(), st.lists(events, max_size=8))
def test_a_snapshot_brings_back_all_that_still_can_be(project: Project, later: list[tuple[str, ...]]) -> None:
    with quick() as http:
        reconciler = project.reconciler(http)
        recorded = reconciler.read(project.package, reconciler.tags(project.package) or ())
        made = Snapshot("ghcr.io", "2026-02-03T09:00:00Z", {CUDA: recorded})
        snapshot = read(made.text(), file="snapshot.json", digest=made.digest)
        rules = FloatingRules(TEMPLATES, project.skip, "v")
        restorer = SnapshotRestorer(reconciler, snapshot, rules, GitVersions(()), force=True)
        for number, event in enumerate(later, start=100):
            happen(project, number, *event)
        before = project.tags()
        first = restorer.compare(project.package)
        last = restorer.restore(project.package, first, Journal())
    after = project.tags()
    assert last.changes == ()
    for tag, digest in before.items():
        # What the snapshot does not know stays as it is.
        assert tag in recorded or after[tag] == digest
    for tag, manifest in recorded.items():
        lost = any(f":{tag} cannot be put back" in text for text in last.refused)
        assert (after.get(tag) == manifest.digest) != lost
        if lost:
            assert after.get(tag) == before.get(tag)
    assert set(first.since) == {tag for tag in before if (floats(tag) or stable(tag)) and tag not in recorded}


@calm
@given(projects(), st.lists(events, max_size=8))
def test_a_snapshot_takes_back_no_release_unless_forced(project: Project, later: list[tuple[str, ...]]) -> None:
    with quick() as http:
        reconciler = project.reconciler(http)
        recorded = reconciler.read(project.package, reconciler.tags(project.package) or ())
        in_git = tuple(project.git)
        snapshot = Snapshot("ghcr.io", "2026-02-03T09:00:00Z", {CUDA: recorded}, in_git)
        for number, event in enumerate(later, start=100):
            happen(project, number, *event)
        rules = FloatingRules(TEMPLATES, project.skip, "v")
        restorer = SnapshotRestorer(reconciler, snapshot, rules, GitVersions(parse_known(project.git)))
        first = restorer.compare(project.package)
    before = project.tags()
    later_in_git = {tag for tag in recorded if tag in project.git and tag not in in_git}
    new = {tag for tag in before if tag not in recorded} | later_in_git
    added = {tag: key for tag in new if (key := stable(tag)) and tag not in project.skip}

    for change in first.changes:
        assert change.tag not in later_in_git
        if not floats(change.tag):
            continue
        same = [tag for tag in recorded if recorded[tag].digest == change.after and tag not in later_in_git]
        then = [key for tag in same if (key := stable(tag))]
        newer = [key for tag, key in added.items() if change.tag in floats_of(tag)]
        assert all(then and max(then) >= key for key in newer)


@pytest.mark.parametrize("tag", ["v0.1.0", "v0.2.0.post1"])
def test_a_package_with_releases_in_a_repository_without_is_left_alone(tag: str) -> None:
    project = Project()
    project.push(tag)
    project.world.tag(CUDA, tag, "latest")
    before = project.tags()
    with pytest.raises(ActionError, match="has no release tag, while the package holds 1"):
        run(project)
    assert project.tags() == before
    assert project.puts() == 0
