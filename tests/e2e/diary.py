"""What each event did: a row for every workflow that was played, printed at the end of the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from release_actions.simulator import World

Held = Mapping[str, Mapping[str, str]]
"""Package -> tag -> digest."""

Record = Callable[[str, object], None]
"""Adds a property to a test's report: pytest's fixture `record_property`."""

PLAYED = "workflow played"
"""Property of a test's report, once for each workflow that it played; the value is the row."""


def held(world: World) -> Held:
    """What GitHub's registry holds, signatures left out."""
    return {
        name: {tag: version.digest for version in package.versions() for tag in version.tags if "sha256-" not in tag}
        for name, package in world.packages.items()
    }


def row(event: str, wrong: str, code: int, jobs: Mapping[str, list[str]], before: Held, after: Held) -> str:
    """A workflow that was played: what started it, what was wrong with the world, how it ended, what changed."""
    ended = ", ".join(f"{name} {'failed' if 'failure' in results else 'done'}" for name, results in jobs.items())
    changed = "; ".join(changes(before, after)) or "GHCR is as it was"
    told = f"{event}{f', {wrong}' if wrong else ''}: {'green' if code == 0 else 'red'}"
    return f"{told} ({ended or 'no job'})\n    {changed}"


def changes(before: Held, after: Held) -> Iterator[str]:
    """What changed in the registry, packages with the same change together."""
    found: dict[str, list[str]] = {}
    for name, tags in after.items():
        past = before.get(name, {})
        new = [tag for tag in tags if tag not in past]
        moved = [tag for tag in tags if tag in past and tags[tag] != past[tag]]
        gone = [tag for tag in past if tag not in tags]
        parts = {"new": new, "moved": moved, "gone": gone}
        text = ", ".join(f"{what} {' '.join(sorted(names))}" for what, names in parts.items() if names)
        if text:
            found.setdefault(text, []).append(name.rpartition("/")[2])
    for text, names in found.items():
        yield f"{', '.join(names)}: {text}"


def told(reports: Iterable[pytest.TestReport]) -> str:
    """The rows of some tests, in the order in which the tests are written; empty when they played no workflow."""
    written = sorted(reports, key=lambda report: (report.location[0], report.location[1] or 0, report.location[2]))
    rows = [str(value) for report in written for name, value in report.user_properties if name == PLAYED]
    return "\n".join(["Workflows that were played, and what GHCR held then:", *rows]) if rows else ""
