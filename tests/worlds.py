"""How many random worlds the tests make, from which seed, and how many they made.

`RELEASE_ACTIONS_WORLDS` says how many clean-ups there are; without it 300, some 15 seconds of one core. Teardowns are a
twentieth of them for each of three kinds. `RELEASE_ACTIONS_WORLDS_SEED` is the seed of the first world.
"""

from __future__ import annotations

import os
from collections import Counter

WORLDS = int(os.environ.get("RELEASE_ACTIONS_WORLDS", "300"))
FIRST = int(os.environ.get("RELEASE_ACTIONS_WORLDS_SEED", "0"))
TEARDOWNS = max(1, WORLDS // 20)

_made: Counter[str] = Counter()


def ran(kind: str) -> None:
    """Count a world that was judged."""
    _made[kind] += 1


def told() -> str:
    """How many worlds were judged so far, in a sentence; empty when none was."""
    counts = ", ".join(f"{count} of {kind}" for kind, count in sorted(_made.items()))
    return f"random worlds from seed {FIRST} on: {counts}" if counts else ""
