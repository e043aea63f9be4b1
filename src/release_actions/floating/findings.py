"""What a person should see of floating tags, as annotations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from release_actions.floating.outcome import GitResult, PackageResult, find_held_back, is_nothing_published
from release_actions.floating.plan import Move
from release_actions.floating.promotion import PromotionGate
from release_actions.floating.run import Mode
from release_actions.runner.report import Finding, Level

RULE = "floating-tag"


def list_gate_findings(gate: PromotionGate) -> Iterable[Finding]:
    """Why a release was not promoted."""
    for reason in gate.reasons:
        message = f"{reason} So no floating tag was moved to {' or '.join(gate.releases)}."
        hint = "Publish the whole release, with every required image, and run this again."
        yield Finding.of(Level.ERROR, message, hint=hint, rule="together")


def list_missing_namespace(results: Sequence[PackageResult]) -> Iterable[Finding]:
    """A configuration none of whose packages exists: most likely it names a wrong registry or namespace."""
    if is_nothing_published(results):
        first = results[0].package.label
        message = f"The registry has none of the {len(results)} images, such as {first}."
        message = message if len(results) > 1 else f"The registry does not have the only image, {first}."
        hint = "Check registry and namespace in release.yaml, and whether the token may see the packages."
        yield Finding.of(Level.ERROR, message, hint=hint, rule="missing-package", place=results[0].package.place)


def list_findings(result: PackageResult, mode: Mode, *, is_only: bool = False) -> Iterable[Finding]:
    """What a person should look at in one package. `is_only`: that it is missing is an error of the whole run."""
    name, check = result.package.label, mode is Mode.CHECK
    for problem in result.error.problems if result.error else ():
        yield Finding(Level.ERROR, problem, rule="protect-latest")
    yield from list_tag_findings(result, check=check)
    for text in result.roll_back.kept if result.roll_back else ():
        yield Finding.of(Level.ERROR, text, hint="Run protect-latest again once the cause is fixed.", rule="together")
    if result.absent and result.package.required and not is_only:
        message = f"{name} is not published: the registry has no such package."
        hint = "Publish a release of it, or remove it from the configuration."
        yield Finding.of(Level.WARNING, message, hint=hint, rule="missing-package", place=result.package.place)
    for finding in result.plan.findings:
        message = f"{name}: {finding.message}{explain_flaw(result, finding.version)}"
        level = Level.ERROR if finding.version in find_held_back(result) else Level.WARNING
        yield Finding.of(level, message, hint=finding.hint, rule=finding.name, place=result.package.place)


def list_tag_findings(result: PackageResult, *, check: bool) -> Iterable[Finding]:
    """Floating tags of one package that are or were not where they have to be."""
    name = result.package.label
    for move in result.plan.moves if check else ():
        hint = "Run protect-latest with mode: enforce."
        yield Finding.of(Level.ERROR, f"{name}: {move.reason}", hint=hint, rule=RULE)
    for change in result.moved if not check else ():
        reason = change.reason if isinstance(change, Move) else f"{change.tag} was put on {change.after}."
        yield Finding.of(Level.NOTICE, f"{name}: {reason}", rule=RULE)
    for orphan in result.plan.orphans:
        level = Level.ERROR if check else Level.WARNING
        yield Finding.of(level, f"{name}: {orphan.message}", hint=orphan.hint, rule=RULE)
    for stuck in result.plan.stuck:
        message = f"{name}: {stuck.message}{explain_flaw(result, stuck.version.tag)}"
        yield Finding.of(Level.ERROR, message, hint=stuck.hint, rule=RULE, place=result.package.place)


def explain_flaw(result: PackageResult, version: str) -> str:
    """A sentence about what a release lacks; empty when it is not there at all."""
    why = result.judged.broken.get(version, "") if result.judged else ""
    return f" Of {version}, {why}." if why else ""


def list_git_findings(git: GitResult, mode: Mode) -> Iterable[Finding]:
    """What a person should look at in git's floating tags."""
    check = mode is Mode.CHECK
    for problem in git.error.problems if git.error else ():
        yield Finding(Level.ERROR, problem, rule="git-tags")
    for move in git.plan.moves if check else git.moved:
        hint = "Run protect-latest with mode: enforce." if check else ""
        yield Finding.of(Level.ERROR if check else Level.NOTICE, f"git: {move.reason}", hint=hint, rule="git-tags")
    if git.waiting:
        tags = ", ".join(move.tag for move in git.plan.moves)
        message = f"git: {tags} were not moved, because {git.waiting} does not name the right release."
        yield Finding.of(Level.WARNING, message, hint="Repair that image first, and run this again.", rule="git-tags")
    for tag in git.plan.unmoved:
        yield Finding.of(Level.ERROR if check else Level.WARNING, f"git: {tag.message}", hint=tag.hint, rule="git-tags")
    for tag in git.plan.debris:
        yield Finding.of(Level.WARNING, f"git: {tag.message}", hint=tag.hint, rule="git-tags")
