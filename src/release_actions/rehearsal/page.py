"""The report of a rehearsal as one Markdown page, with a diagram of its course. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from release_actions.rehearsal.change_table import format_changes
from release_actions.rehearsal.invariants import MEANING, Invariant
from release_actions.rehearsal.record import NOT_REHEARSED, Rehearsal, Step, name_page
from release_actions.rehearsal.timeline import (
    HELD,
    describe_failure,
    judge_invariant,
    list_candidate_rows,
    list_floating_rows,
)
from release_actions.runner import markdown
from release_actions.runner.report import counted


def format_page(rehearsal: Rehearsal) -> str:
    """The whole rehearsal as Markdown."""
    verdict = (
        "the release is safe in all that was rehearsed" if rehearsal.held else f"**{describe_failure(rehearsal)}**"
    )
    parts = [
        f"# Rehearsal: {markdown.plain(rehearsal.name)}\n",
        f"{counted(len(rehearsal.steps), 'step')} in {rehearsal.seconds:.1f} s with seed {rehearsal.seed}"
        + (f" and faults {markdown.code(rehearsal.faults)}" if rehearsal.faults else "")
        + f": {verdict.rstrip('.')}.\n",
        f"Not rehearsed: {', '.join(NOT_REHEARSED)}.\n",
        *format_failures(rehearsal),
        *format_candidate(rehearsal),
        "## Invariants\n",
        markdown.table(
            ["Invariant", "Meaning", "Result"],
            (
                [
                    markdown.code(invariant.value),
                    markdown.plain(MEANING[invariant]),
                    mark_broken(rehearsal, invariant),
                ]
                for invariant in Invariant
            ),
        ),
        "## What the floating tags named\n",
        format_rows(list_floating_rows(rehearsal)),
        "## Course\n",
        format_diagram(rehearsal),
        "## Steps\n",
        *(format_step(step) for step in rehearsal.steps),
    ]
    return "\n".join(parts)


def format_failures(rehearsal: Rehearsal) -> Iterator[str]:
    """Which actions failed, why, and what to do."""
    for step in rehearsal.steps:
        if step.failure:
            yield f"> **Step {step.number}: {markdown.plain(step.failure)}** {markdown.plain(step.hint)}\n"


def format_candidate(rehearsal: Rehearsal) -> Iterator[str]:
    """What each tag that a candidate may touch named, before it and after each step of its life."""
    if rehearsal.candidate_tags:
        yield f"## What the tags of {markdown.plain(rehearsal.candidate_tags[-1])} named\n"
        yield format_rows(list_candidate_rows(rehearsal))


def format_rows(rows: Sequence[Sequence[str]]) -> str:
    """Rows as a Markdown table; the first one is its head."""
    head, *body = rows
    return markdown.table(head, ([row[0], *(markdown.plain(cell) for cell in row[1:])] for row in body))


def mark_broken(rehearsal: Rehearsal, invariant: Invariant) -> str:
    """The verdict on an invariant, bold where it broke."""
    verdict = judge_invariant(rehearsal, invariant)
    return verdict if verdict == HELD else f"**{markdown.plain(verdict)}**"


def format_diagram(rehearsal: Rehearsal) -> str:
    """The course of the rehearsal as a Mermaid flowchart: a box a step, coloured by how it ended."""
    lines = ["```mermaid", "flowchart TD"]
    for step in rehearsal.steps:
        state = "broken" if step.problems else "today" if step.violations or step.remaining else "held"
        moved = sorted({change.tag for change in step.changes if change.tag in rehearsal.floating})
        text = escape_label(f"{step.number}. {step.title}")
        text += f"<br/>moved: {escape_label(', '.join(moved))}" if moved else ""
        lines.append(f'    s{step.number}["{text}"]:::{state}')
    lines += [
        f"    s{before.number} --> s{after.number}"
        for before, after in zip(rehearsal.steps, rehearsal.steps[1:], strict=False)
    ]
    lines += [
        "    classDef held fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
        "    classDef today fill:#fff8c5,stroke:#9a6700,color:#1f2328",
        "    classDef broken fill:#ffebe9,stroke:#cf222e,color:#1f2328",
        "```",
        "",
        "Green: every invariant held. Yellow: wrong, as the scenario says. Red: the step failed.",
        "",
    ]
    return "\n".join(lines)


def escape_label(text: str) -> str:
    """Text of a scenario inside a quoted Mermaid label: nothing in it is markup."""
    return "".join(f"#{ord(character)};" if character in '"#<>`&' else character for character in text)


def format_step(step: Step) -> str:
    """One step: what ran, what failed, and its changes, the same change of several packages once."""
    parts = [f"### {step.number}. {markdown.plain(step.title)}\n"]
    if step.runs:
        rows = (
            [markdown.code(run.name), markdown.plain(run.result), str(run.exit_code), f"{run.seconds:.1f}"]
            for run in step.runs
        )
        parts.append(markdown.table(["Ran", "Result", "Exit", "Seconds"], rows))
    links = [f"[{markdown.plain(title)}]({name_page(step, number)})" for number, title in enumerate(step.pages, 1)]
    if links:
        parts.append(f"Pages of the release: {', '.join(links)}.\n")
    parts += [f"> **{markdown.plain(problem)}**\n" for problem in step.problems]
    expected = [
        f"{markdown.code(name.value)} ({counted(step.broken[name], 'tag')})"
        for name in step.breaks
        if step.broken[name]
    ]
    if expected:
        parts.append(f"Broken, as the scenario says: {', '.join(expected)}.\n")
    parts += format_changes(step.changes) if step.changes else ["No tag changed.\n"]
    return "\n".join(part for part in parts if part)
