"""The limits that a caller sets on a plan: it is carried out whole or not at all.

It must never let a plan pass because a part of it is small.
"""

from __future__ import annotations

from collections.abc import Sequence

from release_actions.cleanup.prefixes import learn_prefixes
from release_actions.cleanup.result import Result
from release_actions.runner.report import Finding, Level, counted

MOST = 20_000
"""Deletions of one run at most: their ids have to fit into the output `undo`, and no job lasts long enough for more."""

LOOK = "Check the plan. If it is right, "


def find_unranked(result: Result) -> list[Finding]:
    """Why a plan is not carried out that deletes tags which its rule should rank and cannot."""
    prefixes = learn_prefixes(result.contents.tags) if result.contents else ()
    shown = ", ".join(f"{prefix}X.Y.Z" for prefix in prefixes) or "none of these tags is a version"
    return [
        Finding.of(
            Level.ERROR,
            f"{result.task.path}: keep-n-per-line of {rule} keeps releases, and the rule also selects "
            f"{counted(len(tags), 'tag')} that {'is' if len(tags) == 1 else 'are'} not, such as {tags[0]}. "
            f"Nothing was changed.",
            hint=f"Tags of releases look like this here: {shown}. To delete these tags, also set keep-n: 0 keeps none "
            "of them, "
            "1 keeps the newest. To keep them, let delete-tags select only releases.",
            rule="keep-n-per-line",
        )
        for rule, tags in (result.plan.unranked.items() if result.plan else ())
    ]


def find_misranked(result: Result) -> list[Finding]:
    """Why a plan is not carried out whose rule keeps a tag as the newest and deletes one with higher numbers."""
    return [
        Finding.of(
            Level.ERROR,
            f"{result.task.path}: keep-n of {rule} keeps {kept}, which was pushed last, and deletes {deleted}, whose "
            "number is higher. Nothing was changed.",
            hint="These tags are not versions of three numbers, so keep-n ranks them by when their image was pushed. "
            "Name those to keep in exclude-tags, or those to delete in delete-tags without keep-n.",
            rule="keep-n",
        )
        for rule, (kept, deleted) in (result.plan.misranked.items() if result.plan else ())
    ]


def find_excess(results: Sequence[Result], max_deletions: int | None, max_share: int | None) -> list[Finding]:
    """Why the plan is too large to be carried out; nothing of it is then."""
    findings = [finding for result in results for finding in (*find_unranked(result), *find_misranked(result))]
    for result in results:
        there = len(result.plan.decisions) if result.plan else 0
        if max_share is not None and result.planned * 100 > max_share * there:
            tags = " or their tags" if result.planned > result.deletions else ""
            share = f"{result.planned} of {there} versions{tags}, more than the {max_share}% that are allowed"
            message = f"The plan of {result.task.path} deletes {share}. Nothing was deleted."
            findings.append(Finding.of(Level.ERROR, message, hint=LOOK + "raise max-share.", rule="max-share"))
    planned = sum(result.planned for result in results)
    most = MOST if max_deletions is None else min(MOST, max_deletions)
    if planned <= most:
        return findings
    tags = " or tags" if any(result.planned > result.deletions for result in results) else ""
    message = f"The plan deletes {planned} versions{tags}, more than the {most} that are allowed. Nothing was deleted."
    hint = f"{LOOK}raise max-deletions" + (
        "." if most < MOST else f", up to {MOST} a run, or narrow the rules and run it several times."
    )
    return [*findings, Finding.of(Level.ERROR, message, hint=hint, rule="max-deletions")]
