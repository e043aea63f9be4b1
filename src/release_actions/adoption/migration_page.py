"""Writes MIGRATION.md: what is published today and then, why something differs, and what is left to do. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from release_actions.adoption.configuration_text import UNNAMED_RUNNER
from release_actions.adoption.differences import EXPLANATIONS, Comparison, Reason
from release_actions.adoption.moving import NEWEST, Move
from release_actions.adoption.publications import split_reference
from release_actions.adoption.unknown import CLOSE, OPEN
from release_actions.runner.markdown import plain
from release_actions.runner.report import counted


def write_page(move: Move, written: Sequence[str]) -> str:
    """The page. `written`: the files that `init` writes."""
    parts = [
        "# Moving to release-actions\n",
        f"{counted(len(move.comparisons), 'event')} publish images. {move.complete} of them publish what they publish "
        "today, without floating tags that were wrong; every other difference has a reason below. The versions are "
        f"examples: {NEWEST} is the newest release here.\n",
        "## What to do\n",
        *list_tasks(move, written),
        "\n## What is published",
        *(part for comparison in move.comparisons for part in write_comparison(comparison)),
        *write_reasons(move.comparisons),
        *write_lost_lines(move),
    ]
    return "\n".join(parts).rstrip() + "\n"


def list_tasks(move: Move, written: Sequence[str]) -> Iterator[str]:
    """What a person has to do, in order."""
    number = 0

    def item(text: str) -> str:
        nonlocal number
        number += 1
        return f"{number}. {text}"

    yield item("Read the tables below, and `release.yaml`.")
    if UNNAMED_RUNNER in move.text:
        yield item(
            f"Replace `{UNNAMED_RUNNER}` in `release.yaml`. Those platforms were emulated; here a runner that needs no "
            "emulator builds each. Or remove them from `platforms`."
        )
    for name, arguments in sorted(move.plan.by_hand.items()):
        listed = ", ".join(f"`{argument}`" for argument in arguments)
        yield item(f"Decide about the build arguments {listed} of {plain(name)}: a script made their values.")
    hosts = (
        sorted({package.registry for package in move.config.published if package.credentials.password})
        if move.config
        else []
    )
    if hosts:
        yield item(f"See that the secrets named under `credentials` exist, for {', '.join(map(plain, hosts))}.")
    yield item("Run `release-actions validate`.")
    yield item(f"Commit {', '.join(f'`{file}`' for file in written)}.")
    places = {each.place for published in move.today.publications.values() for each in published}
    lines = ", ".join(f"`{place}`" for place in sorted(places))
    yield item(f"Remove the jobs that publish today, or their files where nothing else is in them: {lines}.")


def write_comparison(comparison: Comparison) -> Iterator[str]:
    """The table of one event: a row for each tag."""
    yield f"\n### {comparison.title}\n"
    yield "| Tag | Images | Today | Then | Why |\n| --- | --- | --- | --- | --- |"
    reasons = {each.reference: each.reason for each in comparison.differences}
    rows: dict[tuple[str, bool, bool, str], list[str]] = defaultdict(list)
    for reference in sorted(comparison.today | comparison.then):
        name, tag = split_reference(reference)
        reason = reasons.get(reference)
        row = (tag, reference in comparison.today, reference in comparison.then, reason.value if reason else "")
        rows[row].append(name)
    for (tag, today, then, why), names in rows.items():
        images = "<br>".join(plain(name) for name in names)
        yield f"| `{tag}` | {images} | {'yes' if today else 'no'} | {'yes' if then else 'no'} | {why} |"


def write_reasons(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """What every reason that occurs means."""
    found = {each.reason for comparison in comparisons for each in comparison.differences}
    if not found:
        return
    yield "\n## Why something differs\n"
    yield "| Reason | What it means |\n| --- | --- |"
    yield from (f"| {reason.value} | {EXPLANATIONS[reason]} |" for reason in Reason if reason in found)


def write_lost_lines(move: Move) -> Iterator[str]:
    """What had no counterpart, what was not followed, and what was assumed."""
    today = move.today
    sections = (
        ("Not moved", [(place, text) for text, place in today.unmoved.items()]),
        ("Lines without a counterpart", list(today.strangers.items())),
        ("Assumed to hold", [(place, f"`{text}`") for text, place in today.assumed.items()]),
        (
            "Tags of single platforms, which are not published",
            [(place, f"`{text}`") for text, place in today.dropped.items()],
        ),
    )
    for title, entries in sections:
        if entries:
            yield f"\n## {title}\n"
            yield from (f"- {place}: {show(text)}" for place, text in sorted(entries))


def show(text: str) -> str:
    """A text in which what only a run knows is named."""
    return text.replace(OPEN, "").replace(CLOSE, "").replace("|", "\\|")
