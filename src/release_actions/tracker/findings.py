"""What a board is reported for, each with the level that `release.yaml` gives its rule. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from release_actions.config.tracker import DEFAULT_LEVELS
from release_actions.runner.report import Finding, Level
from release_actions.tracker.differences import Difference
from release_actions.tracker.requirements import Status
from release_actions.tracker.states import UNKNOWN_KIND, FeatureState, Row

LEVELS = {"error": Level.ERROR, "warn": Level.WARNING, "info": Level.NOTICE}
HINTS = {
    "criteria": "Write them under a heading Acceptance criteria in the issue.",
    "example": "Add a folder with a README and the files that run it, and say Fixes #N in the pull request.",
    "proposal": "Link the merged proposal in the issue, and let somebody with the role approve it.",
    "tests": "Add a test, or set one of the labels in tracker.without-tests.",
    "merged": "Merge it into trunk with Fixes #N in the pull request, or take it out of the milestone.",
    "owner": "Assign somebody.",
    "nominated": "A lead of its SIG comments /nominate, and a maintainer /approve.",
}


def list_findings(
    rows: Sequence[Row], differences: Sequence[Difference], levels: Mapping[str, str]
) -> tuple[Finding, ...]:
    """All findings, the heaviest first."""
    known = {**DEFAULT_LEVELS, **levels}
    every = [*_judge_rows(rows), *((each.rule, each.message, each.hint) for each in differences)]
    findings = [
        Finding.of(LEVELS[known[rule]], message, hint=hint, rule=rule)
        for rule, message, hint in every
        if known[rule] != "off"
    ]
    order = [*Level]
    return tuple(sorted(findings, key=lambda finding: order.index(finding.level)))


def _judge_rows(rows: Sequence[Row]) -> Iterator[tuple[str, str, str]]:
    for row in rows:
        subject = f"{row.ref} ({row.title[:80]})" if row.title else f"{row.ref}"
        if row.state is FeatureState.CANNOT_TELL:
            yield (
                "cannot-tell",
                f"It cannot be told how {subject} stands: {row.why}.",
                "Give the token the right to read it.",
            )
        if row.state is FeatureState.VIOLATION:
            hint = "Take it out of the milestone, or let the roles of tracker.exception agree."
            yield "violation", f"{subject} missed the freeze: {row.why}.", hint
        if row.kind == UNKNOWN_KIND and row.title and row.state is not FeatureState.DROPPED:
            hint = "Set one of the labels in tracker.kinds. Until then it is held to what a feature needs."
            yield "unknown-kind", f"Nothing says of which kind {subject} is.", hint
        if row.state in {FeatureState.DROPPED, FeatureState.CANNOT_TELL}:
            continue
        for requirement in row.requirements:
            if requirement.status is Status.MISSING:
                yield (
                    requirement.name,
                    f"{subject} lacks {requirement.name}: {requirement.why}.",
                    HINTS[requirement.name],
                )
            elif requirement.status is Status.CANNOT_TELL:
                message = f"It cannot be told whether {subject} has {requirement.name}: {requirement.why}."
                yield "cannot-tell", message, "Commit an OWNERS file, or name the people in tracker.roles."
