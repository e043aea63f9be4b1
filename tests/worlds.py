"""How many random worlds the tests make, from which seed, and how many they judged.

`RELEASE_ACTIONS_WORLDS` says how many clean-ups there are; without it 300, some 15 seconds of one core. Teardowns are a
twentieth of them for each of three kinds. `RELEASE_ACTIONS_WORLDS_SEED` is the seed of the first world.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable

import pytest

WORLDS = int(os.environ.get("RELEASE_ACTIONS_WORLDS", "300"))
FIRST = int(os.environ.get("RELEASE_ACTIONS_WORLDS_SEED", "0"))
TEARDOWNS = max(1, WORLDS // 20)

JUDGED = "random world"
"""Property of a test's report, once for each world that it judged; the value is the world's kind."""

Ran = Callable[[str], None]
"""Counts a world that was judged, by its kind: the fixture `ran`."""


def told(reports: Iterable[pytest.TestReport]) -> str:
    """How many worlds some tests judged, in a sentence; empty when they judged none."""
    judged = Counter(kind for report in reports for name, kind in report.user_properties if name == JUDGED)
    counts = ", ".join(f"{count} of {kind}" for kind, count in sorted(judged.items()))
    return f"random worlds from seed {FIRST} on: {counts}" if counts else ""
