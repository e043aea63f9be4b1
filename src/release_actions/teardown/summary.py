"""A teardown in plain sentences for the log, and as the job summary: what goes in each system, and the proof.

Decides words only. It must never say that something is gone which is not known to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from release_actions.cleanup.store import describe_version
from release_actions.runner import markdown
from release_actions.runner.report import Finding, counted
from release_actions.teardown.instructions import list_undo_commands
from release_actions.teardown.model import RefChange
from release_actions.teardown.result import TeardownResult, list_reasons

ROWS = 200
"""Rows of one table of the summary, and package versions that the log names of one package."""

FORBIDDEN = "forbidden"
"""Rule of the finding that this token may not carry any plan out: what the plan holds is then of no use in the log."""


def describe_run(result: TeardownResult, stop: Sequence[Finding], *, dry_run: bool) -> Iterable[str]:
    """The run in plain sentences, the verdict last."""
    if not (dry_run or stop):
        yield from describe_changes(result)
    elif not result.unread and not any(finding.rule == FORBIDDEN for finding in stop):
        yield from describe_plan(result, is_refused=bool(stop))
    for command in result.commands:
        yield f"In every clone: {command}"
    if result.undo_file and result.changed:
        yield f"To restore it within 30 days: rc-teardown with mode: restore and undo-file: {result.undo_file}"
    yield write_verdict(result, stop, dry_run=dry_run)


def describe_changes(result: TeardownResult) -> Iterable[str]:
    """What was changed on GitHub's releases page and in git; the log names package versions while they are deleted."""
    for release in result.done.releases:
        yield f"release {release.tag} was deleted."
    for change in result.done.refs:
        yield f"git tag {change.tag} was {describe_change(change)}. {change.reason}"


def describe_plan(result: TeardownResult, *, is_refused: bool) -> Iterable[str]:
    """What the plan holds. Only of a plan that nothing refused it is said that it would be carried out."""
    verb = "is in the plan" if is_refused else "would be deleted"
    for image in result.touched:
        going = [deletion.version for deletion in image.plan.deletions] if image.plan else []
        why = list_reasons(image)
        for version in going[:ROWS]:
            yield f"{image.path}: {describe_version(version)} {verb}. {why[version.id]}"
        if len(going) > ROWS:
            yield f"{image.path}: {len(going) - ROWS} more {'are in the plan' if is_refused else 'would be deleted'}."
    for release in result.plan.releases:
        yield f"release {release.tag} {verb}."
    for change in result.plan.refs:
        said = "is in the plan, to be" if is_refused else "would be"
        yield f"git tag {change.tag} {said} {describe_change(change)}. {change.reason}"


def describe_change(change: RefChange) -> str:
    """How a git tag changes, as the end of a verb."""
    return f"moved to {change.after[:12]}" if change.after else "deleted"


def write_verdict(result: TeardownResult, stop: Sequence[Finding], *, dry_run: bool) -> str:
    """The run in one sentence."""
    refused = f" Not changed: {', '.join(result.plan.refused)}." if result.plan.refused else ""
    if result.unread:
        unread = f"{result.unread} of {counted(len(result.images), 'package')}"
        return f"Nothing was changed: {unread} could not be read.{refused}"
    if result.empty:
        unsure = refused or any(image.outcome.error for image in result.images)
        return ("Nothing was changed." if unsure else "Nothing to tear down.") + refused
    changes = [
        f"{counted(result.planned, 'version')} in {counted(len(result.touched), 'package')}",
        counted(len(result.plan.releases), "release"),
        counted(len(result.plan.refs), "git tag"),
    ]
    whole = f"{changes[0]}, {changes[1]} and {changes[2]}"
    if stop:
        return f"The plan has {whole}.{refused} Nothing was changed."
    if dry_run:
        return f"{whole} would be deleted or moved.{refused} Nothing was changed."
    done = (
        f"{result.deleted} of {counted(result.planned, 'version')} deleted, {len(result.done.releases)} of "
        f"{counted(len(result.plan.releases), 'release')} deleted, {len(result.done.refs)} of "
        f"{counted(len(result.plan.refs), 'git tag')} deleted or moved"
    )
    gone = len(result.done.gone) + sum(len(image.outcome.gone) for image in result.images)
    done += f", {gone} already done by others" if gone else ""
    tags = sum(len(image.before) for image in result.touched)
    proof = f", {counted(tags, 'remaining tag')} unchanged" if result.done.is_proven and tags else ""
    return f"{done}{proof}.{refused}"


def write_summary(result: TeardownResult, stop: Sequence[Finding], *, dry_run: bool, repository: str) -> str:
    """The job summary: what goes in each system, the proof, and the commands."""
    head = "## Teardown of release candidates" + (" (dry run: nothing was changed)" if dry_run else "") + "\n\n"
    text = head + markdown.plain(write_verdict(result, stop, dry_run=dry_run)) + "\n\n"
    text += "".join(f"**Refused.** {markdown.plain(str(finding.problem))}\n\n" for finding in stop)
    text += "".join(
        f"**{markdown.code(refusal.candidate)} is not changed.** "
        f"{markdown.plain(f'{refusal.message} {refusal.hint}')}\n\n"
        for refusal in result.plan.refusals
    )
    rows = [
        [
            "registry",
            markdown.code(image.path),
            markdown.codes(deletion.version.tags, none="untagged"),
            shorten(deletion.version.digest),
            markdown.plain(why[deletion.version.id]),
        ]
        for image in result.touched
        for why in [list_reasons(image)]
        if image.plan
        for deletion in image.plan.deletions
    ]
    rows += [
        [
            "release",
            markdown.code(repository),
            markdown.code(release.tag),
            markdown.plain(release.name),
            "It is the candidate's page.",
        ]
        for release in result.plan.releases
    ]
    rows += [
        [
            "git",
            markdown.code(repository),
            markdown.code(change.tag),
            markdown.code(change.before[:12]) + (f" → {markdown.code(change.after[:12])}" if change.after else ""),
            markdown.plain(change.reason),
        ]
        for change in result.plan.refs
    ]
    text += write_table(
        ["System", "Where", "Tag", "Names", "Why it is in the plan" if stop else "Why it is deleted"], rows
    )
    not_done = [[markdown.code(what), markdown.plain(message)] for what, message in result.still_there]
    if not_done:
        text += "\n**Still there:**\n\n" + write_table(["What", "Why"], not_done)
    text += describe_proof(result)
    if result.commands:
        commands = "\n".join(result.commands)
        text += f"\nIn every clone, before its next `git push --tags`:\n\n```sh\n{commands}\n```\n"
    back = list_undo_commands(result.images, result.done, repository, result.kinds)
    if back:
        hand = "by hand, except for the GitHub releases" if result.done.releases else "by hand"
        body = f"With `mode: restore` and `undo-file: {result.undo_file}`, or {hand}:\n\n" if result.undo_file else ""
        body += "```sh\n" + "\n".join(back) + "\n```"
        text += "\n" + markdown.details("How to restore it within 30 days", body)
    return text


def describe_proof(result: TeardownResult) -> str:
    """Every tag that stays in the packages that are touched: what it named before and what it names now."""
    rows = []
    for image in result.touched:
        for tag, digest in sorted(image.before.items()):
            after = shorten(image.after.get(tag, "")) if image.after is not None else "not checked"
            rows.append([markdown.code(image.path), markdown.code(tag), shorten(digest), after])
    if not rows:
        return ""
    state = "unchanged" if result.done.is_proven else "not all compared"
    title = f"{counted(len(rows), 'remaining tag')}, {state}"
    return "\n" + markdown.details(title, write_table(["Package", "Tag", "Before", "After"], rows))


def write_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with a note about the rows that did not fit."""
    if not rows:
        return ""
    text = markdown.table(head, rows[:ROWS])
    return text + (f"\nand {len(rows) - ROWS} more\n" if len(rows) > ROWS else "")


def shorten(digest: str) -> str:
    """A digest as a cell, twelve digits of it."""
    return markdown.code(digest.removeprefix("sha256:")[:12]) if digest else "none"
