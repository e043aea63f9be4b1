"""What is missing from a comparison: a baseline, results, groups and metrics. In words, with what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from release_actions.errors import Place
from release_actions.performance.broken_findings import HINT_BROKEN_CANDIDATE
from release_actions.performance.groups import Group, Key, has_settings, nearest_key
from release_actions.performance.judging import Comparison
from release_actions.performance.reading import Results
from release_actions.performance.rules import Rules
from release_actions.runner.report import Finding, Level, counted

SHOWN_FILES = 5


def no_baseline(missing: str) -> Iterator[Finding]:
    """A baseline that could not be had, and why."""
    if missing:
        hint = (
            "Attach the report of this run to its release, so that the next release has a baseline. For this one, "
            "measure the release before and name its results as baseline."
        )
        yield Finding.of(Level.ERROR, missing, hint=hint, rule="no-baseline")


def files_that_gave_nothing(results: Results, side: str) -> Iterator[Finding]:
    """Broken files, and files that were passed over."""
    for unused in results.unreadable:
        yield Finding.of(
            Level.ERROR,
            f"A result of the {side} cannot be read: {unused.reason}.",
            hint="Run the benchmark again, or take the file out if it is no result.",
            place=Place(unused.file),
            rule="unreadable",
        )
    if results.ignored:
        names = "; ".join(f"{unused.file}: {unused.reason}" for unused in results.ignored[:SHOWN_FILES])
        rest = len(results.ignored) - SHOWN_FILES
        more = f"; and {rest} more" if rest > 0 else ""
        message = f"{counted(len(results.ignored), 'file')} of the {side} gave no run. {names}{more}."
        yield Finding.of(Level.NOTICE, message, rule="ignored-file")


def unmatched_groups(groups: Sequence[Group], rules: Rules) -> Iterator[Finding]:
    """Groups that only one side has, with the nearest one of the other side."""
    level = rules.level_of("unmatched")
    for group in groups:
        if group.is_paired or level is None:
            continue
        side, other = ("baseline", "candidate") if group.baseline else ("candidate", "baseline")
        partners = [item.key for item in groups if (item.candidate if group.baseline else item.baseline)]
        message = f"Only the {side} has runs of: {group.title}."
        yield Finding.of(level, message, hint=hint_of_nearest(group.key, partners, other), rule="unmatched")


def hint_of_nearest(key: Key, partners: Sequence[Key], other: str) -> str:
    """Which settings keep a group from its likely partner."""
    nearest = nearest_key(key, partners)
    if nearest is None:
        return f"Run the same benchmark for the {other}, or leave these runs out."
    partner, names = nearest
    ours, theirs = dict(key), dict(partner)
    differences = "; ".join(
        f"{name} is {ours.get(name, 'not named')}, there {theirs.get(name, 'not named')}" for name in names
    )
    return f"The nearest group of the {other} differs: {differences}."


def required_groups(groups: Sequence[Group], rules: Rules) -> Iterator[Finding]:
    """Required groups that were not compared."""
    for wanted in rules.required:
        if not any(group.is_paired and has_settings(group.key, wanted) for group in groups):
            words = ", ".join(f"{name} {value}" for name, value in wanted.items())
            message = f"The rules require a comparison of {words}, and the two sides have none."
            hint = "Run that benchmark for both sides, or take it out of performance.required in release.yaml."
            yield Finding.of(Level.ERROR, message, hint=hint, rule="required-group")


def required_metrics(comparisons: Sequence[Comparison], rules: Rules) -> Iterator[Finding]:
    """Required metrics that no group compares."""
    compared = {comparison.rule.name for comparison in comparisons}
    for rule in rules.metrics.values():
        if rule.is_required and rule.name not in compared:
            message = f"The rules require {rule.name}, and no group has it."
            yield Finding.of(Level.ERROR, message, hint="Check its name against the results.", rule="required-metric")
    for comparison in comparisons:
        name = comparison.rule.name
        is_required = name in rules.metrics and rules.metrics[name].is_required
        # A comparison that decides fails by itself.
        if is_required and not comparison.rule.is_gated and not comparison.candidate:
            message = f"The rules require {name}, and no run of the candidate has it in {comparison.group.title}."
            yield Finding.of(Level.ERROR, message, hint=HINT_BROKEN_CANDIDATE, rule="required-metric")
