"""Plays a scenario from its first step to its last, and lets the judge check the world after each.

It decides when time passes and which judgement a step is held to. It must never change the world itself: what a step
broke has to be there when the judge comes.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import requests

from release_actions.errors import ActionError
from release_actions.http.client import Http
from release_actions.registry.client import Registry
from release_actions.rehearsal import invariants, release_notes
from release_actions.rehearsal.action_runner import ActionRunner, RehearsalInputs, StepEvents, Stopwatch
from release_actions.rehearsal.builder import Builder
from release_actions.rehearsal.drafted import check_notes
from release_actions.rehearsal.invariants import FINAL, Invariant, Violation
from release_actions.rehearsal.pull import Client, RegistrySnapshot
from release_actions.rehearsal.record import Rehearsal, Step, TagChange
from release_actions.rehearsal.rehearsal_world import JUDGE_TOKEN, WORKFLOW_TOKEN, RehearsalWorld
from release_actions.rehearsal.scenario_steps import (
    TODAY,
    AnyStep,
    CleanUp,
    Protect,
    Publish,
    Retention,
    Teardown,
    title_of,
)
from release_actions.rehearsal.steps import run_step
from release_actions.rehearsal.timeline import Line, format_heading, format_outcome
from release_actions.simulator import Simulator
from release_actions.simulator.behavior import cut_names

BETWEEN_STEPS = timedelta(days=1)


class Display(Protocol):
    """Where the timeline is shown."""

    def show(self, line: Line) -> None:
        """Show a line."""
        ...

    def progress(self, name: str, line: str) -> None:
        """Show, or keep, what an action that runs printed last."""
        ...


def rehearse(inputs: RehearsalInputs, simulator: Simulator, world: RehearsalWorld, display: Display) -> Rehearsal:
    """Play a scenario on a simulator that is up. `display` gets every line of the timeline as it happens."""
    watch = Stopwatch()
    prefix = "release-actions-rehearsal-"
    session = requests.Session()
    # The simulator is in this process, so the stand-ins and the judge reach it without sockets.
    with tempfile.TemporaryDirectory(prefix=prefix) as folder, Http(session=simulator.mount(session)) as http:
        registry = Registry(http, simulator.registry_url, token=WORKFLOW_TOKEN)
        stale_reads = max((max(fault.lag, fault.tag_lag) for fault in inputs.faults), default=0)
        judge = simulator.mount(requests.Session())
        client = Client(simulator.registry_url, JUDGE_TOKEN, judge, stale_reads=stale_reads)
        builder = Builder(registry, client, world.ledger, inputs.scenario.repository, inputs.seed)
        builder.images.update({build.digest: build.tag for build in world.ledger.builds})
        runner = ActionRunner(inputs, simulator, world, builder, Path(folder), display.show, display.progress)
        player = ScenarioPlayer(runner, client, display)
        start = client.take_snapshot(player.packages)
        steps = player.play(start)
    finals = [build.tag for build in world.ledger.builds if FINAL.fullmatch(build.tag)]
    return Rehearsal(
        name=inputs.scenario.name,
        seed=inputs.seed,
        faults=inputs.faults_name,
        floating=world.ledger.names(finals),
        releases=player.built,
        steps=steps,
        candidate_tags=tags_of_candidate(inputs.scenario.steps),
        start={package: start.digests(package) for package in player.built},
        images=builder.images,
        requests=request_counts(simulator),
        seconds=watch.seconds,
    )


class ScenarioPlayer:
    """Takes the steps one after the other.

    `built`: packages that a release publishes; `releases`: those and the retired ones; `packages`: all.
    """

    def __init__(self, runner: ActionRunner, client: Client, display: Display) -> None:
        self._runner = runner
        self._world = runner.world
        self._client = client
        self._display = display
        config, retired = runner.inputs.config, runner.inputs.scenario.retired
        self.built = tuple(package.name for package in config.packages("release"))
        self.releases = (*self.built, *(retirement.package for retirement in retired))
        self.packages = (
            *(package.name for package in config.published),
            *(retirement.package for retirement in retired),
        )

    def play(self, start: RegistrySnapshot) -> tuple[Step, ...]:
        """Every step. An action that fails ends its step and not the rehearsal: the judge still checks the world."""
        steps: list[Step] = []
        before = start
        scenario, clock = self._runner.inputs.scenario, self._world.world.clock
        for number, step in enumerate(scenario.steps, 1):
            next_day = clock.now() + BETWEEN_STEPS if steps else clock.now()
            clock.set(max(step.at or next_day, clock.now()))
            for line in format_heading(number, len(scenario.steps), title_of(step), f"{clock.now():%Y-%m-%d}"):
                self._display.show(line)
            known = {*steps[-1].remaining, *steps[-1].violations} if steps else set()
            played, before = self._step(number, step, before, known)
            steps.append(played)
            for line in format_outcome(played):
                self._display.show(line)
        return tuple(steps)

    def _step(
        self, number: int, step: AnyStep, before: RegistrySnapshot, known: set[Violation]
    ) -> tuple[Step, RegistrySnapshot]:
        """Play one step and judge it. `known`: what was wrong after the step before."""
        watch, events, failure, hint = Stopwatch(), StepEvents(), "", ""
        earlier = self._moves()
        git = self._world.git_tags()
        try:
            run_step(self._runner, step, events)
        except ActionError as error:
            failure, hint = error.problems[0].message, error.hint
        self._display.progress("judge", "pulls every tag")
        after = self._client.take_snapshot(self.packages)
        moves = {
            path: moves_of_package[len(earlier.get(path, ())) :] for path, moves_of_package in self._moves().items()
        }
        violations = {*self._judge(step, before, after, moves), *self._judge_deletions(step, before, after)}
        violations.update(self._judge_git(step, git))
        violations.update(self._judge_notes(number, step))
        # A tag that a step before left on a candidate's image is wrong until something removes it, but it is that
        # step's doing. Every other invariant is for each step to keep, whoever broke it.
        remaining = {violation for violation in violations & known if violation.invariant == Invariant.STRAY_TAG}
        ended = Step(
            number=number,
            title=title_of(step),
            at=self._world.world.now(),
            runs=tuple(events.runs),
            pages=dict(events.pages),
            changes=(*self._changes(before, after, events.why), *self._git_changes(step, git, events.why)),
            tags={package: after.digests(package) for package in self.packages if package in after.packages},
            violations=tuple(sorted(violations - remaining)),
            remaining=tuple(sorted(remaining)),
            breaks=tuple(Invariant(name) for name in step.breaks) if isinstance(step, Publish) else (),
            failure=failure,
            hint=hint,
            moment=moment_of(step),
            seconds=watch.seconds,
        )
        return ended, after

    def _moves(self) -> dict[str, Sequence[tuple[str, str]]]:
        """Package -> tag and digest of every move so far, from the simulator's own records."""
        world = self._world.world
        with world.lock:
            return {path: tuple(package.moves) for path, package in world.packages.items()}

    def _judge(
        self,
        step: AnyStep,
        before: RegistrySnapshot,
        after: RegistrySnapshot,
        moves: Mapping[str, Sequence[tuple[str, str]]],
    ) -> Iterable[Violation]:
        """What has to hold during every step and after it."""
        ledger, releases = self._world.ledger, self.releases
        candidate = step.tag if isinstance(step, Publish) and not FINAL.fullmatch(step.tag) else ""
        yield from invariants.candidate_moved_production(ledger, before, after, releases, candidate)
        yield from invariants.wrong_for_a_while(ledger, moves, after, releases, candidate)
        yield from invariants.tag_unresolvable(after)
        yield from invariants.floating_tag_wrong(ledger, after, releases)
        yield from invariants.stray_tag(ledger, after, releases)

    def _judge_deletions(self, step: AnyStep, before: RegistrySnapshot, after: RegistrySnapshot) -> Iterable[Violation]:
        """What has to hold after a step: what the step is there to delete is deleted, and nothing else."""
        ledger = self._world.ledger
        deletable: Mapping[str, set[str]] = {}
        if isinstance(step, CleanUp | Teardown):
            deletable = invariants.find_debris(ledger, before, step.candidate, self.built)
        elif isinstance(step, Retention):
            packages = [package.name for package in self._runner.inputs.config.packages("dev")]
            deletable = invariants.find_outdated(ledger, before, packages, step.keeps)
        world = self._world.world
        with world.lock:
            active = {
                path: {version.digest for version in package.versions()} for path, package in world.packages.items()
            }
        if deletable:
            yield from invariants.needed_deleted(before, after, active, deletable)
            yield from invariants.leftover_kept(before, after, active, deletable)

    def _judge_git(self, step: AnyStep, before: Mapping[str, str]) -> Iterable[Violation]:
        """What has to hold in git and on the releases page after a teardown."""
        if isinstance(step, Teardown):
            repository = self._runner.inputs.scenario.repository
            after, releases = self._world.git_tags(), self._world.releases()
            yield from invariants.git_after_teardown(repository, before, after, releases, step.candidate)

    def _judge_notes(self, number: int, step: AnyStep) -> Iterable[Violation]:
        """What has to hold of the draft that a release ends with."""
        if isinstance(step, Publish) and step.notes:
            world, scenario = self._world, self._runner.inputs.scenario
            before = scenario.steps[:number]
            wanted = release_notes.make_expected(self._runner, step.tag, before, world.full_releases())
            yield from check_notes(scenario.repository, release_notes.list_drafts(world, step.tag), wanted)

    def _git_changes(
        self, step: AnyStep, before: Mapping[str, str], why: Mapping[tuple[str, str], str]
    ) -> Iterable[TagChange]:
        """Git tags that moved, came or went, but not the one that the step is there to push."""
        after = self._world.git_tags()
        # The longest name of a commit says most about it: v0.5.0-rc.1, not v0.5.
        names = {commit: tag for tags in (before, after) for tag, commit in sorted(tags.items(), key=order_by_length)}
        for tag in sorted({*before, *after} - {step.tag if isinstance(step, Publish) else ""}):
            was, now = before.get(tag, ""), after.get(tag, "")
            if was != now:
                git = self._runner.git_name
                reason = why.get((git, tag), "")
                yield TagChange(git, tag, was, now, names.get(was, ""), names.get(now, ""), reason)

    def _changes(
        self, before: RegistrySnapshot, after: RegistrySnapshot, why: Mapping[tuple[str, str], str]
    ) -> Iterable[TagChange]:
        images = self._runner.builder.images
        for package in self.packages:
            old, new = before.digests(package), after.digests(package)
            for tag in sorted({*old, *new}):
                was, now = old.get(tag, ""), new.get(tag, "")
                if was != now:
                    reason = why.get((package, tag), "")
                    yield TagChange(package, tag, was, now, images.get(was, ""), images.get(now, ""), reason)


def tags_of_candidate(steps: Iterable[AnyStep]) -> tuple[str, ...]:
    """The tags that people fear for when the first candidate of a scenario is pushed, the candidate last."""
    for step in steps:
        if isinstance(step, Publish) and not FINAL.fullmatch(step.tag):
            return (*cut_names(step.tag), step.tag)
    return ()


def moment_of(step: AnyStep) -> str:
    """What a step is in the life of a candidate; empty for one that is about something else."""
    match step:
        case Publish() if not FINAL.fullmatch(step.tag):
            return "today's" if step.by == TODAY else "ours"
        case Protect():
            return "protected"
        case Teardown() | CleanUp():
            return "torn down"
        case _:
            return ""


def order_by_length(named: tuple[str, str]) -> tuple[int, str]:
    """What git tags are ordered by: the longest last."""
    return len(named[0]), named[0]


def request_counts(simulator: Simulator) -> dict[str, int]:
    """Kind of request -> how many there were."""
    counts: Counter[str] = Counter()
    for (origin, method, route, _status), count in simulator.requests.kinds().items():
        counts[f"{origin} {method} {route}"] += count
    return dict(counts)
