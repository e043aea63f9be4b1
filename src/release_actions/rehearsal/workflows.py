"""What each kind of step does to the world: which workflow runs, with which event, and which actions it uses."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import timedelta

from release_actions.rehearsal import release_notes
from release_actions.rehearsal.composite import ActionRun, Job
from release_actions.rehearsal.record import Run
from release_actions.rehearsal.scenario import (
    TODAY,
    AnyStep,
    CleanUp,
    Merge,
    Nightly,
    Protect,
    Publish,
    Retention,
    Teardown,
)
from release_actions.rehearsal.setting import TEARDOWN_TOKEN
from release_actions.rehearsal.stage import ROOT_ACTION, Played, Stage, Watch
from release_actions.runner.report import counted

NIGHT = timedelta(days=1)


def perform(stage: Stage, step: AnyStep, played: Played) -> None:
    """Do what a step says. Raises `ActionError` when an action fails."""
    match step:
        case Merge():
            release_notes.merge(stage, step, played)
        case Publish():
            (publish_today if step.by == TODAY else publish)(stage, step, played)
            if step.pre_release:
                stage.setting.publish_pre_release(step.tag, stage.setting.world.now())
        case Protect():
            protect(stage, stage.job("protect", "schedule", {"schedule": "17 4 * * *"}), played)
        case CleanUp():
            packages = "\n".join(package.name for package in stage.script.config.packages("release"))
            inputs = {"packages": packages, "delete-tags": "\n".join(step.delete_tags)}
            clean_up(stage, stage.job("clean-up", "workflow_dispatch", {"inputs": {}}), inputs, played)
        case Teardown():
            tear_down(stage, step, played)
        case Nightly():
            build_nightly(stage, step, played)
        case Retention():
            job = stage.job("retention", "schedule", {"schedule": "0 5 * * *"})
            clean_up(stage, job, {"rule": step.rule}, played)
        case _:
            pass


def publish(stage: Stage, step: Publish, played: Played) -> None:
    """The release workflow of this suite: plan, build, publish, verify, protect."""
    setting = stage.setting
    if f"refs/tags/{step.tag}" not in setting.repository.git.refs:
        # What a release leader asks before the push, once the release branch is there.
        setting.cut_branch(step.tag)
        ahead = stage.job("ahead", "workflow_dispatch", {"inputs": {"tag": step.tag}})
        stage.action(ahead, ROOT_ACTION, {"tag": step.tag}, played)
    sha = setting.tag(step.tag, setting.world.now())
    job = tag_push(stage, step.tag, sha)
    judged = stage.action(job, "validate-tag", {}, played)
    planned = stage.action(job, "build-matrix", {"tag": judged.outputs["tag"]}, played)
    build(stage, job, planned, played, version=step.tag, revision=sha)
    protect(stage, job, played, together=True)
    if step.notes:
        release_notes.write_notes(stage, step.tag, played)


def publish_today(stage: Stage, step: Publish, played: Played) -> None:
    """A workflow as it is common today: the exact tag, and on the same image every tag that `also-pushes` names."""
    watch = Watch()
    sha = stage.setting.tag(step.tag, stage.setting.world.now())
    tags = [step.tag, *step.also_pushes]
    for tag in step.also_moves_git_tags:
        stage.setting.move_tag(tag, sha)
        played.why[stage.git_name, tag] = f"moved by today's workflow with {step.tag}"
    packages = stage.script.config.packages("release")
    publications = [{"package": one.reference, "platforms": one.platforms, "tags": tags} for one in packages]
    name = f"{step.tag}, today's"
    pushed = stage.builder.push_tagged(publications, version=step.tag, revision=sha, name=name)
    played.tagged(publications, f"pushed by today's workflow with {step.tag}")
    stage.ran(Run("today's workflow", built(len(packages), pushed), seconds=watch.seconds), played)


def build_nightly(stage: Stage, step: Nightly, played: Played) -> None:
    """The nightly workflow, night after night: plan, build, publish, verify and sign the dev images."""
    setting, watch = stage.setting, Watch()
    images = 0
    for night in range(1, step.nights + 1):
        if night > 1:
            setting.world.clock.advance(NIGHT)
        sha = setting.commit(f"Work of day {night}", setting.world.now())
        job = stage.job("nightly", "schedule", {"schedule": "0 23 * * *"}, sha=sha)
        planned = stage.action(job, "build-matrix", {}, played, quiet=night > 1)
        version = f"nightly-{setting.world.now():%Y%m%d}"
        images += build(stage, job, planned, played, version=version, revision=sha, nightly=True, quiet=night > 1)
    result = f"{counted(step.nights, 'night')}, {counted(images, 'image')} built, published, verified and signed"
    stage.ran(Run("nightly builds", result, seconds=watch.seconds), played)


def build(
    stage: Stage,
    job: Job,
    planned: ActionRun,
    played: Played,
    *,
    version: str,
    revision: str,
    nightly: bool = False,
    quiet: bool = False,
) -> int:
    """Build what build-matrix planned by digest, publish it with merge-digests and prove it with verify-images.

    Nightly images are signed. Returns the number of images. `quiet` says only what fails.
    """
    watch = Watch()
    jobs = json.loads(planned.outputs["matrix"])["include"]
    publications = json.loads(planned.outputs["images"])
    pushed = stage.builder.push_platforms(jobs, version=version, revision=revision)
    if not quiet:
        stage.ran(
            Run("build jobs", f"{counted(len(jobs), 'platform')} pushed by digest", seconds=watch.seconds), played
        )
    digests = {package: one.digests for package, one in pushed.items()}
    played.tagged(publications, f"merge-digests: built as {version}")
    given = {"image-list": planned.outputs["images"], "digests": json.dumps(digests)}
    merged = stage.action(job, "merge-digests", given, played, quiet=quiet)
    stage.action(job, "verify-images", {"image-list": merged.outputs["images"]}, played, quiet=quiet)
    stage.builder.published(publications, pushed, version=version, signed=nightly)
    return len(publications)


def protect(stage: Stage, job: Job, played: Played, *, together: bool = False) -> None:
    """protect-latest, as the last job of a release, which promotes it in all images or in none, or on its own."""
    # The simulator shows a write at once unless a scenario says otherwise, and then counts reads, not seconds.
    inputs = {"mode": "enforce", "settle-time": "0s", "together": str(together).lower()}
    ended = stage.action(job, "protect-latest", inputs, played)
    for move in json.loads(ended.outputs["moved"]):
        path = str(move["package"]).partition("/")[2]
        played.why[path, str(move["tag"])] = f"protect-latest: {move['reason']}"


def clean_up(stage: Stage, job: Job, inputs: Mapping[str, str], played: Played) -> None:
    """ghcr-cleanup with some inputs."""
    ended = stage.action(job, "ghcr-cleanup", inputs, played)
    for plan in json.loads(ended.outputs["plan"]):
        for deletion in plan["deletions"]:
            reason = f"ghcr-cleanup: {deletion['reason']}" if "reason" in deletion else "ghcr-cleanup deleted it"
            played.why |= {(str(plan["package"]), str(tag)): reason for tag in deletion["tags"]}


def tear_down(stage: Stage, step: Teardown, played: Played) -> None:
    """rc-teardown with one candidate, in a job that may write contents."""
    job = stage.job("teardown", "workflow_dispatch", {"inputs": {"candidates": step.candidate}})
    job = dataclasses.replace(job, token=TEARDOWN_TOKEN)
    ended = stage.action(job, "rc-teardown", {"candidates": step.candidate}, played)
    plan = json.loads(ended.outputs["plan"])
    for image in plan["images"]:
        for deletion in image["deletions"]:
            played.why |= {(image["package"], tag): f"rc-teardown: {deletion['reason']}" for tag in deletion["tags"]}
    git = stage.git_name
    played.why |= {(git, change["tag"]): f"rc-teardown: {change['reason']}" for change in plan["git"]}


def tag_push(stage: Stage, tag: str, sha: str) -> Job:
    """The job that the push of a tag starts."""
    ref = f"refs/tags/{tag}"
    repository = stage.setting.repository
    event = {
        "ref": ref,
        "after": sha,
        "before": "0" * 40,
        "created": True,
        "forced": False,
        "repository": {"full_name": repository.full_name, "default_branch": repository.default_branch},
    }
    return stage.job("release", "push", event, ref=ref, sha=sha)


def built(images: int, tags: int) -> str:
    """What builds did, in words."""
    return f"{counted(images, 'image')} built, {counted(tags, 'tag')} pushed"
