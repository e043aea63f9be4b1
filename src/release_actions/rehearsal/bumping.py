"""What happens to versions before a tag is pushed: files are brought to the coming release, and a used tag is refused.

version-audit writes the patch and git applies it. What the files have to say afterwards is the scenario's own word.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from release_actions.errors import ActionError
from release_actions.rehearsal.action_runner import ActionRunner, StepEvents
from release_actions.rehearsal.composite import Job
from release_actions.rehearsal.scenario_steps import Bump, Refuse

AUDIT, PATCH = "version-audit", "version-audit.patch"
TRACK, APPLY = "git init --quiet . && git add --all", f"git apply {PATCH}"
EXISTS = "tag-exists"
HINT = "report.json has its whole log."


def bump(runner: ActionRunner, step: Bump, events: StepEvents) -> None:
    """Patch the files to the coming release, and audit them again. Raises `ActionError` where a file is wrong then."""
    job = runner.checked_out_job("bump", runner.trigger("workflow_dispatch", {"inputs": {"tag": step.tag}}))
    for file in step.files:
        path = job.workspace / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text.replace("{version}", step.was), encoding="utf-8")
    audit = {"tag": step.tag, "levels": "release", "patch-file": PATCH}
    run_git(runner, job, TRACK, events)
    runner.action(job, AUDIT, {**audit, "mode": "patch"}, events)
    run_git(runner, job, APPLY, events)
    for file in step.files:
        if (job.workspace / file.path).read_text(encoding="utf-8") != file.text.replace("{version}", step.tag):
            message = f"{file.path} does not name {step.tag} after the patch, or something else in it has changed."
            raise ActionError(message, hint=HINT)
    runner.action(job, AUDIT, {**audit, "mode": "enforce"}, events)


def run_git(runner: ActionRunner, job: Job, script: str, events: StepEvents) -> None:
    """Run commands of git in a job. Raises `ActionError` when one fails."""
    failure, _ = runner.run_script(job, "git", script, {}, events)
    if failure:
        raise failure


def refuse(runner: ActionRunner, step: Refuse, events: StepEvents, push: Callable[[str], None]) -> None:
    """Release a tag that exists already. `push` is what its push to a commit starts.

    Raises `ActionError` unless the audit and the release workflow refuse it, and the packages are as they were.
    """
    job = runner.checked_out_job("ahead", runner.trigger("workflow_dispatch", {"inputs": {"tag": step.tag}}))
    (job.workspace / "README.md").write_text("# A page that names no version\n", encoding="utf-8")
    run_git(runner, job, TRACK, events)
    ended, failure = runner.start(job, AUDIT, {"tag": step.tag, "levels": "release", "mode": "enforce"}, events)
    rules = {finding["rule"] for finding in json.loads(ended.outputs.get("findings") or "[]")}
    if failure is None or rules != {EXISTS}:
        message = f"version-audit does not say that {step.tag} exists already."
        raise ActionError(message, hint=HINT)
    require_refusal(runner, step.tag, push)


def require_refusal(runner: ActionRunner, tag: str, push: Callable[[str], None]) -> None:
    """Push a tag again on another commit, and put it back. Raises `ActionError` unless that is refused."""
    world, builder = runner.world, runner.builder
    before = world.git_tags()[tag]
    again = world.commit(f"Release {tag} again", world.world.now(), world.cut_branch(tag))
    world.move_tag(tag, again)
    try:
        push(again)
    except ActionError:
        is_refused = True
    else:
        is_refused = False
    world.move_tag(tag, before)
    packages = runner.inputs.config.packages("release")
    changed = [
        package.reference
        for package in packages
        if builder.find_digest(package.reference, tag) != world.ledger.digest(package.name, tag)
    ]
    if changed or not is_refused:
        message = f"{tag} was released again on another commit{' in ' + ', '.join(changed) if changed else ''}."
        raise ActionError(message, hint=HINT)
