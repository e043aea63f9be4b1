"""Keeps the undo file of a run true while the run goes on.

Written before the first deletion with all that is planned, and at the end with what really went.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from release_actions.cleanup import journal, undo
from release_actions.cleanup.contents import Contents
from release_actions.cleanup.plan import Strip
from release_actions.cleanup.result import Result
from release_actions.cleanup.selection import Version
from release_actions.cleanup.undo import Entry


@dataclass
class UndoRecord:
    """The undo file of this run, with what earlier runs wrote into it."""

    path: Path
    before: dict[str, list[Entry]] = field(default_factory=dict)
    written: bool = False

    def plan(self, results: Iterable[Result]) -> None:
        """Write down all that may be deleted. Raises `InputError`."""
        planned = {
            r.plan.package: [
                *make_entries((d.version for d in r.plan.deletions), r.contents),
                *map(make_stripped_entry, r.plan.strips),
            ]
            for r in results
            if r.plan
        }
        if any(planned.values()):
            self.before = undo.read(self.path) if self.path.exists() else {}
            undo.write(self.path, undo.join_entries(self.before, planned))
            self.written = True

    def end(self, results: Iterable[Result]) -> None:
        """Write down what was deleted and is not back. Raises `InputError`."""
        if self.written:
            gone = {r.task.path: make_entries((*r.outcome.deleted, *r.outcome.unsure), r.contents) for r in results}
            taken: dict[str, list[Entry]] = {
                r.task.path: [make_stripped_entry(strip) for strip in r.outcome.stripped] for r in results
            }
            back = {version.id for r in results for version in r.outcome.restored}
            remaining: dict[str, list[Entry]] = {
                path: [e for e in entries if e.id not in back] for path, entries in gone.items()
            }
            remaining = undo.join_entries(remaining, taken)
            undo.write(
                self.path, undo.join_entries(self.before, {path: kept for path, kept in remaining.items() if kept})
            )


def make_entries(versions: Iterable[Version], contents: Contents | None) -> list[Entry]:
    """Versions of a package as the undo file has them.

    Without journals: one that came back would have the next clean-up delete what its run deleted.
    """
    known = contents.graph.images if contents else {}
    return [Entry(v.id, v.digest, v.tags) for v in versions if not journal.is_journal(known.get(v.digest))]


def make_stripped_entry(strip: Strip) -> Entry:
    """A tag that was taken off a version that stays, as the undo file has it."""
    return Entry(strip.version.id, strip.version.digest, (strip.tag,), stays=True)
