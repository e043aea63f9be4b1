"""What each event did: a row for every workflow that was played, printed at the end of the tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from release_actions.simulator import World

Held = Mapping[str, Mapping[str, str]]
"""Package -> tag -> digest."""

ROWS: list[Row] = []


@dataclass(frozen=True)
class Row:
    """A workflow that was played: what started it, what was wrong with the world, how it ended, what changed."""

    event: str
    wrong: str
    code: int
    jobs: str
    registry: str

    def __str__(self) -> str:
        told = f"{self.event}{f', {self.wrong}' if self.wrong else ''}: {'green' if self.code == 0 else 'red'}"
        return f"{told} ({self.jobs})\n    {self.registry}"


def held(world: World) -> Held:
    """What GitHub's registry holds, signatures left out."""
    return {
        name: {tag: version.digest for version in package.versions() for tag in version.tags if "sha256-" not in tag}
        for name, package in world.packages.items()
    }


def note(event: str, wrong: str, code: int, jobs: Mapping[str, list[str]], before: Held, after: Held) -> None:
    """Add a row."""
    ended = ", ".join(f"{name} {'failed' if 'failure' in results else 'done'}" for name, results in jobs.items())
    changed = "; ".join(changes(before, after)) or "GHCR is as it was"
    ROWS.append(Row(event, wrong, code, ended or "no job", changed))


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


def told() -> str:
    """All rows."""
    return "\n".join(["Workflows that were played, and what GHCR held then:", *map(str, ROWS)]) if ROWS else ""
