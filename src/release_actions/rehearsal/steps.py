"""What each kind of step does to the world: which workflow or action runs, with which event."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from release_actions.rehearsal import bumping, measuring, release_notes, riding
from release_actions.rehearsal.action_runner import ROOT_ACTION, ActionRunner, StepEvents, Stopwatch, Trigger
from release_actions.rehearsal.composite import ActionRun, Job
from release_actions.rehearsal.invariants import FINAL
from release_actions.rehearsal.record import Run
from release_actions.rehearsal.rehearsal_world import TEARDOWN_TOKEN
from release_actions.rehearsal.scenario_steps import (
    TODAY,
    AnyStep,
    Bump,
    CleanUp,
    Measure,
    Merge,
    Nightly,
    Protect,
    Publish,
    Refuse,
    Retention,
    Teardown,
    Train,
)
from release_actions.rehearsal.stand_ins import StandIns
from release_actions.rehearsal.workflow_run import SWITCHED_OFF, WorkflowRun
from release_actions.runner.report import counted
from release_actions.versions.grammar import FinalImages

NIGHT = timedelta(days=1)
RELEASE_WORKFLOW = "ci-release.yaml"
NIGHTLY_WORKFLOW = "nightly-build-image.yml"


def run_step(runner: ActionRunner, step: AnyStep, events: StepEvents) -> None:
    """Do what a step says. Raises `ActionError` when an action fails."""
    match step:
        case Merge():
            release_notes.merge(runner, step, events)
        case Bump() | Refuse():
            prepare_tag(runner, step, events)
        case Publish():
            release(runner, step, events)
        case Protect():
            job = runner.checked_out_job("protect", runner.trigger("schedule", {"schedule": "17 4 * * *"}))
            note_moves(runner.action(job, "protect-latest", {"mode": "enforce"}, events).outputs, events)
        case CleanUp():
            packages = "\n".join(package.name for package in runner.inputs.config.packages("release"))
            job = runner.checked_out_job("clean-up", runner.trigger("workflow_dispatch", {"inputs": {}}))
            clean_up(runner, job, {"packages": packages, "delete-tags": "\n".join(step.delete_tags)}, events)
        case Teardown():
            tear_down(runner, step, events)
        case Nightly():
            build_nightly(runner, step, events)
        case Measure() | Train():
            decide(runner, step, events)
        case Retention():
            job = runner.checked_out_job("retention", runner.trigger("schedule", {"schedule": "0 5 * * *"}))
            clean_up(runner, job, {"rule": step.rule}, events)
        case _:
            pass


def decide(runner: ActionRunner, step: Measure | Train, events: StepEvents) -> None:
    """What ends with the gate: candidates are measured, or a train leaves."""
    if isinstance(step, Measure):
        measuring.measure(runner, step, events)
    else:
        riding.play_train(runner, step, events)


def prepare_tag(runner: ActionRunner, step: Bump | Refuse, events: StepEvents) -> None:
    """What is done before a tag is pushed: its files are bumped, or it is refused because it exists."""
    if isinstance(step, Bump):
        bumping.bump(runner, step, events)
    else:
        bumping.refuse(runner, step, events, lambda sha: push_again(runner, step.tag, sha, events))


def release(runner: ActionRunner, step: Publish, events: StepEvents) -> None:
    """A tag is published, by whoever the step says."""
    (publish_today if step.by == TODAY else publish)(runner, step, events)
    if step.pre_release:
        runner.world.publish_pre_release(step.tag, runner.world.world.now())


def publish(runner: ActionRunner, step: Publish, events: StepEvents) -> None:
    """The release workflow of this suite, after what a release leader asks before the push."""
    world = runner.world
    if f"refs/tags/{step.tag}" not in world.repository.git.refs:
        world.cut_branch(step.tag)
        ahead = runner.checked_out_job("ahead", runner.trigger("workflow_dispatch", {"inputs": {"tag": step.tag}}))
        runner.action(ahead, ROOT_ACTION, {"tag": step.tag}, events)
    if step.commit_of:
        world.move_tag(step.tag, world.git_tags()[step.commit_of])
    sha = world.tag(step.tag, world.world.now())
    is_final = FINAL.fullmatch(step.tag) is not None
    is_promoted = is_final and runner.inputs.config.final_images is FinalImages.PROMOTE
    candidate = step.commit_of if is_promoted else ""
    trigger = push_of_tag(runner, step.tag, sha)
    follow_workflow(runner, RELEASE_WORKFLOW, trigger, events, version=step.tag, candidate=candidate)
    if step.notes:
        release_notes.write_notes(runner, step.tag, events)


def push_again(runner: ActionRunner, tag: str, sha: str, events: StepEvents) -> None:
    """The release workflow of a tag that was pushed before. Raises `ActionError` when it is refused."""
    follow_workflow(runner, RELEASE_WORKFLOW, push_of_tag(runner, tag, sha), events, version=tag)


def follow_workflow(
    runner: ActionRunner, name: str, trigger: Trigger, events: StepEvents, *, version: str, candidate: str = ""
) -> Sequence[Mapping[str, Any]]:
    """Run a workflow of this suite, and pull what it published. Returns what it planned to publish.

    `candidate`: the tag whose images have to be published; empty for images that the workflow builds.

    Raises `ActionError` for the first failure, and when a tag does not name what the build jobs pushed.
    """
    runner.builder.begin_run()
    artifacts = runner.folder / f"artifacts-{name}-{trigger.sha}"
    stand_ins = StandIns(runner.builder, runner.attestations, artifacts, runner.check_out, version=version)
    workflow = WorkflowRun(runner, trigger, stand_ins, events)
    first = len(events.ended)
    try:
        workflow.run(name, {})
    finally:
        planned = note_workflow(events, first, version)
        skipped = ", ".join(job for job in workflow.skipped if job not in SWITCHED_OFF)
        if skipped and not events.quiet:
            runner.show_run(Run("skipped", f"The workflow's conditions skip the jobs {skipped}."), events)
    if candidate:
        runner.builder.check_promoted(planned, candidate=candidate, version=version)
    elif runner.builder.pushed:
        runner.builder.check_published(planned, version=version)
    return planned


def note_workflow(events: StepEvents, first: int, version: str) -> Sequence[Mapping[str, Any]]:
    """Note why a workflow's actions set the tags they set. Returns what it planned to publish."""
    planned: Sequence[Mapping[str, Any]] = ()
    for name, outputs in events.ended[first:]:
        if name == "build-matrix" and outputs.get("images"):
            planned = json.loads(outputs["images"])
            events.note_reason(planned, f"merge-digests: built as {version}")
        if name == "promote" and outputs.get("candidate"):
            events.note_reason(planned, f"promote: the images of {outputs['candidate']}")
        if name == "protect-latest":
            note_moves(outputs, events)
    return planned


def note_moves(outputs: Mapping[str, str], events: StepEvents) -> None:
    """Note why protect-latest moved tags, from its outputs."""
    for move in json.loads(outputs.get("moved") or "[]"):
        path = str(move["package"]).partition("/")[2]
        events.why[path, str(move["tag"])] = f"protect-latest: {move['reason']}"


def publish_today(runner: ActionRunner, step: Publish, events: StepEvents) -> None:
    """A workflow as it is common today: the exact tag, and on the same image every tag that `also-pushes` names."""
    watch, world = Stopwatch(), runner.world
    sha = world.tag(step.tag, world.world.now())
    tags = [step.tag, *step.also_pushes]
    for tag in step.also_moves_git_tags:
        world.move_tag(tag, sha)
        events.why[runner.git_name, tag] = f"moved by today's workflow with {step.tag}"
    packages = runner.inputs.config.packages("release")
    publications = [
        {"package": package.reference, "platforms": package.platforms, "tags": tags} for package in packages
    ]
    name = f"{step.tag}, today's"
    pushed = runner.builder.push_tagged(publications, version=step.tag, revision=sha, name=name)
    events.note_reason(publications, f"pushed by today's workflow with {step.tag}")
    result = f"{counted(len(packages), 'image')} built, {counted(pushed, 'tag')} pushed"
    runner.show_run(Run("today's workflow", result, seconds=watch.seconds), events)


def build_nightly(runner: ActionRunner, step: Nightly, events: StepEvents) -> None:
    """The nightly workflow of this suite, night after night.

    The first night and the last ones run through the workflow. What the nights between publish differs from the first
    one's in date and commit only, so a stand-in pushes it.
    """
    world, watch = runner.world, Stopwatch()
    played = {1, *range(step.nights - runner.inputs.nights + 2, step.nights + 1)}
    first: tuple[str, str, Sequence[Mapping[str, Any]]] = ("", "", ())
    images = 0
    for night in range(1, step.nights + 1):
        if night > 1:
            world.world.clock.advance(NIGHT)
        now = world.world.now()
        sha, date = world.commit(f"Work of day {night}", now), f"{now:%Y%m%d}"
        version = f"nightly-{date}"
        if night in played:
            events.quiet = night > 1
            trigger = runner.trigger("schedule", {"schedule": "0 23 * * *"}, sha=sha)
            planned = follow_workflow(runner, NIGHTLY_WORKFLOW, trigger, events, version=version)
            first = first if night > 1 else (date, sha, planned)
        else:
            planned = rename_publications(first[2], {first[0]: date, first[1][:7]: sha[:7]})
            runner.builder.put_night(world.world, planned, version=version, revision=sha)
            events.note_reason(planned, f"pushed by a stand-in as {version}")
        images += len(planned)
    events.quiet = False
    result = (
        f"{counted(step.nights, 'night')} with {counted(images, 'image')}: {len(played)} through the workflow, "
        f"{step.nights - len(played)} pushed by a stand-in"
    )
    runner.show_run(Run("nightly builds", result, seconds=watch.seconds), events)


def rename_publications(
    publications: Sequence[Mapping[str, Any]], names: Mapping[str, str]
) -> Sequence[Mapping[str, Any]]:
    """What one night publishes as another night would: dates and commits in its tags replaced."""
    renamed = []
    for publication in publications:
        tags = publication["tags"]
        for old, new in names.items():
            tags = [tag.replace(old, new) for tag in tags]
        renamed.append({**publication, "tags": tags})
    return renamed


def clean_up(runner: ActionRunner, job: Job, inputs: Mapping[str, str], events: StepEvents) -> None:
    """ghcr-cleanup with some inputs."""
    ended = runner.action(job, "ghcr-cleanup", inputs, events)
    for plan in json.loads(ended.outputs["plan"]):
        for deletion in plan["deletions"]:
            reason = f"ghcr-cleanup: {deletion['reason']}" if "reason" in deletion else "ghcr-cleanup deleted it"
            events.why |= {(str(plan["package"]), str(tag)): reason for tag in deletion["tags"]}


def tear_down(runner: ActionRunner, step: Teardown, events: StepEvents) -> None:
    """rc-teardown with one candidate, in a job that may write contents."""
    trigger = runner.trigger("workflow_dispatch", {"inputs": {"candidates": step.candidate}})
    job = runner.checked_out_job("teardown", trigger, TEARDOWN_TOKEN)
    ended: ActionRun = runner.action(job, "rc-teardown", {"candidates": step.candidate}, events)
    plan = json.loads(ended.outputs["plan"])
    for image in plan["images"]:
        for deletion in image["deletions"]:
            events.why |= {(image["package"], tag): f"rc-teardown: {deletion['reason']}" for tag in deletion["tags"]}
    git = runner.git_name
    events.why |= {(git, change["tag"]): f"rc-teardown: {change['reason']}" for change in plan["git"]}


def push_of_tag(runner: ActionRunner, tag: str, sha: str) -> Trigger:
    """The event that the push of a tag is."""
    ref = f"refs/tags/{tag}"
    event = {"ref": ref, "after": sha, "before": "0" * 40, "created": True, "forced": False}
    return runner.trigger("push", event, ref=ref, sha=sha)
