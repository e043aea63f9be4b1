"""Checks or moves the floating tags of all packages, and git's own behind them.

Every package is judged on its own and all are tried: a broken one never keeps another's `latest` wrong. Only a release
that is promoted as one step waits for all required packages, and is taken back if one of them fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from release_actions.config import Package
from release_actions.errors import ActionError
from release_actions.floating import promotion
from release_actions.floating.git_tags import GitFloatingTags
from release_actions.floating.outcome import GitResult, PackageResult, RollBack
from release_actions.floating.report import make_report
from release_actions.floating.run import Mode, ProtectRun
from release_actions.floating.summary import describe
from release_actions.runner.report import Report, counted


def reconcile(run: ProtectRun) -> Report:
    """Compare every package with what its floating tags must name and, to enforce, move them."""
    results = run.for_each(partial(_catch, partial(_judge, run)), run.packages)
    gate = promotion.PromotionGate((), ())
    if run.mode is Mode.ENFORCE:
        if run.together:
            gate = promotion.check_gate(results)
        if gate.is_open:
            results = _enforce(run, results)
    log_results(run, results)
    git = _follow_in_git(run, results, is_closed=not gate.is_open) if run.git_tags else GitResult()
    return make_report(results, run.mode, gate, git)


def log_results(run: ProtectRun, results: Iterable[PackageResult]) -> None:
    """One line for each package, and what others did to its tags."""
    for number, result in enumerate(results, 1):
        run.log.info(f"[{number}/{len(run.packages)}] {result.package.label}: {describe(result)}")
        for note in result.journal.notes:
            run.log.info(f"  {note}")


def _judge(run: ProtectRun, package: Package) -> PackageResult:
    judged = run.reconciler.judge(package)
    return PackageResult(package, judged, absent=judged is None)


def _enforce(run: ProtectRun, results: tuple[PackageResult, ...]) -> tuple[PackageResult, ...]:
    """Move the floating tags of all packages; with `together`, take all back if a required one fails."""
    before = {result.package.label: result for result in results}
    moves = sum(len(result.plan.moves) for result in results)
    if moves:
        run.log.info(f"Moving {counted(moves, 'floating tag')}, then reading until no other workflow moves them back.")
    results = run.for_each(partial(_catch, lambda package: _move(run, before[package.label])), run.packages)
    if not run.together or not any(result.error and result.package.required for result in results):
        return results
    run.log.info("A required image failed. The tags that were moved are put back.")
    after = {result.package.label: result for result in results}
    return run.for_each(lambda package: _put_back(run, after[package.label]), run.packages)


def _move(run: ProtectRun, result: PackageResult) -> PackageResult:
    """Move one package's floating tags. What was done is reported even if it fails half-way."""
    if result.judged is None:
        return result
    journal = run.open_journal(result.package, keeps_olds=run.together)
    try:
        run.reconciler.enforce(result.package, result.judged, journal)
    except ActionError as error:
        return replace(result, journal=journal, error=error)
    return replace(result, journal=journal)


def _put_back(run: ProtectRun, result: PackageResult) -> PackageResult:
    """Put one package's floating tags back on what they named before this run."""
    if not result.journal.done:
        return result
    try:
        back, kept = run.reconciler.put_back(result.package, result.journal)
    except ActionError as error:
        tags = ", ".join(result.journal.last)
        kept = [f"{result.package.reference}: {tags} may not be back on their earlier image. {error}"]
        return replace(result, roll_back=RollBack((), tuple(kept)))
    return replace(result, roll_back=RollBack(tuple(back), tuple(kept)))


def _follow_in_git(run: ProtectRun, results: Iterable[PackageResult], *, is_closed: bool) -> GitResult:
    """Move the floating tags in git behind the images: to a release that every required image holds."""
    required = [result for result in results if result.package.required]
    unsure = [result.package.label for result in required if result.error or result.absent]
    held_back = {tag for result in required for tag in promotion.find_lacking(result.plan)}
    floats = GitFloatingTags(
        run.http,
        run.context.api_url,
        run.context.repository,
        token=run.token,
        rules=run.rules,
        pause=run.reconciler.pause,
    )
    try:
        plan = floats.judge(held_back)
        if run.mode is Mode.CHECK or not plan.moves:
            return GitResult(plan)
        if unsure or is_closed:
            return GitResult(plan, waiting=unsure[0] if unsure else "a required image")
        return GitResult(plan, moved=floats.enforce(plan, held_back))
    except ActionError as error:
        return GitResult(error=error)


def _catch(function: Callable[[Package], PackageResult], package: Package) -> PackageResult:
    """What a function makes of a package, or its error: one package never stops the others."""
    try:
        return function(package)
    except ActionError as error:
        return PackageResult(package, error=error)
