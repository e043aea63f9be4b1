"""Tells a rehearsal to people: a timeline in the terminal while it runs, and one Markdown page afterwards. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from release_actions.rehearsal.invariants import MEANING, Invariant, short
from release_actions.rehearsal.record import Change, Rehearsal, Run, Step
from release_actions.runner import markdown
from release_actions.runner.report import counted

ROWS = 8
"""Tags of one package that the timeline shows after a step."""

SENTENCES = 4
"""Sentences about one broken invariant that the timeline shows after a step; report.md has all."""

ATTACHMENT = "sha256-"
"""Tags of signatures, which the timeline leaves out: they follow their image."""

HELD, BROKEN, EXPECTED = "held", "BROKEN", "broken, as today"


def heading(number: int, total: int, title: str, at: str) -> str:
    """The line that opens a step."""
    return f"\n[{number}/{total}] {title}  ({at})"


def running(run: Run) -> str:
    """The line of one action that has ended."""
    exit_code = f"  exit {run.exit_code}" if run.exit_code else ""
    return f"    {run.name:<18}{run.result}{exit_code}  ({run.seconds:.1f} s)"


def outcome(step: Step) -> Iterator[str]:
    """What a step changed, a table a package, and whether the invariants hold."""
    for package, changes in by_package(step.changes):
        yield f"    {package}"
        rows = [change for change in changes if not change.tag.startswith(ATTACHMENT)]
        shown = rows if len(rows) <= ROWS else rows[: ROWS - 1]
        width = max((len(change.tag) for change in shown), default=0)
        for change in shown:
            before, after = named(change.before, change.before_name), named(change.after, change.after_name)
            yield f"      {change.tag:<{width}}  {before} -> {after}  {change.why}"
        if len(rows) > len(shown):
            yield f"      and {len(rows) - len(shown)} more; report.md has them all"
    if not step.changes:
        yield "    no tag changed"
    for invariant in Invariant:
        count = step.broken[invariant]
        if count and invariant in step.breaks:
            yield f"    {EXPECTED}: {invariant.value} ({counted(count, 'tag')})"
    if step.faults:
        yield f"    {BROKEN}"
        yield from (f"      {fault}" for fault in step.first_faults(SENTENCES))
    elif not step.violations:
        yield f"    every invariant {HELD}"


def conclusion(rehearsal: Rehearsal) -> Iterator[str]:
    """The last lines: where floating tags stand after each step, and the verdict for each invariant."""
    yield ""
    yield "Where the floating tags stood"
    yield from (f"  {line}" for line in aligned(floating_rows(rehearsal)))
    yield ""
    for invariant in Invariant:
        where = [step.number for step in rehearsal.steps if step.broken[invariant] and invariant not in step.breaks]
        verdict = f"{BROKEN} in step {', '.join(map(str, where))}" if where else HELD
        yield f"  {verdict:<16}  {invariant.value}: {MEANING[invariant]}"
    for step in rehearsal.steps:
        if step.failure:
            yield f"  step {step.number} failed: {step.failure}"
    runs = sum(len(step.runs) for step in rehearsal.steps)
    parts = (
        counted(len(rehearsal.steps), "step"),
        counted(runs, "run"),
        f"{counted(sum(rehearsal.requests.values()), 'request')} in {rehearsal.seconds:.1f} s",
    )
    verdict = "the release is safe with these actions." if rehearsal.held else "the rehearsal failed."
    yield ""
    yield f"{', '.join(parts)}: {verdict}"


def page(rehearsal: Rehearsal) -> str:
    """The whole rehearsal as Markdown, with a diagram of its course."""
    verdict = "every invariant held" if rehearsal.held else "**an invariant was broken**"
    parts = [
        f"# Rehearsal: {markdown.plain(rehearsal.name)}\n",
        f"{counted(len(rehearsal.steps), 'step')} in {rehearsal.seconds:.1f} s with seed {rehearsal.seed}"
        + (f" and faults {markdown.code(rehearsal.faults)}" if rehearsal.faults else "")
        + f": {verdict}.\n",
        diagram(rehearsal),
        "## Invariants\n",
        markdown.table(
            ["Invariant", "Meaning", "Result"],
            (
                [markdown.code(invariant.value), markdown.plain(MEANING[invariant]), verdict_of(rehearsal, invariant)]
                for invariant in Invariant
            ),
        ),
        "## Where the floating tags stood\n",
        floating_table(rehearsal),
        "## Steps\n",
        *(step_section(step) for step in rehearsal.steps),
    ]
    return "\n".join(parts)


def diagram(rehearsal: Rehearsal) -> str:
    """The course of the rehearsal as a Mermaid flowchart: a box a step, coloured by how it ended."""
    lines = ["```mermaid", "flowchart TD"]
    for step in rehearsal.steps:
        state = "broken" if step.faults else "today" if step.violations else "held"
        moved = sorted({change.tag for change in step.changes if change.tag in rehearsal.floating})
        text = label(f"{step.number}. {step.title}") + (f"<br/>moved: {label(', '.join(moved))}" if moved else "")
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
        "Green: every invariant held. Yellow: today's workflow was played and broke what it breaks. Red: one broke.",
        "",
    ]
    return "\n".join(lines)


def label(text: str) -> str:
    """Text of a scenario inside a quoted Mermaid label: nothing in it is markup."""
    return "".join(f"#{ord(character)};" if character in '"#<>`&' else character for character in text)


def step_section(step: Step) -> str:
    """One step: what ran, and a table a package."""
    parts = [
        f"### {step.number}. {markdown.plain(step.title)}\n",
        markdown.table(
            ["Ran", "Result", "Exit", "Seconds"],
            (
                [markdown.code(run.name), markdown.plain(run.result), str(run.exit_code), f"{run.seconds:.1f}"]
                for run in step.runs
            ),
        )
        if step.runs
        else "",
    ]
    parts += [f"> **{markdown.plain(fault)}**\n" for fault in step.faults]
    expected = [
        f"{markdown.code(name.value)} ({counted(step.broken[name], 'tag')})"
        for name in step.breaks
        if step.broken[name]
    ]
    if expected:
        parts.append(f"Broken, as in real life today: {', '.join(expected)}.\n")
    for package, changes in by_package(step.changes):
        rows = [
            [markdown.code(c.tag), image(c.before, c.before_name), image(c.after, c.after_name), markdown.plain(c.why)]
            for c in changes
        ]
        parts.append(f"**{markdown.plain(package)}**\n\n{markdown.table(['Tag', 'Before', 'After', 'Why'], rows)}")
    if not step.changes:
        parts.append("No tag changed.\n")
    return "\n".join(part for part in parts if part)


def verdict_of(rehearsal: Rehearsal, invariant: Invariant) -> str:
    """Held, or where it broke; with where today's workflow broke it."""
    where = [step.number for step in rehearsal.steps if step.broken[invariant] and invariant not in step.breaks]
    today = [step.number for step in rehearsal.steps if step.broken[invariant] and invariant in step.breaks]
    verdict = f"**broken** in step {', '.join(map(str, where))}" if where else "held"
    return verdict + (f" (today's workflow broke it in step {', '.join(map(str, today))})" if today else "")


def floating_rows(rehearsal: Rehearsal) -> list[list[str]]:
    """A row a step: the images that each floating tag names in the release packages, usually one."""
    rows = [["step", *rehearsal.floating]]
    for step in rehearsal.steps:
        released = [tags for package, tags in step.tags.items() if package in rehearsal.releases]
        row = [
            sorted({rehearsal.images.get(tags[name], short(tags[name])) for tags in released if name in tags})
            for name in rehearsal.floating
        ]
        rows.append([str(step.number), *(", ".join(cell) or "-" for cell in row)])
    return rows


def floating_table(rehearsal: Rehearsal) -> str:
    """The rows as a Markdown table."""
    head, *rows = floating_rows(rehearsal)
    return markdown.table(head, ([row[0], *(markdown.plain(cell) for cell in row[1:])] for row in rows))


def by_package(changes: Iterable[Change]) -> Iterator[tuple[str, Iterator[Change]]]:
    """Changes of one package after the other."""
    return groupby(sorted(changes, key=lambda change: (change.package, change.tag)), key=lambda change: change.package)


def named(digest: str, name: str) -> str:
    """A digest for the terminal, with the image it is."""
    return f"{short(digest)} ({name})" if digest else "no tag"


def image(digest: str, name: str) -> str:
    """A digest for Markdown, with the image it is."""
    return f"{markdown.code(short(digest))} {markdown.plain(name)}" if digest else "none"


def aligned(rows: list[list[str]]) -> Iterator[str]:
    """Rows as columns of text."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
