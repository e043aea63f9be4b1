"""Matches like with like: runs of the same tool, model, load and devices, in the order in which they ran."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from release_actions.performance.model import IDENTITY, Run

Key = tuple[tuple[str, str], ...]
"""Settings of a group, by name, in the order of `IDENTITY`. A setting that no file names is not in it."""


SHOWN_LENGTH = 120
"""Characters of a setting in a title. The whole is in the report."""


@dataclass(frozen=True)
class Group:
    """Runs of both sides with one key. One side may be empty."""

    key: Key
    baseline: tuple[Run, ...]
    candidate: tuple[Run, ...]

    @property
    def title(self) -> str:
        """The group as people name it."""
        return title_of(self.key)

    @property
    def is_paired(self) -> bool:
        """Whether both sides have runs."""
        return bool(self.baseline and self.candidate)


def key_of(run: Run, match: Iterable[str]) -> Key:
    """The settings that a run shares with those it may be compared with."""
    names = [*IDENTITY, *(name for name in match if name not in IDENTITY)]
    return tuple((name, run.settings[name]) for name in names if run.settings.get(name))


def title_of(key: Key) -> str:
    """`vllm serve, meta-llama/Llama-3.1-8B, rate inf, tp 4`."""
    plain = {"tool", "model", "device"}
    shown = ((name, value if len(value) <= SHOWN_LENGTH else f"{value[: SHOWN_LENGTH - 1]}…") for name, value in key)
    return ", ".join(value if name in plain else f"{name} {value}" for name, value in shown)


def group_runs(baseline: Sequence[Run], candidate: Sequence[Run], match: Sequence[str]) -> tuple[Group, ...]:
    """All groups of both sides, in the order in which they were first seen."""
    sides: dict[Key, tuple[list[Run], list[Run]]] = {}
    for place, runs in enumerate((baseline, candidate)):
        for run in runs:
            sides.setdefault(key_of(run, match), ([], []))[place].append(run)
    return tuple(Group(key, in_order(before), in_order(after)) for key, (before, after) in sides.items())


def in_order(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Runs by their time when every one has it; otherwise as they were read."""
    if all(run.started for run in runs):
        return tuple(sorted(runs, key=lambda run: run.started))
    return tuple(runs)


def nearest_key(key: Key, others: Iterable[Key]) -> tuple[Key, tuple[str, ...]] | None:
    """The other key that differs in the fewest settings, and which; None when it shares not even tool or model."""
    best: tuple[Key, tuple[str, ...]] | None = None
    for other in others:
        ours, theirs = dict(key), dict(other)
        names = tuple(name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name))
        if "tool" in names or "model" in names:
            continue
        if best is None or len(names) < len(best[1]):
            best = other, names
    return best


def has_settings(key: Key, wanted: Mapping[str, str]) -> bool:
    """Whether a group has all of some settings."""
    have = dict(key)
    return all(have.get(name) == value for name, value in wanted.items())
