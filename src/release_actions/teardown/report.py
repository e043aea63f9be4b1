"""How a teardown is told: outputs, findings, and the exit code.

Decides words only. It must never say that something is gone which is not known to be.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from release_actions.cleanup.selection import Version as PackageVersion
from release_actions.cleanup.store import describe_version
from release_actions.errors import ExitCode, Problem
from release_actions.github.packages import Refusal
from release_actions.runner.report import Finding, Level, Output, Report
from release_actions.teardown.instructions import make_undo_output
from release_actions.teardown.model import RefChange
from release_actions.teardown.package import PackageTeardown
from release_actions.teardown.plan import explain_loss
from release_actions.teardown.result import TeardownResult, list_reasons
from release_actions.teardown.summary import FORBIDDEN, describe_run, write_summary

MOST = 2_000
"""Deletions of package versions in one run at most: the plan and the undo have to fit into a job's outputs."""

NAME = "rc-teardown"

AGAIN = "Run this again without expected-plan to finish: the new plan no longer has what is deleted already."
"""How a run that did not finish is finished."""


def report_forbidden(refusal: Refusal | None) -> tuple[Finding, ...]:
    """Why nothing may begin: images would go, and what names them in git could not."""
    if refusal is None:
        return ()
    message = f"{refusal}, when it was asked whether this token may change git tags and releases. Nothing was changed."
    return (Finding.of(Level.ERROR, message, hint=refusal.hint, rule=FORBIDDEN),)


def check_limits(result: TeardownResult, most: int | None, expected: str) -> tuple[Finding, ...]:
    """Why a plan may not be carried out; nothing of it is then."""
    findings = []
    allowed = MOST if most is None else min(MOST, most)
    if result.planned > allowed:
        message = (
            f"The plan deletes {result.planned} versions, more than the {allowed} that are allowed. "
            "Nothing was changed."
        )
        hint = "Check the plan. If it is right, " + (
            "raise max-deletions." if allowed < MOST else "name fewer candidates and run it several times."
        )
        findings.append(Finding.of(Level.ERROR, message, hint=hint, rule="max-deletions"))
    now = digest_of(result)
    if expected and expected != now:
        message = f"The plan is {now}, and {expected} was expected. Nothing was changed."
        hint = (
            "The packages, releases or tags changed since that plan was made. Check the new plan. If it is right, "
            "pass its plan-digest as expected-plan."
        )
        findings.append(Finding.of(Level.ERROR, message, hint=hint, rule="expected-plan"))
    return tuple(findings)


def report(result: TeardownResult, stop: Sequence[Finding], *, dry_run: bool, repository: str) -> Report:
    """Outputs, summary and findings of the whole run."""
    return Report(
        outputs={
            "plan": make_plan_output(result),
            "plan-digest": digest_of(result),
            "removed": list(list_removed(result, stop, dry_run=dry_run)),
            "refused": make_refused_output(result),
            "undo": make_undo_output(result.images, result.done),
            "undo-file": result.undo_file,
            "restored": {},
            "local-commands": "\n".join(result.commands),
        },
        summary=write_summary(result, stop, dry_run=dry_run, repository=repository),
        lines=tuple(describe_run(result, stop, dry_run=dry_run)),
        findings=(*stop, *list_findings(result)),
        exit_code=exit_code(result, stop),
    )


def exit_code(result: TeardownResult, stop: Sequence[Finding]) -> ExitCode:
    """The worst of what happened."""
    if result.interrupted:
        return ExitCode.INTERRUPTED
    if result.errors or result.stopped:
        return ExitCode.UNKNOWN
    outcomes = [image.outcome for image in result.images]
    failed = any(outcome.refused or outcome.moved or outcome.waiting for outcome in outcomes)
    failed = failed or any(image.again for image in result.images)
    if stop or failed or result.plan.refusals or result.done.left or result.done.disturbed:
        return ExitCode.REFUSED
    return ExitCode.PASS


def list_removed(result: TeardownResult, stop: Sequence[Finding], *, dry_run: bool) -> tuple[str, ...]:
    """The candidates of which this run left nothing."""
    if dry_run or stop or result.errors or result.interrupted:
        return ()
    kept = frozenset[str]().union(*(image.held_back for image in result.images))
    owners: dict[str, tuple[str, ...]] = {change.tag: change.owners for change in result.plan.refs}
    not_done = {not_done.what.rpartition(" ")[2] for not_done in result.done.left}
    kept |= not_done | {owner for tag in not_done for owner in owners.get(tag, ())}
    kept |= result.plan.shared | {*result.strangers}
    return tuple(version.tag for version in result.plan.candidates if version.tag not in kept)


# Outputs


def make_plan_output(result: TeardownResult) -> dict[str, Output]:
    """The plan as JSON."""
    images: list[Output] = []
    for image in result.touched:
        assert image.plan is not None  # noqa: S101  # a touched package has one
        why = list_reasons(image)
        deletions: list[Output] = [
            {**make_row(deletion.version), "reason": why[deletion.version.id]} for deletion in image.plan.deletions
        ]
        images.append({"package": image.path, "digest": image.plan.digest, "deletions": deletions})
    return {
        "candidates": [version.tag for version in result.plan.candidates],
        "images": images,
        "releases": [{"id": release.id, "tag": release.tag, "name": release.name} for release in result.plan.releases],
        "git": [change_row(change) for change in result.plan.refs],
    }


def make_row(version: PackageVersion) -> dict[str, Output]:
    """A package version as JSON."""
    return {"id": version.id, "digest": version.digest, "tags": list(version.tags)}


def change_row(change: RefChange) -> dict[str, Output]:
    """A change of a git tag as JSON."""
    action = "move" if change.after else "delete"
    return {"tag": change.tag, "action": action, "from": change.before, "to": change.after, "reason": change.reason}


def digest_of(result: TeardownResult) -> str:
    """Names exactly this plan: the same versions, releases and git tags with the same objects give the same."""
    document = [
        sorted([image.path, image.plan.digest] for image in result.touched if image.plan),
        sorted([release.id, release.tag] for release in result.plan.releases),
        sorted([change.tag, change.before, change.after] for change in result.plan.refs),
    ]
    text = json.dumps(document, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def make_refused_output(result: TeardownResult) -> list[Output]:
    """What did not go and why, as JSON: candidates, package versions, releases and git tags."""
    rows: list[Output] = [
        {"what": f"candidate {refusal.candidate}", "message": refusal.message} for refusal in result.plan.refusals
    ]
    rows += [{"what": what, "message": message} for what, message in result.still_there]
    return rows


# Findings


def list_findings(result: TeardownResult) -> tuple[Finding, ...]:
    """What a person should see."""
    all_findings = [
        Finding.of(
            Level.ERROR,
            f"{refusal.candidate} is not changed. {refusal.message}",
            hint=refusal.hint,
            rule="refused-candidate",
        )
        for refusal in result.plan.refusals
    ]
    for image in result.images:
        all_findings += list_image_findings(image)
    for not_done in result.done.left:
        level = Level.ERROR if not_done.refused else Level.WARNING
        all_findings.append(
            Finding.of(level, f"The {not_done.what} still exists. {not_done.message}", hint=not_done.hint, rule="left")
        )
    all_findings += [
        Finding.of(
            Level.ERROR,
            f"{sentence} This run did not change it.",
            hint="Find out which workflow moved it. protect-latest moves floating tags back.",
            rule="production-moved",
        )
        for sentence in result.done.disturbed
    ]
    if result.stopped and not result.interrupted:
        message = f"Stopped after {result.deleted} of {result.planned} deletions of package versions. {result.stopped}"
        all_findings.append(Finding.of(Level.ERROR, message, hint=AGAIN, rule="stopped"))
    if result.done.error:
        hint = f"{AGAIN} The git tag of a candidate is deleted last."
        all_findings += [
            Finding(Level.ERROR, Problem(problem.message, f"{problem.hint} {hint}".strip(), problem.place), NAME)
            for problem in result.done.error.problems
        ]
    if result.interrupted:
        message = f"Stopped by a signal after {result.deleted} of {result.planned} deletions of package versions."
        hint = f"{AGAIN} The output 'undo' and the undo file list every change."
        all_findings.append(Finding.of(Level.ERROR, message, hint=hint, rule="stopped"))
    for release in result.plan.releases:
        lost = explain_loss(release)
        if lost:
            message = f"The GitHub release of {release.tag} {lost}. It was deleted because allow-irreversible names it."
            all_findings.append(Finding.of(Level.WARNING, message, rule="irreversible"))
    for sentence in (*result.plan.notes, *result.kept):
        all_findings.append(Finding.of(Level.NOTICE, sentence, rule="stays"))
    all_findings += [Finding.of(Level.WARNING, sentence, rule="not-in-configuration") for sentence in result.strays]
    for tag, spelled in result.strangers.items():
        message = f"{tag} left nothing: no git tag, no release and no image carries its name."
        hint = f"Did you mean {spelled}?" if spelled else ""
        all_findings.append(
            Finding.of(Level.WARNING if spelled else Level.NOTICE, message, hint=hint, rule="nothing-left")
        )
    return tuple(all_findings)


def list_image_findings(image: PackageTeardown) -> list[Finding]:
    """What a person should see of one package."""
    path, outcome = image.path, image.outcome
    findings = []
    if outcome.error:
        consequence = (
            "Nothing of this package was deleted."
            if not outcome.deleted
            else "The output 'undo' names what was deleted."
        )
        findings += [
            Finding(Level.ERROR, Problem(f"{path}: {problem.message} {consequence}", problem.hint, problem.place), NAME)
            for problem in outcome.error.problems
        ]
    for item in outcome.refused:
        message = f"{path}: {describe_version(item.version)} was not deleted. {item.message}."
        findings.append(Finding.of(Level.ERROR, message, hint=item.hint, rule="refused"))
    for item in outcome.moved:
        message = f"{path}: {describe_version(item.version)} was not deleted. {item.message}"
        findings.append(Finding.of(Level.ERROR, message, hint="Run it again to make a new plan.", rule="moved"))
    for tag in image.again:
        message = f"{path}: {tag} was pushed again while this ran, so it is kept."
        findings.append(Finding.of(Level.ERROR, message, hint="Run it again to make a new plan.", rule="moved"))
    if outcome.check and outcome.check.broken:
        lost = "".join(
            f" {describe_version(item.version)} could not be restored: {item.message}." for item in outcome.unrestored
        )
        message = f"{path}: {outcome.check.broken[0]} All {len(outcome.restored)} deleted versions were restored.{lost}"
        hint = "Something was pushed while this ran. Run it again when nothing is."
        findings.append(Finding.of(Level.ERROR, message, hint=hint, rule="broken"))
    if outcome.check:
        findings += [
            Finding.of(Level.WARNING, f"{path}: {sentence}", hint="Push that image again.", rule="incomplete")
            for sentence in outcome.check.incomplete
        ]
    if image.plan:
        findings += [
            Finding.of(Level.NOTICE, f"{path}: the tag {blocked.tag} is kept. {blocked.because}", rule="stays")
            for blocked in image.plan.blocked
        ]
    return findings
