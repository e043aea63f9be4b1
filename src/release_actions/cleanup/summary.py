"""The job summary of a clean-up: for each package what went and why, and its tags before and after.

It must never show as deleted what is still there, or a tag as unchanged that nobody resolved since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from release_actions.cleanup.plan import CleanupPlan
from release_actions.cleanup.plan_output import describe_freed, digest_of
from release_actions.cleanup.result import Result
from release_actions.cleanup.selection import Version
from release_actions.runner import markdown
from release_actions.runner.report import Finding, counted

ROWS = 200
"""Rows of one table of the summary."""


def write_summary(results: Sequence[Result], findings: Sequence[Finding], *, dry_run: bool) -> str:
    """The job summary: for each package what went and why, and its tags before and after."""
    # A keep rule that was understood wrongly makes the whole plan wrong: nothing of it is worth reading.
    is_moot = any(result.plan.is_moot for result in results if result.plan)
    head = "## GHCR clean-up" + (" (dry run: nothing was deleted)" if dry_run else "") + "\n\n"
    rows = [
        [
            markdown.code(result.task.path),
            str(len(result.plan.decisions)) if result.plan else "?",
            "none" if is_moot else str(result.deletions),
            str(len(result.outcome.deleted)),
            "" if is_moot else markdown.plain(freed_of(result, dry_run=dry_run)),
            markdown.plain("Refused." if findings and result.planned else state_of(result, dry_run=dry_run)),
        ]
        for result in results
    ]
    overview = markdown.table(["Package", "Versions", "Planned", "Deleted", "Freed", "State"], rows)
    limits_text = "".join(f"**Refused.** {markdown.plain(str(finding.problem))}\n\n" for finding in findings)
    if is_moot:
        return head + limits_text + overview + "\nNothing was changed.\n"
    plans = [result.plan for result in results if result.plan]
    digest = f"\nPlan: {markdown.code(digest_of(plans))}\n" if plans else ""
    return (
        head + limits_text + overview + digest + "".join(write_section(result, dry_run=dry_run) for result in results)
    )


def freed_of(result: Result, *, dry_run: bool) -> str:
    """How much one package is freed of; empty when nothing of it was deleted, or is to be."""
    if result.plan is None or not (dry_run or result.outcome.deleted):
        return ""
    return describe_freed(result.plan, whole=dry_run or result.is_whole)


def state_of(result: Result, *, dry_run: bool) -> str:
    """One package in a few words."""
    outcome = result.outcome
    if outcome.error:
        return f"Stopped: {outcome.error.problems[0].message}"
    if result.idle:
        return f"Nothing to do. {result.idle}"
    if outcome.is_interrupted or outcome.stopped:
        remaining = f"Not done: {counted(len(outcome.waiting), 'deletion')}." if result.plan else "It was not planned."
        return f"{outcome.stopped or 'Stopped by a signal.'} {remaining}"
    if outcome.check and outcome.check.broken:
        return "Restored: a tag that is kept had lost a part of its image."
    if dry_run:
        return "Planned."
    parts = [
        (len(outcome.refused), "refused"),
        (len(outcome.moved), "changed since the plan"),
        (len(outcome.waiting), "left"),
        (len(outcome.restored), "restored"),
    ]
    words = ", ".join(f"{count} {what}" for count, what in parts if count)
    return f"Done; {words}." if words else "Done."


def write_section(result: Result, *, dry_run: bool) -> str:
    """The tables of one package; empty when nothing of it was planned or held up."""
    plan, outcome, contents = result.plan, result.outcome, result.contents
    if plan is None or contents is None or not (plan.deletions or plan.blocked or plan.strips):
        return ""
    text = f"\n### {markdown.plain(plan.package)}\n\n"
    deleted = {version.id for version in (*outcome.deleted, *outcome.gone)} - {v.id for v in outcome.restored}
    kept = {item.version.id: item.message for item in outcome.not_deleted}
    unsure = {version.id for version in outcome.unsure}
    rows = []
    for deletion in plan.deletions:
        version = deletion.version
        decision = plan.by_digest[version.digest]
        there = "not known" if version.id in unsure else "still there"
        state = "planned" if dry_run else "deleted" if version.id in deleted else there
        reason = decision.reason + (f" {kept[version.id]}" if version.id in kept else "")
        rows.append([tags_of(version), digest_cell(version.digest), state, markdown.plain(reason), decision.rule])
    text += write_table(["Tags", "Digest", "State", "Why", "Rule"], rows)
    text += write_taken_table(result, dry_run=dry_run)
    before = contents.tags
    after = after_of(result, before, dry_run=dry_run)
    changed = [tag for tag in sorted({*before, *after}) if before.get(tag) != after.get(tag)]
    text += "\n" + write_table(
        ["Tag", "Before", "After" if not dry_run else "After (planned)"],
        [[markdown.code(tag), digest_cell(before.get(tag, "")), digest_cell(after.get(tag, ""))] for tag in changed],
    )
    same = [tag for tag in sorted(before) if before[tag] == after.get(tag)]
    body = write_table(
        ["Tag", "Digest", "Why it is kept"], [make_unchanged_row(plan, kept, tag, before[tag]) for tag in same]
    )
    return text + "\n" + markdown.details(f"{counted(len(same), 'tag')} that did not change", body)


def after_of(result: Result, before: Mapping[str, str], *, dry_run: bool) -> Mapping[str, str]:
    """Tag -> digest after the run: as resolved, else as far as it is known or planned."""
    outcome = result.outcome
    if outcome.check:
        # If a tag broke, all is as it was before.
        return before if outcome.check.broken else outcome.check.tags
    plan = result.plan
    planned = plan.deletions if plan else ()
    strips = plan.strips if plan and dry_run else outcome.stripped
    taken = {strip.tag for strip in strips}
    done = (*outcome.deleted, *outcome.gone)
    ids = {version.id for version in ([deletion.version for deletion in planned] if dry_run else done)}
    lost = taken | {tag for deletion in planned if deletion.version.id in ids for tag in deletion.version.tags}
    return {tag: digest for tag, digest in before.items() if tag not in lost}


def write_taken_table(result: Result, *, dry_run: bool) -> str:
    """The tags that go while their version stays; empty when there are none."""
    strips = result.plan.strips if result.plan else ()
    if not strips:
        return ""
    kept = {kept.strip.tag: kept.why for kept in result.outcome.kept}
    done = {strip.tag for strip in result.outcome.stripped}
    rows = [
        [
            markdown.code(strip.tag),
            digest_cell(strip.version.digest),
            "planned" if dry_run else "removed" if strip.tag in done else "still there",
            markdown.plain(" ".join(filter(None, (strip.because, kept.get(strip.tag))))),
            strip.rule,
        ]
        for strip in strips
    ]
    return "\n" + write_table(["Tag removed", "Digest that is kept", "State", "Why", "Rule"], rows)


def make_unchanged_row(plan: CleanupPlan, kept: Mapping[int, str], tag: str, digest: str) -> list[str]:
    """A tag that stays. `kept`: id of a version that was to go -> why it did not."""
    decision = plan.by_digest.get(digest)
    reason = ""
    if decision:
        reason = kept.get(decision.version.id, "") if decision.delete else decision.reason
    return [markdown.code(tag), digest_cell(digest), markdown.plain(reason)]


def write_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with a note about the rows that did not fit."""
    if not rows:
        return ""
    text = markdown.table(head, rows[:ROWS])
    return text + (f"\nand {len(rows) - ROWS} more\n" if len(rows) > ROWS else "")


def tags_of(version: Version) -> str:
    """The tags of a version as a cell."""
    return markdown.codes(version.tags, none="untagged")


def digest_cell(digest: str) -> str:
    """A digest as a cell, twelve digits of it."""
    return markdown.code(digest.removeprefix("sha256:")[:12]) if digest else "none"
