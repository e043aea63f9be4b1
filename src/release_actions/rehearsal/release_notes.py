"""How a release ends with its notes: what was merged before it, the actions that write them, and the draft they leave.

A person's merges are played by a stand-in, and so is the components file: every image that the release publishes is a
component with the version of the release.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import timedelta

import yaml

from release_actions.config import Config
from release_actions.errors import ActionError
from release_actions.rehearsal.action_runner import ActionRunner, StepEvents, Stopwatch
from release_actions.rehearsal.drafted import Draft, Expected
from release_actions.rehearsal.invariants import FINAL, parse_numbers
from release_actions.rehearsal.record import Run
from release_actions.rehearsal.rehearsal_world import NOTES_TOKEN, RehearsalWorld
from release_actions.rehearsal.scenario_steps import AnyStep, Merge
from release_actions.runner.report import counted

HOUR = timedelta(hours=1)


def merge(runner: ActionRunner, step: Merge, events: StepEvents) -> None:
    """Merge pull requests, as people do."""
    world, watch = runner.world, Stopwatch()
    for pull in step.pulls:
        world.world.clock.advance(HOUR)
        world.merge(pull.title, pull.author, pull.labels, world.world.now())
    result = f"{counted(len(step.pulls), 'pull request')} squashed and merged"
    runner.show_run(Run("maintainers", result, seconds=watch.seconds), events)


def write_notes(runner: ActionRunner, tag: str, events: StepEvents) -> None:
    """The job after a release: components, notes, their check, and the draft. Raises `ActionError`."""
    ref = f"refs/tags/{tag}"
    git = runner.world.repository.git
    trigger = runner.trigger("push", {"ref": ref}, ref=ref, sha=git.peel(git.refs[ref]).sha)
    job = runner.checked_out_job("notes", trigger, NOTES_TOKEN)
    (job.workspace / "components.yaml").write_text(
        write_components(runner.inputs.config, runner.inputs.scenario.repository)
    )
    runner.action(job, "component-matrix", {}, events)
    runner.action(job, "release-notes", {"mode": "generate"}, events)
    linted = runner.action(job, "release-notes", {"mode": "lint"}, events)
    runner.action(job, "release-notes", {"mode": "publish-draft"}, events)
    findings = json.loads(linted.outputs["findings"])
    if findings:
        message = f"lint found {counted(len(findings), 'thing')} in the notes of {tag}: {findings[0]['message']}"
        raise ActionError(message, hint="report.json has the whole list.")


def write_components(config: Config, repository: str) -> str:
    """A components file: an image each."""
    packages = config.packages("release")
    rows = {
        package.name.replace("/", "-"): {
            "organisation": package.owner,
            "name": package.name.partition("/")[2],
            "type": "Image",
            "version": {"kind": "release"},
            "repository": repository,
            "image": package.reference,
        }
        for package in packages
    }
    organisations = sorted({package.owner for package in packages})
    return str(yaml.safe_dump({"organisations": organisations, "components": rows}, sort_keys=False))


def list_drafts(rehearsal_world: RehearsalWorld, tag: str) -> tuple[Draft, ...]:
    """The releases of a tag as GitHub has them, from the simulator's records."""
    world = rehearsal_world.world
    with world.lock:
        return tuple(
            Draft(
                release.draft,
                release.prerelease,
                release.body,
                {asset.name: world.blobs[asset.digest] for asset in release.assets.values()},
            )
            for release in rehearsal_world.repository.releases.values()
            if release.tag == tag
        )


def make_expected(runner: ActionRunner, tag: str, before: Iterable[AnyStep], published: Collection[str]) -> Expected:
    """What a release's notes have to say. `before`: the steps until now. `published`: full releases on GitHub."""
    repository = runner.inputs.scenario.repository
    pulls = [pull for step in before if isinstance(step, Merge) for pull in step.pulls]
    addresses = [f"https://github.com/{repository}/pull/{number}" for number in range(1, len(pulls) + 1)]
    finals = [other for other in published if FINAL.fullmatch(other) and parse_numbers(other) < parse_numbers(tag)]
    return Expected(
        tag=tag,
        previous=max(finals, key=parse_numbers, default=""),
        listed=tuple(address for address, pull in zip(addresses, pulls, strict=True) if pull.in_notes),
        unlisted=tuple(address for address, pull in zip(addresses, pulls, strict=True) if not pull.in_notes),
        images=tuple(package.name for package in runner.inputs.config.packages("release")),
    )
