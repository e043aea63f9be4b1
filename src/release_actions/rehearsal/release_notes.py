"""How a release ends with its notes: what was merged before it, the actions that write them, and the draft they leave.

A person's merges are played by a stand-in, and so is the components file: every image that the release publishes is a
component with the version of the release.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Iterable
from datetime import timedelta

import yaml

from release_actions.config import Config
from release_actions.errors import ActionError
from release_actions.rehearsal.drafted import Draft, Expected
from release_actions.rehearsal.invariants import FINAL, numbers
from release_actions.rehearsal.record import Run
from release_actions.rehearsal.scenario import AnyStep, Merge
from release_actions.rehearsal.setting import NOTES_TOKEN, Setting
from release_actions.rehearsal.stage import Played, Stage, Watch
from release_actions.runner.report import counted

HOUR = timedelta(hours=1)


def merge(stage: Stage, step: Merge, played: Played) -> None:
    """Merge pull requests, as people do."""
    setting, watch = stage.setting, Watch()
    for pull in step.pulls:
        setting.world.clock.advance(HOUR)
        setting.merge(pull.title, pull.author, pull.labels, setting.world.now())
    result = f"{counted(len(step.pulls), 'pull request')} squashed and merged"
    stage.ran(Run("maintainers", result, seconds=watch.seconds), played)


def write_notes(stage: Stage, tag: str, played: Played) -> None:
    """The job after a release: components, notes, their check, and the draft. Raises `ActionError`."""
    ref = f"refs/tags/{tag}"
    git = stage.setting.repository.git
    job = stage.job("notes", "push", {"ref": ref}, ref=ref, sha=git.peel(git.refs[ref]).sha)
    job = dataclasses.replace(job, token=NOTES_TOKEN)
    (job.workspace / "components.yaml").write_text(components(stage.script.config, stage.script.scenario.repository))
    stage.action(job, "component-matrix", {}, played)
    stage.action(job, "release-notes", {"mode": "generate"}, played)
    linted = stage.action(job, "release-notes", {"mode": "lint"}, played)
    stage.action(job, "release-notes", {"mode": "publish-draft"}, played)
    found = json.loads(linted.outputs["findings"])
    if found:
        message = f"lint found {counted(len(found), 'thing')} in the notes of {tag}: {found[0]['message']}"
        raise ActionError(message, hint="report.json has the whole list.")


def components(config: Config, repository: str) -> str:
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


def drafts(setting: Setting, tag: str) -> tuple[Draft, ...]:
    """The releases of a tag as GitHub has them, from the simulator's records."""
    world = setting.world
    with world.lock:
        return tuple(
            Draft(
                release.draft,
                release.prerelease,
                release.body,
                {asset.name: world.blobs[asset.digest] for asset in release.assets.values()},
            )
            for release in setting.repository.releases.values()
            if release.tag == tag
        )


def expected(stage: Stage, tag: str, before: Iterable[AnyStep], published: Collection[str]) -> Expected:
    """What a release's notes have to say. `before`: the steps until now. `published`: full releases on GitHub."""
    repository = stage.script.scenario.repository
    pulls = [pull for step in before if isinstance(step, Merge) for pull in step.pulls]
    addresses = [f"https://github.com/{repository}/pull/{number}" for number in range(1, len(pulls) + 1)]
    finals = [other for other in published if FINAL.fullmatch(other) and numbers(other) < numbers(tag)]
    return Expected(
        tag=tag,
        previous=max(finals, key=numbers, default=""),
        listed=tuple(address for address, pull in zip(addresses, pulls, strict=True) if pull.in_notes),
        unlisted=tuple(address for address, pull in zip(addresses, pulls, strict=True) if not pull.in_notes),
        images=tuple(package.name for package in stage.script.config.packages("release")),
    )
