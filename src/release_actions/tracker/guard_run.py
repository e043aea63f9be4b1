"""Which pull requests a run is about, and what the guard says of them: for people and as a report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from release_actions.config.tracker import TrackerForm
from release_actions.errors import ExitCode, InputError
from release_actions.people.roles import Roles
from release_actions.runner import markdown
from release_actions.runner.context import Context
from release_actions.runner.envelope import Verdict
from release_actions.runner.report import Finding, Level, Output, counted
from release_actions.tracker.freeze import Freeze
from release_actions.tracker.guard_reading import GuardReader
from release_actions.tracker.guarding import (
    FreezeRules,
    GuardedPull,
    Landing,
    LandingJudgement,
    judge_files,
    judge_without_files,
)
from release_actions.tracker.model import Milestone
from release_actions.tracker.requirements import Demands

RULE = "freeze"
QUEUE = re.compile(r"gh-readonly-queue/.+/pr-([0-9]{1,9})-[0-9a-f]{40}$")
"""How GitHub names the branch of a merge group: by the pull request that it was made for. Those before it in the queue
have groups of their own, each with its own run."""


@dataclass(frozen=True)
class Judged:
    """What the guard says of a pull request."""

    pull: GuardedPull
    judgement: LandingJudgement


@dataclass(frozen=True)
class Guarded:
    """What the guard says of all pull requests of a run."""

    judged: tuple[Judged, ...]
    requests: int

    @property
    def verdict(self) -> Verdict:
        """Whether all may land."""
        landings = {each.judgement.landing for each in self.judged}
        if Landing.NO in landings:
            return Verdict.FAIL
        return Verdict.INCONCLUSIVE if Landing.UNKNOWN in landings else Verdict.PASS

    @property
    def exit_code(self) -> ExitCode:
        """1 if one may not land, 3 if that cannot be told."""
        codes = {Verdict.FAIL: ExitCode.REFUSED, Verdict.INCONCLUSIVE: ExitCode.UNKNOWN}
        return codes.get(self.verdict, ExitCode.PASS)


def find_numbers(given: int, context: Context) -> tuple[int, ...]:
    """The pull requests of the input or the event; none for a run that judges all open ones. Raises `InputError`."""
    if given:
        return (given,)
    number = (context.event.get("pull_request") or {}).get("number")
    if isinstance(number, int):
        return (number,)
    group = context.event.get("merge_group")
    if group:
        match = QUEUE.search(str(group.get("head_ref") or ""))
        if match:
            return (int(match[1]),)
        message = "The merge group of this run does not name its pull request."
        raise InputError(message, hint="Set the input pull-request.")
    return ()


def find_group_commit(context: Context) -> str:
    """The commit of the merge group that a run is about, on which the queue waits for a status; empty without one."""
    return str((context.event.get("merge_group") or {}).get("head_sha") or "")


def guard(
    reader: GuardReader,
    form: TrackerForm,
    numbers: Sequence[int],
    freeze: Freeze | None,
    milestone: Milestone | None,
    context: Context,
) -> Guarded:
    """Judge some pull requests, or all open ones where none is named."""
    demands = Demands(form, Roles(form.roles, reader.owners), context.owner)
    rules = FreezeRules(demands, freeze, milestone, context.now)
    pulls = reader.read_pulls(numbers or reader.list_open(form.guard.branches))
    judged = []
    for pull in pulls:
        judgement = judge_without_files(pull, rules)
        whole = pull if judgement else reader.read_files(pull)
        judged.append(Judged(whole, judgement or judge_files(whole, rules)))
    return Guarded(tuple(judged), reader.requests)


def list_guard_findings(guarded: Guarded) -> tuple[Finding, ...]:
    """A finding for each pull request that may not land."""
    levels = {Landing.NO: Level.ERROR, Landing.UNKNOWN: Level.WARNING}
    return tuple(
        Finding.of(levels[each.judgement.landing], describe_judged(each), hint=each.judgement.hint, rule=RULE)
        for each in guarded.judged
        if each.judgement.landing in levels
    )


def describe_judged(judged: Judged) -> str:
    """What the guard says of one pull request, as a sentence."""
    return f"{judged.pull.item.ref} {judged.judgement.why}."


def describe_guard(guarded: Guarded) -> dict[str, Output]:
    """What only this report says, as JSON values."""
    return {
        "pull-requests": [
            {
                "item": str(each.pull.item.ref),
                "title": each.pull.item.title,
                "url": each.pull.item.url,
                "base": each.pull.base,
                "head": each.pull.head,
                "kind": each.judgement.kind,
                "may-land": each.judgement.landing.value,
                "why": each.judgement.why,
            }
            for each in guarded.judged
        ],
        "requests": guarded.requests,
    }


def write_guard_summary(guarded: Guarded, freeze: str) -> str:
    """The job summary: those that may not land first."""
    order = [Landing.NO, Landing.UNKNOWN, Landing.YES]
    rows = [
        [
            f"#{each.pull.item.ref.number}",
            markdown.plain(each.pull.item.title),
            each.judgement.landing.value,
            markdown.plain(each.judgement.why),
            markdown.plain(each.judgement.hint),
        ]
        for each in sorted(guarded.judged, key=lambda each: order.index(each.judgement.landing))
    ]
    count = counted(len(guarded.judged), "pull request")
    table = markdown.table(["Number", "Title", "May land", "Why", "What to do"], rows) if rows else ""
    return markdown.cut("\n\n".join([f"## {count} judged", markdown.plain(freeze), table]))
