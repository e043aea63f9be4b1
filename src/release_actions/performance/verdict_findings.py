"""What is said about the verdicts of single comparisons, and about waivers: in words, with what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from release_actions.performance.broken_findings import HINT_BROKEN_CANDIDATE
from release_actions.performance.judging import SURPRISE, Comparison
from release_actions.performance.rules import Rules, Waiver
from release_actions.runner.envelope import Verdict
from release_actions.runner.report import Finding, Level, counted


def findings_of_verdict(comparison: Comparison, words: str, waiver: Waiver | None, rules: Rules) -> Iterator[Finding]:
    """One finding for a comparison that is not a plain pass. `words`: the comparison as a sentence without its end."""
    if waiver is not None:
        message = f"{words}. {waiver.who} waives it until {waiver.until.isoformat()}: {waiver.why}"
        yield Finding.of(Level.WARNING, message, rule="waived")
    elif comparison.verdict is Verdict.FAIL:
        rule = "broken-candidate" if comparison.is_broken else "slower"
        yield Finding.of(Level.ERROR, f"{words}.", hint=hint_of_failure(comparison), rule=rule)
    elif comparison.verdict is Verdict.INCONCLUSIVE:
        rule = "broken-baseline" if comparison.is_broken else "inconclusive"
        yield Finding.of(Level.ERROR, f"{words}.", hint=hint_of_doubt(comparison, rules), rule=rule)
    elif comparison.is_improved:
        level = Level.WARNING if -(comparison.worse_by or 0) > SURPRISE else Level.NOTICE
        hint = "Verify it: large improvements are often broken runs or less work."
        yield Finding.of(level, f"{words}.", hint=hint, rule="improved")


def hint_of_failure(comparison: Comparison) -> str:
    """What to do about a failure."""
    if comparison.is_broken:
        return HINT_BROKEN_CANDIDATE
    return "Find the change that did it, or accept it with a waiver in performance.waivers of release.yaml."


def hint_of_doubt(comparison: Comparison, rules: Rules) -> str:
    """What would decide it."""
    if comparison.is_broken and comparison.baseline and not comparison.candidate:
        return "Measure the candidate again so that its results have the metric, or set required for it to fail."
    if comparison.is_broken:
        return "Measure the baseline again."
    if not rules.look_alpha:
        return "Measure both sides again: looks at new runs count from 1."
    if comparison.more_runs is None:
        return (
            "No sensible number of runs decides this: the change lies at the tolerance, or the runs differ too much. "
            "Mode suggest says which tolerance such runs can resolve."
        )
    advice = f"About {counted(comparison.more_runs, 'more run')} on each side would decide."
    return f"{advice} {hint_of_next_look(rules)}" if comparison.can_decide else advice


def hint_of_next_look(rules: Rules) -> str:
    """What judging again with more runs means for the rate of false alarms."""
    if rules.has_next_look:
        return "Judge again with these and the new ones: another look is planned."
    return (
        "To add runs and judge again is a further look, which raises the rate of false alarms: plan it with "
        f"performance.looks {rules.looks + 1} and measure both sides again."
    )


def expired_waivers(waivers: Sequence[Waiver], today: date) -> Iterator[Finding]:
    """Waivers whose last day has passed."""
    for waiver in waivers:
        if waiver.until < today:
            message = f"The waiver for {waiver.metric} by {waiver.who} ended on {waiver.until.isoformat()}."
            hint = "Take it out of performance.waivers, or renew it with a reason."
            yield Finding.of(Level.WARNING, message, hint=hint, rule="expired-waiver")
