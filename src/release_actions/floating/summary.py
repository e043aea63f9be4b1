"""Floating tags for people: sentences for the log, tables for the job summary. Decides nothing but the words."""

from __future__ import annotations

from collections.abc import Sequence

from release_actions.floating.journal import TagChange
from release_actions.floating.outcome import GitResult, PackageResult, find_held_back
from release_actions.floating.plan import Keep, Move, Orphan, Stuck
from release_actions.floating.promotion import PromotionGate
from release_actions.floating.run import Mode
from release_actions.runner import markdown
from release_actions.runner.report import counted

HEAD = ("Image", "Floating tag", "Release", "Digest", "Result")


def describe(result: PackageResult) -> str:
    """What came of a package, in a few words."""
    done = ", ".join(f"{change.tag} to {describe_target(change)}" for change in result.moved)
    if result.roll_back:
        back = f"put back {', '.join(result.roll_back.back) or 'nothing'}"
        unchanged = f"; {done} stays" if done else ""
        return f"{back}{unchanged}" + (f". It failed: {result.error}" if result.error else "")
    if result.error:
        return f"failed{f' after moving {done}' if done else ''}. {result.error}"
    if result.absent:
        return "not published yet"
    if done:
        return f"moved {done}"
    drift = [item.tag for item in result.plan.floats if not isinstance(item, Keep)]
    lacks = f", without {', '.join(sorted(find_held_back(result)))}" if find_held_back(result) else ""
    return (f"wrong: {', '.join(drift)}" if drift else "right") + lacks


def describe_target(change: TagChange) -> str:
    """Where a change puts its tag: the release, where it is known."""
    return change.version.tag if isinstance(change, Move) else change.after


def write_verdict(results: tuple[PackageResult, ...], mode: Mode, gate: PromotionGate) -> str:
    """The run in one sentence."""
    parts = [counted(len(results), "image")]
    moved = sum(len(result.moved) for result in results)
    wrong = sum(len(result.plan.moves) for result in results)
    if mode is Mode.CHECK:
        parts.append(f"{counted(wrong, 'floating tag')} wrong")
    elif gate.is_open:
        parts.append(f"{counted(moved, 'floating tag')} moved")
    else:
        parts.append(f"no floating tag moved: a required image does not have {' and '.join(gate.releases)}")
    back = sum(len(result.roll_back.back) for result in results if result.roll_back)
    orphans = sum(len(result.plan.orphans) for result in results)
    stuck = sum(len(result.plan.stuck) for result in results)
    failed = sum(1 for result in results if result.error)
    parts += [f"{counted(back, 'floating tag')} put back"] if back else []
    parts += [f"{counted(orphans, 'floating tag')} without a release not changed"] if orphans else []
    parts += [f"{counted(stuck, 'floating tag')} of a release that is not fit not changed"] if stuck else []
    lacking = sum(1 for result in results if find_held_back(result)) if gate.is_open else 0
    parts += [f"{counted(lacking, 'image')} without a release that floating tags need"] if lacking else []
    parts += [f"{counted(failed, 'image')} failed"] if failed else []
    return ", ".join(parts) + "."


def summarize(results: tuple[PackageResult, ...], lines: Sequence[str], mode: Mode, gate: PromotionGate) -> str:
    """The job summary: a table of every floating tag of every image, and where it stands now."""
    rows = []
    for result in results:
        name = markdown.code(result.package.label)
        if result.error or result.absent:
            rows.append([name, "", "", "", markdown.plain(describe(result))])
        rows += [[name, markdown.code(item.tag), *make_cells(item, result, mode, gate)] for item in result.plan.floats]
    words = "\n\n".join(markdown.plain(line) for line in lines)
    reasons = "".join(f"* {markdown.plain(reason)}\n" for reason in gate.reasons)
    return f"## Floating tags\n\n{words}\n\n{reasons}\n{markdown.table(HEAD, rows)}\n"


def make_cells(item: Keep | Move | Orphan | Stuck, result: PackageResult, mode: Mode, gate: PromotionGate) -> list[str]:
    """Release, digest and result of one floating tag, as it stands at the end."""
    match item:
        case Keep():
            return [item.version.tag, shorten_digest(item.digest), "right"]
        case Stuck():
            return [item.version.tag, shorten_digest(item.digest), f"**not trusted**: {markdown.plain(item.message)}"]
        case Orphan():
            return ["none", shorten_digest(item.digest), markdown.plain(item.message)]
    done = {change.tag for change in result.moved}
    if item.tag in done:
        change = f"{shorten_digest(item.before)} → {shorten_digest(item.after)}"
        said = "**moved**" if not result.error else "**moved, not confirmed**"
        return [item.version.tag, change, f"{said}: {markdown.plain(item.reason)}"]
    said = "**wrong**"
    if result.roll_back and item.tag in result.roll_back.back:
        said = "**put back**"
    elif mode is Mode.ENFORCE:
        said = "**not moved**" if result.error or not gate.is_open else said
    return [item.version.tag, shorten_digest(item.before), f"{said}: {markdown.plain(item.reason)}"]


def summarize_git(git: GitResult) -> str:
    """A table of git's floating tags; empty when they were not looked at."""
    rows = [[markdown.code(tag), version.tag, "right"] for tag, version in git.plan.kept]
    done = {move.tag for move in git.moved}
    for move in git.plan.moves:
        said = "**moved**" if move.tag in done else "**wrong**"
        rows.append([markdown.code(move.tag), move.version.tag, f"{said}: {markdown.plain(move.reason)}"])
    rows += [[markdown.code(tag.tag), "", markdown.plain(tag.message)] for tag in (*git.plan.unmoved, *git.plan.debris)]
    return f"\n## Floating tags in git\n\n{markdown.table(['Tag', 'Release', 'Result'], rows)}\n" if rows else ""


def shorten_digest(digest: str) -> str:
    """A digest for a table."""
    return markdown.code(digest.removeprefix("sha256:")[:12]) if digest else "none"
