"""What a rehearsal shows in the terminal: a timeline while it runs, the verdict at its end. Pure; prints nothing."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from release_actions.rehearsal.invariants import MEANING, Invariant, shorten
from release_actions.rehearsal.record import NOT_REHEARSED, Rehearsal, Run, Step, TagChange
from release_actions.runner.report import counted

ROWS = 12
"""Changes of tags that the timeline shows after a step; report.md has all."""

SENTENCES = 4
"""Sentences about one broken invariant that the timeline shows after a step; report.md has all."""

ATTACHMENT = "sha256-"
"""How tags of signatures begin. The timeline leaves them out: they follow their image."""

TODAYS = ", today's"
"""How the name of an image ends that today's workflow built. Tables shorten it to a star."""

LEAST_SECONDS = 0.05
"""A run that took less has no time beside it."""

HELD, BROKEN, EXPECTED = "held", "BROKEN", "broken, as today"


class Style(enum.Enum):
    """What a line is, for its colour."""

    PLAIN = "plain"
    HEADING = "heading"
    GOOD = "good"
    BAD = "bad"
    WARNING = "warning"
    FAINT = "faint"


@dataclass(frozen=True)
class Line:
    """A line of the terminal, of any length. `table`: it has columns, so it is cut rather than wrapped."""

    text: str = ""
    style: Style = Style.PLAIN
    table: bool = False


def format_heading(number: int, total: int, title: str, at: str) -> Iterator[Line]:
    """The lines that open a step."""
    yield Line()
    yield Line(f"[{number}/{total}] {title}  ({at})", Style.HEADING)


def format_run(run: Run) -> Line:
    """The line of one action that has ended."""
    exit_code = f"  exit {run.exit_code}" if run.exit_code else ""
    seconds = f"  ({run.seconds:.1f} s)" if run.seconds >= LEAST_SECONDS else ""
    text = f"    {run.name:<16}  {run.result}{exit_code}{seconds}"
    return Line(text, Style.BAD if run.exit_code else Style.PLAIN)


def format_outcome(step: Step) -> Iterator[Line]:
    """What a step changed, the same change of several packages once, and whether the invariants hold."""
    groups = fold_changes(change for change in step.changes if not change.tag.startswith(ATTACHMENT))
    rows = sum(len(changes) for _, changes in groups)
    shown = 0
    for (packages, why), changes in groups:
        if shown >= ROWS:
            break
        yield Line(f"    {label_packages(packages)}: {why}" if why else f"    {label_packages(packages)}", Style.FAINT)
        part = changes[: ROWS - shown]
        width = max(len(change.tag) for change in part)
        for change in part:
            before, after = name_image(change.before, change.before_name), name_image(change.after, change.after_name)
            yield Line(f"      {change.tag:<{width}}  {before} -> {after}")
        shown += len(part)
    if rows > shown:
        yield Line(f"      and {rows - shown} more; report.md has them all", Style.FAINT)
    if not rows:
        yield Line("    only signatures changed" if step.changes else "    no tag changed", Style.FAINT)
    yield from format_judgement(step)


def format_judgement(step: Step) -> Iterator[Line]:
    """Whether the invariants hold after a step, and what broke."""
    for invariant in Invariant:
        count = step.broken[invariant]
        if count and invariant in step.breaks:
            yield Line(f"    {EXPECTED}: {invariant.value} ({counted(count, 'tag')})", Style.WARNING)
    if step.remaining:
        tags = counted(len(step.remaining), "tag")
        yield Line(f"    still wrong from before: {step.remaining[0].invariant.value} ({tags})", Style.WARNING)
    if step.failure:
        yield Line(f"    FAILED  {step.failure}", Style.BAD)
        yield from ([Line(f"    {step.hint}", Style.BAD)] if step.hint else [])
    sentences = [sentence for sentence in step.first_problems(SENTENCES) if sentence != step.failure]
    if sentences:
        yield Line(f"    {BROKEN}", Style.BAD)
        yield from (Line(f"      {sentence}", Style.BAD) for sentence in sentences)
    elif not step.violations and not step.remaining:
        yield Line(f"    every invariant {HELD}", Style.GOOD)


def format_conclusion(rehearsal: Rehearsal) -> Iterator[Line]:
    """The last lines: what tags named over time, the verdict for each invariant, and whether the release is safe."""
    yield Line()
    yield Line(
        "What the candidate's tags named" if rehearsal.candidate_tags else "What floating tags named", Style.HEADING
    )
    rows = list_candidate_rows(rehearsal) if rehearsal.candidate_tags else list_floating_rows(rehearsal)
    candidate = rehearsal.candidate_tags[-1] if rehearsal.candidate_tags else ""
    yield from (Line(f"  {line}", table=True) for line in align([shorten_cells(row, candidate) for row in rows]))
    if any(TODAYS in cell for row in rows for cell in row):
        yield Line(f"  {shorten_name(candidate)} is {candidate}; * was built by today's workflow", Style.FAINT)
    yield Line()
    for invariant in Invariant:
        verdict = judge_invariant(rehearsal, invariant)
        style = Style.BAD if verdict.startswith(BROKEN) else Style.GOOD if verdict == HELD else Style.WARNING
        yield Line(f"  {invariant.value}: {verdict}", style)
        yield Line(f"    {MEANING[invariant]}", Style.FAINT)
    yield Line()
    yield from format_verdict(rehearsal)


def format_verdict(rehearsal: Rehearsal) -> Iterator[Line]:
    """Whether the release is safe, in one line that can be seen at a glance, and what that does not cover."""
    runs = sum(len(step.runs) for step in rehearsal.steps)
    parts = (
        counted(len(rehearsal.steps), "step"),
        counted(runs, "run"),
        f"{counted(sum(rehearsal.requests.values()), 'request')} in {rehearsal.seconds:.1f} s",
    )
    yield Line(", ".join(parts), Style.FAINT)
    if rehearsal.held:
        yield Line("PASS  The release is safe in all that was rehearsed.", Style.GOOD)
    else:
        yield Line(f"FAIL  {describe_failure(rehearsal)}", Style.BAD)
        for step in rehearsal.steps:
            if step.failure:
                yield Line(f"      Step {step.number}: {step.failure}", Style.BAD)
                yield from ([Line(f"      {step.hint}")] if step.hint else [])
    yield Line(f"Not rehearsed: {', '.join(NOT_REHEARSED)}.", Style.FAINT)


def describe_failure(rehearsal: Rehearsal) -> str:
    """Why a rehearsal failed: an action, an invariant, or a judge that saw nothing."""
    failed = [str(step.number) for step in rehearsal.steps if step.failure]
    broken = [str(step.number) for step in rehearsal.steps if step.unexpected]
    blind = [str(step.number) for step in rehearsal.steps if set(step.breaks) - set(step.broken)]
    reasons = [
        (failed, "an action failed in step"),
        (broken, "an invariant broke in step"),
        (blind, "an invariant held that has to break in step"),
    ]
    sentence = "; ".join(f"{words} {', '.join(numbers)}" for numbers, words in reasons if numbers)
    return sentence[:1].upper() + sentence[1:] + "."


def judge_invariant(rehearsal: Rehearsal, invariant: Invariant) -> str:
    """Held, or where it broke; with where today's workflow broke it and until when that stayed."""
    where = [step.number for step in rehearsal.steps if invariant in step.unexpected]
    today = [step.number for step in rehearsal.steps if step.broken[invariant] and invariant in step.breaks]
    wrong = [
        step.number
        for step in rehearsal.steps
        if any(
            violation.invariant == invariant and not violation.undone
            for violation in (*step.violations, *step.remaining)
        )
    ]
    if where:
        return f"{BROKEN} in step {', '.join(map(str, where))}"
    if not today:
        return HELD
    until = max(wrong, default=0) + 1
    repaired = f"repaired by step {until}" if until <= len(rehearsal.steps) else "still wrong at the end"
    repaired = repaired if wrong else "repaired in the same step"
    return f"broken in step {', '.join(map(str, today))} as the scenario says, {repaired}"


def list_candidate_rows(rehearsal: Rehearsal) -> list[list[str]]:
    """A row a tag that a candidate may touch: what it named before, and after each step of the candidate's life."""
    moments = [*rehearsal.candidate_moments()]
    rows = [["tag", *(moment for moment, _ in moments)]]
    rows += [[tag, *(tags[tag] or "-" for _, tags in moments)] for tag in rehearsal.candidate_tags]
    return rows


def list_floating_rows(rehearsal: Rehearsal) -> list[list[str]]:
    """A row a step: the images that each floating tag names in the release packages, usually one."""
    rows = [["step", *rehearsal.floating]]
    for step in rehearsal.steps:
        cells = (rehearsal.name_images(step.tags, name, rehearsal.releases) for name in rehearsal.floating)
        rows.append([str(step.number), *(cell or "-" for cell in cells)])
    return rows


Folded = Sequence[tuple[tuple[tuple[str, ...], str], Sequence[TagChange]]]
"""Changes by the packages and the reason that they share."""


def fold_changes(changes: Iterable[TagChange]) -> Folded:
    """The same change of several packages once, with those packages, whatever the digests are."""
    packages: dict[tuple[str, str, str, str], list[str]] = {}
    first: dict[tuple[str, str, str, str], TagChange] = {}
    for change in changes:
        before, after = name_image(change.before, change.before_name), name_image(change.after, change.after_name)
        key = (change.tag, before, after, change.why)
        packages.setdefault(key, []).append(change.package)
        first.setdefault(key, change)
    groups: dict[tuple[tuple[str, ...], str], list[TagChange]] = {}
    for key, names in packages.items():
        groups.setdefault((tuple(names), key[3]), []).append(first[key])
    return [*groups.items()]


def label_packages(packages: Sequence[str]) -> str:
    """Some packages in a few words."""
    return ", ".join(packages) if len(packages) <= FEW_PACKAGES else counted(len(packages), "package")


FEW_PACKAGES = 2
"""Packages that are named; of more only the number is shown."""


def name_image(digest: str, name: str) -> str:
    """The image that a digest is, or the start of the digest."""
    return (name or shorten(digest)) if digest else "no tag"


def shorten_cells(row: Sequence[str], candidate: str) -> list[str]:
    """A row of a table for the terminal: in all cells but the first, long names are cut."""
    names = {candidate: shorten_name(candidate)} if candidate else {}
    return [row[0], *(names.get(cell.replace(TODAYS, ""), cell) + "*" * cell.endswith(TODAYS) for cell in row[1:])]


def shorten_name(candidate: str) -> str:
    """What tells a candidate from a release: rc.1 of v0.5.0-rc.1."""
    return candidate.partition("-")[2] or candidate


def align(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows as columns of text."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
