"""What protect-latest says: where every image stands, what moved, what did not and why. Decides nothing but the words.

A person reads the table; later steps read the outputs; the exit code is 0 when all is right, 1 for findings on complete
knowledge, 3 when something could not be found out or not be finished.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from release_actions.config import Package
from release_actions.errors import ActionError, ExitCode
from release_actions.floating.git_tags import GitMove, GitPlan
from release_actions.floating.package_state import Judged
from release_actions.floating.plan import FloatingPlan, Keep, Move, Orphan, Stuck
from release_actions.floating.promotion import Gate
from release_actions.floating.reconcile import Change, Journal
from release_actions.floating.snapshot import Difference
from release_actions.runner import markdown
from release_actions.runner.report import Finding, Level, Output, Report

OUTPUTS = ("drift", "plan", "plan-digest", "moved", "failed", "returned", "git-moved", "snapshot-digest")

PLAN_LENGTH = 250_000
"""Characters of the output `plan`. All outputs of a job together may have about 500,000."""

RULE = "floating-tag"
HEAD = ("Image", "Floating tag", "Release", "Digest", "Result")


@dataclass(frozen=True)
class Returned:
    """What a roll-back did to one package: tags that are back, and sentences about those that are not."""

    back: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """What came of one package: judged and perhaps moved, or why not. `absent`: there is no such package."""

    package: Package
    judged: Judged | None = None
    journal: Journal = field(default_factory=Journal)
    error: ActionError | None = None
    absent: bool = False
    returned: Returned | None = None
    difference: Difference | None = None

    @property
    def plan(self) -> FloatingPlan:
        """Its plan; an empty one where there is none."""
        return self.judged.plan if self.judged else FloatingPlan((), ())

    @property
    def drifted(self) -> bool:
        """Whether a floating tag was not where it has to be."""
        return bool(self.plan.moves or self.plan.orphans or self.plan.stuck)

    @property
    def moved(self) -> tuple[Change, ...]:
        """The changes that were made and not taken back, one a tag."""
        back = self.returned.back if self.returned else ()
        return tuple(change for tag, change in self.journal.last.items() if tag not in back)


@dataclass(frozen=True)
class Git:
    """What came of the floating tags in git. `waiting`: the image that they wait for."""

    plan: GitPlan = field(default_factory=lambda: GitPlan((), (), (), ()))
    moved: tuple[GitMove, ...] = ()
    waiting: str = ""
    error: ActionError | None = None


def sentence(result: Result) -> str:
    """What came of a package, in a few words."""
    done = ", ".join(f"{change.tag} to {target(change)}" for change in result.moved)
    if result.returned:
        back = f"put back {', '.join(result.returned.back) or 'nothing'}"
        stays = f"; {done} stays" if done else ""
        return f"{back}{stays}" + (f". It failed: {result.error}" if result.error else "")
    if result.error:
        return f"failed{f' after moving {done}' if done else ''}. {result.error}"
    if result.absent:
        return "not published yet"
    if done:
        return f"moved {done}"
    drift = [item.tag for item in result.plan.floats if not isinstance(item, Keep)]
    lacks = f", without {', '.join(sorted(held_back(result)))}" if held_back(result) else ""
    return (f"wrong: {', '.join(drift)}" if drift else "right") + lacks


def target(change: Change) -> str:
    """Where a change puts its tag: the release, where it is known."""
    return change.version.tag if isinstance(change, Move) else change.after


def report(results: tuple[Result, ...], mode: str, gate: Gate, git: Git) -> Report:
    """Check or enforce, for people and for later steps."""
    lines = [verdict(results, mode, gate)]
    if git.plan.kept or git.plan.moves or git.plan.left:
        moved, wrong = len(git.moved), len(git.plan.left) + (0 if git.moved else len(git.plan.moves))
        right = len(git.plan.kept)
        lines.append(f"In git, {count(moved, 'floating tag')} moved, {right} right and {wrong} not.")
    return Report(
        outputs=outputs(
            {
                "drift": any(result.drifted for result in results) or bool(git.plan.moves or git.plan.left),
                "plan": shortened([row for result in results for row in plan_rows(result)]),
                "plan-digest": plan_digest(results),
                "moved": [moved_row(result.package, change) for result in results for change in result.moved],
                "failed": [result.package.reference for result in results if result.error or result.plan.stuck],
                "returned": [
                    {"package": result.package.reference, "tag": tag}
                    for result in results
                    for tag in (result.returned.back if result.returned else ())
                ],
                "git-moved": [
                    {"tag": move.tag, "from": move.before, "to": move.after, "release": move.version.tag}
                    for move in git.moved
                ],
            }
        ),
        summary=summary(results, lines, mode, gate) + git_summary(git),
        lines=tuple(lines),
        findings=(
            *gate_findings(gate),
            *(finding for result in results for finding in findings_of(result, mode)),
            *git_findings(git, mode),
        ),
        exit_code=exit_code(results, mode, gate, git),
    )


def outputs(given: Mapping[str, Output]) -> dict[str, Output]:
    """Every output, those that were not given empty."""
    return {name: given.get(name) for name in OUTPUTS}


def shortened(rows: list[dict[str, Output]]) -> list[Output]:
    """A plan that fits beside a job's other outputs: where it would not, without the tags that are right."""
    whole = len(json.dumps(rows)) <= PLAN_LENGTH
    return [row for row in rows if whole or row["action"] != "keep"]


def exit_code(results: Iterable[Result], mode: str, gate: Gate, git: Git) -> ExitCode:
    """3 if something could not be judged or finished, 1 if something is wrong that this run did not mend, else 0."""
    results = tuple(results)
    if any(result.error for result in results) or git.error:
        return ExitCode.UNKNOWN
    wrong = not gate.open or any(result.plan.stuck or held_back(result) for result in results)
    if mode == "check":
        wrong = wrong or any(result.drifted for result in results) or bool(git.plan.moves or git.plan.left)
    return ExitCode.REFUSED if wrong else ExitCode.PASS


def held_back(result: Result) -> frozenset[str]:
    """Releases that a required image lacks and that keep a floating tag of it on an older one.

    An image without any release yet keeps nobody on an older one.
    """
    released = any(not isinstance(item, Orphan) for item in result.plan.floats)
    found = result.plan.findings if result.package.required and released else ()
    return frozenset(item.version for item in found if item.name == "missing-release" and item.floats)


def gate_findings(gate: Gate) -> Iterable[Finding]:
    """Why a release was not promoted."""
    for reason in gate.reasons:
        message = f"{reason} No floating tag was moved to {' or '.join(gate.releases)}."
        hint = "Publish the release whole in every required image, and run this again."
        yield Finding.of(Level.ERROR, message, hint=hint, rule="together")


def findings_of(result: Result, mode: str) -> Iterable[Finding]:
    """What a person should look at in one package."""
    name, check = result.package.reference, mode == "check"
    for problem in result.error.problems if result.error else ():
        yield Finding(Level.ERROR, problem, rule="protect-latest")
    yield from tag_findings(result, check=check)
    for text in result.returned.left if result.returned else ():
        yield Finding.of(Level.ERROR, text, hint="Run protect-latest again once the cause is mended.", rule="together")
    if result.absent and result.package.required:
        message = f"{name} is not published: the registry has no such package."
        hint = "Publish a release of it, or take it out of the configuration."
        yield Finding.of(Level.WARNING, message, hint=hint, rule="missing-package", place=result.package.place)
    for found in result.plan.findings:
        message = f"{name}: {found.message}{why_broken(result, found.version)}"
        level = Level.ERROR if found.version in held_back(result) else Level.WARNING
        yield Finding.of(level, message, hint=found.hint, rule=found.name, place=result.package.place)


def tag_findings(result: Result, *, check: bool) -> Iterable[Finding]:
    """Floating tags of one package that are or were not where they have to be."""
    name = result.package.reference
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
        message = f"{name}: {stuck.message}{why_broken(result, stuck.version.tag)}"
        yield Finding.of(Level.ERROR, message, hint=stuck.hint, rule=RULE, place=result.package.place)


def why_broken(result: Result, version: str) -> str:
    """A sentence about what a release lacks; empty when it is not there at all."""
    why = result.judged.broken.get(version, "") if result.judged else ""
    return f" Of {version}, {why}." if why else ""


def git_findings(git: Git, mode: str) -> Iterable[Finding]:
    """What a person should look at in git's floating tags."""
    check = mode == "check"
    for problem in git.error.problems if git.error else ():
        yield Finding(Level.ERROR, problem, rule="git-tags")
    for move in git.plan.moves if check else git.moved:
        hint = "Run protect-latest with mode: enforce." if check else ""
        yield Finding.of(Level.ERROR if check else Level.NOTICE, f"git: {move.reason}", hint=hint, rule="git-tags")
    if git.waiting:
        tags = ", ".join(move.tag for move in git.plan.moves)
        message = f"git: {tags} stay where they are, because {git.waiting} does not stand where it has to."
        yield Finding.of(Level.WARNING, message, hint="Mend the image, and run this again.", rule="git-tags")
    for left in git.plan.left:
        yield Finding.of(
            Level.ERROR if check else Level.WARNING, f"git: {left.message}", hint=left.hint, rule="git-tags"
        )
    for left in git.plan.debris:
        yield Finding.of(Level.WARNING, f"git: {left.message}", hint=left.hint, rule="git-tags")


def plan_digest(results: Iterable[Result]) -> str:
    """One digest over the plans of all packages."""
    digests = {result.package.reference: result.plan.digest for result in results}
    whole = json.dumps(digests, sort_keys=True, separators=(",", ":")).encode()
    return "sha256:" + hashlib.sha256(whole).hexdigest()


def plan_rows(result: Result) -> Iterable[dict[str, Output]]:
    """Every floating tag of a package as a JSON object."""
    for item in result.plan.floats:
        row: dict[str, Output] = {"package": result.package.reference, "tag": item.tag}
        match item:
            case Keep():
                row |= {"action": "keep", "from": item.digest, "to": item.digest, "release": item.version.tag}
            case Move():
                row |= {"action": "move", **move_json(item)}
            case Orphan() | Stuck():
                release = item.version.tag if isinstance(item, Stuck) else ""
                row |= {"action": "leave", "from": item.digest, "to": item.digest, "release": release}
                row |= {"reason": item.message}
        yield row


def move_json(change: Change) -> dict[str, Output]:
    """A change as a JSON object."""
    move: dict[str, Output] = {"tag": change.tag, "from": change.before, "to": change.after}
    if isinstance(change, Move):
        move |= {"release": change.version.tag, "reason": change.reason}
    return move


def moved_row(package: Package, change: Change) -> dict[str, Output]:
    """A change that was made, as a JSON object."""
    return {"package": package.reference, **move_json(change)}


def verdict(results: tuple[Result, ...], mode: str, gate: Gate) -> str:
    """The run in one sentence."""
    parts = [count(len(results), "image")]
    moved = sum(len(result.moved) for result in results)
    wrong = sum(len(result.plan.moves) for result in results)
    if mode == "check":
        parts.append(f"{count(wrong, 'floating tag')} wrong")
    elif gate.open:
        parts.append(f"{count(moved, 'floating tag')} moved")
    else:
        parts.append(f"no floating tag moved: a required image does not hold {' and '.join(gate.releases)}")
    back = sum(len(result.returned.back) for result in results if result.returned)
    left = sum(len(result.plan.orphans) for result in results)
    stuck = sum(len(result.plan.stuck) for result in results)
    failed = sum(1 for result in results if result.error)
    parts += [f"{count(back, 'floating tag')} put back"] if back else []
    parts += [f"{count(left, 'floating tag')} without a release left alone"] if left else []
    parts += [f"{count(stuck, 'floating tag')} of a release that is not fit left alone"] if stuck else []
    lacking = sum(1 for result in results if held_back(result)) if gate.open else 0
    parts += [f"{count(lacking, 'image')} without a release that floating tags wait for"] if lacking else []
    parts += [f"{count(failed, 'image')} could not be done"] if failed else []
    return ", ".join(parts) + "."


def count(number: int, what: str) -> str:
    """A number and what it counts: "1 image", "13 images"."""
    return f"{number} {what}" + ("" if number == 1 else "s")


def summary(results: tuple[Result, ...], lines: Sequence[str], mode: str, gate: Gate) -> str:
    """The job summary: a table of every floating tag of every image, and where it stands now."""
    rows = []
    for result in results:
        name = markdown.code(result.package.reference)
        if result.error or result.absent:
            rows.append([name, "", "", "", markdown.plain(sentence(result))])
        rows += [[name, markdown.code(item.tag), *cells(item, result, mode, gate)] for item in result.plan.floats]
    words = "\n\n".join(markdown.plain(line) for line in lines)
    reasons = "".join(f"* {markdown.plain(reason)}\n" for reason in gate.reasons)
    return f"## Floating tags\n\n{words}\n\n{reasons}\n{markdown.table(HEAD, rows)}\n"


def cells(item: Keep | Move | Orphan | Stuck, result: Result, mode: str, gate: Gate) -> list[str]:
    """Release, digest and result of one floating tag, as it stands at the end."""
    match item:
        case Keep():
            return [item.version.tag, short(item.digest), "right"]
        case Stuck():
            return [item.version.tag, short(item.digest), f"**not fit**: {markdown.plain(item.message)}"]
        case Orphan():
            return ["none", short(item.digest), markdown.plain(item.message)]
    done = {change.tag for change in result.moved}
    if item.tag in done:
        change = f"{short(item.before)} → {short(item.after)}"
        said = "**moved**" if not result.error else "**moved, not confirmed**"
        return [item.version.tag, change, f"{said}: {markdown.plain(item.reason)}"]
    said = "**wrong**"
    if result.returned and item.tag in result.returned.back:
        said = "**put back**"
    elif mode == "enforce":
        said = "**not moved**" if result.error or not gate.open else said
    return [item.version.tag, short(item.before), f"{said}: {markdown.plain(item.reason)}"]


def git_summary(git: Git) -> str:
    """A table of git's floating tags; empty when they were not looked at."""
    rows = [[markdown.code(tag), version.tag, "right"] for tag, version in git.plan.kept]
    done = {move.tag for move in git.moved}
    for move in git.plan.moves:
        said = "**moved**" if move.tag in done else "**wrong**"
        rows.append([markdown.code(move.tag), move.version.tag, f"{said}: {markdown.plain(move.reason)}"])
    rows += [[markdown.code(left.tag), "", markdown.plain(left.message)] for left in (*git.plan.left, *git.plan.debris)]
    return f"\n## Floating tags in git\n\n{markdown.table(['Tag', 'Release', 'Result'], rows)}\n" if rows else ""


def short(digest: str) -> str:
    """A digest for a table."""
    return markdown.code(digest.removeprefix("sha256:")[:12]) if digest else "none"
