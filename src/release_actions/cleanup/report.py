"""What a clean-up says at its end: outputs, findings, one line a package, and the exit code.

It must never call something done that nobody knows to be done.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from release_actions.cleanup.contents import Check
from release_actions.cleanup.pace import NO_TIME_LEFT, OUT_OF_TIME
from release_actions.cleanup.plan import CleanupPlan
from release_actions.cleanup.plan_output import (
    describe_freed,
    digest_of,
    make_plan_output,
    make_refused_output,
    reason_of,
)
from release_actions.cleanup.result import Result
from release_actions.cleanup.selection import Version
from release_actions.cleanup.store import describe_version
from release_actions.cleanup.summary import write_summary
from release_actions.errors import ExitCode, Problem
from release_actions.runner.report import Finding, Level, Report, counted

ALONE = "Run clean-ups while no images are built, for example by a concurrency group that both workflows share."

SHOWN = 3
"""Versions that one finding names."""

IN_TIME = (OUT_OF_TIME, NO_TIME_LEFT)
"""Ends that the caller asked for."""


def report(results: Sequence[Result], findings: list[Finding], *, dry_run: bool, undo_file: str) -> Report:
    """Outputs, summary and findings of the whole run."""
    all_findings = [*findings, *itertools.chain.from_iterable(list_findings(result) for result in results)]
    is_carried_out = not dry_run and not findings
    # A keep rule that was understood wrongly makes the whole plan wrong: nothing of it is worth reading.
    is_moot = any(result.plan.is_moot for result in results if result.plan)
    plans = [result.plan for result in results if result.plan and not is_moot]
    return Report(
        outputs={
            "plan": make_plan_output(plans),
            "plan-digest": digest_of(plans),
            "deleted": sum(len(result.outcome.deleted) for result in results),
            "untagged": sum(len(result.outcome.stripped) - len(result.outcome.half_stripped) for result in results),
            "left": sum(count_untried(result) for result in results),
            "freed-bytes": sum(count_freed(result) for result in results),
            "refused": make_refused_output({result.task.path: result.outcome.refused for result in results}),
            "undo": {result.task.path: list(result.outcome.undo) for result in results if result.outcome.undo},
            "undo-file": undo_file,
            "restored": sum(len(result.outcome.restored) + len(result.outcome.repaired) for result in results),
        },
        summary=write_summary(results, findings, dry_run=dry_run),
        lines=(
            *([] if is_moot else describe_all(results, dry_run=dry_run, is_refused=bool(findings))),
            *([] if is_carried_out else ["Nothing was changed."]),
        ),
        findings=tuple(all_findings),
        exit_code=exit_code(results, findings),
    )


def exit_code(results: Sequence[Result], findings: Sequence[Finding]) -> ExitCode:
    """The worst of what happened."""
    outcomes = [result.outcome for result in results]
    if any(outcome.is_interrupted for outcome in outcomes):
        return ExitCode.INTERRUPTED
    if any(outcome.stopped not in {"", *IN_TIME} for outcome in outcomes):
        return ExitCode.UNKNOWN
    if any(outcome.error or outcome.doubts or (outcome.check and outcome.check.broken) for outcome in outcomes):
        return ExitCode.UNKNOWN
    if findings or any(outcome.refused or any(kept.refused for kept in outcome.kept) for outcome in outcomes):
        return ExitCode.REFUSED
    return ExitCode.PASS


def list_findings(result: Result) -> list[Finding]:
    """What a person should see of one package."""
    path, outcome = result.task.path, result.outcome
    findings = []
    if outcome.error:
        consequence = "Nothing of this package was deleted."
        if outcome.deleted or outcome.unsure:
            consequence = (
                f"{'' if outcome.check else 'The remaining tags were not checked. '}The output 'undo' names what was "
                "deleted."
            )
        for problem in outcome.error.problems:
            words = f"{path}: {problem.message} {consequence}"
            findings.append(Finding(Level.ERROR, Problem(words, problem.hint, problem.place), "ghcr-cleanup"))
    for item in outcome.refused:
        message = f"{path}: {describe_version(item.version)} was not deleted. {item.message}"
        findings.append(Finding.of(Level.ERROR, message, hint=item.hint, rule="refused"))
    findings += list_repair_findings(result)
    findings += list_untag_findings(result)
    for item in outcome.moved:
        message = f"{path}: {describe_version(item.version)} was not deleted. {item.message}"
        findings.append(Finding.of(Level.WARNING, message, rule="moved"))
    if outcome.check:
        findings += list_broken_findings(result, outcome.check)
    findings += list_stop_findings(result)
    if result.plan:
        findings += [
            Finding.of(
                Level.NOTICE,
                f"{path}: the tag {blocked.tag} is selected but kept. {blocked.because}",
                hint="Set untag: true to remove a tag from a version that is kept, unless its digest is excluded.",
                rule=blocked.rule,
            )
            for blocked in result.plan.blocked
        ]
    return findings


def list_repair_findings(result: Result) -> list[Finding]:
    """What an earlier run had deleted and this one restored: one finding, however many parts one push needs."""
    repaired = result.outcome.repaired
    if not repaired:
        return []
    shown = ", ".join(describe_version(version) for version in repaired[:SHOWN])
    more = f" and {len(repaired) - SHOWN} more" if len(repaired) > SHOWN else ""
    were, them = ("was", "it") if len(repaired) == 1 else ("were", "them")
    message = (
        f"{result.task.path}: {shown}{more} {were} restored, because something that was pushed since needs {them}."
    )
    hint = f"{explain_repair(result, repaired, them)} {ALONE}"
    return [Finding.of(Level.WARNING, message, hint=hint, rule="healed")]


def explain_repair(result: Result, repaired: Iterable[Version], them: str) -> str:
    """Who had deleted what was restored, as far as that is known."""
    contents, digests = result.contents, {version.digest for version in repaired}
    if contents and digests <= contents.remembered:
        return f"An earlier clean-up had deleted {them}."
    if contents and digests <= contents.remembered | contents.overtaken:
        return f"A clean-up or a person had deleted {them} before the image was pushed that needs {them}."
    return f"A clean-up that was stopped had deleted {them}."


def list_stop_findings(result: Result) -> list[Finding]:
    """Why a run ended before everything was tried."""
    path, outcome = result.task.path, result.outcome
    findings = []
    if outcome.half_stripped:
        tags = ", ".join(strip.tag for strip in outcome.half_stripped)
        message = f"{path}: {tags} may name an empty version, which is not an image."
        hint = "Run this again with the same inputs to delete that version, or restore the tags with mode: restore."
        findings.append(Finding.of(Level.ERROR, message, hint=hint, rule="untag"))
    if outcome.stopped:
        done = f"stopped after {len(outcome.deleted)} of {result.deletions} deletions" if result.plan else "not planned"
        message = f"{path}: {done}. {outcome.stopped}"
        hint = "Run this again with the same inputs: it continues where this run stopped."
        own = outcome.stopped in IN_TIME
        findings.append(Finding.of(Level.WARNING if own else Level.ERROR, message, hint=hint, rule="stopped"))
    if outcome.is_interrupted and not (outcome.deleted or outcome.unsure or outcome.stripped):
        message = f"{path}: stopped by a signal before anything was deleted."
        findings.append(Finding.of(Level.ERROR, message, hint="Run it again.", rule="stopped"))
    elif outcome.is_interrupted:
        message = f"{path}: stopped by a signal after {len(outcome.deleted)} of {result.deletions} deletions."
        hint = "Run it again to finish. The remaining tags were not checked. The output 'undo' names what was deleted."
        findings.append(Finding.of(Level.ERROR, message, hint=hint, rule="stopped"))
    return findings


def list_untag_findings(result: Result) -> list[Finding]:
    """What came of tags that were to be taken off versions that stay."""
    path, outcome = result.task.path, result.outcome
    findings = [
        Finding.of(
            Level.ERROR if kept.refused else Level.WARNING,
            f"{path}: {kept.strip.tag} was not removed from {describe_version(kept.strip.version)}. {kept.why}",
            rule="untag",
        )
        for kept in outcome.kept
        if kept.tried
    ]
    findings += [
        Finding.of(Level.WARNING, f"{path}: {sentence}", hint="Another workflow or person moved it.", rule="untag")
        for sentence in (outcome.check.disturbed if outcome.check else ())
    ]
    findings += [
        Finding.of(
            Level.WARNING,
            f"{path}: a tag was copied to {tag} while this run removed it, so {tag} was put on {digest}.",
            hint="The copied tag named that image. Run clean-ups while nothing is pushed.",
            rule="untag",
        )
        for tag, digest in sorted(outcome.copies.items())
    ]
    findings += [
        Finding.of(
            Level.WARNING,
            f"{path}: {tag} names an empty version of a clean-up that did not finish. It belongs on {digest}.",
            hint="The next run that deletes puts it there.",
            rule="untag",
        )
        for tag, digest in sorted(result.contents.copies.items() if result.contents else ())
        if tag not in outcome.copies
    ]
    hint = "Check who pushed it, and with which tags. Run clean-ups while nothing is pushed."
    findings += [Finding.of(Level.ERROR, f"{path}: {doubt}", hint=hint, rule="untag") for doubt in outcome.doubts]
    return findings


def list_broken_findings(result: Result, check: Check) -> list[Finding]:
    """What the look after the deletions showed."""
    path, outcome = result.task.path, result.outcome
    findings = []
    if outcome.mended:
        versions = counted(len(outcome.restored), "deleted version")
        were = "was" if len(outcome.restored) == 1 else "were"
        message = f"{path}: {' '.join(outcome.mended[:3])} {versions} {were} restored because of that."
        findings.append(Finding.of(Level.WARNING, message, hint=ALONE, rule="restored"))
    if check.broken:
        restored = len(outcome.restored)
        lost = "".join(
            f" {describe_version(item.version)} could not be restored: {item.message}" for item in outcome.unrestored
        )
        message = f"{path}: {' '.join(check.broken[:3])} The {restored} deleted versions were restored.{lost}"
        hint = (
            "Something was pushed while this ran. Run this again when nothing is pushed, and run only one clean-up "
            "of a package."
        )
        findings.append(Finding.of(Level.ERROR, message, hint=hint, rule="broken"))
    findings += [
        Finding.of(Level.WARNING, f"{path}: {sentence}", hint="Push that image again.", rule="incomplete")
        for sentence in check.incomplete
    ]
    return findings


def describe_all(results: Sequence[Result], *, dry_run: bool, is_refused: bool) -> Iterable[str]:
    """All packages in plain sentences. Of a refused plan they say what it holds, and not that it would be done."""
    for result in results:
        yield from describe_result(result, dry_run=dry_run, is_refused=is_refused)
    yield from describe_total(results, dry_run=dry_run, is_refused=is_refused)


def describe_result(result: Result, *, dry_run: bool, is_refused: bool) -> list[str]:
    """One package in plain sentences."""
    path, plan = result.task.path, result.plan
    if result.idle:
        return [f"{path}: nothing to do. {result.idle}"]
    if plan is None:
        return [f"{path}: not cleaned up."]
    if not result.planned:
        repaired = describe_repaired(result) or "nothing to do"
        return [f"{path}: {repaired}. None of its {len(plan.decisions)} versions has to be deleted."]
    if is_refused:
        return [*list_planned(plan)]
    return list_dry(plan) if dry_run else [f"{path}: {describe_done(result, plan)}."]


def describe_repaired(result: Result) -> str:
    """How much of an earlier run was restored, in a few words; empty for nothing."""
    repaired = result.outcome.repaired
    return f"{counted(len(repaired), 'version')} of an earlier clean-up restored" if repaired else ""


def describe_done(result: Result, plan: CleanupPlan) -> str:
    """What came of a plan that was carried out, in a few words."""
    outcome = result.outcome
    said = f"{len(outcome.deleted)} of {len(plan.deletions)} planned deletions done"
    said += f", {len(outcome.stripped)} of {len(plan.strips)} tags removed" if plan.strips else ""
    said += f", {describe_repaired(result)}" if outcome.repaired else ""
    if outcome.restored:
        return f"{said}, {len(outcome.restored)} restored"
    if outcome.check:
        checked = counted(len(outcome.check.tags), "tag")
        said += f", {checked} kept and checked, {describe_freed(plan, whole=result.is_whole)}"
    return said


def list_dry(plan: CleanupPlan) -> list[str]:
    """What the plan of a dry run would do."""
    path = plan.package
    lines = [
        f"{path}: {describe_version(d.version)} would be deleted. {reason_of(plan, d.version)}" for d in plan.deletions
    ]
    lines += [f"{path}: {s.tag} would be removed from {describe_version(s.version)}. {s.because}" for s in plan.strips]
    taken = f", {counted(len(plan.strips), 'tag')} would be removed from others" if plan.strips else ""
    count = f"{len(plan.deletions)} of {len(plan.decisions)} versions would be deleted"
    return [*lines, f"{path}: {count}{taken}, {describe_freed(plan)}."]


def list_planned(plan: CleanupPlan) -> Iterable[str]:
    """What a refused plan holds, for whoever has to judge whether the limit or the plan is wrong."""
    path = plan.package
    for deletion in plan.deletions:
        reason = reason_of(plan, deletion.version)
        yield f"{path}: {describe_version(deletion.version)} is in the plan. {reason}"
    for strip in plan.strips:
        yield f"{path}: {strip.tag} of {describe_version(strip.version)} is in the plan. {strip.because}"
    tags = f" and {counted(len(plan.strips), 'tag')} of others" if plan.strips else ""
    yield f"{path}: the plan has {len(plan.deletions)} of {len(plan.decisions)} versions{tags}."


def describe_total(results: Sequence[Result], *, dry_run: bool, is_refused: bool) -> Iterable[str]:
    """The whole run in one line; none for a single package, whose own line says it."""
    if len(results) <= 1:
        return
    planned = sum(result.deletions for result in results)
    failed = sum(1 for result in results if result.outcome.error)
    if is_refused:
        line = f"{len(results)} packages: the plan has {planned} versions"
    elif dry_run:
        line = f"{len(results)} packages: {planned} versions would be deleted"
    else:
        done = sum(len(result.outcome.deleted) for result in results)
        remaining = sum(len(result.outcome.check.tags) for result in results if result.outcome.check)
        line = f"{len(results)} packages: {done} of {planned} planned deletions done"
        line += f", {counted(remaining, 'tag')} kept and checked" if done else ""
    yield line + (f", {counted(failed, 'package')} could not be finished." if failed else ".")


def count_untried(result: Result) -> int:
    """What was planned and not tried."""
    outcome = result.outcome
    return len(outcome.waiting) + len(outcome.unsure) + sum(not kept.tried for kept in outcome.kept)


def count_freed(result: Result) -> int:
    """Bytes that the deletions of one package freed: all of the plan's, or an unknown amount counted as none."""
    return result.plan.freed_bytes if result.plan and result.is_whole else 0
