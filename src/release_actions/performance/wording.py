"""Comparisons in words and numbers for people: changes, intervals, sentences. Pure text, no Markdown."""

from __future__ import annotations

import math

from release_actions.performance.judging import Comparison, median_of
from release_actions.runner.envelope import Verdict


def number(value: float) -> str:
    """A value with four significant digits."""
    if not math.isfinite(value):
        return str(value)
    rounded = float(f"{value:.4g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 1000 else f"{rounded:g}"  # noqa: PLR2004  # digits, not a limit


def signed(change: float | None) -> str:
    """A change in percent: `+3.2 %`."""
    return "" if change is None else f"{100 * change:+.1f} %"


def interval(comparison: Comparison) -> str:
    """The interval of the change: `-1.0 % to +4.2 %`."""
    if comparison.interval is None:
        return ""
    low, high = comparison.interval
    return f"{signed(low)} to {signed(high)}"


def median(values: tuple[float, ...], unit: str) -> str:
    """The median of one side with its unit."""
    return f"{number(median_of(values))} {unit}".strip() if values else ""


def tolerance(comparison: Comparison) -> str:
    """What is allowed: `at most +5 %`, `at least -5 %`."""
    part = f"{100 * comparison.rule.tolerance:g} %"
    return f"at most +{part}" if comparison.rule.direction == "lower" else f"at least -{part}"


def verdict_word(comparison: Comparison) -> str:
    """The verdict as a word, with the mark of an improvement."""
    if comparison.is_improved:
        return "pass, improved"
    return comparison.verdict.value


def sentence(comparison: Comparison) -> str:
    """What is known, without the full stop."""
    name, title = comparison.rule.name, comparison.group.title
    if comparison.change is None:
        return f"{name} cannot be compared in {title}: {comparison.reason}"
    size = f"{name} changed by {signed(comparison.change)}"
    if comparison.interval:
        size += f" ({interval(comparison)})"
    allowed = f"{tolerance(comparison)} is allowed"
    if comparison.verdict is Verdict.INCONCLUSIVE:
        return f"{size} in {title}; {allowed}, and that is not decided: {comparison.reason}"
    return f"{size} in {title}; {allowed}"
