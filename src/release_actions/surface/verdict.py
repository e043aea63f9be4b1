"""What a comparison comes to: findings, verdict, and the page for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from release_actions.runner import markdown
from release_actions.runner.envelope import Verdict, verdict_of
from release_actions.runner.report import Finding, Level, counted
from release_actions.surface.change import Effect
from release_actions.surface.waivers import Judged

LEVELS = {Effect.BREAKING: Level.ERROR, Effect.UNCLEAR: Level.WARNING, Effect.COMPATIBLE: Level.NOTICE}


@dataclass(frozen=True)
class Outcome:
    """A comparison. `base` and `head` say what was compared. `may_break`: the next version is a new major one."""

    base: str
    head: str
    judged: tuple[Judged, ...]
    waiver_findings: tuple[Finding, ...] = ()
    may_break: bool = False

    @property
    def breaking(self) -> tuple[Judged, ...]:
        """What breaks somebody and is not waived, whether it may or not."""
        return tuple(item for item in self.judged if item.stops and item.effect is Effect.BREAKING)

    @property
    def unclear(self) -> tuple[Judged, ...]:
        """What could not be judged and is not waived."""
        return tuple(item for item in self.judged if item.stops and item.effect is Effect.UNCLEAR)

    @property
    def waived(self) -> tuple[Judged, ...]:
        """What people decided to do all the same."""
        return tuple(item for item in self.judged if item.waiver)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What a person should see. Compatible changes are in the summary only."""
        changes = tuple(
            Finding.of(
                Level.NOTICE if self.may_break else LEVELS[item.effect],
                item.change.message,
                hint="" if self.may_break else item.change.hint,
                place=item.change.subject.place,
                rule=item.change.rule,
            )
            for item in (*self.breaking, *self.unclear)
        )
        return (*changes, *self.waiver_findings)

    @property
    def verdict(self) -> Verdict:
        """Breaking changes fail; without one, a change that cannot be judged leaves a doubt."""
        if self.unclear and not self.breaking and not self.may_break:
            return Verdict.INCONCLUSIVE
        return verdict_of(self.findings)

    @property
    def sentence(self) -> str:
        """The result in a sentence."""
        if not self.judged:
            return f"Nothing changed between {self.base} and {self.head}."
        counts = Counter(item.effect for item in self.judged if not item.waiver)
        words = [f"{counts[effect]} {effect.value}" for effect in Effect if counts[effect]]
        words += [f"{len(self.waived)} waived"] if self.waived else []
        about = " The next major version may break callers." if self.may_break and self.breaking else ""
        return f"{counted(len(self.judged), 'change')} from {self.base} to {self.head}: {', '.join(words)}.{about}"

    def details(self) -> dict[str, Any]:
        """What only this check says, as JSON values."""
        return {"base": self.base, "head": self.head, "changes": [document_of(item) for item in self.judged]}


def document_of(item: Judged) -> dict[str, Any]:
    """A change as JSON values."""
    change, waiver = item.change, item.waiver
    return {
        "rule": change.rule,
        "effect": change.effect.value,
        "file": change.subject.address,
        "group": change.subject.group.value if change.subject.group else "",
        "name": change.subject.name,
        "message": change.message,
        "waiver": {"who": waiver.who, "why": waiver.why, "until": str(waiver.until)} if waiver else None,
    }


def write_summary(outcome: Outcome) -> str:
    """The page for people: what breaks first."""
    return "".join(_sections(outcome))


def _sections(outcome: Outcome) -> Iterator[str]:
    yield f"## Interface: {outcome.verdict.value}\n\n{markdown.plain(outcome.sentence)}\n\n"
    title = "Breaks callers, as a new major version may" if outcome.may_break else "Breaks callers"
    yield _table(title, outcome.breaking)
    yield _table("Could not be compared", outcome.unclear)
    if outcome.waived:
        rows = [
            (
                markdown.plain(item.change.message),
                markdown.plain(f"{item.waiver.who}: {item.waiver.why}"),
                str(item.waiver.until),
            )
            for item in outcome.waived
            if item.waiver
        ]
        yield f"### Waived\n\n{markdown.table(('Change', 'By', 'Until'), rows)}\n"
    compatible = tuple(item for item in outcome.judged if item.effect is Effect.COMPATIBLE)
    if compatible:
        yield markdown.details(counted(len(compatible), "compatible change"), _rows(compatible))


def _table(title: str, items: tuple[Judged, ...]) -> str:
    return f"### {title}\n\n{_rows(items)}\n" if items else ""


def _rows(items: tuple[Judged, ...]) -> str:
    rows = [(markdown.code(item.change.rule), markdown.plain(item.change.message)) for item in items]
    return markdown.table(("Rule", "Change"), rows)
