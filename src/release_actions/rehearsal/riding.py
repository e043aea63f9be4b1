"""How the train of a release is played: a feature is late, an exception lets it in, and the gate decides.

release-tracker reads a board on a GitHub of its own and guards the freeze, branch-audit reads a git history in which
the branch has what trunk took back, and release-gate says no until that is picked. Where the gate is asked, a page of
the release is left. Nothing is published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import yaml

from release_actions.errors import ActionError
from release_actions.rehearsal.action_runner import ActionRunner, StepEvents
from release_actions.rehearsal.composite import Job
from release_actions.rehearsal.scenario_steps import Train
from release_actions.rehearsal.train_world import (
    DONE_BY,
    EXCEPTION_AGO,
    FREEZE_AGO,
    LABEL,
    LANDED_AGO,
    LATE_BY,
    TOKEN,
    TRACKING,
    describe_tracker,
    make_train_world,
    stamp,
)
from release_actions.simulator import Simulator
from release_actions.versions.version import parse_or_none

CONFIGURATION, PAGE = "release-with-train.yaml", "page/index.html"
TRACKER, AUDIT, GATE = "release-tracker", "branch-audit", "release-gate"
TRUNK = "main"
PERSON = {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
HISTORY = """\
git init --quiet --initial-branch="$TRUNK" . && git add --all && git commit --quiet --message Begin
git tag "$PREVIOUS"
git commit --quiet --allow-empty --message "$DONE (#$DONE_BY)"
echo fast >cache && git add cache && git commit --quiet --message "$REVERTED (#6)"
git commit --quiet --allow-empty --message "$LATE (#$LATE_BY)"
git branch "$BRANCH"
git revert --no-edit HEAD~1 >/dev/null
git checkout --quiet "$BRANCH"
echo "head=$(git rev-parse HEAD)" >>"$GITHUB_OUTPUT"
"""
PICK = """\
git cherry-pick -x "$TRUNK" >/dev/null
echo "head=$(git rev-parse HEAD)" >>"$GITHUB_OUTPUT"
"""


@dataclass(frozen=True)
class Stop:
    """A place where the train stops. `ago`: how long before the step's day.

    What has to be said there: `tracker` and `audit` are verdicts, `lands` is whether the late feature may land, each
    empty where nobody asks. The gate is asked where the tracker is, and leaves a page.
    """

    title: str
    ago: timedelta
    tracker: str = ""
    lands: str = ""
    audit: str = ""
    picks: bool = False
    goes: bool = False


STOPS = (
    Stop("before the freeze, a feature is late", FREEZE_AGO + timedelta(days=2), "fail"),
    Stop("the freeze: the late feature may not land", FREEZE_AGO - timedelta(days=1), "fail", lands="no"),
    Stop("an exception lets it land", EXCEPTION_AGO, lands="yes"),
    Stop("no-go: the branch has what trunk took back", LANDED_AGO, "pass", audit="fail"),
    Stop("go: the revert is picked", timedelta(0), "pass", audit="pass", picks=True, goes=True),
)


def play_train(runner: ActionRunner, step: Train, events: StepEvents) -> None:
    """Let the train stop everywhere. Raises `ActionError` where an action says the wrong thing."""
    job = runner.checked_out_job("train", runner.trigger("workflow_dispatch", {"inputs": {"tag": step.tag}}))
    now = runner.world.world.now()
    write_configuration(job, now - FREEZE_AGO)
    variables = describe_history(runner, step, now)
    head = run_git(runner, job, HISTORY, variables, events)
    for stop in STOPS:
        if stop.picks:
            head = run_git(runner, job, PICK, variables, events)
        environment = {**job.env, "RELEASE_ACTIONS_NOW": stamp(now - stop.ago)}
        world = make_train_world(job.repository, step, now, stop.ago)
        with Simulator(world) as simulator:
            at_stop = replace(job, sha=head, token=TOKEN, api_url=simulator.api_url, env=environment)
            play_stop(runner, step, stop, at_stop, events)


def play_stop(runner: ActionRunner, step: Train, stop: Stop, job: Job, events: StepEvents) -> None:
    """Ask everybody who says something at a stop."""
    given = {"tag": step.tag, "config": CONFIGURATION}
    board = {"milestone": step.milestone, "token": TOKEN}
    if stop.lands:
        guard = {"mode": "guard", "pull-request": str(LATE_BY), "config": CONFIGURATION}
        _, stopped = runner.start(job, TRACKER, {**guard, **board}, events)
        expect(stop, f"{TRACKER} in mode guard", "no" if stopped else "yes", stop.lands)
    lines = []
    if stop.tracker:
        board |= {"label": LABEL, "issues": str(TRACKING)}
        lines.append(write_report(runner, job, stop, (TRACKER, stop.tracker), {**given, **board}, events))
    if stop.audit:
        merged = {"branch": describe_branch(runner, step), "promised": f"{DONE_BY}, {LATE_BY}", "token": ""}
        lines.append(write_report(runner, job, stop, (AUDIT, stop.audit), {**given, **merged}, events))
    if lines:
        decide = {"mode": "report", "commit": job.sha, "reports": "\n".join(lines), "page": PAGE}
        decided = runner.action(job, GATE, {**given, **decide}, events)
        expect(stop, GATE, decided.outputs.get("go", ""), str(stop.goes).lower())
        events.pages[stop.title] = (job.workspace / PAGE).read_text(encoding="utf-8")


def write_report(
    runner: ActionRunner,
    job: Job,
    stop: Stop,
    wanted: tuple[str, str],
    inputs: Mapping[str, str],
    events: StepEvents,
) -> str:
    """Let an action write its report, and give it as the gate takes it. `wanted`: action and verdict."""
    name, verdict = wanted
    ended = runner.action(job, name, {**inputs, "report": f"{name}.json"}, events)
    said = ended.outputs.get("verdict", "")
    # A warning lets the release through as well; whether there is one depends on the project's categories of picks.
    expect(stop, name, "pass" if said == "warn" else said, verdict)
    return f"{name}.json@{ended.outputs.get('report-digest', '')}"


def write_configuration(job: Job, freeze: datetime) -> None:
    """release.yaml with a freeze and a gate."""
    configuration = yaml.safe_load((job.workspace / "release.yaml").read_text(encoding="utf-8"))
    required = [{"report": name, "max-age": "7d"} for name in (TRACKER, AUDIT)]
    configuration |= {"tracker": describe_tracker(freeze), "gate": {"required": required}}
    (job.workspace / CONFIGURATION).write_text(yaml.safe_dump(configuration, sort_keys=False), encoding="utf-8")


def describe_branch(runner: ActionRunner, step: Train) -> str:
    """The branch that the configuration requires of the release."""
    policy = runner.world.policy
    version = parse_or_none(step.tag, policy.prefix)
    return (policy.branch(version) if version else "") or "release"


def describe_history(runner: ActionRunner, step: Train, now: datetime) -> dict[str, str]:
    """What the scripts of git are told."""
    return {
        **PERSON,
        **{f"GIT_{who}_DATE": stamp(now - timedelta(days=9)) for who in ("AUTHOR", "COMMITTER")},
        "TRUNK": TRUNK,
        "PREVIOUS": step.was,
        "BRANCH": describe_branch(runner, step),
        "DONE": step.done,
        "DONE_BY": str(DONE_BY),
        "LATE": step.late,
        "LATE_BY": str(LATE_BY),
        "REVERTED": step.reverted,
    }


def run_git(runner: ActionRunner, job: Job, script: str, variables: Mapping[str, str], events: StepEvents) -> str:
    """Run commands of git. Gives the commit that is checked out then. Raises `ActionError` when one fails."""
    failure, outputs = runner.run_script(job, "git", script, variables, events)
    if failure:
        raise failure
    return outputs.get("head", "")


def expect(stop: Stop, name: str, said: str, wanted: str) -> None:
    """Compare what an action said with what it has to say at a stop. Raises `ActionError`."""
    if said != wanted:
        message = f"{name} says {said or 'nothing'} at the stop '{stop.title}', and not {wanted}."
        raise ActionError(message, hint="report.json has its whole log.")
