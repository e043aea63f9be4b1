"""The job summary: a table per group and metric, the worst first, bars, and what is said besides. Markdown, pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from release_actions.performance import wording
from release_actions.performance.comparing import Judged, Outcome
from release_actions.performance.document import work_of_side
from release_actions.performance.judging import Comparison
from release_actions.performance.model import Run
from release_actions.performance.suggesting import RUN_COUNTS, Suggestion
from release_actions.runner import markdown
from release_actions.runner.envelope import Verdict
from release_actions.runner.report import counted

MARKS = {Verdict.PASS: "✅", Verdict.WARN: "⚠️", Verdict.FAIL: "❌", Verdict.INCONCLUSIVE: "❔"}

HEADLINES = {
    Verdict.PASS: "The candidate is not slower than the tolerances allow.",
    Verdict.WARN: "The candidate is not slower than the tolerances allow. Read the warnings.",
    Verdict.FAIL: "The candidate is slower than the tolerances allow, or its runs cannot be trusted.",
    Verdict.INCONCLUSIVE: "These runs do not decide whether the candidate is slower.",
}

HEAD = ("Group", "Metric", "Baseline", "Candidate", "Change", "Interval", "Allowed", "Verdict", "Runs", "p (Holm)")
SHOWN_ROWS = 200
SHOWN_FILES = 6
SHORT = 12
"""Digits of a commit."""

BAR_ROWS = 30
BAR_WIDTH = 41
"""Characters of a bar, odd, so that no change is in the middle."""


def summary(outcome: Outcome, *, title: str) -> str:
    """The whole summary."""
    parts = [f"## {MARKS[outcome.verdict]} {markdown.plain(title)}", HEADLINES[outcome.verdict]]
    if outcome.gated:
        parts.append(table(outcome.gated))
        parts.append(comparisons_note(outcome))
        parts.append(bars(outcome.gated))
    remarks = list(remarks_of(outcome))
    if remarks:
        parts.append("### Remarks\n\n" + "\n".join(f"- {remark}" for remark in remarks))
    if outcome.groups:
        parts.append(markdown.details("What was compared", sides_table(outcome)))
    if outcome.reported:
        parts.append(markdown.details("Metrics that are only reported", reported_table(outcome.reported)))
    return "\n\n".join(part for part in parts if part) + "\n"


def table(judged: Sequence[Judged]) -> str:
    """A row a comparison."""
    rows = [row_of(item) for item in judged[:SHOWN_ROWS]]
    text = markdown.table(HEAD, rows)
    rest = len(judged) - SHOWN_ROWS
    return text if rest <= 0 else f"{text}\nAnd {rest} more, each better than these, in the report.\n"


def row_of(item: Judged) -> list[str]:
    """The cells of one comparison."""
    comparison = item.comparison
    word = wording.verdict_word(comparison)
    waived = f" (waived by {markdown.plain(item.waiver.who)})" if item.waiver else ""
    more = f", {counted(comparison.more_runs, 'more run')} on each side" if comparison.more_runs else ""
    return [
        markdown.plain(comparison.group.title),
        markdown.code(comparison.rule.name),
        wording.median(comparison.baseline, comparison.rule.unit),
        wording.median(comparison.candidate, comparison.rule.unit),
        wording.signed(comparison.change),
        wording.interval(comparison),
        wording.tolerance(comparison),
        f"{MARKS[item.verdict]} {word}{more}{waived}",
        f"{len(comparison.baseline)}+{len(comparison.candidate)}",
        "" if item.adjusted_p is None else f"{item.adjusted_p:.3g}",
    ]


def comparisons_note(outcome: Outcome) -> str:
    """How many comparisons were made, and what p means."""
    alpha = f"{100 * outcome.rules.look_alpha:.3g} %"
    return (
        f"{counted(len(outcome.gated), 'comparison')} decide. Medians are shown; the change is Hodges and Lehmann's "
        f"ratio, its interval is exact at alpha {alpha}. p is of *worse by more than the tolerance*, adjusted for the "
        f"number of comparisons. {look_of(outcome)}"
    )


def look_of(outcome: Outcome) -> str:
    """Which look this is, and what the plan allows."""
    number, planned = outcome.rules.look.number, outcome.rules.looks
    known = "as far as is known" if number == 1 else "by the report of an earlier one"
    return f"This is look {number} of {planned} planned at these runs, {known}."


def bars(judged: Sequence[Judged]) -> str:
    """Intervals of "worse by" against the tolerance as text, which every summary shows."""
    shown = [item.comparison for item in judged if item.comparison.interval][:BAR_ROWS]
    if not shown:
        return ""
    widest = max(
        max(abs(100 * part) for part in (*item.interval, item.rule.tolerance)) for item in shown if item.interval
    )
    scale = max(widest, 1.0)
    width = max(len(item.rule.name) for item in shown)
    lines = [f"{item.rule.name:<{width}} {bar(item, scale)}" for item in shown]
    legend = f"{'':<{width}} {f'-{scale:.0f} %':<{BAR_WIDTH // 2}}0{f'+{scale:.0f} %':>{BAR_WIDTH // 2}}"
    return (
        "```text\n" + "\n".join([*lines, legend]) + "\n```\n\n`|` is the tolerance, `=` the interval, `o` the change."
    )


def bar(comparison: Comparison, scale: float) -> str:
    """One interval: `....|....===o==........`."""

    def place(change: float) -> int:
        middle = BAR_WIDTH // 2
        return min(max(round(middle + middle * 100 * change / scale), 0), BAR_WIDTH - 1)

    cells = ["."] * BAR_WIDTH
    low, high = comparison.interval or (0.0, 0.0)
    for cell in range(place(low), place(high) + 1):
        cells[cell] = "="
    cells[place(limit_of(comparison))] = "|"
    if comparison.change is not None:
        cells[place(comparison.change)] = "o"
    return "".join(cells)


def limit_of(comparison: Comparison) -> float:
    """The tolerance as a change of the value."""
    rule = comparison.rule
    return rule.tolerance if rule.direction == "lower" else -rule.tolerance


def remarks_of(outcome: Outcome) -> Iterator[str]:
    """Findings that are no row of the table, and declared warm-ups."""
    in_table = {"slower", "inconclusive", "waived", "improved"}
    for finding in outcome.findings:
        if finding.rule not in in_table:
            yield f"{finding.level.value}: {markdown.plain(str(finding.problem))}"
    if outcome.warm_ups:
        sources = ", ".join(markdown.code(str(run.source)) for run in outcome.warm_ups[:BAR_ROWS])
        yield f"{counted(len(outcome.warm_ups), 'run')} declared as warm-up and not counted: {sources}"


def reported_table(comparisons: Sequence[Comparison]) -> str:
    """A row a metric that decides nothing."""
    rows = [
        [
            markdown.plain(item.group.title),
            markdown.code(item.rule.name),
            wording.median(item.baseline, item.rule.unit),
            wording.median(item.candidate, item.rule.unit),
            wording.signed(item.change),
            wording.interval(item),
        ]
        for item in comparisons[:SHOWN_ROWS]
    ]
    return markdown.table(HEAD[:6], rows)


def sides_table(outcome: Outcome) -> str:
    """A row a side of a group: commits, engines, runners and files."""
    rows = [
        [
            markdown.plain(group.title),
            side,
            str(len(runs)),
            markdown.codes(dict.fromkeys(run.commit[:SHORT] for run in runs if run.commit), none=""),
            markdown.codes(dict.fromkeys(run.engine for run in runs if run.engine), none=""),
            markdown.codes(dict.fromkeys(run.runner for run in runs if run.runner), none=""),
            markdown.plain(work_of(runs)),
            markdown.codes(files_of(runs), none=""),
        ]
        for group in outcome.groups[:SHOWN_ROWS]
        for side, runs in (("baseline", group.baseline), ("candidate", group.candidate))
        if runs
    ]
    return markdown.table(("Group", "Side", "Runs", "Commit", "Engine", "Runner", "A request", "Files"), rows)


def work_of(runs: Sequence[Run]) -> str:
    """What a request had in the runs of a side: `1,024 input tokens, 250 to 256 output tokens`."""
    texts = []
    for name, (least, most) in work_of_side(runs).items():
        low, high = f"{least:,.0f}", f"{most:,.0f}"
        texts.append(f"{low if low == high else f'{low} to {high}'} {name}")
    return ", ".join(texts)


def files_of(runs: Sequence[Run]) -> list[str]:
    """The files of some runs, the first few."""
    files = list(dict.fromkeys(run.source.file for run in runs))
    return files if len(files) <= SHOWN_FILES else [*files[:SHOWN_FILES], f"and {len(files) - SHOWN_FILES} more"]


def suggestions(items: Sequence[Suggestion]) -> str:
    """The table of `suggest`."""
    head = ("Group", "Metric", "Runs", "Spread", *(f"{count} runs" for count in RUN_COUNTS), "For the rule")
    rows = []
    for item in items:
        tolerances = dict(item.tolerances)
        needed = f"{item.runs_for_rule} runs" if item.runs_for_rule else "no number of runs"
        rows.append(
            [
                markdown.plain(item.group.title),
                markdown.code(item.rule.name),
                str(item.runs),
                "too few runs" if item.spread is None else f"{100 * item.spread:.1f} %",
                *(f"{100 * tolerances[count]:.1f} %" if count in tolerances else "" for count in RUN_COUNTS),
                "" if item.spread is None else f"{100 * item.rule.tolerance:g} %: {needed}",
            ]
        )
    note = (
        "Each cell is the smallest tolerance that an unchanged candidate passes in 80 % of the cases, with so "
        "many runs on each side. A smaller one ends as inconclusive."
    )
    return f"## Tolerances that these runs can resolve\n\n{markdown.table(head, rows)}\n{note}\n"
