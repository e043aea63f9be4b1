"""Plays a scenario from its first step to its last, and lets the judge look after each."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from release_actions.errors import ActionError
from release_actions.http.client import Http
from release_actions.registry.client import Registry
from release_actions.rehearsal import invariants, narrate, release_notes
from release_actions.rehearsal.builder import Builder
from release_actions.rehearsal.drafted import notes_wrong
from release_actions.rehearsal.invariants import Invariant, Violation
from release_actions.rehearsal.pull import Client, Shot
from release_actions.rehearsal.record import Change, Rehearsal, Step
from release_actions.rehearsal.scenario import AnyStep, CleanUp, Publish, Retention, Teardown, title_of
from release_actions.rehearsal.setting import JUDGE_TOKEN, WORKFLOW_TOKEN, Setting
from release_actions.rehearsal.stage import Played, Script, Stage, Watch
from release_actions.rehearsal.workflows import perform
from release_actions.simulator import Simulator

BETWEEN_STEPS = timedelta(days=1)


def rehearse(script: Script, simulator: Simulator, setting: Setting, say: Callable[[str], None]) -> Rehearsal:
    """Play a script on a simulator that is up. `say` gets every line of the timeline as it happens."""
    watch = Watch()
    prefix = "release-actions-rehearsal-"
    with tempfile.TemporaryDirectory(prefix=prefix) as folder, Http() as http:
        registry = Registry(http, simulator.registry_url, token=WORKFLOW_TOKEN)
        builder = Builder(registry, setting.ledger, script.scenario.repository, script.seed)
        builder.images.update({build.digest: build.tag for build in setting.ledger.builds})
        stage = Stage(script, simulator, setting, builder, Path(folder), say)
        steps = Player(stage, Client(simulator.registry_url, JUDGE_TOKEN), say).play()
    finals = [build.tag for build in setting.ledger.builds if invariants.FINAL.fullmatch(build.tag)]
    return Rehearsal(
        name=script.scenario.name,
        seed=script.seed,
        faults=script.faults_name,
        floating=setting.ledger.names(finals),
        releases=tuple(package.name for package in script.config.packages("release")),
        steps=steps,
        images=builder.images,
        requests=request_counts(simulator),
        seconds=watch.seconds,
    )


class Player:
    """Takes the steps one after the other."""

    def __init__(self, stage: Stage, client: Client, say: Callable[[str], None]) -> None:
        self._stage = stage
        self._setting = stage.setting
        self._client = client
        self._say = say
        self._packages = tuple(package.name for package in stage.script.config.published)
        self._releases = tuple(package.name for package in stage.script.config.packages("release"))

    def play(self) -> tuple[Step, ...]:
        """Every step. An action that fails ends its step and not the rehearsal: the judge still looks."""
        steps: list[Step] = []
        scenario, clock = self._stage.script.scenario, self._setting.world.clock
        before = self._client.look(self._packages)
        for number, step in enumerate(scenario.steps, 1):
            next_day = clock.now() + BETWEEN_STEPS if steps else clock.now()
            clock.set(max(step.at or next_day, clock.now()))
            self._say(narrate.heading(number, len(scenario.steps), title_of(step), f"{clock.now():%Y-%m-%d}"))
            played, before = self._step(number, step, before)
            steps.append(played)
            for line in narrate.outcome(played):
                self._say(line)
        return tuple(steps)

    def _step(self, number: int, step: AnyStep, before: Shot) -> tuple[Step, Shot]:
        watch, played, failure = Watch(), Played(), ""
        earlier = self._moves()
        git = self._setting.git_tags()
        try:
            perform(self._stage, step, played)
        except ActionError as error:
            failure = str(error)
        after = self._client.look(self._packages)
        moves = {path: found[len(earlier.get(path, ())) :] for path, found in self._moves().items()}
        violations = {*self._judge(step, before, after, moves), *self._judge_deletions(step, before, after)}
        violations.update(self._judge_git(step, git))
        violations.update(self._judge_notes(number, step))
        ended = Step(
            number=number,
            title=title_of(step),
            at=self._setting.world.now(),
            runs=tuple(played.runs),
            changes=(*self._changes(before, after, played.why), *self._git_changes(step, git, played.why)),
            tags={package: after.digests(package) for package in self._packages if package in after.packages},
            violations=tuple(sorted(violations)),
            breaks=tuple(Invariant(name) for name in step.breaks) if isinstance(step, Publish) else (),
            failure=failure,
            seconds=watch.seconds,
        )
        return ended, after

    def _moves(self) -> dict[str, Sequence[tuple[str, str]]]:
        """Package -> tag and digest of every move so far, from the simulator's records: nobody can look that often."""
        world = self._setting.world
        with world.lock:
            return {path: tuple(package.moves) for path, package in world.packages.items()}

    def _judge(
        self, step: AnyStep, before: Shot, after: Shot, moves: Mapping[str, Sequence[tuple[str, str]]]
    ) -> Iterable[Violation]:
        """What has to hold during every step and after it."""
        ledger = self._setting.ledger
        candidate = step.tag if isinstance(step, Publish) and not invariants.FINAL.fullmatch(step.tag) else ""
        yield from invariants.candidate_moved_production(ledger, before, after, self._releases, candidate)
        yield from invariants.wrong_for_a_while(ledger, moves, after, self._releases, candidate)
        yield from invariants.tag_unresolvable(after)
        yield from invariants.floating_tag_wrong(ledger, after, self._releases)

    def _judge_deletions(self, step: AnyStep, before: Shot, after: Shot) -> Iterable[Violation]:
        """What has to hold after a step: nothing is deleted but what the step is there to delete, and that is."""
        ledger = self._setting.ledger
        doomed: Mapping[str, set[str]] = {}
        if isinstance(step, CleanUp | Teardown):
            doomed = invariants.debris_of(ledger, before, step.candidate, self._releases)
        elif isinstance(step, Retention):
            packages = [package.name for package in self._stage.script.config.packages("dev")]
            doomed = invariants.outdated(ledger, before, packages, step.keeps)
        world = self._setting.world
        with world.lock:
            active = {path: {one.digest for one in package.versions()} for path, package in world.packages.items()}
        if doomed:
            yield from invariants.needed_deleted(before, after, active, doomed)
            yield from invariants.leftover_kept(before, after, active, doomed)

    def _judge_git(self, step: AnyStep, before: Mapping[str, str]) -> Iterable[Violation]:
        """What has to hold in git and on the releases page after a teardown."""
        if isinstance(step, Teardown):
            setting = self._setting
            repository = self._stage.script.scenario.repository
            after, releases = setting.git_tags(), setting.releases()
            yield from invariants.git_after_teardown(repository, before, after, releases, step.candidate)

    def _judge_notes(self, number: int, step: AnyStep) -> Iterable[Violation]:
        """What has to hold of the draft that a release ends with."""
        if isinstance(step, Publish) and step.notes:
            setting, scenario = self._setting, self._stage.script.scenario
            before = scenario.steps[:number]
            wanted = release_notes.expected(self._stage, step.tag, before, setting.full_releases())
            yield from notes_wrong(scenario.repository, release_notes.drafts(setting, step.tag), wanted)

    def _git_changes(
        self, step: AnyStep, before: Mapping[str, str], why: Mapping[tuple[str, str], str]
    ) -> Iterable[Change]:
        """Git tags that moved, came or went, but not the one that the step is there to push."""
        after = self._setting.git_tags()
        # The longest name of a commit says most about it: v0.5.0-rc.1, not v0.5.
        names = {commit: tag for tags in (before, after) for tag, commit in sorted(tags.items(), key=by_length)}
        for tag in sorted({*before, *after} - {step.tag if isinstance(step, Publish) else ""}):
            was, now = before.get(tag, ""), after.get(tag, "")
            if was != now:
                git = self._stage.git_name
                reason = why.get((git, tag), "")
                yield Change(git, tag, was, now, names.get(was, ""), names.get(now, ""), reason)

    def _changes(self, before: Shot, after: Shot, why: Mapping[tuple[str, str], str]) -> Iterable[Change]:
        images = self._stage.builder.images
        for package in self._packages:
            old, new = before.digests(package), after.digests(package)
            for tag in sorted({*old, *new}):
                was, now = old.get(tag, ""), new.get(tag, "")
                if was != now:
                    reason = why.get((package, tag), "")
                    yield Change(package, tag, was, now, images.get(was, ""), images.get(now, ""), reason)


def by_length(named: tuple[str, str]) -> tuple[int, str]:
    """What git tags are ordered by: the longest last."""
    return len(named[0]), named[0]


def request_counts(simulator: Simulator) -> dict[str, int]:
    """Kind of request -> how many there were."""
    counts: Counter[str] = Counter()
    for (origin, method, route, _status), count in simulator.requests.kinds().items():
        counts[f"{origin} {method} {route}"] += count
    return dict(counts)
